/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The last line of what Audit.Query answers. Who does not read it has not got all records. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* {"end":true,"skipped":0}, or {"end":false,"error":NAME,"message":TEXT} of a search that failed. With a line end. */
char *audit_ending_to_line (guint64 n_skipped, const GError *error);

typedef enum {
  AUDIT_ENDING_NONE, /* another line */
  AUDIT_ENDING_WHOLE,
  AUDIT_ENDING_FAILED,
} AuditEnding;

/* A line without its end. Sets the number for a search that came to its end, and the error for one that failed. */
AuditEnding audit_ending_parse (const char *line, gsize length, guint64 *n_skipped, GError **error);

G_END_DECLS
