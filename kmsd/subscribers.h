/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who listens to the audit log. Signals go to each of them alone, never to all. */
#pragma once

#include "alert.h"
#include "audit-record.h"
#include "call.h"

G_BEGIN_DECLS

/* Until they unsubscribe or leave. QUOTA if there are too many. */
gboolean subscribers_add (Daemon *self, Caller *caller, GDBusConnection *connection, GError **error);
/* Whether anybody who has not left listens. */
gboolean subscribers_has_any (Daemon *self);

void subscribers_remove (Daemon *self, Caller *caller);

void subscribers_tell_record (Daemon *self, const AuditRecord *record);
void subscribers_tell_alert (Daemon *self, const AlertEvent *event);

G_END_DECLS
