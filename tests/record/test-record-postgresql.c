/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records in PostgreSQL: the four moments of a key, types that the server has, and two who write at once. */
#include <string.h>

#include "../config-root.h"
#include "postgres-store.h"
#include "watched-store.h"

#define TABLE                                                                                                          \
  "CREATE TABLE users (id bigserial PRIMARY KEY, encrypted_kms_key text, city_ciphertext text, photo bytea,"           \
  " created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, lock_version integer NOT NULL DEFAULT 0)"

typedef struct
{
  PostgresFixture database;
  KmsRegistry *registry;
} Fixture;

static void
setup (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  postgres_fixture_setup (&self->database, data);
  config_root_add_provider (self->database.root, "test", "kms-test.so", "Exact=insecure-test-key\n");
  self->registry = kms_registry_new (self->database.root, NULL, &error);
  g_assert_no_error (error);
  store_execute (self->database.store, "DROP TABLE users");
  store_execute (self->database.store, TABLE);
}

static void
teardown (Fixture *self, gconstpointer data)
{
  g_clear_object (&self->registry);
  postgres_fixture_teardown (&self->database, data);
}

static KmsModel *
make_model (Fixture *self, const char *eager)
{
  g_autofree char *text =
    g_strdup_printf ("[Model]\nName=User\nTable=public.users\nCreatedAt=created_at\nUpdatedAt=updated_at\n"
                     "LockVersion=lock_version\n[Key kms_key]\nKeyId=insecure-test-key\nEager=%s\n"
                     "[Attribute city]\nKey=kms_key\nFormat=lockbox\n"
                     "[Attribute photo]\nKey=kms_key\nFormat=raw\nType=binary\nColumn=photo\n",
                     eager);
  g_autoptr (GError) error = NULL;
  KmsModel *model = kms_model_new_from_data (self->registry, "user", text, -1, &error);

  g_assert_no_error (error);
  return model;
}

static void
set (KmsRecord *record, const char *attribute, KmsValueType type, const void *bytes, gsize length)
{
  g_autoptr (KmsSecret) secret = kms_secret_new (bytes, length);
  g_autoptr (KmsValue) value = NULL;
  g_autoptr (GError) error = NULL;

  kms_value_parse (type, secret, &value, &error);
  g_assert_no_error (error);
  kms_record_set (record, attribute, value, &error);
  g_assert_no_error (error);
}

static void
assert_value (KmsRecord *record, const char *attribute, const void *bytes, gsize length)
{
  g_autoptr (KmsValue) value = NULL;
  g_autoptr (GError) error = NULL;

  kms_record_get (record, attribute, &value, NULL, &error);
  g_assert_no_error (error);
  gsize found_length;
  const guint8 *found = kms_secret_get_data (kms_value_get_plaintext (value), &found_length);
  g_assert_cmpmem (found, found_length, bytes, length);
}

static void
save (KmsRecord *record)
{
  g_autoptr (GError) error = NULL;

  kms_record_save (record, NULL, &error);
  g_assert_no_error (error);
}

static KmsRecord *
load (Fixture *self, KmsModel *model, const char *id)
{
  g_autoptr (GError) error = NULL;
  KmsRecord *record = kms_record_load (model, self->database.store, id, NULL, &error);

  g_assert_no_error (error);
  return record;
}

static void
assert_not_there (Fixture *self, KmsModel *model, const char *id, const char *part)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (kms_record_load (model, self->database.store, id, NULL, &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, id));
  g_assert_nonnull (strstr (error->message, part));
}

/* No row is there, whatever the server says of the type; and a transaction goes on. */
static void
test_strange_ids (Fixture *self, gconstpointer data)
{
  g_autoptr (KmsModel) model = make_model (self, "false");
  g_autoptr (KmsRecord) record = kms_record_new (model, self->database.store);
  g_autoptr (GError) error = NULL;

  set (record, "city", KMS_VALUE_TYPE_TEXT, "London", 6);
  save (record);
  g_assert_true (kms_store_begin (self->database.store, NULL, &error));
  assert_not_there (self, model, "abc", "bigint");
  assert_not_there (self, model, "", "bigint");
  assert_not_there (self, model, "1; DROP TABLE users", "bigint");
  assert_not_there (self, model, "9223372036854775808", "bigint");
  assert_not_there (self, model, "9223372036854775807", "no row with id");
  assert_not_there (self, model, "2", "no row with id");
  g_autoptr (KmsRecord) found = load (self, model, "1");
  g_assert_true (kms_store_commit (self->database.store, NULL, &error));
  assert_value (found, "city", "London", 6);
  store_execute (self->database.store, "ALTER TABLE users ALTER id TYPE smallint");
  assert_not_there (self, model, "40000", "smallint");
  store_execute (self->database.store, "ALTER TABLE users DROP id");
  store_execute (self->database.store,
                 "ALTER TABLE users ADD id uuid DEFAULT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11' PRIMARY KEY");
  /* What the server prepared has the types of before. */
  g_clear_object (&self->database.store);
  self->database.store = postgres_fixture_open (&self->database, g_getenv ("KMS_TEST_POSTGRES"));
  assert_not_there (self, model, "1", "uuid");
  assert_not_there (self, model, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12", "no row with id");
  g_autoptr (KmsRecord) braced = load (self, model, "{A0EEBC999c0b4ef8bb6d6bb9bd380a11}");
  g_assert_cmpstr (kms_record_get_id (braced), ==, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
}

static const struct
{
  const char *eager;
  gboolean has_update; /* behind the INSERT */
} modes[] = { { "false", TRUE }, { "try", TRUE }, { "fetch-id", FALSE } };

static void
test_eager (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (modes); i++)
    {
      g_autoptr (KmsModel) model = make_model (self, modes[i].eager);
      g_autoptr (KmsStore) store = watched_store_new (self->database.store);
      g_autoptr (KmsRecord) record = kms_record_new (model, store);

      set (record, "city", KMS_VALUE_TYPE_TEXT, "London", 6);
      save (record);
      g_autofree char *log = watched_store_steal_log (store);
      g_test_message ("Eager=%s: %s", modes[i].eager, log);
      g_assert_nonnull (strstr (log, "INSERT INTO \"public\".\"users\" ("));
      g_assert_cmpint (strstr (log, "UPDATE") != NULL, ==, modes[i].has_update);
      g_assert_true (kms_record_get_is_id_integer (record));
      g_autoptr (KmsRecord) again = load (self, model, kms_record_get_id (record));
      assert_value (again, "city", "London", 6);
    }
}

static void
test_values (Fixture *self, gconstpointer data)
{
  static const char bytes[] = "\0\xff\\\"'";
  g_autoptr (KmsModel) model = make_model (self, "false");
  g_autoptr (KmsRecord) record = kms_record_new (model, self->database.store);
  g_autoptr (GError) error = NULL;

  set (record, "photo", KMS_VALUE_TYPE_BINARY, bytes, sizeof bytes);
  set (record, "city", KMS_VALUE_TYPE_TEXT, "Z\xc3\xbcrich", 7);
  save (record);
  g_autoptr (KmsRecord) again = load (self, model, "1");
  assert_value (again, "photo", bytes, sizeof bytes);
  assert_value (again, "city", "Z\xc3\xbcrich", 7);
  g_assert_true (kms_record_set_column (again, "created_at", "2020-01-02 03:04:05.6", &error));
  save (again);
  g_autofree char *created = NULL;
  g_assert_true (kms_record_get_column (again, "created_at", &created, NULL, &error));
  g_assert_cmpstr (created, ==, "2020-01-02 03:04:05.6");
}

/* What was not committed is not seen, and who comes too late is told. */
static void
test_two_writers (Fixture *self, gconstpointer data)
{
  g_autoptr (KmsModel) model = make_model (self, "false");
  g_autoptr (KmsStore) other = postgres_fixture_open (&self->database, kms_store_get_uri (self->database.store));
  g_autoptr (KmsRecord) record = kms_record_new (model, self->database.store);
  g_autoptr (GError) error = NULL, missing = NULL, late = NULL;

  kms_store_begin (self->database.store, NULL, &error);
  set (record, "city", KMS_VALUE_TYPE_TEXT, "London", 6);
  save (record);
  g_assert_null (kms_record_load (model, other, "1", NULL, &missing));
  g_assert_error (missing, KMS_ERROR, KMS_ERROR_NOT_FOUND);
  kms_store_commit (self->database.store, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (KmsRecord) seen = kms_record_load (model, other, "1", NULL, &error);
  assert_value (seen, "city", "London", 6);
  set (record, "city", KMS_VALUE_TYPE_TEXT, "Paris", 5);
  save (record);
  set (seen, "city", KMS_VALUE_TYPE_TEXT, "Rome", 4);
  g_assert_false (kms_record_save (seen, NULL, &late));
  g_assert_error (late, KMS_ERROR, KMS_ERROR_CONFLICT);
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, setup, function, teardown)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/record-postgresql/eager", test_eager);
  ADD ("/record-postgresql/values", test_values);
  ADD ("/record-postgresql/two-writers", test_two_writers);
  ADD ("/record-postgresql/strange-ids", test_strange_ids);
  return g_test_run ();
}
