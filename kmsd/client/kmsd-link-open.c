/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connects, to the first address where somebody is. */
#include "kmsd-address.h"
#include "kmsd-failure.h"
#include "kmsd-link-private.h"

static GDBusConnectionFlags
get_flags (const KmsdAddress *address)
{
  return G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
         | (address->is_bus ? G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION : G_DBUS_CONNECTION_FLAGS_NONE);
}

/* Secrets go through pipes, and pipes go through unix sockets only. */
static gboolean
check_connection (const KmsdPlace *place, GDBusConnection *connection, GError **error)
{
  g_autofree char *where = NULL;

  if ((g_dbus_connection_get_capabilities (connection) & G_DBUS_CAPABILITY_FLAGS_UNIX_FD_PASSING) != 0)
    return TRUE;
  where = kmsd_place_describe (place);
  g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED,
               "%s passes no descriptors, so no secret can go through it; use one at a unix: address", where);
  return FALSE;
}

static KmsdLink *
make_link (const KmsdPlace *place, const KmsdAddress *address, GDBusConnection *connection, GError **error)
{
  g_autoptr (GDBusConnection) owned = connection;

  if (!check_connection (place, connection, error))
    return NULL;
  return kmsd_link_new (place, g_steal_pointer (&owned), address->is_bus);
}

KmsdLink *
kmsd_link_open (const KmsdPlace *place, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) addresses = kmsd_address_list (place);
  g_autoptr (GError) first = NULL;

  for (guint i = 0; i < addresses->len; i++)
    {
      const KmsdAddress *address = g_ptr_array_index (addresses, i);
      g_autoptr (GError) local = NULL;
      GDBusConnection *connection =
        g_dbus_connection_new_for_address_sync (address->address, get_flags (address), NULL, cancellable, &local);
      if (connection != NULL)
        return make_link (place, address, connection, error);
      gboolean is_vacant = kmsd_address_is_vacant (local);
      if (first == NULL || !is_vacant)
        {
          g_clear_error (&first);
          first = g_steal_pointer (&local);
        }
      if (!is_vacant)
        break;
    }
  g_propagate_error (error, kmsd_failure_of_connection (place, g_steal_pointer (&first)));
  return NULL;
}

typedef struct
{
  KmsdPlace place;
  GPtrArray *addresses;
  guint next;
  GError *first; /* what the best of them said */
} Opening;

static void
opening_free (gpointer data)
{
  Opening *self = data;

  kmsd_place_clear (&self->place);
  g_ptr_array_unref (self->addresses);
  g_clear_error (&self->first);
  g_free (self);
}

static void try_next (GTask *task);

static void
on_connected (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Opening *self = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  GDBusConnection *connection = g_dbus_connection_new_for_address_finish (result, &error);

  if (connection != NULL)
    {
      KmsdLink *link = make_link (&self->place, g_ptr_array_index (self->addresses, self->next), connection, &error);
      if (link != NULL)
        g_task_return_pointer (task, link, (GDestroyNotify) kmsd_link_unref);
      else
        g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  gboolean is_vacant = kmsd_address_is_vacant (error);
  if (self->first == NULL || !is_vacant)
    {
      g_clear_error (&self->first);
      self->first = g_steal_pointer (&error);
    }
  if (is_vacant && ++self->next < self->addresses->len)
    try_next (g_steal_pointer (&task));
  else
    g_task_return_error (task, kmsd_failure_of_connection (&self->place, g_steal_pointer (&self->first)));
}

/* Takes the task. */
static void
try_next (GTask *task)
{
  Opening *self = g_task_get_task_data (task);
  const KmsdAddress *address = g_ptr_array_index (self->addresses, self->next);

  g_dbus_connection_new_for_address (address->address, get_flags (address), NULL, g_task_get_cancellable (task),
                                     on_connected, task);
}

void
kmsd_link_open_async (const KmsdPlace *place, GCancellable *cancellable, GAsyncReadyCallback callback,
                      gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  Opening *self = g_new0 (Opening, 1);

  g_task_set_source_tag (task, kmsd_link_open_async);
  kmsd_place_copy (place, &self->place);
  self->addresses = kmsd_address_list (place);
  g_task_set_task_data (task, self, opening_free);
  try_next (task);
}

KmsdLink *
kmsd_link_open_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
