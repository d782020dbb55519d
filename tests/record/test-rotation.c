/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rotations where nothing is in their way: what changes, what stays, what is left alone, and what is refused. */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>

#include "../config-root.h"
#include "shop.h"

#define COUNT(what) "SELECT count(*) FROM users WHERE " what

static void
assert_ask (Shop *self, const char *sql, const char *expected)
{
  g_autofree char *answer = shop_ask (self, sql);

  g_assert_cmpstr (answer, ==, expected);
}

static KmsRotation *
make (Shop *self, KmsModel *model)
{
  g_autoptr (GError) error = NULL;
  KmsRotation *rotation = kms_rotation_new (model, "kms_key", self->store, &error);

  g_assert_no_error (error);
  kms_rotation_set_batch_size (rotation, 10);
  return rotation;
}

static void
assert_counts (KmsRotation *rotation, guint64 n_rows, guint64 n_done, guint64 n_skipped, guint64 n_failed)
{
  KmsRotationCounts counts;

  kms_rotation_get_counts (rotation, &counts);
  g_assert_cmpuint (counts.n_rows, ==, n_rows);
  g_assert_cmpuint (counts.n_done, ==, n_done);
  g_assert_cmpuint (counts.n_skipped, ==, n_skipped);
  g_assert_cmpuint (counts.n_failed, ==, n_failed);
}

static void
test_rewrap (Shop *self, gconstpointer data)
{
  g_autoptr (KmsRotation) rotation = make (self, self->model);
  g_autoptr (GError) error = NULL;

  shop_fill (self, 1, 25);
  shop_run (self, "CREATE TABLE before AS SELECT * FROM users");
  shop_set_box_version (self, 2);
  g_assert_true (kms_rotation_rewrap (rotation, NULL, &error));
  g_assert_no_error (error);
  assert_counts (rotation, 25, 25, 0, 0);
  assert_ask (self, COUNT ("encrypted_kms_key LIKE 'v2:%'"), "25");
  assert_ask (self,
              "SELECT count(*) FROM users JOIN before USING (id, city_ciphertext, phone_ciphertext, updated_at, "
              "lock_version)",
              "25");
  shop_assert_values (self, 25);
  g_assert_true (kms_rotation_rewrap (rotation, NULL, &error));
  assert_counts (rotation, 0, 0, 0, 0);
  kms_rotation_set_all (rotation, TRUE);
  g_assert_true (kms_rotation_rewrap (rotation, NULL, &error));
  assert_counts (rotation, 25, 25, 0, 0);
}

static void
test_rekey (Shop *self, gconstpointer data)
{
  g_autoptr (KmsRotation) rotation = make (self, self->model);
  g_autoptr (GError) error = NULL;

  shop_fill (self, 1, 25);
  shop_run (self, "UPDATE users SET phone_ciphertext = NULL WHERE id = 3");
  shop_run (self, "UPDATE users SET phone_ciphertext = '' WHERE id = 4");
  shop_run (self, "CREATE TABLE before AS SELECT * FROM users");
  shop_set_box_version (self, 2);
  g_assert_true (kms_rotation_rekey (rotation, NULL, &error));
  g_assert_no_error (error);
  assert_counts (rotation, 25, 25, 0, 0);
  assert_ask (self, COUNT ("encrypted_kms_key LIKE 'v2:%' AND lock_version = 1 AND updated_at > '2020-01-01'"), "25");
  assert_ask (self, "SELECT count(*) FROM users JOIN before USING (city_ciphertext)", "0");
  assert_ask (self, "SELECT count(*) FROM users JOIN before USING (id, name)", "0");
  assert_ask (self, "SELECT phone_ciphertext FROM users WHERE id = 3", NULL);
  assert_ask (self, "SELECT phone_ciphertext FROM users WHERE id = 4", "");
  assert_ask (self,
              "SELECT count(*) FROM kms_rotation_journal JOIN before ON row_id = CAST (id AS TEXT) AND wrapped_key = "
              "encrypted_kms_key "
              "WHERE table_name = 'users' AND key_column = 'encrypted_kms_key'",
              "25");
  g_assert_true (kms_rotation_verify (rotation, FALSE, NULL, &error));
  assert_counts (rotation, 25, 25, 0, 0);
  shop_run (self, "DELETE FROM users WHERE id IN (3, 4)");
  shop_assert_values (self, 23);
}

static void
keep_failed (KmsRotation *rotation, const char *id, const GError *error, GString *failed)
{
  g_test_message ("row %s: %s", id, error->message);
  g_assert_null (strstr (error->message, "insecure+data"));
  g_string_append_printf (failed, "%s:%s ", id, kms_error_get_id (error));
}

/* Bad rows are told, and stay as they are; their neighbours are done. */
static void
test_bad_rows (Shop *self, gconstpointer data)
{
  g_autoptr (KmsRotation) rotation = make (self, self->model);
  g_autoptr (GString) failed = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  shop_fill (self, 1, 25);
  shop_run (self, "UPDATE users SET encrypted_kms_key = 'v7:AAAA' WHERE id = 2");
  shop_run (self,
            "UPDATE users SET encrypted_kms_key = NULL, city_ciphertext = NULL, phone_ciphertext = NULL WHERE id = 3");
  shop_run (self, "UPDATE users SET encrypted_kms_key = '' WHERE id = 5");
  shop_run (self, "UPDATE users SET city_ciphertext = phone_ciphertext WHERE id = 7");
  shop_run (self, "UPDATE users SET phone_ciphertext = 12 WHERE id = 8");
  shop_refuse_update (self, 9);
  shop_set_box_version (self, 2);
  g_signal_connect (rotation, "row-failed", G_CALLBACK (keep_failed), failed);
  g_assert_false (kms_rotation_rekey (rotation, NULL, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_PARTIAL);
  g_assert_cmpstr (failed->str, ==,
                   "2:not-active 5:invalid-ciphertext 7:invalid-ciphertext 8:invalid-ciphertext 9:failed ");
  assert_counts (rotation, 24, 19, 0, 5);
  assert_ask (self, COUNT ("lock_version = 1"), "19");
  g_string_truncate (failed, 0);
  g_clear_error (&error);
  g_assert_false (kms_rotation_verify (rotation, TRUE, NULL, &error));
  g_assert_cmpstr (failed->str, ==, "2:not-active 5:invalid-ciphertext 7:invalid-ciphertext 8:invalid-ciphertext ");
  shop_run (self, "DELETE FROM users WHERE id IN (2, 3, 5, 7, 8, 9)");
  shop_assert_values (self, 19);
}

static void
test_choice (Shop *self, gconstpointer data)
{
  g_autoptr (KmsRotation) rotation = make (self, self->model);
  g_autoptr (GError) error = NULL;

  shop_fill (self, 1, 20);
  shop_set_box_version (self, 2);
  shop_fill (self, 21, 20);
  shop_set_box_version (self, 3);
  kms_rotation_set_from_version (rotation, "2");
  kms_rotation_set_where (rotation, "id % 2 = 0 OR id = 21 -- all");
  g_assert_true (kms_rotation_rewrap (rotation, NULL, &error));
  assert_counts (rotation, 11, 11, 0, 0);
  kms_rotation_set_from_version (rotation, "1");
  kms_rotation_set_where (rotation, NULL);
  g_assert_true (kms_rotation_rekey (rotation, NULL, &error));
  g_assert_no_error (error);
  assert_ask (self, COUNT ("encrypted_kms_key LIKE 'v3:%'"), "31");
  kms_rotation_set_from_version (rotation, NULL);
  kms_rotation_set_where (rotation, "nosuch = 1");
  g_assert_false (kms_rotation_rekey (rotation, NULL, &error));
  g_assert_nonnull (strstr (error->message, "nosuch"));
  shop_assert_values (self, 40);
}

/* What was stopped goes on where it was, and does no row twice, even where nobody sees that it is done. */
static void
stop_at_20 (KmsRotation *rotation, GCancellable *cancellable)
{
  KmsRotationCounts counts;

  kms_rotation_get_counts (rotation, &counts);
  if (counts.n_done >= 20)
    g_cancellable_cancel (cancellable);
}

static void
test_resume (Shop *self, gconstpointer data)
{
  g_autoptr (KmsRotation) rotation = make (self, self->model);
  g_autofree char *path = g_build_filename (self->root, "state", "checkpoint", NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  shop_fill (self, 1, 45);
  kms_rotation_set_all (rotation, TRUE);
  kms_rotation_set_checkpoint (rotation, path, FALSE);
  g_signal_connect (rotation, "progress", G_CALLBACK (stop_at_20), cancellable);
  g_assert_false (kms_rotation_rekey (rotation, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_counts (rotation, 45, 20, 0, 0);
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  g_clear_error (&error);
  kms_rotation_set_checkpoint (rotation, path, TRUE);
  g_assert_false (kms_rotation_rewrap (rotation, NULL, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_true (kms_rotation_rekey (rotation, NULL, &error));
  assert_counts (rotation, 45, 25, 0, 0);
  assert_ask (self, COUNT ("lock_version = 1"), "45");
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  g_assert_false (kms_rotation_rekey (rotation, NULL, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND);
  shop_assert_values (self, 45);
}

/* An application wrote with a data key that it had in memory, and nothing stopped it. */
static void
test_repair (Shop *self, gconstpointer data)
{
  g_autoptr (KmsRotation) rotation = make (self, self->model);
  g_autoptr (GString) failed = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  KmsRotationCounts counts;

  shop_fill (self, 1, 5);
  shop_run (self, "CREATE TABLE before AS SELECT * FROM users");
  kms_rotation_set_all (rotation, TRUE);
  g_assert_true (kms_rotation_rekey (rotation, NULL, &error));
  g_assert_true (kms_rotation_rekey (rotation, NULL, &error));
  shop_run (self, "UPDATE users SET city_ciphertext = (SELECT city_ciphertext FROM before WHERE id = 3) WHERE id = 3");
  shop_run (self, "UPDATE users SET city_ciphertext = 'AAAA' WHERE id = 4");
  g_signal_connect (rotation, "row-failed", G_CALLBACK (keep_failed), failed);
  g_assert_false (kms_rotation_verify (rotation, FALSE, NULL, &error));
  g_assert_cmpstr (failed->str, ==, "3:invalid-ciphertext 4:invalid-ciphertext ");
  g_string_truncate (failed, 0);
  g_clear_error (&error);
  g_assert_false (kms_rotation_verify (rotation, TRUE, NULL, &error));
  g_assert_cmpstr (failed->str, ==, "4:invalid-ciphertext ");
  kms_rotation_get_counts (rotation, &counts);
  g_assert_cmpuint (counts.n_repaired, ==, 1);
  assert_ask (self, "SELECT lock_version FROM users WHERE id = 3", "3");
  shop_run (self, "DELETE FROM users WHERE id = 4");
  shop_assert_values (self, 4);
}

#define JOURNAL "SELECT count(*) FROM kms_rotation_journal"

static void
assert_not_pruned (KmsRotation *rotation, KmsError code, const char *part)
{
  g_autoptr (GError) error = NULL;
  KmsRotationCounts counts;

  g_assert_false (kms_rotation_verify (rotation, FALSE, NULL, &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, KMS_ERROR, (int) code);
  g_assert_nonnull (strstr (error->message, part));
  kms_rotation_get_counts (rotation, &counts);
  g_assert_cmpuint (counts.n_pruned, ==, 0);
}

/* The journal goes when nothing can need it, and only what it had then. */
static void
test_prune (Shop *self, gconstpointer data)
{
  g_autoptr (KmsRotation) rotation = make (self, self->model);
  g_autoptr (KmsModel) vague = shop_make_model (self, SHOP_MODEL "[Key kms_key]\nBox=users\n" SHOP_ATTRIBUTES);
  g_autoptr (KmsRotation) of_vague = make (self, vague);
  g_autoptr (GError) error = NULL;
  KmsRotationCounts counts;

  shop_fill (self, 1, 5);
  kms_rotation_set_prune_journal (rotation, TRUE);
  g_assert_true (kms_rotation_verify (rotation, FALSE, NULL, &error)); /* there is none */
  kms_rotation_set_all (rotation, TRUE);
  g_assert_true (kms_rotation_rekey (rotation, NULL, &error));
  assert_ask (self, JOURNAL, "5");
  shop_run (self, "CREATE TABLE before AS SELECT * FROM users");
  shop_run (self, "INSERT INTO kms_rotation_journal VALUES ('users', 'other_key', '1', 'x', '2001-01-01'), "
                  "('other', 'encrypted_kms_key', '1', 'x', '2001-01-01'), "
                  "('users', 'encrypted_kms_key', '1', 'x', '2999-01-01')");
  shop_run (self, "UPDATE users SET city_ciphertext = 'AAAA' WHERE id = 4");
  assert_not_pruned (rotation, KMS_ERROR_PARTIAL, "1 rows");
  shop_run (self, "UPDATE users SET city_ciphertext = (SELECT city_ciphertext FROM before WHERE id = 4) WHERE id = 4");
  kms_rotation_set_where (rotation, "id = 1");
  assert_not_pruned (rotation, KMS_ERROR_NOT_SUPPORTED, "rows are left out");
  kms_rotation_set_where (rotation, NULL);
  kms_rotation_set_checkpoint (rotation, "/nonexistent", TRUE);
  assert_not_pruned (rotation, KMS_ERROR_NOT_SUPPORTED, "may have changed since");
  kms_rotation_set_checkpoint (rotation, NULL, FALSE);
  kms_rotation_set_prune_journal (of_vague, TRUE);
  assert_not_pruned (of_vague, KMS_ERROR_NOT_SUPPORTED, "Complete=true");
  assert_ask (self, JOURNAL, "8");
  g_assert_true (kms_rotation_verify (rotation, FALSE, NULL, &error));
  g_assert_no_error (error);
  kms_rotation_get_counts (rotation, &counts);
  g_assert_cmpuint (counts.n_pruned, ==, 5);
  assert_ask (self, JOURNAL, "3");
  assert_ask (self, JOURNAL " WHERE rotated_at > '2998'", "1");
}

#define OFFLINE_MODEL "[Model]\nName=User\nTable=users\n"

static void
test_refused (Shop *self, gconstpointer data)
{
  static const struct
  {
    const char *model, *sql, *part; /* of the message */
  } cases[] = {
    { SHOP_MODEL "[Key kms_key]\nBox=users\n" SHOP_ATTRIBUTES, "SELECT 1", "Complete=true" },
    { OFFLINE_MODEL SHOP_KEY SHOP_ATTRIBUTES, "SELECT 1", "--offline" },
    { SHOP_MODEL SHOP_KEY SHOP_ATTRIBUTES "[Attribute license]\nKey=kms_key\nFormat=lockbox-file\n", "SELECT 1",
      "\"license\" is a file" },
    { SHOP_MODEL SHOP_KEY SHOP_ATTRIBUTES "[Attribute name]\nKey=kms_key\nFormat=attr-encrypted-single\nColumn=name\n",
      "SELECT 1", "\"name\" is in an old format" },
    { SHOP_MODEL SHOP_KEY SHOP_ATTRIBUTES "[Attribute no]\nKey=kms_key\nFormat=lockbox\n", "SELECT 1",
      "\"no_ciphertext\"" },
    { SHOP_MODEL SHOP_KEY SHOP_ATTRIBUTES, "ALTER TABLE users ADD email_bidx TEXT", "\"email_bidx\"" },
    { SHOP_MODEL SHOP_KEY SHOP_ATTRIBUTES, "ALTER TABLE users DROP email_bidx", NULL },
    { SHOP_MODEL SHOP_KEY SHOP_ATTRIBUTES, "ALTER TABLE users ADD city_ci_bidx TEXT", NULL },
    { SHOP_MODEL SHOP_KEY SHOP_ATTRIBUTES, "CREATE TABLE active_storage_attachments (record_type TEXT, name TEXT)",
      NULL },
    { SHOP_MODEL SHOP_KEY SHOP_ATTRIBUTES, "INSERT INTO active_storage_attachments VALUES ('Order', 'scan')", NULL },
    { SHOP_MODEL SHOP_KEY SHOP_ATTRIBUTES, "INSERT INTO active_storage_attachments VALUES ('User', 'license')",
      "Active Storage has 1 files" },
    { SHOP_MODEL SHOP_KEY SHOP_ATTRIBUTES "[Key j]\nBox=users\n[Attribute license]\nKey=j\nFormat=lockbox-file\n",
      "SELECT 1", NULL },
  };

  shop_fill (self, 1, 1);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (KmsModel) model = shop_make_model (self, cases[i].model);
      g_autoptr (KmsRotation) rotation = make (self, model);
      shop_run (self, cases[i].sql);
      g_assert_true (kms_rotation_rekey (rotation, NULL, &error) == (cases[i].part == NULL));
      g_test_message ("%s", error == NULL ? "no error" : error->message);
      g_assert_true (error == NULL || strstr (error->message, cases[i].part) != NULL);
    }
}

/* Rails calls the files of all classes of a table by the one at their base. */
static void
test_refused_base (Shop *self, gconstpointer data)
{
  static const struct
  {
    const char *record_type;
    gboolean is_refused;
  } cases[] = { { "Order", FALSE }, { "Human", FALSE }, { "Person", TRUE }, { "User", TRUE }, { "Admin", TRUE } };

  config_root_write (self->root, "admin/models.d/human.model", "[Model]\nName=Human\n");
  config_root_write (self->root, "admin/models.d/person.model", "[Model]\nName=Person\nExtends=human\nTable=users\n");
  config_root_write (self->root, "admin/models.d/user.model", "[Model]\nName=User\nExtends=person\n");
  g_assert_true (kms_registry_reload (self->registry, NULL));
  shop_fill (self, 1, 1);
  shop_run (self, "CREATE TABLE active_storage_attachments (record_type TEXT, name TEXT)");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (KmsModel) model = shop_make_model (
        self, "[Model]\nName=Admin\nExtends=user\nLockVersion=lock_version\n" SHOP_KEY SHOP_ATTRIBUTES);
      g_autoptr (KmsRotation) rotation = make (self, model);
      g_autofree char *insert =
        g_strdup_printf ("INSERT INTO active_storage_attachments VALUES ('%s', 'scan')", cases[i].record_type);

      shop_run (self, "DELETE FROM active_storage_attachments");
      shop_run (self, insert);
      GVariant *estimate = kms_rotation_estimate (rotation, TRUE, NULL, &error);
      g_test_message ("%s: %s", cases[i].record_type, error == NULL ? "no error" : error->message);
      g_assert_true ((estimate == NULL) == cases[i].is_refused);
      g_clear_pointer (&estimate, g_variant_unref);
    }
}

static void
assert_variant (GVariant *variant, const GError *error, const char *expected)
{
  g_assert_no_error (error);
  g_autofree char *text = g_variant_print (variant, FALSE);
  g_assert_cmpstr (text, ==, expected);
  g_variant_unref (variant);
}

static void
test_status (Shop *self, gconstpointer data)
{
  g_autoptr (KmsRotation) rotation = make (self, self->model);
  g_autoptr (GError) error = NULL;

  shop_fill (self, 1, 10);
  shop_set_box_version (self, 2);
  shop_fill (self, 11, 5);
  shop_run (self, "UPDATE users SET encrypted_kms_key = NULL WHERE id = 1");
  shop_run (self, "UPDATE users SET encrypted_kms_key = substr(encrypted_kms_key, 4) WHERE id = 2");
  shop_run (self, "UPDATE users SET encrypted_kms_key = '' WHERE id = 3");
  shop_run (self, "UPDATE users SET encrypted_kms_key = 'v9:AAAA' WHERE id = 4");
  assert_variant (kms_rotation_get_status (rotation, NULL, &error), error,
                  "[('legacy', '1', 'insecure-test-key', '', false, 1), ('none', '', '', '', true, 1), "
                  "('unreadable', '', '', '', false, 1), ('versioned', '1', 'insecure-test-key', '', false, 6), "
                  "('versioned', '2', 'insecure-test-key', '', true, 5), ('versioned', '9', '', '', false, 1)]");
  kms_rotation_set_where (rotation, "id > 10");
  assert_variant (kms_rotation_get_status (rotation, NULL, &error), error,
                  "[('versioned', '2', 'insecure-test-key', '', true, 5)]");
  kms_rotation_set_where (rotation, NULL);
  GVariant *estimate = kms_rotation_estimate (rotation, TRUE, NULL, &error);
  g_assert_no_error (error);
  guint64 n_rows = 0, n_values = 0;
  g_assert_true (g_variant_lookup (estimate, "rows", "t", &n_rows)
                 && g_variant_lookup (estimate, "values", "t", &n_values));
  g_assert_cmpuint (n_rows, ==, 9);
  g_assert_cmpuint (n_values, ==, 16); /* nobody is asked for a version that is not active */
  g_variant_unref (estimate);
  assert_ask (self, COUNT ("encrypted_kms_key LIKE 'v2:%'"), "5");
}

static void
test_words (Shop *self, gconstpointer data)
{
  g_autoptr (KmsModel) model = shop_make_model (self, OFFLINE_MODEL SHOP_KEY SHOP_ATTRIBUTES);
  g_autoptr (KmsRotation) rotation = make (self, model);
  g_autoptr (GError) error = NULL;

  shop_fill (self, 1, 3);
  shop_run (self, "CREATE TABLE active_storage_attachments (record_type TEXT, name TEXT)");
  shop_run (self, "INSERT INTO active_storage_attachments VALUES ('User', 'license')");
  kms_rotation_set_all (rotation, TRUE);
  kms_rotation_set_offline (rotation, TRUE);
  kms_rotation_set_ignore_attachments (rotation, TRUE);
  g_assert_true (kms_rotation_rekey (rotation, NULL, &error));
  assert_counts (rotation, 3, 3, 0, 0);
  assert_ask (self, COUNT ("lock_version = 0 AND updated_at < '2002-01-01'"), "3");
  kms_rotation_set_shared (rotation, TRUE);
  g_assert_false (kms_rotation_rewrap (rotation, NULL, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);
  g_assert_null (kms_rotation_new (model, "nosuch", self->store, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND);
}

/* Names and ids that would end a statement if they stood in it. */
static void
test_names (Shop *self, gconstpointer data)
{
  g_autoptr (KmsModel) model =
    shop_make_model (self, "[Model]\nName=User\nTable=odd \" ta'ble; DROP TABLE users; --\nId=select\nLockVersion=or\n"
                           "[Key kms_key]\nBox=users\nComplete=true\nColumn=a;b\n"
                           "[Attribute city]\nKey=kms_key\nFormat=lockbox\nColumn=\"city\"\n"
                           "[Attribute phone]\nKey=kms_key\nFormat=lockbox\nAssociatedData=phone\nColumn=from\n");
  g_autoptr (KmsRotation) rotation = make (self, model);
  g_autoptr (GString) failed = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  shop_fill (self, 1, 3);
  shop_run (self, "CREATE TABLE \"odd \"\" ta'ble; DROP TABLE users; --\" (\"select\" TEXT PRIMARY KEY, \"a;b\" TEXT, "
                  "\"\"\"city\"\"\" TEXT, \"from\" TEXT, \"or\" INTEGER)");
  shop_run (self, "INSERT INTO \"odd \"\" ta'ble; DROP TABLE users; --\" SELECT CAST(id AS TEXT), encrypted_kms_key, "
                  "city_ciphertext, phone_ciphertext, NULL FROM users");
  shop_run (self, "INSERT INTO \"odd \"\" ta'ble; DROP TABLE users; --\" SELECT '''; DROP TABLE users; --', "
                  "encrypted_kms_key, city_ciphertext, NULL, 5 FROM users WHERE id = 1");
  kms_rotation_set_all (rotation, TRUE);
  g_signal_connect (rotation, "row-failed", G_CALLBACK (keep_failed), failed);
  g_assert_false (kms_rotation_rekey (rotation, NULL, &error));
  assert_counts (rotation, 4, 3, 0, 1);
  g_assert_cmpstr (failed->str, ==, "'; DROP TABLE users; --:invalid-ciphertext ");
  assert_ask (self, "SELECT count(*) FROM \"odd \"\" ta'ble; DROP TABLE users; --\" WHERE \"or\" = 1", "3");
  shop_assert_values (self, 3);
}

static gsize
get_peak (void)
{
  struct rusage usage;

  g_assert_cmpint (getrusage (RUSAGE_SELF, &usage), ==, 0);
  return (gsize) usage.ru_maxrss * 1024;
}

#define LARGE (100 * 1024 * 1024)

/* What the chapter on rotation says is 12 times the largest value; and something for the rest of the test. */
#define LARGE_MEMORY ((gsize) 15 * LARGE)

/* Rows beside it are done as if it were not there. */
static void
test_large_value (Shop *self, gconstpointer data)
{
  g_autoptr (KmsRotation) rotation = make (self, self->model);
  g_autofree char *large = g_malloc (LARGE + 1);
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < LARGE; i++)
    large[i] = (char) ('a' + i % 25);
  large[LARGE] = '\0';
  shop_fill (self, 1, 12);
  /* The server would take its time to find out that ciphertexts can't be compressed. */
  if (g_getenv ("KMS_TEST_POSTGRES") != NULL)
    shop_run (self, "ALTER TABLE users ALTER city_ciphertext SET STORAGE EXTERNAL, ALTER name SET STORAGE EXTERNAL");
  g_assert_true (shop_write (self, 4, large, 0));
  shop_run (self, "UPDATE users SET name = NULL");
  shop_set_box_version (self, 2);
  gsize before = get_peak ();
  g_assert_true (kms_rotation_rewrap (rotation, NULL, &error));
  gsize rewrapped = get_peak ();
  kms_rotation_set_all (rotation, TRUE);
  g_assert_true (kms_rotation_rekey (rotation, NULL, &error));
  g_assert_no_error (error);
  assert_counts (rotation, 12, 12, 0, 0);
  g_test_message ("peaks: before %zu MiB, rewrap %zu MiB, rekey %zu MiB", before >> 20, rewrapped >> 20,
                  get_peak () >> 20);
  g_assert_true (kms_rotation_verify (rotation, FALSE, NULL, &error));
#ifndef __SANITIZE_ADDRESS__
  g_assert_cmpuint (get_peak (), <, LARGE_MEMORY);
#endif
  g_autoptr (KmsRecord) record = kms_record_load (self->model, self->store, "4", NULL, &error);
  g_autoptr (KmsValue) value = NULL;
  g_assert_true (kms_record_get (record, "city", &value, NULL, &error));
  gsize length;
  const guint8 *bytes = kms_secret_get_data (kms_value_get_plaintext (value), &length);
  g_assert_true (length == LARGE && memcmp (bytes, large, LARGE) == 0);
  shop_run (self, "DELETE FROM users WHERE id = 4");
  shop_assert_values (self, 11);
}

/* Around what lines of base64, blocks, and reading at a time have as their sizes. */
static void
test_sizes (Shop *self, gconstpointer data)
{
  static const gsize sizes[] = { 1, 2, 3, 15, 16, 44, 45, 46, 4095, 4096, 65536, 8 * 1024 * 1024 - 1, 8 * 1024 * 1024 };
  g_autoptr (KmsRotation) rotation = make (self, self->model);
  g_autoptr (GError) error = NULL;

  shop_fill (self, 1, G_N_ELEMENTS (sizes) + 1);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *text = g_strnfill (sizes[i], 'x');
      g_assert_true (shop_write (self, i + 1, text, 0));
    }
  shop_set_box_version (self, 2);
  g_assert_true (kms_rotation_rekey (rotation, NULL, &error));
  g_assert_no_error (error);
  assert_counts (rotation, G_N_ELEMENTS (sizes) + 1, G_N_ELEMENTS (sizes) + 1, 0, 0);
  shop_assert_values (self, G_N_ELEMENTS (sizes) + 1);
}

/* Too short, too long for their columns, or of another type: they are told, and stay. */
static void
test_wrong_sizes (Shop *self, gconstpointer data)
{
  g_autoptr (KmsRotation) rotation = make (self, self->model);
  g_autoptr (GString) failed = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  shop_fill (self, 1, 6);
  /* 27 bytes are one less than nonce and tag; 28 are an empty value, but of no key. */
  shop_run (self, "UPDATE users SET city_ciphertext = 'QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB' WHERE id = 1");
  shop_run (self, "UPDATE users SET city_ciphertext = 'QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQQ==' WHERE id = 2");
  shop_run (self, "UPDATE users SET city_ciphertext = '=' WHERE id = 3");
  shop_run (self, "UPDATE users SET encrypted_kms_key = 'v1:' WHERE id = 4");
  if (g_getenv ("KMS_TEST_POSTGRES") == NULL)
    shop_run (
      self,
      "UPDATE users SET city_ciphertext = 2.5, encrypted_kms_key = CAST (encrypted_kms_key AS BLOB) WHERE id = 5");
  else
    shop_run (self, "ALTER TABLE users ADD CHECK (id <> 5 OR encrypted_kms_key LIKE 'v1:%')");
  shop_set_box_version (self, 2);
  g_signal_connect (rotation, "row-failed", G_CALLBACK (keep_failed), failed);
  shop_run (self, "CREATE TABLE before AS SELECT * FROM users");
  g_assert_false (kms_rotation_rekey (rotation, NULL, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_PARTIAL);
  assert_counts (rotation, 6, 1, 0, 5);
  g_test_message ("%s", failed->str);
  assert_ask (self, "SELECT count(*) FROM users JOIN before USING (id, encrypted_kms_key, city_ciphertext)", "5");
}

#define ADD(path, function) g_test_add (path, Shop, NULL, shop_setup, function, shop_teardown)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/rotation/rewrap", test_rewrap);
  ADD ("/rotation/rekey", test_rekey);
  ADD ("/rotation/bad-rows", test_bad_rows);
  ADD ("/rotation/choice", test_choice);
  ADD ("/rotation/resume", test_resume);
  ADD ("/rotation/repair", test_repair);
  ADD ("/rotation/prune", test_prune);
  ADD ("/rotation/refused", test_refused);
  ADD ("/rotation/refused-base", test_refused_base);
  ADD ("/rotation/status", test_status);
  ADD ("/rotation/words", test_words);
  ADD ("/rotation/names", test_names);
  ADD ("/rotation/sizes", test_sizes);
  ADD ("/rotation/wrong-sizes", test_wrong_sizes);
  ADD ("/rotation/large-value", test_large_value);
  return g_test_run ();
}
