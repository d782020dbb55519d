/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tables of methods and properties, by interface. */
#pragma once

#include "call.h"

G_BEGIN_DECLS

/* NULL if the daemon has no such method. */
const Method *methods_find (const char *interface, const char *name);

/* A call whose caller is known: finds its object, looks at its options, and begins. */
void methods_run (Call *call);

/* org.libkms.Kms1.Manager */
void manager_list_boxes (Call *call);
void manager_list_providers (Call *call);
void manager_lookup_box (Call *call);
void manager_reload (Call *call);

/* org.libkms.Kms1.Box */
void box_get_info (Call *call);
void box_encrypt (Call *call);
void box_decrypt (Call *call);

G_END_DECLS
