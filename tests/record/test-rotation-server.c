/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rotations on PostgreSQL: rows that others lock, that the database refuses, and connections that end. */
#include "shop.h"

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

#define ADD(path, function) g_test_add (path, Shop, NULL, shop_setup, function, shop_teardown)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/rotation/server/bad-row", test_bad_row);
  ADD ("/rotation/server/skip", test_skip);
  ADD ("/rotation/server/lost", test_lost);
  return g_test_run ();
}
