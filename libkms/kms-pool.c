/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A pool of threads that are started when none is idle and that end when they have been idle for a while. Not a
 * GThreadPool: that shares its idle threads with the whole process, and a forked child would wait for them for ever. */
#include "kms-pool-private.h"

#include "kms-fork-private.h"
#include "kms-thread-private.h"

#define KMS_POOL_IDLE_TIME (5 * G_TIME_SPAN_SECOND)

typedef struct
{
  GFunc func;
  gpointer data;
} KmsPoolTask;

typedef struct
{
  GMutex lock;
  GCond pushed;
  GQueue tasks; /* of KmsPoolTask */
  guint n_idle;
  guint fork_generation;
} KmsPool;

static KmsPool *pool;
static GMutex pool_lock;

static KmsPoolTask *
wait_for_task_locked (KmsPool *self)
{
  gint64 end = g_get_monotonic_time () + KMS_POOL_IDLE_TIME;

  self->n_idle++;
  while (self->tasks.length == 0)
    if (!g_cond_wait_until (&self->pushed, &self->lock, end))
      break;
  self->n_idle--;
  return g_queue_pop_head (&self->tasks);
}

static gpointer
run_tasks (gpointer data)
{
  KmsPool *self = data;

  for (;;)
    {
      g_mutex_lock (&self->lock);
      g_autofree KmsPoolTask *task = g_queue_pop_head (&self->tasks);
      if (task == NULL)
        task = wait_for_task_locked (self);
      g_mutex_unlock (&self->lock);
      if (task == NULL)
        return NULL;
      task->func (task->data, NULL);
    }
}

/* A forked child has none of its parent's threads: it gets a pool of its own. */
static KmsPool *
get_pool (void)
{
  g_mutex_lock (&pool_lock);
  if (pool == NULL || pool->fork_generation != _kms_fork_generation)
    {
      pool = g_new0 (KmsPool, 1);
      g_mutex_init (&pool->lock);
      g_cond_init (&pool->pushed);
      g_queue_init (&pool->tasks);
      pool->fork_generation = _kms_fork_generation;
    }
  KmsPool *self = pool;
  g_mutex_unlock (&pool_lock);
  return self;
}

static gboolean
start_thread (KmsPool *self, GError **error)
{
  GThread *thread = _kms_thread_start ("kms-provider", run_tasks, self, error);

  if (thread == NULL)
    return FALSE;
  g_thread_unref (thread);
  return TRUE;
}

/* Whether a thread waits for it already. */
static gboolean
enqueue (KmsPool *self, KmsPoolTask *task)
{
  g_mutex_lock (&self->lock);
  g_queue_push_tail (&self->tasks, task);
  gboolean enough = self->n_idle >= self->tasks.length;
  g_cond_signal (&self->pushed);
  g_mutex_unlock (&self->lock);
  return enough;
}

static KmsPoolTask *
task_new (GFunc func, gpointer data)
{
  KmsPoolTask *task = g_new (KmsPoolTask, 1);

  task->func = func;
  task->data = data;
  return task;
}

gboolean
_kms_pool_push (GFunc func, gpointer data, GError **error)
{
  KmsPool *self = get_pool ();
  KmsPoolTask *task = task_new (func, data);
  g_autoptr (GError) local = NULL;

  if (enqueue (self, task) || start_thread (self, &local))
    return TRUE;
  g_mutex_lock (&self->lock);
  gboolean was_left = g_queue_remove (&self->tasks, task);
  g_mutex_unlock (&self->lock);
  /* Else another thread became idle and took it. */
  if (!was_left)
    return TRUE;
  g_free (task);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

void
_kms_pool_push_some_time (GFunc func, gpointer data)
{
  KmsPool *self = get_pool ();

  if (!enqueue (self, task_new (func, data)))
    start_thread (self, NULL);
}
