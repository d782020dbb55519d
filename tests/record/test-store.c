/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stores: what goes into a database comes out of it, and what databases answer when something is wrong. */
#include <libkms/kms.h>

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

#include "../config-root.h"
#include "store-rows.h"

typedef struct
{
  char *root, *path, *uri;
  KmsRegistry *registry;
  KmsStore *store;
} Fixture;

static void
make_database (const char *path, const char *sql)
{
  sqlite3 *database;

  g_assert_cmpint (sqlite3_open (path, &database), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (database, sql, NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (database);
}

static void
setup (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->root = config_root_new ();
  self->path = g_build_filename (self->root, "shop.sqlite3", NULL);
  self->uri = g_strconcat ("sqlite:", self->path, NULL);
  make_database (self->path, "CREATE TABLE \"odd \"\" name\" (id INTEGER PRIMARY KEY, \"a;b\" TEXT, \"select\" BLOB);"
                             "CREATE TABLE users (id INTEGER PRIMARY KEY NOT NULL, name TEXT, n)");
  self->registry = kms_registry_new (self->root, NULL, &error);
  g_assert_no_error (error);
  self->store = kms_store_open (self->registry, self->uri, NULL, &error);
  g_assert_no_error (error);
}

static void
teardown (Fixture *self, gconstpointer data)
{
  g_clear_object (&self->store);
  g_clear_object (&self->registry);
  config_root_remove (self->root);
  g_free (self->path);
  g_free (self->uri);
}

static void
test_values (Fixture *self, gconstpointer data)
{
  const KmsCell injection = store_text_cell ("'; DROP TABLE users; --");
  const KmsCell first[] = { store_integer_cell (1), injection, { KMS_CELL_FLOAT, { .number = 0.5 } } };
  const KmsCell second[] = { store_integer_cell (2), { KMS_CELL_NULL }, store_blob_cell ("b", 1) };

  store_insert (self->store, "users", first, G_N_ELEMENTS (first));
  store_insert (self->store, "users", second, G_N_ELEMENTS (second));
  g_autofree char *rows = store_select (self->store, "SELECT * FROM users");
  g_assert_cmpstr (rows, ==, "1 '; DROP TABLE users; -- 0.50 2 NULL xb ");
}

static void
test_identifiers (Fixture *self, gconstpointer data)
{
  const KmsCell cells[] = { store_integer_cell (7), store_text_cell ("t"), store_blob_cell ("b", 1) };
  g_autoptr (KmsStatement) statement = _kms_statement_new (self->store);
  g_autoptr (GError) error = NULL;
  gint64 n_changed = 0;

  store_insert (self->store, "odd \" name", cells, G_N_ELEMENTS (cells));
  _kms_statement_add_sql (statement, "UPDATE ");
  _kms_statement_add_identifier (statement, "odd \" name");
  _kms_statement_add_sql (statement, " SET ");
  _kms_statement_add_identifier (statement, "a;b");
  _kms_statement_add_sql (statement, " = ");
  _kms_statement_bind_text (statement, "new", -1);
  _kms_statement_add_sql (statement, " WHERE ");
  _kms_statement_add_same (statement, "select", &cells[2]);
  g_assert_cmpstr (kms_statement_get_sql (statement), ==,
                   "UPDATE \"odd \"\" name\" SET \"a;b\" = ? WHERE \"select\" IS ?");
  g_assert_true (_kms_store_run (self->store, statement, NULL, NULL, &n_changed, NULL, &error));
  g_assert_cmpint (n_changed, ==, 1);
  g_autofree char *rows = store_select (self->store, "SELECT * FROM \"odd \"\" name\"");
  g_assert_cmpstr (rows, ==, "7 new xb ");
}

static void
test_columns (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) columns = _kms_store_list_columns (self->store, "users", &error);

  g_assert_no_error (error);
  g_assert_cmpuint (columns->len, ==, 3);
  g_assert_cmpstr (g_array_index (columns, KmsColumn, 1).name, ==, "name");
  g_assert_cmpstr (g_array_index (columns, KmsColumn, 1).type, ==, "TEXT");
  g_assert_true (g_array_index (columns, KmsColumn, 1).is_nullable);
  g_assert_false (g_array_index (columns, KmsColumn, 0).is_nullable);
  g_assert_null (_kms_store_list_columns (self->store, "nosuch", &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND);
}

static gboolean
stop_at_once (const KmsCell *cells, guint n_cells, gpointer data, GError **error)
{
  g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "enough");
  return FALSE;
}

/* What was stopped, failed or was cancelled leaves a store that works. */
static void
test_stopped (Fixture *self, gconstpointer data)
{
  static const char endless[] =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
  const KmsCell cells[] = { store_integer_cell (1), { KMS_CELL_NULL }, { KMS_CELL_NULL } };
  g_autoptr (KmsStatement) all = _kms_statement_new (self->store);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) stopped = NULL, wrong = NULL, cancelled = NULL;

  store_insert (self->store, "users", cells, G_N_ELEMENTS (cells));
  _kms_statement_add_sql (all, "SELECT * FROM users");
  g_assert_false (_kms_store_run (self->store, all, stop_at_once, NULL, NULL, NULL, &stopped));
  g_assert_cmpstr (stopped->message, ==, "enough");
  g_assert_false (_kms_store_run_text (self->store, "SELECT nosuch FROM users", NULL, &wrong));
  g_assert_error (wrong, KMS_ERROR, KMS_ERROR_FAILED);
  g_autoptr (GThread) thread = g_thread_new ("cancel", (GThreadFunc) g_cancellable_cancel, cancellable);
  g_assert_false (_kms_store_run_text (self->store, endless, cancellable, &cancelled));
  g_assert_error (cancelled, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_thread_join (g_steal_pointer (&thread));
  g_autofree char *rows = store_select (self->store, "SELECT * FROM users");
  g_assert_cmpstr (rows, ==, "1 NULL NULL ");
}

static void
test_transactions (Fixture *self, gconstpointer data)
{
  const KmsCell cells[] = { store_integer_cell (1), { KMS_CELL_NULL }, { KMS_CELL_NULL } };
  g_autoptr (GError) error = NULL, twice = NULL, none = NULL;

  g_assert_true (kms_store_begin (self->store, NULL, &error));
  store_insert (self->store, "users", cells, G_N_ELEMENTS (cells));
  g_assert_false (kms_store_begin (self->store, NULL, &twice));
  g_assert_error (twice, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
  g_assert_true (kms_store_rollback (self->store, &error));
  g_autofree char *rolled_back = store_select (self->store, "SELECT * FROM users");
  g_assert_cmpstr (rolled_back, ==, "");
  g_assert_true (kms_store_begin (self->store, NULL, &error));
  g_assert_true (kms_store_get_in_transaction (self->store));
  store_insert (self->store, "users", cells, G_N_ELEMENTS (cells));
  g_assert_true (kms_store_commit (self->store, NULL, &error));
  g_assert_false (kms_store_get_in_transaction (self->store));
  g_autofree char *committed = store_select (self->store, "SELECT * FROM users");
  g_assert_cmpstr (committed, ==, "1 NULL NULL ");
  g_assert_false (kms_store_commit (self->store, NULL, &none));
  g_assert_error (none, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
}

/* A module that runs statements one by one is enough. */
static void
test_run_all (Fixture *self, gconstpointer data)
{
  static const char *const texts[] = { "INSERT INTO users VALUES (1, 'a', 0), (2, 'b', 0)", "DELETE FROM users",
                                       "DELETE FROM nosuch", "INSERT INTO users VALUES (3, 'c', 0)" };
  KmsStatement *statements[G_N_ELEMENTS (texts)];
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      statements[i] = _kms_statement_new (self->store);
      _kms_statement_add_sql (statements[i], texts[i]);
    }
  g_assert_true (_kms_store_run_all (self->store, statements, 2, NULL, &error));
  g_assert_cmpint (statements[0]->n_changed, ==, 2);
  g_assert_cmpint (statements[1]->n_changed, ==, 2);
  g_assert_false (_kms_store_run_all (self->store, statements, G_N_ELEMENTS (texts), NULL, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_FAILED);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    _kms_statement_free (statements[i]);
  g_autofree char *rows = store_select (self->store, "SELECT * FROM users");
  g_assert_cmpstr (rows, ==, "");
}

/* To SQLite, "nosuch" in quotes is a text where there is no such column, unless it is told. */
static void
test_missing_column (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (_kms_store_run_text (self->store, "SELECT \"nosuch\" FROM users", NULL, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_FAILED);
}

static void
test_read_only (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (_kms_store_run_text (self->store, "PRAGMA query_only = 1", NULL, &error));
  g_assert_false (_kms_store_run_text (self->store, "DELETE FROM users", NULL, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_NOT_AUTHORIZED);
}

static void
test_open (Fixture *self, gconstpointer data)
{
  g_autofree char *garbage = g_build_filename (self->root, "garbage", NULL);
  g_autofree char *of_garbage = g_strconcat ("sqlite://", garbage, NULL);
  g_autofree char *with_slashes = g_strconcat ("sqlite://", self->path, NULL);
  const struct
  {
    const char *uri;
    KmsError code;
  } cases[] = {
    { "shop.sqlite3", KMS_ERROR_INVALID_ARGUMENT },
    { "sqlite:", KMS_ERROR_INVALID_ARGUMENT },
    { "sqlite://host/shop", KMS_ERROR_INVALID_ARGUMENT },
    { "../../evil:x", KMS_ERROR_INVALID_ARGUMENT },
    { "sqlite:/nosuch/nosuch", KMS_ERROR_NOT_FOUND },
    { "nosuch:x", KMS_ERROR_NOT_FOUND },
    { "nosuch://me:rosebud@host/shop", KMS_ERROR_INVALID_ARGUMENT },
    { "nosuch:///shop?password=rosebud", KMS_ERROR_INVALID_ARGUMENT },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_null (kms_store_open (self->registry, cases[i].uri, NULL, &error));
      g_test_message ("%s", error->message);
      g_assert_error (error, KMS_ERROR, (int) cases[i].code);
      g_assert_null (strstr (error->message, "rosebud"));
    }
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsStore) again = kms_store_open (self->registry, with_slashes, NULL, &error);
  g_assert_no_error (error);
  g_file_set_contents (garbage, "this is no database, however long one looks at it", -1, NULL);
  g_autoptr (KmsStore) store = kms_store_open (self->registry, of_garbage, NULL, &error);
  g_assert_no_error (error);
  g_assert_null (_kms_store_list_columns (store, "users", &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_INTEGRITY);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/store/values", Fixture, NULL, setup, test_values, teardown);
  g_test_add ("/store/identifiers", Fixture, NULL, setup, test_identifiers, teardown);
  g_test_add ("/store/columns", Fixture, NULL, setup, test_columns, teardown);
  g_test_add ("/store/stopped", Fixture, NULL, setup, test_stopped, teardown);
  g_test_add ("/store/transactions", Fixture, NULL, setup, test_transactions, teardown);
  g_test_add ("/store/run-all", Fixture, NULL, setup, test_run_all, teardown);
  g_test_add ("/store/missing-column", Fixture, NULL, setup, test_missing_column, teardown);
  g_test_add ("/store/read-only", Fixture, NULL, setup, test_read_only, teardown);
  g_test_add ("/store/open", Fixture, NULL, setup, test_open, teardown);
  return g_test_run ();
}
