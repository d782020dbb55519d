/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* One line of the audit log, as a value: who did what with which key, and what came of it. Never a plaintext. */
#pragma once

#include <libkms/kms.h>

G_BEGIN_DECLS

typedef enum {
  AUDIT_OUTCOME_INTENT,  /* allowed and about to be done; an outcome follows unless the daemon dies */
  AUDIT_OUTCOME_DONE,    /* done, or a note of the daemon itself */
  AUDIT_OUTCOME_REFUSED, /* by lockdown, by the lists, by polkit, by a limit: nothing was tried */
  AUDIT_OUTCOME_FAILED,  /* tried; `error` says what happened */
  N_AUDIT_OUTCOMES,
} AuditOutcome;

/* Context= of [Audit], and what a record shows of its context. */
typedef enum {
  AUDIT_CONTEXT_PLAIN, /* "context": as JSON */
  AUDIT_CONTEXT_HMAC,  /* "context_hmac": equal contexts look alike, and nothing else is seen */
  AUDIT_CONTEXT_NAMES, /* "context_names": not the values */
  N_AUDIT_CONTEXTS,
} AuditContextPolicy;

/* -1 and NULL: not known. Only uid and groups ever authorized anybody; the rest is what was seen. */
typedef struct
{
  gint64 uid;
  gint64 pid;
  char *unit;  /* "shop.service" */
  char *label; /* security label */
  char *bus;   /* "system", "session", "private" */
} AuditCaller;

/* Strings are owned, nullable but for the operation, and become valid UTF-8 of at most AUDIT_MAX_TEXT bytes when they are
 * written; the context is JSON. */
typedef struct
{
  guint64 sequence; /* given by the log, from 1 */
  gint64 time_usec; /* wall clock; given by the log where it is 0 */
  char *operation;  /* operation_to_string(), or "lockdown-engage", "alert", "reload", … */
  AuditOutcome outcome;
  char *box;
  char *version;
  char *provider;
  char *key_id;
  char *context; /* JSON: set by audit_log_set_context() */
  AuditContextPolicy context_form;
  AuditCaller caller;
  char *error;          /* kms_error_get_id(): "locked-down" */
  char *detail;         /* a reason, a mode: what people should read */
  gint64 duration_usec; /* -1: not measured */
  char *request_id;     /* the provider's */
  guint64 intent;       /* in an outcome: the sequence of its intent; 0: none */
  guint items;          /* how many items a record stands for; 0: one */
  gboolean cached;      /* answered without the provider */
  char *previous;       /* in the first line of a file: the MAC before it, in hexadecimal digits. The log's own */
} AuditRecord;

#define AUDIT_MAX_TEXT 512     /* bytes of a string; longer ones end in "…" */
#define AUDIT_MAX_CONTEXT 4096 /* bytes of JSON; of larger contexts the HMAC stands there */
#define AUDIT_MAX_LINE 65536   /* bytes of a line; what is longer was not written by us */

/* The member's name. */
const char *audit_context_member (AuditContextPolicy form);

/* With nothing known: -1 where that says so. */
AuditRecord *audit_record_new (const char *operation, AuditOutcome outcome);
AuditRecord *audit_record_copy (const AuditRecord *self);
void audit_record_free (AuditRecord *self);

/* The id of the error and its outcome: REFUSED for LOCKED_DOWN, NOT_AUTHORIZED and QUOTA, else FAILED; the provider's
 * request id, if the error has one. NULL is DONE. */
void audit_record_set_error (AuditRecord *self, const GError *error);

/* An outcome of what an intent announced: a copy that names it, without its error. */
AuditRecord *audit_record_new_outcome (const AuditRecord *intent, AuditOutcome outcome);

/* A line without "mac" and the closing brace: {"seq":1,"time":"2026-…Z",… */
void audit_record_write (const AuditRecord *self, GString *out);

/* As JSON has it, in quotes. */
void audit_append_string (GString *out, const char *text);

/* Reads a whole line; members that are not known are skipped. NULL with INVALID_ARGUMENT for what is no record. */
AuditRecord *audit_record_parse (const char *line, gsize length, GError **error);

const char *audit_outcome_to_string (AuditOutcome outcome); /* "intent" */
gboolean audit_outcome_from_string (const char *text, AuditOutcome *outcome);

/* "2026-11-24T13:50:42.123456Z"; NULL where no calendar has that time. */
char *audit_time_to_string (gint64 time_usec);
gboolean audit_time_from_string (const char *text, gint64 *time_usec);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AuditRecord, audit_record_free)

G_END_DECLS
