/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The thread of the gates, from the daemon's beginning to its end. */
#include "gates.h"

#define END_TIMEOUT_MS 500

struct _Gates
{
  GThread *thread;
  GMainContext *context;
  Flows *flows;
  char *guid;
  GMutex lock; /* for what follows */
  GPtrArray *sources;
  gint64 end;
};

static gboolean
is_over (Gates *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->end != 0 && self->sources->len == 0;
}

static gpointer
run (gpointer data)
{
  Gates *self = data;

  while (!is_over (self))
    g_main_context_iteration (self->context, TRUE);
  return NULL;
}

Gates *
gates_new (void)
{
  Gates *self = g_new0 (Gates, 1);

  g_mutex_init (&self->lock);
  self->sources = g_ptr_array_new ();
  self->context = g_main_context_new ();
  self->flows = flows_new ();
  self->guid = g_dbus_generate_guid ();
  self->thread = g_thread_new ("gates", run, self);
  return self;
}

void
gates_free (Gates *self)
{
  g_mutex_lock (&self->lock);
  self->end = g_get_monotonic_time () + END_TIMEOUT_MS * G_TIME_SPAN_MILLISECOND;
  for (guint i = 0; i < self->sources->len; i++)
    g_source_set_ready_time (g_ptr_array_index (self->sources, i), self->end);
  g_mutex_unlock (&self->lock);
  g_main_context_wakeup (self->context);
  g_thread_join (self->thread);
  g_main_context_unref (self->context);
  flows_unref (self->flows);
  g_ptr_array_unref (self->sources);
  g_mutex_clear (&self->lock);
  g_free (self->guid);
  g_free (self);
}

GMainContext *
gates_get_context (Gates *self)
{
  return self->context;
}

Flows *
gates_get_flows (Gates *self)
{
  return self->flows;
}

const char *
gates_get_guid (Gates *self)
{
  return self->guid;
}

void
gates_add (Gates *self, GSource *source)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  g_ptr_array_add (self->sources, source);
}

void
gates_remove (Gates *self, GSource *source)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  g_ptr_array_remove_fast (self->sources, source);
}

gint64
gates_get_end (Gates *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->end;
}
