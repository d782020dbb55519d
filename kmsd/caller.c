/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Callers as values, and what the kernel tells of the other end of a socket. */
#include "caller.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* NGROUPS_MAX: more groups than that no process has. */
#define MAX_GROUPS 65536

static const char *const bus_kinds[] = {
  [BUS_SYSTEM] = "system",
  [BUS_SESSION] = "session",
  [BUS_PRIVATE] = "private",
};

const char *
bus_kind_to_string (BusKind kind)
{
  return bus_kinds[kind];
}

Caller *
caller_ref (Caller *self)
{
  g_ref_count_inc (&self->refs);
  return self;
}

void
caller_unref (Caller *self)
{
  if (!g_ref_count_dec (&self->refs))
    return;
  g_free (self->unique_name);
  g_free (self->gids);
  g_free (self->unit);
  g_free (self->label);
  g_object_unref (self->gone);
  g_free (self);
}

/* The groups besides the first one, which SO_PEERCRED tells. */
static gboolean
read_groups (int fd, GArray *gids)
{
  socklen_t length = 0;

  if (getsockopt (fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &length) == 0 || errno != ERANGE)
    return length == 0;
  if (length > MAX_GROUPS * sizeof (gid_t))
    return FALSE;
  guint first = gids->len;
  g_array_set_size (gids, first + length / sizeof (gid_t));
  if (getsockopt (fd, SOL_SOCKET, SO_PEERGROUPS, &g_array_index (gids, guint32, first), &length) != 0)
    return FALSE;
  g_array_set_size (gids, first + length / sizeof (gid_t));
  return TRUE;
}

static char *
read_label (int fd)
{
  char label[256];
  socklen_t length = sizeof label;

  if (getsockopt (fd, SOL_SOCKET, SO_PEERSEC, label, &length) != 0 || length == 0)
    return NULL;
  return g_strndup (label, strnlen (label, length));
}

Caller *
caller_new_from_socket (GSocket *socket, GError **error)
{
  int fd = g_socket_get_fd (socket);
  struct ucred credentials;
  socklen_t length = sizeof credentials;
  g_autoptr (GArray) gids = g_array_new (FALSE, FALSE, sizeof (guint32));

  G_STATIC_ASSERT (sizeof (gid_t) == sizeof (guint32));
  if (getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0 || length != sizeof credentials
      || credentials.uid == (uid_t) -1)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_AUTHORIZED, "the kernel does not tell who is at the private socket");
      return NULL;
    }
  g_array_append_val (gids, credentials.gid);
  if (!read_groups (fd, gids))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_AUTHORIZED, "the kernel does not tell the groups of uid %u: %s",
                   credentials.uid, g_strerror (errno));
      return NULL;
    }
  Caller *self = g_new0 (Caller, 1);
  g_ref_count_init (&self->refs);
  self->bus = BUS_PRIVATE;
  self->pid = credentials.pid > 0 ? credentials.pid : -1;
  self->label = read_label (fd);
  self->gone = g_cancellable_new ();
  self->access = (AccessCaller){ .uid = credentials.uid, .n_gids = gids->len };
  self->gids = (guint32 *) (gpointer) g_array_free (g_steal_pointer (&gids), FALSE);
  self->access.gids = self->gids;
  return self;
}
