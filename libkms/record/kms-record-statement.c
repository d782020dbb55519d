/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* INSERT, UPDATE and the sequence. */
#include "kms-record-statement-private.h"

#include <string.h>

#include "kms-error.h"

static const KmsAssignment *
get_assignment (GArray *assignments, guint index)
{
  return &g_array_index (assignments, KmsAssignment, index);
}

KmsRow *
_kms_record_make_row (const KmsRecord *self, const KmsRow *base, GArray *assignments)
{
  guint n_cells = self->layout->columns->len;
  g_autofree KmsCell *cells = g_new0 (KmsCell, n_cells);

  if (base != NULL)
    memcpy (cells, base->cells, n_cells * sizeof (KmsCell));
  for (guint i = 0; i < assignments->len; i++)
    {
      const KmsAssignment *assignment = get_assignment (assignments, i);
      guint place = _kms_layout_find_column (self->layout, assignment->column);
      if (place != KMS_NO_COLUMN)
        cells[place] = assignment->cell;
    }
  return _kms_row_new (cells, n_cells);
}

static void
add_columns (GArray *assignments, KmsStatement *statement)
{
  for (guint i = 0; i < assignments->len; i++)
    {
      _kms_statement_add_sql (statement, i == 0 ? " (" : ", ");
      _kms_statement_add_identifier (statement, get_assignment (assignments, i)->column);
    }
  for (guint i = 0; i < assignments->len; i++)
    {
      _kms_statement_add_sql (statement, i == 0 ? ") VALUES (" : ", ");
      _kms_statement_bind (statement, &get_assignment (assignments, i)->cell);
    }
  _kms_statement_add_sql (statement, assignments->len == 0 ? " DEFAULT VALUES" : ")");
}

static void
add_returning (const KmsLayout *layout, KmsStatement *statement)
{
  for (guint i = 0; i < layout->columns->len; i++)
    {
      _kms_statement_add_sql (statement, i == 0 ? " RETURNING " : ", ");
      _kms_statement_add_identifier (statement, g_ptr_array_index (layout->columns, i));
    }
}

static gboolean
on_row (const KmsCell *cells, guint n_cells, gpointer user_data, GError **error)
{
  KmsRow **row = user_data;

  g_clear_pointer (row, _kms_row_free);
  *row = _kms_row_new (cells, n_cells);
  return TRUE;
}

KmsRow *
_kms_record_insert (KmsRecord *self, GArray *assignments, GCancellable *cancellable, GError **error)
{
  g_autoptr (KmsStatement) statement = _kms_statement_new (self->store);
  g_autoptr (KmsRow) row = NULL;

  _kms_statement_add_sql (statement, "INSERT INTO ");
  _kms_statement_add_table (statement, self->model->table);
  add_columns (assignments, statement);
  add_returning (self->layout, statement);
  if (!_kms_store_run (self->store, statement, on_row, &row, NULL, cancellable, error))
    return NULL;
  if (row != NULL && row->cells[0].type != KMS_CELL_NULL)
    return g_steal_pointer (&row);
  g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "%s: the new row has no %s; set that column before it is saved",
               self->model->table, self->model->id);
  return NULL;
}

static KmsStatement *
begin_update (const KmsRecord *self, GArray *assignments)
{
  KmsStatement *statement = _kms_statement_new (self->store);

  _kms_statement_add_sql (statement, "UPDATE ");
  _kms_statement_add_table (statement, self->model->table);
  for (guint i = 0; i < assignments->len; i++)
    {
      _kms_statement_add_sql (statement, i == 0 ? " SET " : ", ");
      _kms_statement_add_identifier (statement, get_assignment (assignments, i)->column);
      _kms_statement_add_sql (statement, " = ");
      _kms_statement_bind (statement, &get_assignment (assignments, i)->cell);
    }
  return statement;
}

static void
add_where_id (const KmsRecord *self, const KmsRow *row, KmsStatement *statement)
{
  _kms_statement_add_sql (statement, " WHERE ");
  _kms_statement_add_identifier (statement, self->model->id);
  _kms_statement_add_sql (statement, " = ");
  _kms_statement_bind (statement, &row->cells[0]);
}

static void
add_and_same (const KmsRecord *self, const KmsRow *row, guint place, KmsStatement *statement)
{
  _kms_statement_add_sql (statement, " AND ");
  _kms_statement_add_same (statement, g_ptr_array_index (self->layout->columns, place), &row->cells[place]);
}

gboolean
_kms_record_update (KmsRecord *self, GArray *assignments, const gboolean *involved, gboolean *changed,
                    GCancellable *cancellable, GError **error)
{
  g_autoptr (KmsStatement) statement = begin_update (self, assignments);
  gint64 n_changed = 0;

  add_where_id (self, self->row, statement);
  if (self->layout->lock_version != KMS_NO_COLUMN)
    add_and_same (self, self->row, self->layout->lock_version, statement);
  for (guint i = 0; i < self->model->keys->len; i++)
    if (involved[i])
      add_and_same (self, self->row, self->layout->keys[i], statement);
  if (!_kms_store_run (self->store, statement, NULL, NULL, &n_changed, cancellable, error))
    return FALSE;
  *changed = n_changed > 0;
  return TRUE;
}

gboolean
_kms_record_update_keys (KmsRecord *self, const KmsRow *row, GArray *assignments, const char *now,
                         GCancellable *cancellable, GError **error)
{
  guint n_keys = assignments->len;
  const KmsAssignment touched = { self->model->updated_at,
                                  { .type = KMS_CELL_TEXT, .value.bytes = now, .length = strlen (now) } };
  gint64 n_changed = 0;

  if (touched.column != NULL)
    g_array_append_vals (assignments, &touched, 1);
  g_autoptr (KmsStatement) statement = begin_update (self, assignments);
  add_where_id (self, row, statement);
  for (guint i = 0; i < n_keys; i++)
    add_and_same (self, row, _kms_layout_find_column (self->layout, get_assignment (assignments, i)->column),
                  statement);
  if (!_kms_store_run (self->store, statement, NULL, NULL, &n_changed, cancellable, error))
    return FALSE;
  if (n_changed > 0)
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_CONFLICT,
               "%s: a trigger of the database or another program wrote a key into the row meanwhile",
               self->model->table);
  return FALSE;
}

/* The name of a table is read by PostgreSQL as an identifier, in quotes; that of a column is not. */
static char *
quote_table (const KmsRecord *self)
{
  g_autoptr (KmsStatement) text = _kms_statement_new (self->store);

  _kms_statement_add_table (text, self->model->table);
  return g_strdup (kms_statement_get_sql (text));
}

gboolean
_kms_record_fetch_id (KmsRecord *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (KmsStatement) statement = _kms_statement_new (self->store);
  g_autofree char *table = quote_table (self);
  g_autoptr (KmsRow) row = NULL;

  if ((KMS_STORE_GET_CLASS (self->store)->features & KMS_STORE_SEQUENCES) == 0)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED,
                   "%s: Eager=fetch-id needs a database with sequences, such as PostgreSQL; choose Eager=try or false",
                   self->model->file_name);
      return FALSE;
    }
  _kms_statement_add_sql (statement, "SELECT nextval(pg_get_serial_sequence(");
  _kms_statement_bind_text (statement, table, -1);
  _kms_statement_add_sql (statement, ", ");
  _kms_statement_bind_text (statement, self->model->id, -1);
  _kms_statement_add_sql (statement, "))");
  if (!_kms_store_run (self->store, statement, on_row, &row, NULL, cancellable, error))
    return FALSE;
  g_autofree char *id = row == NULL ? NULL : _kms_row_dup_id (row);
  if (id != NULL)
    return kms_record_set_column (self, self->model->id, id, error);
  g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND,
               "%s: no sequence belongs to the column \"%s\", so there is no id to fetch; choose Eager=try or false",
               self->model->table, self->model->id);
  return FALSE;
}
