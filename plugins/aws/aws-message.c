/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes requests. */
#include "aws-message.h"

#define TARGET_PREFIX "TrentService."
#define N_HEADERS 5

/* libsoup copies headers to the heap: a session's token is in there as long as the message. */
static void
add_token (KmsHttpRequest *request, const guint8 *token, gsize length)
{
  g_autoptr (KmsHttpBuffer) text = kms_http_buffer_new ();

  kms_http_buffer_append (text, token, length);
  kms_http_request_add_header (request, "X-Amz-Security-Token",
                               (const char *) kms_http_buffer_get_data (text, &length));
}

gboolean
aws_message_sign (KmsHttpRequest *request, KmsAwsProvider *provider, const AwsEndpoint *endpoint, const char *operation,
                  AwsKeys *keys, gint64 *signed_at, GError **error)
{
  g_autofree char *target = g_strconcat (TARGET_PREFIX, operation, NULL);
  char date[AWS_DATE_SIZE];
  AwsHeader headers[N_HEADERS] = { { "content-type", AWS_JSON_TYPE, -1 },
                                   { "host", endpoint->host, -1 },
                                   { "x-amz-date", date, -1 } };
  AwsSigning signing = { .method = "POST",
                         .path = endpoint->path,
                         .headers = headers,
                         .n_headers = 3,
                         .region = endpoint->region,
                         .service = "kms",
                         .date = date };
  gsize length;

  *signed_at = aws_clock_now (&provider->clock) / G_USEC_PER_SEC;
  aws_format_date (*signed_at, date);
  if (keys->token != NULL)
    {
      const char *token = (const char *) kms_secret_get_data (keys->token, &length);
      headers[signing.n_headers++] = (AwsHeader){ "x-amz-security-token", token, (gssize) length };
      add_token (request, (const guint8 *) token, length);
    }
  headers[signing.n_headers++] = (AwsHeader){ "x-amz-target", target, -1 };
  signing.body = kms_http_buffer_get_data (kms_http_request_get_body (request), &signing.body_length);
  g_autofree char *authorization = aws_sign (provider->signer, &signing, keys, error);
  if (authorization == NULL)
    return FALSE;
  kms_http_request_set_url (request, endpoint->url);
  kms_http_request_set_content_type (request, AWS_JSON_TYPE);
  kms_http_request_add_header (request, "X-Amz-Target", target);
  kms_http_request_add_header (request, "X-Amz-Date", date);
  kms_http_request_add_header (request, "Authorization", authorization);
  return TRUE;
}

static void
add_name (KmsHttpBuffer *body, gboolean *first, const char *name)
{
  if (!*first)
    kms_http_buffer_append (body, ",", 1);
  *first = FALSE;
  kms_http_buffer_append (body, "\"", 1);
  kms_http_buffer_append_text (body, name);
  kms_http_buffer_append (body, "\":", 2);
}

void
aws_body_add_text (KmsHttpBuffer *body, gboolean *first, const char *name, const char *value)
{
  add_name (body, first, name);
  kms_http_buffer_append_json_string (body, value, -1);
}

void
aws_body_add_bytes (KmsHttpBuffer *body, gboolean *first, const char *name, const guint8 *data, gsize length)
{
  add_name (body, first, name);
  kms_http_buffer_append (body, "\"", 1);
  kms_http_buffer_append_base64 (body, data, length);
  kms_http_buffer_append (body, "\"", 1);
}

void
aws_body_add_word (KmsHttpBuffer *body, gboolean *first, const char *name, const char *value)
{
  add_name (body, first, name);
  kms_http_buffer_append_text (body, value);
}
