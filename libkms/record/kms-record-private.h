/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a record looks inside: the row as it was read, what was set since, and its data keys. */
#pragma once

#include "kms-record.h"
#include "kms-row-private.h"

G_BEGIN_DECLS

/* A column and what is, or will be, in it. The cell's bytes are somebody else's. */
typedef struct
{
  const char *column;
  KmsCell cell;
} KmsAssignment;

typedef struct
{
  KmsSecret *data_key; /* unwrapped from the row, which is done once */
  KmsSecret *new_key;  /* made here, and not in the table yet */
  char *wrapped;       /* the new key, wrapped; NULL until it is */
  gboolean renew;      /* the new key replaces one that is not unwrapped */
} KmsRecordKey;

typedef struct
{
  gboolean is_set; /* since the row was read or saved */
  KmsValue *value; /* NULL is NULL */
} KmsRecordAttribute;

typedef struct
{
  char *name, *text; /* a NULL text is NULL */
} KmsRecordColumn;

struct _KmsRecord
{
  GObject parent_instance;
  KmsModel *model;
  KmsStore *store;
  KmsLayout *layout;
  KmsRow *row;                    /* as it is in the table; NULL: it is not there yet */
  char *id;                       /* NULL: there is none yet */
  KmsRecordKey *keys;             /* one for each of the model's */
  KmsRecordAttribute *attributes; /* likewise */
  GArray *columns;                /* of KmsRecordColumn: those that were set */
};

static inline const KmsModelKey *
_kms_record_get_model_key (const KmsRecord *self, guint key)
{
  return g_ptr_array_index (self->model->keys, key);
}

static inline const KmsModelAttribute *
_kms_record_get_model_attribute (const KmsRecord *self, guint attribute)
{
  return g_ptr_array_index (self->model->attributes, attribute);
}

/* The attribute's cells in the row; NULL without a row. */
const KmsCell *_kms_record_get_cells (const KmsRecord *self, guint attribute);

/* Takes the row over. A data key is forgotten where the row has another wrapped key than before. */
void _kms_record_take_row (KmsRecord *self, KmsRow *row);

/* Forgets what was set. */
void _kms_record_forget_changes (KmsRecord *self);

/* Forgets the data keys. */
void _kms_record_forget_keys (KmsRecord *self);

/* Says that there is no such attribute, or that it is a file, of which the columns of the row know nothing. */
gboolean _kms_record_refuse_attribute (KmsModel *model, const KmsModelAttribute *attribute, const char *name,
                                       GError **error);

/* The value in the cells. The data key may be NULL where none is needed. */
gboolean _kms_record_open_value (const KmsModelAttribute *attribute, KmsSecret *data_key, const KmsCell *cells,
                                 KmsValue **value, GError **error);

/* What a column is set to; NULL: it is not. */
const KmsRecordColumn *_kms_record_find_column (const KmsRecord *self, const char *name);

/* FALSE: no row can have that id, for the column's type. The second one does not ask the database of ids that most likely
 * fit. */
gboolean _kms_record_check_id (const KmsRecord *self, const char *id, GError **error);
gboolean _kms_record_guess_id (const KmsRecord *self, const char *id, GError **error);

/* The row with that id. NOT_FOUND: there is none. */
KmsRow *_kms_record_read_row (KmsRecord *self, const KmsCell *id, GCancellable *cancellable, GError **error);

/* A copy of a row, or of one in which all is NULL, with these in the columns that the layout has. */
KmsRow *_kms_record_make_row (const KmsRecord *self, const KmsRow *base, GArray *assignments);

/* kms-record-key.c */

/* Unwraps the row's data key where that was not done yet. Borrowed. */
KmsSecret *_kms_record_unwrap (KmsRecord *self, guint key, GCancellable *cancellable, GError **error);

/* The key that attributes are encrypted with from now on: the row's, or a new one. Borrowed. */
KmsSecret *_kms_record_prepare_key (KmsRecord *self, guint key, GCancellable *cancellable, GError **error);

/* Wraps a new key with the context that this row gives. */
gboolean _kms_record_wrap (KmsRecord *self, guint key, const KmsRow *row, GCancellable *cancellable, GError **error);

/* Whether the new key is wrapped before the row is written. */
gboolean _kms_record_wraps_first (const KmsRecord *self, guint key, gboolean has_id);

/* The refusals of save(): attributes that hang on a key that is renewed; columns that change a context. */
gboolean _kms_record_check_renewal (const KmsRecord *self, guint key, GError **error);
gboolean _kms_record_check_contexts (const KmsRecord *self, const KmsRow *next, GError **error);

G_END_DECLS
