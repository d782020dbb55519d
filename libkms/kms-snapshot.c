/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads all configuration at one time, and says of each provider whether it may be used. */
#include "kms-snapshot-private.h"

#include "kms-config-value-private.h"
#include "kms-daemon-values-private.h"
#include "kms-error.h"
#include "kms-module-private.h"
#include "kms-registry-private.h"
#include "kms-routing-private.h"

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
  g_clear_pointer (&self->stamps, _kms_config_stamps_free);
  g_clear_pointer (&self->global, kms_config_info_unref);
  for (guint i = 0; i < G_N_ELEMENTS (self->infos); i++)
    g_clear_pointer (&self->infos[i], g_hash_table_unref);
  g_ptr_array_unref (self->configs);
  g_ptr_array_unref (self->unusable);
  g_free (self->providers_fingerprint);
  g_free (self);
}

#define USER_CONFIG "merge|none|only"
#define CHECK_PERMISSIONS "off|warn|strict"

static const struct
{
  const char *key;
  const char *choices; /* NULL: any text */
} global_keys[] = { { "UserConfig", USER_CONFIG },
                    { "CheckPermissions", CHECK_PERMISSIONS },
                    { "DisabledProviders", NULL } };

/* Whoever wrote what can't be understood meant to change something: then the safe side is right. */
static KmsPermissions
read_permissions (KmsConfigInfo *global, const KmsConfigRoots *roots, const char *program)
{
  const char *value = kms_config_info_get_value (global, "Global", "CheckPermissions");
  int choice = value == NULL ? -1 : _kms_value_parse_choice (value, CHECK_PERMISSIONS, NULL);

  if (value != NULL)
    return choice < 0 ? KMS_PERMISSIONS_STRICT : (KmsPermissions) choice;
  return roots->environment && strcmp (program, "kmsd") != 0 ? KMS_PERMISSIONS_WARN : KMS_PERMISSIONS_STRICT;
}

static gboolean
is_known_global (const char *group, const char *key)
{
  if (g_str_has_prefix (group, "X-") || g_str_has_prefix (key, "X-") || _kms_daemon_key_is_known (FALSE, group, key))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (global_keys); i++)
    if (strcmp (group, "Global") == 0 && strcmp (key, global_keys[i].key) == 0)
      return TRUE;
  return FALSE;
}

static void
warn_of_unknown (KmsConfigInfo *global)
{
  for (guint i = 0; i < kms_config_info_get_n_values (global); i++)
    {
      const char *group, *key;
      kms_config_info_get_nth_value (global, i, &group, &key, NULL);
      if (!is_known_global (group, key))
        _kms_config_info_warn_of (global, group, key, "is not known and has no effect");
    }
}

static void
check_daemon_values (KmsConfigInfo *global)
{
  for (guint i = 0; i < kms_config_info_get_n_values (global); i++)
    {
      const char *group, *key;
      const char *value = kms_config_info_get_nth_value (global, i, &group, &key, NULL);
      GError *error = NULL;
      if (!_kms_daemon_key_is_known (FALSE, group, key) || _kms_daemon_value_check (group, key, value, &error))
        continue;
      _kms_config_info_prefix_error (global, group, key, &error);
      _kms_config_info_fail (global, KMS_STATE_CONFIG_ERROR, error);
    }
}

static void
check_global (KmsConfigInfo *global)
{
  for (guint i = 0; i < G_N_ELEMENTS (global_keys); i++)
    {
      const char *value = kms_config_info_get_value (global, "Global", global_keys[i].key);
      GError *error = NULL;
      if (value == NULL || global_keys[i].choices == NULL
          || _kms_value_parse_choice (value, global_keys[i].choices, &error) >= 0)
        continue;
      _kms_config_info_prefix_error (global, "Global", global_keys[i].key, &error);
      _kms_config_info_fail (global, KMS_STATE_CONFIG_ERROR, error);
    }
  check_daemon_values (global);
  warn_of_unknown (global);
}

static gboolean
is_disabled (KmsSnapshot *self, KmsProviderConfig *config, const char *program)
{
  const char *names = kms_config_info_get_value (self->global, "Global", "DisabledProviders");
  g_auto (GStrv) list = names == NULL ? NULL : _kms_value_parse_list (names);

  return !_kms_provider_config_is_enabled_in (config, program)
         || (list != NULL && g_strv_contains ((const char *const *) list, _kms_provider_config_get_name (config)));
}

static GError *
describe_missing (const KmsConfigRoots *roots, const char *name, const char *module)
{
  if (module[0] == '/')
    return g_error_new (KMS_ERROR, KMS_ERROR_MODULE,
                        "%s: module %s is not installed; install the package that ships it, or correct Module=", name,
                        module);
  g_autofree char *places = g_strjoinv (", ", roots->module_directories);
  return g_error_new (KMS_ERROR, KMS_ERROR_MODULE,
                      "%s: module %s is not installed in %s; install the package that ships it", name, module, places);
}

/* What works, but should not stay so. */
static void
warn_of_module (KmsSnapshot *self, const KmsConfigRoots *roots, KmsConfigInfo *info, const struct stat *file)
{
  g_autoptr (GError) error = NULL;

  if (_kms_module_is_outdated (info->module_path, file))
    _kms_config_info_warn (info,
                           "%s: was changed after it was loaded, and the old one is still in use; restart to use the "
                           "new module file",
                           info->module_path);
  if (self->permissions == KMS_PERMISSIONS_WARN
      && _kms_config_info_is_from (info, "Provider", "Module", roots->layers[KMS_LAYER_USER])
      && !_kms_permissions_check_in_directory (info->module_path, file, &error))
    _kms_config_info_warn (info, "%s", error->message);
}

static void
judge_provider (KmsSnapshot *self, const KmsConfigRoots *roots, KmsConfigInfo *info, KmsProviderConfig *config,
                const char *program)
{
  const char *name = kms_config_info_get_name (info);
  const char *module = _kms_provider_config_get_module (config);
  struct stat file;

  info->module_path = _kms_module_find (roots, module, self->stamps, &file);
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
    _kms_config_info_fail (info, KMS_STATE_NOT_INSTALLED, describe_missing (roots, name, module));
  else
    warn_of_module (self, roots, info, &file);
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

  if (info->state == KMS_STATE_MASKED)
    return TRUE;
  g_autoptr (KmsProviderConfig)
    config = info->error != NULL ? NULL : _kms_provider_config_new_from_info (registry, roots, info, &local);
  if (config == NULL)
    {
      if (local != NULL)
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

/* From here on another state is something that happened, not something that the files say. */
static void
seal (KmsConfigInfo *info)
{
  char *fingerprint = g_strdup_printf ("%s%d;", info->fingerprint, info->state);

  g_free (info->fingerprint);
  info->fingerprint = fingerprint;
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
      seal (provider);
      g_string_append (fingerprint, provider->fingerprint);
    }
  self->providers_fingerprint = g_string_free (g_steal_pointer (&fingerprint), FALSE);
  _kms_routing_warn_of_shared (self->configs);
  return TRUE;
}

/* Whether the user's files count is said by the layers below: a user can't undo what the administrator decided. */
static gboolean
choose_layers (const KmsConfigRoots *roots, KmsConfigStamps *stamps, KmsConfigRoots *chosen, GError **error)
{
  KmsConfigReading reading = { chosen, KMS_PERMISSIONS_WARN, stamps, NULL };

  *chosen = *roots;
  chosen->layers[KMS_LAYER_USER] = NULL;
  g_autoptr (KmsConfigInfo) global = _kms_config_read_global (&reading, error);
  if (global == NULL)
    return FALSE;
  const char *value = kms_config_info_get_value (global, "Global", "UserConfig");
  if (value != NULL && (strcmp (value, "none") == 0 || _kms_value_parse_choice (value, USER_CONFIG, NULL) < 0))
    return TRUE;
  chosen->layers[KMS_LAYER_USER] = roots->layers[KMS_LAYER_USER];
  if (g_strcmp0 (value, "only") == 0)
    chosen->layers[KMS_LAYER_PACKAGE] = chosen->layers[KMS_LAYER_ADMIN] = NULL;
  return TRUE;
}

static void
check_boxes (KmsSnapshot *self, KmsRegistry *registry)
{
  GHashTableIter iter;
  gpointer info;

  g_hash_table_iter_init (&iter, self->infos[KMS_CONFIG_KIND_BOX]);
  while (g_hash_table_iter_next (&iter, NULL, &info))
    {
      if (kms_config_info_get_error (info) == NULL)
        _kms_box_check_config (registry, info);
      seal (info);
    }
}

static gboolean
equal_infos (KmsConfigInfo *a, KmsConfigInfo *b)
{
  return strcmp (a->fingerprint, b->fingerprint) == 0 && kms_config_info_get_state (a) == kms_config_info_get_state (b)
         && g_strv_equal (kms_config_info_get_warnings (a), kms_config_info_get_warnings (b));
}

static gboolean
equal_tables (GHashTable *a, GHashTable *b)
{
  GHashTableIter iter;
  gpointer name, info;

  if (g_hash_table_size (a) != g_hash_table_size (b))
    return FALSE;
  g_hash_table_iter_init (&iter, a);
  while (g_hash_table_iter_next (&iter, &name, &info))
    {
      KmsConfigInfo *same = g_hash_table_lookup (b, name);
      if (same == NULL || !equal_infos (info, same))
        return FALSE;
    }
  return TRUE;
}

gboolean
_kms_snapshot_equal (KmsSnapshot *self, KmsSnapshot *other)
{
  for (KmsConfigKind kind = KMS_CONFIG_KIND_PROVIDER; kind <= KMS_CONFIG_KIND_MODEL; kind++)
    if (!equal_tables (self->infos[kind], other->infos[kind]))
      return FALSE;
  return equal_infos (self->global, other->global);
}

static gboolean
read_all (KmsSnapshot *self, KmsConfigReading *reading, KmsRegistry *registry, const char *program, GError **error)
{
  self->global = _kms_config_read_global (reading, error);
  if (self->global == NULL)
    return FALSE;
  check_global (self->global);
  self->permissions = read_permissions (self->global, reading->roots, program);
  reading->permissions = self->permissions;
  reading->global = self->global;
  for (KmsConfigKind kind = KMS_CONFIG_KIND_PROVIDER; kind <= KMS_CONFIG_KIND_MODEL; kind++)
    {
      self->infos[kind] = _kms_config_scan (reading, kind, error);
      if (self->infos[kind] == NULL)
        return FALSE;
    }
  for (guint i = 0; reading->roots->module_directories[i] != NULL; i++)
    _kms_config_stamps_add_directory (self->stamps, reading->roots->module_directories[i]);
  if (!add_providers (self, registry, reading->roots, program, error))
    return FALSE;
  check_boxes (self, registry);
  return TRUE;
}

KmsSnapshot *
_kms_snapshot_new (KmsRegistry *registry, const KmsConfigRoots *all_roots, const char *program, GError **error)
{
  g_autoptr (KmsSnapshot) self = g_new0 (KmsSnapshot, 1);
  KmsConfigRoots chosen;
  KmsConfigReading reading = { &chosen, KMS_PERMISSIONS_WARN, NULL, NULL };

  g_atomic_ref_count_init (&self->refs);
  self->configs = g_ptr_array_new_with_free_func ((GDestroyNotify) _kms_provider_config_unref);
  self->unusable = g_ptr_array_new_with_free_func ((GDestroyNotify) _kms_provider_config_unref);
  self->stamps = _kms_config_stamps_new ();
  reading.stamps = self->stamps;
  if (!choose_layers (all_roots, self->stamps, &chosen, error))
    return NULL;
  self->has_user_layer = chosen.layers[KMS_LAYER_USER] != NULL;
  if (!read_all (self, &reading, registry, program, error))
    return NULL;
  return g_steal_pointer (&self);
}
