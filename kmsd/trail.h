/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the daemon writes into the audit log: intents, outcomes, refusals, and notes of its own. */
#pragma once

#include "audit-record.h"
#include "call.h"

G_BEGIN_DECLS

/* Opens the log as the settings say, and notes the start. */
gboolean trail_open (Daemon *self, GError **error);
void trail_close (Daemon *self);

/* Another log, if the settings have it in another directory than the one that is open; NULL without an error if not.
 * Blocks on the disk, in any thread. */
AuditLog *trail_open_other (const DaemonOptions *options, const DaemonSettings *settings, AuditLog *current,
                            GError **error);

/* Goes on in that one (taken over; NULL: in the same), as the daemon's settings say by now. Calls that began with the old
 * one end with it. */
void trail_switch (Daemon *self, AuditLog *other);

/* A record with the call's caller and box. */
AuditRecord *trail_record_new (Call *call, const char *operation, AuditOutcome outcome);

/* The records as they were written, borrowed; NULL with AUDIT, and then the call must not go on. */
typedef void (*TrailFunc) (Call *call, GPtrArray *written, const GError *error);

/* Takes the records over, and calls back when they are on the disk. */
void trail_append (Call *call, GPtrArray *records, TrailFunc func);
void trail_append_one (Call *call, AuditRecord *record, TrailFunc func);

/* Writes one record and fails the call with that error, whether it could be written or not. Takes both over. Of very many
 * refusals, most are only counted: refusals.h. */
void trail_fail (Call *call, AuditRecord *record, GError *error);

/* What the policy of the call's log shows of the context. */
void trail_set_context (Call *call, AuditRecord *record, KmsContext *context);

/* A record that nobody waits for: it is taken over, and warned of if it can't be written. */
void trail_note (Daemon *self, AuditRecord *record);

G_END_DECLS
