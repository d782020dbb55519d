/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads and writes the header of the local provider's ciphertexts. */
#include "local-ciphertext.h"

#include <string.h>

gboolean
local_ciphertext_parse (LocalCiphertext *self, const guint8 *data, gsize length, GError **error)
{
  guint32 version;

  if (length >= 1 && data[0] != LOCAL_FORMAT)
    g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT,
                 "this is no ciphertext of a local key: it begins with format %u, and this libkms knows %d", data[0],
                 LOCAL_FORMAT);
  else if (length < LOCAL_OVERHEAD)
    g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT,
                 "this is no ciphertext of a local key: it has %" G_GSIZE_FORMAT " bytes, and the shortest has %d",
                 length, LOCAL_OVERHEAD);
  else
    {
      memcpy (&version, data + 1 + LOCAL_KEY_UID_SIZE, sizeof version);
      self->header = data;
      self->uid = data + 1;
      self->version = GUINT32_FROM_BE (version);
      self->nonce = data + LOCAL_HEADER_SIZE;
      self->sealed = self->nonce + XAES_NONCE_SIZE;
      self->sealed_length = length - LOCAL_HEADER_SIZE - XAES_NONCE_SIZE;
      return TRUE;
    }
  return FALSE;
}

void
local_ciphertext_write_header (const LocalKey *key, guint32 version, guint8 *out)
{
  guint32 be = GUINT32_TO_BE (version);

  out[0] = LOCAL_FORMAT;
  memcpy (out + 1, key->uid, LOCAL_KEY_UID_SIZE);
  memcpy (out + 1 + LOCAL_KEY_UID_SIZE, &be, sizeof be);
}
