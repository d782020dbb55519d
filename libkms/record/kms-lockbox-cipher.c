/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Nonce, ciphertext and tag as Lockbox lays them out, and its padding. */
#include "kms-lockbox-cipher-private.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "kms-error.h"
#include "kms-lockbox-aead-private.h"
#include "kms-secret.h"

/* ISO/IEC 7816-4: this, and zeros up to the end of the block. */
#define PADDING_START 0x80

static const struct
{
  gsize nonce_size, key_size;
  gboolean takes_associated_data;
  KmsLockboxSealFunc seal;
  KmsLockboxOpenFunc open;
} ciphers[] = {
  [KMS_LOCKBOX_ALGORITHM_AES_GCM] = { 12, 32, TRUE, _kms_lockbox_seal_aes_gcm, _kms_lockbox_open_aes_gcm },
  [KMS_LOCKBOX_ALGORITHM_XCHACHA20] = { 24, 32, TRUE, _kms_lockbox_seal_xchacha20, _kms_lockbox_open_xchacha20 },
  [KMS_LOCKBOX_ALGORITHM_XSALSA20] = { 24, 32, FALSE, _kms_lockbox_seal_xsalsa20, _kms_lockbox_open_xsalsa20 },
  [KMS_LOCKBOX_ALGORITHM_HYBRID] = { 24, 64, FALSE, _kms_lockbox_seal_hybrid, _kms_lockbox_open_hybrid },
};

gboolean
_kms_lockbox_format_check (const KmsLockboxFormat *format, gsize key_length, GError **error)
{
  if ((guint) format->algorithm >= G_N_ELEMENTS (ciphers))
    g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT, "%d is no algorithm of Lockbox", format->algorithm);
  else if (key_length != ciphers[format->algorithm].key_size)
    g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                 "the key of a Lockbox has %" G_GSIZE_FORMAT " bytes with this algorithm, not %" G_GSIZE_FORMAT,
                 ciphers[format->algorithm].key_size, key_length);
  else if (format->associated_data_length > 0 && !ciphers[format->algorithm].takes_associated_data)
    g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                 "XSalsa20 and hybrid authenticate no associated data; leave it out or choose AES-GCM or XChaCha20");
  else if (format->padding > KMS_LOCKBOX_MAX_PADDING)
    g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT, "padding to blocks of %u bytes: %d is the most",
                 format->padding, KMS_LOCKBOX_MAX_PADDING);
  else
    return TRUE;
  return FALSE;
}

gsize
_kms_lockbox_nonce_size (KmsLockboxAlgorithm algorithm)
{
  return ciphers[algorithm].nonce_size;
}

static gsize
get_padded_size (const KmsLockboxFormat *format, gsize length)
{
  return format->padding == 0 ? length : length + format->padding - length % format->padding;
}

gsize
_kms_lockbox_sealed_size (const KmsLockboxFormat *format, gsize length)
{
  return ciphers[format->algorithm].nonce_size + get_padded_size (format, length) + KMS_LOCKBOX_TAG_SIZE;
}

static gboolean
seal_bytes (const KmsLockboxFormat *format, const guint8 *key, const guint8 *plaintext, gsize length, guint8 *out,
            GError **error)
{
  const KmsLockboxPiece piece = { key, out, format->associated_data, format->associated_data_length };

  return ciphers[format->algorithm].seal (&piece, plaintext, length, out + ciphers[format->algorithm].nonce_size,
                                          error);
}

static gboolean
seal_padded (const KmsLockboxFormat *format, const guint8 *key, const guint8 *plaintext, gsize length, guint8 *out,
             GError **error)
{
  gsize size = get_padded_size (format, length);
  guint8 *bytes;
  g_autoptr (KmsSecret) padded = kms_secret_reserve (size, &bytes);

  if (padded == NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_QUOTA, "there is no locked memory left for the padded value");
      return FALSE;
    }
  if (length > 0)
    memcpy (bytes, plaintext, length);
  bytes[length] = PADDING_START;
  memset (bytes + length + 1, 0, size - length - 1);
  kms_secret_commit (padded, size);
  return seal_bytes (format, key, bytes, size, out, error);
}

gboolean
_kms_lockbox_seal (const KmsLockboxFormat *format, const guint8 *key, const guint8 *nonce, const guint8 *plaintext,
                   gsize length, guint8 *out, GError **error)
{
  gsize nonce_size = ciphers[format->algorithm].nonce_size;
  int code = 0;

  if (nonce != NULL)
    memcpy (out, nonce, nonce_size);
  else
    code = gnutls_rnd (GNUTLS_RND_NONCE, out, nonce_size);
  if (code < 0)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "GnuTLS has no random bytes: %s", gnutls_strerror (code));
      return FALSE;
    }
  return format->padding == 0 ? seal_bytes (format, key, plaintext, length, out, error)
                              : seal_padded (format, key, plaintext, length, out, error);
}

static void
set_invalid (GError **error)
{
  g_set_error_literal (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT,
                       "the value does not open: another key, other associated data, or changed bytes");
}

/* No more than one block is looked at, as Lockbox does. -1: this was not padded. */
static gssize
find_padding (const guint8 *bytes, gsize length, guint padding)
{
  for (gsize i = 1; i <= padding && i <= length; i++)
    if (bytes[length - i] == PADDING_START)
      return (gssize) (length - i);
    else if (bytes[length - i] != 0)
      return -1;
  return -1;
}

KmsSecret *
_kms_lockbox_open (const KmsLockboxFormat *format, const guint8 *key, const guint8 *sealed, gsize length,
                   GError **error)
{
  const KmsLockboxPiece piece = { key, sealed, format->associated_data, format->associated_data_length };
  gsize nonce_size = ciphers[format->algorithm].nonce_size;
  g_autoptr (GError) local = NULL;
  guint8 *bytes;

  if (length < nonce_size + KMS_LOCKBOX_TAG_SIZE)
    {
      set_invalid (error);
      return NULL;
    }
  gssize plain_length = (gssize) (length - nonce_size - KMS_LOCKBOX_TAG_SIZE);
  g_autoptr (KmsSecret) secret = kms_secret_reserve ((gsize) plain_length, &bytes);
  if (secret == NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_QUOTA, "there is no locked memory left for the value");
      return NULL;
    }
  gboolean opened = ciphers[format->algorithm].open (&piece, sealed + nonce_size, length - nonce_size, bytes, &local);
  if (opened && format->padding > 0)
    plain_length = find_padding (bytes, (gsize) plain_length, format->padding);
  if (opened && plain_length >= 0)
    {
      kms_secret_commit (secret, (gsize) plain_length);
      return g_steal_pointer (&secret);
    }
  kms_secret_commit (secret, 0);
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else
    set_invalid (error);
  return NULL;
}
