/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the daemon ends: no new calls, the name released, what is in flight answered and sent; all in bounded time. */
#include "bus.h"
#include "door.h"
#include "private-socket.h"
#include "readiness.h"
#include "refusals.h"
#include "trail.h"

static gboolean
on_too_late (gpointer data)
{
  Daemon *self = data;

  g_warning ("%u calls and the answers on %u connections are not done yet; kmsd ends all the same", self->n_calls,
             self->n_flushing);
  g_main_loop_quit (self->loop);
  return G_SOURCE_REMOVE;
}

static void
on_flushed (GObject *connection, GAsyncResult *result, gpointer data)
{
  Daemon *self = data;

  g_dbus_connection_flush_finish (G_DBUS_CONNECTION (connection), result, NULL);
  if (--self->n_flushing == 0)
    g_main_loop_quit (self->loop);
}

static void
flush_door (gpointer door, gpointer data)
{
  Daemon *self = data;

  self->n_flushing++;
  g_dbus_connection_flush (door_get_connection (door), NULL, on_flushed, self);
}

/* Answers may still stand in GDBus's queue, and a client may not read. */
static void
flush_all (Daemon *self)
{
  if (self->bus_door != NULL)
    flush_door (self->bus_door, self);
  g_ptr_array_foreach (self->doors, flush_door, self);
  if (self->n_flushing == 0)
    g_main_loop_quit (self->loop);
}

void
daemon_quit (Daemon *self, GError *failure)
{
  if (self->closing)
    {
      g_clear_error (&failure);
      return;
    }
  self->failure = failure;
  self->closing = TRUE;
  refusals_flush (self);
  trail_note (self, audit_record_new ("stop", AUDIT_OUTCOME_DONE));
  readiness_tell ("STOPPING=1");
  g_clear_pointer (&self->private_socket, private_socket_free);
  bus_stop (self);
  g_timeout_add (DRAIN_TIMEOUT_MS, on_too_late, self);
  if (self->n_calls == 0)
    flush_all (self);
}

void
daemon_hold (Daemon *self)
{
  self->n_calls++;
}

void
daemon_release (Daemon *self)
{
  self->n_calls--;
  self->last_use = g_get_monotonic_time ();
  if (self->closing && self->n_calls == 0)
    flush_all (self);
}
