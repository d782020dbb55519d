/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records: what is set is read again, in the gem's order of events. */
#include "record-steps.h"

#include <string.h>

#include "../config-root.h"
#include "watched-store.h"

static void
test_round_trip (Shop *shop, gconstpointer data)
{
  g_autoptr (KmsRecord) record = kms_record_new (shop->model, shop->store);

  g_assert_null (kms_record_get_id (record));
  assert_text (record, "city", NULL);
  set_text (record, "city", "London");
  assert_text (record, "city", "London");
  save (record);
  g_assert_cmpstr (kms_record_get_id (record), ==, "1");
  assert_text (record, "city", "London");
  g_autoptr (KmsRecord) again = load (shop, shop->model, "1");
  assert_text (again, "city", "London");
  assert_text (again, "phone", NULL);
  set_text (again, "phone", "555");
  set_text (again, "city", "");
  save (again);
  assert_text (again, "phone", "555");
  g_autoptr (GError) error = NULL;
  g_assert_true (kms_record_reload (record, NULL, &error));
  assert_text (record, "phone", "555");
  assert_text (record, "city", "");
  set_text (record, "city", NULL);
  save (record);
  assert_count (shop, "SELECT city_ciphertext FROM users", NULL);
}

/* NULL and what is empty need no key, so none is made. */
static void
test_no_key_needed (Shop *shop, gconstpointer data)
{
  g_autoptr (KmsRecord) record = kms_record_new (shop->model, shop->store);

  set_text (record, "city", "");
  set_text (record, "phone", NULL);
  save (record);
  assert_count (shop, "SELECT count(*) FROM users WHERE encrypted_kms_key IS NULL AND city_ciphertext = ''", "1");
  assert_text (record, "city", "");
}

#define TIMES "CreatedAt=name\nUpdatedAt=updated_at\n"

static KmsModel *
make_eager (Shop *shop, const char *eager, const char *context)
{
  g_autofree char *text = g_strdup_printf ("[Model]\nName=User\nTable=users\nUpdatedAt=updated_at\n"
                                           "[Key kms_key]\nBox=users\nEager=%s\nContext=%s\n" SHOP_ATTRIBUTES,
                                           eager, context);
  return shop_make_model (shop, text);
}

static void
assert_log (KmsStore *store, const char *expected)
{
  g_autofree char *log = watched_store_steal_log (store);
  g_assert_cmpstr (log, ==, expected);
}

#define RETURNING " RETURNING \"id\", \"encrypted_kms_key\", \"city_ciphertext\", \"phone_ciphertext\"\n"
#define INSERT_LATE                                                                                                    \
  "BEGIN\nINSERT INTO \"users\" (\"city_ciphertext\", \"updated_at\") VALUES (?, ?)" RETURNING                         \
  "UPDATE \"users\" SET \"encrypted_kms_key\" = ?, \"updated_at\" = ? WHERE \"id\" = ? AND \"encrypted_kms_key\" IS "  \
  "?\nCOMMIT\n"
#define UPDATE_LATE                                                                                                    \
  "BEGIN\nUPDATE \"users\" SET \"city_ciphertext\" = ?, \"updated_at\" = ? WHERE \"id\" = ? AND "                      \
  "\"encrypted_kms_key\" IS ?\n"                                                                                       \
  "UPDATE \"users\" SET \"encrypted_kms_key\" = ?, \"updated_at\" = ? WHERE \"id\" = ? AND \"encrypted_kms_key\" IS "  \
  "?\nCOMMIT\n"
#define INSERT_FIRST                                                                                                   \
  "BEGIN\nINSERT INTO \"users\" (\"city_ciphertext\", \"updated_at\", \"encrypted_kms_key\") VALUES (?, ?, "           \
  "?)" RETURNING "COMMIT\n"
#define UPDATE_FIRST                                                                                                   \
  "UPDATE \"users\" SET \"city_ciphertext\" = ?, \"updated_at\" = ?, \"encrypted_kms_key\" = ? WHERE \"id\" = ? AND "  \
  "\"encrypted_kms_key\" IS ?\n"

static const struct
{
  const char *eager, *context, *insert, *update;
} modes[] = {
  { "false", "model_name;model_id", INSERT_LATE, UPDATE_LATE },
  { "true", "model_name", INSERT_FIRST, UPDATE_FIRST },
  { "try", "model_name;model_id", INSERT_LATE, UPDATE_FIRST },
};

static void
test_eager (Shop *shop, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (modes); i++)
    {
      g_autoptr (KmsModel) model = make_eager (shop, modes[i].eager, modes[i].context);
      g_autoptr (KmsStore) store = watched_store_new (shop->store);
      g_autoptr (KmsRecord) record = kms_record_new (model, store);

      g_test_message ("Eager=%s", modes[i].eager);
      set_text (record, "city", "London");
      save (record);
      assert_log (store, modes[i].insert);
      assert_text (record, "city", "London");
      shop_run (shop, "UPDATE users SET encrypted_kms_key = NULL, city_ciphertext = NULL");
      g_autoptr (GError) error = NULL;
      g_assert_true (kms_record_reload (record, NULL, &error));
      set_text (record, "city", "Paris");
      save (record);
      assert_log (store, modes[i].update);
      save (record);
      assert_log (store, "");
      g_autoptr (KmsRecord) again = load (shop, model, kms_record_get_id (record));
      assert_text (again, "city", "Paris");
    }
}

static void
test_eager_refused (Shop *shop, gconstpointer data)
{
  g_autoptr (KmsModel) at_once = make_eager (shop, "true", "model_name;model_id");
  g_autoptr (KmsModel) fetch = make_eager (shop, "fetch-id", "model_name;model_id");
  g_autoptr (KmsRecord) record = kms_record_new (at_once, shop->store);
  g_autoptr (KmsRecord) fetched = kms_record_new (fetch, shop->store);
  g_autoptr (GError) error = NULL;

  set_text (record, "city", "London");
  assert_save_fails (record, KMS_ERROR_CONTEXT_REQUIRED, "needs the row's id");
  set_text (fetched, "city", "London");
  assert_save_fails (fetched, KMS_ERROR_NOT_SUPPORTED, "choose Eager=try or false");
  assert_count (shop, "SELECT count(*) FROM users", "0");
  /* Who knows the id says it. */
  g_assert_true (kms_record_set_column (record, "id", "7", &error));
  save (record);
  g_assert_cmpstr (kms_record_get_id (record), ==, "7");
  g_autoptr (KmsRecord) again = load (shop, at_once, "7");
  assert_text (again, "city", "London");
}

/* Both keys of a row in one UPDATE, and only those that are needed. */
static void
test_two_keys (Shop *shop, gconstpointer data)
{
  g_autoptr (KmsModel)
    model = shop_make_model (shop, SHOP_MODEL SHOP_KEY "[Key kms_key_name]\nBox=users\nColumn=name\n"
                                                       "[Attribute city]\nKey=kms_key\nFormat=lockbox\n"
                                                       "[Attribute phone]\nKey=kms_key_name\nFormat=lockbox\n");
  g_autoptr (KmsStore) store = watched_store_new (shop->store);
  g_autoptr (KmsRecord) record = kms_record_new (model, store);

  set_text (record, "city", "London");
  set_text (record, "phone", "555");
  save (record);
  g_autofree char *log = watched_store_steal_log (store);
  g_assert_nonnull (strstr (log, "\nUPDATE \"users\" SET \"encrypted_kms_key\" = ?, \"name\" = ?, \"updated_at\" = ?"));
  g_autoptr (KmsRecord) again = load (shop, model, "1");
  assert_text (again, "city", "London");
  assert_text (again, "phone", "555");
}

static void
test_times (Shop *shop, gconstpointer data)
{
  g_autoptr (KmsModel)
    model = shop_make_model (shop, "[Model]\nName=User\nTable=users\n" TIMES SHOP_KEY SHOP_ATTRIBUTES);
  g_autoptr (KmsRecord) record = kms_record_new (model, shop->store);

  save (record);
  g_autofree char *created = shop_ask (shop, "SELECT name FROM users"),
                  *updated = shop_ask (shop, "SELECT updated_at FROM users");
  g_assert_cmpstr (created, ==, updated);
  g_assert_true (g_regex_match_simple ("^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{6}$", created, 0, 0));
  g_autofree char *iso = g_strconcat (created, "Z", NULL);
  g_autoptr (GDateTime) time = g_date_time_new_from_iso8601 (iso, NULL);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_assert_cmpint (g_date_time_difference (now, time), >=, 0);
  g_assert_cmpint (g_date_time_difference (now, time), <, 60 * G_TIME_SPAN_SECOND);
}

static void
test_transaction (Shop *shop, gconstpointer data)
{
  g_autoptr (KmsStore) store = watched_store_new (shop->store);
  g_autoptr (KmsRecord) record = kms_record_new (shop->model, store);
  g_autoptr (GError) error = NULL;

  g_assert_true (kms_store_begin (store, NULL, &error));
  set_text (record, "city", "London");
  save (record);
  g_autofree char *log = watched_store_steal_log (store);
  g_assert_null (strstr (log, "COMMIT"));
  g_assert_true (kms_store_rollback (store, &error));
  assert_count (shop, "SELECT count(*) FROM users", "0");
}

static void
test_contexts (Shop *shop, gconstpointer data)
{
  g_autoptr (KmsModel) model = make_eager (shop, "true", "model_name;\"Name\"=@name");
  g_autoptr (KmsRecord) record = kms_record_new (model, shop->store);
  g_autoptr (GError) error = NULL;

  set_text (record, "city", "London");
  assert_save_fails (record, KMS_ERROR_CONTEXT_REQUIRED, "\"Name\"");
  kms_record_set_column (record, "name", "Ada", &error);
  save (record);
  g_autoptr (KmsRecord) again = load (shop, model, "1");
  assert_text (again, "city", "London");
  kms_record_set_column (again, "name", "Grace", &error);
  assert_save_fails (again, KMS_ERROR_INVALID_ARGUMENT, "renew the key, too");
  assert_count (shop, "SELECT name FROM users", "Ada");
  g_assert_true (kms_record_reload (again, NULL, &error));
  kms_record_set_column (again, "lock_version", "5", &error);
  save (again);
  assert_text (again, "city", "London");
  g_autofree char *text = NULL;
  g_assert_true (kms_record_get_column (again, "lock_version", &text, NULL, &error));
  g_assert_cmpstr (text, ==, "5");
  /* What SQLite makes of it is not what it was wrapped with. */
  g_autoptr (KmsModel) number = make_eager (shop, "true", "n=@lock_version");
  g_autoptr (KmsRecord) wrong = kms_record_new (number, shop->store);
  set_text (wrong, "city", "London");
  kms_record_set_column (wrong, "lock_version", "05", &error);
  assert_save_fails (wrong, KMS_ERROR_INVALID_ARGUMENT, "as the database writes it");
  assert_count (shop, "SELECT count(*) FROM users", "1");
}

static void
test_subclass (Shop *shop, gconstpointer data)
{
  config_root_write (shop->root, "admin/models.d/user.model",
                     "[Model]\nName=User\nTable=users\nTypeColumn=name\n" SHOP_KEY SHOP_ATTRIBUTES);
  config_root_write (shop->root, "admin/models.d/admin.model", "[Model]\nName=Admin\nExtends=user\n");
  g_autoptr (GError) error = NULL;
  g_assert_true (kms_registry_reload (shop->registry, &error));
  g_autoptr (KmsModel) user = kms_registry_dup_model (shop->registry, "user", &error);
  g_autoptr (KmsModel) admin = kms_registry_dup_model (shop->registry, "admin", &error);
  g_assert_no_error (error);
  g_autoptr (KmsRecord) record = kms_record_new (admin, shop->store);
  set_text (record, "city", "London");
  save (record);
  assert_count (shop, "SELECT name FROM users", "Admin");
  g_autoptr (KmsRecord) as_user = load (shop, user, "1");
  assert_text (as_user, "city", "London");
}

static void
test_identifiers (Shop *shop, gconstpointer data)
{
  shop_run (shop,
            "CREATE TABLE \"odd \"\" name\" (\"my id\" TEXT PRIMARY KEY NOT NULL, \"select\" TEXT, \"a;b\" TEXT)");
  g_autoptr (KmsModel) model = shop_make_model (
    shop, "[Model]\nTable=odd \" name\nId=my id\n[Key kms_key]\nBox=users\nColumn=select\n"
          "[Attribute '; DROP TABLE users; --]\nKey=kms_key\nFormat=lockbox\nType=binary\nColumn=a;b\n");
  const char *name = "'; DROP TABLE users; --";
  g_autoptr (KmsSecret) bytes = kms_secret_new ((const guint8 *) "a\0b\xff", 4);
  g_autoptr (KmsValue) value = NULL, read = NULL;
  g_autoptr (KmsRecord) record = kms_record_new (model, shop->store);
  g_autoptr (GError) error = NULL;

  kms_value_parse (KMS_VALUE_TYPE_BINARY, bytes, &value, &error);
  kms_record_set (record, name, value, &error);
  g_assert_no_error (error);
  kms_record_set_column (record, "my id", "' or 1=1", &error);
  save (record);
  g_autoptr (KmsRecord) again = load (shop, model, "' or 1=1");
  g_assert_true (kms_record_get (again, name, &read, NULL, &error));
  g_assert_true (kms_secret_equal (kms_value_get_plaintext (read), bytes));
  assert_load_fails (shop, model, "", KMS_ERROR_NOT_FOUND, "there is no row");
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static GAsyncResult *
wait_for (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return g_steal_pointer (result);
}

static void
test_async (Shop *shop, gconstpointer data)
{
  GAsyncResult *result = NULL;
  g_autoptr (GError) error = NULL, missing = NULL;
  g_autoptr (KmsValue) value = NULL;

  shop_fill (shop, 1, 1);
  kms_record_load_async (shop->model, shop->store, "1", NULL, on_done, &result);
  g_autoptr (GAsyncResult) loaded = wait_for (&result);
  g_autoptr (KmsRecord) record = kms_record_load_finish (loaded, &error);
  g_assert_no_error (error);
  kms_record_get_async (record, "city", NULL, on_done, &result);
  g_autoptr (GAsyncResult) got = wait_for (&result);
  g_assert_true (kms_record_get_finish (record, got, &value, &error));
  g_assert_nonnull (value);
  set_text (record, "city", NULL);
  kms_record_save_async (record, NULL, on_done, &result);
  g_autoptr (GAsyncResult) saved = wait_for (&result);
  g_assert_true (kms_record_save_finish (record, saved, &error));
  kms_record_reload_async (record, NULL, on_done, &result);
  g_autoptr (GAsyncResult) reloaded = wait_for (&result);
  g_assert_true (kms_record_reload_finish (record, reloaded, &error));
  kms_record_get_async (record, "city", NULL, on_done, &result);
  g_autoptr (GAsyncResult) again = wait_for (&result);
  KmsValue *null = value;
  g_assert_true (kms_record_get_finish (record, again, &null, &error));
  g_assert_null (null);
  kms_record_load_async (shop->model, shop->store, "2", NULL, on_done, &result);
  g_autoptr (GAsyncResult) failed = wait_for (&result);
  g_assert_null (kms_record_load_finish (failed, &missing));
  g_assert_error (missing, KMS_ERROR, KMS_ERROR_NOT_FOUND);
}

#define ADD(path, function) g_test_add (path, Shop, NULL, shop_setup, function, shop_teardown)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/record/round-trip", test_round_trip);
  ADD ("/record/no-key-needed", test_no_key_needed);
  ADD ("/record/eager", test_eager);
  ADD ("/record/eager-refused", test_eager_refused);
  ADD ("/record/two-keys", test_two_keys);
  ADD ("/record/times", test_times);
  ADD ("/record/transaction", test_transaction);
  ADD ("/record/contexts", test_contexts);
  ADD ("/record/subclass", test_subclass);
  ADD ("/record/identifiers", test_identifiers);
  ADD ("/record/async", test_async);
  return g_test_run ();
}
