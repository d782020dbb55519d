/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* One lock, which the main thread gives away only while it polls. */
#include "house.h"

#include <errno.h>

static GMutex lock;
static gint is_open;  /* atomic */
static gint wants_in; /* atomic: the main thread is awake again, and is not to wait for one guest after the other */
static gboolean has_guest;   /* whoever has the lock may look at it */
static GMainContext *guests; /* the guest's own main context, put aside; NULL if it has none */
static guint n_guests;       /* how often it was pushed: GTask pushes it once more around a callback */

/* GLib polls without waiting, too, for which leaving isn't worth it. */
static gint
sleep_outside (GPollFD *descriptors, guint n, gint timeout)
{
  if (timeout == 0)
    return g_poll (descriptors, n, 0);
  g_mutex_unlock (&lock);
  gint n_ready = g_poll (descriptors, n, timeout);
  int code = errno;
  g_atomic_int_set (&wants_in, TRUE);
  g_mutex_lock (&lock);
  g_atomic_int_set (&wants_in, FALSE);
  errno = code;
  return n_ready;
}

void
house_open (void)
{
  g_mutex_lock (&lock);
  g_main_context_set_poll_func (NULL, sleep_outside);
  g_atomic_int_set (&is_open, TRUE);
}

void
house_close (void)
{
  g_atomic_int_set (&is_open, FALSE);
  g_main_context_set_poll_func (NULL, g_poll);
  g_mutex_unlock (&lock);
}

static void
take_context_back (void)
{
  for (; n_guests > 0; n_guests--)
    g_main_context_push_thread_default (guests);
  guests = NULL;
}

/* FALSE if the guest has several. */
static gboolean
put_context_aside (void)
{
  guests = g_main_context_get_thread_default ();
  while (guests != NULL && g_main_context_get_thread_default () == guests)
    {
      g_main_context_pop_thread_default (guests);
      n_guests++;
    }
  if (g_main_context_get_thread_default () == NULL)
    return TRUE;
  take_context_back ();
  return FALSE;
}

gboolean
house_enter (void)
{
  if (!g_atomic_int_get (&is_open) || g_atomic_int_get (&wants_in) || !g_mutex_trylock (&lock))
    return FALSE;
  has_guest = g_atomic_int_get (&is_open) && put_context_aside ();
  if (!has_guest)
    g_mutex_unlock (&lock);
  return has_guest;
}

void
house_leave (void)
{
  take_context_back ();
  has_guest = FALSE;
  g_mutex_unlock (&lock);
}

typedef struct
{
  GSourceOnceFunc func;
  gpointer user_data;
} Rest;

static void
do_at_home (gpointer data)
{
  g_autofree Rest *rest = data;

  rest->func (rest->user_data);
}

/* In the guest's thread. */
static gboolean
do_rest (gpointer data)
{
  if (house_enter ())
    {
      do_at_home (data);
      house_leave ();
    }
  else
    g_idle_add_once (do_at_home, data);
  return G_SOURCE_REMOVE;
}

void
house_do_after (GSourceOnceFunc func, gpointer user_data)
{
  if (!has_guest)
    {
      func (user_data);
      return;
    }
  Rest *rest = g_new (Rest, 1);
  g_autoptr (GSource) source = g_idle_source_new ();

  *rest = (Rest){ func, user_data };
  g_source_set_callback (source, do_rest, rest, NULL);
  g_source_attach (source, guests);
}
