/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Exchanges outside of calls: a thread that may wait has one made on the provider's own thread. */
#include "kms-http-provider-private.h"

/* How long a farewell may take; who goes does not keep others waiting. */
#define FAREWELL_TIME G_USEC_PER_SEC

/* Stands on the stack of who waits; the provider's thread is done with it when `done` is set. */
typedef struct
{
  KmsHttpProvider *provider;
  KmsHttpTask task;
  KmsHttpExchange *exchange;
  gboolean wants_credentials; /* and no exchange */
  KmsHttpWaiter waiter;
  KmsHttpCredentials *credentials;
  GError *error;
  GMutex lock; /* of all below */
  GCond changed;
  gboolean done;
  guint pending_posts;
} KmsHttpErrand;

static void
errand_finish (KmsHttpErrand *self)
{
  g_mutex_lock (&self->lock);
  self->done = TRUE;
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);
}

static void
on_exchange_over (GError *error, gpointer data)
{
  KmsHttpErrand *self = data;
  self->exchange = NULL;
  self->error = error;
  errand_finish (self);
}

static void
on_credentials (KmsHttpCredentials *credentials, const GError *error, gpointer data)
{
  KmsHttpErrand *self = data;

  if (credentials != NULL)
    self->credentials = kms_http_credentials_ref (credentials);
  else
    self->error = g_error_copy (error);
  errand_finish (self);
}

static void
start_in_thread (gpointer data)
{
  KmsHttpErrand *self = data;
  KmsHttpEngine *engine = _kms_http_provider_get_engine (self->provider);
  KmsHttpCredentials *credentials;

  if (!self->wants_credentials)
    {
      self->exchange = _kms_http_exchange_new (engine, &self->task, on_exchange_over, self);
      _kms_http_exchange_start (self->exchange);
    }
  else if ((credentials = _kms_http_gate_peek (engine->gate)) != NULL)
    on_credentials (credentials, NULL, self);
  else
    _kms_http_gate_wait (engine->gate, &self->waiter, on_credentials, self);
}

static void
give_up_in_thread (gpointer data)
{
  KmsHttpErrand *self = data;
  KmsHttpEngine *engine = _kms_http_provider_get_engine (self->provider);

  g_mutex_lock (&self->lock);
  gboolean done = self->done;
  g_mutex_unlock (&self->lock);
  if (!done)
    {
      g_clear_pointer (&self->exchange, _kms_http_exchange_abandon);
      if (engine->gate != NULL)
        _kms_http_gate_leave (engine->gate, &self->waiter);
      self->error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "the request was cancelled");
    }
  g_mutex_lock (&self->lock);
  self->done = TRUE;
  self->pending_posts--;
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);
}

/* Whichever thread cancels, libsoup hears of it on the provider's. */
static void
on_cancelled (GCancellable *cancellable, gpointer data)
{
  KmsHttpErrand *self = data;

  g_mutex_lock (&self->lock);
  self->pending_posts++;
  g_mutex_unlock (&self->lock);
  if (kms_provider_post (KMS_PROVIDER (self->provider), give_up_in_thread, self, NULL))
    return;
  g_mutex_lock (&self->lock);
  self->pending_posts--;
  g_mutex_unlock (&self->lock);
}

static void
errand_wait (KmsHttpErrand *self)
{
  g_mutex_lock (&self->lock);
  while (!self->done || self->pending_posts > 0)
    g_cond_wait (&self->changed, &self->lock);
  g_mutex_unlock (&self->lock);
}

/* A handler that is just running may post once more, until it is disconnected. */
static void
errand_await (KmsHttpErrand *self, GCancellable *cancellable)
{
  gulong id = cancellable != NULL ? g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), self, NULL) : 0;

  errand_wait (self);
  g_cancellable_disconnect (cancellable, id);
  errand_wait (self);
}

static gboolean
may_wait (KmsHttpProvider *self, gboolean for_credentials, GError **error)
{
  KmsHttpProviderPrivate *priv = _kms_http_provider_get_private (self);
  const char *wrong = NULL;

  if (g_atomic_pointer_get (&priv->thread) == g_thread_self ())
    wrong = "a blocking request from the provider's own thread, which would wait for itself";
  else if (for_credentials && _kms_http_gate_is_fetching_thread ())
    wrong = "a request that wants credentials, from where they are obtained";
  if (wrong == NULL)
    return TRUE;
  g_critical ("%s: %s", kms_provider_get_name (KMS_PROVIDER (self)), wrong);
  g_set_error (error, KMS_ERROR, KMS_ERROR_MODULE, "%s; this is a bug of the module", wrong);
  return FALSE;
}

static gboolean
errand_run (KmsHttpErrand *self, GCancellable *cancellable, GError **error)
{
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  gboolean posted = kms_provider_post (KMS_PROVIDER (self->provider), start_in_thread, self, &self->error);
  if (posted)
    errand_await (self, cancellable);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  if (self->error == NULL)
    return TRUE;
  g_propagate_error (error, self->error);
  return FALSE;
}

/**
 * kms_http_provider_send: (skip)
 * @self: a provider
 * @prepare: writes the request; on the provider's own thread
 * @parse: reads the answer; on the provider's own thread
 * @data: what both get; not touched any more when this returns
 * @flags: whether with credentials, whether with retries
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Makes an exchange outside of calls, for administration, diagnosis and credentials, and waits for its end; not longer
 * than the provider's call timeout. From any thread but the provider's own.
 *
 * Returns: %TRUE if @parse said %KMS_HTTP_DONE; %FALSE with @error set otherwise
 *
 * Since: 1.0
 */
gboolean
kms_http_provider_send (KmsHttpProvider *self, KmsHttpPrepareFunc prepare, KmsHttpParseFunc parse, gpointer data,
                        KmsHttpSendFlags flags, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (KMS_HTTP_IS_PROVIDER (self), FALSE);
  g_return_val_if_fail (prepare != NULL && parse != NULL, FALSE);
  gint64 timeout = kms_provider_get_limit (KMS_PROVIDER (self), KMS_LIMIT_CALL_TIMEOUT) * 1000;
  KmsHttpErrand errand = { .provider = self,
                           .task = { .prepare = prepare,
                                     .parse = parse,
                                     .data = data,
                                     .flags = flags,
                                     .deadline = g_get_monotonic_time () + timeout,
                                     .ends_at_deadline = TRUE } };

  return may_wait (self, (flags & KMS_HTTP_SEND_ANONYMOUS) == 0, error) && errand_run (&errand, cancellable, error);
}

/**
 * kms_http_provider_dup_credentials: (skip)
 * @self: a provider that has credentials
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Gets the credentials of now, and has them obtained first if need be. From any thread but the provider's own.
 *
 * Returns: (transfer full) (nullable): the credentials, or %NULL with @error set
 *
 * Since: 1.0
 */
KmsHttpCredentials *
kms_http_provider_dup_credentials (KmsHttpProvider *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (KMS_HTTP_IS_PROVIDER (self), NULL);
  g_return_val_if_fail (KMS_HTTP_PROVIDER_GET_CLASS (self)->obtain_credentials != NULL, NULL);
  KmsHttpErrand errand = { .provider = self, .wants_credentials = TRUE };

  if (!may_wait (self, TRUE, error) || !errand_run (&errand, cancellable, error))
    return NULL;
  return errand.credentials;
}

static gboolean
prepare_farewell (KmsHttpProvider *self, KmsHttpCredentials *credentials, KmsHttpRequest *request, gpointer data,
                  GError **error)
{
  if (KMS_HTTP_PROVIDER_GET_CLASS (self)->prepare_farewell (self, data, request))
    return TRUE;
  g_set_error_literal (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED, "nothing to say");
  return FALSE;
}

static KmsHttpVerdict
parse_farewell (KmsHttpProvider *self, KmsHttpResponse *response, gpointer data, GError **error)
{
  g_debug ("%s: answer to the farewell: %u", kms_provider_get_name (KMS_PROVIDER (self)),
           kms_http_response_get_status (response));
  return KMS_HTTP_DONE;
}

static void
on_farewell_over (GError *error, gpointer data)
{
  KmsHttpExchange **exchange = data;
  *exchange = NULL;
  g_clear_error (&error);
}

void
_kms_http_provider_say_farewell (KmsHttpProvider *self, KmsHttpEngine *engine)
{
  KmsHttpCredentials *credentials = engine->gate != NULL ? _kms_http_gate_get_current (engine->gate) : NULL;
  gint64 end = g_get_monotonic_time () + FAREWELL_TIME;
  KmsHttpTask task = { .prepare = prepare_farewell,
                       .parse = parse_farewell,
                       .data = credentials,
                       .flags = KMS_HTTP_SEND_ANONYMOUS | KMS_HTTP_SEND_ONCE,
                       .deadline = end,
                       .ends_at_deadline = TRUE };
  KmsHttpExchange *exchange;

  if (credentials == NULL || KMS_HTTP_PROVIDER_GET_CLASS (self)->prepare_farewell == NULL)
    return;
  exchange = _kms_http_exchange_new (engine, &task, on_farewell_over, &exchange);
  _kms_http_exchange_start (exchange);
  while (exchange != NULL)
    g_main_context_iteration (g_main_context_get_thread_default (), TRUE);
}
