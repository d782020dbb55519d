/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The course of an exchange: what follows what, and when it is over. */
#include "kms-http-exchange.h"

struct _KmsHttpExchange
{
  KmsHttpEngine *engine;
  KmsHttpTask task;
  KmsHttpExchangeFunc func;
  gpointer data;
  KmsHttpRequest *request;
  KmsHttpCredentials *credentials;
  KmsHttpAttempt *attempt;
  KmsHttpWaiter waiter;
  KmsHttpAlarm alarm;
  guint n_requests;
  guint n_retries;
  guint cost; /* of the last retry */
  KmsHttpAlarm end;
  gboolean renewed; /* the credentials, after a refusal */
};

static void go_on (KmsHttpExchange *self);

static void
exchange_free (KmsHttpExchange *self)
{
  _kms_http_timer_clear (self->engine->timer, &self->alarm);
  _kms_http_timer_clear (self->engine->timer, &self->end);
  if (self->engine->gate != NULL)
    _kms_http_gate_leave (self->engine->gate, &self->waiter);
  if (self->attempt != NULL)
    _kms_http_attempt_abandon (self->attempt);
  g_clear_pointer (&self->credentials, kms_http_credentials_unref);
  kms_http_request_free (self->request);
  g_free (self);
}

void
_kms_http_exchange_abandon (KmsHttpExchange *self)
{
  exchange_free (self);
}

static void
finish (KmsHttpExchange *self, GError *error)
{
  KmsHttpExchangeFunc func = self->func;
  gpointer data = self->data;

  exchange_free (self);
  func (error, data);
}

/* A caller is told that more than one try was made: the message of the last alone would look like bad luck. */
static void
finish_tries (KmsHttpExchange *self, GError *error)
{
  if (self->n_retries > 0)
    {
      g_autofree char *message = g_steal_pointer (&error->message);
      error->message = g_strdup_printf ("%s; tried %u times", message, self->n_retries + 1);
    }
  finish (self, error);
}

static void
on_pause_over (gpointer data)
{
  go_on (data);
}

/* `pause` is what the server asks for, or -1. */
static void
retry (KmsHttpExchange *self, gint64 pause, GError *error)
{
  KmsHttpEngine *engine = self->engine;
  gboolean timed_out = g_error_matches (error, KMS_ERROR, KMS_ERROR_TIMED_OUT);
  guint retries = (self->task.flags & KMS_HTTP_SEND_ONCE) != 0 ? 0 : engine->retries;
  gint64 at = g_get_monotonic_time () + MAX (_kms_http_backoff_draw (self->n_retries), pause);

  if (self->n_retries >= retries || (self->task.deadline >= 0 && at >= self->task.deadline)
      || (self->cost = _kms_http_budget_spend (&engine->budget, timed_out)) == 0)
    {
      finish_tries (self, error);
      return;
    }
  g_debug ("%s: another try: %s", kms_provider_get_name (KMS_PROVIDER (engine->provider)), error->message);
  g_error_free (error);
  self->n_retries++;
  _kms_http_timer_set (engine->timer, &self->alarm, at, on_pause_over, self);
}

static void
renew (KmsHttpExchange *self, GError *error)
{
  if (self->renewed || self->engine->gate == NULL || self->credentials == NULL)
    {
      finish (self, error);
      return;
    }
  g_debug ("%s: new credentials are wanted: %s", kms_provider_get_name (KMS_PROVIDER (self->engine->provider)),
           error->message);
  g_error_free (error);
  self->renewed = TRUE;
  _kms_http_gate_refuse (self->engine->gate, self->credentials);
  go_on (self);
}

static void
go_on_with_next (KmsHttpExchange *self)
{
  if (++self->n_requests < KMS_HTTP_MAX_REQUESTS)
    go_on (self);
  else
    finish (self,
            g_error_new (KMS_ERROR, KMS_ERROR_FAILED, "more than %d requests for one call", KMS_HTTP_MAX_REQUESTS));
}

static GError *
check_verdict (KmsHttpVerdict verdict, GError *error)
{
  gboolean needs_error = verdict != KMS_HTTP_DONE && verdict != KMS_HTTP_AGAIN;

  if (needs_error && error == NULL)
    {
      g_critical ("an answer was refused without a GError");
      return g_error_new_literal (KMS_ERROR, KMS_ERROR_MODULE,
                                  "an answer was refused, and its module does not say why");
    }
  if (!needs_error)
    g_clear_error (&error);
  return error;
}

static void
on_answer (KmsHttpExchange *self, KmsHttpResponse *response)
{
  GError *error = NULL;
  KmsHttpVerdict verdict = self->task.parse (self->engine->provider, response, self->task.data, &error);
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  error = check_verdict (verdict, error);
  switch (verdict)
    {
    case KMS_HTTP_DONE:
      _kms_http_budget_refund (&self->engine->budget, self->cost);
      finish (self, NULL);
      return;
    case KMS_HTTP_AGAIN:
      go_on_with_next (self);
      return;
    case KMS_HTTP_RETRY:
      if (kms_http_request_get_repeatable (self->request))
        retry (self, _kms_http_parse_retry_after (kms_http_response_get_header (response, "Retry-After"), now), error);
      else
        finish (self, error);
      return;
    case KMS_HTTP_REFUSED:
      renew (self, error);
      return;
    case KMS_HTTP_FAILED:
    default:
      finish_tries (self, error);
      return;
    }
}

static void
on_attempt_over (KmsHttpResponse *response, const GError *error, KmsHttpFailure failure, gpointer data)
{
  KmsHttpExchange *self = data;
  gboolean repeatable = kms_http_request_get_repeatable (self->request);

  self->attempt = NULL;
  if (response != NULL)
    on_answer (self, response);
  else if (failure == KMS_HTTP_FAILURE_NOT_SENT || (failure == KMS_HTTP_FAILURE_PASSING && repeatable))
    retry (self, -1, g_error_copy (error));
  else
    finish_tries (self, g_error_copy (error));
}

static void
send_request (KmsHttpExchange *self)
{
  KmsHttpEngine *engine = self->engine;
  GError *error = NULL;

  _kms_http_request_reset (self->request);
  if (!self->task.prepare (engine->provider, self->credentials, self->request, self->task.data, &error))
    {
      finish (self, check_verdict (KMS_HTTP_FAILED, error));
      return;
    }
  self->attempt = _kms_http_transport_send (engine->transport, self->request, on_attempt_over, self, &error);
  if (self->attempt == NULL)
    finish (self, error);
}

static void
on_credentials (KmsHttpCredentials *credentials, const GError *error, gpointer data)
{
  KmsHttpExchange *self = data;

  if (error != NULL)
    {
      finish (self, g_error_copy (error));
      return;
    }
  g_clear_pointer (&self->credentials, kms_http_credentials_unref);
  self->credentials = kms_http_credentials_ref (credentials);
  send_request (self);
}

static void
go_on (KmsHttpExchange *self)
{
  KmsHttpGate *gate = self->engine->gate;

  if (gate == NULL || (self->task.flags & KMS_HTTP_SEND_ANONYMOUS) != 0)
    {
      send_request (self);
      return;
    }
  KmsHttpCredentials *credentials = _kms_http_gate_peek (gate);
  if (credentials != NULL)
    on_credentials (credentials, NULL, self);
  else
    _kms_http_gate_wait (gate, &self->waiter, on_credentials, self);
}

static void
on_deadline (gpointer data)
{
  finish (data, g_error_new_literal (KMS_ERROR, KMS_ERROR_TIMED_OUT,
                                     "no answer in time; try again, or raise CallTimeout= in the provider's file"));
}

KmsHttpExchange *
_kms_http_exchange_new (KmsHttpEngine *engine, const KmsHttpTask *task, KmsHttpExchangeFunc func, gpointer data)
{
  KmsHttpExchange *self = g_new0 (KmsHttpExchange, 1);

  self->engine = engine;
  self->task = *task;
  self->func = func;
  self->data = data;
  self->request = kms_http_request_new ();
  return self;
}

void
_kms_http_exchange_start (KmsHttpExchange *self)
{
  if (self->task.ends_at_deadline)
    _kms_http_timer_set (self->engine->timer, &self->end, self->task.deadline, on_deadline, self);
  go_on (self);
}
