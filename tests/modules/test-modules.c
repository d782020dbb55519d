/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What becomes of modules that can't be loaded: each is refused with a message of its own, and the process goes on. */
#include <glib/gstdio.h>
#include <libkms/kms.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../config-root.h"

/* One for each way of being wrong; the words are what helps. */
static const struct
{
  const char *id;
  KmsState state;
  const char *words[3];
} refusals[] = {
  { "abi2", KMS_STATE_ABI_MISMATCH, { "ABI 2", "this libkms" } },
  { "major-wrong", KMS_STATE_ABI_MISMATCH, { "ABI 9", "rebuild" } },
  { "minor-too-new", KMS_STATE_ABI_MISMATCH, { "1.7", "1.0", "newer libkms" } },
  { "small-struct", KMS_STATE_ABI_MISMATCH, { "12 bytes", "rebuild" } },
  { "bad-magic", KMS_STATE_LOAD_FAILED, { "magic", "KMS_MODULE_DEFINE" } },
  { "wrong-id", KMS_STATE_LOAD_FAILED, { "somebody-else", "wrong-id" } },
  { "no-symbol", KMS_STATE_LOAD_FAILED, { "kms_module_v1", "no libkms module" } },
  { "no-get-type", KMS_STATE_LOAD_FAILED, { "names no type" } },
  { "wrong-type", KMS_STATE_LOAD_FAILED, { "MockWrongType", "no KmsProvider" } },
  { "abstract-type", KMS_STATE_LOAD_FAILED, { "MockAbstract", "abstract" } },
  { "dup-type", KMS_STATE_LOAD_FAILED, { "MockGood", "already" } },
  { "type-name-lies", KMS_STATE_LOAD_FAILED, { "MockPromisedName", "MockOtherName" } },
  { "init-fails", KMS_STATE_LOAD_FAILED, { "refused to start", "no token in the slot" } },
  { "init-fails-no-gerror", KMS_STATE_LOAD_FAILED, { "refused to start", "bug" } },
  { "undefined-symbol", KMS_STATE_LOAD_FAILED, { "mock_function_that_does_not_exist", "undefined" } },
  { "not-there", KMS_STATE_NOT_INSTALLED, { "kms-not-there.so", "install" } },
};

typedef struct
{
  char *root;
  KmsRegistry *registry;
} Fixture;

static void
setup (Fixture *self, gconstpointer data)
{
  self->root = config_root_new ();
  config_root_add_provider (self->root, "good", "kms-good.so", "Prefixes=good/");
}

static void
teardown (Fixture *self, gconstpointer data)
{
  g_clear_object (&self->registry);
  g_clear_pointer (&self->root, config_root_remove);
}

static void
open_registry (Fixture *self)
{
  g_autoptr (GError) error = NULL;

  g_clear_object (&self->registry);
  self->registry = kms_registry_new (self->root, NULL, &error);
  g_assert_no_error (error);
}

static void
add_mock (Fixture *self, const char *id)
{
  g_autofree char *module = g_strdup_printf ("kms-%s.so", id);
  g_autofree char *lines = g_strdup_printf ("Prefixes=%s/", id);

  config_root_add_provider (self->root, id, module, lines);
}

static KmsState
get_state (Fixture *self, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsConfigInfo) info = kms_registry_lookup (self->registry, KMS_CONFIG_KIND_PROVIDER, name, &error);

  g_assert_no_error (error);
  return kms_config_info_get_state (info);
}

static char *
encrypt_text (KmsProvider *provider, const char *key_id, const char *text, GError **error)
{
  g_autoptr (KmsSecret) plain = kms_secret_new ((const guint8 *) text, strlen (text));
  g_autoptr (GBytes) out = kms_provider_encrypt (provider, key_id, plain, NULL, NULL, error);

  return out == NULL ? NULL : g_strndup (g_bytes_get_data (out, NULL), g_bytes_get_size (out));
}

static void
assert_good_works (Fixture *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider (self->registry, "good", &error);
  g_assert_no_error (error);
  g_autofree char *answer = encrypt_text (provider, "k", "still here", &error);

  g_assert_no_error (error);
  g_assert_cmpstr (answer, ==, "still here");
}

/* The message without the path, which always differs. */
static char *
strip_names (const char *message, const char *id)
{
  g_autoptr (GString) text = g_string_new (message);
  const char *parts[] = { g_getenv ("KMS_MODULE_PATH"), id };

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    g_string_replace (text, parts[i], "", 0);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
test_refusals (Fixture *self, gconstpointer data)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    add_mock (self, refusals[i].id);
  open_registry (self);
  assert_good_works (self);
  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (KmsProvider) provider = kms_registry_dup_provider (self->registry, refusals[i].id, &error);
      g_assert_null (provider);
      g_assert_error (error, KMS_ERROR, KMS_ERROR_MODULE);
      g_test_message ("%s: %s", refusals[i].id, error->message);
      for (guint w = 0; w < 3 && refusals[i].words[w] != NULL; w++)
        if (strstr (error->message, refusals[i].words[w]) == NULL)
          g_error ("%s: \"%s\" is missing in: %s", refusals[i].id, refusals[i].words[w], error->message);
      g_assert_cmpstr (kms_state_to_string (get_state (self, refusals[i].id)), ==,
                       kms_state_to_string (refusals[i].state));
      g_assert_true (g_hash_table_add (seen, strip_names (error->message, refusals[i].id)));
    }
  assert_good_works (self);
}

/* What stands in the place of a module without being one. */
static void
test_not_a_module (Fixture *self, gconstpointer data)
{
  static const char *const files[] = { "text", "empty", "cut", "directory", "fifo" };
  g_autofree char *good = g_build_filename (g_getenv ("KMS_MODULE_PATH"), "kms-good.so", NULL);
  g_autofree char *elf = NULL;
  g_autofree char *directory = g_build_filename (self->root, "modules", NULL);
  g_autofree char *subdirectory = g_build_filename (directory, "kms-directory.so", NULL);
  g_autofree char *fifo = g_build_filename (directory, "kms-fifo.so", NULL);

  g_assert_true (g_file_get_contents (good, &elf, NULL, NULL));
  config_root_write (self->root, "modules/kms-text.so", "just words, and not even many of them\n");
  config_root_write (self->root, "modules/kms-empty.so", "");
  config_root_write_bytes (self->root, "modules/kms-cut.so", elf, 100);
  g_assert_cmpint (g_mkdir (subdirectory, 0755), ==, 0);
  g_assert_cmpint (mkfifo (fifo, 0644), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = g_strdup_printf ("admin/providers.d/%s.provider", files[i]);
      g_autofree char *text = g_strdup_printf ("[Provider]\nModule=%s/kms-%s.so\nAbi=1\n", directory, files[i]);
      config_root_write (self->root, path, text);
    }
  open_registry (self);
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (KmsProvider) provider = kms_registry_dup_provider (self->registry, files[i], &error);
      g_assert_null (provider);
      g_assert_error (error, KMS_ERROR, KMS_ERROR_MODULE);
      g_test_message ("%s: %s", files[i], error->message);
      g_assert_nonnull (strstr (error->message, files[i]));
      g_assert_cmpint (get_state (self, files[i]), ==, KMS_STATE_LOAD_FAILED);
    }
  assert_good_works (self);
}

static void
test_abi_before_open (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  /* It would abort the process if it were opened. */
  config_root_write (self->root, "package/providers.d/crash-open.provider",
                     "[Provider]\nModule=kms-crash-open.so\nAbi=2\n");
  open_registry (self);
  g_assert_cmpint (get_state (self, "crash-open"), ==, KMS_STATE_ABI_MISMATCH);
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider (self->registry, "crash-open", &error);
  g_assert_null (provider);
  g_assert_error (error, KMS_ERROR, KMS_ERROR_MODULE);
  g_assert_nonnull (strstr (error->message, "Abi=2"));
}

static void
test_crash_open (Fixture *self, gconstpointer data)
{
  add_mock (self, "crash-open");
  if (g_test_subprocess ())
    {
      open_registry (self);
      g_autoptr (KmsProvider) provider = kms_registry_dup_provider (self->registry, "crash-open", NULL);
      return;
    }
  open_registry (self);
  g_autoptr (GPtrArray) infos = kms_registry_list (self->registry, KMS_CONFIG_KIND_PROVIDER);
  g_assert_cmpuint (infos->len, ==, 2);
  g_assert_cmpint (get_state (self, "crash-open"), ==, KMS_STATE_AVAILABLE);
  g_autoptr (GError) error = NULL;
  g_autofree char *name = kms_registry_find_provider_for_key (self->registry, "crash-open/k", NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (name, ==, "crash-open");
  assert_good_works (self);
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_failed ();
}

static void
test_loaded_once (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *target = g_build_filename (g_getenv ("KMS_MODULE_PATH"), "kms-good.so", NULL);
  g_autofree char *link = g_build_filename (self->root, "modules", "kms-good.so", NULL);
  g_autofree char *text = g_strdup_printf ("[Provider]\nModule=%s\nAbi=1\n", link);

  /* The same file by another path: its init() fails when it runs twice. */
  config_root_write (self->root, "modules/nothing", "");
  g_assert_cmpint (symlink (target, link), ==, 0);
  config_root_write (self->root, "admin/providers.d/by-link.provider", text);
  config_root_add_provider (self->root, "second", "kms-good.so", "Prefixes=second/");
  open_registry (self);
  g_autoptr (KmsProvider) first = kms_registry_dup_provider (self->registry, "good", &error);
  g_assert_no_error (error);
  g_autoptr (KmsProvider) second = kms_registry_dup_provider (self->registry, "second", &error);
  g_assert_no_error (error);
  g_autoptr (KmsProvider) third = kms_registry_dup_provider (self->registry, "by-link", &error);
  g_assert_no_error (error);
  g_assert_true (first != second && second != third);
  g_assert_cmpstr (G_OBJECT_TYPE_NAME (second), ==, "MockGood");
  g_assert_cmpstr (kms_provider_get_name (second), ==, "second");
  g_assert_cmpint (get_state (self, "second"), ==, KMS_STATE_LOADED);
}

static gpointer
load_good (gpointer data)
{
  Fixture *self = data;

  assert_good_works (self);
  return NULL;
}

static void
test_threads (Fixture *self, gconstpointer data)
{
  GThread *threads[8];

  open_registry (self);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("loader", load_good, self);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

static gpointer
load_asking (gpointer data)
{
  Fixture *self = data;
  g_autoptr (GError) error = NULL;
  KmsProvider *provider = kms_registry_dup_provider (self->registry, "asks-itself", &error);

  g_assert_no_error (error);
  return provider;
}

/* Its code asks for itself at every step: that is refused, and neither it nor who waits for it stands still. */
static void
test_asks_itself (Fixture *self, gconstpointer data)
{
  static const char *const steps[] = { "constructor", "init", "class_init", "open" };
  GThread *threads[8];
  g_autoptr (GError) error = NULL;

  add_mock (self, "asks-itself");
  config_root_add_provider (self->root, "asks-itself-too", "kms-asks-itself.so", "Prefixes=too/");
  g_setenv ("MOCK_CONFIG_ROOT", self->root, TRUE);
  open_registry (self);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("loader", load_asking, self);
  g_autoptr (KmsProvider) first = g_thread_join (threads[0]);
  for (guint i = 1; i < G_N_ELEMENTS (threads); i++)
    {
      g_autoptr (KmsProvider) same = g_thread_join (threads[i]);
      g_assert_true (same == first);
    }
  g_autofree char *answer = encrypt_text (first, "k", "x", &error);
  g_assert_no_error (error);
  g_test_message ("%s", answer);
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_autofree char *line = g_strdup_printf ("%s asks-itself: asks-itself: is being started", steps[i]);
      g_assert_nonnull (strstr (answer, line));
    }
  g_assert_nonnull (strstr (answer, "constructor asks-itself-too: asks-itself-too: "));
  g_assert_nonnull (strstr (answer, "is being loaded, and asked for a provider of its own"));
  g_assert_nonnull (strstr (answer, "open asks-itself-too: here it is"));
}

static void
test_symclash (Fixture *self, gconstpointer data)
{
  static const char *const ids[] = { "symclash-one", "symclash-two" };

  add_mock (self, ids[0]);
  add_mock (self, ids[1]);
  open_registry (self);
  for (guint i = 0; i < 4; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (KmsProvider) provider = kms_registry_dup_provider (self->registry, ids[i % 2], &error);
      g_assert_no_error (error);
      g_autofree char *answer = encrypt_text (provider, "k", "x", &error);
      g_assert_no_error (error);
      g_assert_cmpstr (answer, ==, ids[i % 2]);
    }
}

static void
test_lazy (Fixture *self, gconstpointer data)
{
  g_autofree char *maps = NULL;
  g_autoptr (GError) error = NULL;

  add_mock (self, "settings");
  open_registry (self);
  g_autoptr (GPtrArray) infos = kms_registry_list (self->registry, KMS_CONFIG_KIND_PROVIDER);
  g_autofree char *name = kms_registry_find_provider_for_key (self->registry, "settings/k", NULL, &error);
  g_assert_no_error (error);
  assert_good_works (self);
  g_assert_true (g_file_get_contents ("/proc/self/maps", &maps, NULL, NULL));
  g_assert_nonnull (strstr (maps, "kms-good.so"));
  g_assert_null (strstr (maps, "kms-settings.so"));
}

/* A failure is kept as long as the file is the same, and forgotten when it is another. */
static void
test_mended (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *good = g_build_filename (g_getenv ("KMS_MODULE_PATH"), "kms-prints.so", NULL);
  g_autofree char *path = g_build_filename (self->root, "modules", "kms-prints.so", NULL);
  g_autofree char *text = g_strdup_printf ("[Provider]\nModule=%s\nAbi=1\n", path);
  g_autofree char *elf = NULL;
  gsize length;

  config_root_write (self->root, "modules/kms-prints.so", "not yet");
  config_root_write (self->root, "admin/providers.d/prints.provider", text);
  open_registry (self);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (KmsProvider) refused = kms_registry_dup_provider (self->registry, "prints", &error);
      g_assert_null (refused);
      g_assert_error (error, KMS_ERROR, KMS_ERROR_MODULE);
      g_clear_error (&error);
    }
  g_assert_true (g_file_get_contents (good, &elf, &length, NULL));
  config_root_write_bytes (self->root, "modules/kms-prints.so", elf, length);
  g_assert_true (kms_registry_reload (self->registry, &error));
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider (self->registry, "prints", &error);
  g_assert_no_error (error);
  g_assert_cmpint (get_state (self, "prints"), ==, KMS_STATE_LOADED);
}

static void
test_open_fails (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *lines = g_strdup_printf ("[Settings]\nWanted=%s/wanted", self->root);

  config_root_add_provider (self->root, "open-fails", "kms-open-fails.so", lines);
  open_registry (self);
  g_autoptr (KmsProvider) refused = kms_registry_dup_provider (self->registry, "open-fails", &error);
  g_assert_null (refused);
  g_assert_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS);
  g_assert_true (g_str_has_prefix (error->message, "open-fails: "));
  g_assert_cmpint (get_state (self, "open-fails"), ==, KMS_STATE_LOAD_FAILED);
  g_clear_error (&error);

  config_root_write (self->root, "wanted", "here");
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider (self->registry, "open-fails", &error);
  g_assert_no_error (error);
  g_assert_cmpint (get_state (self, "open-fails"), ==, KMS_STATE_LOADED);
}

static void
test_permissions (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *good = g_build_filename (g_getenv ("KMS_MODULE_PATH"), "kms-crash-open.so", NULL);
  g_autofree char *path = g_build_filename (self->root, "modules", "kms-crash-open.so", NULL);
  g_autofree char *text = g_strdup_printf ("[Provider]\nModule=%s\nAbi=1\n", path);
  g_autofree char *elf = NULL;
  gsize length;

  /* Refused without being opened: opening it would abort. */
  g_assert_true (g_file_get_contents (good, &elf, &length, NULL));
  config_root_write_bytes (self->root, "modules/kms-crash-open.so", elf, length);
  g_assert_cmpint (g_chmod (path, 0757), ==, 0);
  config_root_write (self->root, "admin/kms.conf", "[Global]\nCheckPermissions=strict\n");
  config_root_write (self->root, "admin/providers.d/crash-open.provider", text);
  open_registry (self);
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider (self->registry, "crash-open", &error);
  g_assert_null (provider);
  g_assert_nonnull (error);
  g_assert_cmpint (get_state (self, "crash-open"), ==, KMS_STATE_REFUSED_PERMISSIONS);
  g_assert_nonnull (strstr (error->message, path));
  g_assert_nonnull (strstr (error->message, "0757"));
  g_assert_nonnull (strstr (error->message, "chmod go-w"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, function) g_test_add (path, Fixture, NULL, setup, function, teardown)
  ADD ("/modules/lazy", test_lazy);
  ADD ("/modules/refusals", test_refusals);
  ADD ("/modules/not-a-module", test_not_a_module);
  ADD ("/modules/abi-before-open", test_abi_before_open);
  ADD ("/modules/crash-open", test_crash_open);
  ADD ("/modules/loaded-once", test_loaded_once);
  ADD ("/modules/threads", test_threads);
  ADD ("/modules/asks-itself", test_asks_itself);
  ADD ("/modules/symclash", test_symclash);
  ADD ("/modules/mended", test_mended);
  ADD ("/modules/open-fails", test_open_fails);
  ADD ("/modules/permissions", test_permissions);
  return g_test_run ();
}
