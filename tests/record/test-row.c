/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows: cells that become values and back, and the contexts that rows give. */
#include <libkms/kms.h>

#include <string.h>

#include "../config-root.h"
#include "record/kms-row-private.h"

typedef struct
{
  char *root;
  KmsRegistry *registry;
  KmsModel *model;
  KmsSecret *key;
} Fixture;

static const char text_of_model[] =
  "[Model]\nName=User\nTable=users\nTypeColumn=type\nLockVersion=lock\n"
  "[Key kms_key]\nVersion=2\nKeyId=insecure-test-key\nContext=model_name;model_id;n=@name\n"
  "[Key kms_key/1]\nKeyId=insecure-test-key\nContext=version=#1;\"Name\"=@name\n"
  "[Attribute email]\nKey=kms_key\nFormat=attr-encrypted\n"
  "[Attribute ssn]\nKey=kms_key\nFormat=attr-encrypted-salted\nEncode=false\n"
  "[Attribute city]\nKey=kms_key\nFormat=lockbox\nAssociatedData=city\n"
  "[Attribute padded]\nKey=kms_key\nFormat=lockbox\nPadding=8\nAlgorithm=xchacha20\n"
  "[Attribute bytes]\nKey=kms_key\nFormat=raw\n"
  "[Attribute file]\nKey=kms_key\nFormat=lockbox-file\n";

static void
setup (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->root = config_root_new ();
  config_root_add_provider (self->root, "test", "kms-test.so", "Prefixes=insecure-test-key\n");
  self->registry = kms_registry_new (self->root, NULL, &error);
  g_assert_no_error (error);
  self->model = kms_model_new_from_data (self->registry, "user", text_of_model, -1, &error);
  g_assert_no_error (error);
  self->key = kms_secret_new_random (32, &error);
  g_assert_no_error (error);
}

static void
teardown (Fixture *self, gconstpointer data)
{
  g_object_unref (self->model);
  g_object_unref (self->registry);
  kms_secret_unref (self->key);
  config_root_remove (self->root);
}

static KmsCell
text_cell (const char *text)
{
  return (KmsCell){ .type = KMS_CELL_TEXT, .value.bytes = text, .length = strlen (text) };
}

static void
assert_opens (Fixture *self, const KmsModelAttribute *attribute, const KmsCell *cells, const char *expected)
{
  g_autoptr (GError) error = NULL;
  KmsSecret *plaintext;

  g_assert_true (_kms_attribute_open (attribute, self->key, cells, &plaintext, &error));
  g_assert_no_error (error);
  gsize length;
  const guint8 *data = kms_secret_get_data (plaintext, &length);
  g_assert_cmpmem (data, length, expected, strlen (expected));
  kms_secret_unref (plaintext);
}

static void
assert_round_trip (Fixture *self, const char *name, const char *text, guint n_cells, KmsCellType type)
{
  KmsModelAttribute *attribute = _kms_model_find_attribute (self->model, name);
  g_autoptr (KmsSecret) plaintext = kms_secret_new ((const guint8 *) text, strlen (text));
  g_auto (KmsAttributeCells) cells = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_true (_kms_attribute_is_stored_encrypted (attribute, plaintext));
  g_assert_true (_kms_attribute_seal (attribute, self->key, plaintext, &cells, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (cells.n_cells, ==, n_cells);
  g_assert_cmpint (cells.cells[0].type, ==, type);
  g_assert_true (_kms_attribute_is_encrypted (attribute, cells.cells));
  assert_opens (self, attribute, cells.cells, text);
}

static void
test_round_trips (Fixture *self, gconstpointer data)
{
  g_autofree char *large = g_strnfill (5000, 'x');

  assert_round_trip (self, "email", "ada@example.org", 2, KMS_CELL_TEXT);
  assert_round_trip (self, "ssn", "000-00-0000", 3, KMS_CELL_BLOB);
  assert_round_trip (self, "city", "London", 1, KMS_CELL_TEXT);
  assert_round_trip (self, "city", large, 1, KMS_CELL_TEXT);
  assert_round_trip (self, "padded", "", 1, KMS_CELL_TEXT);
  assert_round_trip (self, "bytes", large, 1, KMS_CELL_BLOB);
}

/* NULL and what is empty need no key; a nonce of the past stays where it is. */
static void
test_empty (Fixture *self, gconstpointer data)
{
  KmsModelAttribute *email = _kms_model_find_attribute (self->model, "email");
  const KmsCell null[3] = { { KMS_CELL_NULL } }, empty[3] = { text_cell (""), { KMS_CELL_NULL }, { KMS_CELL_NULL } };
  g_autoptr (KmsSecret) nothing = kms_secret_new ((const guint8 *) "", 0);
  g_auto (KmsAttributeCells) cells = { 0 };
  g_autoptr (GError) error = NULL;
  KmsSecret *plaintext;

  g_assert_false (_kms_attribute_is_encrypted (email, null));
  g_assert_true (_kms_attribute_open (email, NULL, null, &plaintext, &error));
  g_assert_null (plaintext);
  g_assert_false (_kms_attribute_is_encrypted (email, empty));
  g_assert_true (_kms_attribute_open (email, NULL, empty, &plaintext, &error));
  g_assert_cmpuint (kms_secret_get_length (plaintext), ==, 0);
  kms_secret_unref (plaintext);
  g_assert_true (_kms_attribute_seal (email, NULL, nothing, &cells, &error));
  g_assert_cmpuint (cells.n_cells, ==, 1);
  g_assert_cmpint (cells.cells[0].type, ==, KMS_CELL_TEXT);
  g_assert_cmpuint (cells.cells[0].length, ==, 0);
}

static void
assert_refused (const KmsModelAttribute *attribute, KmsSecret *key, const KmsCell *cells, const char *message)
{
  g_autoptr (GError) error = NULL;
  KmsSecret *plaintext;

  g_assert_false (_kms_attribute_open (attribute, key, cells, &plaintext, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT);
  g_assert_null (plaintext);
  if (strstr (error->message, message) == NULL)
    g_error ("\"%s\" does not have \"%s\"", error->message, message);
}

static void
test_refused (Fixture *self, gconstpointer data)
{
  KmsModelAttribute *city = _kms_model_find_attribute (self->model, "city");
  KmsModelAttribute *email = _kms_model_find_attribute (self->model, "email");
  KmsModelAttribute *padded = _kms_model_find_attribute (self->model, "padded");
  const KmsCell number = { .type = KMS_CELL_INTEGER, .value.integer = 7 }, short_text = text_cell ("AAAA");
  const KmsCell without_iv[3] = { text_cell ("AAAA"), { KMS_CELL_NULL }, { KMS_CELL_NULL } };
  const KmsCell empty = text_cell ("");
  g_autoptr (KmsSecret) short_key = kms_secret_new ((const guint8 *) "short", 5);

  assert_refused (city, self->key, &number, "city: column \"city_ciphertext\" holds a number");
  assert_refused (city, self->key, &short_text, "city: the value does not open");
  assert_refused (city, short_key, &short_text, "has 5 bytes, not 32");
  assert_refused (city, NULL, &short_text, "has 0 bytes, not 32");
  assert_refused (email, self->key, without_iv, "the column of its IV is NULL");
  assert_refused (padded, self->key, &empty, "padded: the value does not open");
}

static KmsRow *
make_row (KmsLayout *layout, const KmsCell *type, const char *wrapped)
{
  const KmsCell cells[] = { { .type = KMS_CELL_INTEGER, .value.integer = 123 },
                            *type,
                            { .type = KMS_CELL_INTEGER, .value.integer = 0 },
                            text_cell (wrapped),
                            text_cell ("Ada") };

  g_assert_cmpuint (layout->columns->len, ==, G_N_ELEMENTS (cells));
  return _kms_row_new (cells, G_N_ELEMENTS (cells));
}

static void
assert_context (const KmsRow *row, const KmsLayout *layout, gboolean stored, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsContext) context = stored ? _kms_row_build_stored_context (row, layout, 0, &error)
                                          : _kms_row_build_context (row, layout, 0, NULL, &error);

  g_assert_no_error (error);
  g_autofree char *json = kms_context_to_json (context, KMS_JSON_DIALECT_RAILS, KMS_CONTEXT_FORM_MAP, NULL, &error);
  g_assert_cmpstr (json, ==, expected);
}

static void
test_contexts (Fixture *self, gconstpointer data)
{
  g_autoptr (KmsLayout) layout = _kms_layout_new (self->model);
  const KmsCell null = { KMS_CELL_NULL }, admin = text_cell ("Admin");

  _kms_layout_add_key (layout, 0);
  _kms_layout_add_key (layout, 0);
  g_autoptr (KmsRow) row = make_row (layout, &null, "v2:AAAA");
  g_autoptr (KmsRow) old = make_row (layout, &null, "AAAA");
  g_autoptr (KmsRow) other = make_row (layout, &admin, "v2:AAAA");
  assert_context (row, layout, FALSE, "{\"model_id\":\"123\",\"model_name\":\"User\",\"n\":\"Ada\"}");
  assert_context (row, layout, TRUE, "{\"model_id\":\"123\",\"model_name\":\"User\",\"n\":\"Ada\"}");
  assert_context (old, layout, TRUE, "{\"Name\":\"Ada\",\"version\":\"1\"}");
  assert_context (other, layout, TRUE, "{\"model_id\":\"123\",\"model_name\":\"Admin\",\"n\":\"Ada\"}");
  g_assert_true (_kms_row_has_key (row, layout, 0));
}

/* What has no version was authenticated as it was given: in its order, and with integers as integers. */
static void
test_legacy_context (Fixture *self, gconstpointer data)
{
  g_autoptr (KmsLayout) layout = _kms_layout_new (self->model);
  const KmsCell null = { KMS_CELL_NULL };
  g_autoptr (GError) error = NULL;

  _kms_layout_add_key (layout, 0);
  g_autoptr (KmsRow) row = make_row (layout, &null, "v2:AAAA");
  g_autoptr (KmsContext) context = _kms_row_build_context (row, layout, 0, NULL, &error);
  g_assert_no_error (error);
  g_autofree char *json = kms_context_to_json (context, KMS_JSON_DIALECT_RAILS, KMS_CONTEXT_FORM_LEGACY, NULL, &error);
  g_assert_cmpstr (json, ==, "{\"model_name\":\"User\",\"model_id\":123,\"n\":\"Ada\"}");
}

static void
test_layout (Fixture *self, gconstpointer data)
{
  g_autoptr (KmsLayout) layout = _kms_layout_new (self->model);
  KmsModelAttribute *ssn = _kms_model_find_attribute (self->model, "ssn");
  KmsModelAttribute *file = _kms_model_find_attribute (self->model, "file");

  _kms_layout_add_attribute (layout, ssn);
  _kms_layout_add_attribute (layout, ssn);
  _kms_layout_add_attribute (layout, file);
  g_assert_cmpuint (layout->attributes->len, ==, 1);
  g_assert_null (_kms_layout_find_attribute (layout, file));
  const KmsLayoutAttribute *place = _kms_layout_find_attribute (layout, ssn);
  g_assert_cmpuint (place->n_cells, ==, 3);
  g_assert_cmpstr (g_ptr_array_index (layout->columns, place->first), ==, "encrypted_ssn");
  g_assert_cmpstr (g_ptr_array_index (layout->columns, place->first + 2), ==, "encrypted_ssn_salt");
  g_assert_cmpuint (_kms_layout_find_column (layout, "encrypted_kms_key"), ==, KMS_NO_COLUMN);
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, setup, function, teardown)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/row/attribute/round-trips", test_round_trips);
  ADD ("/row/attribute/empty", test_empty);
  ADD ("/row/attribute/refused", test_refused);
  ADD ("/row/contexts", test_contexts);
  ADD ("/row/legacy-context", test_legacy_context);
  ADD ("/row/layout", test_layout);
  return g_test_run ();
}
