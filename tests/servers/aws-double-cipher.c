/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the AWS double's keys encrypt: AES-256-GCM, with the context authenticated. Ciphertexts are
 *
 *   1 | length of what comes next, and that many random bytes | length of the ARN, and the ARN | number of the material |
 *   first bytes of the hash of all that | nonce | sealed bytes
 *
 * of which clients know nothing; the random bytes see to it that they don't go by its length either. What does not hash to
 * what it says is no ciphertext, rather than one of a key that is not there. */
#include "aws-double-key.h"

#include <gnutls/crypto.h>
#include <string.h>

#define NONCE_SIZE 12
#define TAG_SIZE 16
#define MAX_PADDING 24
#define CHECK_SIZE 8

typedef struct
{
  const guint8 *head;
  gsize head_length;
  char *arn;
  guint material;
  const guint8 *nonce;
  const guint8 *sealed;
  gsize sealed_length;
} Parts;

static void
parts_clear (Parts *self)
{
  g_clear_pointer (&self->arn, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Parts, parts_clear)

static void
make_check (const guint8 *head, gsize length, guint8 check[CHECK_SIZE])
{
  guint8 hash[32];

  g_assert_cmpint (gnutls_hash_fast (GNUTLS_DIG_SHA256, head, length, hash), ==, 0);
  memcpy (check, hash, CHECK_SIZE);
}

static gboolean
split (GBytes *ciphertext, Parts *parts)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (ciphertext, &length);

  if (length < 2 || data[0] != 1)
    return FALSE;
  gsize at = 2 + (gsize) data[1];
  guint8 check[CHECK_SIZE];
  if (at + 1 > length || at + 1 + data[at] + 1 + CHECK_SIZE + NONCE_SIZE + TAG_SIZE > length)
    return FALSE;
  parts->arn = g_strndup ((const char *) data + at + 1, data[at]);
  at += 1 + (gsize) data[at];
  parts->material = data[at++];
  parts->head = data;
  parts->head_length = at;
  make_check (data, at, check);
  parts->nonce = data + at + CHECK_SIZE;
  parts->sealed = parts->nonce + NONCE_SIZE;
  parts->sealed_length = length - at - CHECK_SIZE - NONCE_SIZE;
  return memcmp (data + at, check, CHECK_SIZE) == 0;
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (a, b);
}

static void
add_text (GByteArray *bytes, const char *text)
{
  guint32 length = GUINT32_TO_BE ((guint32) strlen (text));

  g_byte_array_append (bytes, (const guint8 *) &length, sizeof length);
  g_byte_array_append (bytes, (const guint8 *) text, (guint) strlen (text));
}

/* Pairs in order, each with its length: none is the same as {}. */
static GByteArray *
make_authenticated (const guint8 *head, gsize head_length, JsonObject *context)
{
  GByteArray *bytes = g_byte_array_new ();
  GList *names = context != NULL ? g_list_sort (json_object_get_members (context), compare_names) : NULL;

  g_byte_array_append (bytes, head, (guint) head_length);
  for (GList *at = names; at != NULL; at = at->next)
    {
      add_text (bytes, at->data);
      add_text (bytes, json_object_get_string_member (context, at->data));
    }
  g_list_free (names);
  return bytes;
}

static gnutls_aead_cipher_hd_t
open_cipher (const AwsDoubleKey *key, guint material)
{
  gnutls_datum_t bytes = { key->materials->pdata[material], AWS_DOUBLE_KEY_SIZE };
  gnutls_aead_cipher_hd_t cipher;

  g_assert_cmpint (gnutls_aead_cipher_init (&cipher, GNUTLS_CIPHER_AES_256_GCM, &bytes), ==, 0);
  return cipher;
}

static void
add_random (GByteArray *bytes, guint length)
{
  guint8 noise[MAX_PADDING];

  g_assert_cmpint (gnutls_rnd (GNUTLS_RND_NONCE, noise, length), ==, 0);
  g_byte_array_append (bytes, noise, length);
}

GBytes *
aws_double_key_encrypt (const AwsDoubleKey *self, JsonObject *context, const guint8 *data, gsize length)
{
  GByteArray *out = g_byte_array_new ();
  guint8 padding = (guint8) g_random_int_range (0, MAX_PADDING), arn_length = (guint8) strlen (self->arn);
  guint8 first[] = { 1, padding }, material = (guint8) (self->materials->len - 1);
  guint8 check[CHECK_SIZE];

  g_byte_array_append (out, first, sizeof first);
  add_random (out, padding);
  g_byte_array_append (out, &arn_length, 1);
  g_byte_array_append (out, (const guint8 *) self->arn, arn_length);
  g_byte_array_append (out, &material, 1);
  g_autoptr (GByteArray) authenticated = make_authenticated (out->data, out->len, context);
  make_check (out->data, out->len, check);
  g_byte_array_append (out, check, sizeof check);
  guint nonce = out->len;
  add_random (out, NONCE_SIZE);
  gsize sealed = length + TAG_SIZE;
  g_byte_array_set_size (out, out->len + (guint) sealed);
  gnutls_aead_cipher_hd_t cipher = open_cipher (self, material);
  g_assert_cmpint (gnutls_aead_cipher_encrypt (cipher, out->data + nonce, NONCE_SIZE, authenticated->data,
                                               authenticated->len, TAG_SIZE, data, length,
                                               out->data + nonce + NONCE_SIZE, &sealed),
                   ==, 0);
  gnutls_aead_cipher_deinit (cipher);
  return g_byte_array_free_to_bytes (out);
}

char *
aws_double_ciphertext_get_arn (GBytes *ciphertext)
{
  g_auto (Parts) parts = { NULL };

  return split (ciphertext, &parts) ? g_strdup (parts.arn) : NULL;
}

GBytes *
aws_double_key_decrypt (const AwsDoubleKey *self, JsonObject *context, GBytes *ciphertext, guint *material)
{
  g_auto (Parts) parts = { NULL };

  if (!split (ciphertext, &parts) || strcmp (parts.arn, self->arn) != 0 || parts.material >= self->materials->len)
    return NULL;
  g_autoptr (GByteArray) authenticated = make_authenticated (parts.head, parts.head_length, context);
  gsize length = parts.sealed_length - TAG_SIZE;
  g_autofree guint8 *plaintext = g_malloc (length + 1);
  gnutls_aead_cipher_hd_t cipher = open_cipher (self, parts.material);
  int code = gnutls_aead_cipher_decrypt (cipher, parts.nonce, NONCE_SIZE, authenticated->data, authenticated->len,
                                         TAG_SIZE, parts.sealed, parts.sealed_length, plaintext, &length);
  gnutls_aead_cipher_deinit (cipher);
  *material = parts.material;
  return code == 0 ? g_bytes_new (plaintext, length) : NULL;
}
