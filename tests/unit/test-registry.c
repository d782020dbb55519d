/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The registry while it lives: changes that it notices, what goes on and what is made anew, and what it tells. */
#include <glib/gstdio.h>
#include <libkms/kms.h>
#include <string.h>

#include "../config-root.h"

#define BOX(key) "[Box]\nVersion=1\n[Version 1]\nKeyId=" key "\n"

/* Long enough that a machine under load does not fail; nothing waits for all of it. */
#define PATIENCE_MS 20000

typedef struct
{
  char *root;
  KmsRegistry *registry;
  guint n_changed;
} Fixture;

static void
on_changed (KmsRegistry *registry, gpointer data)
{
  ((Fixture *) data)->n_changed++;
}

static void
setup (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->root = config_root_new ();
  config_root_add_provider (self->root, "good", "kms-good.so", "Prefixes=good/");
  config_root_add_provider (self->root, "settings", "kms-settings.so", "Prefixes=settings/\n[Settings]\nText=one");
  config_root_write (self->root, "admin/boxes.d/orders.box", BOX ("good/orders"));
  self->registry = kms_registry_new (self->root, NULL, &error);
  g_assert_no_error (error);
  g_signal_connect (self->registry, "changed", G_CALLBACK (on_changed), self);
}

static void
teardown (Fixture *self, gconstpointer data)
{
  gpointer watched = self->registry;

  /* A thread that did some work may hold it for a moment longer than who waited for the work. */
  g_object_add_weak_pointer (G_OBJECT (watched), &watched);
  g_clear_object (&self->registry);
  for (gint64 end = g_get_monotonic_time () + PATIENCE_MS * 1000; g_atomic_pointer_get (&watched) != NULL;)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      g_usleep (1000);
    }
  g_clear_pointer (&self->root, config_root_remove);
}

static KmsProvider *
get_provider (Fixture *self, const char *name)
{
  g_autoptr (GError) error = NULL;
  KmsProvider *provider = kms_registry_dup_provider (self->registry, name, &error);

  g_assert_no_error (error);
  return provider;
}

static char *
encrypt (KmsProvider *provider, const char *key_id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) plain = kms_secret_new ((const guint8 *) "x", 1);
  g_autoptr (GBytes) out = kms_provider_encrypt (provider, key_id, plain, NULL, NULL, &error);

  g_assert_no_error (error);
  return g_strndup (g_bytes_get_data (out, NULL), g_bytes_get_size (out));
}

static KmsState
get_state (Fixture *self, const char *name)
{
  g_autoptr (KmsConfigInfo) info = kms_registry_lookup (self->registry, KMS_CONFIG_KIND_PROVIDER, name, NULL);

  return info == NULL ? (KmsState) -1 : kms_config_info_get_state (info);
}

static void
reload (Fixture *self)
{
  g_autoptr (GError) error = NULL;

  kms_registry_reload (self->registry, &error);
  g_assert_no_error (error);
}

/* What a program without a main loop sees, once its second is over. */
static void
wait_for_state (Fixture *self, const char *name, KmsState state)
{
  gint64 end = g_get_monotonic_time () + PATIENCE_MS * 1000;

  while (get_state (self, name) != state)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      g_usleep (20 * 1000);
    }
}

static void
test_notice_without_loop (Fixture *self, gconstpointer data)
{
  wait_for_state (self, "late", (KmsState) -1);
  config_root_add_provider (self->root, "late", "kms-good.so", "");
  wait_for_state (self, "late", KMS_STATE_AVAILABLE);
  /* In place, so that no directory's time changes, and with the same length. */
  g_autofree char *path = g_build_filename (self->root, "package/providers.d/late.provider", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileIOStream) stream = g_file_open_readwrite (file, NULL, NULL);
  g_assert_true (g_seekable_seek (G_SEEKABLE (stream), 0, G_SEEK_SET, NULL, NULL));
  GOutputStream *out = g_io_stream_get_output_stream (G_IO_STREAM (stream));
  g_assert_true (g_output_stream_write_all (out, "[Pravider]", 10, NULL, NULL, NULL));
  g_assert_true (g_io_stream_close (G_IO_STREAM (stream), NULL, NULL));
  wait_for_state (self, "late", KMS_STATE_CONFIG_ERROR);
  config_root_delete (self->root, "package/providers.d/late.provider");
  wait_for_state (self, "late", (KmsState) -1);
  g_assert_cmpuint (self->n_changed, >=, 3);
}

static void
test_not_more_than_once_a_second (Fixture *self, gconstpointer data)
{
  gint64 start = g_get_monotonic_time ();

  reload (self);
  get_state (self, "good");
  config_root_add_provider (self->root, "late", "kms-good.so", "");
  KmsState state = get_state (self, "late");
  /* Only if the machine was fast enough does this say anything. */
  if (g_get_monotonic_time () - start < 500 * 1000)
    g_assert_true (state == (KmsState) -1);
  wait_for_state (self, "late", KMS_STATE_AVAILABLE);
}

static gboolean
give_up (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_CONTINUE;
}

static void
run_until_changed (Fixture *self, guint n_changed)
{
  gboolean late = FALSE;
  guint timeout = g_timeout_add (PATIENCE_MS, give_up, &late);

  while (self->n_changed < n_changed && !late)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (timeout);
  g_assert_false (late);
}

/* Nobody looks anything up here: the monitors alone notice. */
static void
test_notice_with_loop (Fixture *self, gconstpointer data)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
  config_root_add_provider (self->root, "late", "kms-good.so", "");
  run_until_changed (self, 1);
  g_assert_cmpint (get_state (self, "late"), ==, KMS_STATE_AVAILABLE);
  /* A directory that was not there. */
  config_root_write (self->root, "user/boxes.d/new.box", BOX ("good/new"));
  run_until_changed (self, 2);
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsBox) box = kms_registry_dup_box (self->registry, "new", &error);
  g_assert_no_error (error);
}

static void
test_module_comes (Fixture *self, gconstpointer data)
{
  g_autofree char *source = g_build_filename (g_getenv ("KMS_MODULE_PATH"), "kms-prints.so", NULL);
  g_autofree char *target = g_build_filename (self->root, "modules", "kms-prints.so", NULL);
  g_autofree char *text = g_strdup_printf ("[Provider]\nModule=%s\nAbi=1\n", target);
  g_autofree char *elf = NULL;
  gsize length;

  config_root_write (self->root, "admin/providers.d/prints.provider", text);
  reload (self);
  g_assert_cmpint (get_state (self, "prints"), ==, KMS_STATE_NOT_INSTALLED);
  g_assert_true (g_file_get_contents (source, &elf, &length, NULL));
  config_root_write_bytes (self->root, "modules/kms-prints.so", elf, length);
  wait_for_state (self, "prints", KMS_STATE_AVAILABLE);
  config_root_delete (self->root, "modules/kms-prints.so");
  wait_for_state (self, "prints", KMS_STATE_NOT_INSTALLED);
}

/* A package upgrade under a running program. */
static void
test_module_changes (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *source = g_build_filename (g_getenv ("KMS_MODULE_PATH"), "kms-open-fails.so", NULL);
  g_autofree char *target = g_build_filename (self->root, "modules", "kms-open-fails.so", NULL);
  g_autofree char *text = g_strdup_printf ("[Provider]\nModule=%s\nAbi=1\n[Settings]\nWanted=%s\n", target, self->root);
  g_autofree char *elf = NULL;
  gsize length;

  g_assert_true (g_file_get_contents (source, &elf, &length, NULL));
  config_root_write_bytes (self->root, "modules/kms-open-fails.so", elf, length);
  config_root_write (self->root, "admin/providers.d/upgraded.provider", text);
  reload (self);
  g_autoptr (KmsProvider) provider = get_provider (self, "upgraded");
  g_assert_cmpint (get_state (self, "upgraded"), ==, KMS_STATE_LOADED);
  config_root_write (self->root, "modules/kms-open-fails.so", "the new version, half copied");
  reload (self);
  g_autoptr (KmsConfigInfo) info = kms_registry_lookup (self->registry, KMS_CONFIG_KIND_PROVIDER, "upgraded", &error);
  g_assert_cmpint (kms_config_info_get_state (info), ==, KMS_STATE_LOADED);
  g_autofree char *warnings = g_strjoinv ("\n", (char **) kms_config_info_get_warnings (info));
  g_assert_nonnull (strstr (warnings, "restart"));
  g_autofree char *answer = encrypt (provider, "k");
  g_assert_cmpstr (answer, ==, "x");
}

/* The same object as long as nothing that concerns it changes; another one then; and the old one works on. */
static void
test_objects (Fixture *self, gconstpointer data)
{
  g_autoptr (KmsProvider) good = get_provider (self, "good");
  g_autoptr (KmsProvider) settings = get_provider (self, "settings");
  g_autofree char *before = encrypt (settings, "k");

  g_assert_true (g_str_has_prefix (before, "Text=one "));
  config_root_add_provider (self->root, "settings", "kms-settings.so", "Prefixes=settings/\n[Settings]\nText=two");
  reload (self);
  g_autoptr (KmsProvider) same = get_provider (self, "good");
  g_autoptr (KmsProvider) other = get_provider (self, "settings");
  g_assert_true (same == good);
  g_assert_true (other != settings);
  g_autofree char *after = encrypt (other, "k");
  g_autofree char *drained = encrypt (settings, "k");
  g_assert_true (g_str_has_prefix (after, "Text=two "));
  g_assert_true (g_str_has_prefix (drained, "Text=one "));
  g_assert_cmpuint (self->n_changed, ==, 1);
  reload (self);
  g_assert_cmpuint (self->n_changed, ==, 1);
}

static void
test_old_provider_is_freed (Fixture *self, gconstpointer data)
{
  KmsProvider *settings = get_provider (self, "settings");
  gpointer watched = settings;

  g_object_add_weak_pointer (G_OBJECT (settings), &watched);
  config_root_add_provider (self->root, "settings", "kms-settings.so", "Prefixes=settings/\n[Settings]\nText=two");
  reload (self);
  g_assert_nonnull (watched);
  g_object_unref (settings);
  g_assert_null (watched);
}

static KmsBox *
get_box (Fixture *self, const char *name)
{
  g_autoptr (GError) error = NULL;
  KmsBox *box = kms_registry_dup_box (self->registry, name, &error);

  g_assert_no_error (error);
  return box;
}

static void
test_boxes (Fixture *self, gconstpointer data)
{
  g_autoptr (KmsBox) box = get_box (self, "orders");
  g_autoptr (KmsBox) same = get_box (self, "orders");

  g_assert_true (box == same);
  config_root_write (self->root, "admin/boxes.d/other.box", BOX ("good/other"));
  reload (self);
  g_autoptr (KmsBox) still = get_box (self, "orders");
  g_assert_true (still == box);
  config_root_write (self->root, "admin/boxes.d/orders.box", BOX ("good/changed"));
  reload (self);
  g_autoptr (KmsBox) changed = get_box (self, "orders");
  g_assert_cmpstr (kms_box_get_key_id (changed, "1", NULL), ==, "good/changed");
  g_assert_cmpstr (kms_box_get_key_id (box, "1", NULL), ==, "good/orders");
}

/* A box remembers its provider: where that is another one, the box has to be. */
static void
test_box_follows_provider (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) plain = kms_secret_new ((const guint8 *) "x", 1);

  config_root_write (self->root, "admin/boxes.d/shown.box", BOX ("settings/k"));
  reload (self);
  g_autoptr (KmsBox) before = get_box (self, "shown");
  g_autofree char *one = kms_box_encrypt (before, plain, NULL, NULL, &error);
  g_assert_no_error (error);
  config_root_add_provider (self->root, "settings", "kms-settings.so", "Prefixes=settings/\n[Settings]\nText=two");
  reload (self);
  g_autoptr (KmsBox) after = get_box (self, "shown");
  g_autofree char *two = kms_box_encrypt (after, plain, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (one, !=, two);
}

static void
test_critical (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  config_root_add_provider (self->root, "vital", "kms-absent.so", "Critical=true");
  g_assert_false (kms_registry_reload (self->registry, &error));
  g_assert_nonnull (strstr (error->message, "vital"));
  g_assert_nonnull (strstr (error->message, "kms-absent.so"));
  g_clear_error (&error);
  /* The old configuration goes on. */
  g_assert_cmpint (get_state (self, "good"), ==, KMS_STATE_AVAILABLE);
  g_autoptr (KmsRegistry) none = kms_registry_new (self->root, NULL, &error);
  g_assert_null (none);
  g_assert_nonnull (error);
  g_clear_error (&error);

  config_root_add_provider (self->root, "vital", "kms-absent.so", "Critical=true\nEnabled=false");
  g_assert_true (kms_registry_reload (self->registry, &error));
  config_root_add_provider (self->root, "vital", "kms-good.so", "Critical=true\nPriority=high");
  g_assert_false (kms_registry_reload (self->registry, &error));
}

static void
test_not_found (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider (self->registry, "godo", &error);

  g_assert_null (provider);
  g_assert_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "\"godo\""));
  g_assert_nonnull (strstr (error->message, "\"good\""));
  g_assert_nonnull (strstr (error->message, self->root));
  g_clear_error (&error);
  g_autoptr (KmsBox) box = kms_registry_dup_box (self->registry, "nothing-like-it", &error);
  g_assert_null (box);
  g_assert_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND);
}

static void
assert_directory (Fixture *self, KmsConfigKind kind, const char *expected)
{
  g_autofree char *directory = kms_registry_dup_directory (self->registry, kind);
  g_autofree char *path = g_build_filename (self->root, expected, NULL);

  g_assert_cmpstr (directory, ==, path);
}

static void
test_directory (Fixture *self, gconstpointer data)
{
  assert_directory (self, KMS_CONFIG_KIND_BOX, "user/boxes.d");
  assert_directory (self, KMS_CONFIG_KIND_PROVIDER, "user/providers.d");
  assert_directory (self, KMS_CONFIG_KIND_GLOBAL, "user");
  config_root_write (self->root, "admin/kms.conf", "[Global]\nUserConfig=none\n");
  reload (self);
  assert_directory (self, KMS_CONFIG_KIND_BOX, "admin/boxes.d");
}

typedef struct
{
  guint n;
  char *provider, *key_id;
  KmsOperation operation;
  guint n_items;
  gboolean failed;
  gint64 duration;
} Seen;

static void
on_operation (KmsRegistry *registry, const char *provider, const char *key_id, KmsOperation operation, guint n_items,
              const GError *error, gint64 duration, gpointer data)
{
  Seen *seen = data;

  seen->n++;
  g_free (seen->provider);
  g_free (seen->key_id);
  seen->provider = g_strdup (provider);
  seen->key_id = g_strdup (key_id);
  seen->operation = operation;
  seen->n_items = n_items;
  seen->failed = error != NULL;
  seen->duration = duration;
}

static void
test_operation (Fixture *self, gconstpointer data)
{
  Seen seen = { 0 };
  g_autoptr (KmsProvider) provider = get_provider (self, "good");

  g_signal_connect (self->registry, "operation", G_CALLBACK (on_operation), &seen);
  g_free (encrypt (provider, "k"));
  g_assert_cmpuint (seen.n, ==, 0);
  kms_registry_set_report_operations (self->registry, TRUE);
  g_free (encrypt (provider, "k"));
  g_assert_cmpuint (seen.n, ==, 1);
  g_assert_cmpstr (seen.provider, ==, "good");
  g_assert_cmpstr (seen.key_id, ==, "k");
  g_assert_cmpint (seen.operation, ==, KMS_OPERATION_ENCRYPT);
  g_assert_cmpuint (seen.n_items, ==, 1);
  g_assert_false (seen.failed);
  g_assert_cmpint (seen.duration, >=, 0);
  kms_registry_set_report_operations (self->registry, FALSE);
  g_free (encrypt (provider, "k"));
  g_assert_cmpuint (seen.n, ==, 1);
  g_free (seen.provider);
  g_free (seen.key_id);
}

/* A configuration root of the environment, and nothing of it where the caller names another. */
static void
test_environment_root (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ConfigRoot) other = config_root_new ();

  config_root_add_provider (other, "elsewhere", "kms-good.so", "");
  g_setenv ("KMS_CONFIG_ROOT", other, TRUE);
  g_autoptr (KmsRegistry) registry = kms_registry_new_default (&error);
  g_assert_no_error (error);
  g_autoptr (GPtrArray) infos = kms_registry_list (registry, KMS_CONFIG_KIND_PROVIDER);
  g_assert_cmpuint (infos->len, ==, 1);
  g_autoptr (KmsRegistry) named = kms_registry_new (self->root, NULL, &error);
  g_autoptr (GPtrArray) named_infos = kms_registry_list (named, KMS_CONFIG_KIND_PROVIDER);
  g_assert_cmpuint (named_infos->len, ==, 2);
  g_unsetenv ("KMS_CONFIG_ROOT");

  config_root_add_provider (other, "mine", "kms-good.so", "");
  config_root_write (other, "user/providers.d/mine.provider", "[Provider]\nPriority=5\n");
  g_setenv ("KMS_NO_USER_CONFIG", "1", TRUE);
  g_autoptr (KmsRegistry) without = kms_registry_new (other, NULL, &error);
  g_unsetenv ("KMS_NO_USER_CONFIG");
  g_autoptr (KmsConfigInfo) info = kms_registry_lookup (without, KMS_CONFIG_KIND_PROVIDER, "mine", &error);
  g_assert_no_error (error);
  g_assert_null (kms_config_info_get_value (info, "Provider", "Priority"));
}

static gpointer
look_up (gpointer data)
{
  Fixture *self = data;

  for (guint i = 0; i < 300; i++)
    {
      g_autoptr (KmsBox) box = kms_registry_dup_box (self->registry, "orders", NULL);
      g_autoptr (KmsProvider) provider = kms_registry_dup_provider (self->registry, "settings", NULL);
      g_autoptr (GPtrArray) infos = kms_registry_list (self->registry, KMS_CONFIG_KIND_PROVIDER);
      g_assert_nonnull (box);
      g_assert_nonnull (provider);
      g_assert_cmpuint (infos->len, ==, 2);
    }
  return NULL;
}

static void
test_threads (Fixture *self, gconstpointer data)
{
  GThread *threads[4];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("look-up", look_up, self);
  for (guint i = 0; i < 50; i++)
    {
      g_autofree char *lines = g_strdup_printf ("Prefixes=settings/\n[Settings]\nText=%u", i);
      config_root_add_provider (self->root, "settings", "kms-settings.so", lines);
      reload (self);
    }
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, function) g_test_add ("/registry/" path, Fixture, NULL, setup, function, teardown)
  ADD ("notice/with-loop", test_notice_with_loop);
  ADD ("notice/without-loop", test_notice_without_loop);
  ADD ("notice/once-a-second", test_not_more_than_once_a_second);
  ADD ("notice/module-comes", test_module_comes);
  ADD ("notice/module-changes", test_module_changes);
  ADD ("objects", test_objects);
  ADD ("objects/old-provider-is-freed", test_old_provider_is_freed);
  ADD ("boxes", test_boxes);
  ADD ("boxes/follow-provider", test_box_follows_provider);
  ADD ("critical", test_critical);
  ADD ("not-found", test_not_found);
  ADD ("directory", test_directory);
  ADD ("operation", test_operation);
  ADD ("environment-root", test_environment_root);
  ADD ("threads", test_threads);
  return g_test_run ();
}
