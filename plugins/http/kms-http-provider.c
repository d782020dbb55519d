/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The base class: calls of the core become exchanges, on an engine that lives on the provider's own thread. */
#include "kms-http-provider-private.h"

#include "../sockets.h"

#define MIB (1024 * 1024)

/* Besides those of calls: for credentials and administration. */
#define SPARE_CONNECTIONS 2

G_STATIC_ASSERT (sizeof (KmsHttpProviderClass) == sizeof (KmsProviderClass) + 24 * sizeof (gpointer));

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (KmsHttpProvider, kms_http_provider, KMS_TYPE_PROVIDER)

static const gint64 default_options[KMS_HTTP_N_OPTIONS] = {
  [KMS_HTTP_OPTION_CONNECT_TIMEOUT] = 10 * 1000,
  [KMS_HTTP_OPTION_ATTEMPT_TIMEOUT] = 20 * 1000,
  [KMS_HTTP_OPTION_RETRIES] = 2,
  [KMS_HTTP_OPTION_RESPONSE_SIZE] = 40 * MIB,
};

/* Keys of the provider's file that stand above an option. */
static const char *const names_of_options[KMS_HTTP_N_OPTIONS] = {
  [KMS_HTTP_OPTION_CONNECT_TIMEOUT] = "ConnectTimeout",
  [KMS_HTTP_OPTION_ATTEMPT_TIMEOUT] = "AttemptTimeout",
  [KMS_HTTP_OPTION_RETRIES] = "Retries",
};

KmsHttpProviderPrivate *
_kms_http_provider_get_private (KmsHttpProvider *self)
{
  return kms_http_provider_get_instance_private (self);
}

/* A call on its way. */
typedef struct
{
  KmsCall *call;
  KmsHttpExchange *exchange;
  gulong cancelled_id;
} KmsHttpRunning;

static gboolean
prepare_call (KmsHttpProvider *self, KmsHttpCredentials *credentials, KmsHttpRequest *request, gpointer data,
              GError **error)
{
  KmsHttpRunning *running = data;
  return KMS_HTTP_PROVIDER_GET_CLASS (self)->prepare (self, running->call, credentials, request, error);
}

static KmsHttpVerdict
parse_call (KmsHttpProvider *self, KmsHttpResponse *response, gpointer data, GError **error)
{
  KmsHttpRunning *running = data;
  return KMS_HTTP_PROVIDER_GET_CLASS (self)->parse (self, running->call, response, error);
}

static void
on_call_over (GError *error, gpointer data)
{
  KmsHttpRunning *running = data;
  g_autoptr (KmsCall) call = running->call;

  g_signal_handler_disconnect (kms_call_get_cancellable (call), running->cancelled_id);
  g_free (running);
  kms_call_complete (call, error);
}

/* The core cancels on this thread, where libsoup survives it. */
static void
on_call_cancelled (GCancellable *cancellable, gpointer data)
{
  KmsHttpRunning *running = data;

  _kms_http_exchange_abandon (running->exchange);
  on_call_over (g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "the call was cancelled"), running);
}

static void
kms_http_provider_submit (KmsProvider *provider, KmsCall *call)
{
  KmsHttpProvider *self = KMS_HTTP_PROVIDER (provider);
  KmsHttpRunning *running = g_new0 (KmsHttpRunning, 1);
  KmsHttpTask task = {
    .prepare = prepare_call, .parse = parse_call, .data = running, .deadline = kms_call_get_deadline (call)
  };

  running->call = kms_call_ref (call);
  running->cancelled_id =
    g_signal_connect (kms_call_get_cancellable (call), "cancelled", G_CALLBACK (on_call_cancelled), running);
  running->exchange = _kms_http_exchange_new (_kms_http_provider_get_engine (self), &task, on_call_over, running);
  if (kms_call_is_cancelled (call))
    on_call_cancelled (NULL, running);
  else
    _kms_http_exchange_start (running->exchange);
}

KmsHttpEngine *
_kms_http_provider_get_engine (KmsHttpProvider *self)
{
  KmsHttpProviderPrivate *priv = _kms_http_provider_get_private (self);
  KmsHttpTransportLimits limits = {
    .max_connections = (guint) kms_provider_get_limit (KMS_PROVIDER (self), KMS_LIMIT_CALLS) + SPARE_CONNECTIONS,
    .connect_timeout = priv->options[KMS_HTTP_OPTION_CONNECT_TIMEOUT] * 1000,
    .attempt_timeout = priv->options[KMS_HTTP_OPTION_ATTEMPT_TIMEOUT] * 1000,
    .response_size = (gsize) priv->options[KMS_HTTP_OPTION_RESPONSE_SIZE],
  };

  if (priv->engine != NULL)
    return priv->engine;
  KmsHttpEngine *engine = g_new0 (KmsHttpEngine, 1);
  engine->provider = self;
  engine->retries = (guint) priv->options[KMS_HTTP_OPTION_RETRIES];
  engine->timer = _kms_http_timer_new (g_main_context_get_thread_default ());
  engine->transport = _kms_http_transport_new (&priv->network, engine->timer, &limits);
  if (KMS_HTTP_PROVIDER_GET_CLASS (self)->obtain_credentials != NULL)
    engine->gate = _kms_http_gate_new (self);
  _kms_http_budget_init (&engine->budget);
  priv->engine = engine;
  g_atomic_pointer_set (&priv->thread, g_thread_self ());
  return engine;
}

/* Nothing of a call or a fetch is left: they hold references to the provider, and this is its end. */
static void
kms_http_provider_close (KmsProvider *provider)
{
  KmsHttpProvider *self = KMS_HTTP_PROVIDER (provider);
  KmsHttpEngine *engine = g_steal_pointer (&_kms_http_provider_get_private (self)->engine);

  if (engine == NULL)
    return;
  _kms_http_provider_say_farewell (self, engine);
  _kms_http_transport_free (engine->transport);
  _kms_http_timer_free (engine->timer);
  g_clear_pointer (&engine->gate, _kms_http_gate_free);
  g_free (engine);
}

static gboolean
kms_http_provider_open (KmsProvider *provider, GError **error)
{
  KmsHttpProvider *self = KMS_HTTP_PROVIDER (provider);
  KmsHttpProviderPrivate *priv = _kms_http_provider_get_private (self);

  for (guint i = 0; i < KMS_HTTP_N_OPTIONS; i++)
    {
      gint64 value = names_of_options[i] != NULL ? kms_provider_get_option (provider, names_of_options[i]) : -1;
      if (value >= 0)
        priv->options[i] = value;
    }
  _kms_http_network_find_proxies (&priv->network, provider);
  return !KMS_HTTP_PROVIDER_GET_CLASS (self)->has_tls_settings || _kms_http_provider_load_tls (self, error);
}

static void
kms_http_provider_finalize (GObject *object)
{
  _kms_http_network_clear (&_kms_http_provider_get_private (KMS_HTTP_PROVIDER (object))->network);
  G_OBJECT_CLASS (kms_http_provider_parent_class)->finalize (object);
}

static void
kms_http_provider_class_init (KmsHttpProviderClass *klass)
{
  KmsProviderClass *provider_class = KMS_PROVIDER_CLASS (klass);

  load_sockets ();
  G_OBJECT_CLASS (klass)->finalize = kms_http_provider_finalize;
  provider_class->open = kms_http_provider_open;
  provider_class->submit = kms_http_provider_submit;
  provider_class->close = kms_http_provider_close;
}

static void
kms_http_provider_init (KmsHttpProvider *self)
{
  KmsHttpProviderPrivate *priv = _kms_http_provider_get_private (self);

  memcpy (priv->options, default_options, sizeof default_options);
  priv->network.ca_bundle = -1;
}

/**
 * kms_http_provider_set_option: (skip)
 * @self: a provider that is being opened
 * @option: which
 * @value: milliseconds, a number or bytes, as the option says; at least 1, for %KMS_HTTP_OPTION_RETRIES 0
 *
 * Sets a default of the provider's own; what the provider's file says stands above it.
 *
 * Since: 1.0
 */
void
kms_http_provider_set_option (KmsHttpProvider *self, KmsHttpOption option, gint64 value)
{
  g_return_if_fail (KMS_HTTP_IS_PROVIDER (self));
  g_return_if_fail ((guint) option < KMS_HTTP_N_OPTIONS);
  g_return_if_fail (value >= (option == KMS_HTTP_OPTION_RETRIES ? 0 : 1));

  _kms_http_provider_get_private (self)->options[option] = value;
}

/**
 * kms_http_provider_get_option: (skip)
 * @self: a provider
 * @option: which
 *
 * Gets an option.
 *
 * Returns: its value
 *
 * Since: 1.0
 */
gint64
kms_http_provider_get_option (KmsHttpProvider *self, KmsHttpOption option)
{
  g_return_val_if_fail (KMS_HTTP_IS_PROVIDER (self), 0);
  g_return_val_if_fail ((guint) option < KMS_HTTP_N_OPTIONS, 0);

  return _kms_http_provider_get_private (self)->options[option];
}
