/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many refused calls of one user get a record each. Who may do nothing may still ask, and must not be able to fill the
 * disk with that. */
#pragma once

#include "audit-record.h"
#include "daemon.h"

G_BEGIN_DECLS

#define REFUSED_RECORDS 10 /* of one user, within REFUSED_WINDOW_MS; what is refused above that is counted */
#define REFUSED_WINDOW_MS 1000

/* Whether the record is to be written by itself. If not, it is counted, and one record for all of them follows. */
gboolean refusals_admit (Daemon *self, const AuditRecord *record);

/* Writes down now what was counted. */
void refusals_flush (Daemon *self);

void refusals_stop (Daemon *self);

G_END_DECLS
