/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a call may go on: lockdown, the lists of the box, polkit, the audit log, in this order. */
#pragma once

#include "call.h"
#include "operation.h"

G_BEGIN_DECLS

/* Calls next if the caller may do the operation to so many items; else the call is answered with an error. Counts for
 * alerts either way. */
void permit (Call *call, Operation operation, guint n_items, CallFunc next);

/* After a wait. FALSE with LOCKED_DOWN. */
gboolean permit_again (Call *call, Operation operation, GError **error);

G_END_DECLS
