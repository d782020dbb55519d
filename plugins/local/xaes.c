/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* XAES-256-GCM over GnuTLS: derives a key of AES-256-GCM from each nonce, then seals with that. */
#include "xaes.h"

#include <gnutls/gnutls.h>
#include <string.h>

#include <libkms/kms.h>

#define BLOCK_SIZE 16
#define GCM_NONCE_SIZE 12

static gboolean
xaes_fail (GError **error, const char *what, int code)
{
  g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "GnuTLS failed in %s: %s", what, gnutls_strerror (code));
  return FALSE;
}

/* A single block of AES: CBC with an IV of zeros, because GnuTLS has no ECB, and its CMAC costs three times as much.
 */
static int
encrypt_block (XaesKey *self, const guint8 *in, guint8 *out)
{
  guint8 zeros[BLOCK_SIZE] = { 0 };

  gnutls_cipher_set_iv (self->cipher, zeros, sizeof zeros);
  return gnutls_cipher_encrypt2 (self->cipher, in, BLOCK_SIZE, out, BLOCK_SIZE);
}

gboolean
xaes_key_init (XaesKey *self, const guint8 *key, GError **error)
{
  guint8 zeros[BLOCK_SIZE] = { 0 };
  guint8 l[BLOCK_SIZE], k1[BLOCK_SIZE];
  gnutls_datum_t key_datum = { (guint8 *) key, XAES_KEY_SIZE };
  gnutls_datum_t iv = { zeros, sizeof zeros };
  int code;

  memset (self, 0, sizeof *self);
  code = gnutls_cipher_init (&self->cipher, GNUTLS_CIPHER_AES_256_CBC, &key_datum, &iv);
  if (code < 0)
    return xaes_fail (error, "gnutls_cipher_init", code);

  code = encrypt_block (self, zeros, l);
  if (code < 0)
    {
      xaes_key_clear (self);
      return xaes_fail (error, "gnutls_cipher_encrypt2", code);
    }

  /* Doubling in GF(2^128), without a branch on a bit of the key. */
  for (guint i = 0; i < BLOCK_SIZE - 1; i++)
    k1[i] = (guint8) ((l[i] << 1) | (l[i + 1] >> 7));
  k1[BLOCK_SIZE - 1] = (guint8) ((l[BLOCK_SIZE - 1] << 1) ^ (0x87 & -(l[0] >> 7)));
  memcpy (&self->k1, k1, sizeof k1);
  gnutls_memset (l, 0, sizeof l);
  gnutls_memset (k1, 0, sizeof k1);
  return TRUE;
}

void
xaes_key_clear (XaesKey *self)
{
  if (self->cipher != NULL)
    gnutls_cipher_deinit (self->cipher);
  gnutls_memset (self, 0, sizeof *self);
}

/* What is wiped together. */
typedef struct
{
  Block blocks[2];
  Block key[2];
} DerivedKey;

/* The counter and the first 12 bytes of the nonce, composed in a register: to write parts of a block and read it whole
 * behind that stalls the processor. */
static Block
make_block (guint8 counter, const guint8 *nonce)
{
  guint32 low;
  guint64 high;

  memcpy (&low, nonce, sizeof low);
  memcpy (&high, nonce + sizeof low, sizeof high);
  low = GUINT32_FROM_BE (low);
  guint64 first = (guint64) counter << 48 | (guint64) 'X' << 40 | low;
  return (Block){ GUINT64_TO_BE (first), high };
}

static int
derive_key (XaesKey *self, const guint8 *nonce, DerivedKey *derived)
{
  int code = 0;

  for (guint8 i = 0; i < 2 && code >= 0; i++)
    {
      derived->blocks[i] = make_block ((guint8) (i + 1), nonce) ^ self->k1;
      code = encrypt_block (self, (guint8 *) &derived->blocks[i], (guint8 *) &derived->key[i]);
    }
  return code;
}

/* A new cipher for each message: with gnutls_aead_cipher_set_key() on one that was used, the accelerated AES-GCM of
 * GnuTLS 3.7.9 starts from the old authentication key, and makes wrong tags. */
static gboolean
derive_cipher (XaesKey *self, const guint8 *nonce, gnutls_aead_cipher_hd_t *cipher, GError **error)
{
  DerivedKey derived;
  gnutls_datum_t datum = { (guint8 *) derived.key, sizeof derived.key };
  int code = derive_key (self, nonce, &derived);

  if (code >= 0)
    code = gnutls_aead_cipher_init (cipher, GNUTLS_CIPHER_AES_256_GCM, &datum);
  gnutls_memset (&derived, 0, sizeof derived);
  return code >= 0 || xaes_fail (error, "deriving a key", code);
}

gboolean
xaes_seal (XaesKey *self, const guint8 *nonce, const guint8 *aad, gsize aad_length, const guint8 *plaintext,
           gsize length, guint8 *out, GError **error)
{
  gnutls_aead_cipher_hd_t cipher;
  gsize out_length = length + XAES_TAG_SIZE;
  int code;

  if (!derive_cipher (self, nonce, &cipher, error))
    return FALSE;
  code = gnutls_aead_cipher_encrypt (cipher, nonce + XAES_NONCE_SIZE - GCM_NONCE_SIZE, GCM_NONCE_SIZE, aad, aad_length,
                                     XAES_TAG_SIZE, plaintext, length, out, &out_length);
  gnutls_aead_cipher_deinit (cipher);
  return code >= 0 || xaes_fail (error, "gnutls_aead_cipher_encrypt", code);
}

gboolean
xaes_open (XaesKey *self, const guint8 *nonce, const guint8 *aad, gsize aad_length, const guint8 *ciphertext,
           gsize length, guint8 *out, GError **error)
{
  gnutls_aead_cipher_hd_t cipher;
  gsize out_length;
  int code;

  if (length < XAES_TAG_SIZE)
    return FALSE;
  out_length = length - XAES_TAG_SIZE;
  if (!derive_cipher (self, nonce, &cipher, error))
    return FALSE;
  code = gnutls_aead_cipher_decrypt (cipher, nonce + XAES_NONCE_SIZE - GCM_NONCE_SIZE, GCM_NONCE_SIZE, aad, aad_length,
                                     XAES_TAG_SIZE, ciphertext, length, out, &out_length);
  gnutls_aead_cipher_deinit (cipher);
  if (code >= 0)
    return TRUE;

  /* GnuTLS decrypts before it compares the tag. */
  if (length > XAES_TAG_SIZE)
    gnutls_memset (out, 0, length - XAES_TAG_SIZE);
  if (code != GNUTLS_E_DECRYPTION_FAILED)
    xaes_fail (error, "gnutls_aead_cipher_decrypt", code);
  return FALSE;
}

gboolean
xaes_seal_random (XaesKey *self, const guint8 *aad, gsize aad_length, const guint8 *plaintext, gsize length,
                  guint8 *out, GError **error)
{
  int code = gnutls_rnd (GNUTLS_RND_NONCE, out, XAES_NONCE_SIZE);

  if (code < 0)
    return xaes_fail (error, "gnutls_rnd", code);
  return xaes_seal (self, out, aad, aad_length, plaintext, length, out + XAES_NONCE_SIZE, error);
}
