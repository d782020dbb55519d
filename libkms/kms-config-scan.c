/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds the files of a kind in all layers, in the order in which they are merged. */
#include <dirent.h>
#include <errno.h>

#include "kms-config-file-private.h"
#include "kms-error.h"

/* ^[a-z0-9][a-z0-9-]{0,62}\.suffix$ */
static char *
match_file_name (const char *file_name, KmsConfigKind kind)
{
  const char *suffix = _kms_config_kind_suffix (kind);

  if (!g_str_has_suffix (file_name, suffix))
    return NULL;
  gsize length = strlen (file_name) - strlen (suffix);
  if (length < 1 || length > 63 || file_name[0] == '-')
    return NULL;
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_islower (file_name[i]) && !g_ascii_isdigit (file_name[i]) && file_name[i] != '-')
      return NULL;
  return g_strndup (file_name, length);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static gboolean
fail_passing (const char *path, int saved_errno, GError **error)
{
  g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, "%s: can't be read now: %s; try again", path,
               g_strerror (saved_errno));
  return FALSE;
}

/* Of several directories each is named, the first one as an error: "config check" must not say that all is right. */
static void
fail_listing (KmsConfigInfo *global, const char *path, int saved_errno)
{
  g_autofree char *message =
    g_strdup_printf ("%s: can't be listed: %s; no file in it counts", path, g_strerror (saved_errno));

  if (kms_config_info_get_error (global) != NULL)
    _kms_config_info_warn (global, "%s", message);
  else
    _kms_config_info_fail (global, KMS_STATE_CONFIG_ERROR, g_error_new_literal (KMS_ERROR, KMS_ERROR_CONFIG, message));
}

/* What can't be listed is told apart from what is empty: nothing in it counts, and somebody has to hear of that. */
static gboolean
list_directory (KmsConfigReading *reading, const char *path, GPtrArray *names, GError **error)
{
  if (!_kms_config_stamps_add_directory (reading->stamps, path))
    return TRUE;
  /* Not GDir, which does not say why it fails in a way that can be told apart. */
  DIR *directory = opendir (path);
  int saved_errno = errno;
  if (directory == NULL && _kms_config_file_is_passing (saved_errno))
    return fail_passing (path, saved_errno, error);
  if (directory == NULL && saved_errno != ENOENT)
    fail_listing (reading->global, path, saved_errno);
  for (struct dirent *entry; directory != NULL && (entry = readdir (directory)) != NULL;)
    if (strcmp (entry->d_name, ".") != 0 && strcmp (entry->d_name, "..") != 0)
      g_ptr_array_add (names, g_strdup (entry->d_name));
  if (directory != NULL)
    closedir (directory);
  g_ptr_array_sort (names, compare_names);
  return TRUE;
}

static KmsConfigInfo *
get_info (GHashTable *infos, KmsConfigKind kind, const char *name)
{
  KmsConfigInfo *info = g_hash_table_lookup (infos, name);

  if (info == NULL)
    {
      info = _kms_config_info_new (kind, name);
      g_hash_table_insert (infos, info->name, info);
    }
  return info;
}

static gboolean
scan_file (KmsConfigReading *reading, KmsConfigKind kind, KmsLayer layer, const char *path, const char *name,
           GHashTable *infos, GError **error)
{
  int fd = _kms_config_file_open (path);
  int saved_errno = errno;
  struct stat info;

  if (fd < 0 && _kms_config_file_is_passing (saved_errno))
    return fail_passing (path, saved_errno, error);
  if (fd < 0 && saved_errno == ENOENT)
    {
      g_debug ("%s is skipped: it leads nowhere", path);
      _kms_config_stamps_add_path (reading->stamps, path, &info);
      return TRUE;
    }
  _kms_config_file_merge (reading, get_info (infos, kind, name), path, layer, fd, saved_errno);
  return TRUE;
}

static gboolean
scan_layer (KmsConfigReading *reading, KmsConfigKind kind, KmsLayer layer, GHashTable *infos, GError **error)
{
  g_autofree char *directory =
    g_build_filename (reading->roots->layers[layer], _kms_config_kind_directory (kind), NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  if (!list_directory (reading, directory, names, error))
    return FALSE;
  for (guint i = 0; i < names->len; i++)
    {
      g_autofree char *path = g_build_filename (directory, g_ptr_array_index (names, i), NULL);
      g_autofree char *name = match_file_name (g_ptr_array_index (names, i), kind);
      if (name == NULL)
        g_debug ("%s is skipped: not a name of this kind", path);
      else if (!scan_file (reading, kind, layer, path, name, infos, error))
        return FALSE;
    }
  return TRUE;
}

GHashTable *
_kms_config_scan (KmsConfigReading *reading, KmsConfigKind kind, GError **error)
{
  g_autoptr (GHashTable)
    infos = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) kms_config_info_unref);

  for (KmsLayer layer = 0; layer < KMS_N_LAYERS; layer++)
    if (reading->roots->layers[layer] != NULL && !scan_layer (reading, kind, layer, infos, error))
      return NULL;
  return g_steal_pointer (&infos);
}

KmsConfigInfo *
_kms_config_read_global (KmsConfigReading *reading, GError **error)
{
  g_autoptr (KmsConfigInfo) self = _kms_config_info_new (KMS_CONFIG_KIND_GLOBAL, "kms");
  struct stat info;

  for (KmsLayer layer = 0; layer < KMS_N_LAYERS; layer++)
    {
      if (reading->roots->layers[layer] == NULL)
        continue;
      g_autofree char *path = g_build_filename (reading->roots->layers[layer], "kms.conf", NULL);
      int fd = _kms_config_file_open (path);
      int saved_errno = errno;
      if (fd < 0 && _kms_config_file_is_passing (saved_errno))
        {
          fail_passing (path, saved_errno, error);
          return NULL;
        }
      if (fd < 0 && (saved_errno == ENOENT || saved_errno == ENOTDIR))
        _kms_config_stamps_add_path (reading->stamps, path, &info);
      else
        _kms_config_file_merge (reading, self, path, layer, fd, saved_errno);
    }
  return g_steal_pointer (&self);
}
