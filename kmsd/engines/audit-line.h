/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a line of the log carries its MAC: behind everything else, so that what it covers is the text in front of it. */
#pragma once

#include "audit-key.h"

G_BEGIN_DECLS

/* Ends a line that audit_record_write() began at `start` of the text: MAC, brace, line end. The head moves on to it. */
gboolean audit_line_end (GString *text, gsize start, const AuditKey *key, guint64 sequence, AuditHead *head);

/* Takes apart a line without its line end; all FALSE for what kmsd would not write. */
typedef struct
{
  guint64 sequence;
  gsize text_length; /* what the MAC covers */
  guint8 mac[AUDIT_MAC_SIZE];
} AuditLine;

gboolean audit_line_split (const char *line, gsize length, AuditLine *out);
gboolean audit_line_verify (const char *line, const AuditLine *parts, const guint8 previous[AUDIT_MAC_SIZE],
                            const AuditKey *key);

G_END_DECLS
