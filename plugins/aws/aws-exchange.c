/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Exchanges on the base class's kms_http_provider_send(), with the table of errors. */
#include "aws-exchange.h"

#include "aws-errors.h"

static gboolean
prepare (KmsHttpProvider *provider, KmsHttpCredentials *credentials, KmsHttpRequest *request, gpointer data,
         GError **error)
{
  AwsExchange *self = data;
  KmsHttpBuffer *body = kms_http_request_get_body (request);
  gboolean first = TRUE;

  kms_http_request_set_repeatable (request, !self->once);
  kms_http_buffer_append (body, "{", 1);
  if (self->write != NULL)
    self->write (body, &first, self->data);
  kms_http_buffer_append (body, "}", 1);
  return aws_message_sign (request, KMS_AWS_PROVIDER (provider), self->endpoint, self->operation,
                           kms_http_credentials_get_data (credentials), &self->signed_at, error);
}

static void
skip_member (KmsHttpJson *json, const char *name, gpointer data)
{
  kms_http_json_skip (json);
}

static KmsHttpVerdict
parse (KmsHttpProvider *provider, KmsHttpResponse *response, gpointer data, GError **error)
{
  AwsExchange *self = data;
  AwsScene scene = { .operation = self->operation,
                     .object = self->object,
                     .clock = &KMS_AWS_PROVIDER (provider)->clock,
                     .signed_at = self->signed_at,
                     .clock_corrected = &self->clock_corrected };
  gsize length;

  if (kms_http_response_get_status (response) != 200)
    return aws_errors_judge (response, &scene, error);
  guint8 *body = kms_http_response_get_body (response, &length);
  if (aws_answer_walk (body, length, self->read != NULL ? self->read : skip_member, self->result))
    return KMS_HTTP_DONE;
  return aws_errors_refuse (response, &scene, "the answer is not what KMS answers; check the endpoint", error);
}

gboolean
aws_exchange_run (AwsExchange *self, KmsAwsProvider *provider, GCancellable *cancellable, GError **error)
{
  self->endpoint = aws_endpoint_find (provider->settings, AWS_SERVICE_KMS, self->region, error);
  if (self->endpoint == NULL)
    return FALSE;
  gboolean done = kms_http_provider_send (KMS_HTTP_PROVIDER (provider), prepare, parse, self, KMS_HTTP_SEND_DEFAULT,
                                          cancellable, error);
  g_clear_pointer (&self->endpoint, aws_endpoint_free);
  return done;
}
