/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which interfaces stand at which path, and what is told about that. */
#pragma once

#include "call.h"

G_BEGIN_DECLS

/* For GDBus: of a subtree's root, or of what stands beneath it. The array and its elements are the caller's. */
GDBusInterfaceInfo **interfaces_list (const char *subtree, gboolean beneath);

/* org.freedesktop.DBus.Introspectable.Introspect in a subtree: only what the caller may see. */
void introspectable_introspect (Call *call);

/* org.freedesktop.DBus.Properties, of all objects. */
void properties_get (Call *call);
void properties_get_all (Call *call);

/* Borrowed; NULL if the daemon has no such interface. */
const GDBusInterfaceInfo *interfaces_find (const char *name);

G_END_DECLS
