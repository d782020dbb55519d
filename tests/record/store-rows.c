/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows into stores and out of them, in the tests of every database. */
#include "store-rows.h"

#include <string.h>

KmsCell
store_text_cell (const char *text)
{
  return (KmsCell){ .type = KMS_CELL_TEXT, .value.bytes = text, .length = strlen (text) };
}

KmsCell
store_blob_cell (const char *bytes, gsize length)
{
  return (KmsCell){ .type = KMS_CELL_BLOB, .value.bytes = bytes, .length = length };
}

KmsCell
store_integer_cell (gint64 integer)
{
  return (KmsCell){ .type = KMS_CELL_INTEGER, .value.integer = integer };
}

void
store_execute (KmsStore *store, const char *sql)
{
  g_autoptr (GError) error = NULL;

  _kms_store_run_text (store, sql, NULL, &error);
  g_assert_no_error (error);
}

void
store_insert (KmsStore *store, const char *table, const KmsCell *cells, guint n_cells)
{
  g_autoptr (KmsStatement) statement = _kms_statement_new (store);
  g_autoptr (GError) error = NULL;
  gint64 n_changed = 0;

  _kms_statement_add_sql (statement, "INSERT INTO ");
  _kms_statement_add_table (statement, table);
  _kms_statement_add_sql (statement, " VALUES (");
  for (guint i = 0; i < n_cells; i++)
    {
      _kms_statement_add_sql (statement, i == 0 ? "" : ", ");
      _kms_statement_bind (statement, &cells[i]);
    }
  _kms_statement_add_sql (statement, ")");
  _kms_store_run (store, statement, NULL, NULL, &n_changed, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (n_changed, ==, 1);
}

static gboolean
collect (const KmsCell *cells, guint n_cells, gpointer data, GError **error)
{
  GString *out = data;

  for (guint i = 0; i < n_cells; i++)
    switch (cells[i].type)
      {
      case KMS_CELL_NULL:
        g_string_append (out, "NULL ");
        break;
      case KMS_CELL_INTEGER:
        g_string_append_printf (out, "%" G_GINT64_FORMAT " ", cells[i].value.integer);
        break;
      case KMS_CELL_FLOAT:
        g_string_append_printf (out, "%.2f ", cells[i].value.number);
        break;
      default:
        g_string_append (out, cells[i].type == KMS_CELL_BLOB ? "x" : "");
        g_string_append_len (out, cells[i].value.bytes, (gssize) cells[i].length);
        g_string_append_c (out, ' ');
      }
  return TRUE;
}

char *
store_select (KmsStore *store, const char *sql)
{
  g_autoptr (KmsStatement) statement = _kms_statement_new (store);
  g_autoptr (GError) error = NULL;
  GString *out = g_string_new (NULL);

  _kms_statement_add_sql (statement, sql);
  _kms_store_run (store, statement, collect, out, NULL, NULL, &error);
  g_assert_no_error (error);
  return g_string_free (out, FALSE);
}
