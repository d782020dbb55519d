/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs pkttyagent for this process. It says that it is registered by closing a descriptor; a desktop's own agent goes
 * before it (--fallback). */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <unistd.h>

#include "interrupt.h"
#include "result.h"
#include "terminal.h"

#define NOTIFY_FD 3 /* in the child */
#define START_TIMEOUT_MS 5000

static GSubprocess *
spawn (int notify, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDIN_INHERIT);
  g_autofree char *process = g_strdup_printf ("--process=%d", (int) getpid ());

  g_subprocess_launcher_set_child_setup (launcher, kmsctl_interrupt_unblock_in_child, NULL, NULL);
  g_subprocess_launcher_take_fd (launcher, notify, NOTIFY_FD);
  return g_subprocess_launcher_spawn (launcher, error, "pkttyagent", process, "--notify-fd", G_STRINGIFY (NOTIFY_FD),
                                      "--fallback", NULL);
}

/* The other end is closed when the agent is registered, and when it ends. */
static gboolean
wait_for_end (int fd, GCancellable *cancellable)
{
  GPollFD fds[2] = { { .fd = fd, .events = G_IO_IN | G_IO_HUP }, { .fd = -1 } };
  gboolean both = g_cancellable_make_pollfd (cancellable, &fds[1]);
  int n = g_poll (fds, both ? 2 : 1, START_TIMEOUT_MS);

  if (both)
    g_cancellable_release_fd (cancellable);
  return n > 0 && fds[0].revents != 0;
}

gboolean
kmsctl_agent_start (Kmsctl *self)
{
  g_autoptr (GError) local = NULL;
  int ends[2];

  if (self->agent != NULL)
    return TRUE;
  if (!kmsctl_can_ask (self) || !g_unix_open_pipe (ends, FD_CLOEXEC, NULL))
    return FALSE;
  self->agent = spawn (ends[1], &local);
  if (self->agent == NULL)
    kmsctl_note (self, _ ("nobody can ask for a password here: pkttyagent (of polkit) can't be started: %s"),
                 local->message);
  gboolean is_started = self->agent != NULL && wait_for_end (ends[0], self->cancellable);
  close (ends[0]);
  if (!is_started)
    kmsctl_agent_stop (self);
  return is_started;
}

/* It restores the terminal when it is asked to end; a stopped one must go on for that. */
void
kmsctl_agent_stop (Kmsctl *self)
{
  if (self->agent == NULL)
    return;
  g_subprocess_send_signal (self->agent, SIGTERM);
  g_subprocess_send_signal (self->agent, SIGCONT);
  g_subprocess_wait (self->agent, NULL, NULL);
  g_clear_object (&self->agent);
}
