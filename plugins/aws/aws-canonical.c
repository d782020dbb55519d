/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is signed of a request, in the one form that both sides write alike. */
#include "aws-sign.h"

#include <gnutls/crypto.h>
#include <string.h>

#define SHA256_SIZE 32
#define MAX_HEADERS 32

static void
append_hash (KmsHttpBuffer *out, const void *data, gsize length)
{
  guint8 hash[SHA256_SIZE];

  gnutls_hash_fast (GNUTLS_DIG_SHA256, data, length, hash);
  aws_sign_append_hex (out, hash, sizeof hash);
}

void
aws_sign_append_hex (KmsHttpBuffer *out, const guint8 *data, gsize length)
{
  static const char digits[] = "0123456789abcdef";
  guint8 *at = kms_http_buffer_reserve (out, 2 * length);

  for (gsize i = 0; i < length; i++)
    {
      at[2 * i] = (guint8) digits[data[i] >> 4];
      at[2 * i + 1] = (guint8) digits[data[i] & 15];
    }
  kms_http_buffer_commit (out, 2 * length);
}

static void
append_encoded (KmsHttpBuffer *out, const char *text, gsize length, const char *more)
{
  char encoded[4];

  for (gsize i = 0; i < length; i++)
    {
      guint8 byte = (guint8) text[i];
      if (g_ascii_isalnum (byte) || strchr ("-_.~", byte) != NULL || strchr (more, byte) != NULL)
        {
          kms_http_buffer_append (out, &byte, 1);
          continue;
        }
      g_snprintf (encoded, sizeof encoded, "%%%02X", byte);
      kms_http_buffer_append (out, encoded, 3);
    }
}

/* Without empty segments and ".", and without what ".." takes back; a slash at the end stays. */
static char *
normalise (const char *path)
{
  g_auto (GStrv) segments = g_strsplit (path, "/", -1);
  g_autoptr (GPtrArray) kept = g_ptr_array_new ();
  g_autoptr (GString) normal = g_string_new ("/");
  gboolean ends = g_str_has_suffix (path, "/");

  for (guint i = 0; segments[i] != NULL; i++)
    {
      if (segments[i][0] == '\0' || strcmp (segments[i], ".") == 0)
        continue;
      if (strcmp (segments[i], "..") != 0)
        g_ptr_array_add (kept, segments[i]);
      else if (kept->len > 0)
        g_ptr_array_set_size (kept, (gint) kept->len - 1);
    }
  for (guint i = 0; i < kept->len; i++)
    g_string_append_printf (normal, "%s%s", i > 0 ? "/" : "", (const char *) g_ptr_array_index (kept, i));
  if (ends && kept->len > 0)
    g_string_append_c (normal, '/');
  return g_string_free (g_steal_pointer (&normal), FALSE);
}

static void
append_path (KmsHttpBuffer *out, const AwsSigning *signing)
{
  g_autofree char *normal = NULL;
  const char *path = signing->path != NULL && signing->path[0] != '\0' ? signing->path : "/";

  if (!signing->raw_path && strcmp (path, "/") != 0)
    path = normal = normalise (path);
  append_encoded (out, path, strlen (path), "/");
}

static gint
compare_texts (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* Encoded as a pair that sorts by name first: what is encoded holds no byte below "=" but "-", "." and digits, so the
 * separator is one that sorts before these. */
static char *
encode_pair (const char *pair)
{
  const char *equals = strchr (pair, '=');
  gsize name_length = equals != NULL ? (gsize) (equals - pair) : strlen (pair);
  g_autofree char *name = g_uri_unescape_segment (pair, pair + name_length, NULL);
  g_autofree char *value = equals != NULL ? g_uri_unescape_string (equals + 1, NULL) : NULL;
  g_autoptr (KmsHttpBuffer) encoded = kms_http_buffer_new ();
  gsize length;

  append_encoded (encoded, name != NULL ? name : pair, name != NULL ? strlen (name) : name_length, "");
  kms_http_buffer_append (encoded, "\1", 1);
  if (value != NULL)
    append_encoded (encoded, value, strlen (value), "");
  else if (equals != NULL)
    append_encoded (encoded, equals + 1, strlen (equals + 1), "");
  const guint8 *data = kms_http_buffer_get_data (encoded, &length);
  return g_strndup ((const char *) data, length);
}

static void
append_query (KmsHttpBuffer *out, const char *query)
{
  g_auto (GStrv) given = g_strsplit (query != NULL ? query : "", "&", -1);
  g_autoptr (GPtrArray) pairs = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; given[i] != NULL; i++)
    if (given[i][0] != '\0')
      g_ptr_array_add (pairs, encode_pair (given[i]));
  g_ptr_array_sort (pairs, compare_texts);
  for (guint i = 0; i < pairs->len; i++)
    {
      char *pair = g_ptr_array_index (pairs, i);
      *strchr (pair, '\1') = '=';
      if (i > 0)
        kms_http_buffer_append (out, "&", 1);
      kms_http_buffer_append_text (out, pair);
    }
}

/* In the order of their names; what has one name stays in its own order. */
static guint
sort_headers (const AwsSigning *signing, const AwsHeader *sorted[MAX_HEADERS])
{
  guint n = 0;

  g_return_val_if_fail (signing->n_headers <= MAX_HEADERS, 0);
  for (guint i = 0; i < signing->n_headers; i++, n++)
    {
      guint at = n;
      for (; at > 0 && g_ascii_strcasecmp (sorted[at - 1]->name, signing->headers[i].name) > 0; at--)
        sorted[at] = sorted[at - 1];
      sorted[at] = &signing->headers[i];
    }
  return n;
}

static void
append_lower (KmsHttpBuffer *out, const char *name)
{
  gsize length = strlen (name);
  guint8 *at = kms_http_buffer_reserve (out, length);

  for (gsize i = 0; i < length; i++)
    at[i] = (guint8) g_ascii_tolower (name[i]);
  kms_http_buffer_commit (out, length);
}

/* Without white space at the ends, and with one blank for each run of it: a folded line is one, too. */
static void
append_value (KmsHttpBuffer *out, const AwsHeader *header)
{
  gsize length = header->length >= 0 ? (gsize) header->length : strlen (header->value);
  guint8 *start = kms_http_buffer_reserve (out, length);
  guint8 *at = start;
  gboolean blank = FALSE;

  for (gsize i = 0; i < length; i++)
    {
      if (g_ascii_isspace (header->value[i]))
        {
          blank = at > start;
          continue;
        }
      if (blank)
        *at++ = ' ';
      blank = FALSE;
      *at++ = (guint8) header->value[i];
    }
  kms_http_buffer_commit (out, (gsize) (at - start));
}

static void
append_headers (KmsHttpBuffer *out, const AwsSigning *signing)
{
  const AwsHeader *sorted[MAX_HEADERS];
  guint n = sort_headers (signing, sorted);

  for (guint i = 0; i < n; i++)
    {
      gboolean again = i > 0 && g_ascii_strcasecmp (sorted[i - 1]->name, sorted[i]->name) == 0;
      if (!again)
        append_lower (out, sorted[i]->name);
      kms_http_buffer_append (out, again ? "," : ":", 1);
      append_value (out, sorted[i]);
      if (i + 1 == n || g_ascii_strcasecmp (sorted[i + 1]->name, sorted[i]->name) != 0)
        kms_http_buffer_append (out, "\n", 1);
    }
}

void
aws_sign_append_names (const AwsSigning *signing, KmsHttpBuffer *out)
{
  const AwsHeader *sorted[MAX_HEADERS];
  guint n = sort_headers (signing, sorted);

  for (guint i = 0; i < n; i++)
    {
      if (i > 0 && g_ascii_strcasecmp (sorted[i - 1]->name, sorted[i]->name) == 0)
        continue;
      if (i > 0)
        kms_http_buffer_append (out, ";", 1);
      append_lower (out, sorted[i]->name);
    }
}

KmsHttpBuffer *
aws_sign_make_canonical_request (const AwsSigning *signing)
{
  KmsHttpBuffer *out = kms_http_buffer_new ();

  kms_http_buffer_append_text (out, signing->method);
  kms_http_buffer_append (out, "\n", 1);
  append_path (out, signing);
  kms_http_buffer_append (out, "\n", 1);
  append_query (out, signing->query);
  kms_http_buffer_append (out, "\n", 1);
  append_headers (out, signing);
  kms_http_buffer_append (out, "\n", 1);
  aws_sign_append_names (signing, out);
  kms_http_buffer_append (out, "\n", 1);
  append_hash (out, signing->body != NULL ? signing->body : (const guint8 *) "", signing->body_length);
  return out;
}

KmsHttpBuffer *
aws_sign_make_string_to_sign (const AwsSigning *signing, KmsHttpBuffer *canonical_request)
{
  KmsHttpBuffer *out = kms_http_buffer_new ();
  gsize length;
  const guint8 *canonical = kms_http_buffer_get_data (canonical_request, &length);

  kms_http_buffer_append_text (out, "AWS4-HMAC-SHA256\n");
  kms_http_buffer_append_text (out, signing->date);
  kms_http_buffer_append (out, "\n", 1);
  aws_sign_append_scope (signing, out);
  kms_http_buffer_append (out, "\n", 1);
  append_hash (out, canonical, length);
  return out;
}
