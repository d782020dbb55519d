/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes the shop's database on SQLite; on PostgreSQL, where the test runs within with-postgres. */
#include "shop.h"

#include <sqlite3.h>
#include <string.h>

#include "../config-root.h"

#define SCHEMA(time)                                                                                                   \
  "CREATE TABLE users (id INTEGER PRIMARY KEY NOT NULL, encrypted_kms_key TEXT, city_ciphertext TEXT,"                 \
  " phone_ciphertext TEXT, name TEXT, updated_at " time ", lock_version INTEGER NOT NULL DEFAULT 0)"

static const char *
get_postgres (void)
{
  return g_getenv ("KMS_TEST_POSTGRES");
}

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
shop_open (Shop *self, const char *root)
{
  g_autoptr (GError) error = NULL;

  self->root = g_strdup (root);
  self->path = g_build_filename (root, "shop.sqlite3", NULL);
  self->uri = get_postgres () == NULL ? g_strconcat ("sqlite:", self->path, NULL) : g_strdup (get_postgres ());
  self->registry = kms_registry_new (root, NULL, &error);
  g_assert_no_error (error);
  self->store = kms_store_open (self->registry, self->uri, NULL, &error);
  g_assert_no_error (error);
  self->model = shop_make_model (self, SHOP_MODEL SHOP_KEY SHOP_ATTRIBUTES);
}

void
shop_close (Shop *self)
{
  g_clear_object (&self->model);
  g_clear_object (&self->store);
  g_clear_object (&self->registry);
  g_clear_pointer (&self->root, g_free);
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->uri, g_free);
}

static void
write_box (const char *root, guint version)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_append_printf (text, "[Box]\nVersion=%u\n", version);
  for (guint i = 1; i <= version; i++)
    g_string_append_printf (text, "[Version %u]\nKeyId=insecure-test-key\n", i);
  config_root_write (root, "admin/boxes.d/users.box", text->str);
}

void
shop_setup (Shop *self, gconstpointer data)
{
  char *root = config_root_new ();
  g_autofree char *path = g_build_filename (root, "shop.sqlite3", NULL);

  if (get_postgres () == NULL)
    run_at (path, SCHEMA ("DATETIME"));
  config_root_add_provider (root, "test", "kms-test.so", "Exact=insecure-test-key;insecure-test-key/encrypt\n");
  write_box (root, 1);
  shop_open (self, root);
  if (get_postgres () != NULL)
    {
      shop_run (self, "DROP SCHEMA public CASCADE");
      shop_run (self, "CREATE SCHEMA public");
      shop_run (self, SCHEMA ("TIMESTAMP(6)"));
    }
  g_free (root);
}

void
shop_teardown (Shop *self, gconstpointer data)
{
  char *root = g_strdup (self->root);

  shop_close (self);
  config_root_remove (root);
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
  g_autoptr (GError) error = NULL;

  write_box (self->root, version);
  kms_registry_reload (self->registry, &error);
  g_assert_no_error (error);
}

/* The cell of an attribute with this text. */
static void
bind_attribute (Shop *self, KmsStatement *statement, KmsSecret *data_key, const char *name, const char *text,
                KmsAttributeCells *cells)
{
  g_autoptr (KmsSecret) plaintext = kms_secret_new ((const guint8 *) text, strlen (text));
  g_autoptr (GError) error = NULL;

  _kms_attribute_seal (_kms_model_find_attribute (self->model, name), data_key, plaintext, cells, &error);
  g_assert_no_error (error);
  _kms_statement_bind (statement, &cells->cells[0]);
}

static char *
make_text (const char *name, guint id)
{
  return g_strdup_printf ("%s %u", name, id);
}

static KmsContext *
make_context (guint id)
{
  g_autofree char *number = g_strdup_printf ("%u", id);
  return kms_context_new ("model_name", "User", "model_id", number, NULL);
}

static void
add_row (Shop *self, KmsBox *box, guint id)
{
  g_autoptr (KmsStatement) statement = _kms_statement_new (self->store);
  g_autoptr (KmsContext) context = make_context (id);
  g_autoptr (KmsSecret) data_key = NULL;
  g_auto (KmsAttributeCells) city = { 0 }, phone = { 0 };
  g_autofree char *city_text = make_text ("city", id), *phone_text = make_text ("phone", id);
  g_autoptr (GError) error = NULL;
  g_autofree char *wrapped = kms_box_generate_data_key (box, 32, context, &data_key, NULL, &error);

  g_assert_no_error (error);
  _kms_statement_add_sql (
    statement, "INSERT INTO users (id, encrypted_kms_key, city_ciphertext, phone_ciphertext, updated_at) VALUES (");
  _kms_statement_bind_integer (statement, id);
  _kms_statement_add_sql (statement, ", ");
  _kms_statement_bind_text (statement, wrapped, -1);
  _kms_statement_add_sql (statement, ", ");
  bind_attribute (self, statement, data_key, "city", city_text, &city);
  _kms_statement_add_sql (statement, ", ");
  bind_attribute (self, statement, data_key, "phone", phone_text, &phone);
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

typedef struct
{
  Shop *shop;
  KmsBox *box;
  guint n_rows;
} Check;

static void
assert_value (Shop *self, KmsSecret *data_key, const char *name, const char *expected, const KmsCell *cell)
{
  g_autoptr (GError) error = NULL;
  KmsSecret *plaintext;
  gsize length;

  _kms_attribute_open (_kms_model_find_attribute (self->model, name), data_key, cell, &plaintext, &error);
  g_assert_no_error (error);
  const guint8 *data = kms_secret_get_data (plaintext, &length);
  g_assert_cmpmem (data, length, expected, strlen (expected));
  kms_secret_unref (plaintext);
}

static gboolean
assert_row (const KmsCell *cells, guint n_cells, gpointer user_data, GError **error)
{
  Check *check = user_data;
  guint id = (guint) cells[0].value.integer;
  g_autoptr (KmsContext) context = make_context (id);
  g_autofree char *phone = make_text ("phone", id);
  g_autofree char *city = cells[4].type == KMS_CELL_NULL ? make_text ("city", id)
                                                         : g_strndup (cells[4].value.bytes, cells[4].length);
  g_autoptr (GError) local = NULL;
  g_autoptr (KmsSecret)
    data_key = kms_box_decrypt (check->box, cells[1].value.bytes, (gssize) cells[1].length, context, NULL, &local);

  g_assert_no_error (local);
  assert_value (check->shop, data_key, "city", city, &cells[2]);
  assert_value (check->shop, data_key, "phone", phone, &cells[3]);
  check->n_rows++;
  return TRUE;
}

void
shop_assert_values (Shop *self, guint n_rows)
{
  g_autoptr (KmsStatement) statement = _kms_statement_new (self->store);
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsBox) box = kms_registry_dup_box (self->registry, "users", &error);
  Check check = { self, box, 0 };

  g_assert_no_error (error);
  _kms_statement_add_sql (statement,
                          "SELECT id, encrypted_kms_key, city_ciphertext, phone_ciphertext, name FROM users");
  _kms_store_run (self->store, statement, assert_row, &check, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (check.n_rows, ==, n_rows);
}

static char *
ask_row (Shop *self, const char *what, guint id)
{
  g_autofree char *sql = g_strdup_printf ("SELECT %s FROM users WHERE id = %u", what, id);
  return shop_ask (self, sql);
}

/* The row's data key, or a new one. */
static char *
take_key (Shop *self, guint id, gboolean is_new, KmsSecret **data_key)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsBox) box = kms_registry_dup_box (self->registry, "users", &error);
  g_autoptr (KmsContext) context = make_context (id);
  g_autofree char *wrapped = is_new ? kms_box_generate_data_key (box, 32, context, data_key, NULL, &error)
                                    : ask_row (self, "encrypted_kms_key", id);

  if (!is_new)
    *data_key = kms_box_decrypt (box, wrapped, -1, context, NULL, &error);
  g_assert_no_error (error);
  return g_steal_pointer (&wrapped);
}

gboolean
shop_write (Shop *self, guint id, const char *city, ShopWrite flags)
{
  g_autoptr (KmsStatement) statement = _kms_statement_new (self->store);
  g_autofree char *lock = ask_row (self, "lock_version", id), *phone_text = make_text ("phone", id);
  g_auto (KmsAttributeCells) city_cells = { 0 }, phone = { 0 };
  g_autoptr (KmsSecret) data_key = NULL;
  gboolean is_new = (flags & SHOP_WRITE_NEW_KEY) != 0;
  g_autofree char *wrapped = take_key (self, id, is_new, &data_key);
  g_autoptr (GError) error = NULL;
  gint64 n_changed = 0;

  _kms_statement_add_sql (statement, "UPDATE users SET city_ciphertext = ");
  bind_attribute (self, statement, data_key, "city", city, &city_cells);
  _kms_statement_add_sql (statement, ", name = ");
  _kms_statement_bind_text (statement, city, -1);
  if (is_new)
    {
      _kms_statement_add_sql (statement, ", encrypted_kms_key = ");
      _kms_statement_bind_text (statement, wrapped, -1);
      _kms_statement_add_sql (statement, ", phone_ciphertext = ");
      bind_attribute (self, statement, data_key, "phone", phone_text, &phone);
    }
  _kms_statement_add_sql (statement, (flags & SHOP_WRITE_LOCK) != 0 ? ", lock_version = lock_version + 1 WHERE id = "
                                                                    : " WHERE id = ");
  _kms_statement_bind_integer (statement, id);
  _kms_statement_add_sql (statement, " AND lock_version = ");
  _kms_statement_bind_integer (statement, g_ascii_strtoll (lock, NULL, 10));
  _kms_store_run (self->store, statement, NULL, NULL, &n_changed, NULL, &error);
  g_assert_no_error (error);
  return n_changed == 1;
}

void
shop_run (Shop *self, const char *sql)
{
  g_autoptr (GError) error = NULL;

  _kms_store_run_text (self->store, sql, NULL, &error);
  g_assert_no_error (error);
}

void
shop_refuse_update (Shop *self, guint id)
{
  gboolean is_sqlite = get_postgres () == NULL;
  g_autofree char *trigger = g_strdup_printf (
    is_sqlite ? "CREATE TRIGGER t BEFORE UPDATE ON users WHEN old.id = %u BEGIN SELECT RAISE(ABORT, 'no'); END"
              : "CREATE TRIGGER t BEFORE UPDATE ON users FOR EACH ROW WHEN (old.id = %u) EXECUTE FUNCTION refuse()",
    id);

  if (!is_sqlite)
    shop_run (self, "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
                    "$$ BEGIN RAISE EXCEPTION 'no'; END $$");
  shop_run (self, trigger);
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
