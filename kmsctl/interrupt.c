/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A thread that waits for signals and the deadline, so that no handler runs where nothing may be done. */
#include "interrupt.h"

#include <limits.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "terminal.h"

static sigset_t watched;
static int received;
static gboolean timed_out;

static GMutex temporary_lock;
static char temporary[PATH_MAX];

void
kmsctl_interrupt_block (void)
{
  static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

  sigemptyset (&watched);
  for (gsize i = 0; i < G_N_ELEMENTS (signals); i++)
    {
      struct sigaction action;
      /* nohup, and the shell for what runs in the background, say by SIG_IGN that the signal is none of our business. */
      if (sigaction (signals[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
        sigaddset (&watched, signals[i]);
    }
  sigprocmask (SIG_BLOCK, &watched, NULL);
  /* A closed pipe and a file that grows past its limit are errors of write(), which we report. */
  signal (SIGPIPE, SIG_IGN);
  signal (SIGXFSZ, SIG_IGN);
}

void
kmsctl_interrupt_unblock_in_child (gpointer unused)
{
  sigprocmask (SIG_UNBLOCK, &watched, NULL);
}

void
kmsctl_interrupt_set_temporary (const char *path)
{
  g_mutex_lock (&temporary_lock);
  g_strlcpy (temporary, path == NULL ? "" : path, sizeof temporary);
  g_mutex_unlock (&temporary_lock);
}

/* Somebody pressed ^C again: what is running does not answer. */
static void
give_up (int signal_number)
{
  g_mutex_lock (&temporary_lock);
  if (temporary[0] != '\0')
    unlink (temporary);
  kmsctl_terminal_restore ();
  _exit (128 + signal_number);
}

/* A negative number of milliseconds waits for ever; 0 is returned at the deadline. */
static int
wait_for_signal (gint64 milliseconds)
{
  struct timespec left = { .tv_sec = milliseconds / 1000, .tv_nsec = (milliseconds % 1000) * 1000000 };
  int number;

  do
    number = milliseconds < 0 ? sigwaitinfo (&watched, NULL) : sigtimedwait (&watched, NULL, &left);
  while (number < 0 && errno == EINTR);
  return MAX (number, 0);
}

typedef struct
{
  GCancellable *cancellable;
  gint64 milliseconds;
} Watch;

static gpointer
watch_thread (gpointer data)
{
  g_autofree Watch *watch = data;
  g_autoptr (GCancellable) cancellable = watch->cancellable;
  int number = wait_for_signal (watch->milliseconds);

  if (number == 0)
    g_atomic_int_set (&timed_out, TRUE);
  else
    g_atomic_int_set (&received, number);
  g_cancellable_cancel (cancellable);
  give_up (wait_for_signal (-1));
  return NULL;
}

gboolean
kmsctl_interrupt_watch (GCancellable *cancellable, gint64 milliseconds, GError **error)
{
  Watch *watch = g_new (Watch, 1);
  g_autoptr (GError) local = NULL;

  *watch = (Watch){ g_object_ref (cancellable), milliseconds };
  GThread *thread = g_thread_try_new ("kmsctl-signals", watch_thread, watch, &local);
  if (thread != NULL)
    {
      g_thread_unref (thread);
      return TRUE;
    }
  g_object_unref (watch->cancellable);
  g_free (watch);
  g_set_error (error, KMS_ERROR, KMS_ERROR_UNAVAILABLE,
               _ ("no thread could be started: %s; raise the limit of processes (ulimit -u, TasksMax=) and try again"),
               local->message);
  return FALSE;
}

int
kmsctl_interrupt_get_signal (void)
{
  return g_atomic_int_get (&received);
}

gboolean
kmsctl_interrupt_is_timed_out (void)
{
  return g_atomic_int_get (&timed_out);
}
