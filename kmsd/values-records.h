/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the audit log says of the items of a call. */
#pragma once

#include "audit-record.h"
#include "values.h"

G_BEGIN_DECLS

AuditRecord *values_describe_item (Call *call, guint index, AuditOutcome outcome);

/* For trail_append(): a record an item; or, if nothing tells the items of a batch apart, one that stands for all. */
GPtrArray *values_describe_intents (Call *call);
GPtrArray *values_describe_outcomes (Call *call, gint64 duration);

G_END_DECLS
