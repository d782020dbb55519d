/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Derived keys and signatures. */
#include "aws-sign.h"

#include <gnutls/crypto.h>
#include <string.h>

#define SHA256_SIZE 32
#define DAY_LENGTH 8

/* A day's keys of a few regions, and of the service that hands out sessions. */
#define REMEMBERED 8

typedef struct
{
  KmsSecret *secret; /* of which it was derived: held, so that no other has its address */
  char day[DAY_LENGTH + 1];
  char *region;
  char *service;
  KmsSecret *derived;
} DerivedKey;

struct _AwsSigner
{
  DerivedKey keys[REMEMBERED];
  guint next; /* to be forgotten */
};

AwsSigner *
aws_signer_new (void)
{
  return g_new0 (AwsSigner, 1);
}

static void
derived_key_clear (DerivedKey *self)
{
  g_clear_pointer (&self->secret, kms_secret_unref);
  g_clear_pointer (&self->derived, kms_secret_unref);
  g_clear_pointer (&self->region, g_free);
  g_clear_pointer (&self->service, g_free);
}

void
aws_signer_free (AwsSigner *self)
{
  for (guint i = 0; i < REMEMBERED; i++)
    derived_key_clear (&self->keys[i]);
  g_free (self);
}

void
aws_format_date (gint64 seconds, char date[AWS_DATE_SIZE])
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (seconds);
  g_autofree char *text = time != NULL ? g_date_time_format (time, "%Y%m%dT%H%M%SZ") : NULL;

  g_strlcpy (date, text != NULL ? text : "19700101T000000Z", AWS_DATE_SIZE);
}

void
aws_sign_append_scope (const AwsSigning *signing, KmsHttpBuffer *out)
{
  kms_http_buffer_append (out, signing->date, DAY_LENGTH);
  kms_http_buffer_append (out, "/", 1);
  kms_http_buffer_append_text (out, signing->region);
  kms_http_buffer_append (out, "/", 1);
  kms_http_buffer_append_text (out, signing->service);
  kms_http_buffer_append_text (out, "/aws4_request");
}

static void
hash_with (const guint8 *key, gsize key_length, const char *text, guint8 out[SHA256_SIZE])
{
  gnutls_hmac_fast (GNUTLS_MAC_SHA256, key, key_length, text, strlen (text), out);
}

/* Four hashes, each the key of the next; what stands between is as good as the key, for a day. */
static gboolean
derive (const AwsSigning *signing, const char *day, KmsSecret *secret, guint8 out[SHA256_SIZE])
{
  gsize length;
  const guint8 *data = kms_secret_get_data (secret, &length);
  g_autoptr (KmsHttpBuffer) first = kms_http_buffer_new ();

  if (data == NULL)
    return FALSE;
  kms_http_buffer_append_text (first, "AWS4");
  kms_http_buffer_append (first, data, length);
  data = kms_http_buffer_get_data (first, &length);
  hash_with (data, length, day, out);
  hash_with (out, SHA256_SIZE, signing->region, out);
  hash_with (out, SHA256_SIZE, signing->service, out);
  hash_with (out, SHA256_SIZE, "aws4_request", out);
  return TRUE;
}

static KmsSecret *
remember (AwsSigner *self, const AwsSigning *signing, const char *day, KmsSecret *secret)
{
  DerivedKey *key = &self->keys[self->next];
  guint8 *out;

  derived_key_clear (key);
  g_autoptr (KmsSecret) derived = kms_secret_reserve (SHA256_SIZE, &out);
  if (derived == NULL || !derive (signing, day, secret, out))
    return NULL;
  kms_secret_commit (derived, SHA256_SIZE);
  self->next = (self->next + 1) % REMEMBERED;
  key->secret = kms_secret_ref (secret);
  key->derived = g_steal_pointer (&derived);
  key->region = g_strdup (signing->region);
  key->service = g_strdup (signing->service);
  g_strlcpy (key->day, day, sizeof key->day);
  return key->derived;
}

static KmsSecret *
find_key (AwsSigner *self, const AwsSigning *signing, KmsSecret *secret)
{
  char day[DAY_LENGTH + 1];

  g_strlcpy (day, signing->date, sizeof day);
  for (guint i = 0; i < REMEMBERED; i++)
    {
      DerivedKey *key = &self->keys[i];
      if (key->secret == secret && strcmp (key->day, day) == 0 && strcmp (key->region, signing->region) == 0
          && strcmp (key->service, signing->service) == 0)
        return key->derived;
    }
  return remember (self, signing, day, secret);
}

static gboolean
append_signature (AwsSigner *self, const AwsSigning *signing, KmsSecret *secret, KmsHttpBuffer *out)
{
  g_autoptr (KmsHttpBuffer) canonical = aws_sign_make_canonical_request (signing);
  g_autoptr (KmsHttpBuffer) to_sign = aws_sign_make_string_to_sign (signing, canonical);
  KmsSecret *derived = find_key (self, signing, secret);
  gsize key_length, length;
  guint8 signature[SHA256_SIZE];
  const guint8 *key = derived != NULL ? kms_secret_get_data (derived, &key_length) : NULL;

  if (key == NULL)
    return FALSE;
  const guint8 *text = kms_http_buffer_get_data (to_sign, &length);
  gnutls_hmac_fast (GNUTLS_MAC_SHA256, key, key_length, text, length, signature);
  aws_sign_append_hex (out, signature, sizeof signature);
  return TRUE;
}

char *
aws_sign (AwsSigner *self, const AwsSigning *signing, AwsKeys *keys, GError **error)
{
  g_autoptr (KmsHttpBuffer) out = kms_http_buffer_new ();
  gsize length;

  kms_http_buffer_append_text (out, "AWS4-HMAC-SHA256 Credential=");
  kms_http_buffer_append_text (out, keys->access_key_id);
  kms_http_buffer_append (out, "/", 1);
  aws_sign_append_scope (signing, out);
  kms_http_buffer_append_text (out, ", SignedHeaders=");
  aws_sign_append_names (signing, out);
  kms_http_buffer_append_text (out, ", Signature=");
  if (!append_signature (self, signing, keys->secret, out))
    {
      g_set_error_literal (error, KMS_ERROR, KMS_ERROR_QUOTA,
                           "locked memory is used up; raise LimitMEMLOCK= or the hard limit of \"ulimit -l\"");
      return NULL;
    }
  const guint8 *text = kms_http_buffer_get_data (out, &length);
  return g_strndup ((const char *) text, length);
}
