/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Appends groups of records to the files of the log: all of a group is on the disk, or none of it is in the log. One
 * thread's; knows no queue. */
#pragma once

#include "audit-log.h"
#include "audit-key.h"

G_BEGIN_DECLS

typedef struct _AuditWriter AuditWriter;

/* The options with no zeros left. */
AuditWriter *audit_writer_open (const AuditOptions *options, GError **error);
void audit_writer_free (AuditWriter *self);

/* Gives the records (of AuditRecord) sequences and times. FALSE with AUDIT: the next group goes where this one would have
 * gone, and begins with a record that says how many were lost. */
gboolean audit_writer_append (AuditWriter *self, GPtrArray *records, GError **error);

/* A file system that is memory: nothing there ever waits for a disk, and syncs have nothing to do. */
gboolean audit_writer_is_in_memory (AuditWriter *self);

/* From the next group on. */
void audit_writer_set_max_size (AuditWriter *self, guint64 max_size);

/* Records that nobody will hand over any more. */
void audit_writer_add_lost (AuditWriter *self, guint64 n_records);

const AuditHead *audit_writer_get_head (AuditWriter *self);
const AuditKey *audit_writer_get_key (AuditWriter *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AuditWriter, audit_writer_free)

G_END_DECLS
