/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The directory of an audit log, the files in it in their order, and the lines of a file. */
#pragma once

#include "audit-log.h"

G_BEGIN_DECLS

#define AUDIT_KEY_NAME "audit.key"
#define AUDIT_LOCK_NAME "audit.lock"

/* "audit-00000000000000000001.jsonl": named by the sequence of its first line, so that names sort like lines. */
char *audit_file_name (guint64 first_sequence);
gboolean audit_file_name_parse (const char *name, guint64 *first_sequence);

/* -1 with AUDIT. Refuses what others could write to. */
int audit_directory_open (const char *path, gboolean may_create, GError **error);

/* Whoever writes holds it; -1 with AUDIT if somebody else does. */
int audit_directory_lock (int directory, const char *path, GError **error);

/* First sequences of the files that are there, rising; NULL with AUDIT. Other files are none of the log's business. */
GArray *audit_directory_list (const char *path, GError **error);

typedef enum {
  AUDIT_READ_LINE,
  AUDIT_READ_END,
  AUDIT_READ_TORN,     /* bytes without a line end; `line` is what there is of them, at most AUDIT_MAX_LINE */
  AUDIT_READ_TOO_LONG, /* a line that kmsd did not write, and that is not given */
  AUDIT_READ_FAILED,
} AuditReadResult;

typedef struct
{
  int fd;
  char *path;
  char *buffer;
  gsize start, end;    /* what of the buffer is not read yet */
  guint64 line_offset; /* of the line that was read last, in the file */
  guint64 next_offset;
  guint64 n_lines;
} AuditFile;

/* FALSE with AUDIT. A link, a device, a file that others could write to is refused. */
gboolean audit_file_open (int directory, const char *path, guint64 first_sequence, AuditFile *self, GError **error);

/* The same for a descriptor, which is taken as the path is. */
void audit_file_take (AuditFile *self, int fd, char *path);
AuditReadResult audit_file_read (AuditFile *self, const char **line, gsize *length, GError **error);
void audit_file_clear (AuditFile *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AuditFile, audit_file_clear)

G_END_DECLS
