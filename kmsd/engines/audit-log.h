/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes the audit log: a chain of MACed lines, synced before anybody is told that they stand there, in bounded time. */
#pragma once

#include "audit-record.h"

G_BEGIN_DECLS

#define AUDIT_MAC_SIZE 32

/* The last line that is on disk: what a cut tail can be told by. As text "SEQ:HEX". */
typedef struct
{
  guint64 sequence; /* 0: nothing was ever written */
  guint8 mac[AUDIT_MAC_SIZE];
} AuditHead;

char *audit_head_to_string (const AuditHead *head);
gboolean audit_head_from_string (const char *text, AuditHead *head, GError **error);

/* Zeros stand for the defaults. */
typedef struct
{
  const char *directory; /* made with mode 0700 if it is not there; its parent must be */
  const char *key_path;  /* NULL: DIRECTORY/audit.key; made with mode 0600 at first use */
  guint64 max_size;      /* bytes of a file; the next one begins when it would be passed. 16 MiB */
  AuditContextPolicy context;
  guint timeout_msec; /* how long a disk may take. 5000 */
} AuditOptions;

typedef struct _AuditLog AuditLog;

/* Blocks on the disk. Reads the last file, drops a line that a crash tore, and says so in the first record ("recovered").
 * AUDIT, naming the file and the way out, where the directory or the key is not safe, is in use by another daemon, or
 * where the lines there don't fit each other: who wrote between ours must be looked at first. */
AuditLog *audit_log_open (const AuditOptions *options, GError **error);
AuditLog *audit_log_ref (AuditLog *self);
void audit_log_unref (AuditLog *self);

/* Takes no more records and waits for those that were taken, at most the timeout: FALSE with AUDIT if some are not on
 * disk then. audit_log_unref() alone does not wait for a disk that hangs. */
gboolean audit_log_close (AuditLog *self, GError **error);

/* Settings that changed; of the directory, another log is opened. Any thread. */
void audit_log_set_options (AuditLog *self, guint64 max_size, AuditContextPolicy context);

/* Puts the context into a record, as the policy wants it; NULL is no context, which is not an empty one. What JSON of the
 * log can't hold (NUL, other bytes than UTF-8), or is larger than AUDIT_MAX_CONTEXT, becomes an HMAC. */
void audit_log_set_context (AuditLog *self, AuditRecord *record, KmsContext *context);

/* Any thread. Takes the records (of AuditRecord, with its free function), which become lines that follow each other and
 * share one sync with whatever else waits. Called back in the thread-default main context of the caller, at the latest
 * when the timeout has passed: then AUDIT, and nobody may show a plaintext, though the lines may still be written later. */
void audit_log_append_async (AuditLog *self, GPtrArray *records, GAsyncReadyCallback callback, gpointer user_data);

/* The records as they were written, with sequence and time: for subscribers, and for the intents of outcomes. NULL with
 * AUDIT. */
GPtrArray *audit_log_append_finish (AuditLog *self, GAsyncResult *result, GError **error);

/* Writes the records in this thread if that takes no time: where the log is in memory and nobody else writes. FALSE:
 * nothing was done with them, so append them asynchronously. TRUE: they were written, or the error is set. Borrowed. */
gboolean audit_log_append_at_once (AuditLog *self, GPtrArray *records, GError **error);

/* The same, blocking, with the same bound. */
GPtrArray *audit_log_append (AuditLog *self, GPtrArray *records, GError **error);

/* What is on disk. */
void audit_log_get_head (AuditLog *self, AuditHead *head);

/* Why the last append failed, in words for "status"; NULL while all is well. */
char *audit_log_dup_problem (AuditLog *self);

/* Records that are taken and not on disk: an inhibitor of the idle exit. */
guint audit_log_get_n_waiting (AuditLog *self);

const char *audit_log_get_directory (AuditLog *self);
const char *audit_log_get_key_path (AuditLog *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AuditLog, audit_log_unref)

G_END_DECLS
