/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A provider's own thread: a main loop, and a source that runs what other threads post. */
#include "kms-provider-thread-private.h"

#include <pthread.h>

#include "kms-thread-private.h"

typedef struct
{
  KmsProviderThreadFunc func;
  gpointer data;
} KmsPost;

struct _KmsProviderThread
{
  GList link;           /* in all_threads */
  gatomicrefcount refs; /* the owner's and the thread's own */
  GThread *thread;
  GMainContext *context;
  GSource *source; /* of KmsPostSource */
  gint has_posts;  /* atomic: what the source looks at, so that posting costs one wake-up and running none */
  GMutex lock;
  GArray *posts;
  GArray *spare;     /* the thread's own: empty, for the next turn */
  gboolean stopping; /* the thread's own */
};

typedef struct
{
  GSource parent;
  KmsProviderThread *owner;
} KmsPostSource;

static GPrivate current_thread; /* of KmsProviderThread */

static GMutex all_lock;
static GQueue all_threads = G_QUEUE_INIT; /* under all_lock: those that were not stopped */

static void
thread_unref (KmsProviderThread *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_main_context_unref (self->context);
  g_source_unref (self->source);
  g_array_unref (self->posts);
  g_array_unref (self->spare);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static gboolean
check_posts (GSource *source)
{
  return g_atomic_int_get (&((KmsPostSource *) source)->owner->has_posts);
}

static gboolean
prepare_posts (GSource *source, gint *timeout)
{
  *timeout = -1;
  return check_posts (source);
}

static gboolean
dispatch_posts (GSource *source, GSourceFunc callback, gpointer user_data)
{
  KmsProviderThread *self = ((KmsPostSource *) source)->owner;

  g_mutex_lock (&self->lock);
  GArray *posts = self->posts;
  self->posts = self->spare;
  self->spare = posts;
  g_atomic_int_set (&self->has_posts, FALSE);
  g_mutex_unlock (&self->lock);

  for (guint i = 0; i < posts->len; i++)
    {
      KmsPost *post = &g_array_index (posts, KmsPost, i);
      post->func (post->data);
    }
  g_array_set_size (posts, 0);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs post_source_funcs = { .prepare = prepare_posts, .check = check_posts, .dispatch = dispatch_posts };

static gpointer
run_thread (gpointer data)
{
  KmsProviderThread *self = data;

  g_private_set (&current_thread, self);
  g_main_context_push_thread_default (self->context);
  while (!self->stopping)
    g_main_context_iteration (self->context, TRUE);
  g_main_context_pop_thread_default (self->context);
  g_source_destroy (self->source);
  thread_unref (self);
  return NULL;
}

KmsProviderThread *
_kms_provider_thread_new (const char *name, GError **error)
{
  KmsProviderThread *self = g_new0 (KmsProviderThread, 1);
  g_atomic_ref_count_init (&self->refs);
  g_atomic_ref_count_inc (&self->refs);
  g_mutex_init (&self->lock);
  self->posts = g_array_new (FALSE, FALSE, sizeof (KmsPost));
  self->spare = g_array_new (FALSE, FALSE, sizeof (KmsPost));
  self->context = g_main_context_new ();
  self->source = g_source_new (&post_source_funcs, sizeof (KmsPostSource));
  ((KmsPostSource *) self->source)->owner = self;
  g_source_attach (self->source, self->context);
  self->link.data = self;
  self->thread = _kms_thread_start (name, run_thread, self, error);
  if (self->thread != NULL)
    {
      g_mutex_lock (&all_lock);
      g_queue_push_tail_link (&all_threads, &self->link);
      g_mutex_unlock (&all_lock);
      return self;
    }
  g_source_destroy (self->source);
  thread_unref (self);
  thread_unref (self);
  return NULL;
}

void
_kms_provider_thread_post (KmsProviderThread *self, KmsProviderThreadFunc func, gpointer data)
{
  KmsPost post = { func, data };

  g_mutex_lock (&self->lock);
  g_array_append_val (self->posts, post);
  gboolean first = self->posts->len == 1;
  g_atomic_int_set (&self->has_posts, TRUE);
  g_mutex_unlock (&self->lock);
  /* The thread itself looks again before it waits. */
  if (first && g_private_get (&current_thread) != self)
    g_main_context_wakeup (self->context);
}

typedef struct
{
  KmsProviderThread *thread;
  KmsProviderThreadFunc func;
  gpointer data;
} KmsStop;

static void
stop_in_thread (gpointer data)
{
  KmsStop *stop = data;
  stop->func (stop->data);
  stop->thread->stopping = TRUE;
}

void
_kms_provider_thread_stop (KmsProviderThread *self, KmsProviderThreadFunc func, gpointer data)
{
  KmsStop stop = { self, func, data };

  g_mutex_lock (&all_lock);
  g_queue_unlink (&all_threads, &self->link);
  g_mutex_unlock (&all_lock);
  if (g_thread_self () == self->thread)
    {
      stop_in_thread (&stop);
      g_thread_unref (self->thread);
    }
  else
    {
      _kms_provider_thread_post (self, stop_in_thread, &stop);
      g_thread_join (self->thread);
    }
  thread_unref (self);
}

/* What has been posted, and what that posts in turn: two barriers, one after the other. */
#define BARRIERS 2

typedef struct
{
  GMutex lock;
  GCond changed;
  gboolean reached;
} KmsBarrier;

static void
barrier_clear (gpointer data)
{
  KmsBarrier *self = data;
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
}

static void
reach_barrier (gpointer data)
{
  KmsBarrier *self = data;

  g_mutex_lock (&self->lock);
  self->reached = TRUE;
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);
  g_atomic_rc_box_release_full (self, barrier_clear);
}

/* FALSE: not in time. */
static gboolean
wait_at_barrier (KmsProviderThread *self, gint64 end)
{
  KmsBarrier *barrier = g_atomic_rc_box_new0 (KmsBarrier);
  gboolean in_time = TRUE;

  g_mutex_init (&barrier->lock);
  g_cond_init (&barrier->changed);
  _kms_provider_thread_post (self, reach_barrier, g_atomic_rc_box_acquire (barrier));
  g_mutex_lock (&barrier->lock);
  while (!barrier->reached && in_time)
    in_time = g_cond_wait_until (&barrier->changed, &barrier->lock, end);
  gboolean reached = barrier->reached;
  g_mutex_unlock (&barrier->lock);
  g_atomic_rc_box_release_full (barrier, barrier_clear);
  return reached;
}

void
_kms_provider_thread_catch_up (KmsProviderThread *self, gint64 timeout)
{
  gint64 end = g_get_monotonic_time () + timeout;

  for (guint i = 0; i < BARRIERS && wait_at_barrier (self, end); i++)
    ;
}

/* Of each thread, in microseconds. A fork waits no longer for one that is at work. */
#define REST_TIME (100 * 1000)

/* A thread that has answered a call still drops references, and a fork in just this moment would leave the child a lock of
 * GObject's that nobody opens any more. So forks wait until the threads are at rest. The list stays locked over the fork,
 * so that the child's is whole. */
static void
before_fork (void)
{
  g_mutex_lock (&all_lock);
  for (GList *at = all_threads.head; at != NULL; at = at->next)
    if (g_private_get (&current_thread) != at->data)
      _kms_provider_thread_catch_up (at->data, REST_TIME);
}

static void
after_fork_in_parent (void)
{
  g_mutex_unlock (&all_lock);
}

/* The threads stayed with the parent. */
static void
after_fork_in_child (void)
{
  g_queue_init (&all_threads);
  g_mutex_unlock (&all_lock);
}

__attribute__ ((constructor)) static void
watch_forks (void)
{
  pthread_atfork (before_fork, after_fork_in_parent, after_fork_in_child);
}

gboolean
_kms_provider_thread_is_current (void)
{
  return g_private_get (&current_thread) != NULL;
}
