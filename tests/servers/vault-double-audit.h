/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The audit log of the Vault double. */
#pragma once

#include "vault-double-call.h"

G_BEGIN_DECLS

/* Notes a call that is done. */
void double_audit_note (DoubleCall *call);
void double_audit_entry_free (VaultAuditEntry *entry);

G_END_DECLS
