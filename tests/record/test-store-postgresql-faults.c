/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* PostgreSQL: what is said when something is wrong, what is not said, and that the store works afterwards. */
#include <glib/gstdio.h>
#include <string.h>

#include "postgres-store.h"

#define SECRET "rosebud"
#define SLEEP "SELECT pg_sleep(600)"

static const char *
get_uri (void)
{
  return g_getenv ("KMS_TEST_POSTGRES");
}

static void
assert_fails (KmsStore *store, const char *sql, KmsError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (_kms_store_run_text (store, sql, NULL, &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, KMS_ERROR, (int) code);
  g_assert_null (strstr (error->message, SECRET));
}

static void
assert_works (KmsStore *store)
{
  g_autofree char *rows = store_select (store, "SELECT 6 * 7");
  g_assert_cmpstr (rows, ==, "42 ");
}

static void
add_users (PostgresFixture *self)
{
  store_execute (self->store, "INSERT INTO users SELECT i, 'user' FROM generate_series(1, 3) i");
}

static gboolean
stop_at_once (const KmsCell *cells, guint n_cells, gpointer data, GError **error)
{
  g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "enough");
  return FALSE;
}

static void
test_stopped (PostgresFixture *self, gconstpointer data)
{
  g_autoptr (KmsStatement) all = _kms_statement_new (self->store);
  g_autoptr (GError) error = NULL;

  _kms_statement_add_sql (all, "SELECT generate_series(1, 2000000000)");
  g_assert_false (_kms_store_run (self->store, all, stop_at_once, NULL, NULL, NULL, &error));
  g_assert_cmpstr (error->message, ==, "enough");
  assert_works (self->store);
}

/* Who has read enough of a table goes on with the transaction. */
static void
test_stopped_in_transaction (PostgresFixture *self, gconstpointer data)
{
  g_autoptr (KmsStatement) all = _kms_statement_new (self->store);
  g_autoptr (GError) error = NULL;

  _kms_statement_add_sql (all, "SELECT generate_series(1, 10000)");
  g_assert_true (kms_store_begin (self->store, NULL, &error));
  add_users (self);
  g_assert_false (_kms_store_run (self->store, all, stop_at_once, NULL, NULL, NULL, &error));
  g_clear_error (&error);
  kms_store_commit (self->store, NULL, &error);
  g_assert_no_error (error);
  g_autofree char *rows = store_select (self->store, "SELECT count(*) FROM users");
  g_assert_cmpstr (rows, ==, "3 ");
}

typedef struct
{
  KmsStore *observer;
  gint64 backend;
  GCancellable *cancellable; /* NULL: the connection is cut */
} Interruption;

static gpointer
interrupt (gpointer data)
{
  Interruption *self = data;

  postgres_wait_until_waiting (self->observer, self->backend);
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  else
    {
      g_autofree char *sql = g_strdup_printf ("SELECT pg_terminate_backend(%" G_GINT64_FORMAT ")", self->backend);
      store_execute (self->observer, sql);
    }
  return NULL;
}

static void
test_cancelled (PostgresFixture *self, gconstpointer data)
{
  g_autoptr (KmsStore) observer = postgres_fixture_open (self, get_uri ());
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Interruption interruption = { observer, postgres_get_backend (self->store), cancellable };
  g_autoptr (GThread) thread = g_thread_new ("cancel", interrupt, &interruption);
  g_autoptr (GError) error = NULL;

  g_assert_false (_kms_store_run_text (self->store, SLEEP, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_thread_join (g_steal_pointer (&thread));
  /* The server stopped, and the connection is the same. */
  g_assert_cmpint (postgres_get_backend (self->store), ==, interruption.backend);
}

static void
test_connection_lost (PostgresFixture *self, gconstpointer data)
{
  g_autoptr (KmsStore) observer = postgres_fixture_open (self, get_uri ());
  Interruption interruption = { observer, postgres_get_backend (self->store), NULL };
  g_autofree char *terminate =
    g_strdup_printf ("SELECT pg_terminate_backend(%" G_GINT64_FORMAT ", 10000)", interruption.backend);

  store_execute (observer, terminate);
  assert_fails (self->store, "SELECT 1", KMS_ERROR_UNAVAILABLE);
  assert_works (self->store);
  interruption.backend = postgres_get_backend (self->store);
  g_autoptr (GThread) thread = g_thread_new ("cut", interrupt, &interruption);
  assert_fails (self->store, SLEEP, KMS_ERROR_UNAVAILABLE);
  g_thread_join (g_steal_pointer (&thread));
  assert_works (self->store);
}

/* What was begun is not gone on with on another connection, and what failed is not kept by halves. */
static void
test_transactions (PostgresFixture *self, gconstpointer data)
{
  g_autoptr (KmsStore) observer = postgres_fixture_open (self, get_uri ());
  g_autoptr (GError) error = NULL, rolled_back = NULL;
  g_autofree char *terminate =
    g_strdup_printf ("SELECT pg_terminate_backend(%" G_GINT64_FORMAT ", 10000)", postgres_get_backend (self->store));

  g_assert_true (kms_store_begin (self->store, NULL, &error));
  add_users (self);
  store_execute (observer, terminate);
  assert_fails (self->store, "UPDATE users SET n = 1", KMS_ERROR_UNAVAILABLE);
  assert_fails (self->store, "UPDATE users SET n = 1", KMS_ERROR_UNAVAILABLE);
  g_assert_false (kms_store_commit (self->store, NULL, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_UNAVAILABLE);
  kms_store_rollback (self->store, NULL);
  assert_works (self->store);
  g_assert_true (kms_store_begin (self->store, NULL, NULL));
  add_users (self);
  assert_fails (self->store, "SELECT nosuch FROM users", KMS_ERROR_NOT_FOUND);
  g_assert_false (kms_store_commit (self->store, NULL, &rolled_back));
  g_assert_error (rolled_back, KMS_ERROR, KMS_ERROR_FAILED);
  kms_store_rollback (self->store, NULL);
  g_autofree char *rows = store_select (self->store, "SELECT count(*) FROM users");
  g_assert_cmpstr (rows, ==, "0 ");
}

typedef struct
{
  KmsStore *store;
  const char *sql;
  gboolean done;
  GError *error;
} Update;

static gpointer
run_update (gpointer data)
{
  Update *self = data;

  self->done = _kms_store_run_text (self->store, self->sql, NULL, &self->error);
  return NULL;
}

/* Each holds what the other wants. */
static void
test_deadlock (PostgresFixture *self, gconstpointer data)
{
  g_autoptr (KmsStore) other = postgres_fixture_open (self, get_uri ());
  g_autoptr (KmsStore) observer = postgres_fixture_open (self, get_uri ());
  Update first = { self->store, "UPDATE users SET n = 1 WHERE id = 2" };
  Update second = { other, "UPDATE users SET n = 2 WHERE id = 1" };

  add_users (self);
  store_execute (self->store, "BEGIN");
  store_execute (self->store, "UPDATE users SET n = 1 WHERE id = 1");
  store_execute (other, "BEGIN");
  store_execute (other, "UPDATE users SET n = 2 WHERE id = 2");
  gint64 backend = postgres_get_backend (self->store);
  g_autoptr (GThread) thread = g_thread_new ("first", run_update, &first);
  postgres_wait_until_waiting (observer, backend);
  run_update (&second);
  store_execute (other, "ROLLBACK");
  g_thread_join (g_steal_pointer (&thread));
  store_execute (self->store, "ROLLBACK");
  g_assert_cmpint (first.done + second.done, ==, 1);
  g_autoptr (GError) error = first.done ? second.error : first.error;
  g_test_message ("%s", error->message);
  g_assert_error (error, KMS_ERROR, KMS_ERROR_UNAVAILABLE);
}

static void
test_rights (PostgresFixture *self, gconstpointer data)
{
  store_execute (self->store, "DROP ROLE IF EXISTS reader");
  store_execute (self->store, "CREATE ROLE reader LOGIN");
  store_execute (self->store, "CREATE TABLE hidden (id integer)");
  store_execute (self->store, "CREATE SCHEMA IF NOT EXISTS locked");
  store_execute (self->store, "GRANT USAGE ON SCHEMA public TO reader");
  store_execute (self->store, "GRANT SELECT ON users TO reader");
  g_autoptr (KmsStore) reader = postgres_fixture_open (self, "postgresql://reader@/test");
  g_autoptr (GError) error = NULL;

  assert_fails (reader, "UPDATE users SET n = 1", KMS_ERROR_NOT_AUTHORIZED);
  assert_fails (reader, "SELECT * FROM hidden", KMS_ERROR_NOT_AUTHORIZED);
  g_assert_null (_kms_store_list_columns (reader, "locked.users", &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_NOT_AUTHORIZED);
  assert_works (reader);
  store_execute (self->store, "SET default_transaction_read_only = on");
  assert_fails (self->store, "DELETE FROM users", KMS_ERROR_NOT_AUTHORIZED);
}

/* Who may move rows to a new master key need not be able to touch what is in them. */
static void
test_rewrapper (PostgresFixture *self, gconstpointer data)
{
  add_users (self);
  store_execute (self->store, "ALTER TABLE users ADD COLUMN encrypted_kms_key text");
  store_execute (self->store, "DROP ROLE IF EXISTS rewrapper");
  store_execute (self->store, "CREATE ROLE rewrapper LOGIN");
  store_execute (self->store, "GRANT USAGE ON SCHEMA public TO rewrapper");
  store_execute (self->store, "GRANT SELECT, UPDATE (encrypted_kms_key) ON users TO rewrapper");
  g_autoptr (KmsStore) store = postgres_fixture_open (self, "postgresql://rewrapper@/test");

  g_autofree char *locked = store_select (store, "SELECT id FROM users WHERE id = 1 FOR UPDATE SKIP LOCKED");
  g_assert_cmpstr (locked, ==, "1 ");
  store_execute (store, "UPDATE users SET encrypted_kms_key = 'v2:' WHERE id = 1 AND name IS NOT DISTINCT FROM 'user'");
  assert_fails (store, "UPDATE users SET name = 'x'", KMS_ERROR_NOT_AUTHORIZED);
  assert_fails (store, "DELETE FROM users", KMS_ERROR_NOT_AUTHORIZED);
}

static void
assert_insert_fails (KmsStore *store, const char *table, KmsCell cell, KmsError code)
{
  g_autoptr (KmsStatement) statement = _kms_statement_new (store);
  g_autoptr (GError) error = NULL;

  _kms_statement_add_sql (statement, "INSERT INTO ");
  _kms_statement_add_table (statement, table);
  _kms_statement_add_sql (statement, " VALUES (");
  _kms_statement_bind (statement, &cell);
  _kms_statement_add_sql (statement, ")");
  g_assert_false (_kms_store_run (store, statement, NULL, NULL, NULL, NULL, &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, KMS_ERROR, (int) code);
  g_assert_null (strstr (error->message, SECRET));
  assert_works (store);
}

/* What can't be stored is not told to whoever reads the message. */
static void
test_wrong_values (PostgresFixture *self, gconstpointer data)
{
  store_execute (self->store, "CREATE TABLE numbers (n integer UNIQUE)");
  store_execute (self->store, "CREATE TABLE words (w varchar(3) CHECK (w <> '" SECRET "'))");
  store_execute (self->store, "CREATE FUNCTION complain() RETURNS trigger LANGUAGE plpgsql AS "
                              "$$ BEGIN RAISE EXCEPTION 'no %', NEW.w; END $$");
  store_execute (self->store, "CREATE TABLE watched (w text)");
  store_execute (self->store, "CREATE TRIGGER watch BEFORE INSERT ON watched FOR EACH ROW EXECUTE FUNCTION complain()");
  assert_insert_fails (self->store, "numbers", store_text_cell (SECRET), KMS_ERROR_FAILED);
  assert_insert_fails (self->store, "numbers", store_integer_cell (G_MAXINT64), KMS_ERROR_FAILED);
  assert_insert_fails (self->store, "numbers", store_blob_cell ("\1\2\3\4", 4), KMS_ERROR_INVALID_ARGUMENT);
  assert_insert_fails (self->store, "numbers", store_blob_cell ("1\0" SECRET, 9), KMS_ERROR_INVALID_ARGUMENT);
  assert_insert_fails (self->store, "words", store_text_cell (SECRET), KMS_ERROR_FAILED);
  assert_insert_fails (self->store, "words", store_blob_cell ("a\0", 2), KMS_ERROR_FAILED);
  assert_insert_fails (self->store, "words", store_blob_cell ("\xff", 1), KMS_ERROR_FAILED);
  assert_insert_fails (self->store, "watched", store_text_cell (SECRET), KMS_ERROR_FAILED);
  store_execute (self->store, "INSERT INTO numbers VALUES (7)");
  assert_insert_fails (self->store, "numbers", store_integer_cell (7), KMS_ERROR_FAILED);
}

static void
test_missing (PostgresFixture *self, gconstpointer data)
{
  assert_fails (self->store, "SELECT nosuch FROM users", KMS_ERROR_NOT_FOUND);
  assert_fails (self->store, "SELECT * FROM nosuch", KMS_ERROR_NOT_FOUND);
  assert_fails (self->store, "SELECT * FROM nosuch.users", KMS_ERROR_NOT_FOUND);
  assert_fails (self->store, "SELCT 1", KMS_ERROR_FAILED);
  assert_fails (self->store, "COPY users FROM STDIN", KMS_ERROR_FAILED);
  assert_works (self->store);
}

/* A column is changed while its statement is prepared. */
static void
test_changed_table (PostgresFixture *self, gconstpointer data)
{
  g_autoptr (KmsStatement) statement = _kms_statement_new (self->store);
  g_autoptr (GError) error = NULL;

  _kms_statement_add_sql (statement, "SELECT * FROM users WHERE id = ");
  _kms_statement_bind_integer (statement, 1);
  g_assert_true (_kms_store_run (self->store, statement, NULL, NULL, NULL, NULL, &error));
  store_execute (self->store, "ALTER TABLE users ADD COLUMN more text");
  g_assert_false (_kms_store_run (self->store, statement, NULL, NULL, NULL, NULL, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_FAILED);
  g_clear_error (&error);
  _kms_store_run (self->store, statement, NULL, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
}

/* What comes behind the one that fails is not run, and the server undoes what came before. */
static void
test_run_all (PostgresFixture *self, gconstpointer data)
{
  static const char *const texts[] = { "INSERT INTO users VALUES (1)", "INSERT INTO nosuch VALUES (2)",
                                       "INSERT INTO users VALUES (3)", "SELECT pg_sleep(600)" };
  KmsStatement *statements[G_N_ELEMENTS (texts)];
  g_autoptr (KmsStore) observer = postgres_fixture_open (self, get_uri ());
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Interruption interruption = { observer, postgres_get_backend (self->store), cancellable };
  g_autoptr (GError) failed = NULL, cancelled = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      statements[i] = _kms_statement_new (self->store);
      _kms_statement_add_sql (statements[i], texts[i]);
    }
  g_assert_false (_kms_store_run_all (self->store, statements, 3, NULL, &failed));
  g_assert_error (failed, KMS_ERROR, KMS_ERROR_NOT_FOUND);
  g_autofree char *rows = store_select (self->store, "SELECT id FROM users");
  g_assert_cmpstr (rows, ==, "");
  g_autoptr (GThread) thread = g_thread_new ("cancel", interrupt, &interruption);
  g_assert_false (_kms_store_run_all (self->store, statements + 3, 1, cancellable, &cancelled));
  g_assert_error (cancelled, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_thread_join (g_steal_pointer (&thread));
  assert_works (self->store);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    _kms_statement_free (statements[i]);
}

static gboolean
run_inside (const KmsCell *cells, guint n_cells, gpointer store, GError **error)
{
  return _kms_store_run_text (store, "SELECT 1", NULL, error);
}

static void
test_inside (PostgresFixture *self, gconstpointer data)
{
  g_autoptr (KmsStatement) statement = _kms_statement_new (self->store);
  g_autoptr (GError) error = NULL;

  _kms_statement_add_sql (statement, "SELECT generate_series(1, 9)");
  g_assert_false (_kms_store_run (self->store, statement, run_inside, self->store, NULL, NULL, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_FAILED);
  assert_works (self->store);
}

static void
assert_open_fails (PostgresFixture *self, const char *uri, KmsError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (kms_store_open (self->registry, uri, NULL, &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, KMS_ERROR, (int) code);
  g_assert_null (strstr (error->message, SECRET));
}

static void
test_open (PostgresFixture *self, gconstpointer data)
{
  g_autofree char *services = g_build_filename (self->root, "services", NULL);

  assert_open_fails (self, "postgresql:///nosuch", KMS_ERROR_NOT_FOUND);
  assert_open_fails (self, "postgresql://nosuch@/test", KMS_ERROR_CREDENTIALS);
  assert_open_fails (self, "postgresql:///test?host=/nosuch", KMS_ERROR_UNAVAILABLE);
  assert_open_fails (self, "postgresql:///test?nosuch=1", KMS_ERROR_INVALID_ARGUMENT);
  assert_open_fails (self, "postgresql:///test?password=" SECRET, KMS_ERROR_INVALID_ARGUMENT);
  assert_open_fails (self, "postgresql://me:" SECRET "@/test", KMS_ERROR_INVALID_ARGUMENT);
  g_file_set_contents (services, "[shop]\ndbname=test\n", -1, NULL);
  g_setenv ("PGSERVICEFILE", services, TRUE);
  g_autoptr (KmsStore) by_service = postgres_fixture_open (self, "postgresql:service=shop");
  g_autoptr (KmsStore) by_name = postgres_fixture_open (self, "postgres:test");
  g_autoptr (KmsStore) by_default = postgres_fixture_open (self, "postgresql://");
  g_autofree char *name = store_select (by_service, "SELECT current_database(), current_setting('application_name')");
  g_assert_cmpstr (name, ==, "test kms ");
}

/* Whoever asks for "locked" is asked for a password from now on. */
static void
require_password (PostgresFixture *self)
{
  g_autofree char *path = g_build_filename (g_getenv ("PGHOST"), "data", "pg_hba.conf", NULL);
  g_autofree char *rules = NULL;
  g_autofree char *loaded = store_select (self->store, "SELECT pg_conf_load_time()");

  g_assert_true (g_file_get_contents (path, &rules, NULL, NULL));
  g_autofree char *more = g_strconcat ("local all locked scram-sha-256\n", rules, NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GOutputStream) stream = G_OUTPUT_STREAM (g_file_append_to (file, G_FILE_CREATE_NONE, NULL, NULL));
  g_assert_true (g_seekable_truncate (G_SEEKABLE (stream), 0, NULL, NULL));
  g_assert_true (g_output_stream_write_all (stream, more, strlen (more), NULL, NULL, NULL));
  g_assert_true (g_output_stream_close (stream, NULL, NULL));
  store_execute (self->store, "SELECT pg_reload_conf()");
  for (gboolean is_new = FALSE; !is_new; g_usleep (1000))
    {
      g_autofree char *now = store_select (self->store, "SELECT pg_conf_load_time()");
      is_new = strcmp (now, loaded) != 0;
    }
}

static void
test_password (PostgresFixture *self, gconstpointer data)
{
  static const char uri[] = "postgresql://locked@/test";
  g_autofree char *passwords = g_build_filename (self->root, "passwords", NULL);

  store_execute (self->store, "DROP ROLE IF EXISTS locked");
  store_execute (self->store, "CREATE ROLE locked LOGIN PASSWORD '" SECRET "'");
  require_password (self);
  g_setenv ("PGPASSFILE", passwords, TRUE);
  assert_open_fails (self, uri, KMS_ERROR_CREDENTIALS);
  g_file_set_contents (passwords, "*:*:*:locked:not-" SECRET "\n", -1, NULL);
  g_assert_cmpint (g_chmod (passwords, 0600), ==, 0);
  assert_open_fails (self, uri, KMS_ERROR_CREDENTIALS);
  g_file_set_contents (passwords, "*:*:*:locked:" SECRET "\n", -1, NULL);
  g_assert_cmpint (g_chmod (passwords, 0600), ==, 0);
  g_autoptr (KmsStore) store = postgres_fixture_open (self, uri);
  assert_works (store);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *path;
    void (*test) (PostgresFixture *self, gconstpointer data);
  } cases[] = {
    { "stopped", test_stopped },
    { "stopped-in-transaction", test_stopped_in_transaction },
    { "cancelled", test_cancelled },
    { "connection-lost", test_connection_lost },
    { "deadlock", test_deadlock },
    { "transactions", test_transactions },
    { "rights", test_rights },
    { "rewrapper", test_rewrapper },
    { "wrong-values", test_wrong_values },
    { "missing", test_missing },
    { "inside", test_inside },
    { "run-all", test_run_all },
    { "changed-table", test_changed_table },
    { "open", test_open },
    { "password", test_password },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/store/postgresql/", cases[i].path, NULL);
      g_test_add (path, PostgresFixture, NULL, postgres_fixture_setup, cases[i].test, postgres_fixture_teardown);
    }
  return g_test_run ();
}
