/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the local provider's ciphertexts look like: header, nonce, encrypted bytes, tag. */
#pragma once

#include "local-key.h"
#include "xaes.h"

G_BEGIN_DECLS

#define LOCAL_FORMAT 1
#define LOCAL_HEADER_SIZE (1 + LOCAL_KEY_UID_SIZE + 4)
#define LOCAL_OVERHEAD (LOCAL_HEADER_SIZE + XAES_OVERHEAD)
#define LOCAL_MAX_PLAINTEXT 65536

/* Borrows the bytes that were parsed. */
typedef struct
{
  const guint8 *header; /* LOCAL_HEADER_SIZE bytes, which are additional data */
  const guint8 *uid;
  guint32 version;
  const guint8 *nonce;
  const guint8 *sealed; /* the encrypted bytes and the tag */
  gsize sealed_length;
} LocalCiphertext;

gboolean local_ciphertext_parse (LocalCiphertext *self, const guint8 *data, gsize length, GError **error);
void local_ciphertext_write_header (const LocalKey *key, guint32 version, guint8 *out);

G_END_DECLS
