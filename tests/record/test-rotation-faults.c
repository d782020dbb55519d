/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rotations that are killed, that somebody writes into, and whose database fails: no write is lost, no row unreadable. */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

#include "../config-root.h"
#include "shop.h"
#include "store-hook.h"

#define N_ROWS 7

/* Two transactions and a half. */
#define BATCH_SIZE 3

static KmsRotation *
make (Shop *self)
{
  g_autoptr (GError) error = NULL;
  KmsRotation *rotation = kms_rotation_new (self->model, "kms_key", self->store, &error);

  g_assert_no_error (error);
  kms_rotation_set_batch_size (rotation, BATCH_SIZE);
  kms_rotation_set_offline (rotation, TRUE);
  return rotation;
}

static gboolean
rotate (KmsRotation *rotation, const char *kind, GError **error)
{
  return strcmp (kind, "rekey") == 0 ? kms_rotation_rekey (rotation, NULL, error)
                                     : kms_rotation_rewrap (rotation, NULL, error);
}

static void
assert_n (Shop *self, const char *what, const char *expected)
{
  g_autofree char *sql = g_strconcat ("SELECT count(*) FROM users WHERE ", what, NULL);
  g_autofree char *answer = shop_ask (self, sql);

  g_assert_cmpstr (answer, ==, expected);
}

static void
assert_all_done (Shop *self, const char *kind)
{
  g_autoptr (KmsRotation) rotation = make (self);
  g_autoptr (GError) error = NULL;
  g_autofree char *n_rows = g_strdup_printf ("%u", N_ROWS);

  g_assert_true (rotate (rotation, kind, &error));
  g_assert_no_error (error);
  assert_n (self, "encrypted_kms_key LIKE 'v2:%'", n_rows);
  shop_assert_values (self, N_ROWS);
}

/* The process that is killed. */

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
  g_autoptr (KmsRotation) rotation = make (&shop);
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
  if (g_subprocess_get_if_signaled (child))
    {
      g_assert_cmpint (g_subprocess_get_term_sig (child), ==, SIGKILL);
      return FALSE;
    }
  g_assert_cmpint (g_subprocess_get_exit_status (child), ==, 0);
  return TRUE;
}

static void
put_back (Shop *self, const char *bytes, gsize length)
{
  g_autofree char *root = g_strdup (self->root), *journal = g_strconcat (self->path, "-journal", NULL);

  shop_close (self);
  g_unlink (journal);
  config_root_write_bytes (root, "shop.sqlite3", bytes, length);
  shop_open (self, root);
}

/* A key that was replaced is in the journal at the same moment, neither later nor sooner. */
static void
assert_journal (Shop *self)
{
  g_autofree char *n_tables = shop_ask (self, "SELECT count(*) FROM sqlite_master WHERE name = 'kms_rotation_journal'");

  if (strcmp (n_tables, "0") == 0)
    {
      assert_n (self, "encrypted_kms_key LIKE 'v2:%'", "0");
      return;
    }
  assert_n (
    self, "encrypted_kms_key LIKE 'v2:%' AND CAST (id AS TEXT) NOT IN (SELECT row_id FROM kms_rotation_journal)", "0");
  assert_n (self, "encrypted_kms_key LIKE 'v1:%' AND CAST (id AS TEXT) IN (SELECT row_id FROM kms_rotation_journal)",
            "0");
}

static void
test_killed (Shop *self, gconstpointer kind)
{
  g_autofree char *bytes = NULL;
  gsize length;
  guint n_kills = 0;
  gboolean is_done = FALSE;

  shop_fill (self, 1, N_ROWS);
  shop_set_box_version (self, 2);
  g_assert_true (g_file_get_contents (self->path, &bytes, &length, NULL));
  while (!is_done)
    {
      put_back (self, bytes, length);
      is_done = survives (self, kind, ++n_kills);
      if (strcmp (kind, "rekey") == 0)
        assert_journal (self);
      shop_assert_values (self, N_ROWS);
      assert_all_done (self, kind);
    }
  g_test_message ("killed %u times", n_kills - 1);
  g_assert_cmpuint (n_kills, >, N_ROWS + 6);
}

/* Of the hook that has no room for it. */
static Shop *current;

/* Whoever writes between the reading and the writing of a rotation. */
typedef struct
{
  Shop *shop;
  guint n_transactions, max_transactions, first, last;
  ShopWrite flags;
} Writer;

static gboolean
write_before_transaction (const char *sql, guint number, gpointer user_data, GError **error)
{
  Writer *self = user_data;

  if (strcmp (sql, "BEGIN") != 0 || self->n_transactions >= self->max_transactions)
    return TRUE;
  self->n_transactions++;
  for (guint id = self->first; id <= self->last; id++)
    {
      g_autofree char *city = g_strdup_printf ("town %u of %u", self->n_transactions, id);
      g_assert_true (shop_write (self->shop, id, city, self->flags));
    }
  return TRUE;
}

static void
assert_written (Shop *self, const char *kind, ShopWrite flags)
{
  Writer writer = { self, 0, 1, 2, 5, flags }; /* once: a second write would hide that the first was lost */
  g_autoptr (KmsRotation) rotation = make (self);
  g_autoptr (GError) error = NULL;

  store_hook_set (self->store, write_before_transaction, &writer);
  rotate (rotation, kind, &error);
  store_hook_clear (self->store);
  g_assert_no_error (error);
  g_assert_cmpuint (writer.n_transactions, ==, 1);
  assert_n (self, "name LIKE 'town 1 of %'", "4");
  assert_all_done (self, kind);
}

static void
test_writer (Shop *self, gconstpointer kind)
{
  ShopWrite lock = strcmp (kind, "rekey") == 0 ? SHOP_WRITE_LOCK : 0;

  shop_fill (self, 1, N_ROWS);
  shop_set_box_version (self, 2);
  assert_written (self, kind, lock);
  shop_set_box_version (self, 1);
  shop_run (self, "DELETE FROM users");
  shop_fill (self, 1, N_ROWS);
  shop_set_box_version (self, 2);
  assert_written (self, kind, lock | SHOP_WRITE_NEW_KEY);
}

/* Without a lock, what was written before the row was is seen by the values themselves. */
static void
test_writer_without_lock (Shop *self, gconstpointer flags)
{
  g_object_unref (self->model);
  self->model = shop_make_model (self, "[Model]\nName=User\nTable=users\n" SHOP_KEY SHOP_ATTRIBUTES);
  shop_fill (self, 1, N_ROWS);
  shop_set_box_version (self, 2);
  assert_written (self, "rekey", (ShopWrite) GPOINTER_TO_UINT (flags));
}

/* Each column that a rotation rewrites, changed alone while the rotation has what was in it before. */
static const struct
{
  const char *sql, *expected; /* rows for which that holds then */
} changes[] = {
  { "UPDATE users SET city_ciphertext = NULL WHERE id = 2",
    "city_ciphertext IS NULL AND phone_ciphertext IS NOT NULL" },
  { "UPDATE users SET phone_ciphertext = NULL WHERE id = 2",
    "phone_ciphertext IS NULL AND city_ciphertext IS NOT NULL" },
  { "UPDATE users SET city_ciphertext = '' WHERE id = 2", "city_ciphertext = ''" },
  { "UPDATE users SET lock_version = 7 WHERE id = 2", "lock_version = 8" },
  { "UPDATE users SET encrypted_kms_key = NULL, city_ciphertext = NULL, phone_ciphertext = NULL WHERE id = 2",
    "encrypted_kms_key IS NULL" },
  { "UPDATE users SET encrypted_kms_key = NULL WHERE id = 2", "encrypted_kms_key IS NULL" },
};

static gboolean
change_before_transaction (const char *sql, guint number, gpointer change, GError **error)
{
  const char **text = change;

  if (*text == NULL || strcmp (sql, "BEGIN") != 0)
    return TRUE;
  shop_run (current, *text);
  *text = NULL;
  return TRUE;
}

static void
test_guards (Shop *self, gconstpointer data)
{
  current = self;
  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      const char *change = changes[i].sql;
      g_autoptr (KmsRotation) rotation = make (self);
      g_autoptr (GError) error = NULL;

      shop_set_box_version (self, 1);
      shop_run (self, "DELETE FROM users");
      shop_fill (self, 1, N_ROWS);
      shop_set_box_version (self, 2);
      store_hook_set (self->store, change_before_transaction, &change);
      kms_rotation_rekey (rotation, NULL, &error);
      store_hook_clear (self->store);
      g_test_message ("%s", changes[i].sql);
      g_assert_no_error (error);
      assert_n (self, changes[i].expected, "1");
      assert_n (self, "encrypted_kms_key LIKE 'v2:%' AND id <> 2 AND lock_version = 1", "6");
    }
}

static void
keep_failed (KmsRotation *rotation, const char *id, const GError *error, GString *failed)
{
  g_string_append_printf (failed, "%s:%s ", id, kms_error_get_id (error));
}

/* A row that changes all the time is told in the end, and is what its writer made of it. */
static void
test_busy_row (Shop *self, gconstpointer data)
{
  Writer writer = { self, 0, G_MAXUINT, 2, 2, SHOP_WRITE_LOCK };
  g_autoptr (KmsRotation) rotation = make (self);
  g_autoptr (GString) failed = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  shop_fill (self, 1, N_ROWS);
  shop_set_box_version (self, 2);
  g_signal_connect (rotation, "row-failed", G_CALLBACK (keep_failed), failed);
  store_hook_set (self->store, write_before_transaction, &writer);
  g_assert_false (kms_rotation_rekey (rotation, NULL, &error));
  store_hook_clear (self->store);
  g_assert_error (error, KMS_ERROR, KMS_ERROR_PARTIAL);
  g_assert_cmpstr (failed->str, ==, "2:conflict ");
  assert_n (self, "encrypted_kms_key LIKE 'v1:%'", "1");
  shop_assert_values (self, N_ROWS);
  assert_all_done (self, "rekey");
}

/* Rows that go meanwhile are no failures. */
static gboolean
delete_before_transaction (const char *sql, guint number, gpointer shop, GError **error)
{
  if (strcmp (sql, "BEGIN") == 0)
    shop_run (shop, "DELETE FROM users WHERE id = 2");
  return TRUE;
}

static void
test_deleted (Shop *self, gconstpointer data)
{
  g_autoptr (KmsRotation) rotation = make (self);
  g_autoptr (GError) error = NULL;
  KmsRotationCounts counts;

  shop_fill (self, 1, N_ROWS);
  shop_set_box_version (self, 2);
  store_hook_set (self->store, delete_before_transaction, self);
  g_assert_true (kms_rotation_rekey (rotation, NULL, &error));
  store_hook_clear (self->store);
  kms_rotation_get_counts (rotation, &counts);
  g_assert_cmpuint (counts.n_skipped, ==, 1);
  shop_assert_values (self, N_ROWS - 1);
}

/* Statements that fail as if the database were busy: `n` of them behind the first ones. */
typedef struct
{
  const char *prefix;
  guint n;
} Busy;

static gboolean
be_busy (const char *sql, guint number, gpointer user_data, GError **error)
{
  Busy *self = user_data;

  if (!g_str_has_prefix (sql, self->prefix) || self->n == 0)
    return TRUE;
  self->n--;
  g_set_error (error, KMS_ERROR, KMS_ERROR_UNAVAILABLE, "deadlock detected");
  return FALSE;
}

static void
test_deadlock (Shop *self, gconstpointer data)
{
  Busy update = { "UPDATE", 2 }, commit = { "COMMIT", 1 };

  shop_fill (self, 1, N_ROWS);
  shop_set_box_version (self, 2);
  store_hook_set (self->store, be_busy, &update);
  assert_all_done (self, "rewrap");
  store_hook_clear (self->store);
  g_assert_cmpuint (update.n, ==, 0);
  shop_set_box_version (self, 1);
  shop_run (self, "DELETE FROM users");
  shop_fill (self, 1, N_ROWS);
  shop_set_box_version (self, 2);
  store_hook_set (self->store, be_busy, &commit);
  assert_all_done (self, "rekey");
  store_hook_clear (self->store);
  g_assert_cmpuint (commit.n, ==, 0);
}

static void
assert_stops (Shop *self, const char *kind, KmsError code, const char *part)
{
  g_autoptr (KmsRotation) rotation = make (self);
  g_autoptr (GString) failed = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  g_signal_connect (rotation, "row-failed", G_CALLBACK (keep_failed), failed);
  g_assert_false (rotate (rotation, kind, &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, KMS_ERROR, (int) code);
  g_assert_nonnull (strstr (error->message, part));
  g_assert_cmpstr (failed->str, ==, "");
  g_assert_false (kms_store_get_in_transaction (self->store));
}

static void
test_lost_connection (Shop *self, gconstpointer data)
{
  Busy lost = { "UPDATE", G_MAXUINT };

  shop_fill (self, 1, N_ROWS);
  shop_set_box_version (self, 2);
  store_hook_set (self->store, be_busy, &lost);
  assert_stops (self, "rekey", KMS_ERROR_UNAVAILABLE, "deadlock");
  store_hook_clear (self->store);
  shop_assert_values (self, N_ROWS);
  assert_all_done (self, "rekey");
}

static void
test_disk_full (Shop *self, gconstpointer data)
{
  g_autoptr (KmsRotation) rotation = make (self);
  g_autoptr (GError) error = NULL;

  shop_fill (self, 1, 200);
  shop_set_box_version (self, 2);
  kms_rotation_set_where (rotation, "id < 20");
  g_assert_true (kms_rotation_rekey (rotation, NULL, &error));
  shop_run (self, "PRAGMA max_page_count = 1"); /* no more than there are */
  assert_stops (self, "rekey", KMS_ERROR_QUOTA, "make room");
  shop_assert_values (self, 200);
  shop_run (self, "PRAGMA max_page_count = 100000");
  kms_rotation_set_where (rotation, NULL);
  g_assert_true (kms_rotation_rekey (rotation, NULL, &error));
  g_assert_no_error (error);
  assert_n (self, "encrypted_kms_key LIKE 'v2:%'", "200");
  shop_assert_values (self, 200);
}

static void
test_read_only (Shop *self, gconstpointer data)
{
  shop_fill (self, 1, N_ROWS);
  shop_set_box_version (self, 2);
  shop_run (self, "PRAGMA query_only = 1");
  assert_stops (self, "rekey", KMS_ERROR_NOT_AUTHORIZED, "kms_rotation_journal");
  assert_stops (self, "rewrap", KMS_ERROR_NOT_AUTHORIZED, "readonly");
  shop_run (self, "PRAGMA query_only = 0");
  assert_all_done (self, "rekey");
}

/* What is wrong with the key is told once, and not for each row. */
static void
test_no_provider (Shop *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  shop_fill (self, 1, N_ROWS);
  config_root_write (self->root, "admin/boxes.d/users.box",
                     "[Box]\nVersion=2\n[Version 1]\nKeyId=insecure-test-key\n[Version 2]\nKeyId=nosuch/key\n");
  g_assert_true (kms_registry_reload (self->registry, &error));
  assert_stops (self, "rewrap", KMS_ERROR_NOT_FOUND, "nosuch/key");
  assert_stops (self, "rekey", KMS_ERROR_NOT_FOUND, "nosuch/key");
  shop_set_box_version (self, 2);
  shop_assert_values (self, N_ROWS);
}

/* Each of them is larger than what is read at a time. */
static void
test_large (Shop *self, gconstpointer data)
{
  g_autofree char *large = g_strnfill (10 * 1024 * 1024, 'x');

  shop_fill (self, 1, N_ROWS);
  g_assert_true (shop_write (self, 2, large, 0));
  g_assert_true (shop_write (self, 3, large, 0));
  shop_set_box_version (self, 2);
  assert_all_done (self, "rekey");
}

#define ADD(path, data, function) g_test_add (path, Shop, data, shop_setup, function, shop_teardown)

int
main (int argc, char *argv[])
{
  if (argc == 5 && strcmp (argv[1], "--child") == 0)
    return run_child (argv[2], argv[3], (guint) g_ascii_strtoull (argv[4], NULL, 10));
  g_test_init (&argc, &argv, NULL);
  ADD ("/rotation/killed/rewrap", "rewrap", test_killed);
  ADD ("/rotation/killed/rekey", "rekey", test_killed);
  ADD ("/rotation/writer/rewrap", "rewrap", test_writer);
  ADD ("/rotation/writer/rekey", "rekey", test_writer);
  ADD ("/rotation/writer/unlocked", GUINT_TO_POINTER (0), test_writer_without_lock);
  ADD ("/rotation/writer/unlocked-new-key", GUINT_TO_POINTER (SHOP_WRITE_NEW_KEY), test_writer_without_lock);
  ADD ("/rotation/writer/guards", NULL, test_guards);
  ADD ("/rotation/writer/busy-row", NULL, test_busy_row);
  ADD ("/rotation/writer/deleted", NULL, test_deleted);
  ADD ("/rotation/database/deadlock", NULL, test_deadlock);
  ADD ("/rotation/database/lost", NULL, test_lost_connection);
  ADD ("/rotation/database/full", NULL, test_disk_full);
  ADD ("/rotation/database/read-only", NULL, test_read_only);
  ADD ("/rotation/database/large", NULL, test_large);
  ADD ("/rotation/no-provider", NULL, test_no_provider);
  return g_test_run ();
}
