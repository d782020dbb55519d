/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The base class of providers: construction from a file's configuration, limits, and what is asked outside of calls. */
#include "kms-provider-private.h"

#include "kms-error.h"
#include "kms-fork-private.h"
#include "kms-provider-dispatch-private.h"
#include "kms-registry-private.h"
#include "kms-turn-private.h"

/* How long a registry that goes waits for what a provider is just doing, in microseconds. */
#define KMS_SETTLE_TIME G_USEC_PER_SEC

G_STATIC_ASSERT (sizeof (KmsProviderClass) == sizeof (GObjectClass) + 32 * sizeof (gpointer));

/**
 * KmsProvider:
 *
 * A key management service, as a provider's file describes it and its module speaks to it. Programs seldom need one, since
 * a #KmsBox uses it for them. Those that administer master keys implement #KmsKeyAdmin.
 *
 * A provider comes from kms_registry_dup_provider(), and may be used by several threads at once. Modules subclass it: see
 * the chapter "Writing a provider".
 *
 * Since: 1.0
 */
G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (KmsProvider, kms_provider, G_TYPE_OBJECT)

enum {
  PROP_CONFIG = 1,
  PROP_NAME,
  N_PROPS,
};

static GParamSpec *props[N_PROPS];

static const gint64 default_limits[KMS_N_LIMITS] = {
  [KMS_LIMIT_ITEMS] = G_MAXUINT,        [KMS_LIMIT_ITEMS_WITH_CONTEXT] = G_MAXUINT, [KMS_LIMIT_BYTES] = G_MAXINT64,
  [KMS_LIMIT_PLAINTEXT] = 1024 * 1024,  [KMS_LIMIT_CIPHERTEXT] = 2 * 1024 * 1024,   [KMS_LIMIT_CALLS] = 8,
  [KMS_LIMIT_CALL_TIMEOUT] = 30 * 1000,
};

KmsProviderPrivate *
_kms_provider_get_private (KmsProvider *self)
{
  return kms_provider_get_instance_private (self);
}

KmsProviderConfig *
_kms_provider_get_config (KmsProvider *self)
{
  return _kms_provider_get_private (self)->config;
}

static void
kms_provider_init (KmsProvider *self)
{
  KmsProviderPrivate *priv = _kms_provider_get_private (self);

  g_mutex_init (&priv->lock);
  memcpy (priv->limits, default_limits, sizeof default_limits);
  priv->fork_generation = _kms_fork_generation;
}

/* Not before: while an instance is initialised, its class is not yet the one that it will have. */
static void
kms_provider_constructed (GObject *object)
{
  KmsProviderPrivate *priv = _kms_provider_get_private (KMS_PROVIDER (object));
  KmsProviderClass *klass = KMS_PROVIDER_GET_CLASS (object);

  G_OBJECT_CLASS (kms_provider_parent_class)->constructed (object);
  if (priv->capabilities != 0)
    return;
  if (klass->encrypt != NULL || klass->submit != NULL)
    priv->capabilities |= KMS_CAPABILITY_ENCRYPT;
  if (klass->decrypt != NULL || klass->submit != NULL)
    priv->capabilities |= KMS_CAPABILITY_DECRYPT;
  if (klass->rewrap != NULL)
    priv->capabilities |= KMS_CAPABILITY_REWRAP;
}

static void
close_in_thread (gpointer data)
{
  KmsProviderClass *klass = KMS_PROVIDER_GET_CLASS (data);
  if (klass->close != NULL)
    klass->close (data);
}

void
_kms_provider_settle_down (KmsProvider *self)
{
  KmsProviderPrivate *priv = _kms_provider_get_private (self);

  g_mutex_lock (&priv->lock);
  KmsProviderThread *thread = priv->thread;
  g_mutex_unlock (&priv->lock);
  if (thread != NULL && (guint) g_atomic_int_get (&priv->fork_generation) == _kms_fork_generation
      && !_kms_provider_thread_is_current ())
    _kms_provider_thread_catch_up (thread, KMS_SETTLE_TIME);
}

static void
kms_provider_dispose (GObject *object)
{
  KmsProviderPrivate *priv = _kms_provider_get_private (KMS_PROVIDER (object));
  KmsProviderThread *thread = g_steal_pointer (&priv->thread);

  /* A forked child inherits the object, not the thread. */
  if (thread != NULL && priv->fork_generation == _kms_fork_generation)
    _kms_provider_thread_stop (thread, close_in_thread, object);
  G_OBJECT_CLASS (kms_provider_parent_class)->dispose (object);
}

static void
kms_provider_finalize (GObject *object)
{
  KmsProviderPrivate *priv = _kms_provider_get_private (KMS_PROVIDER (object));

  g_clear_pointer (&priv->queue, _kms_provider_queue_free);
  g_clear_pointer (&priv->config, _kms_provider_config_unref);
  g_mutex_clear (&priv->lock);
  G_OBJECT_CLASS (kms_provider_parent_class)->finalize (object);
}

static void
kms_provider_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_NAME)
    g_value_set_string (value, kms_provider_get_name (KMS_PROVIDER (object)));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
kms_provider_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  KmsProviderPrivate *priv = _kms_provider_get_private (KMS_PROVIDER (object));

  if (id != PROP_CONFIG)
    {
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      return;
    }
  priv->config = g_value_dup_boxed (value);
  if (priv->config == NULL)
    priv->config = _kms_provider_config_new (G_OBJECT_TYPE_NAME (object));
  priv->name = _kms_provider_config_get_name (priv->config);
  priv->allow_unbound_context = _kms_provider_config_get_allow_unbound_context (priv->config);
}

static void
kms_provider_class_init (KmsProviderClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = kms_provider_constructed;
  object_class->dispose = kms_provider_dispose;
  object_class->finalize = kms_provider_finalize;
  object_class->get_property = kms_provider_get_property;
  object_class->set_property = kms_provider_set_property;
  /**
   * KmsProvider:name:
   *
   * The stem of the provider's file.
   *
   * Since: 1.0
   */
  props[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  /**
   * KmsProvider:config: (skip)
   *
   * What the provider's file says; set by the registry.
   *
   * Since: 1.0
   */
  props[PROP_CONFIG] = g_param_spec_boxed ("config", NULL, NULL, KMS_TYPE_PROVIDER_CONFIG,
                                           G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

/* What the file says stands above what the provider declared. */
static void
apply_options (KmsProviderPrivate *priv)
{
  gint64 max_in_flight = _kms_provider_config_get_option (priv->config, "MaxInFlight");
  gint64 call_timeout = _kms_provider_config_get_option (priv->config, "CallTimeout");

  if (max_in_flight >= 0)
    priv->limits[KMS_LIMIT_CALLS] = max_in_flight;
  if (call_timeout >= 0)
    priv->limits[KMS_LIMIT_CALL_TIMEOUT] = call_timeout;
  priv->queue = _kms_provider_queue_new ((guint) priv->limits[KMS_LIMIT_CALLS]);
}

static gboolean
check_class (KmsProvider *self, GError **error)
{
  KmsProviderClass *klass = KMS_PROVIDER_GET_CLASS (self);
  KmsProviderPrivate *priv = _kms_provider_get_private (self);
  const char *wrong = NULL;

  if (klass->submit != NULL && (priv->capabilities & KMS_CAPABILITY_INLINE) != 0)
    wrong = "is INLINE and has submit()";
  else if ((priv->capabilities & KMS_CAPABILITY_ENCRYPT) != 0 && klass->encrypt == NULL && klass->submit == NULL)
    wrong = "declares ENCRYPT without encrypt()";
  else if ((priv->capabilities & KMS_CAPABILITY_DECRYPT) != 0 && klass->decrypt == NULL && klass->submit == NULL)
    wrong = "declares DECRYPT without decrypt()";
  else if ((priv->capabilities & KMS_CAPABILITY_REWRAP) != 0 && klass->rewrap == NULL && klass->submit == NULL)
    wrong = "declares REWRAP without rewrap()";
  if (wrong == NULL)
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_MODULE, "%s: the type %s %s; this is a bug of its module", priv->name,
               G_OBJECT_TYPE_NAME (self), wrong);
  return FALSE;
}

static gboolean
open_provider (KmsProvider *self, GError **error)
{
  KmsProviderClass *klass = KMS_PROVIDER_GET_CLASS (self);
  g_autoptr (GError) local = NULL;

  if (klass->open == NULL || klass->open (self, &local))
    return TRUE;
  _kms_provider_name_error (self, &local);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

KmsProvider *
_kms_provider_new (GType type, KmsProviderConfig *config, GError **error)
{
  g_autoptr (KmsProviderClass) klass = g_type_class_ref (type);
  if (!_kms_provider_config_bind (config, klass, error))
    return NULL;

  g_autoptr (KmsProvider) self = g_object_new (type, "config", config, NULL);
  if (!open_provider (self, error) || !check_class (self, error))
    return NULL;
  apply_options (_kms_provider_get_private (self));
  return g_steal_pointer (&self);
}

void
_kms_provider_name_error (KmsProvider *self, GError **error)
{
  const char *name = kms_provider_get_name (self);

  if (*error == NULL)
    {
      g_critical ("%s: a failure without a GError", name);
      g_set_error (error, KMS_ERROR, KMS_ERROR_MODULE,
                   "%s: failed without saying why; this is a bug of its module, please report it there", name);
      return;
    }
  if (g_error_matches (*error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if ((*error)->domain != KMS_ERROR)
    {
      KmsError code = g_error_matches (*error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT) ? KMS_ERROR_TIMED_OUT
                                                                                 : KMS_ERROR_FAILED;
      g_autoptr (GError) foreign = g_steal_pointer (error);
      *error = g_error_new_literal (KMS_ERROR, (int) code, foreign->message);
    }
  gsize length = strlen (name);
  if (strncmp ((*error)->message, name, length) != 0 || (*error)->message[length] != ':')
    g_prefix_error (error, "%s: ", name);
  kms_error_set_provider (*error, name);
}

GError *
_kms_item_steal_error (KmsItem *item)
{
  GError *error = g_steal_pointer (&item->error);
  if (item->provider != NULL)
    _kms_provider_name_error (item->provider, &error);
  return error;
}

static void
load_keys_in_turn (KmsProvider *self)
{
  KmsProviderPrivate *priv = _kms_provider_get_private (self);
  KmsProviderClass *klass = KMS_PROVIDER_GET_CLASS (self);
  guint generation = _kms_fork_generation;

  if ((guint) g_atomic_int_get (&priv->fork_generation) == generation)
    return;
  if (klass->after_fork != NULL)
    klass->after_fork (self);
  g_atomic_int_set (&priv->fork_generation, generation);
}

/* Once, and whoever comes meanwhile waits: a call must not find keys that are half there. Not under a lock: module code
 * runs, which may call anything of ours. */
static gboolean
load_keys_again (KmsProvider *self, GError **error)
{
  g_autofree char *name = g_strdup_printf ("keys of %p", (gpointer) self);

  if (_kms_turn_take (name, -1) == KMS_TURN_CIRCLE)
    {
      g_set_error (
        error, KMS_ERROR, KMS_ERROR_MODULE,
        "%s: loads its keys again after a fork, and its module used it meanwhile, which is a bug of the module",
        kms_provider_get_name (self));
      return FALSE;
    }
  load_keys_in_turn (self);
  _kms_turn_end (name);
  return TRUE;
}

gboolean
_kms_provider_check_fork (KmsProvider *self, GError **error)
{
  KmsProviderPrivate *priv = _kms_provider_get_private (self);

  if (G_LIKELY ((guint) g_atomic_int_get (&priv->fork_generation) == _kms_fork_generation))
    return TRUE;
  if ((priv->capabilities & KMS_CAPABILITY_INLINE) != 0)
    return load_keys_again (self, error);
  g_set_error (
    error, KMS_ERROR, KMS_ERROR_FORKED,
    "%s: this process was forked after the provider was opened; use fork and exec, or fork before the first use",
    priv->name);
  return FALSE;
}

/**
 * kms_provider_get_name:
 * @self: a provider
 *
 * Gets the stem of the provider's file.
 *
 * Returns: (transfer none): the name
 *
 * Since: 1.0
 */
const char *
kms_provider_get_name (KmsProvider *self)
{
  g_return_val_if_fail (KMS_IS_PROVIDER (self), NULL);

  return _kms_provider_get_private (self)->name;
}

/**
 * kms_provider_get_capabilities:
 * @self: a provider
 *
 * Gets what the provider can do.
 *
 * Returns: flags
 *
 * Since: 1.0
 */
KmsCapability
kms_provider_get_capabilities (KmsProvider *self)
{
  g_return_val_if_fail (KMS_IS_PROVIDER (self), 0);

  return _kms_provider_get_private (self)->capabilities;
}

/**
 * kms_provider_set_capabilities:
 * @self: a provider that is being opened
 * @capabilities: flags
 *
 * Declares what the provider can do; without it, that follows from the functions which its class has.
 *
 * Since: 1.0
 */
void
kms_provider_set_capabilities (KmsProvider *self, KmsCapability capabilities)
{
  g_return_if_fail (KMS_IS_PROVIDER (self));

  _kms_provider_get_private (self)->capabilities = capabilities;
}

/**
 * kms_provider_set_limit:
 * @self: a provider that is being opened
 * @limit: which
 * @value: the largest that the provider takes, at least 1
 *
 * Declares a limit; the core never sends more.
 *
 * Since: 1.0
 */
void
kms_provider_set_limit (KmsProvider *self, KmsLimit limit, gint64 value)
{
  g_return_if_fail (KMS_IS_PROVIDER (self));
  g_return_if_fail ((guint) limit < KMS_N_LIMITS);
  g_return_if_fail (value >= 1);

  _kms_provider_get_private (self)->limits[limit] = limit == KMS_LIMIT_CALL_TIMEOUT ? MIN (value, KMS_MAX_TIMEOUT)
                                                                                    : value;
}

/**
 * kms_provider_get_limit:
 * @self: a provider
 * @limit: which
 *
 * Gets a limit, as the provider declared it and its file changed it.
 *
 * Returns: the largest that the provider takes
 *
 * Since: 1.0
 */
gint64
kms_provider_get_limit (KmsProvider *self, KmsLimit limit)
{
  g_return_val_if_fail (KMS_IS_PROVIDER (self), 0);
  g_return_val_if_fail ((guint) limit < KMS_N_LIMITS, 0);

  return _kms_provider_get_private (self)->limits[limit];
}

/**
 * kms_provider_set_binding:
 * @self: a provider that is being opened
 * @binding: how its keys bind the context
 *
 * Declares how strongly every key of the provider binds the context. Where that differs from key to key, implement
 * `get_binding()`, and refuse to encrypt with %KMS_ERROR_CONTEXT_UNBOUND where a context would be ignored and
 * kms_provider_get_allow_unbound_context() is %FALSE.
 *
 * Since: 1.0
 */
void
kms_provider_set_binding (KmsProvider *self, KmsBinding binding)
{
  g_return_if_fail (KMS_IS_PROVIDER (self));

  _kms_provider_get_private (self)->binding = binding;
}

/**
 * kms_provider_get_allow_unbound_context:
 * @self: a provider
 *
 * Gets AllowUnboundContext= of the provider's file.
 *
 * Returns: whether to encrypt with a context that the key ignores
 *
 * Since: 1.0
 */
gboolean
kms_provider_get_allow_unbound_context (KmsProvider *self)
{
  g_return_val_if_fail (KMS_IS_PROVIDER (self), FALSE);

  return _kms_provider_get_private (self)->allow_unbound_context;
}
