/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records of kmsd's audit log on stdout: a line each for people, as they stand in the log for programs. */
#pragma once

#include "audit-reader.h"
#include "kmsctl.h"

G_BEGIN_DECLS

typedef struct
{
  Kmsctl *kmsctl;
  gboolean is_stream; /* JSON: a document a line, else one with all of them */
  gboolean is_silent; /* just finds out what the last one is */
  guint64 last;       /* the sequence of the record that came last */
  gboolean is_begun;
  guint64 n_records;
  guint64 n_foreign; /* lines that are no records, which are left out */
} KmsctlAuditOutput;

/* A line without its end. */
gboolean kmsctl_audit_output_add (KmsctlAuditOutput *self, const char *line, gsize length, GError **error);
gboolean kmsctl_audit_output_end (KmsctlAuditOutput *self, GError **error);

/* command-audit-query.c: what kmsd finds by Audit.Query's filter. */
gboolean kmsctl_audit_print_query (KmsctlAuditOutput *output, GVariant *filter, GError **error);

/* command-audit-verify.c: FALSE where neither a kmsd nor a directory is named. */
gboolean kmsctl_check_audit_directory (Kmsctl *self, GError **error);

G_END_DECLS
