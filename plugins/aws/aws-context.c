/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes contexts, and refuses what can't be one. */
#include "aws-context.h"

#include <string.h>

/* AWS says no number. What is longer is most likely a mistake, and the service's own refusal says less. */
#define MAX_CONTEXT 8192

static void
add_pair (KmsHttpBuffer *map, gboolean *first, const char *name, gsize name_length, const char *value,
          gsize value_length)
{
  if (!*first)
    kms_http_buffer_append (map, ",", 1);
  *first = FALSE;
  kms_http_buffer_append_json_string (map, name, (gssize) name_length);
  kms_http_buffer_append (map, ":", 1);
  kms_http_buffer_append_json_string (map, value, (gssize) value_length);
}

static void
add_pairs (KmsHttpBuffer *map, KmsContext *context)
{
  gboolean first = TRUE;

  for (guint i = 0; i < kms_context_get_n_pairs (context); i++)
    {
      gsize name_length, value_length;
      const char *name = kms_context_get_name (context, i, &name_length, NULL);
      const char *value = kms_context_get_value (context, i, &value_length, NULL);
      add_pair (map, &first, name, name_length, value, value_length);
    }
}

/* Digits as they stand, which is what Ruby's to_s makes of an integer. */
static gboolean
read_integer (KmsHttpJson *json, char **digits)
{
  gint64 number;

  if (!kms_http_json_read_integer (json, &number))
    return FALSE;
  *digits = g_strdup_printf ("%" G_GINT64_FORMAT, number);
  return TRUE;
}

static gboolean
add_member (KmsHttpBuffer *map, gboolean *first, KmsHttpJson *json, const char *name)
{
  g_autofree char *digits = NULL;
  const char *value = NULL;
  gsize length = 0;

  if (kms_http_json_peek (json) == KMS_HTTP_JSON_STRING)
    kms_http_json_read_string (json, &value, &length);
  else if (kms_http_json_peek (json) == KMS_HTTP_JSON_NUMBER && read_integer (json, &digits))
    length = strlen (value = digits);
  if (value == NULL)
    return FALSE;
  add_pair (map, first, name, strlen (name), value, length);
  return TRUE;
}

/* Of data without a version, as a JSON text. */
static gboolean
add_members (KmsHttpBuffer *map, const char *text, gsize length, GError **error)
{
  g_autofree char *copy = g_memdup2 (text, length + 1);
  gboolean first = TRUE, good = TRUE;
  const char *name;
  KmsHttpJson json;

  kms_http_json_init (&json, (guint8 *) copy, length);
  if (kms_http_json_peek (&json) != KMS_HTTP_JSON_OBJECT || !kms_http_json_enter_object (&json))
    good = FALSE;
  while (good && kms_http_json_next_member (&json, &name))
    good = add_member (map, &first, &json, name);
  if (good && kms_http_json_finish (&json))
    return TRUE;
  g_set_error_literal (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                       "AWS KMS takes a context of names and values only, and values must be strings or integers");
  return FALSE;
}

static gboolean
write_map (KmsHttpBuffer *map, KmsContext *context, GError **error)
{
  g_autofree char *text = NULL;
  gsize length;

  switch (kms_context_get_form (context))
    {
    case KMS_CONTEXT_FORM_MAP:
      kms_http_buffer_append (map, "{", 1);
      add_pairs (map, context);
      break;
    case KMS_CONTEXT_FORM_LEGACY:
      text = kms_context_to_json (context, KMS_JSON_DIALECT_PLAIN, KMS_CONTEXT_FORM_LEGACY, &length, error);
      kms_http_buffer_append (map, "{", 1);
      if (text == NULL || !add_members (map, text, length, error))
        return FALSE;
      break;
    case KMS_CONTEXT_FORM_RAW:
    case KMS_CONTEXT_FORM_NONE:
    default:
      g_set_error_literal (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                           "AWS KMS takes a context of names and values only, no bytes");
      return FALSE;
    }
  kms_http_buffer_append (map, "}", 1);
  return TRUE;
}

gboolean
aws_body_add_context (KmsHttpBuffer *body, gboolean *first, const char *name, KmsContext *context, GError **error)
{
  g_autoptr (KmsHttpBuffer) map = kms_http_buffer_new ();
  gsize length;

  if (kms_context_get_form (context) == KMS_CONTEXT_FORM_NONE)
    return TRUE;
  if (!write_map (map, context, error))
    return FALSE;
  const guint8 *text = kms_http_buffer_get_data (map, &length);
  if (length > MAX_CONTEXT)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_TOO_LARGE,
                   "the context has %" G_GSIZE_FORMAT " bytes as JSON, and %d are the most; name what the value "
                   "belongs to, not all that is known of it",
                   length, MAX_CONTEXT);
      return FALSE;
    }
  aws_body_add_word (body, first, name, (const char *) text);
  return TRUE;
}
