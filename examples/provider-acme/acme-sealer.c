/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ciphertext, and the cipher that makes and opens it.
 *
 *   format 1 (1 byte) | version of the key (4, big-endian) | nonce (12) | encrypted bytes | tag (16)
 *
 * AES-256-GCM. The additional data are format and version, then the context. A format byte costs nothing today, and
 * without one there is no second format tomorrow. */
#include "acme-sealer.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#define FORMAT 1
#define HEADER_SIZE 5
#define NONCE_SIZE 12
#define TAG_SIZE 16

G_STATIC_ASSERT (ACME_OVERHEAD == HEADER_SIZE + NONCE_SIZE + TAG_SIZE);

struct _AcmeSealer
{
  gnutls_aead_cipher_hd_t cipher;
  guint32 version;
};

AcmeSealer *
acme_sealer_new (KmsSecret *key, guint32 version, GError **error)
{
  gsize length;
  const guint8 *bytes = kms_secret_get_data (key, &length);
  gnutls_datum_t datum = { (guint8 *) bytes, ACME_KEY_SIZE };
  gnutls_aead_cipher_hd_t cipher;

  g_return_val_if_fail (bytes != NULL && length == ACME_KEY_SIZE, NULL);
  int code = gnutls_aead_cipher_init (&cipher, GNUTLS_CIPHER_AES_256_GCM, &datum);
  if (code < 0)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "GnuTLS has no AES-256-GCM here: %s", gnutls_strerror (code));
      return NULL;
    }
  AcmeSealer *self = g_new (AcmeSealer, 1);
  self->cipher = cipher;
  self->version = version;
  return self;
}

/* GnuTLS wipes what it made of the key. */
void
acme_sealer_free (AcmeSealer *self)
{
  gnutls_aead_cipher_deinit (self->cipher);
  g_free (self);
}

guint32
acme_sealer_get_version (AcmeSealer *self)
{
  return self->version;
}

/* The format is our own, so the context goes in as libkms's fixed binary form: it is injective (no two contexts give
 * the same bytes, "none" and "empty" differ), and a box's JsonDialect can't change it. A provider that hands the context
 * to a service takes kms_item_get_context_json(), which gives what that service and the Ruby gem expect. */
static guint8 *
make_additional_data (const guint8 *header, KmsContext *context, gsize *length)
{
  guint8 *data = g_malloc (HEADER_SIZE + kms_context_binary_max (context));

  memcpy (data, header, HEADER_SIZE);
  *length = HEADER_SIZE + kms_context_write_binary (context, data + HEADER_SIZE);
  return data;
}

/* A random nonce of 96 bits is safe for 2^32 values under one key (NIST SP 800-38D, 8.3). Nobody counts them here: the
 * README says to rotate, and diagnose() says when. */
gboolean
acme_sealer_seal (AcmeSealer *self, KmsContext *context, const guint8 *plaintext, gsize length, guint8 *out,
                  GError **error)
{
  guint32 version = GUINT32_TO_BE (self->version);
  guint8 *nonce = out + HEADER_SIZE, *sealed = nonce + NONCE_SIZE;
  gsize sealed_length = length + TAG_SIZE, n_additional;

  out[0] = FORMAT;
  memcpy (out + 1, &version, sizeof version);
  g_autofree guint8 *additional = make_additional_data (out, context, &n_additional);
  int code = gnutls_rnd (GNUTLS_RND_NONCE, nonce, NONCE_SIZE);
  if (code >= 0)
    code = gnutls_aead_cipher_encrypt (self->cipher, nonce, NONCE_SIZE, additional, n_additional, TAG_SIZE, plaintext,
                                       length, sealed, &sealed_length);
  if (code >= 0)
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "can't encrypt: %s", gnutls_strerror (code));
  return FALSE;
}

gboolean
acme_sealer_open (AcmeSealer *self, KmsContext *context, const guint8 *sealed, gsize length, guint8 *out,
                  GError **error)
{
  const guint8 *nonce = sealed + HEADER_SIZE;
  gsize n_additional, opened_length = length - ACME_OVERHEAD;

  g_return_val_if_fail (length >= ACME_OVERHEAD, FALSE);
  g_autofree guint8 *additional = make_additional_data (sealed, context, &n_additional);
  int code = gnutls_aead_cipher_decrypt (self->cipher, nonce, NONCE_SIZE, additional, n_additional, TAG_SIZE,
                                         nonce + NONCE_SIZE, length - HEADER_SIZE - NONCE_SIZE, out, &opened_length);
  if (code >= 0)
    return TRUE;
  /* One code and one sentence for a wrong key, a wrong context and changed bytes: who sends forgeries must not learn
   * which of them was right. What GnuTLS says is left out for the same reason. */
  g_set_error_literal (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT,
                       "the ciphertext does not decrypt with this key and this context");
  return FALSE;
}

/* Lengths first: whatever stands in a database comes here, truncated and forged. The version is not authenticated yet,
 * so it may choose a key, and nothing else. */
gboolean
acme_sealed_get_version (const guint8 *sealed, gsize length, guint32 *version, GError **error)
{
  guint32 big_endian;

  if (length < ACME_OVERHEAD || sealed[0] != FORMAT)
    {
      g_set_error_literal (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT,
                           length < ACME_OVERHEAD ? "the ciphertext is too short to be one of this provider"
                                                  : "the ciphertext is not one of this provider");
      return FALSE;
    }
  memcpy (&big_endian, sealed + 1, sizeof big_endian);
  *version = GUINT32_FROM_BE (big_endian);
  return TRUE;
}
