/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tells the journal, with structured fields, in its own protocol (https://systemd.io/JOURNAL_NATIVE_PROTOCOL/): a datagram
 * that never waits, so that a journal that hangs holds nobody up. */
#pragma once

#include "audit-log.h"

G_BEGIN_DECLS

typedef struct _Journal Journal;

/* A path of NULL is the system's. Where there is no journal nothing is told, and that is no error. */
Journal *journal_new (const char *socket_path);
void journal_free (Journal *self);

/* Records (of AuditRecord) that are on disk, and were written together: MESSAGE, PRIORITY, MESSAGE_ID and KMS_OPERATION,
 * KMS_BOX, KMS_OUTCOME, KMS_SEQUENCE, … Those that follow each other and say the same are one message with KMS_ITEMS and
 * KMS_LAST_SEQUENCE: the journal drops what comes by the thousand. */
void journal_send_records (Journal *self, GPtrArray *records);

/* KMS_AUDIT_HEAD=SEQ:MAC, out of reach of who writes the log's files. FALSE if the journal had no room for it. */
gboolean journal_send_head (Journal *self, const AuditHead *head);

/* Anything else that administrators should read; priority as in syslog(3). */
void journal_send_message (Journal *self, int priority, const char *message);

/* What a full or hanging journal lost. */
guint64 journal_get_n_lost (Journal *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Journal, journal_free)

G_END_DECLS
