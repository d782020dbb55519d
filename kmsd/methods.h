/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tables of methods and properties, by interface. */
#pragma once

#include "call.h"

G_BEGIN_DECLS

#define METHODS_BOX "org.libkms.Kms1.Box"

/* NULL if the daemon has no such method. Any thread. */
const Method *methods_find (const char *interface, const char *name);

/* Borrowed: its arguments; NULL for methods of org.freedesktop.DBus, which GDBus knows. Any thread. */
GDBusMethodInfo *methods_get_info (const Method *method);

/* A call whose caller is known: finds its object, looks at its options, and begins. */
void methods_run (Call *call);

/* org.libkms.Kms1.Manager */
void manager_list_boxes (Call *call);
void manager_list_providers (Call *call);
void manager_lookup_box (Call *call);
void manager_reload (Call *call);
void manager_inspect_ciphertext (Call *call);

/* org.libkms.Kms1.Lockdown */
void lockdown_get_info (Call *call);
void lockdown_engage (Call *call);
void lockdown_release (Call *call);

/* org.libkms.Kms1.Audit */
void audit_subscribe (Call *call);
void audit_unsubscribe (Call *call);
void audit_query_log (Call *call);
void audit_verify_log (Call *call);

/* org.libkms.Kms1.Box */
void box_get_info (Call *call);
void box_encrypt (Call *call);
void box_decrypt (Call *call);
void box_rewrap (Call *call);
void box_generate_data_key (Call *call);
void box_generate_data_key_without_plaintext (Call *call);
void box_encrypt_batch (Call *call);
void box_decrypt_batch (Call *call);
void box_rewrap_batch (Call *call);
void box_check_access (Call *call);
void box_rotate_key (Call *call);

/* org.libkms.Kms1.Provider */
void provider_check (Call *call);
void provider_list_keys (Call *call);
void provider_get_key (Call *call);
void provider_manage_key (Call *call);

G_END_DECLS
