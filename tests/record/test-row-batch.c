/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows read ahead: all of them, once, in order, each with its own data key or its own error. */
#include "shop.h"

#include <string.h>

#include "record/kms-row-batch-private.h"

#define KEY 0

static KmsLayout *
make_layout (Shop *self)
{
  KmsLayout *layout = _kms_layout_new (self->model);

  _kms_layout_add_key (layout, KEY);
  _kms_layout_add_attribute (layout, _kms_model_find_attribute (self->model, "city"));
  return layout;
}

static void
read_rows (KmsRowBatch *batch)
{
  g_autoptr (GError) error = NULL;

  _kms_row_batch_read (batch, NULL, &error);
  g_assert_no_error (error);
}

static void
unwrap (Shop *self, KmsRowBatch *batch)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsBox) box = _kms_model_dup_box (self->model, g_ptr_array_index (self->model->keys, KEY), &error);

  g_assert_no_error (error);
  _kms_row_batch_unwrap (batch, KEY, box, NULL, &error);
  g_assert_no_error (error);
}

static void
assert_city (Shop *self, const KmsLayout *layout, const KmsRowBatch *batch, guint index)
{
  const KmsRow *row = _kms_row_batch_get_row (batch, index);
  const KmsModelAttribute *city = _kms_model_find_attribute (self->model, "city");
  g_autofree char *id = _kms_row_dup_id (row), *expected = g_strconcat ("city ", id, NULL);
  g_autoptr (GError) error = NULL;
  KmsSecret *plaintext;

  g_assert_null (_kms_row_batch_get_error (batch, index, KEY));
  _kms_attribute_open (city, _kms_row_batch_get_data_key (batch, index, KEY),
                       &row->cells[_kms_layout_find_attribute (layout, city)->first], &plaintext, &error);
  g_assert_no_error (error);
  gsize length;
  const guint8 *data = kms_secret_get_data (plaintext, &length);
  g_assert_cmpmem (data, length, expected, strlen (expected));
  kms_secret_unref (plaintext);
}

static gint64
get_id (const KmsRowBatch *batch, guint index)
{
  return _kms_row_batch_get_row (batch, index)->cells[0].value.integer;
}

static void
test_all (Shop *self, gconstpointer data)
{
  g_autoptr (KmsLayout) layout = make_layout (self);
  g_autoptr (KmsRowBatch) batch = _kms_row_batch_new (self->store, layout, 100);
  gint64 last = 0;
  guint n = 0;

  shop_fill (self, 1, 250);
  for (read_rows (batch); _kms_row_batch_get_n_rows (batch) > 0; read_rows (batch))
    {
      unwrap (self, batch);
      for (guint i = 0; i < _kms_row_batch_get_n_rows (batch); i++, n++)
        {
          g_assert_cmpint (get_id (batch, i), ==, last + 1);
          last = get_id (batch, i);
          assert_city (self, layout, batch, i);
        }
    }
  g_assert_cmpuint (n, ==, 250);
}

/* What is wrong with one row is no matter of its neighbours'. */
static void
test_bad_rows (Shop *self, gconstpointer data)
{
  g_autoptr (KmsLayout) layout = make_layout (self);
  g_autoptr (KmsRowBatch) batch = _kms_row_batch_new (self->store, layout, 100);

  shop_fill (self, 1, 6);
  shop_run (self, "UPDATE users SET encrypted_kms_key = 'v7:AAAA' WHERE id = 2");
  shop_run (self, "UPDATE users SET encrypted_kms_key = NULL WHERE id = 3");
  shop_run (self,
            "UPDATE users SET encrypted_kms_key = (SELECT encrypted_kms_key FROM users WHERE id = 6) WHERE id = 4");
  shop_run (self, "UPDATE users SET encrypted_kms_key = '' WHERE id = 5");
  read_rows (batch);
  g_assert_null (_kms_row_batch_get_data_key (batch, 0, KEY));
  unwrap (self, batch);
  assert_city (self, layout, batch, 0);
  g_assert_error (_kms_row_batch_get_error (batch, 1, KEY), KMS_ERROR, KMS_ERROR_NOT_ACTIVE);
  g_assert_null (_kms_row_batch_get_error (batch, 2, KEY));
  g_assert_null (_kms_row_batch_get_data_key (batch, 2, KEY));
  g_assert_error (_kms_row_batch_get_error (batch, 3, KEY), KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT);
  g_assert_error (_kms_row_batch_get_error (batch, 4, KEY), KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT);
  g_assert_null (_kms_row_batch_get_data_key (batch, 4, KEY));
  assert_city (self, layout, batch, 5);
}

static void
test_conditions (Shop *self, gconstpointer data)
{
  g_autoptr (KmsLayout) layout = make_layout (self);
  g_autoptr (KmsRowBatch) batch = _kms_row_batch_new (self->store, layout, 3);
  const KmsCell four = { .type = KMS_CELL_INTEGER, .value.integer = 4 };
  g_autoptr (GError) error = NULL;

  shop_fill (self, 1, 12);
  _kms_row_batch_set_condition (batch, "id % 2 = 0 OR id = 7 -- and no more");
  _kms_row_batch_seek (batch, &four);
  read_rows (batch);
  g_assert_cmpuint (_kms_row_batch_get_n_rows (batch), ==, 3);
  g_assert_cmpint (get_id (batch, 0), ==, 6);
  g_assert_cmpint (get_id (batch, 2), ==, 8);
  read_rows (batch);
  g_assert_cmpuint (_kms_row_batch_get_n_rows (batch), ==, 2);
  g_assert_cmpint (get_id (batch, 1), ==, 12);
  read_rows (batch);
  g_assert_cmpuint (_kms_row_batch_get_n_rows (batch), ==, 0);
  _kms_row_batch_seek (batch, NULL);
  _kms_row_batch_set_size (batch, 1);
  _kms_row_batch_set_ending (batch, " OFFSET 1");
  read_rows (batch);
  g_assert_cmpint (get_id (batch, 0), ==, 4);
  _kms_row_batch_set_condition (batch, "nosuch = 1");
  g_assert_false (_kms_row_batch_read (batch, NULL, &error));
  g_assert_nonnull (strstr (error->message, "nosuch"));
}

static void
test_again (Shop *self, gconstpointer data)
{
  g_autoptr (KmsLayout) layout = make_layout (self);
  g_autoptr (KmsRowBatch) first = _kms_row_batch_new (self->store, layout, 3);
  g_autoptr (KmsRowBatch) again = _kms_row_batch_new (self->store, layout, 3);
  g_autoptr (GPtrArray) rows = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;

  shop_fill (self, 1, 6);
  read_rows (first);
  g_ptr_array_add (rows, (gpointer) _kms_row_batch_get_row (first, 1));
  g_ptr_array_add (rows, (gpointer) _kms_row_batch_get_row (first, 2));
  shop_run (self, "DELETE FROM users WHERE id = 2");
  g_assert_true (_kms_row_batch_read_again (again, rows, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (_kms_row_batch_get_n_rows (again), ==, 1);
  g_assert_cmpint (get_id (again, 0), ==, 3);
  unwrap (self, again);
  assert_city (self, layout, again, 0);
}

#define ADD(path, function) g_test_add (path, Shop, NULL, shop_setup, function, shop_teardown)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/row-batch/all", test_all);
  ADD ("/row-batch/bad-rows", test_bad_rows);
  ADD ("/row-batch/conditions", test_conditions);
  ADD ("/row-batch/again", test_again);
  return g_test_run ();
}
