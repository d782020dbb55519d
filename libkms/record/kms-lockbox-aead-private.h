/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ciphers of Lockbox, all with the same shape. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define KMS_LOCKBOX_TAG_SIZE 16

/* What a cipher needs besides the text. */
typedef struct
{
  const guint8 *key;
  const guint8 *nonce;
  const guint8 *associated_data;
  gsize associated_data_length;
} KmsLockboxPiece;

/* `out` takes length + KMS_LOCKBOX_TAG_SIZE bytes. */
typedef gboolean (*KmsLockboxSealFunc) (const KmsLockboxPiece *piece, const guint8 *plaintext, gsize length,
                                        guint8 *out, GError **error);

/* `length` counts the tag. FALSE without an error: not authentic; `out` is wiped then. */
typedef gboolean (*KmsLockboxOpenFunc) (const KmsLockboxPiece *piece, const guint8 *sealed, gsize length, guint8 *out,
                                        GError **error);

gboolean _kms_lockbox_seal_aes_gcm (const KmsLockboxPiece *piece, const guint8 *plaintext, gsize length, guint8 *out,
                                    GError **error);
gboolean _kms_lockbox_open_aes_gcm (const KmsLockboxPiece *piece, const guint8 *sealed, gsize length, guint8 *out,
                                    GError **error);
gboolean _kms_lockbox_seal_xchacha20 (const KmsLockboxPiece *piece, const guint8 *plaintext, gsize length, guint8 *out,
                                      GError **error);
gboolean _kms_lockbox_open_xchacha20 (const KmsLockboxPiece *piece, const guint8 *sealed, gsize length, guint8 *out,
                                      GError **error);

/* These two are libsodium's, which is loaded when one of them is first asked for: NOT_SUPPORTED where it is not
 * installed. */
gboolean _kms_lockbox_seal_xsalsa20 (const KmsLockboxPiece *piece, const guint8 *plaintext, gsize length, guint8 *out,
                                     GError **error);
gboolean _kms_lockbox_open_xsalsa20 (const KmsLockboxPiece *piece, const guint8 *sealed, gsize length, guint8 *out,
                                     GError **error);
gboolean _kms_lockbox_seal_hybrid (const KmsLockboxPiece *piece, const guint8 *plaintext, gsize length, guint8 *out,
                                   GError **error);
gboolean _kms_lockbox_open_hybrid (const KmsLockboxPiece *piece, const guint8 *sealed, gsize length, guint8 *out,
                                   GError **error);

G_END_DECLS
