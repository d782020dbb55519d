/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of boxes. A change is tried out in a configuration root of its own before it replaces anything. */
#include "box-file.h"

#include <glib/gstdio.h>
#include <string.h>

#include "bytes.h"
#include "describe.h"

#define FILE_FLAGS (G_KEY_FILE_KEEP_COMMENTS | G_KEY_FILE_KEEP_TRANSLATIONS)
#define MAX_NAME 63

void
kmsctl_box_file_clear (KmsctlBoxFile *self)
{
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->file, g_key_file_unref);
  g_clear_pointer (&self->info, kms_config_info_unref);
}

static gboolean
check_name (const char *name, GError **error)
{
  gsize length = strlen (name);

  if (length >= 1 && length <= MAX_NAME && g_ascii_isalnum (name[0])
      && strspn (name, "abcdefghijklmnopqrstuvwxyz0123456789-") == length)
    return TRUE;
  return kmsctl_usage_error (error, _ ("\"%s\" can't name a box: 1 to %d of a-z, 0-9 and \"-\", not \"-\" first"), name,
                             MAX_NAME);
}

static gboolean
load (KmsctlBoxFile *box, GError **error)
{
  g_autoptr (GError) local = NULL;

  box->file = g_key_file_new ();
  box->exists = g_key_file_load_from_file (box->file, box->path, FILE_FLAGS, &local);
  if (box->exists || g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, _ ("%s: %s; \"kmsctl box edit %s\" opens it"), box->path,
               local->message, box->name);
  return FALSE;
}

gboolean
kmsctl_box_file_open (Kmsctl *self, const char *name, gboolean create, KmsctlBoxFile *box, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (!check_name (name, error) || kmsctl_open (self, error) == NULL)
    return FALSE;
  g_autofree char *directory = kms_registry_dup_directory (self->registry, KMS_CONFIG_KIND_BOX);
  box->name = g_strdup (name);
  box->path = g_strdup_printf ("%s/%s.box", directory, name);
  box->info = kms_registry_lookup (self->registry, KMS_CONFIG_KIND_BOX, name, &local);
  if (box->info == NULL && !create)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if ((box->info != NULL || g_file_test (box->path, G_FILE_TEST_EXISTS)) && create)
    {
      g_set_error (
        error, KMS_ERROR, KMS_ERROR_ALREADY_EXISTS,
        _ ("there is a box \"%s\" already; \"kmsctl box show %s\" shows it, \"kmsctl box new-version %s\" gives "
           "it another key"),
        name, name, name);
      return FALSE;
    }
  if (!create)
    return load (box, error);
  box->file = g_key_file_new ();
  return TRUE;
}

/* The lower layers' keys under ours, as the library merges them. */
static char *
merge (KmsctlBoxFile *box, const char *text, GError **error)
{
  g_autoptr (GKeyFile) merged = g_key_file_new ();
  g_autoptr (GKeyFile) ours = g_key_file_new ();

  if (!g_key_file_load_from_data (ours, text, strlen (text), FILE_FLAGS, error))
    return NULL;
  for (guint i = 0; box->info != NULL && i < kms_config_info_get_n_values (box->info); i++)
    {
      const char *group, *key, *origin;
      const char *value = kms_config_info_get_nth_value (box->info, i, &group, &key, &origin);
      if (!g_str_equal (origin, box->path))
        g_key_file_set_value (merged, group, key, value);
    }
  g_auto (GStrv) groups = g_key_file_get_groups (ours, NULL);
  for (guint i = 0; groups[i] != NULL; i++)
    {
      g_auto (GStrv) keys = g_key_file_get_keys (ours, groups[i], NULL, NULL);
      for (guint j = 0; keys != NULL && keys[j] != NULL; j++)
        {
          g_autofree char *value = g_key_file_get_value (ours, groups[i], keys[j], NULL);
          g_key_file_set_value (merged, groups[i], keys[j], value);
        }
    }
  return g_key_file_to_data (merged, NULL, NULL);
}

static void
remove_scratch (const char *root, const char *name)
{
  g_autofree char *file = g_strdup_printf ("%s/admin/boxes.d/%s.box", root, name);
  g_autofree char *directory = g_build_filename (root, "admin", "boxes.d", NULL);
  g_autofree char *layer = g_build_filename (root, "admin", NULL);

  g_unlink (file);
  g_rmdir (directory);
  g_rmdir (layer);
  g_rmdir (root);
}

/* What the library says of a root that holds this one file. */
static gboolean
try_out (const char *root, KmsctlBoxFile *box, const char *text, GError **error)
{
  g_autofree char *directory = g_build_filename (root, "admin", "boxes.d", NULL);
  g_autofree char *path = g_strdup_printf ("%s/%s.box", directory, box->name);

  if (g_mkdir_with_parents (directory, 0700) != 0 || !g_file_set_contents (path, text, -1, error))
    return FALSE;
  g_autoptr (KmsRegistry) registry = kms_registry_new (root, NULL, error);
  if (registry == NULL)
    return FALSE;
  g_autoptr (KmsBox) tried = kms_registry_dup_box (registry, box->name, error);
  return tried != NULL;
}

/* Messages name the file that would have been written. */
static void
correct_path (GError **error, const char *root, KmsctlBoxFile *box)
{
  g_autofree char *path = g_strdup_printf ("%s/admin/boxes.d/%s.box", root, box->name);

  if (*error == NULL)
    return;
  g_auto (GStrv) parts = g_strsplit ((*error)->message, path, -1);
  g_free ((*error)->message);
  (*error)->message = g_strjoinv (box->path, parts);
}

gboolean
kmsctl_box_file_check (Kmsctl *self, KmsctlBoxFile *box, const char *text, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autofree char *merged = merge (box, text, &local);
  g_autofree char *root = merged == NULL ? NULL : g_dir_make_tmp ("kmsctl-XXXXXX", &local);

  if (root != NULL)
    {
      try_out (root, box, merged, &local);
      correct_path (&local, root, box);
      remove_scratch (root, box->name);
    }
  if (local == NULL)
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, _ ("%s; the file was not changed"), local->message);
  return FALSE;
}

gboolean
kmsctl_box_file_save_text (Kmsctl *self, KmsctlBoxFile *box, const char *text, GError **error)
{
  if (!kmsctl_box_file_check (self, box, text, error)
      || !kmsctl_write_config (self, box->path, text, box->info == NULL, error))
    return FALSE;
  self->changed = TRUE;
  return TRUE;
}

gboolean
kmsctl_box_file_save (Kmsctl *self, KmsctlBoxFile *box, GError **error)
{
  g_autofree char *text = g_key_file_to_data (box->file, NULL, NULL);

  return kmsctl_box_file_save_text (self, box, text, error);
}

gboolean
kmsctl_box_file_print (Kmsctl *self, KmsctlBoxFile *box, const char *note, GError **error)
{
  if (!kms_registry_reload (self->registry, error))
    return FALSE;
  g_autoptr (KmsConfigInfo) info = kms_registry_lookup (self->registry, KMS_CONFIG_KIND_BOX, box->name, error);
  g_autoptr (KmsBox) now = info == NULL ? NULL : kms_registry_dup_box (self->registry, box->name, error);

  if (now == NULL)
    return FALSE;
  if (note != NULL)
    kmsctl_note (self, "%s", note);
  return kmsctl_print (self, kmsctl_describe_box (info, now), error);
}
