/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hello, for clients that take every connection for one to a bus. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* 0 with an error; else the id for g_dbus_connection_unregister_object(). */
guint hello_register (GDBusConnection *connection, GError **error);

G_END_DECLS
