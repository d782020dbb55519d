/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes the shop's database on SQLite. */
#include "shop.h"

#include <sqlite3.h>
#include <string.h>

#include "../config-root.h"

static const char schema[] =
  "CREATE TABLE users (id INTEGER PRIMARY KEY NOT NULL, encrypted_kms_key TEXT, city_ciphertext TEXT,"
  " phone_ciphertext TEXT, name TEXT, updated_at DATETIME, lock_version INTEGER NOT NULL DEFAULT 0)";

static void
run_at (const char *path, const char *sql)
{
  sqlite3 *database;
  char *message = NULL;

  g_assert_cmpint (sqlite3_open (path, &database), ==, SQLITE_OK);
  sqlite3_busy_timeout (database, 10000);
  if (sqlite3_exec (database, sql, NULL, NULL, &message) != SQLITE_OK)
    g_error ("%s: %s", sql, message);
  sqlite3_close (database);
}

void
shop_setup (Shop *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->root = config_root_new ();
  self->path = g_build_filename (self->root, "shop.sqlite3", NULL);
  self->uri = g_strconcat ("sqlite:", self->path, NULL);
  run_at (self->path, schema);
  config_root_add_provider (self->root, "test", "kms-test.so", "Exact=insecure-test-key;insecure-test-key/encrypt\n");
  shop_set_box_version (self, 1);
  self->store = kms_store_open (self->registry, self->uri, NULL, &error);
  g_assert_no_error (error);
  self->model = shop_make_model (self, SHOP_MODEL SHOP_KEY SHOP_ATTRIBUTES);
}

void
shop_teardown (Shop *self, gconstpointer data)
{
  g_clear_object (&self->model);
  g_clear_object (&self->store);
  g_clear_object (&self->registry);
  config_root_remove (self->root);
  g_free (self->path);
  g_free (self->uri);
}

KmsModel *
shop_make_model (Shop *self, const char *text)
{
  g_autoptr (GError) error = NULL;
  KmsModel *model = kms_model_new_from_data (self->registry, "user", text, -1, &error);

  g_assert_no_error (error);
  return model;
}

void
shop_set_box_version (Shop *self, guint version)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  g_string_append_printf (text, "[Box]\nVersion=%u\n", version);
  for (guint i = 1; i <= version; i++)
    g_string_append_printf (text, "[Version %u]\nKeyId=insecure-test-key\n", i);
  config_root_write (self->root, "admin/boxes.d/users.box", text->str);
  if (self->registry == NULL)
    self->registry = kms_registry_new (self->root, NULL, &error);
  else
    kms_registry_reload (self->registry, &error);
  g_assert_no_error (error);
}

static void
add_attribute (Shop *self, KmsStatement *statement, KmsSecret *data_key, const char *name, guint id,
               KmsAttributeCells *cells)
{
  g_autofree char *text = g_strdup_printf ("%s %u", name, id);
  g_autoptr (KmsSecret) plaintext = kms_secret_new ((const guint8 *) text, strlen (text));
  g_autoptr (GError) error = NULL;

  _kms_attribute_seal (_kms_model_find_attribute (self->model, name), data_key, plaintext, cells, &error);
  g_assert_no_error (error);
  _kms_statement_add_sql (statement, ", ");
  _kms_statement_bind (statement, &cells->cells[0]);
}

static void
add_row (Shop *self, KmsBox *box, guint id)
{
  g_autoptr (KmsStatement) statement = _kms_statement_new (self->store);
  g_autofree char *number = g_strdup_printf ("%u", id);
  g_autoptr (KmsContext) context = kms_context_new ("model_name", "User", "model_id", number, NULL);
  g_autoptr (KmsSecret) data_key = NULL;
  g_auto (KmsAttributeCells) city = { 0 }, phone = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *wrapped = kms_box_generate_data_key (box, 32, context, &data_key, NULL, &error);

  g_assert_no_error (error);
  _kms_statement_add_sql (
    statement, "INSERT INTO users (id, encrypted_kms_key, city_ciphertext, phone_ciphertext, updated_at) VALUES (");
  _kms_statement_bind_integer (statement, id);
  _kms_statement_add_sql (statement, ", ");
  _kms_statement_bind_text (statement, wrapped, -1);
  add_attribute (self, statement, data_key, "city", id, &city);
  add_attribute (self, statement, data_key, "phone", id, &phone);
  _kms_statement_add_sql (statement, ", '2001-02-03 04:05:06.000007')");
  _kms_store_run (self->store, statement, NULL, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
}

void
shop_fill (Shop *self, guint first, guint n_rows)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsBox) box = kms_registry_dup_box (self->registry, "users", &error);

  g_assert_no_error (error);
  shop_run (self, "BEGIN");
  for (guint i = 0; i < n_rows; i++)
    add_row (self, box, first + i);
  shop_run (self, "COMMIT");
}

void
shop_run (Shop *self, const char *sql)
{
  g_autoptr (GError) error = NULL;

  _kms_store_run_text (self->store, sql, NULL, &error);
  g_assert_no_error (error);
}

static gboolean
keep_first (const KmsCell *cells, guint n_cells, gpointer answer, GError **error)
{
  char **text = answer;

  g_free (*text);
  *text = cells[0].type == KMS_CELL_NULL      ? NULL
          : cells[0].type == KMS_CELL_INTEGER ? g_strdup_printf ("%" G_GINT64_FORMAT, cells[0].value.integer)
                                              : g_strndup (cells[0].value.bytes, cells[0].length);
  return TRUE;
}

char *
shop_ask (Shop *self, const char *sql)
{
  g_autoptr (KmsStatement) statement = _kms_statement_new (self->store);
  g_autoptr (GError) error = NULL;
  char *answer = NULL;

  _kms_statement_add_sql (statement, sql);
  _kms_store_run (self->store, statement, keep_first, &answer, NULL, NULL, &error);
  g_assert_no_error (error);
  return answer;
}
