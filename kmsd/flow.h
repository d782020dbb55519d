/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a user may have under way at private sockets, counted where a flood is met before it is queued. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _Flows Flows;

Flows *flows_new (void);
void flows_unref (Flows *self);

/* Before the connection's messages are processed. */
void flows_limit (Flows *self, GDBusConnection *connection, guint32 uid);

G_END_DECLS
