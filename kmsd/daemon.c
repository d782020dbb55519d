/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon's beginning and end. */
#include "daemon.h"

#include <unistd.h>

#include "alarm.h"
#include "bus.h"
#include "door.h"
#include "idle.h"
#include "private-socket.h"
#include "readiness.h"
#include "refusals.h"
#include "reload.h"
#include "state-directory.h"
#include "trail.h"
#include "units.h"
#include "unsaved.h"

static gboolean
open_state (Daemon *self, GError **error)
{
  self->state_lock = state_directory_lock (self->options->state_directory, error);
  if (self->state_lock < 0)
    return FALSE;
  self->lockdown = lockdown_store_open (self->options->state_directory, error);
  if (self->lockdown == NULL)
    return FALSE;
  g_autofree char *problem = lockdown_store_dup_problem (self->lockdown);
  if (problem != NULL)
    g_warning ("everything is sealed: %s", problem);
  return TRUE;
}

/* A private socket of the system's is for everybody, since the lists of the boxes decide. */
static gboolean
open_private_socket (Daemon *self, GError **error)
{
  if (self->options->private_socket == NULL && readiness_count_sockets () == 0)
    return TRUE;
  self->private_socket =
    private_socket_new (self, self->options->private_socket, self->options->bus == BUS_SYSTEM ? 0666 : 0600, error);
  return self->private_socket != NULL;
}

/* Early at boot, and in containers, there is no bus: the private socket is served all the same. A bus that does not give
 * us the name is another matter. */
static gboolean
open_bus (Daemon *self, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (self->options->bus == BUS_PRIVATE || bus_start (self, &local))
    return TRUE;
  if (self->private_socket != NULL && self->bus_door == NULL)
    {
      g_warning ("%s; only the private socket is served until the bus is there", local->message);
      bus_start_later (self);
      return TRUE;
    }
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

gboolean
daemon_start (Daemon *self, const DaemonOptions *options, GError **error)
{
  self->options = options;
  self->state_lock = -1;
  self->uid = geteuid ();
  self->loop = g_main_loop_new (NULL, FALSE);
  self->quotas = quotas_new ();
  self->gates = gates_new ();
  self->alerts = alert_counters_new (alarm_raise, self);
  self->doors = g_ptr_array_new_with_free_func ((GDestroyNotify) door_free);
  self->last_use = g_get_monotonic_time ();
  self->registry = kms_registry_new (options->config_root, "kmsd", error);
  /* Nobody sits here, and who calls is asked by kmsd itself. */
  if (self->registry != NULL)
    kms_registry_set_interactive (self->registry, FALSE);
  if (self->registry == NULL || !reload_first (self, error) || !open_state (self, error) || !trail_open (self, error))
    return FALSE;
  if (!open_private_socket (self, error) || !open_bus (self, error))
    return FALSE;
  idle_start (self);
  return TRUE;
}

gboolean
daemon_is_ruled_by (const Daemon *self, guint32 uid)
{
  return uid == 0 || uid == self->uid;
}

void
daemon_clear (Daemon *self)
{
  idle_stop (self);
  g_clear_pointer (&self->private_socket, private_socket_free);
  bus_stop (self);
  g_clear_pointer (&self->bus_door, door_free);
  g_clear_pointer (&self->units, units_free);
  g_clear_pointer (&self->doors, g_ptr_array_unref);
  g_clear_pointer (&self->gates, gates_free);
  reload_stop (self);
  refusals_stop (self);
  unsaved_stop (self);
  trail_close (self);
  g_clear_pointer (&self->subscribers, g_ptr_array_unref);
  g_clear_pointer (&self->lockdown, lockdown_store_unref);
  g_clear_pointer (&self->alerts, alert_counters_free);
  g_clear_pointer (&self->boxes, box_table_unref);
  g_clear_pointer (&self->openings, g_hash_table_unref);
  daemon_settings_clear (&self->settings);
  g_clear_object (&self->registry);
  g_clear_pointer (&self->quotas, quotas_free);
  g_clear_pointer (&self->loop, g_main_loop_unref);
  g_clear_error (&self->failure);
  if (self->state_lock >= 0)
    close (self->state_lock);
}

void
daemon_add_door (Daemon *self, Door *door)
{
  g_ptr_array_add (self->doors, door);
}

void
daemon_drop_door (Daemon *self, GDBusConnection *connection)
{
  for (guint i = 0; i < self->doors->len; i++)
    if (door_get_connection (g_ptr_array_index (self->doors, i)) == connection)
      {
        g_ptr_array_remove_index_fast (self->doors, i);
        break;
      }
  self->last_use = g_get_monotonic_time ();
}
