/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records that somebody else changed, and what is refused so that nothing is lost. */
#include "record-steps.h"

#include "../config-root.h"
#include "watched-store.h"

static void
test_stale (Shop *shop, gconstpointer data)
{
  shop_fill (shop, 1, 1);
  g_autoptr (KmsRecord) first = load (shop, shop->model, "1");
  g_autoptr (KmsRecord) second = load (shop, shop->model, "1");

  set_text (first, "city", "London");
  save (first);
  assert_count (shop, "SELECT lock_version FROM users", "1");
  set_text (second, "phone", "555");
  assert_save_fails (second, KMS_ERROR_CONFLICT, "load it again");
  g_autoptr (GError) error = NULL;
  g_assert_true (kms_record_reload (second, NULL, &error));
  assert_text (second, "city", "London");
  assert_text (second, "phone", "phone 1");
  shop_run (shop, "DELETE FROM users");
  set_text (second, "phone", "555");
  assert_save_fails (second, KMS_ERROR_NOT_FOUND, "there is no row with id 1");
}

/* Between the reading of a row and its UPDATE its key is wrapped again; and replaced, with all that hangs on it. */
static void
test_rotated_meanwhile (Shop *shop, gconstpointer data)
{
  g_autoptr (KmsModel)
    model = shop_make_model (shop, "[Model]\nName=User\nTable=users\nUpdatedAt=updated_at\n" SHOP_KEY SHOP_ATTRIBUTES);
  g_autoptr (KmsStore) store = watched_store_new (shop->store);
  g_autoptr (GError) error = NULL;

  shop_fill (shop, 1, 1);
  g_autoptr (KmsRecord) record = kms_record_load (model, store, "1", NULL, &error);
  g_autoptr (KmsRecord) other = load (shop, model, "1");
  set_text (other, "city", "Paris");
  set_text (other, "phone", "000");
  g_assert_true (kms_record_renew_key (other, "kms_key", &error));
  set_text (record, "city", "London");
  save (other);
  save (record);
  g_autoptr (KmsRecord) again = load (shop, model, "1");
  assert_text (again, "city", "London");
  assert_text (again, "phone", "000");
  assert_text (record, "phone", "000");
}

static void
make_encrypt_only (Shop *shop)
{
  config_root_write (shop->root, "admin/boxes.d/users.box",
                     "[Box]\nVersion=1\nState=encrypt-only\n[Version 1]\nKeyId=insecure-test-key\n");
  g_autoptr (GError) error = NULL;
  g_assert_true (kms_registry_reload (shop->registry, &error));
}

static void
test_renew (Shop *shop, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  shop_fill (shop, 1, 1);
  make_encrypt_only (shop);
  g_autoptr (KmsRecord) record = load (shop, shop->model, "1");
  assert_get_fails (record, "city", KMS_ERROR_KEY_DISABLED, "city: ");
  set_text (record, "city", "London");
  assert_save_fails (record, KMS_ERROR_KEY_DISABLED, "city: ");
  g_assert_true (kms_record_renew_key (record, "kms_key", &error));
  assert_save_fails (record, KMS_ERROR_INVALID_ARGUMENT, "would be lost with it: phone;");
  set_text (record, "phone", NULL);
  save (record);
  assert_text (record, "city", "London");
  shop_set_box_version (shop, 1);
  g_autoptr (KmsRecord) again = load (shop, shop->model, "1");
  assert_text (again, "city", "London");
  assert_text (again, "phone", NULL);
}

static void
test_renew_refused (Shop *shop, gconstpointer data)
{
  g_autoptr (KmsModel) incomplete = shop_make_model (shop, SHOP_MODEL "[Key kms_key]\nBox=users\n" SHOP_ATTRIBUTES);
  g_autoptr (KmsModel) with_file = shop_make_model (shop, SHOP_MODEL SHOP_KEY SHOP_ATTRIBUTES
                                                    "[Attribute licence]\nKey=kms_key\nFormat=lockbox-file\n");
  g_autoptr (GError) not_complete = NULL, has_file = NULL, none = NULL;

  shop_fill (shop, 1, 1);
  g_autoptr (KmsRecord) record = load (shop, incomplete, "1");
  g_autoptr (KmsRecord) filed = load (shop, with_file, "1");
  g_assert_false (kms_record_renew_key (record, "kms_key", &not_complete));
  g_assert_error (not_complete, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED);
  g_assert_false (kms_record_renew_key (filed, "kms_key", &has_file));
  g_assert_error (has_file, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED);
  assert_get_fails (filed, "licence", KMS_ERROR_NOT_SUPPORTED, "licence: this is a file");
  g_assert_false (kms_record_renew_key (record, "nosuch", &none));
  g_assert_error (none, KMS_ERROR, KMS_ERROR_NOT_FOUND);
}

/* A service that fails behind the INSERT leaves no row, and a record that can be saved later. */
static void
test_service_fails (Shop *shop, gconstpointer data)
{
  g_autoptr (KmsRecord) record = kms_record_new (shop->model, shop->store);

  config_root_write (shop->root, "admin/boxes.d/users.box",
                     "[Box]\nVersion=1\nState=disabled\n[Version 1]\nKeyId=insecure-test-key\n");
  g_autoptr (GError) error = NULL;
  g_assert_true (kms_registry_reload (shop->registry, &error));
  set_text (record, "city", "London");
  assert_save_fails (record, KMS_ERROR_KEY_DISABLED, "kms_key: ");
  assert_count (shop, "SELECT count(*) FROM users", "0");
  g_assert_null (kms_record_get_id (record));
  shop_set_box_version (shop, 1);
  save (record);
  g_autoptr (KmsRecord) again = load (shop, shop->model, kms_record_get_id (record));
  assert_text (again, "city", "London");
}

static void
test_not_found (Shop *shop, gconstpointer data)
{
  g_autoptr (KmsModel) no_table = shop_make_model (shop, "[Model]\nTable=nosuch\n" SHOP_KEY SHOP_ATTRIBUTES);
  g_autoptr (KmsModel)
    no_column = shop_make_model (shop, SHOP_MODEL SHOP_KEY "[Attribute street]\nKey=kms_key\nFormat=lockbox\n");

  shop_fill (shop, 1, 1);
  assert_load_fails (shop, shop->model, "2", KMS_ERROR_NOT_FOUND, "users: there is no row with id 2");
  assert_load_fails (shop, shop->model, "1; DROP TABLE users", KMS_ERROR_NOT_FOUND, "there is no row");
  assert_load_fails (shop, no_table, "1", KMS_ERROR_NOT_FOUND, "there is no table \"nosuch\"");
  assert_load_fails (shop, no_column, "1", KMS_ERROR_NOT_FOUND, "\"street_ciphertext\"");
  g_autoptr (KmsRecord) record = load (shop, shop->model, "1");
  assert_get_fails (record, "nosuch", KMS_ERROR_NOT_FOUND, "no attribute \"nosuch\"");
}

static void
test_wrong (Shop *shop, gconstpointer data)
{
  static const struct
  {
    const char *sql, *message;
  } cases[] = {
    { "UPDATE users SET encrypted_kms_key = ''", "is empty, which is neither" },
    { "UPDATE users SET encrypted_kms_key = NULL", "is NULL: the row has no data key" },
    { "UPDATE users SET encrypted_kms_key = x'00'", "" },
    { "UPDATE users SET encrypted_kms_key = 'v1:AAAA'", "" },
    { "UPDATE users SET city_ciphertext = 'AAAA'", "city: the value does not open" },
    { "UPDATE users SET city_ciphertext = phone_ciphertext", "city: the value does not open" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      shop_run (shop, "DELETE FROM users");
      shop_fill (shop, 1, 1);
      shop_run (shop, cases[i].sql);
      g_autoptr (KmsRecord) record = load (shop, shop->model, "1");
      assert_get_fails (record, "city", KMS_ERROR_INVALID_CIPHERTEXT, cases[i].message);
    }
}

static void
test_set_refused (Shop *shop, gconstpointer data)
{
  static const char *const columns[] = { "encrypted_kms_key", "city_ciphertext", "lock_version", "id" };
  g_autoptr (KmsValue) number = kms_value_new_integer (5);
  g_autoptr (GError) wrong_type = NULL;

  shop_fill (shop, 1, 1);
  g_autoptr (KmsRecord) record = load (shop, shop->model, "1");
  g_assert_false (kms_record_set (record, "city", number, &wrong_type));
  g_assert_error (wrong_type, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_false (kms_record_set_column (record, columns[i], "5", &error));
      g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
    }
}

#define ADD(path, function) g_test_add (path, Shop, NULL, shop_setup, function, shop_teardown)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/record/stale", test_stale);
  ADD ("/record/rotated-meanwhile", test_rotated_meanwhile);
  ADD ("/record/renew", test_renew);
  ADD ("/record/renew-refused", test_renew_refused);
  ADD ("/record/service-fails", test_service_fails);
  ADD ("/record/not-found", test_not_found);
  ADD ("/record/wrong", test_wrong);
  ADD ("/record/set-refused", test_set_refused);
  return g_test_run ();
}
