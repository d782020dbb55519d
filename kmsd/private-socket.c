/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connections to the private socket. They are counted by user before they have authenticated, and have a deadline for
 * that. The kernel says who it is; what is behind a connection is a gate, and GDBus behind that. */
#include "private-socket.h"

#include <errno.h>
#include <gio/gunixconnection.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "door.h"
#include "readiness.h"
#include "units.h"

struct _PrivateSocket
{
  Daemon *daemon;
  GSocketService *service;
  char *path; /* to be removed at the end, or NULL */
};

typedef struct
{
  Daemon *daemon;
  Caller *caller;
  Gate *gate;
  GDBusConnection *connection; /* NULL until it is authenticated */
  GCancellable *cancellable;
  guint timeout;
} Greeting;

static void
greeting_free (Greeting *self)
{
  if (self->timeout != 0)
    g_source_remove (self->timeout);
  quotas_give_back (self->daemon->quotas, self->caller->access.uid, QUOTA_KIND_GREETING);
  caller_unref (self->caller);
  gate_unref (self->gate);
  g_clear_object (&self->connection);
  g_object_unref (self->cancellable);
  g_free (self);
}

static gboolean
on_greeting_timeout (gpointer data)
{
  Greeting *self = data;

  self->timeout = 0;
  g_cancellable_cancel (self->cancellable);
  gate_close (self->gate);
  return G_SOURCE_REMOVE;
}

static void
on_closed (GDBusConnection *connection, gboolean remote, GError *error, gpointer data)
{
  daemon_drop_door (data, connection);
}

static void
end_greeting (Greeting *greeting, const GError *error)
{
  Daemon *daemon = greeting->daemon;

  if (error != NULL)
    {
      g_debug ("uid %u did not authenticate at the private socket: %s", greeting->caller->access.uid, error->message);
      quotas_give_back (daemon->quotas, greeting->caller->access.uid, QUOTA_KIND_CONNECTION);
    }
  greeting_free (greeting);
  daemon_release (daemon);
}

static void
admit (Daemon *daemon, GDBusConnection *connection, Door *door, Gate *gate)
{
  g_signal_connect (connection, "closed", G_CALLBACK (on_closed), daemon);
  daemon_add_door (daemon, door);
  g_dbus_connection_start_message_processing (connection);
  /* A message that GDBus reads before it may process any could come after the end of the connection, and subtrees hold no
   * reference to that: so the gate opens only now. Of a peer that left meanwhile, GDBus told before anybody listened. */
  gate_open (gate);
  if (g_dbus_connection_is_closed (connection))
    on_closed (connection, FALSE, NULL, daemon);
}

static void
on_unit (Caller *caller, gpointer data)
{
  Greeting *greeting = data;
  Daemon *daemon = greeting->daemon;
  g_autoptr (GError) error = NULL;

  /* Filters see messages in the order in which they were added, and the door's takes some: they are counted before. */
  flow_watch (gate_get_flow (greeting->gate), greeting->connection);
  Door *door = door_new_for_caller (daemon, greeting->connection, caller, &error);
  if (door != NULL)
    admit (daemon, greeting->connection, door, greeting->gate);
  end_greeting (greeting, error);
}

static void
on_greeted (GObject *source, GAsyncResult *result, gpointer data)
{
  Greeting *greeting = data;
  g_autoptr (GError) error = NULL;

  greeting->connection = g_dbus_connection_new_finish (result, &error);
  if (greeting->connection == NULL)
    end_greeting (greeting, error);
  else
    units_ask (greeting->daemon->units, greeting->caller, on_unit, greeting);
}

static void
on_gate (GSocketConnection *inside, gpointer data)
{
  Greeting *greeting = data;
  g_autoptr (GError) error = NULL;

  if (inside != NULL)
    {
      g_dbus_connection_new (G_IO_STREAM (inside), NULL,
                             G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
                               | G_DBUS_CONNECTION_FLAGS_DELAY_MESSAGE_PROCESSING,
                             NULL, greeting->cancellable, on_greeted, greeting);
      return;
    }
  g_set_error_literal (&error, G_IO_ERROR, G_IO_ERROR_CLOSED, "it left, said who somebody else is, or took too long");
  end_greeting (greeting, error);
}

static gboolean
take_place (Daemon *daemon, guint32 uid, GError **error)
{
  if (!quotas_take (daemon->quotas, uid, QUOTA_KIND_CONNECTION, error))
    return FALSE;
  if (quotas_take (daemon->quotas, uid, QUOTA_KIND_GREETING, error))
    return TRUE;
  quotas_give_back (daemon->quotas, uid, QUOTA_KIND_CONNECTION);
  return FALSE;
}

static gboolean
on_incoming (GSocketService *service, GSocketConnection *stream, GObject *source, gpointer data)
{
  PrivateSocket *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (Caller) caller = caller_new_from_socket (g_socket_connection_get_socket (stream), &error);

  if (caller == NULL || !take_place (self->daemon, caller->access.uid, &error))
    {
      g_debug ("a connection to the private socket is refused: %s", error->message);
      return TRUE;
    }
  Greeting *greeting = g_new0 (Greeting, 1);
  greeting->daemon = self->daemon;
  greeting->caller = caller_ref (caller);
  greeting->cancellable = g_cancellable_new ();
  greeting->timeout = g_timeout_add (GREETING_TIMEOUT_MS, on_greeting_timeout, greeting);
  daemon_hold (self->daemon);
  greeting->gate = gate_new (self->daemon->gates, stream, caller->access.uid, on_gate, greeting);
  return TRUE;
}

static gboolean
is_in_use (GSocketAddress *address)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection)
    connection = g_socket_client_connect (client, G_SOCKET_CONNECTABLE (address), NULL, NULL);

  return connection != NULL;
}

/* Nothing but a socket is ever removed. */
static gboolean
make_room (const char *path, GSocketAddress *address, GError **error)
{
  struct stat status;

  if (lstat (path, &status) != 0)
    return TRUE;
  if (!S_ISSOCK (status.st_mode))
    g_set_error (error, KMS_ERROR, KMS_ERROR_ALREADY_EXISTS, "%s is no socket; remove it or choose another path", path);
  else if (is_in_use (address))
    g_set_error (error, KMS_ERROR, KMS_ERROR_ALREADY_EXISTS,
                 "somebody listens at %s: is another kmsd running? End it, or choose another path", path);
  else if (g_unlink (path) != 0)
    g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "%s can't be removed: %s", path, g_strerror (errno));
  else
    return TRUE;
  return FALSE;
}

static gboolean
listen_at_path (PrivateSocket *self, const char *path, guint mode, GError **error)
{
  struct sockaddr_un limit;

  if (!g_path_is_absolute (path) || strlen (path) >= sizeof limit.sun_path)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                   "the path of a private socket is absolute and shorter than %zu bytes, not \"%s\"",
                   sizeof limit.sun_path, path);
      return FALSE;
    }
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  if (!make_room (path, address, error))
    return FALSE;
  if (!g_socket_listener_add_address (G_SOCKET_LISTENER (self->service), address, G_SOCKET_TYPE_STREAM,
                                      G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL, error))
    {
      g_prefix_error (error, "nobody can listen at %s: ", path);
      return FALSE;
    }
  self->path = g_strdup (path);
  if (g_chmod (path, (int) mode) == 0)
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "%s: the mode can't be set: %s", path, g_strerror (errno));
  return FALSE;
}

static gboolean
listen_at_given (PrivateSocket *self, guint n_sockets, GError **error)
{
  for (guint i = 0; i < n_sockets; i++)
    {
      g_autoptr (GSocket) socket = g_socket_new_from_fd (READINESS_FIRST_SOCKET + (int) i, error);
      if (socket == NULL || !g_socket_listener_add_socket (G_SOCKET_LISTENER (self->service), socket, NULL, error))
        {
          g_prefix_error (error, "the service manager's socket can't be used: ");
          return FALSE;
        }
    }
  return TRUE;
}

PrivateSocket *
private_socket_new (Daemon *daemon, const char *path, guint mode, GError **error)
{
  g_autoptr (PrivateSocket) self = g_new0 (PrivateSocket, 1);
  guint n_sockets = readiness_count_sockets ();

  self->daemon = daemon;
  self->service = g_socket_service_new ();
  if (n_sockets > 0 ? !listen_at_given (self, n_sockets, error) : !listen_at_path (self, path, mode, error))
    return NULL;
  g_signal_connect (self->service, "incoming", G_CALLBACK (on_incoming), self);
  g_socket_service_start (self->service);
  return g_steal_pointer (&self);
}

void
private_socket_free (PrivateSocket *self)
{
  g_socket_service_stop (self->service);
  g_socket_listener_close (G_SOCKET_LISTENER (self->service));
  g_object_unref (self->service);
  if (self->path != NULL)
    g_unlink (self->path);
  g_free (self->path);
  g_free (self);
}
