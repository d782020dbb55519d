/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which interfaces stand at which path, and what is told about that. */
#pragma once

#include "call.h"

G_BEGIN_DECLS

/* For GDBus: what stands in a subtree, whose path or whose node's path it is. The array and its elements are the caller's. */
GDBusInterfaceInfo **interfaces_list (const char *path);

/* Stands at the root of a subtree, in place of what GDBus would tell. */
const GDBusInterfaceInfo *interfaces_get_introspectable (void);

/* org.freedesktop.DBus.Introspectable.Introspect there: the names that the caller may see. */
void introspectable_introspect (Call *call);

/* org.freedesktop.DBus.Properties, of all objects. */
void properties_get (Call *call);
void properties_get_all (Call *call);

/* Borrowed; NULL if the daemon has no such interface. */
const GDBusInterfaceInfo *interfaces_find (const char *name);

G_END_DECLS
