/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connects to a bus and owns the name there. */
#include "bus.h"

#include "door.h"
#include "units.h"

#define NAME_FLAG_DO_NOT_QUEUE 4
#define REPLY_PRIMARY_OWNER 1
#define REPLY_ALREADY_OWNER 4

/* A service manager that watches starts it again when the bus is back. */
static void
on_closed (GDBusConnection *connection, gboolean remote, GError *error, gpointer data)
{
  daemon_quit (data, g_error_new (KMS_ERROR, KMS_ERROR_UNAVAILABLE, "the bus closed the connection: %s",
                                  error == NULL ? "no reason was given" : error->message));
}

/* Before any caller is there, this may block. */
static gboolean
own_name (GDBusConnection *connection, GError **error)
{
  g_autoptr (GVariant) reply =
    g_dbus_connection_call_sync (connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                 "RequestName", g_variant_new ("(su)", BUS_NAME, NAME_FLAG_DO_NOT_QUEUE),
                                 G_VARIANT_TYPE ("(u)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, error);
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

gboolean
bus_start (Daemon *self, GError **error)
{
  GBusType type = self->options->bus == BUS_SYSTEM ? G_BUS_TYPE_SYSTEM : G_BUS_TYPE_SESSION;
  g_autoptr (GDBusConnection) connection = g_bus_get_sync (type, NULL, error);

  if (connection == NULL)
    {
      g_prefix_error (error, "no connection to the %s bus: ", bus_kind_to_string (self->options->bus));
      return FALSE;
    }
  g_dbus_connection_set_exit_on_close (connection, FALSE);
  self->units = units_new (connection);
  self->bus_door = door_new_for_bus (self, connection, self->options->bus, error);
  if (self->bus_door == NULL)
    return FALSE;
  g_signal_connect (connection, "closed", G_CALLBACK (on_closed), self);
  if (!own_name (connection, error))
    return FALSE;
  self->owns_name = TRUE;
  return TRUE;
}

void
bus_stop (Daemon *self)
{
  if (!self->owns_name)
    return;
  GDBusConnection *connection = door_get_connection (self->bus_door);

  self->owns_name = FALSE;
  g_signal_handlers_disconnect_by_func (connection, on_closed, self);
  g_dbus_connection_call (connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                          "ReleaseName", g_variant_new ("(s)", BUS_NAME), NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL,
                          NULL);
}
