/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs: who waits, who settles, and what happens when the wait is over before the work is. */
#include "kms-run-private.h"

#include "kms-deadline-private.h"
#include "kms-error.h"
#include "kms-provider.h"
#include "kms-provider-dispatch-private.h"
#include "kms-secret.h"

struct _KmsRun
{
  gatomicrefcount refs;
  GObject *owners[2];
  GCancellable *caller_cancellable;
  gulong cancelled_handler;
  gint64 timeout;
  guint deadline_slot; /* the deadline thread's: place in its heap + 1 */

  GMutex lock;
  GCond finished_cond;
  guint n_unsettled;
  gboolean finished;
  gint64 last_progress;
  KmsRunDone done;
  gpointer done_data;
  GPtrArray *calls; /* what was sent out, so that it can be told to stop */

  guint n_items;
  KmsItem items[];
};

#define KMS_DEFAULT_CALL_TIMEOUT (30 * G_TIME_SPAN_SECOND)

KmsRun *
_kms_run_new (guint n_items, GObject *owner, GObject *second_owner, GCancellable *cancellable, gint64 timeout)
{
  gsize size;

  if (!g_size_checked_mul (&size, n_items, sizeof (KmsItem)) || !g_size_checked_add (&size, size, sizeof (KmsRun)))
    g_error ("a batch of %u items has no room in memory", n_items);
  KmsRun *self = g_malloc (size);
  memset (self, 0, sizeof (KmsRun));
  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  g_cond_init (&self->finished_cond);
  self->owners[0] = owner == NULL ? NULL : g_object_ref (owner);
  self->owners[1] = second_owner == NULL ? NULL : g_object_ref (second_owner);
  self->caller_cancellable = cancellable == NULL ? NULL : g_object_ref (cancellable);
  self->timeout = timeout;
  self->calls = g_ptr_array_new_with_free_func ((GDestroyNotify) kms_call_unref);
  self->n_items = n_items;
  for (guint i = 0; i < n_items; i++)
    _kms_item_init (&self->items[i], KMS_OPERATION_ENCRYPT);
  return self;
}

KmsRun *
_kms_run_ref (KmsRun *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
_kms_run_unref (KmsRun *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  for (guint i = 0; i < self->n_items; i++)
    _kms_item_clear (&self->items[i]);
  g_ptr_array_unref (self->calls);
  g_clear_object (&self->caller_cancellable);
  g_clear_object (&self->owners[0]);
  g_clear_object (&self->owners[1]);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->finished_cond);
  g_free (self);
}

KmsItem *
_kms_run_get_item (KmsRun *self, guint index)
{
  return &self->items[index];
}

guint
_kms_run_get_n_items (KmsRun *self)
{
  return self->n_items;
}

gboolean
_kms_run_is_bulk (KmsRun *self)
{
  return self->n_items > 1;
}

gint64
_kms_run_get_timeout (KmsRun *self)
{
  return self->timeout;
}

guint *
_kms_run_get_deadline_slot (KmsRun *self)
{
  return &self->deadline_slot;
}

gboolean
_kms_run_is_finished (KmsRun *self)
{
  g_mutex_lock (&self->lock);
  gboolean finished = self->finished;
  g_mutex_unlock (&self->lock);
  return finished;
}

gboolean
_kms_run_item_is_settled (KmsRun *self, KmsItem *item)
{
  g_mutex_lock (&self->lock);
  gboolean settled = item->state != KMS_ITEM_PENDING;
  g_mutex_unlock (&self->lock);
  return settled;
}

/* Who abandoned the run reads its items, and frees what belongs to them, while the provider still works. */
gboolean
_kms_run_begin_change (KmsRun *self, KmsItem *item)
{
  g_mutex_lock (&self->lock);
  gboolean late = self->finished;
  gboolean too_late = !late && item->state != KMS_ITEM_PENDING;
  if (!late && !too_late)
    return TRUE;
  g_mutex_unlock (&self->lock);
  if (too_late)
    g_critical ("%s: an item that is settled was changed; that is ignored", kms_provider_get_name (item->provider));
  return FALSE;
}

void
_kms_run_end_change (KmsRun *self)
{
  g_mutex_unlock (&self->lock);
}

/* Not under the lock: disconnecting may wait for a handler, and `done` runs foreign code. Once a run. */
static void
run_conclude (KmsRun *self)
{
  _kms_deadline_remove (self);

  /* The calls hold the run: break the circle. */
  g_mutex_lock (&self->lock);
  gulong cancelled_handler = self->cancelled_handler;
  self->cancelled_handler = 0;
  g_autoptr (GPtrArray) calls = g_steal_pointer (&self->calls);
  self->calls = g_ptr_array_new_with_free_func ((GDestroyNotify) kms_call_unref);
  g_mutex_unlock (&self->lock);
  if (cancelled_handler != 0)
    g_signal_handler_disconnect (self->caller_cancellable, cancelled_handler);

  /* Without the lock, which who waits would find taken: it looks at `finished`, and that was set under it. */
  if (self->done != NULL)
    self->done (self, self->done_data);
  else
    g_cond_signal (&self->finished_cond);
}

void
_kms_run_settle (KmsRun *self, KmsItem *item, KmsItemState state, gsize length, GError *error)
{
  g_autoptr (GError) dropped = error;
  g_autoptr (KmsRun) keep = _kms_run_ref (self);

  g_mutex_lock (&self->lock);
  gboolean late = self->finished;
  gboolean twice = !late && item->state != KMS_ITEM_PENDING;
  gboolean last = FALSE;
  if (!late && !twice)
    {
      _kms_item_settle (item, state, length, g_steal_pointer (&dropped));
      self->last_progress = g_get_monotonic_time ();
      last = --self->n_unsettled == 0;
      self->finished = last;
    }
  g_mutex_unlock (&self->lock);

  if (twice)
    g_critical ("%s: an item was settled twice; the second time is ignored", kms_provider_get_name (item->provider));
  if (last)
    run_conclude (self);
}

/* The caller returns at once; what is done stays done, what comes late is dropped. */
static void
run_abandon (KmsRun *self, const GError *reason)
{
  g_autoptr (KmsRun) keep = _kms_run_ref (self);
  g_autoptr (GPtrArray) calls = g_ptr_array_new_with_free_func ((GDestroyNotify) kms_call_unref);

  g_mutex_lock (&self->lock);
  gboolean was_finished = self->finished;
  self->finished = TRUE;
  for (guint i = 0; !was_finished && i < self->n_items; i++)
    if (self->items[i].state == KMS_ITEM_PENDING)
      {
        self->items[i].error = g_error_copy (reason);
        self->items[i].state = KMS_ITEM_FAILED;
      }
  for (guint i = 0; i < self->calls->len; i++)
    g_ptr_array_add (calls, kms_call_ref (g_ptr_array_index (self->calls, i)));
  g_mutex_unlock (&self->lock);
  if (was_finished)
    return;

  for (guint i = 0; i < calls->len; i++)
    _kms_provider_cancel_call (g_ptr_array_index (calls, i));
  run_conclude (self);
}

static GError *
make_timeout_error (KmsRun *self)
{
  double seconds = self->timeout / (double) G_TIME_SPAN_SECOND;
  return g_error_new (KMS_ERROR, KMS_ERROR_TIMED_OUT,
                      "no answer within %g s; try again, or raise CallTimeout= in the provider's file", seconds);
}

gint64
_kms_run_check_deadline (KmsRun *self, gint64 now)
{
  if (g_cancellable_is_cancelled (self->caller_cancellable))
    {
      g_autoptr (GError) reason = NULL;
      g_cancellable_set_error_if_cancelled (self->caller_cancellable, &reason);
      run_abandon (self, reason);
      return -1;
    }

  g_mutex_lock (&self->lock);
  gint64 due = self->finished || self->timeout <= 0 ? -1 : self->last_progress + self->timeout;
  g_mutex_unlock (&self->lock);
  if (due < 0 || due > now)
    return due;

  g_autoptr (GError) reason = make_timeout_error (self);
  run_abandon (self, reason);
  return -1;
}

/* In whichever thread cancels: does nothing but wake who keeps the deadlines. */
static void
on_caller_cancelled (GCancellable *cancellable, gpointer user_data)
{
  _kms_deadline_wake (user_data);
}

static void
run_watch (KmsRun *self)
{
  self->last_progress = g_get_monotonic_time ();
  if (self->timeout < 0)
    self->timeout = KMS_DEFAULT_CALL_TIMEOUT;
  _kms_deadline_add (self, self->timeout > 0 ? self->last_progress + self->timeout : G_MAXINT64);
  if (self->caller_cancellable == NULL)
    return;
  /* Not g_cancellable_connect(): its disconnect waits for a running handler, which here may be our own thread.
   * Under the lock, so that who concludes the run finds the handler's number. */
  g_mutex_lock (&self->lock);
  self->cancelled_handler =
    g_signal_connect_data (self->caller_cancellable, "cancelled", G_CALLBACK (on_caller_cancelled), _kms_run_ref (self),
                           (GClosureNotify) (void (*) (void)) _kms_run_unref, 0);
  g_mutex_unlock (&self->lock);
  if (g_cancellable_is_cancelled (self->caller_cancellable))
    _kms_deadline_wake (self);
}

/* Before anything is sent: who has cancelled already gets no work done, nor does who could wait for ever. */
static void
fail_if_hopeless (KmsRun *self)
{
  g_autoptr (GError) reason = NULL;

  if (!g_cancellable_set_error_if_cancelled (self->caller_cancellable, &reason) && _kms_deadline_prepare (&reason))
    return;
  for (guint i = 0; i < self->n_items; i++)
    if (self->items[i].state == KMS_ITEM_PENDING)
      _kms_item_settle (&self->items[i], KMS_ITEM_FAILED, 0, g_error_copy (reason));
}

static guint
count_pending (KmsRun *self)
{
  guint n_pending = 0;
  for (guint i = 0; i < self->n_items; i++)
    n_pending += self->items[i].state == KMS_ITEM_PENDING;
  return n_pending;
}

void
_kms_run_start (KmsRun *self, KmsRunDone done, gpointer user_data)
{
  g_autoptr (KmsRun) keep = _kms_run_ref (self);
  g_autoptr (GPtrArray) calls = g_ptr_array_new_with_free_func ((GDestroyNotify) kms_call_unref);

  self->done = done;
  self->done_data = user_data;
  if (self->timeout < 0)
    self->timeout = _kms_dispatch_timeout (self);
  _kms_dispatch_split (self, calls);
  fail_if_hopeless (self);
  self->n_unsettled = count_pending (self);
  for (guint i = 0; i < self->n_items; i++)
    self->items[i].run = self;
  if (self->n_unsettled == 0)
    {
      self->finished = TRUE;
      run_conclude (self);
      return;
    }

  for (guint i = 0; i < calls->len; i++)
    g_ptr_array_add (self->calls, kms_call_ref (g_ptr_array_index (calls, i)));
  run_watch (self);
  for (guint i = 0; i < calls->len; i++)
    {
      KmsCall *call = g_ptr_array_index (calls, i);
      _kms_provider_send_call (call->provider, call);
    }
}

void
_kms_run_wait (KmsRun *self)
{
  _kms_run_start (self, NULL, NULL);
  g_mutex_lock (&self->lock);
  while (!self->finished)
    g_cond_wait (&self->finished_cond, &self->lock);
  g_mutex_unlock (&self->lock);
}
