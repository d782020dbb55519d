/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The settings that a provider's class declares, and what its file makes of them. */
#include "kms-settings-private.h"

#include <errno.h>
#include <sys/stat.h>

#include "kms-config-value-private.h"
#include "kms-error.h"
#include "kms-provider-private.h"
#include "kms-registry-private.h"

typedef struct
{
  char *name;
  KmsSettingType type;
  char *default_value;
  char *range;
  char *description;
} KmsSettingDeclaration;

typedef struct
{
  GType owner; /* a subclass starts with its parent's pointer, and must not add to the parent's table */
  GPtrArray *declarations;
} KmsSettingTable;

/* Names under which people would put a secret itself. */
static const char *const secret_names[] = { "Token",     "AccessToken",     "Password", "Passphrase", "Secret",
                                            "SecretKey", "SecretAccessKey", "SecretId", "ApiKey",     "ClientSecret" };

static KmsSettingTable *
get_own_table (KmsProviderClass *klass)
{
  KmsSettingTable *inherited = klass->settings;

  if (inherited != NULL && inherited->owner == G_TYPE_FROM_CLASS (klass))
    return inherited;
  KmsSettingTable *own = g_new0 (KmsSettingTable, 1);
  own->owner = G_TYPE_FROM_CLASS (klass);
  own->declarations = inherited == NULL ? g_ptr_array_new () : g_ptr_array_copy (inherited->declarations, NULL, NULL);
  klass->settings = own;
  return own;
}

/**
 * kms_provider_class_add_setting: (skip)
 * @klass: a class that is being initialised
 * @name: the key in [Settings]
 * @type: its type
 * @default_value: (nullable): what it is if the file does not say, in the file's own syntax
 * @range: (nullable): "MIN..MAX" for an integer, "a|b|c" for a choice
 * @description: what it is for, in one line
 *
 * Declares a setting. What is not declared has no effect, and a warning says so. `kmsctl provider show` prints all that was
 * declared.
 *
 * Since: 1.0
 */
void
kms_provider_class_add_setting (KmsProviderClass *klass, const char *name, KmsSettingType type,
                                const char *default_value, const char *range, const char *description)
{
  g_return_if_fail (KMS_IS_PROVIDER_CLASS (klass));
  g_return_if_fail (name != NULL);
  g_return_if_fail (type != KMS_SETTING_CHOICE || range != NULL);
  KmsSettingDeclaration *declaration = g_new0 (KmsSettingDeclaration, 1);

  /* Lives as long as the class, which is for ever. */
  declaration->name = g_strdup (name);
  declaration->type = type;
  declaration->default_value = g_strdup (default_value);
  declaration->range = g_strdup (range);
  declaration->description = g_strdup (description);
  g_ptr_array_add (get_own_table (klass)->declarations, declaration);
}

GPtrArray *
_kms_settings_get_declared (KmsProviderClass *klass)
{
  KmsSettingTable *table = klass->settings;

  return table == NULL ? NULL : table->declarations;
}

/**
 * kms_config_info_get_n_settings:
 * @self: an info
 *
 * Counts the settings that a provider's module declares. They are known as soon as the module was loaded, even if what
 * the file says of them is wrong.
 *
 * Returns: how many there are; 0 before the module was loaded, and for everything that is no provider
 *
 * Since: 1.0
 */
guint
kms_config_info_get_n_settings (KmsConfigInfo *self)
{
  g_return_val_if_fail (self != NULL, 0);
  GPtrArray *settings = g_atomic_pointer_get (&self->settings);

  return settings == NULL ? 0 : settings->len;
}

/**
 * kms_config_info_get_nth_setting:
 * @self: an info
 * @index: which setting
 * @type: (out) (optional): its type
 * @default_value: (out) (optional) (nullable) (transfer none): what it is if the file does not say
 * @range: (out) (optional) (nullable) (transfer none): "MIN..MAX" or "a|b|c"
 * @description: (out) (optional) (nullable) (transfer none): what it is for
 *
 * Gets a setting as the module declares it. What the file says stands in kms_config_info_get_value() under `Settings`.
 *
 * Returns: (transfer none): the key in [Settings]
 *
 * Since: 1.0
 */
const char *
kms_config_info_get_nth_setting (KmsConfigInfo *self, guint index, KmsSettingType *type, const char **default_value,
                                 const char **range, const char **description)
{
  g_return_val_if_fail (index < kms_config_info_get_n_settings (self), NULL);
  GPtrArray *settings = g_atomic_pointer_get (&self->settings);
  const KmsSettingDeclaration *declaration = g_ptr_array_index (settings, index);

  if (type != NULL)
    *type = declaration->type;
  if (default_value != NULL)
    *default_value = declaration->default_value;
  if (range != NULL)
    *range = declaration->range;
  if (description != NULL)
    *description = declaration->description;
  return declaration->name;
}

void
_kms_setting_value_free (gpointer data)
{
  KmsSettingValue *value = data;

  g_free (value->text);
  g_strfreev (value->list);
  g_free (value);
}

static gboolean
parse_integer (const char *text, const char *range, gint64 *out, GError **error)
{
  gint64 min = G_MININT64, max = G_MAXINT64;
  g_auto (GStrv) ends = range == NULL ? NULL : g_strsplit (range, "..", 2);

  if (ends != NULL && ends[0] != NULL && ends[1] != NULL)
    {
      min = g_ascii_strtoll (ends[0], NULL, 10);
      max = g_ascii_strtoll (ends[1], NULL, 10);
    }
  return _kms_value_parse_integer (text, min, max, out, error);
}

static gboolean
check_path (const char *text, gboolean is_credential, GError **error)
{
  struct stat info;

  if (!g_path_is_absolute (text))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, "\"%s\" must be an absolute path", text);
      return FALSE;
    }
  if (!is_credential || stat (text, &info) != 0)
    return TRUE;
  return _kms_permissions_check_secret (text, &info, error);
}

static gboolean
parse_setting (const KmsSettingDeclaration *declaration, KmsSettingValue *value, GError **error)
{
  gboolean boolean = FALSE;

  switch (declaration->type)
    {
    case KMS_SETTING_BOOLEAN:
      if (!_kms_value_parse_boolean (value->text, &boolean, error))
        return FALSE;
      value->number = boolean;
      return TRUE;
    case KMS_SETTING_INTEGER:
      return parse_integer (value->text, declaration->range, &value->number, error);
    case KMS_SETTING_DURATION:
      return _kms_value_parse_duration (value->text, &value->number, error);
    case KMS_SETTING_PATH:
    case KMS_SETTING_CREDENTIAL_FILE:
      return check_path (value->text, declaration->type == KMS_SETTING_CREDENTIAL_FILE, error);
    case KMS_SETTING_CHOICE:
      return _kms_value_parse_choice (value->text, declaration->range, error) >= 0;
    case KMS_SETTING_LIST:
      value->list = _kms_value_parse_list (value->text);
      return TRUE;
    case KMS_SETTING_STRING:
    default:
      return TRUE;
    }
}

static gboolean
is_declared (KmsSettingTable *table, const char *name)
{
  for (guint i = 0; table != NULL && i < table->declarations->len; i++)
    if (strcmp (((KmsSettingDeclaration *) g_ptr_array_index (table->declarations, i))->name, name) == 0)
      return TRUE;
  return FALSE;
}

gboolean
_kms_settings_is_secret_name (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (secret_names); i++)
    if (strcmp (name, secret_names[i]) == 0)
      return TRUE;
  return FALSE;
}

gboolean
_kms_settings_check_name (const char *name, GError **error)
{
  if (!_kms_settings_is_secret_name (name))
    return TRUE;
  g_set_error (
    error, KMS_ERROR, KMS_ERROR_CONFIG,
    "a secret must not stand in a configuration file; put it into a file of mode 0600 and name that with %sFile=",
    name);
  return FALSE;
}

static void
warn_of_unknown (KmsSettingTable *table, KmsConfigInfo *info)
{
  for (guint i = 0; i < kms_config_info_get_n_values (info); i++)
    {
      const char *group, *key;
      kms_config_info_get_nth_value (info, i, &group, &key, NULL);
      if (strcmp (group, "Settings") == 0 && !g_str_has_prefix (key, "X-") && !is_declared (table, key))
        _kms_config_info_warn_of (info, group, key, "is not known to the module and has no effect");
    }
}

gboolean
_kms_settings_bind (KmsProviderClass *klass, KmsConfigInfo *info, GHashTable *settings, GError **error)
{
  KmsSettingTable *table = klass->settings;

  if (info != NULL)
    {
      _kms_config_info_set_settings (info, _kms_settings_get_declared (klass));
      warn_of_unknown (table, info);
    }
  for (guint i = 0; table != NULL && i < table->declarations->len; i++)
    {
      KmsSettingDeclaration *declaration = g_ptr_array_index (table->declarations, i);
      const char *given = info == NULL ? NULL : kms_config_info_get_value (info, "Settings", declaration->name);
      KmsSettingValue *value = g_new0 (KmsSettingValue, 1);
      value->type = declaration->type;
      value->text = g_strdup (given != NULL ? given : declaration->default_value);
      g_hash_table_replace (settings, g_strdup (declaration->name), value);
      if (value->text == NULL || parse_setting (declaration, value, error))
        continue;
      if (info == NULL)
        g_prefix_error (error, "%s: ", declaration->name);
      else
        _kms_config_info_prefix_error (info, "Settings", declaration->name, error);
      return FALSE;
    }
  return TRUE;
}

static const KmsSettingValue *
get_setting (KmsProvider *self, const char *name)
{
  g_return_val_if_fail (KMS_IS_PROVIDER (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);
  const KmsSettingValue *value = _kms_provider_config_get_setting (_kms_provider_get_config (self), name);

  if (value == NULL)
    g_critical ("%s: the setting %s was not declared", kms_provider_get_name (self), name);
  return value;
}

/**
 * kms_provider_get_setting_string:
 * @self: a provider
 * @name: a setting that its class declares
 *
 * Gets a setting as text.
 *
 * Returns: (transfer none) (nullable): the text, or %NULL if it is not set and has no default
 *
 * Since: 1.0
 */
const char *
kms_provider_get_setting_string (KmsProvider *self, const char *name)
{
  const KmsSettingValue *value = get_setting (self, name);
  return value == NULL ? NULL : value->text;
}

/**
 * kms_provider_get_setting_boolean:
 * @self: a provider
 * @name: a setting of %KMS_SETTING_BOOLEAN that its class declares
 *
 * Gets a setting as a boolean.
 *
 * Returns: the value; %FALSE if it is not set and has no default
 *
 * Since: 1.0
 */
gboolean
kms_provider_get_setting_boolean (KmsProvider *self, const char *name)
{
  const KmsSettingValue *value = get_setting (self, name);
  return value != NULL && value->number != 0;
}

/**
 * kms_provider_get_setting_integer:
 * @self: a provider
 * @name: a setting of %KMS_SETTING_INTEGER or %KMS_SETTING_DURATION that its class declares
 *
 * Gets a setting as a number.
 *
 * Returns: the number; milliseconds for a duration; 0 if it is not set and has no default
 *
 * Since: 1.0
 */
gint64
kms_provider_get_setting_integer (KmsProvider *self, const char *name)
{
  const KmsSettingValue *value = get_setting (self, name);
  return value == NULL ? 0 : value->number;
}

/**
 * kms_provider_get_setting_list:
 * @self: a provider
 * @name: a setting of %KMS_SETTING_LIST that its class declares
 *
 * Gets a setting as a list.
 *
 * Returns: (transfer none) (nullable) (array zero-terminated=1): the list, or %NULL if it is not set
 *
 * Since: 1.0
 */
const char *const *
kms_provider_get_setting_list (KmsProvider *self, const char *name)
{
  const KmsSettingValue *value = get_setting (self, name);
  return value == NULL ? NULL : (const char *const *) value->list;
}

/**
 * kms_provider_get_option:
 * @self: a provider
 * @name: `ConnectTimeout`, `AttemptTimeout`, `CallTimeout`, `Retries` or `MaxInFlight`
 *
 * Gets what the provider's file says in [Provider].
 *
 * Returns: milliseconds for a timeout, else the number; -1 where the file says nothing
 *
 * Since: 1.0
 */
gint64
kms_provider_get_option (KmsProvider *self, const char *name)
{
  g_return_val_if_fail (KMS_IS_PROVIDER (self), -1);

  return _kms_provider_config_get_option (_kms_provider_get_config (self), name);
}

/**
 * kms_provider_dup_environment:
 * @self: a provider
 * @variable: the name of a vendor's variable
 *
 * Reads an environment variable, where the provider's file and the process's privileges allow that.
 *
 * Returns: (transfer full) (nullable): its value, which may be empty; %NULL where it is not set or must not be read
 *
 * Since: 1.0
 */
char *
kms_provider_dup_environment (KmsProvider *self, const char *variable)
{
  g_return_val_if_fail (KMS_IS_PROVIDER (self), NULL);
  g_return_val_if_fail (variable != NULL, NULL);

  if (!_kms_provider_config_get_environment (_kms_provider_get_config (self)))
    return NULL;
  return g_strdup (secure_getenv (variable));
}

/**
 * kms_provider_dup_data_directory:
 * @self: a provider
 *
 * Gets the directory in which a provider that holds its keys itself should keep them, unless its settings name another.
 *
 * Returns: (transfer full) (nullable): a path, which need not exist; %NULL for a provider without configuration
 *
 * Since: 1.0
 */
char *
kms_provider_dup_data_directory (KmsProvider *self)
{
  g_return_val_if_fail (KMS_IS_PROVIDER (self), NULL);

  return g_strdup (_kms_provider_config_get_data_directory (_kms_provider_get_config (self)));
}

/**
 * kms_provider_ask_secret:
 * @self: a provider
 * @prompt: what to show to the user, without a colon at its end
 * @confirm: whether a new secret is chosen
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Asks the user for a secret, if the program has somebody to ask.
 *
 * Returns: (transfer full): the secret, or %NULL with @error set: %KMS_ERROR_CREDENTIALS where there is nobody
 *
 * Since: 1.0
 */
KmsSecret *
kms_provider_ask_secret (KmsProvider *self, const char *prompt, gboolean confirm, GCancellable *cancellable,
                         GError **error)
{
  g_return_val_if_fail (KMS_IS_PROVIDER (self), NULL);
  g_return_val_if_fail (prompt != NULL, NULL);
  g_autoptr (KmsRegistry) registry = _kms_provider_config_dup_registry (_kms_provider_get_config (self));

  return _kms_registry_ask_secret (registry, self, prompt, confirm, cancellable, error);
}

/**
 * kms_provider_may_interact:
 * @self: a provider
 *
 * Gets whether a provider may have another program ask the user, such as polkit or a desktop's prompt: whether the
 * program said otherwise with [method@Registry.set_interactive]. May be called in any thread.
 *
 * Returns: %TRUE if the user may be asked
 *
 * Since: 1.0
 */
gboolean
kms_provider_may_interact (KmsProvider *self)
{
  g_return_val_if_fail (KMS_IS_PROVIDER (self), FALSE);
  g_autoptr (KmsRegistry) registry = _kms_provider_config_dup_registry (_kms_provider_get_config (self));

  return registry == NULL || kms_registry_get_interactive (registry);
}
