/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The two protocols between a service and systemd that are a datagram and two variables. */
#include "readiness.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void
readiness_tell (const char *state)
{
  const char *path = g_getenv ("NOTIFY_SOCKET");
  struct sockaddr_un address = { .sun_family = AF_UNIX };

  if (path == NULL || (path[0] != '/' && path[0] != '@') || strlen (path) >= sizeof address.sun_path)
    return;
  memcpy (address.sun_path, path, strlen (path));
  /* An abstract name begins with NUL and has no end. */
  if (path[0] == '@')
    address.sun_path[0] = '\0';
  int fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    return;
  socklen_t length = (socklen_t) (offsetof (struct sockaddr_un, sun_path) + strlen (path));
  if (sendto (fd, state, strlen (state), MSG_NOSIGNAL, (struct sockaddr *) &address, length) < 0)
    g_debug ("the service manager can't be told \"%s\": %s", state, g_strerror (errno));
  close (fd);
}

/* GLib's parser skips a vertical tab, and takes a sign behind it. */
static gboolean
parse_number (const char *text, guint64 max, guint64 *number)
{
  return text != NULL && g_ascii_isdigit (text[0]) && g_ascii_string_to_unsigned (text, 10, 0, max, number, NULL);
}

guint
readiness_count_sockets (void)
{
  guint64 pid, number;

  if (!parse_number (g_getenv ("LISTEN_PID"), G_MAXINT, &pid) || pid != (guint64) getpid ()
      || !parse_number (g_getenv ("LISTEN_FDS"), 16, &number))
    return 0;
  for (guint i = 0; i < number; i++)
    (void) fcntl (READINESS_FIRST_SOCKET + (int) i, F_SETFD, FD_CLOEXEC);
  return (guint) number;
}
