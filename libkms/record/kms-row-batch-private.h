/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of a table, many at a time in the order of their ids, and their data keys, unwrapped in one call for all of them. */
#pragma once

#include "kms-row-private.h"

G_BEGIN_DECLS

typedef struct _KmsRowBatch KmsRowBatch;

/* `size` rows at a time. */
KmsRowBatch *_kms_row_batch_new (KmsStore *store, const KmsLayout *layout, guint size);
void _kms_row_batch_free (KmsRowBatch *self);

/* How many rows are read from now on. */
void _kms_row_batch_set_size (KmsRowBatch *self, guint size);

/* Only rows for which this holds: SQL as it is, or NULL for all. */
void _kms_row_batch_set_condition (KmsRowBatch *self, const char *sql);

/* SQL behind all others, such as " FOR UPDATE SKIP LOCKED"; or NULL. */
void _kms_row_batch_set_ending (KmsRowBatch *self, const char *sql);

/* The next rows are those behind that id; NULL begins with the first one. */
void _kms_row_batch_seek (KmsRowBatch *self, const KmsCell *id);

/* Lets go of the rows at hand and reads the next ones. None at the end. */
gboolean _kms_row_batch_read (KmsRowBatch *self, GCancellable *cancellable, GError **error);

/* Reads these instead, of which only the ids matter. Those that are gone are left out. The next rows stay the next. */
gboolean _kms_row_batch_read_again (KmsRowBatch *self, GPtrArray *rows, GCancellable *cancellable, GError **error);

/* Rows and what belongs to them stay until the next reading. */
guint _kms_row_batch_get_n_rows (const KmsRowBatch *self);
const KmsRow *_kms_row_batch_get_row (const KmsRowBatch *self, guint index);

/* Lets go of the rows at hand that are not wanted. Before they are unwrapped. Returns how many they were. */
typedef gboolean (*KmsRowWantedFunc) (const KmsRow *row, gpointer user_data);
guint _kms_row_batch_filter (KmsRowBatch *self, KmsRowWantedFunc is_wanted, gpointer user_data);

/* What is to be asked of a box for one key of all rows: borrowed. Whoever runs it has unwrapped them. The layout has the
 * key. */
KmsBatch *_kms_row_batch_collect (KmsRowBatch *self, guint key);

/* Unwraps one key of all rows. What fails is the rows' own: FALSE is for what concerns none of them. The layout has the
 * key. */
gboolean _kms_row_batch_unwrap (KmsRowBatch *self, guint key, KmsBox *box, GCancellable *cancellable, GError **error);

/* Borrowed. NULL without an error: the row has no such key, or nobody unwrapped it. */
KmsSecret *_kms_row_batch_get_data_key (const KmsRowBatch *self, guint index, guint key);
const GError *_kms_row_batch_get_error (const KmsRowBatch *self, guint index, guint key);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KmsRowBatch, _kms_row_batch_free)

G_END_DECLS
