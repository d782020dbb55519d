/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands between a peer at a private socket and GDBus. GDBus reads its sockets in one thread for all connections, and
 * asks nobody before: so it gets another socket, to which only those messages are passed on that are worth reading. */
#pragma once

#include <gio/gio.h>

#include "flow.h"

G_BEGIN_DECLS

typedef struct _Gates Gates;
typedef struct _Gate Gate;

/* The thread of all gates. */
Gates *gates_new (void);

/* What is on its way to the peers gets a moment to arrive. No message is passed on any more. */
void gates_free (Gates *self);

/* In the main thread, once: the peer has authenticated, and GDBus may do so at that stream, as a client. NULL: it did not. */
typedef void (*GateFunc) (GSocketConnection *inside, gpointer user_data);

/* The stream belongs to the gate. */
Gate *gate_new (Gates *gates, GSocketConnection *stream, guint32 uid, GateFunc func, gpointer user_data);
void gate_unref (Gate *self);

/* In any thread. Until it is opened, no message passes. */
void gate_open (Gate *self);
void gate_close (Gate *self);

/* To be told of what GDBus reads and answers there. */
Flow *gate_get_flow (Gate *self);

G_END_DECLS
