/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connects to a bus and owns the name there; again, where something else is served meanwhile. The connection is the daemon's
 * own: the one that GIO shares can't be had again once it was closed. */
#include "bus.h"

#include "door.h"
#include "units.h"

#define NAME_FLAG_DO_NOT_QUEUE 4
#define REPLY_PRIMARY_OWNER 1
#define REPLY_ALREADY_OWNER 4

/* At boot the bus comes soon; where there is none, it costs a look at a path every few seconds. */
#define FIRST_DELAY_MS 250
#define LAST_DELAY_MS 5000

static GDBusConnection *
connect_to (BusKind kind, GError **error)
{
  GBusType type = kind == BUS_SYSTEM ? G_BUS_TYPE_SYSTEM : G_BUS_TYPE_SESSION;
  g_autoptr (GError) local = NULL;
  g_autofree char *address = g_dbus_address_get_for_bus_sync (type, NULL, &local);
  GDBusConnection *connection =
    address == NULL
      ? NULL
      : g_dbus_connection_new_for_address_sync (
        address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION, NULL,
        NULL, &local);

  if (connection == NULL)
    g_set_error (error, KMS_ERROR, KMS_ERROR_UNAVAILABLE, "no connection to the %s bus: %s", bus_kind_to_string (kind),
                 local->message);
  return connection;
}

static void
leave (Daemon *self)
{
  self->owns_name = FALSE;
  g_clear_pointer (&self->bus_door, door_free);
  g_clear_pointer (&self->units, units_free);
}

/* Without anything else to serve, a service manager that watches starts us again when the bus is back. */
static void
on_closed (GDBusConnection *connection, gboolean remote, GError *error, gpointer data)
{
  Daemon *self = data;
  const char *reason = error == NULL ? "no reason was given" : error->message;

  g_signal_handlers_disconnect_by_func (connection, on_closed, self);
  if (self->private_socket == NULL)
    {
      daemon_quit (self, g_error_new (KMS_ERROR, KMS_ERROR_UNAVAILABLE, "the bus closed the connection: %s", reason));
      return;
    }
  g_warning ("the bus closed the connection: %s; only the private socket is served until it is back", reason);
  leave (self);
  bus_start_later (self);
}

static gboolean
stand_on (Daemon *self, GDBusConnection *connection, GError **error)
{
  g_dbus_connection_set_exit_on_close (connection, FALSE);
  self->units = units_new (connection);
  self->bus_door = door_new_for_bus (self, connection, self->options->bus, error);
  if (self->bus_door == NULL)
    {
      leave (self);
      return FALSE;
    }
  g_signal_connect (connection, "closed", G_CALLBACK (on_closed), self);
  return TRUE;
}

static gboolean
read_reply (GVariant *reply, GError **error)
{
  guint32 code;

  if (reply == NULL)
    {
      g_prefix_error (error, "the name " BUS_NAME " can't be owned: ");
      return FALSE;
    }
  g_variant_get (reply, "(u)", &code);
  if (code == REPLY_PRIMARY_OWNER || code == REPLY_ALREADY_OWNER)
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_ALREADY_EXISTS,
               "another process owns " BUS_NAME " on this bus: is another kmsd running? End it first");
  return FALSE;
}

static GVariant *
new_request (void)
{
  return g_variant_new ("(su)", BUS_NAME, NAME_FLAG_DO_NOT_QUEUE);
}

/* Before any caller is there, this may block. */
static gboolean
own_name (GDBusConnection *connection, GError **error)
{
  g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
    connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName", new_request (),
    G_VARIANT_TYPE ("(u)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, error);

  return read_reply (reply, error);
}

gboolean
bus_start (Daemon *self, GError **error)
{
  g_autoptr (GDBusConnection) connection = connect_to (self->options->bus, error);

  if (connection == NULL || !stand_on (self, connection, error) || !own_name (connection, error))
    return FALSE;
  self->owns_name = TRUE;
  return TRUE;
}

static void
on_named (GObject *source, GAsyncResult *result, gpointer data)
{
  GDBusConnection *connection = G_DBUS_CONNECTION (source);
  Daemon *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (connection, result, &error);

  /* It was closed meanwhile, and is looked for already. */
  if (self->bus_door == NULL || door_get_connection (self->bus_door) != connection || self->closing)
    return;
  if (read_reply (reply, &error))
    {
      self->owns_name = TRUE;
      self->bus_delay_ms = 0;
      g_message ("the %s bus is served", bus_kind_to_string (self->options->bus));
      return;
    }
  g_warning ("%s", error->message);
  g_signal_handlers_disconnect_by_func (connection, on_closed, self);
  leave (self);
  bus_start_later (self);
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer data)
{
  Daemon *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) connection = g_task_propagate_pointer (G_TASK (result), &error);

  if (self->closing)
    return;
  if (connection == NULL || !stand_on (self, connection, &error))
    {
      g_debug ("%s", error->message);
      bus_start_later (self);
      return;
    }
  g_dbus_connection_call (connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                          "RequestName", new_request (), G_VARIANT_TYPE ("(u)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL,
                          on_named, self);
}

static void
connect_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;
  GDBusConnection *connection = connect_to ((BusKind) GPOINTER_TO_INT (data), &error);

  if (connection == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, connection, g_object_unref);
}

static gboolean
look_for_bus (gpointer data)
{
  Daemon *self = data;
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_connected, self);

  self->bus_source = 0;
  g_task_set_task_data (task, GINT_TO_POINTER (self->options->bus), NULL);
  g_task_run_in_thread (task, connect_in_thread);
  return G_SOURCE_REMOVE;
}

void
bus_start_later (Daemon *self)
{
  self->bus_delay_ms = CLAMP (2 * self->bus_delay_ms, FIRST_DELAY_MS, LAST_DELAY_MS);
  self->bus_source = g_timeout_add (self->bus_delay_ms, look_for_bus, self);
}

void
bus_stop (Daemon *self)
{
  g_clear_handle_id (&self->bus_source, g_source_remove);
  if (!self->owns_name)
    return;
  GDBusConnection *connection = door_get_connection (self->bus_door);

  self->owns_name = FALSE;
  g_signal_handlers_disconnect_by_func (connection, on_closed, self);
  g_dbus_connection_call (connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                          "ReleaseName", g_variant_new ("(s)", BUS_NAME), NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL,
                          NULL);
}
