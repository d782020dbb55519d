/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the files of a kind in all layers and merges them, key by key. A bad file breaks only itself. */
#include "kms-config-info-private.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "kms-error.h"
#include "kms-settings-private.h"

#define KMS_CONFIG_MAX_SIZE (1024 * 1024)

static void
value_clear (gpointer data)
{
  KmsConfigValue *value = data;

  g_free (value->group);
  g_free (value->key);
  g_free (value->value);
}

static GPtrArray *
new_terminated_list (void)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (list, NULL);
  return list;
}

static KmsConfigInfo *
info_new (KmsConfigKind kind, const char *name)
{
  KmsConfigInfo *self = g_new0 (KmsConfigInfo, 1);

  g_atomic_ref_count_init (&self->refs);
  self->kind = kind;
  self->name = g_strdup (name);
  self->files = new_terminated_list ();
  self->warnings = new_terminated_list ();
  self->withdrawn = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);
  self->values = g_array_new (FALSE, TRUE, sizeof (KmsConfigValue));
  g_array_set_clear_func (self->values, value_clear);
  self->fingerprint = g_strdup ("");
  return self;
}

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

static void
set_value (KmsConfigInfo *self, const char *group, const char *key, const char *text, const char *origin)
{
  for (guint i = 0; i < self->values->len; i++)
    {
      KmsConfigValue *value = &g_array_index (self->values, KmsConfigValue, i);
      if (strcmp (value->group, group) != 0 || strcmp (value->key, key) != 0)
        continue;
      g_free (value->value);
      value->value = g_strdup (text);
      value->origin = origin;
      return;
    }
  KmsConfigValue made = { g_strdup (group), g_strdup (key), g_strdup (text), origin };
  g_array_append_val (self->values, made);
}

/* The first line that no prefix of the text can be read with, counted from 1. */
static guint
find_bad_line (const char *text, gsize length)
{
  const char *end = text + length;
  guint line = 1;

  for (const char *at = text; at < end; line++)
    {
      const char *newline = memchr (at, '\n', (gsize) (end - at));
      at = newline == NULL ? end : newline + 1;
      g_autoptr (GKeyFile) file = g_key_file_new ();
      if (!g_key_file_load_from_data (file, text, (gsize) (at - text), G_KEY_FILE_NONE, NULL))
        return line;
    }
  return line;
}

static gboolean
merge_text (KmsConfigInfo *self, const char *path, const char *text, gsize length, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();

  if (!g_key_file_load_from_data (file, text, length, G_KEY_FILE_NONE, NULL))
    {
      /* Not GLib's message: it quotes the line, which may be a secret in the wrong place. */
      g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG,
                   "line %u can't be read; every line is [GROUP], KEY=VALUE, a comment that begins with #, or empty",
                   find_bad_line (text, length));
      return FALSE;
    }
  g_auto (GStrv) groups = g_key_file_get_groups (file, NULL);
  for (guint i = 0; groups[i] != NULL; i++)
    {
      g_auto (GStrv) keys = g_key_file_get_keys (file, groups[i], NULL, NULL);
      for (guint j = 0; keys != NULL && keys[j] != NULL; j++)
        {
          g_autofree char *value = g_key_file_get_string (file, groups[i], keys[j], error);
          if (value == NULL)
            return FALSE;
          /* The file will be refused; until then nobody needs to see what stands there. */
          gboolean hidden = strcmp (groups[i], "Settings") == 0 && _kms_settings_is_secret_name (keys[j]);
          set_value (self, groups[i], keys[j], hidden ? "(not shown)" : g_strstrip (value), path);
        }
    }
  return TRUE;
}

static char *
read_descriptor (int fd, const char *path, gsize *length, GError **error)
{
  g_autofree char *text = g_malloc (KMS_CONFIG_MAX_SIZE + 1);

  for (*length = 0;;)
    {
      gssize got = read (fd, text + *length, KMS_CONFIG_MAX_SIZE + 1 - *length);
      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        {
          g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, "can't read: %s", g_strerror (errno));
          return NULL;
        }
      *length += (gsize) got;
      if (got == 0)
        return g_steal_pointer (&text);
      if (*length > KMS_CONFIG_MAX_SIZE)
        {
          g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, "is larger than the limit of %d bytes", KMS_CONFIG_MAX_SIZE);
          return NULL;
        }
    }
}

/* Hides what the lower layers say. */
static void
mask (KmsConfigInfo *self, const char *path)
{
  g_array_set_size (self->values, 0);
  g_clear_error (&self->error);
  _kms_config_info_fail (self, KMS_STATE_MASKED,
                         g_error_new (KMS_ERROR, KMS_ERROR_NOT_FOUND,
                                      "\"%s\" is masked by %s, which is empty; remove that file to have it back",
                                      self->name, path));
}

static void
merge_descriptor (KmsConfigInfo *self, int fd, const char *path, const struct stat *info)
{
  g_autoptr (GError) error = NULL;
  gsize length = 0;
  g_autofree char *text = NULL;

  if (!S_ISREG (info->st_mode))
    g_set_error_literal (&error, KMS_ERROR, KMS_ERROR_CONFIG, "is not a regular file");
  else
    text = read_descriptor (fd, path, &length, &error);
  if (self->state == KMS_STATE_MASKED)
    {
      self->state = KMS_STATE_AVAILABLE;
      g_clear_error (&self->error);
    }
  if (error == NULL && merge_text (self, path, text, length, &error))
    return;
  _kms_config_info_fail (self, KMS_STATE_CONFIG_ERROR,
                         g_error_new (KMS_ERROR, KMS_ERROR_CONFIG, "%s: %s", path, error->message));
}

static gboolean
is_dev_null (const struct stat *info)
{
  struct stat null_info;
  return S_ISCHR (info->st_mode) && stat ("/dev/null", &null_info) == 0 && info->st_rdev == null_info.st_rdev;
}

static void
note_file (KmsConfigInfo *self, char *path, const struct stat *info)
{
  g_autofree char *earlier = self->fingerprint;

  self->fingerprint = g_strdup_printf (
    "%s%s:%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT ":%" G_GINT64_FORMAT ".%09ld:%" G_GINT64_FORMAT ".%09ld;", earlier,
    path, (guint64) info->st_ino, (guint64) info->st_size, (gint64) info->st_mtim.tv_sec, info->st_mtim.tv_nsec,
    (gint64) info->st_ctim.tv_sec, info->st_ctim.tv_nsec);
  g_ptr_array_insert (self->files, (int) self->files->len - 1, path);
}

/* Who may write to the directory may put another file there. */
static gboolean
check_strictly (const char *path, const struct stat *info, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (path);
  struct stat directory_info;

  if (!_kms_permissions_check (path, info, error))
    return FALSE;
  return stat (directory, &directory_info) != 0 || _kms_permissions_check (directory, &directory_info, error);
}

/* The descriptor is looked at, not the path: nobody can swap the file between the look and the reading. */
static void
merge_file (KmsConfigInfo *self, const char *path, KmsPermissions permissions, KmsLayer layer)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat info;
  GError *error = NULL;

  if (fd < 0)
    {
      char *kept = g_strdup (path);
      g_ptr_array_insert (self->files, (int) self->files->len - 1, kept);
      _kms_config_info_fail (self, KMS_STATE_CONFIG_ERROR,
                             g_error_new (KMS_ERROR, KMS_ERROR_CONFIG, "%s: can't open: %s", path, g_strerror (errno)));
      return;
    }
  if (fstat (fd, &info) == 0)
    {
      char *kept = g_strdup (path);
      note_file (self, kept, &info);
      if (is_dev_null (&info) || (S_ISREG (info.st_mode) && info.st_size == 0))
        mask (self, kept);
      else if (permissions == KMS_PERMISSIONS_STRICT && !check_strictly (kept, &info, &error))
        _kms_config_info_fail (self, KMS_STATE_REFUSED_PERMISSIONS, error);
      else
        {
          if (permissions == KMS_PERMISSIONS_WARN && layer == KMS_LAYER_USER
              && !_kms_permissions_check (kept, &info, &error))
            {
              _kms_config_info_warn (self, "%s", error->message);
              g_clear_error (&error);
            }
          merge_descriptor (self, fd, kept, &info);
        }
    }
  close (fd);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static GPtrArray *
list_directory (const char *path)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);

  for (const char *name = NULL; directory != NULL && (name = g_dir_read_name (directory)) != NULL;)
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  return g_steal_pointer (&names);
}

static void
scan_layer (GHashTable *infos, const KmsConfigRoots *roots, KmsConfigKind kind, KmsLayer layer,
            KmsPermissions permissions)
{
  g_autofree char *directory = g_build_filename (roots->layers[layer], _kms_config_kind_directory (kind), NULL);
  g_autoptr (GPtrArray) names = list_directory (directory);

  for (guint i = 0; i < names->len; i++)
    {
      g_autofree char *path = g_build_filename (directory, g_ptr_array_index (names, i), NULL);
      g_autofree char *name = match_file_name (g_ptr_array_index (names, i), kind);
      if (name == NULL || access (path, F_OK) != 0)
        {
          g_debug ("%s is skipped: %s", path, name == NULL ? "not a name of this kind" : g_strerror (errno));
          continue;
        }
      KmsConfigInfo *info = g_hash_table_lookup (infos, name);
      if (info == NULL)
        {
          info = info_new (kind, name);
          g_hash_table_insert (infos, info->name, info);
        }
      merge_file (info, path, permissions, layer);
    }
}

GHashTable *
_kms_config_scan (const KmsConfigRoots *roots, KmsConfigKind kind, KmsPermissions permissions)
{
  GHashTable *infos = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) kms_config_info_unref);

  for (KmsLayer layer = 0; layer < KMS_N_LAYERS; layer++)
    if (roots->layers[layer] != NULL)
      scan_layer (infos, roots, kind, layer, permissions);
  return infos;
}

KmsConfigInfo *
_kms_config_read_global (const KmsConfigRoots *roots, KmsPermissions permissions)
{
  KmsConfigInfo *self = info_new (KMS_CONFIG_KIND_GLOBAL, "kms");

  for (KmsLayer layer = 0; layer < KMS_N_LAYERS; layer++)
    {
      if (roots->layers[layer] == NULL)
        continue;
      g_autofree char *path = g_build_filename (roots->layers[layer], "kms.conf", NULL);
      if (access (path, F_OK) == 0)
        merge_file (self, path, permissions, layer);
    }
  return self;
}
