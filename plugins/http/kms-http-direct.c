/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* One request on a main context and a session of its own: such requests are rare, and must not share anything with the
 * provider's. */
#include "kms-http-direct.h"

#include "kms-http-transport.h"

typedef struct
{
  KmsHttpAnswerFunc answer;
  gpointer data;
  GError *error;
  gboolean done;
} Errand;

static void
on_over (KmsHttpResponse *response, const GError *error, KmsHttpFailure failure, gpointer data)
{
  Errand *self = data;

  self->done = TRUE;
  if (response != NULL)
    self->answer (response, self->data);
  else
    self->error = g_error_copy (error);
}

static void
on_cancelled (GCancellable *cancellable, gpointer context)
{
  g_main_context_wakeup (context);
}

static void
await (Errand *self, KmsHttpTransport *transport, KmsHttpRequest *request, GMainContext *context,
       GCancellable *cancellable)
{
  KmsHttpAttempt *attempt = _kms_http_transport_send (transport, request, on_over, self, &self->error);
  gulong handler = 0;

  if (attempt == NULL)
    return;
  if (cancellable != NULL)
    handler = g_signal_connect (cancellable, "cancelled", G_CALLBACK (on_cancelled), context);
  while (!self->done && !g_cancellable_is_cancelled (cancellable))
    g_main_context_iteration (context, TRUE);
  if (handler != 0)
    g_signal_handler_disconnect (cancellable, handler);
  if (self->done)
    return;
  _kms_http_attempt_abandon (attempt);
  g_cancellable_set_error_if_cancelled (cancellable, &self->error);
}

/**
 * kms_http_send_direct: (skip)
 * @request: a request
 * @timeout: milliseconds from now to the end of the answer
 * @response_size: the largest answer that is read, in bytes
 * @answer: is told the answer, whatever its status
 * @data: for @answer
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error of #KmsError
 *
 * Sends one request once, and waits: without a proxy, without following redirects, with the system's authorities where it
 * is to an https address. Nothing that is set for a provider counts. Blocking, and not for a provider's own thread.
 *
 * Returns: whether there was an answer
 *
 * Since: 1.0
 */
gboolean
kms_http_send_direct (KmsHttpRequest *request, gint64 timeout, gsize response_size, KmsHttpAnswerFunc answer,
                      gpointer data, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (request != NULL && answer != NULL, FALSE);
  g_return_val_if_fail (timeout > 0, FALSE);
  Errand errand = { .answer = answer, .data = data };
  KmsHttpNetwork network = { .ca_bundle = -1 };
  KmsHttpTransportLimits limits = { .max_connections = 1,
                                    .connect_timeout = timeout * 1000,
                                    .attempt_timeout = timeout * 1000,
                                    .response_size = response_size };
  g_autoptr (GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  KmsHttpTimer *timer = _kms_http_timer_new (context);
  KmsHttpTransport *transport = _kms_http_transport_new (&network, timer, &limits);
  await (&errand, transport, request, context, cancellable);
  _kms_http_transport_free (transport);
  _kms_http_timer_free (timer);
  _kms_http_network_clear (&network);
  g_main_context_pop_thread_default (context);
  if (errand.error == NULL)
    return TRUE;
  g_propagate_error (error, errand.error);
  return FALSE;
}
