/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* AES-256-GCM and XChaCha20-Poly1305 over GnuTLS, which has the first one, and of the second one all but the derivation
 * of a key for each nonce (draft-irtf-cfrg-xchacha-03, section 2.2). */
#include "kms-lockbox-aead-private.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "kms-error.h"

#define KEY_SIZE 32
#define NONCE_SIZE 12
#define WORD_SIZE 4
#define BLOCK_SIZE 64
#define DERIVING_SIZE 16 /* bytes of an XChaCha20 nonce that go into the key */

static gboolean
fail (GError **error, const char *what, int code)
{
  g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "GnuTLS failed in %s: %s", what, gnutls_strerror (code));
  return FALSE;
}

static gboolean
seal (gnutls_cipher_algorithm_t algorithm, const KmsLockboxPiece *piece, const guint8 *plaintext, gsize length,
      guint8 *out, GError **error)
{
  const gnutls_datum_t key = { (guint8 *) piece->key, KEY_SIZE };
  gsize out_length = length + KMS_LOCKBOX_TAG_SIZE;
  gnutls_aead_cipher_hd_t cipher;
  int code = gnutls_aead_cipher_init (&cipher, algorithm, &key);

  if (code < 0)
    return fail (error, "gnutls_aead_cipher_init", code);
  code =
    gnutls_aead_cipher_encrypt (cipher, piece->nonce, NONCE_SIZE, piece->associated_data, piece->associated_data_length,
                                KMS_LOCKBOX_TAG_SIZE, plaintext, length, out, &out_length);
  gnutls_aead_cipher_deinit (cipher);
  return code >= 0 || fail (error, "gnutls_aead_cipher_encrypt", code);
}

static gboolean
open (gnutls_cipher_algorithm_t algorithm, const KmsLockboxPiece *piece, const guint8 *sealed, gsize length,
      guint8 *out, GError **error)
{
  const gnutls_datum_t key = { (guint8 *) piece->key, KEY_SIZE };
  gsize out_length = length - KMS_LOCKBOX_TAG_SIZE;
  gnutls_aead_cipher_hd_t cipher;
  int code = gnutls_aead_cipher_init (&cipher, algorithm, &key);

  if (code < 0)
    return fail (error, "gnutls_aead_cipher_init", code);
  code =
    gnutls_aead_cipher_decrypt (cipher, piece->nonce, NONCE_SIZE, piece->associated_data, piece->associated_data_length,
                                KMS_LOCKBOX_TAG_SIZE, sealed, length, out, &out_length);
  gnutls_aead_cipher_deinit (cipher);
  if (code >= 0)
    return TRUE;
  /* GnuTLS decrypts before it compares the tag. */
  gnutls_memset (out, 0, length - KMS_LOCKBOX_TAG_SIZE);
  return code == GNUTLS_E_DECRYPTION_FAILED ? FALSE : fail (error, "gnutls_aead_cipher_decrypt", code);
}

gboolean
_kms_lockbox_seal_aes_gcm (const KmsLockboxPiece *piece, const guint8 *plaintext, gsize length, guint8 *out,
                           GError **error)
{
  return seal (GNUTLS_CIPHER_AES_256_GCM, piece, plaintext, length, out, error);
}

gboolean
_kms_lockbox_open_aes_gcm (const KmsLockboxPiece *piece, const guint8 *sealed, gsize length, guint8 *out,
                           GError **error)
{
  return open (GNUTLS_CIPHER_AES_256_GCM, piece, sealed, length, out, error);
}

/* HChaCha20 is ChaCha20's block before the start is added to it. GnuTLS gives the sum, and the start is known for the
 * words that are wanted: four constants, and the sixteen bytes that stand where counter and nonce do. */
static void
subtract (guint8 *words, const guint8 *start)
{
  for (guint i = 0; i < 4; i++)
    {
      guint32 sum, term;
      memcpy (&sum, words + i * WORD_SIZE, WORD_SIZE);
      memcpy (&term, start + i * WORD_SIZE, WORD_SIZE);
      sum = GUINT32_TO_LE (GUINT32_FROM_LE (sum) - GUINT32_FROM_LE (term));
      memcpy (words + i * WORD_SIZE, &sum, WORD_SIZE);
    }
}

static gboolean
derive_key (const KmsLockboxPiece *piece, guint8 *key, GError **error)
{
  static const guint8 constants[] = "expand 32-byte k";
  const guint8 zeros[BLOCK_SIZE] = { 0 };
  const gnutls_datum_t datum = { (guint8 *) piece->key, KEY_SIZE };
  const gnutls_datum_t iv = { (guint8 *) piece->nonce, DERIVING_SIZE };
  guint8 block[BLOCK_SIZE];
  gnutls_cipher_hd_t cipher;
  int code = gnutls_cipher_init (&cipher, GNUTLS_CIPHER_CHACHA20_64, &datum, &iv);

  if (code < 0)
    return fail (error, "gnutls_cipher_init", code);
  code = gnutls_cipher_encrypt2 (cipher, zeros, sizeof zeros, block, sizeof block);
  gnutls_cipher_deinit (cipher);
  if (code < 0)
    return fail (error, "gnutls_cipher_encrypt2", code);
  memcpy (key, block, KEY_SIZE / 2);
  memcpy (key + KEY_SIZE / 2, block + BLOCK_SIZE - DERIVING_SIZE, KEY_SIZE / 2);
  subtract (key, constants);
  subtract (key + KEY_SIZE / 2, piece->nonce);
  gnutls_memset (block, 0, sizeof block);
  return TRUE;
}

/* What XChaCha20 leaves to ChaCha20. */
typedef struct
{
  guint8 key[KEY_SIZE];
  guint8 nonce[NONCE_SIZE]; /* the rest of the nonce, behind four zeros */
  KmsLockboxPiece piece;
} Derived;

static gboolean
derive (const KmsLockboxPiece *piece, Derived *derived, GError **error)
{
  memset (derived->nonce, 0, NONCE_SIZE);
  memcpy (derived->nonce + WORD_SIZE, piece->nonce + DERIVING_SIZE, NONCE_SIZE - WORD_SIZE);
  derived->piece = *piece;
  derived->piece.key = derived->key;
  derived->piece.nonce = derived->nonce;
  return derive_key (piece, derived->key, error);
}

gboolean
_kms_lockbox_seal_xchacha20 (const KmsLockboxPiece *piece, const guint8 *plaintext, gsize length, guint8 *out,
                             GError **error)
{
  Derived derived;
  gboolean done = derive (piece, &derived, error)
                  && seal (GNUTLS_CIPHER_CHACHA20_POLY1305, &derived.piece, plaintext, length, out, error);

  gnutls_memset (derived.key, 0, sizeof derived.key);
  return done;
}

gboolean
_kms_lockbox_open_xchacha20 (const KmsLockboxPiece *piece, const guint8 *sealed, gsize length, guint8 *out,
                             GError **error)
{
  Derived derived;
  gboolean done = derive (piece, &derived, error)
                  && open (GNUTLS_CIPHER_CHACHA20_POLY1305, &derived.piece, sealed, length, out, error);

  gnutls_memset (derived.key, 0, sizeof derived.key);
  return done;
}
