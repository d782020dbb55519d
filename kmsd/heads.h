/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* When the journal is told how far the audit log has come: so often that a tail that is cut off is short. */
#pragma once

#include "daemon.h"

G_BEGIN_DECLS

#define HEAD_RECORDS 256
#define HEAD_SECONDS 10

/* So many records of that log are on the disk. */
void heads_count (Daemon *self, AuditLog *log, guint n_records);

/* Tells it now: where a log begins or ends. */
void heads_tell (Daemon *self, AuditLog *log);

void heads_stop (Daemon *self);

G_END_DECLS
