/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A temporary KMS_CONFIG_ROOT for tests. */
#include "config-root.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *
config_root_new (void)
{
  g_autoptr (GError) error = NULL;
  char *root = g_dir_make_tmp ("kms-test-XXXXXX", &error);

  g_assert_no_error (error);
  return root;
}

static void
remove_tree (const char *path)
{
  struct stat info;

  if (lstat (path, &info) == 0 && S_ISDIR (info.st_mode))
    {
      g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);
      for (const char *name; directory != NULL && (name = g_dir_read_name (directory)) != NULL;)
        {
          g_autofree char *child = g_build_filename (path, name, NULL);
          remove_tree (child);
        }
    }
  g_remove (path);
}

void
config_root_remove (char *root)
{
  remove_tree (root);
  g_free (root);
}

void
config_root_write_bytes (const char *root, const char *path, const void *bytes, gsize length)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *whole = g_build_filename (root, path, NULL);
  g_autofree char *directory = g_path_get_dirname (whole);

  g_assert_cmpint (g_mkdir_with_parents (directory, 0755), ==, 0);
  g_file_set_contents_full (whole, bytes, (gssize) length, G_FILE_SET_CONTENTS_CONSISTENT, 0644, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_chmod (whole, 0644), ==, 0);
}

void
config_root_write (const char *root, const char *path, const char *text)
{
  config_root_write_bytes (root, path, text, strlen (text));
}

void
config_root_add_provider (const char *root, const char *name, const char *module, const char *lines)
{
  g_autofree char *path = g_strdup_printf ("package/providers.d/%s.provider", name);
  g_autofree char *text = g_strdup_printf ("[Provider]\nModule=%s\nAbi=1\n%s\n", module, lines);

  config_root_write (root, path, text);
}

void
config_root_delete (const char *root, const char *path)
{
  g_autofree char *whole = g_build_filename (root, path, NULL);

  g_assert_cmpint (g_remove (whole), ==, 0);
}
