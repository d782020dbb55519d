/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Readers: every row once, in order, whatever is wrong with another one. */
#include "record-steps.h"

#include <string.h>

/* More than one batch of a reader. */
#define N_ROWS 1203

static KmsRecordReader *
make_reader (Shop *shop, const char *const *attributes)
{
  g_autoptr (GError) error = NULL;
  KmsRecordReader *reader = kms_record_reader_new (shop->model, shop->store, attributes, &error);

  g_assert_no_error (error);
  return reader;
}

static gboolean
next (KmsRecordReader *reader)
{
  g_autoptr (GError) error = NULL;
  gboolean found = kms_record_reader_next (reader, NULL, &error);

  g_assert_no_error (error);
  return found;
}

static void
assert_value (KmsRecordReader *reader, guint index, const char *expected)
{
  g_autoptr (KmsValue) value = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (kms_record_reader_get (reader, index, &value, &error));
  g_assert_no_error (error);
  g_assert_nonnull (value);
  gsize length;
  const guint8 *data = kms_secret_get_data (kms_value_get_plaintext (value), &length);
  g_assert_cmpmem (data, length, expected, strlen (expected));
}

static void
assert_broken (KmsRecordReader *reader, guint index, const char *message)
{
  g_autoptr (KmsValue) value = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (kms_record_reader_get (reader, index, &value, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT);
  if (strstr (error->message, message) == NULL)
    g_error ("\"%s\" does not have \"%s\"", error->message, message);
}

static void
test_all (Shop *shop, gconstpointer data)
{
  guint n = 0;

  shop_fill (shop, 1, N_ROWS);
  g_autoptr (KmsRecordReader) reader = make_reader (shop, NULL);
  g_assert_cmpuint (kms_record_reader_get_n_attributes (reader), ==, 2);
  g_assert_cmpstr (kms_record_reader_get_name (reader, 1), ==, "phone");
  g_assert_null (kms_record_reader_get_name (reader, 2));
  g_assert_null (kms_record_reader_get_id (reader));
  while (next (reader))
    {
      g_autofree char *id = g_strdup_printf ("%u", ++n), *city = g_strdup_printf ("city %u", n),
                      *phone = g_strdup_printf ("phone %u", n);
      g_assert_cmpstr (kms_record_reader_get_id (reader), ==, id);
      assert_value (reader, 0, city);
      assert_value (reader, 1, phone);
    }
  g_assert_cmpuint (n, ==, N_ROWS);
  g_assert_false (next (reader));
  g_assert_null (kms_record_reader_get_id (reader));
}

static void
test_broken (Shop *shop, gconstpointer data)
{
  static const char *const city[] = { "city", NULL };

  shop_fill (shop, 1, 5);
  shop_run (shop, "UPDATE users SET encrypted_kms_key = 'v1:AAAA' WHERE id = 1");
  shop_run (shop, "UPDATE users SET encrypted_kms_key = NULL WHERE id = 2");
  shop_run (shop, "UPDATE users SET encrypted_kms_key = '' WHERE id = 3");
  shop_run (shop, "UPDATE users SET city_ciphertext = NULL WHERE id = 4");
  g_autoptr (KmsRecordReader) reader = make_reader (shop, city);
  g_assert_true (next (reader));
  assert_broken (reader, 0, "city: ");
  g_assert_true (next (reader));
  assert_broken (reader, 0, "is NULL: the row has no data key");
  g_assert_true (next (reader));
  assert_broken (reader, 0, "city: ");
  g_assert_true (next (reader));
  g_autoptr (KmsValue) value = NULL;
  g_autoptr (GError) error = NULL;
  g_assert_true (kms_record_reader_get (reader, 0, &value, &error));
  g_assert_null (value);
  g_assert_true (next (reader));
  assert_value (reader, 0, "city 5");
  g_assert_false (next (reader));
}

static void
test_condition (Shop *shop, gconstpointer data)
{
  shop_fill (shop, 1, 9);
  g_autoptr (KmsRecordReader) reader = make_reader (shop, NULL);
  kms_record_reader_set_condition (reader, "id % 4 = 0 -- every fourth");
  g_assert_true (next (reader));
  g_assert_true (kms_record_reader_get_is_id_integer (reader));
  assert_value (reader, 0, "city 4");
  g_assert_true (next (reader));
  assert_value (reader, 0, "city 8");
  g_assert_false (next (reader));
}

static void
test_refused (Shop *shop, gconstpointer data)
{
  static const char *const nosuch[] = { "city", "nosuch", NULL };
  g_autoptr (KmsModel)
    no_column = shop_make_model (shop, SHOP_MODEL SHOP_KEY "[Attribute street]\nKey=kms_key\nFormat=lockbox\n");
  g_autoptr (GError) attribute = NULL, column = NULL;

  g_assert_null (kms_record_reader_new (shop->model, shop->store, nosuch, &attribute));
  g_assert_error (attribute, KMS_ERROR, KMS_ERROR_NOT_FOUND);
  g_assert_null (kms_record_reader_new (no_column, shop->store, NULL, &column));
  g_assert_error (column, KMS_ERROR, KMS_ERROR_NOT_FOUND);
}

#define ADD(path, function) g_test_add (path, Shop, NULL, shop_setup, function, shop_teardown)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/record-reader/all", test_all);
  ADD ("/record-reader/broken", test_broken);
  ADD ("/record-reader/condition", test_condition);
  ADD ("/record-reader/refused", test_refused);
  return g_test_run ();
}
