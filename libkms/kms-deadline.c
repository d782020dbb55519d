/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A heap of runs by the time at which to look at them, and a thread that sleeps until the first is due. */
#include "kms-deadline-private.h"

#include "kms-fork-private.h"
#include "kms-thread-private.h"

typedef struct
{
  gint64 when;
  KmsRun *run; /* a reference */
} KmsDeadline;

typedef struct
{
  GMutex lock;
  GCond changed;
  GArray *heap;        /* of KmsDeadline; the earliest first */
  gint64 sleeps_until; /* what the thread waits for: who comes later need not wake it */
  guint fork_generation;
  gboolean has_thread; /* atomic */
} KmsDeadlineKeeper;

static KmsDeadlineKeeper *keeper;
static GMutex keeper_lock;

static KmsDeadline *
heap_at (GArray *heap, guint place)
{
  return &g_array_index (heap, KmsDeadline, place);
}

static void
heap_set (GArray *heap, guint place, KmsDeadline deadline)
{
  *heap_at (heap, place) = deadline;
  *_kms_run_get_deadline_slot (deadline.run) = place + 1;
}

static void
heap_up (GArray *heap, guint place)
{
  KmsDeadline moved = *heap_at (heap, place);
  while (place > 0 && heap_at (heap, (place - 1) / 2)->when > moved.when)
    {
      heap_set (heap, place, *heap_at (heap, (place - 1) / 2));
      place = (place - 1) / 2;
    }
  heap_set (heap, place, moved);
}

static void
heap_down (GArray *heap, guint place)
{
  KmsDeadline moved = *heap_at (heap, place);
  for (;;)
    {
      guint child = 2 * place + 1;
      if (child >= heap->len)
        break;
      if (child + 1 < heap->len && heap_at (heap, child + 1)->when < heap_at (heap, child)->when)
        child++;
      if (heap_at (heap, child)->when >= moved.when)
        break;
      heap_set (heap, place, *heap_at (heap, child));
      place = child;
    }
  heap_set (heap, place, moved);
}

/* The reference that the heap held goes to the caller. */
static KmsRun *
heap_take (GArray *heap, guint place)
{
  KmsRun *run = heap_at (heap, place)->run;
  KmsDeadline last = *heap_at (heap, heap->len - 1);

  *_kms_run_get_deadline_slot (run) = 0;
  g_array_set_size (heap, heap->len - 1);
  if (place < heap->len)
    {
      heap_set (heap, place, last);
      heap_up (heap, place);
      heap_down (heap, *_kms_run_get_deadline_slot (last.run) - 1);
    }
  return run;
}

static void
heap_insert (GArray *heap, KmsRun *run, gint64 when)
{
  KmsDeadline deadline = { when, run };
  g_array_append_val (heap, deadline);
  heap_up (heap, heap->len - 1);
}

static gboolean
is_first_due (KmsDeadlineKeeper *self, gint64 now)
{
  return self->heap->len > 0 && heap_at (self->heap, 0)->when <= now;
}

/* Foreign code runs in here, so without the lock; the reference keeps the run. */
static void
look_at_first (KmsDeadlineKeeper *self, gint64 now)
{
  g_autoptr (KmsRun) run = heap_take (self->heap, 0);

  /* Back in before the look: a run that is concluded meanwhile takes itself out. */
  heap_insert (self->heap, _kms_run_ref (run), G_MAXINT64);
  g_mutex_unlock (&self->lock);
  gint64 next = _kms_run_check_deadline (run, now);
  g_mutex_lock (&self->lock);

  /* Woken meanwhile: then it stays due. */
  guint slot = *_kms_run_get_deadline_slot (run);
  if (slot == 0 || next < 0 || heap_at (self->heap, slot - 1)->when < G_MAXINT64)
    return;
  heap_at (self->heap, slot - 1)->when = next;
  heap_up (self->heap, slot - 1);
}

static void
wait_for_first (KmsDeadlineKeeper *self)
{
  self->sleeps_until = self->heap->len > 0 ? heap_at (self->heap, 0)->when : G_MAXINT64;
  if (self->sleeps_until < G_MAXINT64)
    g_cond_wait_until (&self->changed, &self->lock, self->sleeps_until);
  else
    g_cond_wait (&self->changed, &self->lock);
}

static gpointer
keep_deadlines (gpointer data)
{
  KmsDeadlineKeeper *self = data;

  g_mutex_lock (&self->lock);
  for (;;)
    {
      gint64 now = g_get_monotonic_time ();
      if (is_first_due (self, now))
        look_at_first (self, now);
      else
        wait_for_first (self);
    }
  return NULL;
}

/* A forked child has none of its parent's threads: it gets a keeper of its own. */
static KmsDeadlineKeeper *
get_keeper (void)
{
  KmsDeadlineKeeper *self = g_atomic_pointer_get (&keeper);
  if (G_LIKELY (self != NULL && self->fork_generation == _kms_fork_generation))
    return self;

  g_mutex_lock (&keeper_lock);
  self = keeper;
  if (self == NULL || self->fork_generation != _kms_fork_generation)
    {
      self = g_new0 (KmsDeadlineKeeper, 1);
      g_mutex_init (&self->lock);
      g_cond_init (&self->changed);
      self->heap = g_array_new (FALSE, FALSE, sizeof (KmsDeadline));
      self->fork_generation = _kms_fork_generation;
      g_atomic_pointer_set (&keeper, self);
    }
  g_mutex_unlock (&keeper_lock);
  return self;
}

gboolean
_kms_deadline_prepare (GError **error)
{
  KmsDeadlineKeeper *self = get_keeper ();

  if (G_LIKELY (g_atomic_int_get (&self->has_thread)))
    return TRUE;
  g_mutex_lock (&keeper_lock);
  if (!self->has_thread)
    {
      GThread *thread = _kms_thread_start ("kms-deadlines", keep_deadlines, self, error);
      g_atomic_int_set (&self->has_thread, thread != NULL);
      g_clear_pointer (&thread, g_thread_unref);
    }
  gboolean has_thread = self->has_thread;
  g_mutex_unlock (&keeper_lock);
  return has_thread;
}

void
_kms_deadline_add (KmsRun *run, gint64 when)
{
  KmsDeadlineKeeper *self = get_keeper ();

  g_mutex_lock (&self->lock);
  heap_insert (self->heap, _kms_run_ref (run), when);
  if (when < self->sleeps_until)
    {
      self->sleeps_until = when;
      g_cond_signal (&self->changed);
    }
  g_mutex_unlock (&self->lock);
}

void
_kms_deadline_remove (KmsRun *run)
{
  KmsDeadlineKeeper *self = get_keeper ();
  g_autoptr (KmsRun) removed = NULL;

  g_mutex_lock (&self->lock);
  guint slot = *_kms_run_get_deadline_slot (run);
  if (slot != 0)
    removed = heap_take (self->heap, slot - 1);
  g_mutex_unlock (&self->lock);
}

void
_kms_deadline_wake (KmsRun *run)
{
  KmsDeadlineKeeper *self = get_keeper ();

  g_mutex_lock (&self->lock);
  guint slot = *_kms_run_get_deadline_slot (run);
  if (slot != 0)
    {
      heap_at (self->heap, slot - 1)->when = 0;
      heap_up (self->heap, slot - 1);
      g_cond_signal (&self->changed);
    }
  g_mutex_unlock (&self->lock);
}
