/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* By what a change is noticed, and which directories are watched for one. */
#include <glib/gstdio.h>

#include "../config-root.h"
#include "kms-config-stamps-private.h"

#define PATIENCE (30 * G_TIME_SPAN_SECOND)

typedef struct
{
  char *root;
  KmsConfigStamps *stamps;
} Fixture;

static void
setup (Fixture *self, gconstpointer data)
{
  self->root = config_root_new ();
  config_root_write (self->root, "there/file", "one");
  self->stamps = _kms_config_stamps_new ();
}

static void
teardown (Fixture *self, gconstpointer data)
{
  _kms_config_stamps_free (self->stamps);
  config_root_remove (self->root);
}

static char *
path_of (Fixture *self, const char *name)
{
  return g_build_filename (self->root, name, NULL);
}

/* Right after a write another one could leave the same times behind: that is not "unchanged". */
static void
test_young (Fixture *self, gconstpointer data)
{
  g_autofree char *file = path_of (self, "there/file");
  gint64 start = g_get_monotonic_time ();
  struct stat info;

  g_assert_true (_kms_config_stamps_add_path (self->stamps, file, &info));
  gboolean changed = _kms_config_stamps_changed (self->stamps);
  /* Only if the machine was fast enough does this say anything. */
  if (g_get_monotonic_time () - start < G_TIME_SPAN_SECOND)
    g_assert_true (changed);
}

/* A stamp of this alone, of when it was old enough for its times to tell of every change. */
static void
stamp_when_old (Fixture *self, const char *path)
{
  gint64 end = g_get_monotonic_time () + PATIENCE;

  do
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      g_clear_pointer (&self->stamps, _kms_config_stamps_free);
      g_usleep (20 * 1000);
      self->stamps = _kms_config_stamps_new ();
      _kms_config_stamps_add_directory (self->stamps, path);
    }
  while (_kms_config_stamps_changed (self->stamps));
}

static void
test_changes (Fixture *self, gconstpointer data)
{
  g_autofree char *written = path_of (self, "written/file");
  g_autofree char *changed = path_of (self, "there/file");
  g_autofree char *directory = path_of (self, "there");
  g_autofree char *absent = path_of (self, "absent");

  config_root_write (self->root, "written/file", "one");
  stamp_when_old (self, written);
  config_root_write (self->root, "written/file", "two");
  g_assert_true (_kms_config_stamps_changed (self->stamps));

  stamp_when_old (self, changed);
  g_assert_cmpint (g_chmod (changed, 0600), ==, 0);
  g_assert_true (_kms_config_stamps_changed (self->stamps));

  stamp_when_old (self, absent);
  config_root_write (self->root, "absent", "");
  g_assert_true (_kms_config_stamps_changed (self->stamps));

  stamp_when_old (self, directory);
  config_root_write (self->root, "there/another", "");
  g_assert_true (_kms_config_stamps_changed (self->stamps));
}

static void
assert_watched (GHashTable *watches, const char *directory, const char *name)
{
  gpointer names = NULL;

  if (!g_hash_table_lookup_extended (watches, directory, NULL, &names))
    g_error ("%s is not watched", directory);
  if (name == NULL)
    g_assert_null (names);
  else
    g_assert_true (names != NULL && g_hash_table_contains (names, name));
}

static void
test_watches (Fixture *self, gconstpointer data)
{
  static const char *const files[] = { "there/file", "absent/kms.conf", "above/below/file", "alone" };
  static const char *const directories[] = { "there", "there/no/such", "absent" };
  struct stat info;
  g_autofree char *there = path_of (self, "there");
  g_autofree char *above = path_of (self, "above");

  config_root_write (self->root, "above/x", "");
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = path_of (self, files[i]);
      _kms_config_stamps_add_path (self->stamps, path, &info);
    }
  for (guint i = 0; i < G_N_ELEMENTS (directories); i++)
    {
      g_autofree char *path = path_of (self, directories[i]);
      _kms_config_stamps_add_directory (self->stamps, path);
    }
  g_autoptr (GHashTable) watches = _kms_config_stamps_list_watches (self->stamps);
  g_assert_cmpuint (g_hash_table_size (watches), ==, 3);
  assert_watched (watches, there, NULL);
  assert_watched (watches, above, "below");
  assert_watched (watches, self->root, "absent");
  assert_watched (watches, self->root, "alone");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, function) g_test_add ("/stamps/" path, Fixture, NULL, setup, function, teardown)
  ADD ("young", test_young);
  ADD ("changes", test_changes);
  ADD ("watches", test_watches);
  return g_test_run ();
}
