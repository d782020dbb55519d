/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Single flight for credentials. */
#include "kms-http-gate.h"

/* After new credentials could not be had while the old ones are good, and after there were none at all: so long nobody
 * asks the service again. */
#define PAUSE_WHILE_GOOD (10 * G_USEC_PER_SEC)
#define PAUSE_WITHOUT (G_USEC_PER_SEC / 2)

struct _KmsHttpGate
{
  KmsHttpProvider *provider;
  KmsHttpCredentials *current;
  gboolean refused;
  gboolean fetching;
  gint64 not_before; /* the next fetch */
  GError *failure;   /* of the last fetch */
  GQueue waiters;
  guint round; /* of waiting: those of one round are told together */
  GCancellable *cancellable;
};

/* One fetch, which may outlive the gate. */
typedef struct
{
  KmsHttpGate *gate; /* NULL once that is gone; only the provider's thread looks */
  KmsHttpProvider *provider;
  KmsHttpCredentials *current;
  gboolean refused;
  GCancellable *cancellable;
  KmsHttpCredentials *fetched;
  GError *error;
} KmsHttpFetch;

static GPrivate is_fetching_thread;

gboolean
_kms_http_gate_is_fetching_thread (void)
{
  return g_private_get (&is_fetching_thread) != NULL;
}

KmsHttpGate *
_kms_http_gate_new (KmsHttpProvider *provider)
{
  KmsHttpGate *self = g_new0 (KmsHttpGate, 1);
  self->provider = provider;
  self->cancellable = g_cancellable_new ();
  g_queue_init (&self->waiters);
  return self;
}

/* No fetch is under way: each holds a reference to the provider, whose end this is. */
void
_kms_http_gate_free (KmsHttpGate *self)
{
  g_cancellable_cancel (self->cancellable);
  g_object_unref (self->cancellable);
  g_clear_pointer (&self->current, kms_http_credentials_unref);
  g_clear_error (&self->failure);
  g_free (self);
}

static void
fetch_free (KmsHttpFetch *self)
{
  g_clear_pointer (&self->current, kms_http_credentials_unref);
  g_clear_pointer (&self->fetched, kms_http_credentials_unref);
  g_clear_error (&self->error);
  g_object_unref (self->cancellable);
  g_object_unref (self->provider);
  g_free (self);
}

/* Who is told may leave for another, or come again: that one belongs to the next round. */
static void
wake_all (KmsHttpGate *self, const GError *error)
{
  guint round = self->round++;

  for (KmsHttpWaiter *waiter; (waiter = g_queue_peek_head (&self->waiters)) != NULL && waiter->round == round;)
    {
      _kms_http_gate_leave (self, waiter);
      waiter->func (error == NULL ? self->current : NULL, error, waiter->data);
    }
}

static gboolean
is_good (KmsHttpGate *self)
{
  return self->current != NULL && !self->refused
         && g_get_monotonic_time () < kms_http_credentials_get_expiry (self->current);
}

static void
settle_fetch (gpointer data)
{
  KmsHttpFetch *fetch = data;
  KmsHttpGate *self = fetch->gate;

  self->fetching = FALSE;
  g_clear_error (&self->failure);
  if (fetch->fetched != NULL)
    {
      g_clear_pointer (&self->current, kms_http_credentials_unref);
      self->current = g_steal_pointer (&fetch->fetched);
      self->refused = FALSE;
      self->not_before = 0;
    }
  else
    {
      gboolean good = is_good (self);
      self->not_before = g_get_monotonic_time () + (good ? PAUSE_WHILE_GOOD : PAUSE_WITHOUT);
      if (good)
        self->not_before = MIN (self->not_before, kms_http_credentials_get_expiry (self->current));
      if (good)
        g_info ("%s: no new credentials, the old ones are used on: %s",
                kms_provider_get_name (KMS_PROVIDER (self->provider)), fetch->error->message);
      self->failure = g_steal_pointer (&fetch->error);
    }
  g_autoptr (GError) failure = self->failure != NULL ? g_error_copy (self->failure) : NULL;
  wake_all (self, failure);
  fetch_free (fetch);
}

static void
fail_silently (KmsHttpFetch *fetch)
{
  g_critical ("%s: no credentials and no GError", kms_provider_get_name (KMS_PROVIDER (fetch->provider)));
  fetch->error = g_error_new_literal (KMS_ERROR, KMS_ERROR_MODULE, "no credentials, and its module does not say why");
}

static gpointer
run_fetch (gpointer data)
{
  KmsHttpFetch *fetch = data;
  KmsHttpProviderClass *klass = KMS_HTTP_PROVIDER_GET_CLASS (fetch->provider);

  g_private_set (&is_fetching_thread, GINT_TO_POINTER (TRUE));
  fetch->fetched =
    klass->obtain_credentials (fetch->provider, fetch->current, fetch->refused, fetch->cancellable, &fetch->error);
  if (fetch->fetched == NULL && fetch->error == NULL)
    fail_silently (fetch);
  /* It can't fail: the provider's thread runs since it sent for this. */
  if (!kms_provider_post (KMS_PROVIDER (fetch->provider), settle_fetch, fetch, NULL))
    g_critical ("credentials were fetched for a provider without a thread");
  return NULL;
}

static void
start_fetch (KmsHttpGate *self)
{
  KmsHttpFetch *fetch = g_new0 (KmsHttpFetch, 1);
  g_autoptr (GError) error = NULL;

  fetch->gate = self;
  fetch->provider = g_object_ref (self->provider);
  fetch->current = self->current != NULL ? kms_http_credentials_ref (self->current) : NULL;
  fetch->refused = self->refused;
  fetch->cancellable = g_object_ref (self->cancellable);
  self->fetching = TRUE;
  g_autoptr (GThread) thread = g_thread_try_new ("kms-credentials", run_fetch, fetch, &error);
  if (thread != NULL)
    return;
  fetch->error =
    g_error_new (KMS_ERROR, KMS_ERROR_UNAVAILABLE, "no thread to fetch credentials with: %s", error->message);
  if (!kms_provider_post (KMS_PROVIDER (self->provider), settle_fetch, fetch, NULL))
    g_critical ("a provider's thread without a provider's thread");
}

KmsHttpCredentials *
_kms_http_gate_peek (KmsHttpGate *self)
{
  gint64 now;

  if (self->current == NULL || self->refused)
    return NULL;
  gint64 refresh_at = kms_http_credentials_get_refresh_time (self->current);
  if (refresh_at == G_MAXINT64 || (now = g_get_monotonic_time ()) < refresh_at)
    return self->current;
  if (now >= kms_http_credentials_get_expiry (self->current))
    return NULL;
  if (!self->fetching && now >= self->not_before)
    start_fetch (self);
  return self->current;
}

KmsHttpCredentials *
_kms_http_gate_get_current (KmsHttpGate *self)
{
  return self->current;
}

void
_kms_http_gate_wait (KmsHttpGate *self, KmsHttpWaiter *waiter, KmsHttpWaiterFunc func, gpointer data)
{
  if (!self->fetching && self->failure != NULL && g_get_monotonic_time () < self->not_before)
    {
      func (NULL, self->failure, data);
      return;
    }
  waiter->waiting = TRUE;
  waiter->round = self->round;
  waiter->func = func;
  waiter->data = data;
  waiter->link.data = waiter;
  g_queue_push_tail_link (&self->waiters, &waiter->link);
  if (!self->fetching)
    start_fetch (self);
}

void
_kms_http_gate_leave (KmsHttpGate *self, KmsHttpWaiter *waiter)
{
  if (!waiter->waiting)
    return;
  g_queue_unlink (&self->waiters, &waiter->link);
  waiter->waiting = FALSE;
}

void
_kms_http_gate_refuse (KmsHttpGate *self, KmsHttpCredentials *credentials)
{
  if (credentials != self->current)
    return;
  self->refused = TRUE;
  self->not_before = 0;
}
