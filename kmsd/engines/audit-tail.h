/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the log goes on: the last line of its last file, after what a crash left behind was taken away. */
#pragma once

#include "audit-files.h"
#include "audit-line.h"

G_BEGIN_DECLS

typedef struct
{
  AuditHead head;        /* sequence 0: there is no line yet */
  guint64 file_sequence; /* names the file to write on; 0: there is none */
  guint64 size;          /* of that file, in whole lines */
  guint64 torn;          /* bytes that were dropped */
  guint torn_files;      /* that were only begun: a crash leaves one at most */
} AuditTail;

/* Changes the directory: cuts what is torn, removes a file that was only begun. AUDIT where lines don't fit. */
gboolean audit_tail_recover (int directory, const char *path, const AuditKey *key, AuditTail *tail, GError **error);

G_END_DECLS
