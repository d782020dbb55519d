/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rotations on PostgreSQL: rows that others lock, that the database refuses, and connections that end. */
#include <gio/gio.h>
#include <signal.h>
#include <string.h>

#include "shop.h"
#include "store-hook.h"

#define BATCH_SIZE 25

static void
assert_n (Shop *self, const char *what, guint expected)
{
  g_autofree char *sql = g_strconcat ("SELECT count(*) FROM users WHERE ", what, NULL);
  g_autofree char *answer = shop_ask (self, sql), *number = g_strdup_printf ("%u", expected);

  g_assert_cmpstr (answer, ==, number);
}

static KmsStore *
connect_again (Shop *self)
{
  g_autoptr (GError) error = NULL;
  KmsStore *store = kms_store_open (self->registry, self->uri, NULL, &error);

  g_assert_no_error (error);
  return store;
}

static KmsRotation *
make (Shop *self, KmsStore *store)
{
  g_autoptr (GError) error = NULL;
  KmsRotation *rotation = kms_rotation_new (self->model, "kms_key", store, &error);

  g_assert_no_error (error);
  kms_rotation_set_batch_size (rotation, BATCH_SIZE);
  return rotation;
}

/* What a constraint refuses is one row's matter, though it ends the transaction of all. */
static void
test_bad_row (Shop *self, gconstpointer data)
{
  g_autoptr (KmsRotation) rotation = make (self, self->store);
  g_autoptr (GError) error = NULL;

  shop_fill (self, 1, 30);
  shop_run (self, "ALTER TABLE users ADD CHECK (id <> 7 OR lock_version = 0)");
  shop_set_box_version (self, 2);
  g_assert_false (kms_rotation_rekey (rotation, NULL, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_PARTIAL);
  assert_n (self, "encrypted_kms_key LIKE 'v2:%'", 29);
  shop_assert_values (self, 30);
}

/* A row that another worker has locked is left to it, and nobody waits. */
static void
test_skip (Shop *self, gconstpointer data)
{
  g_autoptr (KmsStore) other = connect_again (self);
  g_autoptr (KmsRotation) rotation = make (self, self->store);
  g_autoptr (GError) error = NULL;

  shop_fill (self, 1, 30);
  shop_set_box_version (self, 2);
  g_assert_true (kms_store_begin (other, NULL, &error));
  g_assert_true (_kms_store_run_text (other, "SELECT id FROM users WHERE id = 3 FOR UPDATE", NULL, &error));
  kms_rotation_set_shared (rotation, TRUE);
  g_assert_true (kms_rotation_rewrap (rotation, NULL, &error));
  g_assert_no_error (error);
  assert_n (self, "encrypted_kms_key LIKE 'v2:%'", 29);
  g_assert_true (kms_store_rollback (other, &error));
  g_assert_true (kms_rotation_rewrap (rotation, NULL, &error));
  assert_n (self, "encrypted_kms_key LIKE 'v2:%'", 30);
  shop_assert_values (self, 30);
}

/* The server ends the connection in the middle: nothing is lost, and it goes on with a new one. */
static void
end_connection (KmsRotation *rotation, Shop *other)
{
  KmsRotationCounts counts;

  kms_rotation_get_counts (rotation, &counts);
  if (counts.n_done == BATCH_SIZE)
    shop_run (other, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                     "AND datname = current_database()");
}

static void
test_lost (Shop *self, gconstpointer data)
{
  g_autoptr (KmsRotation) rotation = make (self, self->store);
  Shop other = *self;
  g_autoptr (GError) error = NULL;

  shop_fill (self, 1, 3 * BATCH_SIZE);
  shop_set_box_version (self, 2);
  other.store = connect_again (self);
  g_signal_connect (rotation, "progress", G_CALLBACK (end_connection), &other);
  if (!kms_rotation_rekey (rotation, NULL, &error))
    {
      g_assert_error (error, KMS_ERROR, KMS_ERROR_UNAVAILABLE);
      g_test_message ("%s", error->message);
      g_clear_error (&error);
      shop_assert_values (&other, 3 * BATCH_SIZE);
      g_signal_handlers_disconnect_by_data (rotation, &other);
      g_assert_true (kms_rotation_rekey (rotation, NULL, &error));
    }
  assert_n (&other, "encrypted_kms_key LIKE 'v2:%'", 3 * BATCH_SIZE);
  shop_assert_values (&other, 3 * BATCH_SIZE);
  g_object_unref (other.store);
}

/* Holds what the rotation wants, and then wants what it holds. */
typedef struct
{
  KmsStore *store, *observer;
  GError *error;
} Rival;

static gboolean
count (const KmsCell *cells, guint n_cells, gpointer n_waiting, GError **error)
{
  *(gint64 *) n_waiting = cells[0].value.integer;
  return TRUE;
}

static void
run_text (KmsStore *store, const char *sql, GError **error)
{
  _kms_store_run_text (store, sql, NULL, error);
}

static gpointer
close_circle (gpointer data)
{
  Rival *self = data;
  gint64 n_waiting = 0;

  while (n_waiting == 0)
    {
      g_autoptr (KmsStatement) statement = _kms_statement_new (self->observer);
      _kms_statement_add_sql (statement, "SELECT count(*) FROM pg_locks WHERE NOT granted");
      g_assert_true (_kms_store_run (self->observer, statement, count, &n_waiting, NULL, NULL, NULL));
      g_usleep (5000);
    }
  run_text (self->store, "UPDATE users SET name = 'rival' WHERE id = 1", &self->error);
  if (self->error == NULL)
    kms_store_commit (self->store, NULL, &self->error);
  return NULL;
}

/* The server ends the transaction of the rotation, which begins it once more when the other one is done. */
static void
test_deadlock (Shop *self, gconstpointer data)
{
  g_autoptr (KmsStore) other = connect_again (self), observer = connect_again (self);
  g_autoptr (KmsRotation) rotation = make (self, self->store);
  Rival rival = { other, observer, NULL };
  g_autoptr (GError) error = NULL;
  g_autofree char *before = NULL;

  shop_fill (self, 1, BATCH_SIZE);
  shop_set_box_version (self, 2);
  before = shop_ask (self, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()");
  /* Who waits longer than this looks for a circle, and is the one that has to go. */
  shop_run (self, "SET deadlock_timeout = '1s'");
  run_text (other, "SET deadlock_timeout = '60s'", &error);
  g_assert_true (kms_store_begin (other, NULL, &error));
  run_text (other, "UPDATE users SET name = 'rival' WHERE id = 20", &error);
  g_autoptr (GThread) thread = g_thread_new ("rival", close_circle, &rival);
  kms_rotation_rekey (rotation, NULL, &error);
  g_thread_join (g_steal_pointer (&thread));
  g_assert_no_error (rival.error);
  g_assert_no_error (error);
  shop_run (self, "SELECT pg_stat_force_next_flush()");
  assert_n (self, "encrypted_kms_key LIKE 'v2:%' AND lock_version = 1", BATCH_SIZE);
  assert_n (self, "name = 'rival'", 2);
  g_autofree char *after = NULL;
  for (guint i = 0; i < 1000 && (after == NULL || g_str_equal (after, before)); i++)
    {
      g_free (after);
      g_usleep (10000);
      after = shop_ask (self, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()");
    }
  g_assert_cmpstr (before, !=, after);
  shop_run (self, "UPDATE users SET name = NULL");
  shop_assert_values (self, BATCH_SIZE);
}

#define N_KILLED_ROWS 7

static KmsRotation *
make_small (Shop *self)
{
  KmsRotation *rotation = make (self, self->store);

  kms_rotation_set_batch_size (rotation, 3); /* two transactions and a half */
  return rotation;
}

static gboolean
rotate (KmsRotation *rotation, const char *kind, GError **error)
{
  return strcmp (kind, "rekey") == 0 ? kms_rotation_rekey (rotation, NULL, error)
                                     : kms_rotation_rewrap (rotation, NULL, error);
}

static gboolean
kill_at (const char *sql, guint number, gpointer limit, GError **error)
{
  if (number == GPOINTER_TO_UINT (limit))
    raise (SIGKILL);
  return TRUE;
}

static int
run_child (const char *root, const char *kind, guint limit)
{
  Shop shop = { 0 };

  shop_open (&shop, root);
  g_autoptr (KmsRotation) rotation = make_small (&shop);
  store_hook_set (shop.store, kill_at, GUINT_TO_POINTER (limit));
  gboolean done = rotate (rotation, kind, NULL);
  store_hook_clear (shop.store);
  g_clear_object (&rotation);
  shop_close (&shop);
  return done ? 0 : 1;
}

/* TRUE: it came to its end before. */
static gboolean
survives (Shop *self, const char *kind, guint limit)
{
  g_autofree char *number = g_strdup_printf ("%u", limit);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) child =
    g_subprocess_new (G_SUBPROCESS_FLAGS_NONE, &error, "/proc/self/exe", "--child", self->root, kind, number, NULL);

  g_assert_no_error (error);
  g_subprocess_wait (child, NULL, &error);
  g_assert_no_error (error);
  if (!g_subprocess_get_if_signaled (child))
    g_assert_cmpint (g_subprocess_get_exit_status (child), ==, 0);
  return !g_subprocess_get_if_signaled (child);
}

static void
begin_anew (Shop *self)
{
  shop_run (self, "DROP TABLE IF EXISTS kms_rotation_journal");
  shop_run (self, "TRUNCATE users");
  shop_set_box_version (self, 1);
  shop_fill (self, 1, N_KILLED_ROWS);
  shop_set_box_version (self, 2);
}

/* At each statement: what was committed has its old key in the journal, the rest is as it was, and the next one goes on. */
static void
test_killed (Shop *self, gconstpointer kind)
{
  guint n_kills = 0;
  gboolean is_done = FALSE;

  while (!is_done)
    {
      g_autoptr (KmsRotation) rotation = make_small (self);
      g_autoptr (GError) error = NULL;
      begin_anew (self);
      is_done = survives (self, kind, ++n_kills);
      shop_assert_values (self, N_KILLED_ROWS);
      shop_run (self, "CREATE TABLE IF NOT EXISTS kms_rotation_journal (table_name VARCHAR(255) NOT NULL, key_column "
                      "VARCHAR(255) NOT NULL, row_id VARCHAR(255) NOT NULL, wrapped_key TEXT NOT NULL, rotated_at "
                      "VARCHAR(40) NOT NULL)");
      if (strcmp (kind, "rekey") == 0)
        assert_n (
          self,
          "encrypted_kms_key LIKE CASE WHEN CAST (id AS TEXT) IN (SELECT row_id FROM kms_rotation_journal) THEN "
          "'v1:%' ELSE 'v2:%' END",
          0);
      g_assert_true (rotate (rotation, kind, &error));
      g_assert_no_error (error);
      assert_n (self, "encrypted_kms_key LIKE 'v2:%'", N_KILLED_ROWS);
      shop_assert_values (self, N_KILLED_ROWS);
    }
  g_test_message ("killed %u times", n_kills - 1);
  g_assert_cmpuint (n_kills, >, N_KILLED_ROWS + 6);
}

#define ADD(path, data, function) g_test_add (path, Shop, data, shop_setup, function, shop_teardown)

int
main (int argc, char *argv[])
{
  if (argc == 5 && strcmp (argv[1], "--child") == 0)
    return run_child (argv[2], argv[3], (guint) g_ascii_strtoull (argv[4], NULL, 10));
  g_test_init (&argc, &argv, NULL);
  ADD ("/rotation/server/bad-row", NULL, test_bad_row);
  ADD ("/rotation/server/skip", NULL, test_skip);
  ADD ("/rotation/server/lost", NULL, test_lost);
  ADD ("/rotation/server/deadlock", NULL, test_deadlock);
  ADD ("/rotation/server/killed/rewrap", "rewrap", test_killed);
  ADD ("/rotation/server/killed/rekey", "rekey", test_killed);
  return g_test_run ();
}
