/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks in a form and is answered in XML. */
#include "aws-sts.h"

#include "aws-endpoint.h"
#include "aws-errors.h"
#include "aws-key-document.h"

#include <string.h>

#define FORM_TYPE "application/x-www-form-urlencoded; charset=utf-8"

typedef struct
{
  const AwsRoleWish *wish;
  AwsEndpoint *endpoint;
  gint64 signed_at;
  gboolean clock_corrected;
  AwsKeys *keys;
} Exchange;

static const char *
get_operation (const AwsRoleWish *wish)
{
  return wish->keys != NULL ? "AssumeRole" : "AssumeRoleWithWebIdentity";
}

static void
add_field (KmsHttpBuffer *body, const char *name, const char *value, gssize length)
{
  static const char digits[] = "0123456789ABCDEF";
  gsize n = length < 0 ? strlen (value) : (gsize) length;

  kms_http_buffer_append_text (body, name);
  kms_http_buffer_append (body, "=", 1);
  for (gsize i = 0; i < n; i++)
    {
      guint8 c = (guint8) value[i];
      char escaped[] = { '%', digits[c >> 4], digits[c & 15] };
      if (g_ascii_isalnum (c) || strchr ("-_.~", c) != NULL)
        kms_http_buffer_append (body, &c, 1);
      else
        kms_http_buffer_append (body, escaped, sizeof escaped);
    }
}

static void
write_body (KmsHttpBuffer *body, const AwsRoleWish *wish)
{
  gsize length;

  add_field (body, "Action", get_operation (wish), -1);
  add_field (body, "&Version", "2011-06-15", -1);
  add_field (body, "&RoleArn", wish->role_arn, -1);
  add_field (body, "&RoleSessionName", wish->session_name, -1);
  if (wish->duration != NULL)
    add_field (body, "&DurationSeconds", wish->duration, -1);
  if (wish->external_id != NULL)
    add_field (body, "&ExternalId", wish->external_id, -1);
  if (wish->web_identity == NULL)
    return;
  const char *token = (const char *) kms_secret_get_data (wish->web_identity, &length);
  add_field (body, "&WebIdentityToken", token, (gssize) length);
}

static gboolean
sign (Exchange *self, KmsAwsProvider *provider, KmsHttpRequest *request, GError **error)
{
  AwsKeys *keys = self->wish->keys;
  char date[AWS_DATE_SIZE];
  AwsHeader headers[4] = { { "content-type", FORM_TYPE, -1 },
                           { "host", self->endpoint->host, -1 },
                           { "x-amz-date", date, -1 } };
  AwsSigning signing = { .method = "POST",
                         .path = self->endpoint->path,
                         .headers = headers,
                         .n_headers = 3,
                         .region = self->endpoint->region,
                         .service = aws_service_get_signing_name (AWS_SERVICE_STS),
                         .date = date };
  gsize length;

  aws_format_date (self->signed_at, date);
  if (keys->token != NULL)
    {
      g_autoptr (KmsHttpBuffer) text = kms_http_buffer_new ();
      const char *token = (const char *) kms_secret_get_data (keys->token, &length);
      headers[signing.n_headers++] = (AwsHeader){ "x-amz-security-token", token, (gssize) length };
      kms_http_buffer_append (text, token, length);
      kms_http_request_add_header (request, "X-Amz-Security-Token",
                                   (const char *) kms_http_buffer_get_data (text, &length));
    }
  signing.body = kms_http_buffer_get_data (kms_http_request_get_body (request), &signing.body_length);
  g_autofree char *authorization = aws_sign (provider->signer, &signing, keys, error);
  if (authorization == NULL)
    return FALSE;
  kms_http_request_add_header (request, "X-Amz-Date", date);
  kms_http_request_add_header (request, "Authorization", authorization);
  return TRUE;
}

static gboolean
prepare (KmsHttpProvider *provider, KmsHttpCredentials *credentials, KmsHttpRequest *request, gpointer data,
         GError **error)
{
  Exchange *self = data;
  KmsAwsProvider *aws = KMS_AWS_PROVIDER (provider);

  self->signed_at = aws_clock_now (&aws->clock) / G_USEC_PER_SEC;
  kms_http_request_set_url (request, self->endpoint->url);
  kms_http_request_set_content_type (request, FORM_TYPE);
  write_body (kms_http_request_get_body (request), self->wish);
  return self->wish->keys == NULL || sign (self, aws, request, error);
}

static KmsHttpVerdict
parse (KmsHttpProvider *provider, KmsHttpResponse *response, gpointer data, GError **error)
{
  Exchange *self = data;
  AwsScene scene = { .operation = get_operation (self->wish),
                     .object = self->wish->role_arn,
                     .clock = &KMS_AWS_PROVIDER (provider)->clock,
                     .signed_at = self->signed_at,
                     .clock_corrected = &self->clock_corrected };
  gsize length;

  if (kms_http_response_get_status (response) != 200)
    return aws_errors_judge (response, &scene, error);
  char *body = (char *) kms_http_response_get_body (response, &length);
  self->keys = aws_keys_parse_xml (body, length, self->wish->source, error);
  return self->keys != NULL ? KMS_HTTP_DONE : KMS_HTTP_FAILED;
}

/* Whoever encrypts is not told that he may not: his credentials are what does not work. */
static void
turn_into_credentials_error (GError *error)
{
  if (g_error_matches (error, KMS_ERROR, KMS_ERROR_NOT_AUTHORIZED)
      || g_error_matches (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT))
    error->code = KMS_ERROR_CREDENTIALS;
}

AwsKeys *
aws_sts_assume_role (KmsAwsProvider *provider, const AwsRoleWish *wish, GCancellable *cancellable, GError **error)
{
  const char *region = kms_aws_provider_get_region (provider);
  Exchange exchange = { .wish = wish };
  GError *local = NULL;

  if (region == NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG,
                   "%s: STS is asked in a region; set Region= in %s.provider, AWS_REGION, or region of the profile",
                   wish->source, provider->settings->label);
      return NULL;
    }
  exchange.endpoint = aws_endpoint_find (provider->settings, AWS_SERVICE_STS, region, error);
  if (exchange.endpoint == NULL)
    return NULL;
  kms_http_provider_send (KMS_HTTP_PROVIDER (provider), prepare, parse, &exchange, KMS_HTTP_SEND_ANONYMOUS, cancellable,
                          &local);
  g_clear_pointer (&exchange.endpoint, aws_endpoint_free);
  if (local != NULL)
    {
      turn_into_credentials_error (local);
      g_propagate_prefixed_error (error, local, "%s: ", wish->source);
    }
  return exchange.keys;
}
