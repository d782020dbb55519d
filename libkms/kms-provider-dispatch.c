/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The trampoline: what is checked before a provider's code runs, and where it runs. */
#include "kms-provider-dispatch-private.h"

#include <string.h>

#include "kms-context.h"
#include "kms-error.h"
#include "kms-fork-private.h"
#include "kms-pool-private.h"
#include "kms-provider-private.h"

/* So often is a batch in the caller's thread looked at for cancellation. */
#define KMS_INLINE_CHUNK 256

static const KmsCapability capability_of_operation[] = {
  [KMS_OPERATION_ENCRYPT] = KMS_CAPABILITY_ENCRYPT,
  [KMS_OPERATION_DECRYPT] = KMS_CAPABILITY_DECRYPT,
  [KMS_OPERATION_REWRAP] = KMS_CAPABILITY_REWRAP,
};

static const char *const name_of_operation[] = {
  [KMS_OPERATION_ENCRYPT] = "encrypt",
  [KMS_OPERATION_DECRYPT] = "decrypt",
  [KMS_OPERATION_REWRAP] = "rewrap",
};

/* Who was forked refuses every call before it gets anywhere, so that no thread is needed either; and no GObject, which
 * in GLib may wait for a lock that a thread of the parent held in the moment of the fork. */
gboolean
_kms_provider_is_inline (KmsProvider *self)
{
  KmsProviderPrivate *priv = _kms_provider_get_private (self);

  return (priv->capabilities & KMS_CAPABILITY_INLINE) != 0
         || G_UNLIKELY ((guint) g_atomic_int_get (&priv->fork_generation) != _kms_fork_generation);
}

static gboolean
admit_size (KmsProviderPrivate *priv, KmsItem *item)
{
  KmsLimit which = item->operation == KMS_OPERATION_ENCRYPT ? KMS_LIMIT_PLAINTEXT : KMS_LIMIT_CIPHERTEXT;
  gint64 limit = priv->limits[which];

  if (G_LIKELY ((guint64) item->input_length <= (guint64) limit))
    return TRUE;
  kms_item_fail (item, KMS_ERROR_TOO_LARGE,
                 "a %s of %" G_GSIZE_FORMAT " bytes is larger than the limit of %" G_GINT64_FORMAT
                 " bytes; encrypt large data with a data key",
                 which == KMS_LIMIT_PLAINTEXT ? "plaintext" : "ciphertext", item->input_length, limit);
  return FALSE;
}

static gboolean
admit_context (KmsProviderPrivate *priv, KmsItem *item, KmsContext *context, KmsContextForm form, gboolean encrypting)
{
  GError *error = NULL;

  if (context == NULL)
    return TRUE;
  if (G_UNLIKELY (!kms_context_check (context, &error)))
    {
      kms_item_take_error (item, error);
      return FALSE;
    }
  /* Nobody could read it again: behind "vN:" stand contexts of today's forms. */
  if (G_UNLIKELY (encrypting && form == KMS_CONTEXT_FORM_LEGACY))
    {
      kms_item_fail (item, KMS_ERROR_INVALID_ARGUMENT,
                     "a context of the legacy form only decrypts; encrypt with names and values that are text");
      return FALSE;
    }
  if (G_LIKELY (priv->binding != KMS_BINDING_IGNORED || priv->allow_unbound_context || !encrypting))
    return TRUE;
  kms_item_fail (
    item, KMS_ERROR_CONTEXT_UNBOUND,
    "key \"%s\" would ignore the context; leave the context out, or set AllowUnboundContext=true in %s.provider",
    item->key_id, priv->name);
  return FALSE;
}

static gboolean
admit_keys (KmsProviderPrivate *priv, KmsItem *item)
{
  gboolean rewrap = item->operation == KMS_OPERATION_REWRAP;

  if (G_UNLIKELY (item->key_id == NULL || item->key_id[0] == '\0'
                  || (rewrap && (item->new_key_id == NULL || item->new_key_id[0] == '\0'))))
    {
      kms_item_fail (item, KMS_ERROR_INVALID_ARGUMENT, "the key id is empty behind the provider's prefix; name a key");
      return FALSE;
    }
  if (!rewrap || (priv->capabilities & KMS_CAPABILITY_ONE_KEY_REWRAP) == 0
      || strcmp (item->key_id, item->new_key_id) == 0)
    return TRUE;
  kms_item_fail (item, KMS_ERROR_NOT_SUPPORTED,
                 "it does not rewrap from \"%s\" to \"%s\"; decrypt with the one, and encrypt with the other",
                 item->key_id, item->new_key_id);
  return FALSE;
}

gboolean
_kms_provider_admit (KmsProvider *self, KmsItem *item)
{
  KmsProviderPrivate *priv = _kms_provider_get_private (self);
  gboolean rewrap = item->operation == KMS_OPERATION_REWRAP;

  if (G_UNLIKELY ((priv->capabilities & capability_of_operation[item->operation]) == 0))
    {
      kms_item_fail (item, KMS_ERROR_NOT_SUPPORTED, "this provider cannot %s", name_of_operation[item->operation]);
      return FALSE;
    }
  return admit_keys (priv, item) && admit_size (priv, item)
         && admit_context (priv, item, item->context, item->form, item->operation == KMS_OPERATION_ENCRYPT)
         && (!rewrap || admit_context (priv, item, item->new_context, kms_context_get_form (item->new_context), TRUE));
}

static gboolean
invoke (KmsCall *call, GError **error)
{
  KmsProviderClass *klass = KMS_PROVIDER_GET_CLASS (call->provider);

  switch (call->operation)
    {
    case KMS_OPERATION_ENCRYPT:
      return klass->encrypt (call->provider, call, error);
    case KMS_OPERATION_DECRYPT:
      return klass->decrypt (call->provider, call, error);
    case KMS_OPERATION_REWRAP:
      return klass->rewrap (call->provider, call, error);
    default:
      g_return_val_if_reached (FALSE);
    }
}

static void
fail_pending (KmsCall *call, GError *error)
{
  for (guint i = 0; i < call->n_items; i++)
    if (!kms_item_is_settled (kms_call_get_item (call, i)))
      kms_item_take_error (kms_call_get_item (call, i), g_error_copy (error));
  g_error_free (error);
}

/* The checks that concern the process and the caller rather than an item. */
static gboolean
check_call (KmsCall *call)
{
  GError *error = NULL;

  if (G_LIKELY (_kms_provider_check_fork (call->provider, &error)
                && (call->cancellable == NULL || !g_cancellable_set_error_if_cancelled (call->cancellable, &error))))
    return TRUE;
  fail_pending (call, error);
  return FALSE;
}

static void
invoke_checked (KmsCall *call)
{
  GError *error = NULL;

  if (!check_call (call))
    return;
  gboolean success = invoke (call, &error);
  _kms_call_check_contract (call, success, error);
}

/* How many items from the first on make one call: the next ones that the provider takes together with it. */
static guint
count_together (KmsItem *first, guint n_left)
{
  KmsProviderPrivate *priv = _kms_provider_get_private (first->provider);
  guint n_max = (guint) MIN (MIN (n_left, KMS_INLINE_CHUNK), _kms_dispatch_max_items (first));
  gint64 bytes_left = priv->limits[KMS_LIMIT_BYTES];
  gboolean counts_bytes = bytes_left < G_MAXINT64;
  guint n;

  if (counts_bytes)
    bytes_left -= _kms_dispatch_count_bytes (first);
  for (n = 1; n < n_max; n++)
    {
      KmsItem *item = first + n;
      if (item->state != KMS_ITEM_PENDING || !_kms_dispatch_may_share (first, item, priv->capabilities))
        break;
      if (counts_bytes && (bytes_left -= _kms_dispatch_count_bytes (item)) < 0)
        break;
      if (!_kms_provider_admit (item->provider, item))
        break;
    }
  return n;
}

void
_kms_dispatch_inline (KmsItem *items, guint n_items, GCancellable *cancellable)
{
  for (guint i = 0, n; i < n_items; i += n)
    {
      KmsItem *first = items + i;
      n = 1;
      if (first->state != KMS_ITEM_PENDING || !_kms_provider_admit (first->provider, first))
        continue;
      if (n_items - i > 1)
        n = count_together (first, n_items - i);

      KmsCall call = { .operation = first->operation,
                       .provider = first->provider,
                       .first = first,
                       .n_items = n,
                       .cancellable = cancellable,
                       .deadline = -1 };
      invoke_checked (&call);
    }
}

static gboolean
has_submit (KmsProvider *self)
{
  return KMS_PROVIDER_GET_CLASS (self)->submit != NULL;
}

static KmsProviderThread *
get_thread (KmsProvider *self, GError **error)
{
  KmsProviderPrivate *priv = _kms_provider_get_private (self);

  g_mutex_lock (&priv->lock);
  if (priv->thread == NULL)
    priv->thread = _kms_provider_thread_new (priv->name, error);
  KmsProviderThread *thread = priv->thread;
  g_mutex_unlock (&priv->lock);
  return thread;
}

/**
 * kms_provider_post: (skip)
 * @self: a provider with `submit()`
 * @func: what to run
 * @data: what @func gets
 * @error: return location for an error
 *
 * Has a function run on the provider's own thread, in the order of the calls of this function, and returns at once. The
 * provider must live until it ran.
 *
 * Returns: %TRUE if it will run; %FALSE with @error set where no thread can be had (%KMS_ERROR_UNAVAILABLE), and in a
 *   process that was forked after the provider was opened (%KMS_ERROR_FORKED)
 *
 * Since: 1.0
 */
gboolean
kms_provider_post (KmsProvider *self, KmsProviderPostFunc func, gpointer data, GError **error)
{
  g_return_val_if_fail (KMS_IS_PROVIDER (self), FALSE);
  g_return_val_if_fail (has_submit (self) && func != NULL, FALSE);

  KmsProviderThread *thread = _kms_provider_check_fork (self, error) ? get_thread (self, error) : NULL;
  if (thread == NULL)
    return FALSE;
  _kms_provider_thread_post (thread, func, data);
  return TRUE;
}

static void
execute_blocking (gpointer data, gpointer user_data)
{
  g_autoptr (KmsCall) call = data;

  if (!_kms_run_is_finished (call->run))
    invoke_checked (call);
  if (!_kms_provider_is_inline (call->provider))
    _kms_provider_call_ended (call->provider, call);
}

/* The reference goes with the call's end: see _kms_provider_call_ended(). */
static void
execute_submit (gpointer data)
{
  KmsCall *call = data;

  if (!_kms_run_is_finished (call->run) && check_call (call))
    KMS_PROVIDER_GET_CLASS (call->provider)->submit (call->provider, call);
  else if (_kms_call_mark_completed (call))
    _kms_provider_call_ended (call->provider, call);
}

/* FALSE: there is no thread that could take it, and its items have failed. */
static gboolean
begin_call (KmsCall *call)
{
  GError *error = NULL;
  KmsProviderThread *thread = NULL;

  if (_kms_provider_is_inline (call->provider))
    {
      execute_blocking (call, NULL);
      return TRUE;
    }
  if (!has_submit (call->provider))
    {
      if (_kms_pool_push (execute_blocking, call, &error))
        return TRUE;
    }
  else if ((thread = get_thread (call->provider, &error)) != NULL)
    {
      _kms_provider_thread_post (thread, execute_submit, call);
      return TRUE;
    }
  fail_pending (call, error);
  return FALSE;
}

/* In a loop, since a table's worth of calls may be waiting behind one that can't begin. */
void
_kms_provider_start_call (KmsCall *call)
{
  while (call != NULL)
    {
      gint64 timeout = _kms_run_get_timeout (call->run);
      call->deadline = timeout > 0 ? g_get_monotonic_time () + timeout : -1;
      if (begin_call (call))
        return;
      KmsCall *next = _kms_provider_queue_release (_kms_provider_get_private (call->provider)->queue);
      kms_call_unref (call);
      call = next;
    }
}

void
_kms_provider_send_call (KmsProvider *self, KmsCall *call)
{
  GError *error = NULL;

  if (_kms_provider_is_inline (self))
    {
      _kms_provider_start_call (kms_call_ref (call));
      return;
    }
  if (!_kms_provider_check_fork (self, &error))
    {
      fail_pending (call, error);
      return;
    }
  KmsCall *next = _kms_provider_queue_push (_kms_provider_get_private (self)->queue, call);
  if (next != NULL)
    _kms_provider_start_call (next);
}

static void
unref_call (gpointer data)
{
  kms_call_unref (data);
}

void
_kms_provider_call_ended (KmsProvider *self, KmsCall *call)
{
  KmsCall *next = _kms_provider_queue_release (_kms_provider_get_private (self)->queue);

  if (next != NULL)
    _kms_provider_start_call (next);
  /* Later, so that a module that completes a call twice in a row still finds one to be told off for. */
  if (has_submit (self))
    _kms_provider_thread_post (_kms_provider_get_private (self)->thread, unref_call, call);
}

static void
cancel_in_thread (gpointer data)
{
  g_autoptr (KmsCall) call = data;
  g_cancellable_cancel (call->cancellable);
}

static void
cancel_in_pool (gpointer data, gpointer user_data)
{
  cancel_in_thread (data);
}

/* A module's handlers run where its other code runs: libsoup 3.2 crashes when it is cancelled from another thread. */
void
_kms_provider_cancel_call (KmsCall *call)
{
  if (_kms_provider_is_inline (call->provider))
    return;
  if (!has_submit (call->provider))
    {
      _kms_pool_push_some_time (cancel_in_pool, kms_call_ref (call));
      return;
    }
  KmsProviderThread *thread = get_thread (call->provider, NULL);
  /* Without a thread, the module never saw the call. */
  if (thread == NULL)
    cancel_in_thread (kms_call_ref (call));
  else
    _kms_provider_thread_post (thread, cancel_in_thread, kms_call_ref (call));
}
