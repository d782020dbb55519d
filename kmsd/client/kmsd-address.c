/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Buses are looked for where the environment says, and nowhere is one started: GIO's own search for a session bus would
 * run dbus-launch. */
#include "kmsd-address.h"

#include <gio/gio.h>

#define SYSTEM_BUS "unix:path=/run/dbus/system_bus_socket"
#define SYSTEM_SOCKET "/run/kmsd/private"
#define SESSION_SOCKET "kmsd/private" /* in the user's runtime directory */

void
kmsd_address_free (KmsdAddress *self)
{
  g_free (self->address);
  g_free (self);
}

static void
add (GPtrArray *list, char *address, gboolean is_bus)
{
  KmsdAddress *self = g_new (KmsdAddress, 1);

  *self = (KmsdAddress){ address, is_bus };
  g_ptr_array_add (list, self);
}

static char *
dup_path_address (const char *path)
{
  g_autofree char *escaped = g_dbus_address_escape_value (path);
  return g_strconcat ("unix:path=", escaped, NULL);
}

static void
add_path (GPtrArray *list, const char *path, gboolean is_bus)
{
  add (list, dup_path_address (path), is_bus);
}

static void
add_system (GPtrArray *list)
{
  const char *address = g_getenv ("DBUS_SYSTEM_BUS_ADDRESS");

  add (list, g_strdup (address == NULL || address[0] == '\0' ? SYSTEM_BUS : address), TRUE);
  add_path (list, SYSTEM_SOCKET, FALSE);
}

static void
add_session (GPtrArray *list)
{
  const char *address = g_getenv ("DBUS_SESSION_BUS_ADDRESS");
  g_autofree char *bus = g_build_filename (g_get_user_runtime_dir (), "bus", NULL);
  g_autofree char *socket = g_build_filename (g_get_user_runtime_dir (), SESSION_SOCKET, NULL);

  if (address != NULL && address[0] != '\0')
    add (list, g_strdup (address), TRUE);
  else
    add_path (list, bus, TRUE);
  add_path (list, socket, FALSE);
}

GPtrArray *
kmsd_address_list (const KmsdPlace *place)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) kmsd_address_free);

  if (place->bus == KMSD_BUS_SOCKET)
    add_path (list, place->socket, FALSE);
  else if (place->bus == KMSD_BUS_SYSTEM)
    add_system (list);
  else
    add_session (list);
  return list;
}

gboolean
kmsd_address_is_vacant (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)
         || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
}
