/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a call may go on: lockdown, the lists of the box, polkit, the audit log, in this order. */
#pragma once

#include "audit-record.h"
#include "call.h"
#include "operation.h"

G_BEGIN_DECLS

/* A record of an item of the call, for the audit log. */
typedef AuditRecord *(*PermitDescribe) (Call *call, guint index, AuditOutcome outcome);

/* Calls next if the caller may do the operation to so many items, and, where it shows a plaintext or changes something,
 * once it stands in the audit log that this is about to be done; then call->intents are those records. Else the call is
 * answered with an error. Counts for alerts either way. NULL describes calls without items. */
void permit (Call *call, Operation operation, guint n_items, PermitDescribe describe, CallFunc next);

/* After a wait. FALSE with LOCKED_DOWN. */
gboolean permit_again (Call *call, Operation operation, GError **error);

/* A right over the whole daemon, that root and the daemon's own user have; on the system bus polkit is asked for others.
 * The action is "audit-read" and the like. */
void permit_action (Call *call, const char *action, CallFunc next);

G_END_DECLS
