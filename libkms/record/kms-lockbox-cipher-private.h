/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lockbox's ciphertexts, byte for byte: what stands in a column or a file before base64. No objects, no copies. */
#pragma once

#include "kms-lockbox.h"

G_BEGIN_DECLS

#define KMS_LOCKBOX_KEY_SIZE 32
#define KMS_LOCKBOX_HYBRID_KEY_SIZE 64
#define KMS_LOCKBOX_MAX_NONCE_SIZE 24
#define KMS_LOCKBOX_MAX_PADDING 65536

/* How a value is sealed, apart from its key. */
typedef struct
{
  KmsLockboxAlgorithm algorithm;
  guint padding; /* bytes of a block; 0: lengths stay as they are */
  const guint8 *associated_data;
  gsize associated_data_length;
} KmsLockboxFormat;

/* Whether the parts fit together, and a key of that length fits to them. */
gboolean _kms_lockbox_format_check (const KmsLockboxFormat *format, gsize key_length, GError **error);

gsize _kms_lockbox_nonce_size (KmsLockboxAlgorithm algorithm);
gsize _kms_lockbox_sealed_size (const KmsLockboxFormat *format, gsize length);

/* `out` takes _kms_lockbox_sealed_size() bytes. Without a nonce a random one is taken. */
gboolean _kms_lockbox_seal (const KmsLockboxFormat *format, const guint8 *key, const guint8 *nonce,
                            const guint8 *plaintext, gsize length, guint8 *out, GError **error);

/* What does not open is KMS_ERROR_INVALID_CIPHERTEXT. */
KmsSecret *_kms_lockbox_open (const KmsLockboxFormat *format, const guint8 *key, const guint8 *sealed, gsize length,
                              GError **error);

G_END_DECLS
