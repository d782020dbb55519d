/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks once, or some times. */
#include "aws-metadata.h"

#define MAX_ANSWER 65536

static void
take_answer (KmsHttpResponse *response, gpointer data)
{
  AwsMetadataRequest *self = data;
  gsize length;
  const guint8 *body = kms_http_response_get_body (response, &length);

  aws_metadata_clear (self);
  self->status = kms_http_response_get_status (response);
  self->body = kms_secret_new (body, length);
}

void
aws_metadata_clear (AwsMetadataRequest *self)
{
  self->status = 0;
  g_clear_pointer (&self->body, kms_secret_unref);
}

static void
pause_for (gint64 milliseconds, GCancellable *cancellable)
{
  GPollFD descriptor;

  if (!g_cancellable_make_pollfd (cancellable, &descriptor))
    {
      g_usleep ((gulong) milliseconds * 1000);
      return;
    }
  g_poll (&descriptor, 1, (gint) milliseconds);
  g_cancellable_release_fd (cancellable);
}

gboolean
aws_metadata_ask (AwsMetadataRequest *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (KmsHttpRequest) request = kms_http_request_new ();
  gboolean answered = FALSE;

  kms_http_request_set_method (request, self->method);
  kms_http_request_set_url (request, self->url);
  if (self->header != NULL)
    kms_http_request_add_header (request, self->header, self->header_value);
  for (gint64 i = 0; i < self->attempts && !g_cancellable_is_cancelled (cancellable); i++)
    {
      if (i > 0)
        {
          g_clear_error (error);
          pause_for (self->pause, cancellable);
        }
      answered = kms_http_send_direct (request, self->timeout, MAX_ANSWER, take_answer, self, cancellable, error);
      if (answered && self->status < 500 && self->status != 429)
        return TRUE;
    }
  if (!answered && error != NULL && *error == NULL)
    g_cancellable_set_error_if_cancelled (cancellable, error);
  return answered;
}
