/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Guests in the main thread's house: they come in while it sleeps, and never while it is awake. */
#include <gio/gio.h>

#include "house.h"

#define N_VISITS 20000

typedef struct
{
  GMainLoop *loop;
  GThread *main_thread;
  gint n_inside; /* atomic: more than one is a crowd */
  guint n_visits, n_turned_away, n_ended, n_after;
  gboolean saw_crowd, saw_stranger, saw_no_guest;
} House;

static void
look_around (House *self)
{
  if (g_atomic_int_add (&self->n_inside, 1) != 0)
    self->saw_crowd = TRUE;
  g_thread_yield ();
  g_atomic_int_add (&self->n_inside, -1);
}

static gboolean
on_tick (gpointer data)
{
  look_around (data);
  return G_SOURCE_CONTINUE;
}

static void
on_end (GObject *source, GAsyncResult *result, gpointer data)
{
  House *self = data;

  self->n_ended++;
  if (g_thread_self () != self->main_thread)
    self->saw_stranger = TRUE;
  look_around (self);
}

static void
visit (House *self)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_end, self);

  look_around (self);
  self->n_visits++;
  g_task_return_boolean (task, TRUE);
}

static gboolean
try_often (gpointer data)
{
  House *self = data;

  for (guint i = 0; i < N_VISITS; i++)
    {
      GMainContext *before = g_main_context_get_thread_default ();
      if (!house_enter ())
        {
          self->n_turned_away++;
          continue;
        }
      if (g_main_context_get_thread_default () != NULL)
        self->saw_stranger = TRUE;
      visit (self);
      house_leave ();
      if (g_main_context_get_thread_default () != before)
        self->saw_stranger = TRUE;
    }
  return G_SOURCE_REMOVE;
}

/* As GDBus's thread has it within a callback of GTask: its context is pushed twice. */
static gpointer
be_guest (gpointer data)
{
  House *self = data;
  g_autoptr (GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  g_main_context_push_thread_default (context);
  try_often (self);
  g_main_context_pop_thread_default (context);
  g_main_context_pop_thread_default (context);
  g_main_loop_quit (self->loop);
  return NULL;
}

static void
test_guests (void)
{
  House self = { g_main_loop_new (NULL, FALSE), g_thread_self (), 0 };
  guint tick = g_timeout_add (1, on_tick, &self);

  g_assert_false (house_enter ());
  house_open ();
  GThread *guest = g_thread_new ("guest", be_guest, &self);
  g_main_loop_run (self.loop);
  g_thread_join (guest);
  house_close ();
  g_assert_false (house_enter ());
  while (self.n_ended < self.n_visits)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (self.n_visits, >, 0);
  g_assert_cmpuint (self.n_visits + self.n_turned_away, ==, N_VISITS);
  g_assert_false (self.saw_crowd);
  g_assert_false (self.saw_stranger);
  g_source_remove (tick);
  g_main_loop_unref (self.loop);
}

/* Main thread awake: it is in here. */
static gpointer
knock (gpointer data)
{
  return GINT_TO_POINTER (house_enter ());
}

static gboolean
let_knock (gpointer data)
{
  House *self = data;

  g_assert_null (g_thread_join (g_thread_new ("guest", knock, NULL)));
  g_main_loop_quit (self->loop);
  return G_SOURCE_REMOVE;
}

static void
test_awake (void)
{
  House self = { g_main_loop_new (NULL, FALSE), g_thread_self (), 0 };

  house_open ();
  g_idle_add (let_knock, &self);
  g_main_loop_run (self.loop);
  house_close ();
  g_main_loop_unref (self.loop);
}

static void
note_after (gpointer data)
{
  House *self = data;

  self->n_after++;
  look_around (self);
  g_main_loop_quit (self->loop);
}

/* The rest is done after the guest has left, whoever does it. */
static gpointer
leave_something (gpointer data)
{
  House *self = data;
  g_autoptr (GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  while (!house_enter ())
    g_thread_yield ();
  house_do_after (note_after, self);
  self->saw_no_guest = self->n_after == 0;
  house_leave ();
  g_main_context_iteration (context, TRUE);
  g_main_context_pop_thread_default (context);
  return NULL;
}

static void
test_after (void)
{
  House self = { g_main_loop_new (NULL, FALSE), g_thread_self (), 0 };

  house_open ();
  house_do_after (note_after, &self);
  g_assert_cmpuint (self.n_after, ==, 1);
  self.n_after = 0;
  GThread *guest = g_thread_new ("guest", leave_something, &self);
  g_main_loop_run (self.loop);
  g_thread_join (guest);
  house_close ();
  g_assert_true (self.saw_no_guest);
  g_assert_cmpuint (self.n_after, ==, 1);
  g_assert_false (self.saw_crowd);
  g_main_loop_unref (self.loop);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/kmsd/house/guests", test_guests);
  g_test_add_func ("/kmsd/house/awake", test_awake);
  g_test_add_func ("/kmsd/house/after", test_after);
  return g_test_run ();
}
