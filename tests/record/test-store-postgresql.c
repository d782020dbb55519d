/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* PostgreSQL: what goes into a database comes out of it, of every type, under every name, and whatever its size. */
#include <string.h>
#include <sys/resource.h>

#include "postgres-store.h"

#define LARGE (100 * 1024 * 1024)
#define MANY "1000000"
#define MAX_GROWTH (32 * 1024) /* KiB */

static const char typed_table[] =
  "CREATE TABLE typed (i bigint, i4 integer, t text, v varchar(40), b bytea, f double precision, yes boolean, u uuid, "
  "at timestamp, n numeric, j jsonb)";

static const char *const typed_columns[] = { "i", "i4", "t", "v", "b", "f", "yes", "u", "at", "n", "j" };

#define BYTES "\0\\x'\xff\0"
#define UUID "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"

static void
fill (KmsCell *cells)
{
  cells[0] = store_integer_cell (G_MININT64);
  cells[1] = store_integer_cell (-7);
  cells[2] = store_text_cell ("'; DROP TABLE users; -- \\ \xc3\xa9");
  cells[3] = store_text_cell ("");
  cells[4] = store_blob_cell (BYTES, sizeof BYTES - 1);
  cells[5] = (KmsCell){ KMS_CELL_FLOAT, { .number = 0.1 } };
  cells[6] = store_integer_cell (1);
  cells[7] = store_text_cell (UUID);
  cells[8] = store_text_cell ("2024-02-29 23:59:59.123456");
  cells[9] = store_text_cell ("1234567890123456789.50");
  cells[10] = store_text_cell ("{\"a\": 1}");
}

static gboolean
compare (const KmsCell *cells, guint n_cells, gpointer expected_cells, GError **error)
{
  const KmsCell *expected = expected_cells;

  for (guint i = 0; i < n_cells; i++)
    {
      g_assert_cmpint (cells[i].type, ==, expected[i].type);
      if (cells[i].type == KMS_CELL_TEXT || cells[i].type == KMS_CELL_BLOB)
        g_assert_cmpmem (cells[i].value.bytes, cells[i].length, expected[i].value.bytes, expected[i].length);
      else if (cells[i].type == KMS_CELL_FLOAT)
        g_assert_cmpfloat (cells[i].value.number, ==, expected[i].value.number);
      else if (cells[i].type == KMS_CELL_INTEGER)
        g_assert_cmpint (cells[i].value.integer, ==, expected[i].value.integer);
    }
  return TRUE;
}

/* Rotations find a row by what they read of it. */
static void
assert_same (KmsStore *store, const KmsCell *cells)
{
  g_autoptr (KmsStatement) statement = _kms_statement_new (store);
  g_autoptr (GError) error = NULL;
  gint64 n_changed = 0;

  _kms_statement_add_sql (statement, "UPDATE typed SET t = ");
  _kms_statement_bind (statement, &cells[2]);
  for (guint i = 0; i < G_N_ELEMENTS (typed_columns); i++)
    {
      _kms_statement_add_sql (statement, i == 0 ? " WHERE " : " AND ");
      _kms_statement_add_same (statement, typed_columns[i], &cells[i]);
    }
  _kms_store_run (store, statement, NULL, NULL, &n_changed, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (n_changed, ==, 1);
}

static void
test_values (PostgresFixture *self, gconstpointer data)
{
  KmsCell cells[G_N_ELEMENTS (typed_columns)], nulls[G_N_ELEMENTS (typed_columns)] = { { KMS_CELL_NULL } };
  g_autoptr (KmsStatement) statement = _kms_statement_new (self->store);
  g_autoptr (GError) error = NULL;

  fill (cells);
  store_execute (self->store, typed_table);
  store_insert (self->store, "typed", cells, G_N_ELEMENTS (cells));
  _kms_statement_add_sql (statement, "SELECT * FROM typed");
  g_assert_true (_kms_store_run (self->store, statement, compare, cells, NULL, NULL, &error));
  assert_same (self->store, cells);
  store_insert (self->store, "typed", nulls, G_N_ELEMENTS (nulls));
  assert_same (self->store, nulls);
  g_autofree char *rows = store_select (self->store, "SELECT count(*), count(t), count(b) FROM typed");
  g_assert_cmpstr (rows, ==, "2 1 1 ");
  g_autofree char *users = store_select (self->store, "SELECT count(*) FROM users");
  g_assert_cmpstr (users, ==, "0 ");
}

/* Text is taken for what the column is, and bytes for bytes. */
static void
test_crossed (PostgresFixture *self, gconstpointer data)
{
  const KmsCell cells[] = { store_text_cell ("\\x41"), store_blob_cell ("abc", 3), store_integer_cell (5),
                            store_text_cell ("77") };

  store_execute (self->store, "CREATE TABLE crossed (b bytea, t text, t2 varchar, i bigint)");
  store_insert (self->store, "crossed", cells, G_N_ELEMENTS (cells));
  g_autofree char *rows = store_select (self->store, "SELECT * FROM crossed");
  g_assert_cmpstr (rows, ==, "x\\x41 abc 5 77 ");
}

static void
test_identifiers (PostgresFixture *self, gconstpointer data)
{
  static const char *const names[] = { "odd \" name", "'; DROP TABLE users; --", "Se lect", "\"a.b\"" };
  const KmsCell cells[] = { store_integer_cell (7), store_text_cell ("old") };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (KmsStatement) create = _kms_statement_new (self->store), update = _kms_statement_new (self->store);
      g_autoptr (GError) error = NULL;
      gint64 n_changed = 0;

      _kms_statement_add_sql (create, "CREATE TABLE ");
      _kms_statement_add_table (create, names[i]);
      _kms_statement_add_sql (create, " (id integer, ");
      _kms_statement_add_identifier (create, names[i]);
      _kms_statement_add_sql (create, " text)");
      g_assert_true (_kms_store_run (self->store, create, NULL, NULL, NULL, NULL, &error));
      store_insert (self->store, names[i], cells, G_N_ELEMENTS (cells));
      _kms_statement_add_sql (update, "UPDATE ");
      _kms_statement_add_table (update, names[i]);
      _kms_statement_add_sql (update, " SET ");
      _kms_statement_add_identifier (update, names[i]);
      _kms_statement_add_sql (update, " = ");
      _kms_statement_bind_text (update, "new", -1);
      _kms_statement_add_sql (update, " WHERE ");
      _kms_statement_add_same (update, names[i], &cells[1]);
      g_assert_true (_kms_store_run (self->store, update, NULL, NULL, &n_changed, NULL, &error));
      g_assert_cmpint (n_changed, ==, 1);
      g_autoptr (GArray) columns = _kms_store_list_columns (self->store, names[i], &error);
      g_assert_no_error (error);
      g_assert_cmpstr (g_array_index (columns, KmsColumn, 1).name, ==, names[i]);
    }
}

static void
test_columns (PostgresFixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) columns = _kms_store_list_columns (self->store, "users", &error);

  g_assert_no_error (error);
  g_assert_cmpuint (columns->len, ==, 3);
  g_assert_cmpstr (g_array_index (columns, KmsColumn, 2).name, ==, "n");
  g_assert_cmpstr (g_array_index (columns, KmsColumn, 2).type, ==, "double precision");
  g_assert_true (g_array_index (columns, KmsColumn, 2).is_nullable);
  g_assert_false (g_array_index (columns, KmsColumn, 0).is_nullable);
  g_assert_null (_kms_store_list_columns (self->store, "nosuch", &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND);
}

static void
assert_n_columns (KmsStore *store, const char *table, guint n)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) columns = _kms_store_list_columns (store, table, &error);

  if (n == 0)
    g_assert_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND);
  else
    g_assert_no_error (error);
  g_assert_cmpuint (columns == NULL ? 0 : columns->len, ==, n);
}

/* A table is looked for along the search path, unless its schema is named. */
static void
test_schemas (PostgresFixture *self, gconstpointer data)
{
  const KmsCell cell = store_integer_cell (1);

  store_execute (self->store, "DROP SCHEMA IF EXISTS \"o.dd\" CASCADE");
  store_execute (self->store, "CREATE SCHEMA \"o.dd\"");
  store_execute (self->store, "CREATE TABLE \"o.dd\".users (id integer)");
  store_execute (self->store, "CREATE TABLE \"o.dd\".orders (id integer, gone integer, total integer)");
  store_execute (self->store, "ALTER TABLE \"o.dd\".orders DROP COLUMN gone");
  assert_n_columns (self->store, "users", 3);
  assert_n_columns (self->store, "public.users", 3);
  assert_n_columns (self->store, "\"o.dd\".users", 1);
  assert_n_columns (self->store, "\"o.dd\".\"users\"", 1);
  assert_n_columns (self->store, "orders", 0);
  assert_n_columns (self->store, "nosuch.users", 0);
  store_insert (self->store, "\"o.dd\".users", &cell, 1);
  store_execute (self->store, "SET search_path = \"o.dd\", public");
  assert_n_columns (self->store, "users", 1);
  assert_n_columns (self->store, "orders", 2);
  g_autofree char *rows = store_select (self->store, "SELECT * FROM users");
  g_assert_cmpstr (rows, ==, "1 ");
}

#define N_UPDATES 5000

/* More than the socket takes at once, in one go, and each tells what it did. */
static void
test_run_all (PostgresFixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) statements = g_ptr_array_new_with_free_func ((GDestroyNotify) _kms_statement_free);
  g_autofree char *name = g_strnfill (400, 'n');
  g_autoptr (GError) error = NULL;

  store_execute (self->store, "INSERT INTO users SELECT 2 * generate_series(0, 2499)");
  for (guint i = 0; i < N_UPDATES; i++)
    {
      KmsStatement *statement = _kms_statement_new (self->store);
      _kms_statement_add_sql (statement, "UPDATE users SET name = ");
      _kms_statement_bind_text (statement, name, -1);
      _kms_statement_add_sql (statement, " WHERE id = ");
      _kms_statement_bind_integer (statement, i);
      g_ptr_array_add (statements, statement);
    }
  _kms_store_run_all (self->store, (KmsStatement **) statements->pdata, N_UPDATES, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < N_UPDATES; i++)
    g_assert_cmpint (((KmsStatement *) statements->pdata[i])->n_changed, ==, i % 2 == 0);
  g_autofree char *rows = store_select (self->store, "SELECT count(*) FROM users WHERE length(name) = 400");
  g_assert_cmpstr (rows, ==, "2500 ");
}

static gboolean
count (const KmsCell *cells, guint n_cells, gpointer n_rows, GError **error)
{
  ++*(guint *) n_rows;
  return TRUE;
}

static long
get_peak (void)
{
  struct rusage usage;

  g_assert_cmpint (getrusage (RUSAGE_SELF, &usage), ==, 0);
  return usage.ru_maxrss;
}

/* This case has to come before the one with a large value, which moves the peak. */
static void
test_many_rows (PostgresFixture *self, gconstpointer data)
{
  g_autoptr (KmsStatement) statement = _kms_statement_new (self->store);
  g_autoptr (GError) error = NULL;
  long before = get_peak ();
  guint n_rows = 0;

  _kms_statement_add_sql (statement, "SELECT repeat('x', 200), generate_series(1, " MANY ")");
  _kms_store_run (self->store, statement, count, &n_rows, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (n_rows, ==, 1000000);
#ifdef __SANITIZE_ADDRESS__
  g_test_message ("AddressSanitizer keeps what is freed: the peak of %ld KiB says nothing", get_peak () - before);
#else
  g_assert_cmpint (get_peak () - before, <, MAX_GROWTH);
#endif
}

static void
test_large_value (PostgresFixture *self, gconstpointer data)
{
  g_autofree char *bytes = g_malloc (LARGE);
  const KmsCell cells[] = { store_integer_cell (1), store_blob_cell (bytes, LARGE) };
  g_autoptr (KmsStatement) statement = _kms_statement_new (self->store);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < LARGE; i++)
    bytes[i] = (char) (i * 2654435761U >> 24);
  store_execute (self->store, "CREATE TABLE files (id integer, content bytea)");
  store_insert (self->store, "files", cells, 2);
  _kms_statement_add_sql (statement, "SELECT * FROM files");
  g_assert_true (_kms_store_run (self->store, statement, compare, (gpointer) cells, NULL, NULL, &error));
  g_autofree char *length = store_select (self->store, "SELECT length(content) FROM files");
  g_assert_cmpstr (length, ==, "104857600 ");
}

/* More texts than are kept prepared, each of them twice. */
static void
test_prepared (PostgresFixture *self, gconstpointer data)
{
  for (guint i = 0; i < 200; i++)
    {
      g_autoptr (KmsStatement) statement = _kms_statement_new (self->store);
      g_autofree char *sql = g_strdup_printf ("SELECT id AS a%u FROM users WHERE id = ", i % 100);
      g_autoptr (GError) error = NULL;

      _kms_statement_add_sql (statement, sql);
      _kms_statement_bind_integer (statement, i);
      _kms_store_run (self->store, statement, NULL, NULL, NULL, NULL, &error);
      g_assert_no_error (error);
    }
  g_autofree char *rows = store_select (self->store, "SELECT count(*) <= 32 FROM pg_prepared_statements");
  g_assert_cmpstr (rows, ==, "1 ");
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *path;
    void (*test) (PostgresFixture *self, gconstpointer data);
  } cases[] = {
    { "/store/postgresql/values", test_values },           { "/store/postgresql/crossed", test_crossed },
    { "/store/postgresql/identifiers", test_identifiers }, { "/store/postgresql/columns", test_columns },
    { "/store/postgresql/schemas", test_schemas },         { "/store/postgresql/prepared", test_prepared },
    { "/store/postgresql/run-all", test_run_all },         { "/store/postgresql/many-rows", test_many_rows },
    { "/store/postgresql/large-value", test_large_value },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_test_add (cases[i].path, PostgresFixture, NULL, postgres_fixture_setup, cases[i].test, postgres_fixture_teardown);
  return g_test_run ();
}
