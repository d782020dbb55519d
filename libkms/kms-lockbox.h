/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values and files as the Ruby gem Lockbox encrypts them, with a data key at hand. */
#pragma once

#if !defined(KMS_INSIDE) && !defined(KMS_COMPILATION)
#error "Only <libkms/kms.h> and <libkms/kms-module.h> can be included directly"
#endif

#include <libkms/kms-types.h>

G_BEGIN_DECLS

/**
 * KmsLockboxAlgorithm:
 * @KMS_LOCKBOX_ALGORITHM_AES_GCM: AES-256-GCM, Lockbox's default
 * @KMS_LOCKBOX_ALGORITHM_XCHACHA20: XChaCha20-Poly1305
 * @KMS_LOCKBOX_ALGORITHM_XSALSA20: XSalsa20-Poly1305; authenticates no associated data; needs libsodium at run time
 * @KMS_LOCKBOX_ALGORITHM_HYBRID: X25519 and XSalsa20-Poly1305: one key encrypts, another one decrypts; authenticates no
 *   associated data; needs libsodium at run time
 *
 * The algorithms of Lockbox. What does not begin with its nonce and end with its tag, or the reverse, is none of them.
 *
 * Since: 1.0
 */
typedef enum {
  KMS_LOCKBOX_ALGORITHM_AES_GCM,
  KMS_LOCKBOX_ALGORITHM_XCHACHA20,
  KMS_LOCKBOX_ALGORITHM_XSALSA20,
  KMS_LOCKBOX_ALGORITHM_HYBRID,
} KmsLockboxAlgorithm;

/* The block size that Lockbox takes for "padding: true". */
#define KMS_LOCKBOX_DEFAULT_PADDING 16

#define KMS_TYPE_LOCKBOX (kms_lockbox_get_type ())

KMS_AVAILABLE_IN_1_0
GType kms_lockbox_get_type (void);
KMS_AVAILABLE_IN_1_0
KmsLockbox *kms_lockbox_new (KmsSecret *key, KmsLockboxAlgorithm algorithm, guint padding, GBytes *associated_data,
                             GError **error);
KMS_AVAILABLE_IN_1_0
KmsLockbox *kms_lockbox_ref (KmsLockbox *self);
KMS_AVAILABLE_IN_1_0
void kms_lockbox_unref (KmsLockbox *self);

/* While nobody else holds a reference. */
KMS_AVAILABLE_IN_1_0
void kms_lockbox_add_previous (KmsLockbox *self, KmsLockbox *previous);

KMS_AVAILABLE_IN_1_0
GBytes *kms_lockbox_encrypt (KmsLockbox *self, KmsSecret *plaintext, GError **error);
KMS_AVAILABLE_IN_1_0
KmsSecret *kms_lockbox_decrypt (KmsLockbox *self, GBytes *ciphertext, GError **error);

/* Keys as Lockbox takes and makes them. */
KMS_AVAILABLE_IN_1_0
KmsSecret *kms_lockbox_parse_key (KmsSecret *text, KmsLockboxAlgorithm algorithm, GError **error);
KMS_AVAILABLE_IN_1_0
KmsSecret *kms_lockbox_derive_key (KmsSecret *master_key, const char *table, const char *attribute, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KmsLockbox, kms_lockbox_unref)

G_END_DECLS
