/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cuts keys out of texts where they stand: no parser that copies gets to see them. */
#include "aws-key-document.h"

#include "aws-answer.h"

#include <string.h>

#define MAX_ID 128
#define MAX_SECRET 4096
#define MAX_TOKEN 65536

gboolean
aws_is_plain_text (const char *text, gsize length, gsize max)
{
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isprint (text[i]))
      return FALSE;
  return length > 0 && length <= max;
}

static gboolean
is_plain (const char *text, gsize length, gsize max)
{
  return aws_is_plain_text (text, length, max) && memchr (text, ' ', length) == NULL;
}

gboolean
aws_parse_time (const char *text, gint64 *time)
{
  /* What older clients of single sign-on wrote. */
  g_autofree char *plain = g_str_has_suffix (text, "UTC") ? g_strdup_printf ("%.*sZ", (int) strlen (text) - 3, text)
                                                          : g_strdup (text);
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) parsed = g_date_time_new_from_iso8601 (plain, utc);

  if (parsed == NULL)
    return FALSE;
  *time = g_date_time_to_unix (parsed) * G_USEC_PER_SEC;
  return TRUE;
}

static AwsKeys *
refuse (const char *source, const char *words, GError **error)
{
  g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS, "%s: %s", source, words);
  return NULL;
}

AwsKeys *
aws_key_texts_make_keys (const AwsKeyTexts *self, gint64 expires_at, const char *source, GError **error)
{
  if (self->id == NULL || self->secret == NULL)
    return refuse (source, self->id == NULL ? "there is no access key id" : "there is no secret access key", error);
  if (!is_plain (self->id, self->id_length, MAX_ID))
    return refuse (source, "the access key id is none", error);
  if (!aws_is_plain_text (self->secret, self->secret_length, MAX_SECRET))
    return refuse (source, "the secret access key is none: it is empty, or line feeds or other characters are in it",
                   error);
  if (self->token_length > 0 && !is_plain (self->token, self->token_length, MAX_TOKEN))
    return refuse (source, "the session token is none: blanks, line feeds or other characters are in it", error);
  if (self->expiration != NULL && !aws_parse_time (self->expiration, &expires_at))
    return refuse (source, "the time when the keys end can't be read; it is written like 2030-01-01T00:00:00Z", error);
  g_autofree char *id = g_strndup (self->id, self->id_length);
  g_autoptr (KmsSecret) secret = kms_secret_new ((const guint8 *) self->secret, self->secret_length);
  g_autoptr (KmsSecret)
    token = self->token_length > 0 ? kms_secret_new ((const guint8 *) self->token, self->token_length) : NULL;
  return aws_keys_new (id, secret, token, expires_at, source);
}

AwsKeys *
aws_keys_parse_json (guint8 *text, gsize length, const char *token_name, const char *source, GError **error)
{
  AwsField fields[] = { { "AccessKeyId" }, { "SecretAccessKey" }, { token_name }, { "Expiration" } };

  if (!aws_answer_read (text, length, fields, G_N_ELEMENTS (fields)))
    return refuse (source, "what it gave is no JSON object", error);
  AwsKeyTexts texts = { .id = fields[0].text,
                        .secret = fields[1].text,
                        .token = fields[2].text,
                        .expiration = fields[3].text,
                        .id_length = fields[0].length,
                        .secret_length = fields[1].length,
                        .token_length = fields[2].length };
  return aws_key_texts_make_keys (&texts, 0, source, error);
}

/* The text of an element that has no elements in it, unescaped in place; NULL for none. What is looked for has letters,
 * digits and signs of base64 only, so of entities just the five that XML has itself can matter, and none should. */
static char *
find_element (char *text, const char *name, gsize *length)
{
  g_autofree char *open = g_strconcat ("<", name, ">", NULL);
  g_autofree char *close = g_strconcat ("</", name, ">", NULL);
  char *start = text != NULL ? strstr (text, open) : NULL;

  if (start == NULL)
    return NULL;
  start += strlen (open);
  char *end = strchr (start, '<');
  if (end == NULL || !g_str_has_prefix (end, close))
    return NULL;
  while (start < end && g_ascii_isspace (*start))
    start++;
  while (end > start && g_ascii_isspace (end[-1]))
    end--;
  *length = (gsize) (end - start);
  return memchr (start, '&', *length) == NULL ? start : NULL;
}

AwsKeys *
aws_keys_parse_xml (char *text, gsize length, const char *source, GError **error)
{
  char *part = memchr (text, '\0', length) == NULL ? strstr (text, "<Credentials>") : NULL;
  char *end = part != NULL ? strstr (part, "</Credentials>") : NULL;
  AwsKeyTexts texts = { NULL };
  gsize time_length = 0;

  if (end == NULL)
    return refuse (source, "the answer holds no keys; check the endpoint of STS", error);
  *end = '\0';
  texts.id = find_element (part, "AccessKeyId", &texts.id_length);
  texts.secret = find_element (part, "SecretAccessKey", &texts.secret_length);
  texts.token = find_element (part, "SessionToken", &texts.token_length);
  const char *time = find_element (part, "Expiration", &time_length);
  g_autofree char *expiration = time != NULL ? g_strndup (time, time_length) : NULL;
  texts.expiration = expiration;
  if (texts.token == NULL || expiration == NULL)
    return refuse (source, "the answer holds no whole session; check the endpoint of STS", error);
  return aws_key_texts_make_keys (&texts, 0, source, error);
}
