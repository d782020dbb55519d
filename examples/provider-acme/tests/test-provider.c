/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The module as an application sees it: loaded by libkms, in a configuration root that is thrown away. */
#include <glib/gstdio.h>
#include <libkms/kms.h>
#include <string.h>
#include <sys/stat.h>

typedef struct
{
  char *root, *keys;
  KmsRegistry *registry;
  KmsProvider *provider;
} Fixture;

static void
write_file (const char *directory, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);
  g_autofree char *parent = g_path_get_dirname (path);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir_with_parents (parent, 0755), ==, 0);
  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

static void
open_provider (Fixture *self)
{
  g_autoptr (GError) error = NULL;

  g_clear_object (&self->provider);
  g_clear_object (&self->registry);
  self->registry = kms_registry_new (self->root, NULL, &error);
  g_assert_no_error (error);
  self->provider = kms_registry_dup_provider (self->registry, "acme", &error);
  g_assert_no_error (error);
}

/* The file that is shipped, with what an administrator would add. */
static void
setup (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *shipped = NULL;

  self->root = g_dir_make_tmp ("acme-test-XXXXXX", &error);
  g_assert_no_error (error);
  self->keys = g_build_filename (self->root, "keys-here", NULL);
  g_file_get_contents (g_getenv ("ACME_PROVIDER_FILE"), &shipped, NULL, &error);
  g_assert_no_error (error);
  write_file (self->root, "package/providers.d/acme.provider", shipped);
  g_autofree char *settings = g_strdup_printf ("[Settings]\nKeyDirectory=%s\n", self->keys);
  write_file (self->root, "admin/providers.d/acme.provider", settings);
  open_provider (self);
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);

  for (const char *name; directory != NULL && (name = g_dir_read_name (directory)) != NULL;)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);
      remove_tree (child);
    }
  g_remove (path);
}

static void
teardown (Fixture *self, gconstpointer data)
{
  g_clear_object (&self->provider);
  g_clear_object (&self->registry);
  remove_tree (self->root);
  g_free (self->keys);
  g_free (self->root);
}

static KmsKey *
administer (Fixture *self, KmsKeyVerb verb, const char *name, GError **error)
{
  g_autoptr (GPtrArray) keys = kms_key_admin_run (KMS_KEY_ADMIN (self->provider), verb, name, NULL, NULL, error);

  return keys != NULL ? g_object_ref (g_ptr_array_index (keys, 0)) : NULL;
}

static void
make_key (Fixture *self, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsKey) key = administer (self, KMS_KEY_VERB_CREATE, name, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (kms_key_get_version (key), ==, "1");
}

static GBytes *
encrypt (Fixture *self, const char *name, KmsContext *context, GError **error)
{
  g_autoptr (KmsSecret) plaintext = kms_secret_new ((const guint8 *) "hello", 5);

  return kms_provider_encrypt (self->provider, name, plaintext, context, NULL, error);
}

static void
assert_decrypts (Fixture *self, const char *name, GBytes *ciphertext, KmsContext *context)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) plaintext = kms_provider_decrypt (self->provider, name, ciphertext, context, NULL, &error);
  gsize length;

  g_assert_no_error (error);
  const guint8 *bytes = kms_secret_get_data (plaintext, &length);
  g_assert_cmpmem (bytes, length, "hello", 5);
}

static void
assert_refused (Fixture *self, const char *name, GBytes *ciphertext, KmsContext *context)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (kms_provider_decrypt (self->provider, name, ciphertext, context, NULL, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT);
}

static void
test_round_trip (Fixture *self, gconstpointer data)
{
  g_autoptr (KmsContext) context = kms_context_new ("model_name", "Order", "model_id", "42", NULL);
  g_autoptr (KmsContext) other = kms_context_new ("model_name", "Order", "model_id", "43", NULL);
  g_autoptr (GError) error = NULL;

  make_key (self, "orders");
  make_key (self, "invoices");
  g_autoptr (GBytes) ciphertext = encrypt (self, "orders", context, &error);
  g_assert_no_error (error);
  assert_decrypts (self, "orders", ciphertext, context);
  assert_refused (self, "orders", ciphertext, other);
  assert_refused (self, "orders", ciphertext, NULL);
  assert_refused (self, "invoices", ciphertext, context);
}

static void
test_rotated (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  make_key (self, "orders");
  g_autoptr (GBytes) old = encrypt (self, "orders", NULL, &error);
  g_autoptr (KmsKey) key = administer (self, KMS_KEY_VERB_ROTATE, "orders", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (kms_key_get_version (key), ==, "2");
  g_assert_cmpuint (kms_key_get_n_versions (key), ==, 2);

  g_autoptr (GBytes) new = encrypt (self, "orders", NULL, &error);
  assert_decrypts (self, "orders", old, NULL);
  assert_decrypts (self, "orders", new, NULL);
  g_autoptr (GVariant) details = kms_provider_inspect (self->provider, "orders", new, NULL, &error);
  const char *version = NULL;
  g_assert_true (g_variant_lookup (details, "key-version", "&s", &version));
  g_assert_cmpstr (version, ==, "2");
}

/* One bad value fails alone, in a batch that needs more than one call. */
static void
test_batch (Fixture *self, gconstpointer data)
{
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_DECRYPT);
  g_autoptr (GBytes) bad = g_bytes_new_static ("never encrypted", 15);
  g_autoptr (GError) error = NULL;

  make_key (self, "orders");
  g_autoptr (GBytes) good = encrypt (self, "orders", NULL, &error);
  for (guint i = 0; i < 2500; i++)
    kms_batch_add_ciphertext (batch, i == 1234 ? bad : good, NULL, NULL);
  g_assert_false (kms_provider_run (self->provider, "orders", batch, NULL, &error));
  g_assert_cmpuint (kms_batch_get_n_failed (batch), ==, 1);
  g_assert_error (kms_batch_get_error (batch, 1234), KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT);
  g_assert_cmpuint (kms_secret_get_length (kms_batch_get_secret (batch, 2499)), ==, 5);
  g_assert_cmpstr (kms_batch_get_key_version (batch, 0), ==, "1");
}

/* A name never leads out of the directory, and what is not a name makes nothing. */
static void
test_names (Fixture *self, gconstpointer data)
{
  const char *const names[] = { "../escaped", "a/b", "/etc/passwd", ".hidden", "..", "a b", "a\n", "\xc3\xbc" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GError) error = NULL, second = NULL;
      g_assert_null (administer (self, KMS_KEY_VERB_CREATE, names[i], &error));
      g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
      g_assert_null (encrypt (self, names[i], NULL, &second));
      g_assert_error (second, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
    }
  g_autofree char *escaped = g_build_filename (self->root, "escaped", NULL);
  g_assert_false (g_file_test (escaped, G_FILE_TEST_EXISTS));
}

static void
test_not_there (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL, again = NULL;

  g_assert_null (encrypt (self, "nobody", NULL, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND);
  make_key (self, "orders");
  g_assert_null (administer (self, KMS_KEY_VERB_CREATE, "orders", &again));
  g_assert_error (again, KMS_ERROR, KMS_ERROR_ALREADY_EXISTS);
}

/* What others could have read is not used, and the error says what mends it. */
static void
test_permissions (Fixture *self, gconstpointer data)
{
  g_autofree char *path = g_build_filename (self->keys, "orders", "1.key", NULL);
  g_autoptr (GError) error = NULL, second = NULL;
  struct stat info;

  make_key (self, "orders");
  g_assert_cmpint (stat (path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);
  g_assert_cmpint (info.st_size, ==, 32);
  g_assert_cmpint (g_chmod (path, 0640), ==, 0);
  g_assert_null (encrypt (self, "orders", NULL, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS);
  g_assert_nonnull (strstr (error->message, "chmod go-rwx"));

  g_assert_cmpint (g_chmod (path, 0600), ==, 0);
  g_file_set_contents (path, "too short", -1, NULL);
  g_assert_cmpint (g_chmod (path, 0600), ==, 0);
  g_assert_null (encrypt (self, "orders", NULL, &second));
  g_assert_error (second, KMS_ERROR, KMS_ERROR_CREDENTIALS);
}

static void
test_read_only (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL, second = NULL;

  make_key (self, "orders");
  g_autofree char *settings = g_strdup_printf ("[Settings]\nKeyDirectory=%s\nReadOnly=true\n", self->keys);
  write_file (self->root, "admin/providers.d/acme.provider", settings);
  open_provider (self);
  g_assert_null (administer (self, KMS_KEY_VERB_CREATE, "invoices", &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_NOT_AUTHORIZED);
  g_assert_null (administer (self, KMS_KEY_VERB_ROTATE, "orders", &second));
  g_assert_error (second, KMS_ERROR, KMS_ERROR_NOT_AUTHORIZED);
  g_autoptr (GBytes) ciphertext = encrypt (self, "orders", NULL, NULL);
  assert_decrypts (self, "orders", ciphertext, NULL);
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, setup, function, teardown)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/provider/round-trip", test_round_trip);
  ADD ("/provider/rotated", test_rotated);
  ADD ("/provider/batch", test_batch);
  ADD ("/provider/names", test_names);
  ADD ("/provider/not-there", test_not_there);
  ADD ("/provider/permissions", test_permissions);
  ADD ("/provider/read-only", test_read_only);
  return g_test_run ();
}
