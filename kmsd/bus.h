/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon's place on the system or session bus. */
#pragma once

#include "daemon.h"

G_BEGIN_DECLS

#define BUS_NAME "org.libkms.Kms1"

/* Connects, puts the objects there, and asks for the name. Blocks until the bus has answered. If the bus goes later, and a
 * private socket is served, that goes on, and so does this when the bus is back; else the daemon ends. */
gboolean bus_start (Daemon *self, GError **error);

/* Does the same when the bus is there, and looks for it until then, ever less often. Nobody waits for it. */
void bus_start_later (Daemon *self);

/* Releases the name; what is in flight can still be answered. */
void bus_stop (Daemon *self);

G_END_DECLS
