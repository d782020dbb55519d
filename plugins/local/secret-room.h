/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Room in locked memory, with an error where that is used up. */
#pragma once

#include <libkms/kms.h>

G_BEGIN_DECLS

static inline KmsSecret *
secret_room_reserve (gsize capacity, guint8 **bytes, GError **error)
{
  KmsSecret *secret = kms_secret_reserve (capacity, bytes);

  if (G_UNLIKELY (secret == NULL))
    g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED,
                 "locked memory is used up; raise LimitMEMLOCK= or the hard limit of \"ulimit -l\"");
  return secret;
}

static inline KmsSecret *
secret_room_copy (const guint8 *data, gsize length, GError **error)
{
  guint8 *bytes;
  KmsSecret *secret = secret_room_reserve (length, &bytes, error);

  if (G_UNLIKELY (secret == NULL))
    return NULL;
  memcpy (bytes, data, length);
  kms_secret_commit (secret, length);
  return secret;
}

G_END_DECLS
