/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls of boxes on their way to the main thread: past GDBus's own dispatch, which needs two turns of the main loop for an
 * object of a subtree, and runs all that came in the order in which it came. Here callers take turns, so that one who
 * sends a thousand calls at once does not keep the others waiting for a thousand. A short call that comes alone while the
 * main thread sleeps does not wake it. */
#pragma once

#include "call.h"

G_BEGIN_DECLS

typedef struct _Arrivals Arrivals;

/* In the main thread, of which it takes a little at a time, or in its house. Takes the message over. */
typedef void (*ArrivalFunc) (GDBusMessage *message, const Method *method, gpointer user_data);

/* Whether nothing else of the caller is under way: then a short call needs no turn, and is run where it was read. */
typedef gboolean (*ArrivalTestFunc) (GDBusMessage *message, gpointer user_data);

Arrivals *arrivals_new (GDBusConnection *connection, ArrivalTestFunc is_alone, ArrivalFunc func, gpointer user_data);

/* What is still on its way is dropped, as it is with a connection that is closed. */
void arrivals_free (Arrivals *self);

G_END_DECLS
