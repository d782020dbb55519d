/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads rows by their ids, a limited number at a time, and unwraps their data keys together. */
#include "kms-row-batch-private.h"

#include "kms-batch-private.h"
#include "kms-error.h"
#include "kms-secret.h"

#define ID_PLACE 0
#define NOT_IN_BATCH G_MAXUINT

/* Large rows are fewer at a time, so that memory does not grow with them. */
#define MAX_BYTES (8 * 1024 * 1024)

/* What became of one key in one row. */
typedef struct
{
  guint place; /* in the batch of its key */
  GError *error;
} Unwrapped;

/* One key in all rows. */
typedef struct
{
  KmsBatch *batch; /* NULL: not unwrapped */
  GArray *rows;    /* of Unwrapped */
} Keys;

struct _KmsRowBatch
{
  KmsStore *store;
  const KmsLayout *layout;
  guint size;
  gsize n_bytes;
  gboolean is_full; /* before there were as many rows as are wanted */
  char *condition, *ending;
  KmsRow *last;    /* the id alone: what was read; NULL at the beginning */
  GPtrArray *rows; /* of KmsRow */
  guint n_keys;
  Keys *keys; /* for each key of the model */
};

static void
unwrapped_clear (gpointer data)
{
  Unwrapped *self = data;

  g_clear_error (&self->error);
}

static void
free_row (gpointer row)
{
  _kms_row_free (row);
}

KmsRowBatch *
_kms_row_batch_new (KmsStore *store, const KmsLayout *layout, guint size)
{
  KmsRowBatch *self = g_new0 (KmsRowBatch, 1);

  self->store = g_object_ref (store);
  self->layout = layout;
  self->size = size;
  self->rows = g_ptr_array_new_with_free_func (free_row);
  self->n_keys = layout->model->keys->len;
  self->keys = g_new0 (Keys, self->n_keys);
  for (guint i = 0; i < self->n_keys; i++)
    {
      self->keys[i].rows = g_array_new (FALSE, FALSE, sizeof (Unwrapped));
      g_array_set_clear_func (self->keys[i].rows, unwrapped_clear);
    }
  return self;
}

static void
forget_keys (KmsRowBatch *self)
{
  for (guint i = 0; i < self->n_keys; i++)
    {
      g_clear_object (&self->keys[i].batch);
      g_array_set_size (self->keys[i].rows, 0);
    }
}

void
_kms_row_batch_free (KmsRowBatch *self)
{
  forget_keys (self);
  for (guint i = 0; i < self->n_keys; i++)
    g_array_unref (self->keys[i].rows);
  g_free (self->keys);
  g_ptr_array_unref (self->rows);
  g_clear_pointer (&self->last, _kms_row_free);
  g_free (self->condition);
  g_free (self->ending);
  g_object_unref (self->store);
  g_free (self);
}

void
_kms_row_batch_set_size (KmsRowBatch *self, guint size)
{
  self->size = size;
}

void
_kms_row_batch_set_condition (KmsRowBatch *self, const char *sql)
{
  g_free (self->condition);
  self->condition = g_strdup (sql);
}

void
_kms_row_batch_set_ending (KmsRowBatch *self, const char *sql)
{
  g_free (self->ending);
  self->ending = g_strdup (sql);
}

void
_kms_row_batch_seek (KmsRowBatch *self, const KmsCell *id)
{
  g_clear_pointer (&self->last, _kms_row_free);
  self->last = id == NULL ? NULL : _kms_row_new (id, 1);
}

/* The end of the line ends a comment that the condition may have. */
static void
add_conditions (KmsRowBatch *self, KmsStatement *statement)
{
  const char *id = self->layout->model->id;

  if (self->condition != NULL)
    {
      _kms_statement_add_sql (statement, " WHERE (");
      _kms_statement_add_sql (statement, self->condition);
      _kms_statement_add_sql (statement, "\n)");
    }
  if (self->last == NULL)
    return;
  _kms_statement_add_sql (statement, self->condition == NULL ? " WHERE " : " AND ");
  _kms_statement_add_identifier (statement, id);
  _kms_statement_add_sql (statement, " > ");
  _kms_statement_bind (statement, &self->last->cells[ID_PLACE]);
}

static KmsStatement *
make_select (KmsRowBatch *self)
{
  KmsStatement *statement = _kms_statement_new (self->store);

  _kms_layout_add_select (self->layout, statement);
  add_conditions (self, statement);
  _kms_statement_add_sql (statement, " ORDER BY ");
  _kms_statement_add_identifier (statement, self->layout->model->id);
  _kms_statement_add_sql (statement, " LIMIT ");
  _kms_statement_bind_integer (statement, self->size);
  if (self->ending != NULL)
    _kms_statement_add_sql (statement, self->ending);
  return statement;
}

static gsize
count_bytes (const KmsCell *cells, guint n_cells)
{
  gsize n = 0;

  for (guint i = 0; i < n_cells; i++)
    n += cells[i].type == KMS_CELL_TEXT || cells[i].type == KMS_CELL_BLOB ? cells[i].length : 0;
  return n;
}

/* A statement ends early only with an error, which nobody sees. */
static gboolean
on_row (const KmsCell *cells, guint n_cells, gpointer user_data, GError **error)
{
  KmsRowBatch *self = user_data;

  g_ptr_array_add (self->rows, _kms_row_new (cells, n_cells));
  self->n_bytes += count_bytes (cells, n_cells);
  self->is_full = self->n_bytes > MAX_BYTES;
  if (!self->is_full)
    return TRUE;
  g_set_error_literal (error, KMS_ERROR, KMS_ERROR_TOO_LARGE, "enough");
  return FALSE;
}

static void
forget_rows (KmsRowBatch *self)
{
  forget_keys (self);
  g_ptr_array_set_size (self->rows, 0);
  self->n_bytes = 0;
  self->is_full = FALSE;
}

static gboolean
run_select (KmsRowBatch *self, KmsStatement *statement, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (_kms_store_run (self->store, statement, on_row, self, NULL, cancellable, &local) || self->is_full)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

gboolean
_kms_row_batch_read (KmsRowBatch *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (KmsStatement) statement = make_select (self);

  forget_rows (self);
  if (!run_select (self, statement, cancellable, error))
    return FALSE;
  if (self->rows->len > 0)
    {
      const KmsRow *last = g_ptr_array_index (self->rows, self->rows->len - 1);
      _kms_row_batch_seek (self, &last->cells[ID_PLACE]);
    }
  return TRUE;
}

static gboolean
read_one (KmsRowBatch *self, const KmsRow *row, GCancellable *cancellable, GError **error)
{
  g_autoptr (KmsStatement) statement = _kms_statement_new (self->store);

  _kms_layout_add_select (self->layout, statement);
  _kms_statement_add_sql (statement, " WHERE ");
  _kms_statement_add_identifier (statement, self->layout->model->id);
  _kms_statement_add_sql (statement, " = ");
  _kms_statement_bind (statement, &row->cells[ID_PLACE]);
  return run_select (self, statement, cancellable, error);
}

gboolean
_kms_row_batch_read_again (KmsRowBatch *self, GPtrArray *rows, GCancellable *cancellable, GError **error)
{
  forget_rows (self);
  for (guint i = 0; i < rows->len; i++)
    if (!read_one (self, g_ptr_array_index (rows, i), cancellable, error))
      return FALSE;
  return TRUE;
}

guint
_kms_row_batch_get_n_rows (const KmsRowBatch *self)
{
  return self->rows->len;
}

const KmsRow *
_kms_row_batch_get_row (const KmsRowBatch *self, guint index)
{
  return g_ptr_array_index (self->rows, index);
}

guint
_kms_row_batch_filter (KmsRowBatch *self, KmsRowWantedFunc is_wanted, gpointer user_data)
{
  guint n_rows = self->rows->len, n_kept = 0;

  for (guint i = 0; i < n_rows; i++)
    {
      gpointer row = g_ptr_array_index (self->rows, i);
      if (is_wanted (row, user_data))
        self->rows->pdata[n_kept++] = row;
      else
        _kms_row_free (row);
    }
  self->rows->len = n_kept;
  return n_rows - n_kept;
}

static gboolean
add_to_batch (KmsRowBatch *self, const KmsRow *row, guint key, Unwrapped *unwrapped)
{
  const KmsCell *cell = &row->cells[self->layout->keys[key]];

  if (cell->type != KMS_CELL_TEXT && cell->type != KMS_CELL_BLOB)
    {
      g_set_error (&unwrapped->error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT,
                   "column \"%s\" holds a number, not a wrapped key",
                   ((const KmsModelKey *) g_ptr_array_index (self->layout->model->keys, key))->column);
      return FALSE;
    }
  g_autoptr (KmsContext) context = _kms_row_build_stored_context (row, self->layout, key, &unwrapped->error);
  if (context == NULL)
    return FALSE;
  unwrapped->place =
    kms_batch_add_stored (self->keys[key].batch, cell->value.bytes, (gssize) cell->length, context, NULL);
  return TRUE;
}

static void
collect_wrapped (KmsRowBatch *self, guint key)
{
  Keys *keys = &self->keys[key];

  g_array_set_size (keys->rows, 0);
  for (guint i = 0; i < self->rows->len; i++)
    {
      const KmsRow *row = g_ptr_array_index (self->rows, i);
      Unwrapped unwrapped = { NOT_IN_BATCH, NULL };
      if (_kms_row_has_key (row, self->layout, key))
        add_to_batch (self, row, key, &unwrapped);
      g_array_append_val (keys->rows, unwrapped);
    }
}

KmsBatch *
_kms_row_batch_collect (KmsRowBatch *self, guint key)
{
  Keys *keys = &self->keys[key];

  g_clear_object (&keys->batch);
  keys->batch = kms_batch_new (KMS_OPERATION_DECRYPT);
  collect_wrapped (self, key);
  return keys->batch;
}

gboolean
_kms_row_batch_unwrap (KmsRowBatch *self, guint key, KmsBox *box, GCancellable *cancellable, GError **error)
{
  KmsBatch *batch = _kms_row_batch_collect (self, key);
  g_autoptr (GError) local = NULL;

  if (kms_box_run (box, batch, cancellable, &local))
    return TRUE;
  if (kms_batch_get_n_failed (batch) > 0 && !g_cancellable_is_cancelled (cancellable))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static const Unwrapped *
get_unwrapped (const KmsRowBatch *self, guint index, guint key)
{
  return self->keys[key].batch == NULL ? NULL : &g_array_index (self->keys[key].rows, Unwrapped, index);
}

KmsSecret *
_kms_row_batch_get_data_key (const KmsRowBatch *self, guint index, guint key)
{
  const Unwrapped *unwrapped = get_unwrapped (self, index, key);

  return unwrapped == NULL || unwrapped->place == NOT_IN_BATCH
           ? NULL
           : _kms_batch_get_entry (self->keys[key].batch, unwrapped->place)->plaintext;
}

const GError *
_kms_row_batch_get_error (const KmsRowBatch *self, guint index, guint key)
{
  const Unwrapped *unwrapped = get_unwrapped (self, index, key);

  if (unwrapped == NULL || unwrapped->place == NOT_IN_BATCH)
    return unwrapped == NULL ? NULL : unwrapped->error;
  return kms_batch_get_error (self->keys[key].batch, unwrapped->place);
}
