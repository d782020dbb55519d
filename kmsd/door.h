/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A connection on which the daemon's objects stand: a bus, or one client of a private socket. */
#pragma once

#include "daemon.h"

G_BEGIN_DECLS

/* The daemon's objects, for all who come over this bus. NULL with an error if the paths are taken. */
Door *door_new_for_bus (Daemon *daemon, GDBusConnection *connection, BusKind bus, GError **error);

/* The same for one caller, who is the only one, and whose place among the connections is given back with the door. */
Door *door_new_for_caller (Daemon *daemon, GDBusConnection *connection, Caller *caller, GError **error);

/* Cancels what its callers have in flight. */
void door_free (Door *self);

GDBusConnection *door_get_connection (Door *self);

/* A signal without names in it, to all who listen. */
void door_emit (Door *self, const char *signal);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Door, door_free)

G_END_DECLS
