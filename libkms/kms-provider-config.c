/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a provider's file says, parsed: which keys [Provider] knows, and of what type each is. */
#include "kms-provider-config-private.h"

#include "kms-config-value-private.h"
#include "kms-error.h"
#include "kms-settings-private.h"

struct _KmsProviderConfig
{
  gatomicrefcount refs;
  char *name;
  GWeakRef registry;
  KmsConfigInfo *info; /* NULL for a provider without a file */
  char *data_directory;
  char *module;
  char **prefixes, **matches, **exact, **enable_in, **disable_in, **needs;
  gboolean fallback, enabled, critical, allow_unbound_context, environment;
  gint64 abi, priority, connect_timeout, attempt_timeout, call_timeout, retries, max_in_flight;
  GHashTable *settings; /* name → KmsSettingValue */
};

G_DEFINE_BOXED_TYPE (KmsProviderConfig, _kms_provider_config, _kms_provider_config_ref, _kms_provider_config_unref)

typedef enum {
  TEXT,
  BOOLEAN,
  INTEGER,
  DURATION,
  LIST,
} KmsKeyType;

#define FIELD(name) G_STRUCT_OFFSET (KmsProviderConfig, name)

static const struct
{
  const char *key;
  KmsKeyType type;
  gsize field;
  gint64 min, max;
} known_keys[] = {
  { "Module", TEXT, FIELD (module), 0, 0 },
  { "Abi", INTEGER, FIELD (abi), 1, 1000 },
  { "Description", TEXT, 0, 0, 0 },
  { "Prefixes", LIST, FIELD (prefixes), 0, 0 },
  { "Matches", LIST, FIELD (matches), 0, 0 },
  { "Exact", LIST, FIELD (exact), 0, 0 },
  { "Fallback", BOOLEAN, FIELD (fallback), 0, 0 },
  { "Priority", INTEGER, FIELD (priority), -1000, 1000 },
  { "Enabled", BOOLEAN, FIELD (enabled), 0, 0 },
  { "Critical", BOOLEAN, FIELD (critical), 0, 0 },
  { "EnableIn", LIST, FIELD (enable_in), 0, 0 },
  { "DisableIn", LIST, FIELD (disable_in), 0, 0 },
  { "Needs", LIST, FIELD (needs), 0, 0 },
  { "AllowUnboundContext", BOOLEAN, FIELD (allow_unbound_context), 0, 0 },
  { "ConnectTimeout", DURATION, FIELD (connect_timeout), 0, 0 },
  { "AttemptTimeout", DURATION, FIELD (attempt_timeout), 0, 0 },
  { "CallTimeout", DURATION, FIELD (call_timeout), 0, 0 },
  { "Retries", INTEGER, FIELD (retries), 0, 100 },
  { "MaxInFlight", INTEGER, FIELD (max_in_flight), 1, 10000 },
  { "Environment", BOOLEAN, FIELD (environment), 0, 0 },
};

KmsProviderConfig *
_kms_provider_config_new (const char *name)
{
  KmsProviderConfig *self = g_new0 (KmsProviderConfig, 1);

  g_atomic_ref_count_init (&self->refs);
  self->name = g_strdup (name);
  g_weak_ref_init (&self->registry, NULL);
  self->enabled = TRUE;
  self->environment = TRUE;
  self->connect_timeout = self->attempt_timeout = self->call_timeout = self->retries = self->max_in_flight = -1;
  self->settings = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, _kms_setting_value_free);
  return self;
}

KmsProviderConfig *
_kms_provider_config_ref (KmsProviderConfig *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
_kms_provider_config_unref (KmsProviderConfig *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_weak_ref_clear (&self->registry);
  g_free (self->name);
  g_clear_pointer (&self->info, kms_config_info_unref);
  g_free (self->data_directory);
  g_free (self->module);
  g_strfreev (self->prefixes);
  g_strfreev (self->matches);
  g_strfreev (self->exact);
  g_strfreev (self->enable_in);
  g_strfreev (self->disable_in);
  g_strfreev (self->needs);
  g_hash_table_unref (self->settings);
  g_free (self);
}

static gboolean
parse_key (KmsProviderConfig *self, guint which, const char *value, GError **error)
{
  gpointer field = G_STRUCT_MEMBER_P (self, known_keys[which].field);

  if (known_keys[which].field == 0)
    return TRUE;
  switch (known_keys[which].type)
    {
    case TEXT:
      *(char **) field = g_strdup (value);
      return TRUE;
    case LIST:
      *(char ***) field = _kms_value_parse_list (value);
      return TRUE;
    case BOOLEAN:
      return _kms_value_parse_boolean (value, field, error);
    case INTEGER:
      return _kms_value_parse_integer (value, known_keys[which].min, known_keys[which].max, field, error);
    case DURATION:
      return _kms_value_parse_duration (value, field, error);
    default:
      g_return_val_if_reached (FALSE);
    }
}

static int
find_known_key (const char *key)
{
  for (guint i = 0; i < G_N_ELEMENTS (known_keys); i++)
    if (strcmp (known_keys[i].key, key) == 0)
      return (int) i;
  return -1;
}

static gboolean
parse_value (KmsProviderConfig *self, guint index, GError **error)
{
  const char *group, *key;
  const char *value = kms_config_info_get_nth_value (self->info, index, &group, &key, NULL);
  gboolean ok = TRUE;

  if (g_str_has_prefix (group, "X-") || g_str_has_prefix (key, "X-"))
    return TRUE;
  int known = strcmp (group, "Provider") == 0 ? find_known_key (key) : -1;
  if (strcmp (group, "Settings") == 0)
    ok = _kms_settings_check_name (key, error);
  else if (known >= 0)
    ok = parse_key (self, (guint) known, value, error);
  else
    _kms_config_info_warn_of (self->info, group, key, "is not known and has no effect");
  if (!ok)
    _kms_config_info_prefix_error (self->info, group, key, error);
  return ok;
}

static gboolean
is_module_name (const char *module)
{
  g_autofree char *base = g_path_get_basename (module);
  return g_str_has_prefix (base, "kms-") && g_str_has_suffix (base, ".so");
}

/* A package's file may name only what packages install. */
static gboolean
is_absolute_in_package (KmsProviderConfig *self, const KmsConfigRoots *roots)
{
  return self->module[0] == '/'
         && _kms_config_info_is_from (self->info, "Provider", "Module", roots->layers[KMS_LAYER_PACKAGE]);
}

static gboolean
check_whole (KmsProviderConfig *self, const KmsConfigRoots *roots, GError **error)
{
  const char *wrong = NULL;

  if (self->module == NULL || self->module[0] == '\0')
    wrong = "Module= is missing; it names the shared object, such as kms-vault.so";
  else if (self->abi == 0)
    wrong = "Abi= is missing; it is the ABI that the module was built for, such as 1";
  else if (self->module[0] != '/' && strchr (self->module, '/') != NULL)
    wrong = "Module= must be a bare file name or an absolute path";
  else if (!is_module_name (self->module))
    wrong = "Module= must name a file kms-ID.so";
  else if (is_absolute_in_package (self, roots))
    wrong = "Module= may be an absolute path only in the admin's and the user's files";
  else if (self->enable_in != NULL && self->disable_in != NULL)
    wrong = "EnableIn= and DisableIn= exclude each other";
  if (wrong == NULL)
    return TRUE;
  const char *const *files = kms_config_info_get_files (self->info);
  g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, "%s: [Provider] %s", files[0] == NULL ? self->name : files[0],
               wrong);
  return FALSE;
}

KmsProviderConfig *
_kms_provider_config_new_from_info (KmsRegistry *registry, const KmsConfigRoots *roots, KmsConfigInfo *info,
                                    GError **error)
{
  g_autoptr (KmsProviderConfig) self = _kms_provider_config_new (kms_config_info_get_name (info));

  self->info = kms_config_info_ref (info);
  self->data_directory = g_strdup (roots->keys);
  self->environment = roots->environment_by_default;
  g_weak_ref_set (&self->registry, registry);
  for (guint i = 0; i < kms_config_info_get_n_values (info); i++)
    if (!parse_value (self, i, error))
      return NULL;
  if (!check_whole (self, roots, error))
    return NULL;
  self->environment = self->environment && roots->environment;
  return g_steal_pointer (&self);
}

KmsProviderConfig *
_kms_provider_config_new_claims (KmsConfigInfo *info)
{
  static const char *const keys[] = { "Prefixes", "Matches", "Exact", "Fallback", "Priority" };
  KmsProviderConfig *self = _kms_provider_config_new (kms_config_info_get_name (info));

  self->info = kms_config_info_ref (info);
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      const char *value = kms_config_info_get_value (info, "Provider", keys[i]);
      if (value != NULL)
        parse_key (self, (guint) find_known_key (keys[i]), value, NULL);
    }
  return self;
}

const char *
_kms_provider_config_get_name (KmsProviderConfig *self)
{
  return self->name;
}

KmsConfigInfo *
_kms_provider_config_get_info (KmsProviderConfig *self)
{
  return self->info;
}

gboolean
_kms_provider_config_get_allow_unbound_context (KmsProviderConfig *self)
{
  return self->allow_unbound_context;
}

gint64
_kms_provider_config_get_option (KmsProviderConfig *self, const char *name)
{
  int known = find_known_key (name);

  g_return_val_if_fail (known >= 0, -1);
  g_return_val_if_fail (known_keys[known].type == INTEGER || known_keys[known].type == DURATION, -1);
  return G_STRUCT_MEMBER (gint64, self, known_keys[known].field);
}

char *
_kms_provider_config_dup_prefix (KmsProviderConfig *self)
{
  return self->prefixes == NULL ? NULL : g_strdup (self->prefixes[0]);
}

KmsRegistry *
_kms_provider_config_dup_registry (KmsProviderConfig *self)
{
  return g_weak_ref_get (&self->registry);
}

const char *const *
_kms_provider_config_get_prefixes (KmsProviderConfig *self)
{
  return (const char *const *) self->prefixes;
}

const char *const *
_kms_provider_config_get_matches (KmsProviderConfig *self)
{
  return (const char *const *) self->matches;
}

const char *const *
_kms_provider_config_get_exact (KmsProviderConfig *self)
{
  return (const char *const *) self->exact;
}

gboolean
_kms_provider_config_get_fallback (KmsProviderConfig *self)
{
  return self->fallback;
}

gint64
_kms_provider_config_get_priority (KmsProviderConfig *self)
{
  return self->priority;
}

gboolean
_kms_provider_config_get_critical (KmsProviderConfig *self)
{
  return self->critical;
}

gboolean
_kms_provider_config_is_enabled_in (KmsProviderConfig *self, const char *program)
{
  if (!self->enabled)
    return FALSE;
  if (self->enable_in != NULL)
    return g_strv_contains ((const char *const *) self->enable_in, program);
  return self->disable_in == NULL || !g_strv_contains ((const char *const *) self->disable_in, program);
}

const char *
_kms_provider_config_get_module (KmsProviderConfig *self)
{
  return self->module;
}

const char *const *
_kms_provider_config_get_needs (KmsProviderConfig *self)
{
  return (const char *const *) self->needs;
}

const char *
_kms_provider_config_get_data_directory (KmsProviderConfig *self)
{
  return self->data_directory;
}

gboolean
_kms_provider_config_get_environment (KmsProviderConfig *self)
{
  return self->environment;
}

const KmsSettingValue *
_kms_provider_config_get_setting (KmsProviderConfig *self, const char *name)
{
  return g_hash_table_lookup (self->settings, name);
}

gboolean
_kms_provider_config_bind (KmsProviderConfig *self, KmsProviderClass *klass, GError **error)
{
  return _kms_settings_bind (klass, self->info, self->settings, error);
}
