/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes that a registry notices, with a main loop and without one. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "registry-fixture.h"

/* What a program without a main loop sees, once its second is over. */
static void
wait_for_state (RegistryFixture *self, const char *name, KmsState state)
{
  gint64 end = g_get_monotonic_time () + PATIENCE_MS * 1000;

  while (registry_fixture_get_state (self, name) != state)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      g_usleep (20 * 1000);
    }
}

static void
test_notice_without_loop (RegistryFixture *self, gconstpointer data)
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
overwrite (const char *root, const char *path, const char *text)
{
  g_autofree char *whole = g_build_filename (root, path, NULL);
  int fd = open (whole, O_WRONLY | O_CLOEXEC);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, text, strlen (text)), ==, (gssize) strlen (text));
  close (fd);
}

typedef struct
{
  char *root;
  KmsRegistry *registry;
} Trial;

static void
trial_start (Trial *self)
{
  self->root = config_root_new ();
  config_root_write (self->root, "admin/boxes.d/orders.box", BOX ("good/zeroth"));
  self->registry = kms_registry_new (self->root, NULL, NULL);
  overwrite (self->root, "admin/boxes.d/orders.box", BOX ("good/first!"));
  g_assert_true (kms_registry_reload (self->registry, NULL));
  overwrite (self->root, "admin/boxes.d/orders.box", BOX ("good/second"));
}

static void
trial_end (Trial *self)
{
  gint64 end = g_get_monotonic_time () + PATIENCE_MS * 1000;

  for (gboolean seen = FALSE; !seen; g_usleep (10 * 1000))
    {
      g_autoptr (KmsBox) box = kms_registry_dup_box (self->registry, "orders", NULL);
      seen = g_strcmp0 (kms_box_get_key_id (box, "1", NULL), "good/second") == 0;
      g_assert_cmpint (g_get_monotonic_time (), <, end);
    }
  g_object_unref (self->registry);
  config_root_remove (self->root);
}

/* Two writes with a look between them, within a step of the clock by which files are dated: only the text differs. */
static void
test_same_step (RegistryFixture *self, gconstpointer data)
{
  Trial trials[10];

  for (guint i = 0; i < G_N_ELEMENTS (trials); i++)
    trial_start (&trials[i]);
  for (guint i = 0; i < G_N_ELEMENTS (trials); i++)
    trial_end (&trials[i]);
}

static void
test_not_more_than_once_a_second (RegistryFixture *self, gconstpointer data)
{
  gint64 start = g_get_monotonic_time ();

  registry_fixture_reload (self);
  registry_fixture_get_state (self, "good");
  config_root_add_provider (self->root, "late", "kms-good.so", "");
  KmsState state = registry_fixture_get_state (self, "late");
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
run_until_changed (RegistryFixture *self, guint n_changed)
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
test_notice_with_loop (RegistryFixture *self, gconstpointer data)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
  config_root_add_provider (self->root, "late", "kms-good.so", "");
  run_until_changed (self, 1);
  g_assert_cmpint (registry_fixture_get_state (self, "late"), ==, KMS_STATE_AVAILABLE);
  /* A directory that was not there. */
  config_root_write (self->root, "user/boxes.d/new.box", BOX ("good/new"));
  run_until_changed (self, 2);
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsBox) box = kms_registry_dup_box (self->registry, "new", &error);
  g_assert_no_error (error);
}

/* Another directory of the same name: the monitor of the old one sees nothing of it. */
static void
test_directory_comes_again (RegistryFixture *self, gconstpointer data)
{
  g_autofree char *directory = g_build_filename (self->root, "admin/boxes.d", NULL);
  g_autoptr (GError) error = NULL;

  while (g_main_context_iteration (NULL, FALSE))
    ;
  config_root_delete (self->root, "admin/boxes.d/orders.box");
  g_assert_cmpint (g_rmdir (directory), ==, 0);
  config_root_write (self->root, "admin/boxes.d/one.box", BOX ("good/one"));
  run_until_changed (self, 1);
  config_root_write (self->root, "admin/boxes.d/two.box", BOX ("good/two"));
  run_until_changed (self, 2);
  g_autoptr (KmsBox) box = kms_registry_dup_box (self->registry, "two", &error);
  g_assert_no_error (error);
}

static gboolean
has_inotify (void)
{
  g_autoptr (GDir) directory = g_dir_open ("/proc/self/fd", 0, NULL);

  for (const char *name; (name = g_dir_read_name (directory)) != NULL;)
    {
      g_autofree char *path = g_build_filename ("/proc/self/fd", name, NULL);
      g_autofree char *target = g_file_read_link (path, NULL);
      if (target != NULL && strstr (target, "inotify") != NULL)
        return TRUE;
    }
  return FALSE;
}

/* A program without a main loop pays nothing for what it would never hear of. */
static void
test_no_monitors_without_loop (RegistryFixture *self, gconstpointer data)
{
  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, 0);
      g_test_trap_assert_passed ();
      return;
    }
  g_autoptr (KmsProvider) provider = registry_fixture_get_provider (self, "good");
  registry_fixture_reload (self);
  g_assert_false (has_inotify ());
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_true (has_inotify ());
}

typedef struct
{
  const char *root;
  GMainContext *context;
  KmsRegistry *registry; /* atomic */
  GThread *told;         /* atomic: who got the signal */
  gint done;             /* atomic */
} OwnLoop;

static void
remember_thread (KmsRegistry *registry, gpointer data)
{
  g_atomic_pointer_set (&((OwnLoop *) data)->told, g_thread_self ());
}

static gpointer
run_own_loop (gpointer data)
{
  OwnLoop *self = data;

  g_main_context_push_thread_default (self->context);
  KmsRegistry *registry = kms_registry_new (self->root, NULL, NULL);
  g_signal_connect (registry, "changed", G_CALLBACK (remember_thread), self);
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_atomic_pointer_set (&self->registry, registry);
  while (!g_atomic_int_get (&self->done))
    g_main_context_iteration (self->context, TRUE);
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

/* The loop that runs where the registry was made hears of it, and somebody else may let go of the registry meanwhile. */
static void
test_loop_of_a_thread (RegistryFixture *self, gconstpointer data)
{
  OwnLoop own = { .root = self->root, .context = g_main_context_new () };
  GThread *thread = g_thread_new ("own-loop", run_own_loop, &own);
  gint64 end = g_get_monotonic_time () + PATIENCE_MS * 1000;

  while (g_atomic_pointer_get (&own.registry) == NULL)
    g_usleep (1000);
  config_root_write (self->root, "user/boxes.d/new.box", BOX ("good/new"));
  while (g_atomic_pointer_get (&own.told) == NULL)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      g_usleep (1000);
    }
  g_assert_true (g_atomic_pointer_get (&own.told) == thread);
  config_root_write (self->root, "user/boxes.d/another.box", BOX ("good/new"));
  g_object_unref (own.registry);
  g_atomic_int_set (&own.done, TRUE);
  g_main_context_wakeup (own.context);
  g_thread_join (thread);
  g_main_context_unref (own.context);
}

static void
test_module_comes (RegistryFixture *self, gconstpointer data)
{
  g_autofree char *source = g_build_filename (g_getenv ("KMS_MODULE_PATH"), "kms-prints.so", NULL);
  g_autofree char *target = g_build_filename (self->root, "modules", "kms-prints.so", NULL);
  g_autofree char *text = g_strdup_printf ("[Provider]\nModule=%s\nAbi=1\n", target);
  g_autofree char *elf = NULL;
  gsize length;

  config_root_write (self->root, "admin/providers.d/prints.provider", text);
  registry_fixture_reload (self);
  g_assert_cmpint (registry_fixture_get_state (self, "prints"), ==, KMS_STATE_NOT_INSTALLED);
  g_assert_true (g_file_get_contents (source, &elf, &length, NULL));
  config_root_write_bytes (self->root, "modules/kms-prints.so", elf, length);
  wait_for_state (self, "prints", KMS_STATE_AVAILABLE);
  config_root_delete (self->root, "modules/kms-prints.so");
  wait_for_state (self, "prints", KMS_STATE_NOT_INSTALLED);
}

static void
count_changed (KmsRegistry *registry, gpointer data)
{
  ((RegistryFixture *) data)->n_changed++;
}

/* A directory of modules that is not there yet; a main loop hears of both. */
static void
test_module_comes_to_path (RegistryFixture *self, gconstpointer data)
{
  g_autofree char *before = g_strdup (g_getenv ("KMS_MODULE_PATH"));
  g_autofree char *path = g_strdup_printf ("%s/late/modules:%s", self->root, before);
  g_autofree char *source = g_build_filename (before, "kms-prints.so", NULL);
  g_autofree char *elf = NULL;
  gsize length;

  config_root_add_provider (self->root, "late", "kms-late.so", "");
  g_setenv ("KMS_MODULE_PATH", path, TRUE);
  g_object_unref (self->registry);
  self->registry = kms_registry_new (self->root, NULL, NULL);
  g_setenv ("KMS_MODULE_PATH", before, TRUE);
  g_signal_connect (self->registry, "changed", G_CALLBACK (count_changed), self);
  g_assert_cmpint (registry_fixture_get_state (self, "late"), ==, KMS_STATE_NOT_INSTALLED);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_true (g_file_get_contents (source, &elf, &length, NULL));
  config_root_write_bytes (self->root, "late/modules/kms-late.so", elf, length);
  run_until_changed (self, 1);
  g_assert_cmpint (registry_fixture_get_state (self, "late"), ==, KMS_STATE_AVAILABLE);
}

/* A package upgrade under a running program. */
static void
test_module_changes (RegistryFixture *self, gconstpointer data)
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
  registry_fixture_reload (self);
  g_autoptr (KmsProvider) provider = registry_fixture_get_provider (self, "upgraded");
  g_assert_cmpint (registry_fixture_get_state (self, "upgraded"), ==, KMS_STATE_LOADED);
  config_root_write (self->root, "modules/kms-open-fails.so", "the new version, half copied");
  registry_fixture_reload (self);
  g_autoptr (KmsConfigInfo) info = kms_registry_lookup (self->registry, KMS_CONFIG_KIND_PROVIDER, "upgraded", &error);
  g_assert_cmpint (kms_config_info_get_state (info), ==, KMS_STATE_LOADED);
  g_autofree char *warnings = g_strjoinv ("\n", (char **) kms_config_info_get_warnings (info));
  g_assert_nonnull (strstr (warnings, "restart"));
  g_autofree char *answer = registry_fixture_encrypt (provider, "k");
  g_assert_cmpstr (answer, ==, "x");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, function)                                                                                            \
  g_test_add ("/registry/" path, RegistryFixture, NULL, registry_fixture_setup, function, registry_fixture_teardown)
  ADD ("notice/with-loop", test_notice_with_loop);
  ADD ("notice/directory-comes-again", test_directory_comes_again);
  ADD ("notice/no-monitors-without-loop", test_no_monitors_without_loop);
  ADD ("notice/loop-of-a-thread", test_loop_of_a_thread);
  ADD ("notice/without-loop", test_notice_without_loop);
  ADD ("notice/once-a-second", test_not_more_than_once_a_second);
  ADD ("notice/same-step", test_same_step);
  ADD ("notice/module-comes", test_module_comes);
  ADD ("notice/module-comes-to-path", test_module_comes_to_path);
  ADD ("notice/module-changes", test_module_changes);
  return g_test_run ();
}
