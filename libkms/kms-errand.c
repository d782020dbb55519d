/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sends a piece of a module's code off to another thread, and waits for it no longer than the deadline. */
#include "kms-errand-private.h"

#include "kms-error.h"
#include "kms-pool-private.h"
#include "kms-provider-dispatch-private.h"
#include "kms-provider-private.h"

typedef struct
{
  KmsProvider *provider;
  KmsErrandFunc func;
  gpointer data;
  GDestroyNotify clear;
  GCancellable *cancellable;
  GMutex lock;
  GCond changed;
  gboolean done;
  gboolean given_up;
} KmsErrand;

static void
errand_clear (gpointer data)
{
  KmsErrand *self = data;

  g_atomic_rc_box_release_full (self->data, self->clear);
  g_object_unref (self->provider);
  g_object_unref (self->cancellable);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
}

static KmsErrand *
errand_new (KmsProvider *provider, KmsErrandFunc func, gpointer data, GDestroyNotify clear)
{
  KmsErrand *self = g_atomic_rc_box_new0 (KmsErrand);

  self->provider = g_object_ref (provider);
  self->func = func;
  self->data = g_atomic_rc_box_acquire (data);
  self->clear = clear;
  self->cancellable = g_cancellable_new ();
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  return self;
}

static void
run_errand (gpointer data, gpointer user_data)
{
  KmsErrand *self = data;

  self->func (self->provider, self->data, self->cancellable);
  g_mutex_lock (&self->lock);
  self->done = TRUE;
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);
  g_atomic_rc_box_release_full (self, errand_clear);
}

static void
on_caller_cancelled (GCancellable *cancellable, gpointer data)
{
  KmsErrand *self = data;

  g_mutex_lock (&self->lock);
  self->given_up = TRUE;
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);
}

/* A handler of the module's runs in the module's own time, not in the caller's. */
static void
cancel_errand (gpointer data, gpointer user_data)
{
  KmsErrand *self = data;

  g_cancellable_cancel (self->cancellable);
  g_atomic_rc_box_release_full (self, errand_clear);
}

static gboolean
send_errand (KmsErrand *self, GError **error)
{
  if (_kms_pool_push (run_errand, g_atomic_rc_box_acquire (self), error))
    return TRUE;
  g_prefix_error (error, "%s: ", kms_provider_get_name (self->provider));
  g_atomic_rc_box_release_full (self, errand_clear);
  return FALSE;
}

static gboolean
wait_until (KmsErrand *self, gint64 end)
{
  gboolean in_time = TRUE;

  g_mutex_lock (&self->lock);
  while (!self->done && !self->given_up && in_time)
    in_time = g_cond_wait_until (&self->changed, &self->lock, end);
  gboolean done = self->done;
  g_mutex_unlock (&self->lock);
  return done;
}

static gboolean
wait_for_errand (KmsErrand *self, GCancellable *cancellable, gint64 timeout, GError **error)
{
  if (wait_until (self, g_get_monotonic_time () + timeout * 1000))
    return TRUE;
  _kms_pool_push_some_time (cancel_errand, g_atomic_rc_box_acquire (self));
  if (!g_cancellable_set_error_if_cancelled (cancellable, error))
    g_set_error (error, KMS_ERROR, KMS_ERROR_TIMED_OUT,
                 "%s: no answer within %g s; try again, or raise CallTimeout= in the provider's file",
                 kms_provider_get_name (self->provider), (double) timeout / 1000.0);
  return FALSE;
}

gboolean
_kms_errand_run (KmsProvider *provider, KmsErrandFunc func, gpointer data, GDestroyNotify clear,
                 GCancellable *cancellable, GError **error)
{
  gint64 timeout = _kms_provider_get_private (provider)->limits[KMS_LIMIT_CALL_TIMEOUT];

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  if (_kms_provider_is_inline (provider))
    {
      func (provider, data, cancellable);
      return TRUE;
    }
  KmsErrand *self = errand_new (provider, func, data, clear);
  gulong handler =
    cancellable == NULL ? 0 : g_cancellable_connect (cancellable, G_CALLBACK (on_caller_cancelled), self, NULL);
  gboolean done = send_errand (self, error) && wait_for_errand (self, cancellable, timeout, error);

  g_cancellable_disconnect (cancellable, handler);
  g_atomic_rc_box_release_full (self, errand_clear);
  return done;
}
