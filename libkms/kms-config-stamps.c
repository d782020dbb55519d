/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times and identities of everything that was read or looked for, to notice a change without reading it again. */
#include "kms-config-stamps-private.h"

/* A file's time moves in steps: of the kernel's clock (up to 10 ms), of the file system (2 s on FAT), or of a server
 * whose clock is not ours. What changes twice within a step looks the same after both, so what is younger than this is
 * not trusted to be seen again: it is read once more. */
#define STEP_NS (G_GINT64_CONSTANT (2) * 1000 * 1000 * 1000)

typedef struct
{
  char *path;
  gboolean is_directory; /* what is in it matters, too */
  guint64 device, inode, size;
  gint64 changed; /* nanoseconds; all 0: not there */
} Stamp;

struct _KmsConfigStamps
{
  GArray *stamps;
  gboolean too_young;
};

static void
stamp_clear (gpointer data)
{
  g_free (((Stamp *) data)->path);
}

KmsConfigStamps *
_kms_config_stamps_new (void)
{
  KmsConfigStamps *self = g_new0 (KmsConfigStamps, 1);

  self->stamps = g_array_new (FALSE, TRUE, sizeof (Stamp));
  g_array_set_clear_func (self->stamps, stamp_clear);
  return self;
}

void
_kms_config_stamps_free (KmsConfigStamps *self)
{
  g_array_unref (self->stamps);
  g_free (self);
}

/* The status change time, which no program can set, and no others, which one can. */
static void
fill (Stamp *stamp, const struct stat *info)
{
  stamp->device = info->st_dev;
  stamp->inode = info->st_ino;
  stamp->size = (guint64) info->st_size;
  stamp->changed = (gint64) info->st_ctim.tv_sec * 1000 * 1000 * 1000 + info->st_ctim.tv_nsec;
}

static void
add (KmsConfigStamps *self, const char *path, gboolean is_directory, const struct stat *info)
{
  Stamp stamp = { .path = g_strdup (path), .is_directory = is_directory };

  if (info != NULL)
    {
      fill (&stamp, info);
      gint64 age = g_get_real_time () * 1000 - stamp.changed;
      if (age < STEP_NS && age > -STEP_NS)
        self->too_young = TRUE;
    }
  g_array_append_val (self->stamps, stamp);
}

void
_kms_config_stamps_add (KmsConfigStamps *self, const char *path, const struct stat *info)
{
  add (self, path, FALSE, info);
}

gboolean
_kms_config_stamps_add_path (KmsConfigStamps *self, const char *path, struct stat *info)
{
  gboolean exists = stat (path, info) == 0;

  add (self, path, FALSE, exists ? info : NULL);
  return exists;
}

gboolean
_kms_config_stamps_add_directory (KmsConfigStamps *self, const char *path)
{
  struct stat info;
  gboolean exists = stat (path, &info) == 0;

  add (self, path, TRUE, exists ? &info : NULL);
  return exists;
}

gboolean
_kms_config_stamps_changed (KmsConfigStamps *self)
{
  for (guint i = 0; i < self->stamps->len; i++)
    {
      const Stamp *before = &g_array_index (self->stamps, Stamp, i);
      Stamp now = { 0 };
      struct stat info;
      if (stat (before->path, &info) == 0)
        fill (&now, &info);
      if (now.device != before->device || now.inode != before->inode || now.size != before->size
          || now.changed != before->changed)
        return TRUE;
    }
  return self->too_young;
}

static void
add_watch (GHashTable *watches, const char *directory, const char *name)
{
  gpointer names = NULL;
  gboolean known = g_hash_table_lookup_extended (watches, directory, NULL, &names);

  if (known && names == NULL)
    return;
  if (name != NULL && names == NULL)
    names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (name != NULL)
    g_hash_table_add (names, g_strdup (name));
  if (name == NULL || !known)
    g_hash_table_replace (watches, g_strdup (directory), name == NULL ? NULL : names);
}

static void
names_free (gpointer names)
{
  if (names != NULL)
    g_hash_table_unref (names);
}

GHashTable *
_kms_config_stamps_list_watches (KmsConfigStamps *self)
{
  GHashTable *watches = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, names_free);

  for (guint i = 0; i < self->stamps->len; i++)
    {
      const Stamp *stamp = &g_array_index (self->stamps, Stamp, i);
      if (stamp->is_directory && g_file_test (stamp->path, G_FILE_TEST_IS_DIR))
        {
          add_watch (watches, stamp->path, NULL);
          continue;
        }
      g_autofree char *name = g_path_get_basename (stamp->path);
      g_autofree char *directory = g_path_get_dirname (stamp->path);
      while (!g_file_test (directory, G_FILE_TEST_IS_DIR) && strcmp (directory, "/") != 0)
        {
          g_free (name);
          name = g_path_get_basename (directory);
          char *above = g_path_get_dirname (directory);
          g_free (directory);
          directory = above;
        }
      add_watch (watches, directory, name);
    }
  return watches;
}
