/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What gates know of their thread. */
#pragma once

#include "gate.h"

G_BEGIN_DECLS

GMainContext *gates_get_context (Gates *self);
Flows *gates_get_flows (Gates *self);
const char *gates_get_guid (Gates *self);

/* A gate counts from when it is made until it has ended; the source is borrowed meanwhile. */
void gates_add (Gates *self, GSource *source);
void gates_remove (Gates *self, GSource *source);

/* When all of them end, monotonic; 0: not yet. */
gint64 gates_get_end (Gates *self);

G_END_DECLS
