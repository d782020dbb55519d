/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The registry while it lives: what goes on and what is made anew, what is not there, and what it tells. */
#include <string.h>
#include <sys/resource.h>

#include "registry-fixture.h"

/* The same object as long as nothing that concerns it changes; another one then; and the old one works on. */
static void
test_objects (RegistryFixture *self, gconstpointer data)
{
  g_autoptr (KmsProvider) good = registry_fixture_get_provider (self, "good");
  g_autoptr (KmsProvider) settings = registry_fixture_get_provider (self, "settings");
  g_autofree char *before = registry_fixture_encrypt (settings, "k");

  g_assert_true (g_str_has_prefix (before, "Text=one "));
  config_root_add_provider (self->root, "settings", "kms-settings.so", "Prefixes=settings/\n[Settings]\nText=two");
  registry_fixture_reload (self);
  g_autoptr (KmsProvider) same = registry_fixture_get_provider (self, "good");
  g_autoptr (KmsProvider) other = registry_fixture_get_provider (self, "settings");
  g_assert_true (same == good);
  g_assert_true (other != settings);
  g_autofree char *after = registry_fixture_encrypt (other, "k");
  g_autofree char *drained = registry_fixture_encrypt (settings, "k");
  g_assert_true (g_str_has_prefix (after, "Text=two "));
  g_assert_true (g_str_has_prefix (drained, "Text=one "));
  g_assert_cmpuint (self->n_changed, ==, 1);
  registry_fixture_reload (self);
  g_assert_cmpuint (self->n_changed, ==, 1);
}

static void
test_old_provider_is_freed (RegistryFixture *self, gconstpointer data)
{
  KmsProvider *settings = registry_fixture_get_provider (self, "settings");
  gpointer watched = settings;

  g_object_add_weak_pointer (G_OBJECT (settings), &watched);
  config_root_add_provider (self->root, "settings", "kms-settings.so", "Prefixes=settings/\n[Settings]\nText=two");
  registry_fixture_reload (self);
  g_assert_nonnull (watched);
  g_object_unref (settings);
  g_assert_null (watched);
}

static void
test_boxes (RegistryFixture *self, gconstpointer data)
{
  g_autoptr (KmsBox) box = registry_fixture_get_box (self, "orders");
  g_autoptr (KmsBox) same = registry_fixture_get_box (self, "orders");

  g_assert_true (box == same);
  config_root_write (self->root, "admin/boxes.d/other.box", BOX ("good/other"));
  registry_fixture_reload (self);
  g_autoptr (KmsBox) still = registry_fixture_get_box (self, "orders");
  g_assert_true (still == box);
  config_root_write (self->root, "admin/boxes.d/orders.box", BOX ("good/changed"));
  registry_fixture_reload (self);
  g_autoptr (KmsBox) changed = registry_fixture_get_box (self, "orders");
  g_assert_cmpstr (kms_box_get_key_id (changed, "1", NULL), ==, "good/changed");
  g_assert_cmpstr (kms_box_get_key_id (box, "1", NULL), ==, "good/orders");
}

/* A box remembers its provider: where that is another one, the box has to be. */
static void
test_box_follows_provider (RegistryFixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) plain = kms_secret_new ((const guint8 *) "x", 1);

  config_root_write (self->root, "admin/boxes.d/shown.box", BOX ("settings/k"));
  registry_fixture_reload (self);
  g_autoptr (KmsBox) before = registry_fixture_get_box (self, "shown");
  g_autofree char *one = kms_box_encrypt (before, plain, NULL, NULL, &error);
  g_assert_no_error (error);
  config_root_add_provider (self->root, "settings", "kms-settings.so", "Prefixes=settings/\n[Settings]\nText=two");
  registry_fixture_reload (self);
  g_autoptr (KmsBox) after = registry_fixture_get_box (self, "shown");
  g_autofree char *two = kms_box_encrypt (after, plain, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (one, !=, two);
}

static void
test_critical (RegistryFixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  config_root_add_provider (self->root, "vital", "kms-absent.so", "Critical=true");
  g_assert_false (kms_registry_reload (self->registry, &error));
  g_assert_nonnull (strstr (error->message, "vital"));
  g_assert_nonnull (strstr (error->message, "kms-absent.so"));
  g_clear_error (&error);
  /* The old configuration goes on. */
  g_assert_cmpint (registry_fixture_get_state (self, "good"), ==, KMS_STATE_AVAILABLE);
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
test_not_found (RegistryFixture *self, gconstpointer data)
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

/* Half a configuration is none: where nothing can be opened for a moment, the old one goes on. */
static void
test_no_descriptors (RegistryFixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  struct rlimit before, none;

  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &before), ==, 0);
  none = before;
  none.rlim_cur = 0;
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &none), ==, 0);
  gboolean reloaded = kms_registry_reload (self->registry, &error);
  g_autoptr (KmsRegistry) other = kms_registry_new (self->root, NULL, NULL);
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &before), ==, 0);
  g_assert_false (reloaded);
  g_assert_error (error, KMS_ERROR, KMS_ERROR_CONFIG);
  g_assert_nonnull (strstr (error->message, "try again"));
  g_assert_null (other);
  g_assert_cmpint (registry_fixture_get_state (self, "good"), ==, KMS_STATE_AVAILABLE);
  g_autoptr (KmsBox) box = registry_fixture_get_box (self, "orders");
  registry_fixture_reload (self);
}

static void
assert_directory (RegistryFixture *self, KmsConfigKind kind, const char *expected)
{
  g_autofree char *directory = kms_registry_dup_directory (self->registry, kind);
  g_autofree char *path = g_build_filename (self->root, expected, NULL);

  g_assert_cmpstr (directory, ==, path);
}

static void
test_directory (RegistryFixture *self, gconstpointer data)
{
  assert_directory (self, KMS_CONFIG_KIND_BOX, "user/boxes.d");
  assert_directory (self, KMS_CONFIG_KIND_PROVIDER, "user/providers.d");
  assert_directory (self, KMS_CONFIG_KIND_GLOBAL, "user");
  config_root_write (self->root, "admin/kms.conf", "[Global]\nUserConfig=none\n");
  registry_fixture_reload (self);
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
test_operation (RegistryFixture *self, gconstpointer data)
{
  Seen seen = { 0 };
  g_autoptr (KmsProvider) provider = registry_fixture_get_provider (self, "good");

  g_signal_connect (self->registry, "operation", G_CALLBACK (on_operation), &seen);
  g_free (registry_fixture_encrypt (provider, "k"));
  g_assert_cmpuint (seen.n, ==, 0);
  kms_registry_set_report_operations (self->registry, TRUE);
  g_free (registry_fixture_encrypt (provider, "k"));
  g_assert_cmpuint (seen.n, ==, 1);
  g_assert_cmpstr (seen.provider, ==, "good");
  g_assert_cmpstr (seen.key_id, ==, "good/k");
  g_assert_cmpint (seen.operation, ==, KMS_OPERATION_ENCRYPT);
  g_assert_cmpuint (seen.n_items, ==, 1);
  g_assert_false (seen.failed);
  g_assert_cmpint (seen.duration, >=, 0);
  kms_registry_set_report_operations (self->registry, FALSE);
  g_free (registry_fixture_encrypt (provider, "k"));
  g_assert_cmpuint (seen.n, ==, 1);
  g_free (seen.provider);
  g_free (seen.key_id);
}

/* A configuration root of the environment, and nothing of it where the caller names another. */
static void
test_environment_root (RegistryFixture *self, gconstpointer data)
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

/* Whatever the files are at the moment: what is there is whole, and what is got works. */
static void
look_up_once (RegistryFixture *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsBox) box = kms_registry_dup_box (self->registry, "orders", NULL);
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider (self->registry, "settings", NULL);
  g_autoptr (KmsBox) passing = kms_registry_dup_box (self->registry, "passing", &error);
  g_autoptr (GPtrArray) infos = kms_registry_list (self->registry, KMS_CONFIG_KIND_PROVIDER);

  g_assert_nonnull (box);
  g_assert_nonnull (provider);
  g_assert_true (passing != NULL || g_error_matches (error, KMS_ERROR, KMS_ERROR_NOT_FOUND));
  g_assert_cmpuint (infos->len, ==, 2);
  g_autofree char *answer = registry_fixture_encrypt (provider, "k");
  g_assert_true (g_str_has_prefix (answer, "Text="));
}

static gpointer
look_up (gpointer data)
{
  for (guint i = 0; i < 300; i++)
    look_up_once (data);
  return NULL;
}

/* Both ways of changing: with a reload, and found by whoever looks next. */
static void
test_threads (RegistryFixture *self, gconstpointer data)
{
  GThread *threads[8];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("look-up", look_up, self);
  for (guint i = 0; i < 50; i++)
    {
      g_autofree char *lines = g_strdup_printf ("Prefixes=settings/\n[Settings]\nText=%u", i);
      config_root_add_provider (self->root, "settings", "kms-settings.so", lines);
      if (i % 2 == 0)
        config_root_write (self->root, "user/boxes.d/passing.box", BOX ("settings/k"));
      else
        config_root_delete (self->root, "user/boxes.d/passing.box");
      if (i % 3 != 0)
        registry_fixture_reload (self);
    }
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  registry_fixture_reload (self);
  g_autoptr (KmsProvider) last = registry_fixture_get_provider (self, "settings");
  g_autofree char *answer = registry_fixture_encrypt (last, "k");
  g_assert_true (g_str_has_prefix (answer, "Text=49 "));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, function)                                                                                            \
  g_test_add ("/registry/" path, RegistryFixture, NULL, registry_fixture_setup, function, registry_fixture_teardown)
  ADD ("objects", test_objects);
  ADD ("objects/old-provider-is-freed", test_old_provider_is_freed);
  ADD ("boxes", test_boxes);
  ADD ("boxes/follow-provider", test_box_follows_provider);
  ADD ("critical", test_critical);
  ADD ("not-found", test_not_found);
  ADD ("no-descriptors", test_no_descriptors);
  ADD ("directory", test_directory);
  ADD ("operation", test_operation);
  ADD ("environment-root", test_environment_root);
  ADD ("threads", test_threads);
  return g_test_run ();
}
