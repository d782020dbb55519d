/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records as the database has them: rows by their ids, and columns that no model declares. */
#include "kms-record-private.h"

#include <string.h>

#include "kms-error.h"

static gboolean
on_row (const KmsCell *cells, guint n_cells, gpointer user_data, GError **error)
{
  KmsRow **row = user_data;

  if (*row == NULL)
    {
      *row = _kms_row_new (cells, n_cells);
      return TRUE;
    }
  g_set_error (error, KMS_ERROR, KMS_ERROR_INTEGRITY, "more than one row has that id");
  return FALSE;
}

static void
add_where (const KmsRecord *self, const KmsCell *id, KmsStatement *statement)
{
  _kms_statement_add_sql (statement, " WHERE ");
  _kms_statement_add_identifier (statement, self->model->id);
  _kms_statement_add_sql (statement, " = ");
  _kms_statement_bind (statement, id);
}

/* A table or column that is missing, or an id that can't be, is better named by the model than by the database. */
static void
explain (const KmsRecord *self, const KmsCell *id, GError **error)
{
  g_autoptr (GError) better = NULL;

  if (!g_error_matches (*error, KMS_ERROR, KMS_ERROR_FAILED))
    return;
  gboolean is_known = _kms_layout_check (self->layout, self->store, &better);
  if (is_known && id->type == KMS_CELL_TEXT)
    _kms_record_check_id (self, id->value.bytes, &better);
  if (!g_error_matches (better, KMS_ERROR, KMS_ERROR_NOT_FOUND))
    return;
  g_clear_error (error);
  g_propagate_error (error, g_steal_pointer (&better));
}

static char *
dup_id_text (const KmsCell *id)
{
  g_autoptr (KmsRow) row = _kms_row_new (id, 1);
  return _kms_row_dup_id (row);
}

KmsRow *
_kms_record_read_row (KmsRecord *self, const KmsCell *id, GCancellable *cancellable, GError **error)
{
  g_autoptr (KmsStatement) statement = _kms_statement_new (self->store);
  g_autoptr (KmsRow) row = NULL;
  g_autoptr (GError) local = NULL;

  _kms_layout_add_select (self->layout, statement);
  add_where (self, id, statement);
  if (!_kms_store_run (self->store, statement, on_row, &row, NULL, cancellable, &local))
    {
      explain (self, id, &local);
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  if (row != NULL)
    return g_steal_pointer (&row);
  g_autofree char *text = dup_id_text (id);
  g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND, "%s: there is no row with %s %s", self->model->table,
               self->model->id, text);
  return NULL;
}

/**
 * kms_record_load:
 * @model: what the table is like
 * @store: the database that it is in
 * @id: the id of a row, as text
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Reads a row. Nothing is decrypted before it is asked for. Blocks.
 *
 * Returns: (transfer full): a record, or %NULL with @error set: %KMS_ERROR_NOT_FOUND if there is no such row, table or
 *   column, or an error of the store
 *
 * Since: 1.0
 */
KmsRecord *
kms_record_load (KmsModel *model, KmsStore *store, const char *id, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (KMS_IS_MODEL (model), NULL);
  g_return_val_if_fail (KMS_IS_STORE (store), NULL);
  g_return_val_if_fail (id != NULL, NULL);
  g_autoptr (KmsRecord) self = kms_record_new (model, store);
  const KmsCell cell = { .type = KMS_CELL_TEXT, .value.bytes = id, .length = strlen (id) };
  KmsRow *row = _kms_record_guess_id (self, id, error) ? _kms_record_read_row (self, &cell, cancellable, error) : NULL;

  if (row == NULL)
    return NULL;
  _kms_record_take_row (self, row);
  return g_steal_pointer (&self);
}

/**
 * kms_record_reload:
 * @self: a record
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Reads the row again, and forgets data keys and what was set. Of a record that was never saved, nothing is left. Blocks.
 *
 * Returns: %TRUE, or %FALSE with @error set: %KMS_ERROR_NOT_FOUND if the row is gone, or an error of the store; then the
 *   record is as it was
 *
 * Since: 1.0
 */
gboolean
kms_record_reload (KmsRecord *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (KMS_IS_RECORD (self), FALSE);
  KmsRow *row = NULL;

  if (self->row != NULL)
    {
      row = _kms_record_read_row (self, &self->row->cells[0], cancellable, error);
      if (row == NULL)
        return FALSE;
    }
  _kms_record_forget_changes (self);
  _kms_record_forget_keys (self);
  if (row != NULL)
    _kms_record_take_row (self, row);
  return TRUE;
}

const KmsRecordColumn *
_kms_record_find_column (const KmsRecord *self, const char *name)
{
  for (guint i = 0; i < self->columns->len; i++)
    {
      const KmsRecordColumn *column = &g_array_index (self->columns, KmsRecordColumn, i);
      if (strcmp (column->name, name) == 0)
        return column;
    }
  return NULL;
}

/* One column of the row at hand. */
static KmsRow *
read_column (KmsRecord *self, const char *column, GCancellable *cancellable, GError **error)
{
  g_autoptr (KmsStatement) statement = _kms_statement_new (self->store);
  g_autoptr (KmsRow) row = NULL;

  _kms_statement_add_sql (statement, "SELECT ");
  _kms_statement_add_identifier (statement, column);
  _kms_statement_add_sql (statement, " FROM ");
  _kms_statement_add_table (statement, self->model->table);
  add_where (self, &self->row->cells[0], statement);
  if (!_kms_store_run (self->store, statement, on_row, &row, NULL, cancellable, error))
    return NULL;
  if (row == NULL)
    g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND, "%s: the row with %s %s is gone", self->model->table,
                 self->model->id, self->id);
  return g_steal_pointer (&row);
}

/**
 * kms_record_get_column:
 * @self: a record
 * @column: the name of a column, which need not be declared in the model
 * @text: (out) (nullable) (transfer full): what is in it, as text; %NULL is NULL
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Gets what a column was set to, or else what is in it. Columns that the model does not declare are read now; blocks
 * meanwhile.
 *
 * Returns: %TRUE, or %FALSE with @error set: an error of the store, for example where there is no such column
 *
 * Since: 1.0
 */
gboolean
kms_record_get_column (KmsRecord *self, const char *column, char **text, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (KMS_IS_RECORD (self), FALSE);
  g_return_val_if_fail (column != NULL && text != NULL, FALSE);
  const KmsRecordColumn *set = _kms_record_find_column (self, column);
  guint place = _kms_layout_find_column (self->layout, column);

  *text = NULL;
  if (set != NULL || self->row == NULL)
    {
      *text = set == NULL ? NULL : g_strdup (set->text);
      return TRUE;
    }
  if (place != KMS_NO_COLUMN)
    {
      *text = dup_id_text (&self->row->cells[place]);
      return TRUE;
    }
  g_autoptr (KmsRow) row = read_column (self, column, cancellable, error);
  if (row == NULL)
    return FALSE;
  *text = _kms_row_dup_id (row);
  return TRUE;
}

/* What keys and attributes are written to is nobody else's. */
static gboolean
is_declared (const KmsRecord *self, const char *name)
{
  for (guint i = 0; i < self->model->keys->len; i++)
    if (strcmp (_kms_record_get_model_key (self, i)->column, name) == 0)
      return TRUE;
  for (guint i = 0; i < self->layout->attributes->len; i++)
    {
      const KmsLayoutAttribute *place = &g_array_index (self->layout->attributes, KmsLayoutAttribute, i);
      for (guint j = 0; j < place->n_cells; j++)
        if (strcmp (g_ptr_array_index (self->layout->columns, place->first + j), name) == 0)
          return TRUE;
    }
  return FALSE;
}

static gboolean
check_settable (const KmsRecord *self, const char *column, GError **error)
{
  const char *what = NULL;

  if (is_declared (self, column))
    what = "this column has a key or an attribute in it: set the attribute instead";
  else if (self->row != NULL && strcmp (column, self->model->id) == 0)
    what = "the id of a row that is in the table does not change";
  else if (g_strcmp0 (column, self->model->lock_version) == 0)
    what = "this column counts changes, and is set when a record is saved";
  if (what == NULL)
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT, "%s: %s", column, what);
  return FALSE;
}

/**
 * kms_record_set_column:
 * @self: a record
 * @column: the name of a column that is not encrypted
 * @text: (nullable): what is in it from now on, which the database makes into the column's type; %NULL is NULL
 * @error: return location for an error
 *
 * Sets a column, for rows that are new, and for those on which encryption contexts depend. Nothing is written before
 * [method@Record.save].
 *
 * Returns: %TRUE, or %FALSE with @error set: %KMS_ERROR_INVALID_ARGUMENT for columns of keys and attributes, for the id of
 *   a row that is in the table, and for the column of optimistic locking
 *
 * Since: 1.0
 */
gboolean
kms_record_set_column (KmsRecord *self, const char *column, const char *text, GError **error)
{
  g_return_val_if_fail (KMS_IS_RECORD (self), FALSE);
  g_return_val_if_fail (column != NULL, FALSE);
  KmsRecordColumn *set = (KmsRecordColumn *) _kms_record_find_column (self, column);

  if (!check_settable (self, column, error))
    return FALSE;
  if (set == NULL)
    {
      KmsRecordColumn added = { g_strdup (column), g_strdup (text) };
      g_array_append_val (self->columns, added);
      return TRUE;
    }
  g_free (set->text);
  set->text = g_strdup (text);
  return TRUE;
}
