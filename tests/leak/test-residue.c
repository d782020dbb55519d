/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is secret stands in locked memory that no core file has, and nowhere once it was freed: heap, stack, the
 * libraries' own memory. */
#include "residue.h"

#include <fcntl.h>
#include <keystore.h>
#include <string.h>
#include <unistd.h>

#include "../config-root.h"

typedef struct
{
  char *root;
  KmsRegistry *registry;
  KmsBox *box;
  KmsContext *context;
  Needle needle;
  Needle passphrase;
} Fixture;

/* A secret that a user types: what is there of the prompt's answer goes with it. */
static KmsSecret *
answer (KmsProvider *provider, const char *prompt, gboolean confirm, GCancellable *cancellable, gpointer data,
        GError **error)
{
  Fixture *self = data;

  return needle_make_secret (&self->passphrase);
}

static KmsProvider *
dup_local (Fixture *self)
{
  g_autoptr (GError) error = NULL;
  KmsProvider *provider = kms_registry_dup_provider (self->registry, "local", &error);

  g_assert_no_error (error);
  return provider;
}

static void
open_registry (Fixture *self)
{
  g_autoptr (GError) error = NULL;

  self->registry = kms_registry_new (self->root, NULL, &error);
  g_assert_no_error (error);
  kms_registry_set_ask_secret_func (self->registry, answer, self, NULL);
  self->box = kms_box_new_for_key (self->registry, "local/orders", NULL, &error);
  g_assert_no_error (error);
}

static void
close_registry (Fixture *self)
{
  g_clear_object (&self->box);
  g_clear_object (&self->registry);
}

static void
setup (Fixture *self, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  self->root = config_root_new ();
  config_root_add_provider (self->root, "local", "kms-local.so", "Prefixes=local/");
  needle_init_random (&self->needle);
  needle_init_random (&self->passphrase);
  open_registry (self);
  g_autoptr (KmsProvider) provider = dup_local (self);
  g_autoptr (GPtrArray)
    keys = kms_key_admin_run (KMS_KEY_ADMIN (provider), KMS_KEY_VERB_CREATE, "orders", NULL, NULL, &error);
  g_assert_no_error (error);
  self->context = kms_context_new ("model_name", "User", NULL);
}

static void
teardown (Fixture *self, gconstpointer unused)
{
  close_registry (self);
  kms_context_unref (self->context);
  config_root_remove (self->root);
}

static void
assert_gone (const Needle *needle)
{
  Residue residue = residue_find (needle);

  g_assert_cmpstr (residue.where, ==, "");
  g_assert_cmpuint (residue.n_exposed + residue.n_protected, ==, 0);
}

static void
assert_protected (const Needle *needle)
{
  Residue residue = residue_find (needle);

  g_assert_cmpstr (residue.where, ==, "");
  g_assert_cmpuint (residue.n_exposed, ==, 0);
  g_assert_cmpuint (residue.n_protected, >=, needle->n_parts);
}

/* The measure of the others: it finds what is there, and what was freed without being wiped. */
static void
test_scanner (Fixture *self, gconstpointer unused)
{
  guint8 *copy = g_malloc (NEEDLE_SIZE);

  assert_gone (&self->needle);
  needle_write (&self->needle, copy);
  g_assert_cmpuint (residue_find (&self->needle).n_exposed, ==, NEEDLE_PARTS);
  g_free (copy);
  g_assert_cmpuint (residue_find (&self->needle).n_exposed, >=, 1);
}

static void
test_secret (Fixture *self, gconstpointer unused)
{
  KmsSecret *secret = needle_make_secret (&self->needle);

  assert_protected (&self->needle);
  kms_secret_unref (secret);
  assert_gone (&self->needle);
}

static void
test_descriptors (Fixture *self, gconstpointer unused)
{
  KmsSecret *secret = needle_make_secret (&self->needle), *back;
  int fds[2];

  g_assert_cmpint (pipe2 (fds, O_CLOEXEC), ==, 0);
  g_assert_true (kms_secret_write_to_fd (secret, fds[1], NULL, NULL));
  close (fds[1]);
  back = kms_secret_new_from_fd (fds[0], 1000000, NULL, NULL);
  close (fds[0]);
  g_assert_true (kms_secret_equal (secret, back));
  assert_protected (&self->needle);
  kms_secret_unref (secret);
  kms_secret_unref (back);
  assert_gone (&self->needle);
}

static char *
encrypt (Fixture *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) secret = needle_make_secret (&self->needle);
  char *stored = kms_box_encrypt (self->box, secret, self->context, NULL, &error);

  g_assert_no_error (error);
  assert_protected (&self->needle);
  return stored;
}

static void
test_values (Fixture *self, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *stored = encrypt (self);

  assert_gone (&self->needle);
  g_autoptr (KmsSecret) back = kms_box_decrypt (self->box, stored, -1, self->context, NULL, &error);
  g_assert_no_error (error);
  assert_protected (&self->needle);
  g_clear_pointer (&back, kms_secret_unref);
  assert_gone (&self->needle);
  g_autofree char *rewrapped = kms_box_rewrap (self->box, stored, -1, self->context, NULL, NULL, &error);
  g_assert_no_error (error);
  assert_gone (&self->needle);
}

/* GCM decrypts before it knows whether that is authentic. */
static void
test_failures (Fixture *self, gconstpointer unused)
{
  g_autofree char *stored = encrypt (self);
  gsize length = strlen (stored);
  g_autoptr (GError) error = NULL;

  g_assert_null (kms_box_decrypt (self->box, stored, -1, NULL, NULL, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT);
  g_clear_error (&error);
  assert_gone (&self->needle);
  stored[length - 6] = stored[length - 6] == 'A' ? 'B' : 'A';
  g_assert_null (kms_box_decrypt (self->box, stored, -1, self->context, NULL, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT);
  assert_gone (&self->needle);
}

static void
take_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static void
test_batches (Fixture *self, gconstpointer unused)
{
  g_autofree char *stored = encrypt (self);
  KmsBatch *batch = kms_batch_new (KMS_OPERATION_DECRYPT);
  GAsyncResult *result = NULL;

  for (guint i = 0; i < 100; i++)
    kms_batch_add_stored (batch, stored, -1, i % 3 == 0 ? NULL : self->context, NULL);
  kms_box_run_async (self->box, batch, NULL, take_result, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_false (kms_box_run_finish (self->box, result, NULL));
  g_assert_cmpuint (kms_batch_get_n_failed (batch), ==, 34);
  assert_protected (&self->needle);
  g_object_unref (result);
  g_object_unref (batch);
  /* What is on its way back from another thread lets go of the batch a moment later. */
  for (guint i = 0; i < 100 && residue_find (&self->needle).n_protected > 0; i++)
    g_usleep (10000);
  assert_gone (&self->needle);
}

static void
test_data_keys (Fixture *self, gconstpointer unused)
{
  KmsSecret *data_key = NULL;
  g_autofree char *stored = kms_box_generate_data_key (self->box, NEEDLE_SIZE, self->context, &data_key, NULL, NULL);
  Needle needle;

  g_assert_nonnull (stored);
  needle_init_from (&needle, kms_secret_get_data (data_key, NULL), NEEDLE_SIZE);
  assert_protected (&needle);
  kms_secret_unref (data_key);
  assert_gone (&needle);
}

static void
test_passphrases (Fixture *self, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsProvider) provider = dup_local (self);
  KmsSecret *passphrase = needle_make_secret (&self->passphrase);
  g_autoptr (GBytes) exported = kms_key_store_export_key (KMS_KEY_STORE (provider), "orders", passphrase, NULL, &error);

  g_assert_no_error (error);
  assert_protected (&self->passphrase);
  g_autoptr (KmsKey)
    imported = kms_key_store_import_key (KMS_KEY_STORE (provider), "copy", exported, passphrase, NULL, &error);
  g_assert_no_error (error);
  kms_secret_unref (passphrase);
  assert_gone (&self->passphrase);
  g_assert_true (kms_key_store_change_root (KMS_KEY_STORE (provider), "passphrase", NULL, &error));
  g_assert_no_error (error);
  assert_gone (&self->passphrase);
}

/* The keystore's own secret, which is in a file that everything depends on. */
static void
read_root_key (Fixture *self, Needle *needle)
{
  g_autofree char *path = g_build_filename (self->root, "keys", "root.key", NULL);
  guint8 bytes[48];
  int fd = open (path, O_RDONLY | O_CLOEXEC);

  g_assert_cmpint (read (fd, bytes, sizeof bytes), ==, sizeof bytes);
  close (fd);
  needle_init_from (needle, bytes + 16, 32);
  memset (bytes, 0, sizeof bytes);
  __asm__ volatile("" : : "r"(bytes) : "memory");
}

static void
test_root_key (Fixture *self, gconstpointer unused)
{
  Needle needle;

  read_root_key (self, &needle);
  g_free (encrypt (self));
  g_assert_cmpuint (residue_find (&needle).n_exposed, ==, 0);
  close_registry (self);
  assert_gone (&needle);
  open_registry (self);
  g_free (encrypt (self));
  g_assert_cmpuint (residue_find (&needle).n_exposed, ==, 0);
}

/* The key itself, read from its file by the provider's own code. */
static void
read_version_key (Fixture *self, Needle *needle)
{
  g_autofree char *directory = g_build_filename (self->root, "keys", NULL);
  KeystoreSettings settings = { .label = "local", .directory = directory };
  g_autoptr (GError) error = NULL;
  g_autoptr (Keystore) keystore = keystore_new (&settings, &error);
  g_assert_no_error (error);
  g_autoptr (LocalKey) key = keystore_read_key (keystore, "orders", NULL, NULL, &error);
  g_assert_no_error (error);
  needle_init_from (needle, kms_secret_get_data (local_key_get_newest (key)->secret, NULL), LOCAL_KEY_SIZE);
}

/* While a key is in use, GnuTLS has its own form of it in ordinary memory; nothing of it may be left afterwards. */
static void
test_version_key (Fixture *self, gconstpointer unused)
{
  Needle needle;

  read_version_key (self, &needle);
  g_free (encrypt (self));
  close_registry (self);
  assert_gone (&needle);
  open_registry (self);
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, setup, function, teardown)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/leak/scanner", test_scanner);
  ADD ("/leak/secret", test_secret);
  ADD ("/leak/descriptors", test_descriptors);
  ADD ("/leak/values", test_values);
  ADD ("/leak/failures", test_failures);
  ADD ("/leak/batches", test_batches);
  ADD ("/leak/data-keys", test_data_keys);
  ADD ("/leak/passphrases", test_passphrases);
  ADD ("/leak/root-key", test_root_key);
  ADD ("/leak/version-key", test_version_key);
  return g_test_run ();
}
