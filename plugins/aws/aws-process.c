/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs a program in a group of its own, which is killed as a whole where it takes too long, and reads what it prints into
 * locked memory. */
#include "aws-process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_OUTPUT 65536

/* How often somebody who cancels is looked for, and the end of the program. */
#define POLL_MS 50
#define REAP_PAUSE 2000

static gboolean
fail (GError **error, const char *words)
{
  g_set_error_literal (error, KMS_ERROR, KMS_ERROR_CREDENTIALS, words);
  return FALSE;
}

static gboolean
may_go_on (gint64 end, GCancellable *cancellable, GError **error)
{
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  if (g_get_monotonic_time () < end)
    return TRUE;
  g_set_error_literal (error, KMS_ERROR, KMS_ERROR_TIMED_OUT,
                       "it did not end in time, and was killed; see ProcessTimeout= in the provider's file");
  return FALSE;
}

/* 1 to go on, 0 at the end, -1 with an error. */
static int
read_some (int fd, guint8 *bytes, gsize *length, GError **error)
{
  struct pollfd ready = { .fd = fd, .events = POLLIN };

  if (poll (&ready, 1, POLL_MS) <= 0)
    return 1;
  ssize_t n = read (fd, bytes + *length, MAX_OUTPUT - *length);
  if (n < 0 && errno != EINTR && errno != EAGAIN)
    return fail (error, "what it prints can't be read") - 1;
  *length += n > 0 ? (gsize) n : 0;
  if (*length == MAX_OUTPUT)
    return fail (error, "it prints more than keys take") - 1;
  return n != 0;
}

static KmsSecret *
read_output (int fd, gint64 end, GCancellable *cancellable, GError **error)
{
  guint8 *bytes;
  g_autoptr (KmsSecret) output = kms_secret_reserve (MAX_OUTPUT, &bytes);
  gsize length = 0;
  int more = 1;

  if (output == NULL)
    {
      g_set_error_literal (error, KMS_ERROR, KMS_ERROR_QUOTA, "locked memory is used up");
      return NULL;
    }
  while (more > 0)
    more = may_go_on (end, cancellable, error) ? read_some (fd, bytes, &length, error) : -1;
  if (more < 0)
    return NULL;
  kms_secret_commit (output, length);
  return g_steal_pointer (&output);
}

/* With what it started; and itself, should it have left its group. */
static void
kill_all (GPid pid)
{
  int status;

  kill (-pid, SIGKILL);
  kill (pid, SIGKILL);
  while (waitpid (pid, &status, 0) < 0 && errno == EINTR)
    continue;
}

/* FALSE: it says itself that it failed, or does not end. Where the program ignores SIGCHLD nobody knows, and what was
 * printed counts. */
static gboolean
reap (GPid pid, gint64 end, GCancellable *cancellable, GError **error)
{
  int status = 0;
  pid_t got;

  while ((got = waitpid (pid, &status, WNOHANG)) == 0 || (got < 0 && errno == EINTR))
    {
      if (!may_go_on (end, cancellable, error))
        {
          kill_all (pid);
          return FALSE;
        }
      g_usleep (REAP_PAUSE);
    }
  if (got != pid || (WIFEXITED (status) && WEXITSTATUS (status) == 0))
    return TRUE;
  if (WIFEXITED (status))
    g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS, "it failed with exit code %d; run it by hand",
                 WEXITSTATUS (status));
  else
    fail (error, "it was killed; run it by hand");
  return FALSE;
}

static void
make_group (gpointer unused)
{
  setpgid (0, 0);
}

static gboolean
spawn (const char *command_line, GPid *pid, int *fd, GError **error)
{
  g_auto (GStrv) argv = NULL;
  g_autoptr (GError) local = NULL;

  if (!g_shell_parse_argv (command_line, NULL, &argv, NULL))
    return fail (error, "this is no command line; look at its quotes");
  if (g_spawn_async_with_pipes (NULL, argv, NULL,
                                G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_SEARCH_PATH | G_SPAWN_CLOEXEC_PIPES, make_group,
                                NULL, pid, NULL, fd, NULL, &local))
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS, "it can't be run: %s", local->message);
  return FALSE;
}

KmsSecret *
aws_process_run (const char *command_line, gint64 timeout, GCancellable *cancellable, GError **error)
{
  gint64 end = g_get_monotonic_time () + timeout * 1000;
  GPid pid;
  int fd;

  if (!spawn (command_line, &pid, &fd, error))
    return NULL;
  fcntl (fd, F_SETFL, O_NONBLOCK);
  g_autoptr (KmsSecret) output = read_output (fd, end, cancellable, error);
  close (fd);
  if (output == NULL)
    kill_all (pid);
  else if (!reap (pid, end, cancellable, error))
    g_clear_pointer (&output, kms_secret_unref);
  g_spawn_close_pid (pid);
  return g_steal_pointer (&output);
}
