/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The wrapped keys of the past, in a table beside the one that is rotated: what is committed together is there together,
 * on whichever machine a rotation ran, and in every backup. */
#include "kms-rotation-private.h"

#include "kms-error.h"
#include "kms-row-time-private.h"

#define JOURNAL "kms_rotation_journal"

/* Rows of one INSERT. */
#define MANY 50

/* All that any of the databases has under these names. */
static const char table_sql[] =
  "CREATE TABLE IF NOT EXISTS " JOURNAL " (table_name VARCHAR(255) NOT NULL, key_column VARCHAR(255) NOT NULL, "
  "row_id VARCHAR(255) NOT NULL, wrapped_key TEXT NOT NULL, rotated_at VARCHAR(40) NOT NULL)";
static const char index_sql[] = "CREATE INDEX IF NOT EXISTS " JOURNAL "_rows ON " JOURNAL " (table_name, row_id)";

/* FALSE without an error: there is none. */
static gboolean
has_table (KmsStore *store, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (GArray) columns = _kms_store_list_columns (store, JOURNAL, &local);

  if (columns == NULL && !g_error_matches (local, KMS_ERROR, KMS_ERROR_NOT_FOUND))
    g_propagate_error (error, g_steal_pointer (&local));
  return columns != NULL;
}

/* Who may not make tables may use one that somebody else has made; that may be another worker, at the same moment, to
 * which IF NOT EXISTS is blind on PostgreSQL. */
gboolean
_kms_rotation_journal_prepare (KmsRotation *rotation, GCancellable *cancellable, GError **error)
{
  KmsStore *store = rotation->store;
  g_autoptr (GError) local = NULL;

  if (has_table (store, &local))
    return TRUE;
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if ((_kms_store_run_text (store, table_sql, cancellable, &local)
       && _kms_store_run_text (store, index_sql, cancellable, &local))
      || has_table (store, NULL))
    return TRUE;
  if (g_error_matches (local, KMS_ERROR, KMS_ERROR_NOT_AUTHORIZED))
    g_prefix_error (&local,
                    "the table " JOURNAL
                    ", which keeps the wrapped keys that are replaced, can't be made; let somebody "
                    "make it who may (%s): ",
                    table_sql);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/* An id may be a number; here it is text. The texts stay until the statement has run. */
static void
add_row (KmsRotation *rotation, KmsStatement *statement, const KmsRow *row, const char *now, gsize now_length,
         GPtrArray *texts)
{
  char *id = _kms_row_dup_id (row);

  g_ptr_array_add (texts, id);
  _kms_statement_add_sql (statement, texts->len == 1 ? "(" : ", (");
  _kms_statement_bind_text (statement, rotation->model->table, -1);
  _kms_statement_add_sql (statement, ", ");
  _kms_statement_bind_text (statement, _kms_rotation_get_key (rotation)->column, -1);
  _kms_statement_add_sql (statement, ", ");
  _kms_statement_bind_text (statement, id, -1);
  _kms_statement_add_sql (statement, ", ");
  _kms_statement_bind (statement, &row->cells[rotation->layout->keys[rotation->key]]);
  _kms_statement_add_sql (statement, ", ");
  _kms_statement_bind_text (statement, now, (gssize) now_length);
  _kms_statement_add_sql (statement, ")");
}

static gboolean
insert (KmsRotation *rotation, const GPtrArray *rows, guint first, guint n, GError **error)
{
  g_autoptr (KmsStatement) statement = _kms_statement_new (rotation->store);
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  char now[KMS_ROW_TIME_SIZE];
  gsize length = _kms_row_time_now (now);

  _kms_statement_add_sql (statement,
                          "INSERT INTO " JOURNAL " (table_name, key_column, row_id, wrapped_key, rotated_at) VALUES ");
  for (guint i = 0; i < n; i++)
    add_row (rotation, statement, g_ptr_array_index (rows, first + i), now, length, texts);
  return _kms_store_run (rotation->store, statement, NULL, NULL, NULL, NULL, error);
}

/* Two texts of statements, however many rows there are, so that the database has them prepared. */
gboolean
_kms_rotation_journal_add (const KmsRotationChunk *chunk, GError **error)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new ();

  for (guint i = 0; i < chunk->items->len; i++)
    {
      const KmsRotationItem *item = _kms_rotation_get_item (chunk, i);
      if (item->state == KMS_ROTATION_PENDING)
        g_ptr_array_add (rows, (gpointer) item->row);
    }
  guint done = 0;
  while (done < rows->len)
    {
      guint n = rows->len - done >= MANY ? MANY : 1;
      if (!insert (chunk->rotation, rows, done, n, error))
        return FALSE;
      done += n;
    }
  return TRUE;
}

static gboolean
keep_text (const KmsCell *cells, guint n_cells, gpointer keys, GError **error)
{
  if (cells[0].type == KMS_CELL_TEXT || cells[0].type == KMS_CELL_BLOB)
    g_ptr_array_add (keys, g_strndup (cells[0].value.bytes, cells[0].length));
  return TRUE;
}

/* The newest one first: it is the likeliest. A database without the table has no journal. */
GPtrArray *
_kms_rotation_journal_list (KmsRotation *rotation, const KmsRow *row, GError **error)
{
  g_autoptr (KmsStatement) statement = _kms_statement_new (rotation->store);
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *id = _kms_row_dup_id (row);
  g_autoptr (GError) local = NULL;

  if (!has_table (rotation->store, &local))
    {
      if (local == NULL)
        return g_steal_pointer (&keys);
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  _kms_statement_add_sql (statement, "SELECT wrapped_key FROM " JOURNAL " WHERE table_name = ");
  _kms_statement_bind_text (statement, rotation->model->table, -1);
  _kms_statement_add_sql (statement, " AND row_id = ");
  _kms_statement_bind_text (statement, id, -1);
  _kms_statement_add_sql (statement, " AND key_column = ");
  _kms_statement_bind_text (statement, _kms_rotation_get_key (rotation)->column, -1);
  _kms_statement_add_sql (statement, " ORDER BY rotated_at DESC");
  return _kms_store_run (rotation->store, statement, keep_text, keys, NULL, NULL, error) ? g_steal_pointer (&keys)
                                                                                         : NULL;
}

/* What another worker has put in since then is of rows that nobody has looked at again. */
gboolean
_kms_rotation_journal_prune (KmsRotation *self, GError **error)
{
  g_autoptr (KmsStatement) statement = _kms_statement_new (self->store);
  g_autoptr (GError) local = NULL;
  gint64 n_deleted = 0;

  if (!has_table (self->store, &local))
    {
      if (local == NULL)
        return TRUE;
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  _kms_statement_add_sql (statement, "DELETE FROM " JOURNAL " WHERE table_name = ");
  _kms_statement_bind_text (statement, self->model->table, -1);
  _kms_statement_add_sql (statement, " AND key_column = ");
  _kms_statement_bind_text (statement, _kms_rotation_get_key (self)->column, -1);
  _kms_statement_add_sql (statement, " AND rotated_at < ");
  _kms_statement_bind_text (statement, self->began, -1);
  if (!_kms_store_run (self->store, statement, NULL, NULL, &n_deleted, NULL, error))
    return FALSE;
  self->counts.n_pruned = (guint64) n_deleted;
  return TRUE;
}
