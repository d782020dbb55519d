/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads an audit log: checks the chain, and finds records. Also while a daemon writes it. All of this blocks: call it in
 * a worker thread. */
#pragma once

#include "audit-log.h"

G_BEGIN_DECLS

typedef enum {
  AUDIT_FLAW_CHANGED,  /* a line is not what was written there */
  AUDIT_FLAW_MISSING,  /* lines are gone between two others */
  AUDIT_FLAW_ORDER,    /* a line stands where another one belongs: swapped, doubled or put in */
  AUDIT_FLAW_CUT,      /* the end is gone: the head that was given is beyond it */
  AUDIT_FLAW_HEAD,     /* another line has the sequence of the head that was given */
  AUDIT_FLAW_FOREIGN,  /* a file or line that no daemon wrote */
  AUDIT_FLAW_UNSTARTED /* a file does not begin as a file of the log */
} AuditFlawKind;

typedef struct
{
  AuditFlawKind kind;
  char *file;       /* a path; NULL for CUT and HEAD */
  guint64 line;     /* in that file, from 1 */
  guint64 sequence; /* that belongs there */
  char *message;    /* a sentence with all of this */
} AuditFlaw;

typedef struct
{
  GPtrArray *flaws;       /* of AuditFlaw, in the order of the log; at most AUDIT_MAX_FLAWS */
  gboolean is_whole;      /* no flaw, and the log begins with its first line */
  guint64 first_sequence; /* 0: there are no lines. More than 1: earlier files were taken away */
  AuditHead head;         /* the last line */
  guint64 n_lines;
  guint n_files;
  guint n_steps_back; /* lines that are earlier by the clock than the line before them: no flaw */
  gsize torn;         /* bytes behind the last line end: a crash, or a daemon that is writing; no flaw */
} AuditVerdict;

#define AUDIT_MAX_FLAWS 100

/* FALSE with an error where nothing could be checked (no directory, no key); flaws are no error. `expected` may be NULL. */
gboolean audit_verify (const char *directory, const char *key_path, const AuditHead *expected,
                       GCancellable *cancellable, AuditVerdict *verdict, GError **error);
void audit_verdict_clear (AuditVerdict *self);

const char *audit_flaw_kind_to_string (AuditFlawKind kind); /* "changed" */

/* What records must be like; NULL, 0 and -1 leave it open. */
typedef struct
{
  gint64 since_usec; /* wall clock, inclusive */
  gint64 until_usec; /* exclusive; 0: open */
  const char *box;
  const char *operation;
  const char *outcome;
  gint64 uid; /* -1: anybody's */
  const char *unit;
  guint64 after_sequence;
  guint limit; /* the last so many; 0: all */
} AuditFilter;

#define AUDIT_FILTER_INIT                                                                                              \
  {                                                                                                                    \
    .uid = -1                                                                                                          \
  }

/* A record and its line as it stands in the file, without the line end. FALSE stops the search. */
typedef gboolean (*AuditFoundFunc) (const AuditRecord *record, const char *line, gsize length, gpointer user_data);

/* In the order of the log; needs no key and checks no MAC. Lines that can't be read are skipped and counted. */
gboolean audit_query (const char *directory, const AuditFilter *filter, AuditFoundFunc func, gpointer user_data,
                      GCancellable *cancellable, guint64 *n_skipped, GError **error);

/* Reads the D-Bus filter (since, until: t; box, operation, outcome, unit: s; uid, limit: u; after: t); INVALID_ARGUMENT for
 * what it does not know. The strings live as long as the variant. */
gboolean audit_filter_from_variant (GVariant *dictionary, AuditFilter *filter, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AuditVerdict, audit_verdict_clear)

G_END_DECLS
