/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many of the records that wait for the audit log are of one user: while a disk is slow, one alone does not take all the
 * places. Not locked: the log's lock is. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define MAX_WAITING 131072       /* records; more are refused at once */
#define MAX_WAITING_OF_ONE 32768 /* of one user */

typedef struct
{
  GHashTable *users; /* uid → records */
  guint n;           /* of all, and of the daemon itself */
} AuditShares;

void audit_shares_init (AuditShares *self);
void audit_shares_clear (AuditShares *self);

/* How many may still come of that user; a negative one is the daemon itself. */
guint audit_shares_get_room (const AuditShares *self, gint64 uid);

void audit_shares_take (AuditShares *self, gint64 uid, guint n);
void audit_shares_give_back (AuditShares *self, gint64 uid, guint n);

G_END_DECLS
