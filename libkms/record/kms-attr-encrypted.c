/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* attr_encrypted, and the gem encryptor under it: AES-256-GCM whose nonce stands in a column of its own. */
#include "kms-attr-encrypted-private.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "kms-base64.h"
#include "kms-error.h"
#include "kms-lockbox-aead-private.h"
#include "kms-secret.h"

#define KEY_SIZE 32
#define IV_SIZE 12
#define CBC_IV_SIZE 16
#define TAG_SIZE KMS_LOCKBOX_TAG_SIZE
#define SALT_SIZE 16
#define PBKDF2_ROUNDS 2000
#define SINGLE_ROUNDS 2048
#define MD5_SIZE 16

/* In front of a salt that is base64; without it the text itself is the salt, as in version 1. */
#define SALT_MARK '_'

/* What the cipher takes, wiped together. */
typedef struct
{
  guint8 key[KEY_SIZE];
  guint8 iv[CBC_IV_SIZE];
} CipherKey;

void
_kms_attr_columns_clear (KmsAttrColumns *self)
{
  g_clear_pointer (&self->encrypted, g_bytes_unref);
  g_clear_pointer (&self->iv, g_bytes_unref);
  g_clear_pointer (&self->salt, g_bytes_unref);
}

static gboolean
fail (GError **error, const char *what, int code)
{
  g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "GnuTLS failed in %s: %s", what, gnutls_strerror (code));
  return FALSE;
}

static gboolean
refuse (GError **error, const char *why)
{
  g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT, "the value does not decrypt: %s", why);
  return FALSE;
}

static GBytes *
encode (KmsAttrEncoding encoding, const char *prefix, const guint8 *data, gsize length)
{
  if (encoding == KMS_ATTR_ENCODING_NONE)
    return g_bytes_new (data, length);
  g_autofree char *base64 = encoding == KMS_ATTR_ENCODING_LINES ? kms_base64_encode_lines (data, length)
                                                                : kms_base64_encode (data, length);
  char *text = g_strconcat (prefix, base64, NULL);
  return g_bytes_new_take (text, strlen (text));
}

static GBytes *
decode (KmsAttrEncoding encoding, GBytes *column, gsize skip)
{
  gsize length;
  const char *data = g_bytes_get_data (column, &length);

  if (encoding == KMS_ATTR_ENCODING_NONE)
    return g_bytes_ref (column);
  return kms_base64_decode_lenient (length <= skip ? "" : data + skip, length <= skip ? 0 : (gssize) (length - skip));
}

static GBytes *
read_salt (const KmsAttrFormat *format, GBytes *column)
{
  gsize length;
  const char *data = g_bytes_get_data (column, &length);

  if (format->salt_encoding == KMS_ATTR_ENCODING_NONE || length == 0 || data[0] != SALT_MARK)
    return g_bytes_ref (column);
  return decode (format->salt_encoding, column, 1);
}

static const guint8 *
get_key (KmsSecret *key, GError **error)
{
  gsize length;
  const guint8 *data = kms_secret_get_data (key, &length);

  if (data != NULL && length == KEY_SIZE)
    return data;
  g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
               "attr_encrypted takes a key of %d bytes, not %" G_GSIZE_FORMAT, KEY_SIZE, length);
  return NULL;
}

static gboolean
derive_salted (const guint8 *key, GBytes *salt, CipherKey *derived, GError **error)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (salt, &length);
  const gnutls_datum_t password = { (guint8 *) key, KEY_SIZE };
  const gnutls_datum_t salt_datum = { (guint8 *) data, (guint) length };
  int code = gnutls_pbkdf2 (GNUTLS_MAC_SHA1, &password, &salt_datum, PBKDF2_ROUNDS, derived->key, sizeof derived->key);

  return code >= 0 || fail (error, "gnutls_pbkdf2", code);
}

static int
hash_again (guint8 *digest)
{
  int code = 0;

  for (guint i = 1; i < SINGLE_ROUNDS && code >= 0; i++)
    code = gnutls_hash_fast (GNUTLS_DIG_MD5, digest, MD5_SIZE, digest);
  return code;
}

/* EVP_BytesToKey() of OpenSSL, with MD5, and without a salt: each digest covers the one before and the password. */
static gboolean
derive_single (KmsSecret *password, CipherKey *derived, GError **error)
{
  gsize length, filled = 0;
  const guint8 *data = kms_secret_get_data (password, &length);
  guint8 *room;
  int code = 0;
  g_autoptr (KmsSecret) input = kms_secret_reserve (MD5_SIZE + length, &room);

  G_STATIC_ASSERT (sizeof *derived % MD5_SIZE == 0);
  if (input == NULL || data == NULL)
    return fail (error, "deriving a key", GNUTLS_E_MEMORY_ERROR);
  memcpy (room + MD5_SIZE, data, length);
  for (guint8 *out = (guint8 *) derived; filled < sizeof *derived && code >= 0; filled += MD5_SIZE)
    {
      gsize before = filled == 0 ? 0 : MD5_SIZE;
      code = gnutls_hash_fast (GNUTLS_DIG_MD5, room + MD5_SIZE - before, before + length, out + filled);
      if (code >= 0)
        code = hash_again (out + filled);
      memcpy (room, out + filled, MD5_SIZE);
    }
  return code >= 0 || fail (error, "gnutls_hash_fast", code);
}

/* The nonce of the single modes is derived, too. */
static gboolean
derive (const KmsAttrFormat *format, KmsSecret *key, GBytes *iv, GBytes *salt, CipherKey *derived, GError **error)
{
  if (format->mode == KMS_ATTR_MODE_SINGLE_GCM || format->mode == KMS_ATTR_MODE_SINGLE_CBC)
    return derive_single (key, derived, error);
  const guint8 *data = get_key (key, error);
  if (data == NULL)
    return FALSE;
  memcpy (derived->iv, g_bytes_get_data (iv, NULL), IV_SIZE);
  if (format->mode == KMS_ATTR_MODE_IV_AND_SALT)
    return derive_salted (data, salt, derived, error);
  memcpy (derived->key, data, KEY_SIZE);
  return TRUE;
}

static GBytes *
seal (const CipherKey *derived, KmsSecret *plaintext, GError **error)
{
  const KmsLockboxPiece piece = { derived->key, derived->iv, NULL, 0 };
  gsize length;
  const guint8 *data = kms_secret_get_data (plaintext, &length);
  g_autofree guint8 *out = g_malloc (length + TAG_SIZE);

  if (!_kms_lockbox_seal_aes_gcm (&piece, data, length, out, error))
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&out), length + TAG_SIZE);
}

static KmsSecret *
open_gcm (const CipherKey *derived, const guint8 *data, gsize length, GError **error)
{
  const KmsLockboxPiece piece = { derived->key, derived->iv, NULL, 0 };
  g_autoptr (GError) local = NULL;
  guint8 *bytes;

  if (length < TAG_SIZE)
    {
      refuse (error, "it is too short");
      return NULL;
    }
  g_autoptr (KmsSecret) plaintext = kms_secret_reserve (length - TAG_SIZE, &bytes);
  if (plaintext == NULL)
    {
      fail (error, "making room", GNUTLS_E_MEMORY_ERROR);
      return NULL;
    }
  if (_kms_lockbox_open_aes_gcm (&piece, data, length, bytes, &local))
    {
      kms_secret_commit (plaintext, length - TAG_SIZE);
      return g_steal_pointer (&plaintext);
    }
  if (local == NULL)
    refuse (error, "another key, or changed bytes");
  else
    g_propagate_error (error, g_steal_pointer (&local));
  return NULL;
}

/* What PKCS #7 put behind the text; -1: nothing that it could have put there. */
static gssize
find_padding (const guint8 *bytes, gsize length)
{
  guint8 n = bytes[length - 1];

  if (n == 0 || n > CBC_IV_SIZE)
    return -1;
  for (gsize i = length - n; i < length; i++)
    if (bytes[i] != n)
      return -1;
  return (gssize) (length - n);
}

/* Nothing authenticates these: whoever can change them can do with them what the padding lets through. */
static KmsSecret *
open_cbc (const CipherKey *derived, const guint8 *data, gsize length, GError **error)
{
  const gnutls_datum_t key = { (guint8 *) derived->key, KEY_SIZE }, iv = { (guint8 *) derived->iv, CBC_IV_SIZE };
  gnutls_cipher_hd_t cipher;
  guint8 *bytes;

  if (length == 0 || length % CBC_IV_SIZE != 0)
    {
      refuse (error, "its length is not one of AES-CBC");
      return NULL;
    }
  g_autoptr (KmsSecret) plaintext = kms_secret_reserve (length, &bytes);
  int code = plaintext == NULL ? GNUTLS_E_MEMORY_ERROR
                               : gnutls_cipher_init (&cipher, GNUTLS_CIPHER_AES_256_CBC, &key, &iv);
  if (code >= 0)
    {
      code = gnutls_cipher_decrypt2 (cipher, data, length, bytes, length);
      gnutls_cipher_deinit (cipher);
    }
  gssize size = code < 0 ? -1 : find_padding (bytes, length);
  if (code < 0)
    fail (error, "gnutls_cipher_decrypt2", code);
  else if (size < 0)
    refuse (error, "another key, or changed bytes");
  if (size < 0)
    return NULL;
  kms_secret_commit (plaintext, (gsize) size);
  return g_steal_pointer (&plaintext);
}

static gboolean
is_single (const KmsAttrFormat *format)
{
  return format->mode == KMS_ATTR_MODE_SINGLE_GCM || format->mode == KMS_ATTR_MODE_SINGLE_CBC;
}

gboolean
_kms_attr_encrypt_with (const KmsAttrFormat *format, KmsSecret *key, const guint8 *iv, const guint8 *salt,
                        KmsSecret *plaintext, KmsAttrColumns *columns, GError **error)
{
  g_autoptr (GBytes) iv_bytes = g_bytes_new (iv, IV_SIZE);
  g_autoptr (GBytes) salt_bytes = g_bytes_new (salt, SALT_SIZE);
  CipherKey derived = { 0 };

  if (is_single (format))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED,
                   "values with one IV for all are read, but not written; choose mode per_attribute_iv");
      return FALSE;
    }
  g_autoptr (GBytes)
    sealed = derive (format, key, iv_bytes, salt_bytes, &derived, error) ? seal (&derived, plaintext, error) : NULL;
  gnutls_memset (&derived, 0, sizeof derived);
  if (sealed == NULL)
    return FALSE;
  columns->encrypted = encode (format->encoding, "", g_bytes_get_data (sealed, NULL), g_bytes_get_size (sealed));
  columns->iv = encode (format->iv_encoding, "", iv, IV_SIZE);
  if (format->mode == KMS_ATTR_MODE_IV_AND_SALT)
    columns->salt = encode (format->salt_encoding, "_", salt, SALT_SIZE);
  return TRUE;
}

gboolean
_kms_attr_encrypt (const KmsAttrFormat *format, KmsSecret *key, KmsSecret *plaintext, KmsAttrColumns *columns,
                   GError **error)
{
  guint8 iv[IV_SIZE], salt[SALT_SIZE];
  int code = gnutls_rnd (GNUTLS_RND_NONCE, iv, sizeof iv);

  if (code >= 0)
    code = gnutls_rnd (GNUTLS_RND_NONCE, salt, sizeof salt);
  return code < 0 ? fail (error, "gnutls_rnd", code)
                  : _kms_attr_encrypt_with (format, key, iv, salt, plaintext, columns, error);
}

/* What stands beside the ciphertext, as far as the mode has it. */
static gboolean
read_columns (const KmsAttrFormat *format, const KmsAttrColumns *columns, KmsAttrColumns *decoded, GError **error)
{
  if (columns->encrypted == NULL)
    return refuse (error, "there is none");
  decoded->encrypted = decode (format->encoding, columns->encrypted, 0);
  if (is_single (format))
    return TRUE;
  if (columns->iv == NULL)
    return refuse (error, "the column of its IV is NULL");
  decoded->iv = decode (format->iv_encoding, columns->iv, 0);
  if (g_bytes_get_size (decoded->iv) != IV_SIZE)
    return refuse (error, "its IV does not have 12 bytes");
  if (format->mode == KMS_ATTR_MODE_IV)
    return TRUE;
  if (columns->salt == NULL)
    return refuse (error, "the column of its salt is NULL");
  decoded->salt = read_salt (format, columns->salt);
  return TRUE;
}

KmsSecret *
_kms_attr_decrypt (const KmsAttrFormat *format, KmsSecret *key, const KmsAttrColumns *columns, GError **error)
{
  g_auto (KmsAttrColumns) decoded = { NULL };
  KmsSecret *plaintext = NULL;
  CipherKey derived = { 0 };
  gsize length;

  if (!read_columns (format, columns, &decoded, error))
    return NULL;
  const guint8 *data = g_bytes_get_data (decoded.encrypted, &length);
  if (derive (format, key, decoded.iv, decoded.salt, &derived, error))
    plaintext = format->mode == KMS_ATTR_MODE_SINGLE_CBC ? open_cbc (&derived, data, length, error)
                                                         : open_gcm (&derived, data, length, error);
  gnutls_memset (&derived, 0, sizeof derived);
  return plaintext;
}
