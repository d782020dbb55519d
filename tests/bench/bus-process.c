/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starts and ends services, and reads /proc. */
#include "bus-process.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>

#define START_TIMEOUT_MS 10000

extern char **environ;

static gboolean
has_owner (GDBusConnection *connection, const char *name)
{
  gboolean owned = FALSE;
  g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
    connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameHasOwner",
    g_variant_new ("(s)", name), G_VARIANT_TYPE ("(b)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);

  if (reply != NULL)
    g_variant_get (reply, "(b)", &owned);
  return owned;
}

pid_t
bus_process_start (GDBusConnection *connection, const char *name, const char *const *argv)
{
  pid_t pid;

  if (posix_spawn (&pid, argv[0], NULL, NULL, (char **) argv, environ) != 0)
    g_error ("can't start %s", argv[0]);
  for (guint i = 0; !has_owner (connection, name); i++)
    {
      if (i == START_TIMEOUT_MS || waitpid (pid, NULL, WNOHANG) == pid)
        g_error ("%s does not come onto the bus", argv[0]);
      g_usleep (1000);
    }
  return pid;
}

void
bus_process_end (pid_t pid)
{
  kill (pid, SIGTERM);
  waitpid (pid, NULL, 0);
}

double
bus_process_get_cpu (pid_t pid)
{
  clockid_t clock;
  struct timespec now;

  if (clock_getcpuclockid (pid, &clock) != 0 || clock_gettime (clock, &now) != 0)
    g_error ("process %d has no clock", (int) pid);
  return (double) now.tv_sec * 1e9 + (double) now.tv_nsec;
}

guint64
bus_process_get_memory (pid_t pid, const char *line)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/status", (int) pid);
  g_autofree char *wanted = g_strconcat ("\n", line, ":", NULL);
  g_autofree char *text = NULL;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return 0;
  const char *found = strstr (text, wanted);
  return found == NULL ? 0 : g_ascii_strtoull (found + strlen (wanted), NULL, 10);
}

int
bus_process_count_descriptors (pid_t pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/fd", (int) pid);
  g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);
  int n = directory == NULL ? -1 : 0;

  while (directory != NULL && g_dir_read_name (directory) != NULL)
    n++;
  return n;
}
