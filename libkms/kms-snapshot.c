/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads all configuration at one time, and says of each provider whether it may be used. */
#include "kms-snapshot-private.h"

#include <sys/stat.h>

#include "kms-config-value-private.h"
#include "kms-error.h"
#include "kms-module-private.h"
#include "kms-registry-private.h"

KmsSnapshot *
_kms_snapshot_ref (KmsSnapshot *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
_kms_snapshot_unref (KmsSnapshot *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_clear_pointer (&self->global, kms_config_info_unref);
  for (guint i = 0; i < G_N_ELEMENTS (self->infos); i++)
    g_clear_pointer (&self->infos[i], g_hash_table_unref);
  g_ptr_array_unref (self->configs);
  g_ptr_array_unref (self->unusable);
  g_free (self->providers_fingerprint);
  g_free (self->fingerprint);
  g_free (self);
}

static void
add_stat (GString *out, const char *path)
{
  struct stat info;

  if (stat (path, &info) != 0)
    g_string_append_c (out, '-');
  else
    g_string_append_printf (out, "%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT ":%" G_GINT64_FORMAT ".%09ld",
                            (guint64) info.st_ino, (guint64) info.st_size, (gint64) info.st_ctim.tv_sec,
                            info.st_ctim.tv_nsec);
  g_string_append_c (out, ';');
}

/* The directory's time tells of files that came and went, each file's own of what was changed in place. */
static void
add_directory (GString *out, const char *path)
{
  g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);
  const char *name;

  add_stat (out, path);
  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);
      add_stat (out, file);
    }
}

char *
_kms_snapshot_look (const KmsConfigRoots *roots)
{
  GString *out = g_string_new (NULL);

  for (KmsLayer layer = 0; layer < KMS_N_LAYERS; layer++)
    {
      if (roots->layers[layer] == NULL)
        continue;
      g_autofree char *global = g_build_filename (roots->layers[layer], "kms.conf", NULL);
      add_stat (out, global);
      for (KmsConfigKind kind = KMS_CONFIG_KIND_PROVIDER; kind <= KMS_CONFIG_KIND_MODEL; kind++)
        {
          g_autofree char *path = g_build_filename (roots->layers[layer], _kms_config_kind_directory (kind), NULL);
          add_directory (out, path);
        }
    }
  for (guint i = 0; roots->module_directories[i] != NULL; i++)
    add_stat (out, roots->module_directories[i]);
  return g_string_free (out, FALSE);
}

static KmsPermissions
read_permissions (KmsConfigInfo *global, const KmsConfigRoots *roots, const char *program)
{
  const char *value = kms_config_info_get_value (global, "Global", "CheckPermissions");
  int choice = value == NULL ? -1 : _kms_value_parse_choice ("CheckPermissions", value, "off|warn|strict", NULL);

  if (choice >= 0)
    return (KmsPermissions) choice;
  return roots->environment && strcmp (program, "kmsd") != 0 ? KMS_PERMISSIONS_WARN : KMS_PERMISSIONS_STRICT;
}

static void
check_global (KmsConfigInfo *global)
{
  static const struct
  {
    const char *key;
    const char *choices; /* NULL: any text */
  } keys[] = { { "UserConfig", "merge|none|only" },
               { "CheckPermissions", "off|warn|strict" },
               { "DisabledProviders", NULL } };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      const char *value = kms_config_info_get_value (global, "Global", keys[i].key);
      g_autofree char *what = _kms_config_info_describe (global, "Global", keys[i].key);
      GError *error = NULL;
      if (value != NULL && keys[i].choices != NULL
          && _kms_value_parse_choice (what, value, keys[i].choices, &error) < 0)
        _kms_config_info_fail (global, KMS_STATE_CONFIG_ERROR, error);
    }
}

static gboolean
is_disabled (KmsSnapshot *self, KmsProviderConfig *config, const char *program)
{
  const char *names = kms_config_info_get_value (self->global, "Global", "DisabledProviders");
  g_auto (GStrv) list = names == NULL ? NULL : _kms_value_parse_list (names);

  return !_kms_provider_config_is_enabled_in (config, program)
         || (list != NULL && g_strv_contains ((const char *const *) list, _kms_provider_config_get_name (config)));
}

static void
judge_provider (KmsSnapshot *self, const KmsConfigRoots *roots, KmsConfigInfo *info, KmsProviderConfig *config,
                const char *program)
{
  const char *name = kms_config_info_get_name (info);
  const char *module = _kms_provider_config_get_module (config);

  info->module_path = _kms_module_find (roots, module);
  if (is_disabled (self, config, program))
    _kms_config_info_fail (
      info, KMS_STATE_DISABLED,
      g_error_new (KMS_ERROR, KMS_ERROR_CONFIG,
                   "%s: is disabled for %s by Enabled=, EnableIn=, DisableIn= or DisabledProviders=", name, program));
  else if (_kms_provider_config_get_option (config, "Abi") != KMS_ABI_MAJOR)
    _kms_config_info_fail (info, KMS_STATE_ABI_MISMATCH,
                           g_error_new (KMS_ERROR, KMS_ERROR_MODULE,
                                        "%s: Abi=%" G_GINT64_FORMAT " was asked for, this libkms speaks ABI %d", name,
                                        _kms_provider_config_get_option (config, "Abi"), KMS_ABI_MAJOR));
  else if (info->module_path == NULL)
    _kms_config_info_fail (info, KMS_STATE_NOT_INSTALLED,
                           g_error_new (KMS_ERROR, KMS_ERROR_MODULE,
                                        "%s: module %s is not installed; install the package that ships it", name,
                                        module));
  g_ptr_array_add (info->error == NULL ? self->configs : self->unusable, _kms_provider_config_ref (config));
}

static gboolean
check_critical (KmsConfigInfo *info, gboolean is_critical, GError **error)
{
  if (info->error == NULL || info->state == KMS_STATE_DISABLED || !is_critical)
    return TRUE;
  g_propagate_prefixed_error (error, g_error_copy (info->error), "a provider with Critical=true can't be used: ");
  return FALSE;
}

static gboolean
add_provider (KmsSnapshot *self, KmsRegistry *registry, const KmsConfigRoots *roots, KmsConfigInfo *info,
              const char *program, GError **error)
{
  GError *local = NULL;

  if (info->error != NULL)
    g_ptr_array_add (self->unusable, _kms_provider_config_new_claims (info));
  if (info->state == KMS_STATE_MASKED || info->error != NULL)
    return TRUE;
  g_autoptr (KmsProviderConfig) config = _kms_provider_config_new_from_info (registry, roots, info, &local);
  if (config == NULL)
    {
      _kms_config_info_fail (info, KMS_STATE_CONFIG_ERROR, local);
      g_ptr_array_add (self->unusable, _kms_provider_config_new_claims (info));
      return check_critical (info, g_strcmp0 (kms_config_info_get_value (info, "Provider", "Critical"), "true") == 0,
                             error);
    }
  judge_provider (self, roots, info, config, program);
  return check_critical (info, _kms_provider_config_get_critical (config), error);
}

static int
compare_infos (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(KmsConfigInfo *const *) a)->name, (*(KmsConfigInfo *const *) b)->name);
}

static gboolean
add_providers (KmsSnapshot *self, KmsRegistry *registry, const KmsConfigRoots *roots, const char *program,
               GError **error)
{
  g_autoptr (GPtrArray) sorted = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer info;

  g_hash_table_iter_init (&iter, self->infos[KMS_CONFIG_KIND_PROVIDER]);
  while (g_hash_table_iter_next (&iter, NULL, &info))
    g_ptr_array_add (sorted, info);
  g_ptr_array_sort (sorted, compare_infos);
  g_autoptr (GString) fingerprint = g_string_new (NULL);
  for (guint i = 0; i < sorted->len; i++)
    {
      KmsConfigInfo *provider = g_ptr_array_index (sorted, i);
      if (!add_provider (self, registry, roots, provider, program, error))
        return FALSE;
      g_string_append_printf (fingerprint, "%s%d;", provider->fingerprint, provider->state);
    }
  self->providers_fingerprint = g_string_free (g_steal_pointer (&fingerprint), FALSE);
  return TRUE;
}

/* Whether the user's files count is said by the layers below: a user can't undo what the administrator decided. */
static KmsConfigRoots
choose_layers (const KmsConfigRoots *roots)
{
  KmsConfigRoots chosen = *roots;

  chosen.layers[KMS_LAYER_USER] = NULL;
  g_autoptr (KmsConfigInfo) global = _kms_config_read_global (&chosen, KMS_PERMISSIONS_WARN);
  const char *value = kms_config_info_get_value (global, "Global", "UserConfig");
  if (g_strcmp0 (value, "none") == 0)
    return chosen;
  chosen.layers[KMS_LAYER_USER] = roots->layers[KMS_LAYER_USER];
  if (g_strcmp0 (value, "only") == 0)
    chosen.layers[KMS_LAYER_PACKAGE] = chosen.layers[KMS_LAYER_ADMIN] = NULL;
  return chosen;
}

static void
check_boxes (KmsSnapshot *self, KmsRegistry *registry)
{
  GHashTableIter iter;
  gpointer info;

  g_hash_table_iter_init (&iter, self->infos[KMS_CONFIG_KIND_BOX]);
  while (g_hash_table_iter_next (&iter, NULL, &info))
    if (kms_config_info_get_error (info) == NULL)
      _kms_box_check_config (registry, info);
}

KmsSnapshot *
_kms_snapshot_new (KmsRegistry *registry, const KmsConfigRoots *all_roots, const char *program, GError **error)
{
  g_autoptr (KmsSnapshot) self = g_new0 (KmsSnapshot, 1);
  KmsConfigRoots chosen = choose_layers (all_roots);
  const KmsConfigRoots *roots = &chosen;

  g_atomic_ref_count_init (&self->refs);
  self->configs = g_ptr_array_new_with_free_func ((GDestroyNotify) _kms_provider_config_unref);
  self->unusable = g_ptr_array_new_with_free_func ((GDestroyNotify) _kms_provider_config_unref);
  self->has_user_layer = roots->layers[KMS_LAYER_USER] != NULL;
  /* Before the reading: what changes meanwhile is seen at the next look. */
  self->fingerprint = _kms_snapshot_look (all_roots);
  self->global = _kms_config_read_global (roots, KMS_PERMISSIONS_WARN);
  check_global (self->global);
  self->permissions = read_permissions (self->global, roots, program);
  for (KmsConfigKind kind = KMS_CONFIG_KIND_PROVIDER; kind <= KMS_CONFIG_KIND_MODEL; kind++)
    self->infos[kind] = _kms_config_scan (roots, kind, self->permissions);
  if (!add_providers (self, registry, roots, program, error))
    return NULL;
  check_boxes (self, registry);
  return g_steal_pointer (&self);
}
