/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads everything and writes it again. */
#include "json-copy.h"

/* What was read, written again in one form. */
static void
copy_value (KmsHttpJson *json, KmsHttpBuffer *out)
{
  const char *text;
  gsize length;
  gint64 number;
  gboolean boolean, first = TRUE;

  switch (kms_http_json_peek (json))
    {
    case KMS_HTTP_JSON_OBJECT:
      kms_http_buffer_append_text (out, "{");
      kms_http_json_enter_object (json);
      for (; kms_http_json_next_member (json, &text); first = FALSE)
        {
          kms_http_buffer_append_text (out, first ? "" : ",");
          kms_http_buffer_append_json_string (out, text, -1);
          kms_http_buffer_append_text (out, ":");
          copy_value (json, out);
        }
      kms_http_buffer_append_text (out, "}");
      break;
    case KMS_HTTP_JSON_ARRAY:
      kms_http_buffer_append_text (out, "[");
      kms_http_json_enter_array (json);
      for (; kms_http_json_next_element (json); first = FALSE)
        {
          kms_http_buffer_append_text (out, first ? "" : ",");
          copy_value (json, out);
        }
      kms_http_buffer_append_text (out, "]");
      break;
    case KMS_HTTP_JSON_STRING:
      if (kms_http_json_read_string (json, &text, &length))
        kms_http_buffer_append_json_string (out, text, (gssize) length);
      break;
    case KMS_HTTP_JSON_NUMBER:
      if (kms_http_json_read_integer (json, &number))
        {
          g_autofree char *digits = g_strdup_printf ("%" G_GINT64_FORMAT, number);
          kms_http_buffer_append_text (out, digits);
        }
      break;
    case KMS_HTTP_JSON_BOOLEAN:
      if (kms_http_json_read_boolean (json, &boolean))
        kms_http_buffer_append_text (out, boolean ? "true" : "false");
      break;
    case KMS_HTTP_JSON_NULL:
      kms_http_json_read_null (json);
      kms_http_buffer_append_text (out, "null");
      break;
    case KMS_HTTP_JSON_NONE:
    default:
      kms_http_json_skip (json);
      break;
    }
}

char *
json_copy_text (const char *text, gsize length)
{
  g_autoptr (KmsHttpBuffer) in = kms_http_buffer_new (), out = kms_http_buffer_new ();
  KmsHttpJson json;
  gsize n;

  kms_http_buffer_append (in, text, length);
  guint8 *data = kms_http_buffer_get_data (in, &n);
  kms_http_json_init (&json, data, n);
  copy_value (&json, out);
  if (!kms_http_json_finish (&json))
    return NULL;
  return g_strdup ((const char *) kms_http_buffer_get_data (out, &n));
}

gboolean
json_skips (const char *text, gsize length)
{
  g_autoptr (KmsHttpBuffer) in = kms_http_buffer_new ();
  KmsHttpJson json;
  gsize n;

  kms_http_buffer_append (in, text, length);
  guint8 *data = kms_http_buffer_get_data (in, &n);
  kms_http_json_init (&json, data, n);
  kms_http_json_skip (&json);
  return kms_http_json_finish (&json);
}
