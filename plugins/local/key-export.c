/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes and reads exported keys; docs/formats-local.md has the format. */
#include "key-export.h"
#include "secret-room.h"
#include "xaes.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#define BEGIN_LINE "-----BEGIN LIBKMS KEY-----"
#define END_LINE "-----END LIBKMS KEY-----"
#define LINE_LENGTH 64

/* header: format (1), rounds (4), salt (16); the AAD of what follows. Then nonce, ciphertext, tag. */
#define FORMAT 1
#define SALT_SIZE 16
#define HEADER_SIZE (1 + 4 + SALT_SIZE)
#define ROUNDS 600000
#define MIN_ROUNDS 100000
#define MAX_ROUNDS 10000000

/* plaintext: uid (8), created (8), number of versions (4), length of the description (2), the description, then for each
 * version number (4), created (8), key (32). Integers are big-endian. */
#define FIXED_SIZE (LOCAL_KEY_UID_SIZE + 8 + 4 + 2)
#define VERSION_SIZE (4 + 8 + LOCAL_KEY_SIZE)

typedef struct
{
  guint8 *at;
} Writer;

static void
put (Writer *writer, const void *data, gsize length)
{
  memcpy (writer->at, data, length);
  writer->at += length;
}

static void
put_number (Writer *writer, guint64 number, guint size)
{
  for (guint i = size; i > 0; i--)
    *writer->at++ = (guint8) (number >> (8 * (i - 1)));
}

static guint64
take_number (const guint8 **at, guint size)
{
  guint64 number = 0;

  for (guint i = 0; i < size; i++)
    number = number << 8 | *(*at)++;
  return number;
}

static KmsSecret *
pack (const LocalKey *key, GError **error)
{
  gsize description = strlen (key->description);
  gsize size = FIXED_SIZE + description + key->versions->len * VERSION_SIZE;
  guint8 *out;
  KmsSecret *packed = secret_room_reserve (size, &out, error);
  Writer writer = { out };

  if (packed == NULL)
    return NULL;
  put (&writer, key->uid, LOCAL_KEY_UID_SIZE);
  put_number (&writer, (guint64) key->created, 8);
  put_number (&writer, key->versions->len, 4);
  put_number (&writer, description, 2);
  put (&writer, key->description, description);
  for (guint i = 0; i < key->versions->len; i++)
    {
      const LocalKeyVersion *version = &g_array_index (key->versions, LocalKeyVersion, i);

      put_number (&writer, version->number, 4);
      put_number (&writer, (guint64) version->created, 8);
      put (&writer, kms_secret_get_data (version->secret, NULL), LOCAL_KEY_SIZE);
    }
  kms_secret_commit (packed, size);
  return packed;
}

/* Authentic bytes, but another program may have written them: every length is looked at. */
static LocalKey *
unpack (const guint8 *data, gsize length, const char *name)
{
  g_autoptr (LocalKey) key = local_key_new (name);
  const guint8 *at = data;
  guint32 n_versions, last = 0;
  gsize description;

  if (length < FIXED_SIZE)
    return NULL;
  memcpy (key->uid, at, LOCAL_KEY_UID_SIZE);
  at += LOCAL_KEY_UID_SIZE;
  key->created = (gint64) take_number (&at, 8);
  n_versions = (guint32) take_number (&at, 4);
  description = (gsize) take_number (&at, 2);
  if (n_versions == 0 || n_versions > LOCAL_KEY_MAX_VERSIONS
      || length != FIXED_SIZE + description + n_versions * (gsize) VERSION_SIZE)
    return NULL;
  g_free (key->description);
  key->description = g_strndup ((const char *) at, description);
  at += description;
  if (strlen (key->description) != description || !local_key_check_description (key->description, NULL))
    return NULL;
  for (guint32 i = 0; i < n_versions; i++)
    {
      guint32 number = (guint32) take_number (&at, 4);
      gint64 created = (gint64) take_number (&at, 8);
      KmsSecret *secret;

      if (number <= last || created < 0)
        return NULL;
      secret = kms_secret_new (at, LOCAL_KEY_SIZE);
      if (secret == NULL)
        return NULL;
      local_key_take_version (key, number, created, secret);
      at += LOCAL_KEY_SIZE;
      last = number;
    }
  return key->created >= 0 ? g_steal_pointer (&key) : NULL;
}

static gboolean
derive (XaesKey *key, KmsSecret *passphrase, guint rounds, const guint8 *salt, GError **error)
{
  gsize length;
  const guint8 *data = kms_secret_get_data (passphrase, &length);
  gnutls_datum_t phrase = { (guint8 *) data, (unsigned int) length };
  gnutls_datum_t salt_datum = { (guint8 *) salt, SALT_SIZE };
  guint8 *out;
  g_autoptr (KmsSecret) derived = NULL;
  int code;

  if (length == 0)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                   "an empty passphrase protects nothing: choose another one");
      return FALSE;
    }
  derived = secret_room_reserve (XAES_KEY_SIZE, &out, error);
  if (derived == NULL)
    return FALSE;
  code = gnutls_pbkdf2 (GNUTLS_MAC_SHA256, &phrase, &salt_datum, rounds, out, XAES_KEY_SIZE);
  kms_secret_commit (derived, XAES_KEY_SIZE);
  if (code >= 0)
    return xaes_key_init (key, kms_secret_get_data (derived, NULL), error);
  g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "GnuTLS failed in gnutls_pbkdf2: %s", gnutls_strerror (code));
  return FALSE;
}

static GBytes *
armour (const guint8 *data, gsize length)
{
  g_autofree char *base64 = kms_base64_encode (data, length);
  GString *text = g_string_new (BEGIN_LINE "\n");
  gsize total = strlen (base64);

  for (gsize at = 0; at < total; at += LINE_LENGTH)
    {
      g_string_append_len (text, base64 + at, (gssize) MIN (LINE_LENGTH, total - at));
      g_string_append_c (text, '\n');
    }
  g_string_append (text, END_LINE "\n");
  return g_string_free_to_bytes (text);
}

GBytes *
key_export_write (const LocalKey *key, KmsSecret *passphrase, GError **error)
{
  g_autoptr (KmsSecret) packed = pack (key, error);
  g_autofree guint8 *data = NULL;
  g_auto (XaesKey) xaes = { 0 };
  Writer writer;
  const guint8 *plain;
  gsize length, size;
  int code;

  if (packed == NULL)
    return NULL;
  plain = kms_secret_get_data (packed, &length);
  size = HEADER_SIZE + length + XAES_OVERHEAD;
  data = g_malloc (size);
  writer.at = data;
  put_number (&writer, FORMAT, 1);
  put_number (&writer, ROUNDS, 4);
  code = gnutls_rnd (GNUTLS_RND_RANDOM, writer.at, SALT_SIZE);
  if (code < 0)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "GnuTLS has no random numbers: %s", gnutls_strerror (code));
      return NULL;
    }
  if (!derive (&xaes, passphrase, ROUNDS, writer.at, error)
      || !xaes_seal_random (&xaes, data, HEADER_SIZE, plain, length, data + HEADER_SIZE, error))
    return NULL;
  return armour (data, size);
}

static LocalKey *
fail_damaged (GError **error)
{
  g_set_error (error, KMS_ERROR, KMS_ERROR_INTEGRITY,
               "this is not a whole exported key: it goes from \"" BEGIN_LINE "\" to \"" END_LINE "\"");
  return NULL;
}

/* Mail and printers add things around it and blanks inside; the text in between is base64 and nothing else. */
static guint8 *
dearmour (const char *text, gsize length, gsize *data_length)
{
  const char *begin = g_strstr_len (text, (gssize) length, BEGIN_LINE);
  const char *end;
  g_autofree char *base64 = NULL;
  g_autofree guint8 *data = NULL;
  gsize n = 0;

  if (begin == NULL)
    return NULL;
  begin += strlen (BEGIN_LINE);
  end = g_strstr_len (begin, (gssize) (length - (gsize) (begin - text)), END_LINE);
  if (end == NULL)
    return NULL;
  base64 = g_malloc ((gsize) (end - begin) + 1);
  for (const char *p = begin; p < end; p++)
    if (!g_ascii_isspace (*p))
      base64[n++] = *p;
  data = g_malloc (kms_base64_decoded_max (n) + 1);
  return kms_base64_decode_strict_to (base64, n, data, data_length) ? g_steal_pointer (&data) : NULL;
}

static LocalKey *
decrypt (const guint8 *data, gsize length, const char *name, KmsSecret *passphrase, GError **error)
{
  const guint8 *at = data + 1;
  guint rounds = (guint) take_number (&at, 4);
  gsize plain_length = length - HEADER_SIZE - XAES_OVERHEAD;
  g_auto (XaesKey) xaes = { 0 };
  guint8 *plain;
  g_autoptr (KmsSecret) packed = NULL;
  LocalKey *key = NULL;
  g_autoptr (GError) local_error = NULL;

  if (rounds < MIN_ROUNDS || rounds > MAX_ROUNDS)
    return fail_damaged (error);
  if (!derive (&xaes, passphrase, rounds, at, error))
    return NULL;
  packed = secret_room_reserve (plain_length + 1, &plain, error);
  if (packed == NULL)
    return NULL;
  if (xaes_open (&xaes, data + HEADER_SIZE, data, HEADER_SIZE, data + HEADER_SIZE + XAES_NONCE_SIZE,
                 length - HEADER_SIZE - XAES_NONCE_SIZE, plain, &local_error))
    {
      key = unpack (plain, plain_length, name);
      if (key == NULL)
        fail_damaged (error);
    }
  else if (local_error != NULL)
    g_propagate_error (error, g_steal_pointer (&local_error));
  else
    g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT,
                 "the exported key does not open: the passphrase is wrong, or the file was changed");
  kms_secret_commit (packed, plain_length);
  return key;
}

LocalKey *
key_export_read (const char *text, gsize length, const char *name, KmsSecret *passphrase, GError **error)
{
  gsize data_length;
  g_autofree guint8 *data = NULL;

  if (length > KEY_EXPORT_MAX_SIZE)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_TOO_LARGE,
                   "an exported key has at most %d bytes, this has %" G_GSIZE_FORMAT, KEY_EXPORT_MAX_SIZE, length);
      return NULL;
    }
  data = dearmour (text, length, &data_length);
  if (data == NULL || data_length < HEADER_SIZE + FIXED_SIZE + XAES_OVERHEAD)
    return fail_damaged (error);
  if (data[0] == FORMAT)
    return decrypt (data, data_length, name, passphrase, error);
  g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED,
               "the exported key has format %u, and this libkms knows 1: update libkms", data[0]);
  return NULL;
}
