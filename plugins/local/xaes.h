/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* XAES-256-GCM: an AEAD whose 192-bit nonces may be random (C2SP specification XAES-256-GCM, version 1.0.1). */
#pragma once

#include <glib.h>
#include <gnutls/crypto.h>

G_BEGIN_DECLS

#define XAES_KEY_SIZE 32
#define XAES_NONCE_SIZE 24
#define XAES_TAG_SIZE 16
/* What sealing adds when the nonce is stored with the ciphertext. */
#define XAES_OVERHEAD (XAES_NONCE_SIZE + XAES_TAG_SIZE)

/* A block of AES in a vector register. */
typedef guint64 Block __attribute__ ((vector_size (16)));

/* A key made ready: the block cipher under it, and the subkey of CMAC that depends on nothing else. One thread at a
 * time. All zeros is the empty value, which may be cleared. */
typedef struct
{
  gnutls_cipher_hd_t cipher;
  Block k1;
} XaesKey;

gboolean xaes_key_init (XaesKey *self, const guint8 *key, GError **error);
void xaes_key_clear (XaesKey *self);

/* `out` takes length + XAES_TAG_SIZE bytes; it must not overlap the plaintext. */
gboolean xaes_seal (XaesKey *self, const guint8 *nonce, const guint8 *aad, gsize aad_length, const guint8 *plaintext,
                    gsize length, guint8 *out, GError **error);

/* `length` counts the tag. FALSE without an error: not authentic; `out` is wiped then. */
gboolean xaes_open (XaesKey *self, const guint8 *nonce, const guint8 *aad, gsize aad_length, const guint8 *ciphertext,
                    gsize length, guint8 *out, GError **error);

/* The same with a fresh random nonce in front of the ciphertext: `out` takes length + XAES_OVERHEAD bytes. */
gboolean xaes_seal_random (XaesKey *self, const guint8 *aad, gsize aad_length, const guint8 *plaintext, gsize length,
                           guint8 *out, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (XaesKey, xaes_key_clear)

G_END_DECLS
