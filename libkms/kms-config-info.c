/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* One configured thing: what its files say, and what became of it. */
#include "kms-config-info-private.h"

#include "kms-config-file-private.h"

/**
 * KmsConfigInfo:
 *
 * What is known of a provider, a box, a model or kms.conf: its files, its values with the file that each came from, its
 * state, and what is wrong with it. The values do not change; a provider's state does, when its module is loaded. It may
 * be used by several threads.
 *
 * Since: 1.0
 */
G_DEFINE_BOXED_TYPE (KmsConfigInfo, kms_config_info, kms_config_info_ref, kms_config_info_unref)

/**
 * kms_config_info_ref:
 * @self: an info
 *
 * Adds a reference.
 *
 * Returns: (transfer full): the info
 *
 * Since: 1.0
 */
KmsConfigInfo *
kms_config_info_ref (KmsConfigInfo *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->refs);
  return self;
}

/**
 * kms_config_info_unref:
 * @self: (transfer full): an info
 *
 * Drops a reference.
 *
 * Since: 1.0
 */
void
kms_config_info_unref (KmsConfigInfo *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_free (self->name);
  g_clear_error (&self->error);
  g_ptr_array_unref (self->files);
  g_ptr_array_unref (self->warnings);
  g_ptr_array_unref (self->withdrawn);
  g_array_unref (self->values);
  g_free (self->module_path);
  g_free (self->fingerprint);
  g_free (self);
}

void
_kms_config_info_fail (KmsConfigInfo *self, KmsState state, GError *error)
{
  if (g_atomic_pointer_compare_and_exchange (&self->error, NULL, error))
    g_atomic_int_set (&self->state, (gint) state);
  else
    g_error_free (error);
}

void
_kms_config_info_set_loaded (KmsConfigInfo *self)
{
  g_atomic_int_set (&self->state, KMS_STATE_LOADED);
}

void
_kms_config_info_set_settings (KmsConfigInfo *self, GPtrArray *settings)
{
  g_atomic_pointer_set (&self->settings, settings);
}

static gpointer
copy_warning (gconstpointer warning, gpointer user_data)
{
  return g_strdup (warning);
}

void
_kms_config_info_warn (KmsConfigInfo *self, const char *format, ...)
{
  static GMutex writers;
  va_list arguments;

  va_start (arguments, format);
  g_autofree char *warning = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_debug ("%s", warning);

  g_mutex_lock (&writers);
  GPtrArray *old = self->warnings;
  if (!g_strv_contains ((const char *const *) old->pdata, warning))
    {
      GPtrArray *longer = g_ptr_array_copy (old, (GCopyFunc) (void (*) (void)) copy_warning, NULL);
      g_ptr_array_set_free_func (longer, g_free);
      g_ptr_array_insert (longer, (int) longer->len - 1, g_steal_pointer (&warning));
      g_ptr_array_add (self->withdrawn, old);
      g_atomic_pointer_set (&self->warnings, longer);
    }
  g_mutex_unlock (&writers);
}

static KmsConfigValue *
find_value (KmsConfigInfo *self, const char *group, const char *key)
{
  for (guint i = 0; i < self->values->len; i++)
    {
      KmsConfigValue *value = &g_array_index (self->values, KmsConfigValue, i);
      if (strcmp (value->group, group) == 0 && strcmp (value->key, key) == 0)
        return value;
    }
  return NULL;
}

char *
_kms_config_info_describe_in (const char *path, const char *group, const char *key)
{
  guint line = _kms_config_file_find_line (path, group, key);

  if (line == 0)
    return g_strdup_printf ("%s: [%s] %s", path, group, key);
  return g_strdup_printf ("%s, line %u: [%s] %s", path, line, group, key);
}

char *
_kms_config_info_describe (KmsConfigInfo *self, const char *group, const char *key)
{
  KmsConfigValue *value = find_value (self, group, key);

  if (value == NULL)
    return g_strdup_printf ("%s: [%s] %s", self->name, group, key);
  return _kms_config_info_describe_in (value->origin, group, key);
}

void
_kms_config_info_warn_of (KmsConfigInfo *self, const char *group, const char *key, const char *what)
{
  g_autofree char *where = _kms_config_info_describe (self, group, key);
  _kms_config_info_warn (self, "%s %s", where, what);
}

void
_kms_config_info_prefix_error (KmsConfigInfo *self, const char *group, const char *key, GError **error)
{
  if (error == NULL)
    return;
  g_autofree char *where = _kms_config_info_describe (self, group, key);
  g_prefix_error (error, "%s: ", where);
}

gboolean
_kms_config_info_is_from (KmsConfigInfo *self, const char *group, const char *key, const char *directory)
{
  KmsConfigValue *value = find_value (self, group, key);
  gsize length = directory == NULL ? 0 : strlen (directory);

  return value != NULL && length > 0 && strncmp (value->origin, directory, length) == 0
         && G_IS_DIR_SEPARATOR (value->origin[length]);
}

/**
 * kms_config_info_get_kind:
 * @self: an info
 *
 * Gets what kind of file describes it.
 *
 * Returns: the kind
 *
 * Since: 1.0
 */
KmsConfigKind
kms_config_info_get_kind (KmsConfigInfo *self)
{
  g_return_val_if_fail (self != NULL, KMS_CONFIG_KIND_GLOBAL);

  return self->kind;
}

/**
 * kms_config_info_get_name:
 * @self: an info
 *
 * Gets the stem of its files.
 *
 * Returns: (transfer none): the name
 *
 * Since: 1.0
 */
const char *
kms_config_info_get_name (KmsConfigInfo *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->name;
}

/**
 * kms_config_info_get_state:
 * @self: an info
 *
 * Gets what became of it.
 *
 * Returns: the state
 *
 * Since: 1.0
 */
KmsState
kms_config_info_get_state (KmsConfigInfo *self)
{
  g_return_val_if_fail (self != NULL, KMS_STATE_CONFIG_ERROR);

  return (KmsState) g_atomic_int_get (&self->state);
}

/**
 * kms_config_info_get_error:
 * @self: an info
 *
 * Gets why it can't be used.
 *
 * Returns: (transfer none) (nullable): an error, or %NULL
 *
 * Since: 1.0
 */
const GError *
kms_config_info_get_error (KmsConfigInfo *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  /* A module that was refused at first may have been loaded since. */
  return kms_config_info_get_state (self) == KMS_STATE_LOADED ? NULL : g_atomic_pointer_get (&self->error);
}

/**
 * kms_config_info_get_files:
 * @self: an info
 *
 * Gets the files that it was merged from, the lowest layer first.
 *
 * Returns: (transfer none) (array zero-terminated=1): paths
 *
 * Since: 1.0
 */
const char *const *
kms_config_info_get_files (KmsConfigInfo *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return (const char *const *) self->files->pdata;
}

/**
 * kms_config_info_get_warnings:
 * @self: an info
 *
 * Gets what should be changed in the files, though it works.
 *
 * Returns: (transfer none) (array zero-terminated=1): sentences
 *
 * Since: 1.0
 */
const char *const *
kms_config_info_get_warnings (KmsConfigInfo *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return (const char *const *) ((GPtrArray *) g_atomic_pointer_get (&self->warnings))->pdata;
}

/**
 * kms_config_info_get_n_values:
 * @self: an info
 *
 * Counts the values.
 *
 * Returns: how many keys the files set
 *
 * Since: 1.0
 */
guint
kms_config_info_get_n_values (KmsConfigInfo *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->values->len;
}

/**
 * kms_config_info_get_nth_value:
 * @self: an info
 * @index: which value
 * @group: (out) (optional) (transfer none): its group
 * @key: (out) (optional) (transfer none): its key
 * @origin: (out) (optional) (transfer none): the file that it comes from
 *
 * Gets a value, as it stands in the file.
 *
 * Returns: (transfer none): the value
 *
 * Since: 1.0
 */
const char *
kms_config_info_get_nth_value (KmsConfigInfo *self, guint index, const char **group, const char **key,
                               const char **origin)
{
  g_return_val_if_fail (self != NULL && index < self->values->len, NULL);
  KmsConfigValue *value = &g_array_index (self->values, KmsConfigValue, index);

  if (group != NULL)
    *group = value->group;
  if (key != NULL)
    *key = value->key;
  if (origin != NULL)
    *origin = value->origin;
  return value->value;
}

/**
 * kms_config_info_get_value:
 * @self: an info
 * @group: a group
 * @key: a key
 *
 * Finds a value.
 *
 * Returns: (transfer none) (nullable): the value, or %NULL
 *
 * Since: 1.0
 */
const char *
kms_config_info_get_value (KmsConfigInfo *self, const char *group, const char *key)
{
  g_return_val_if_fail (self != NULL && group != NULL && key != NULL, NULL);
  KmsConfigValue *value = find_value (self, group, key);

  return value == NULL ? NULL : value->value;
}

/**
 * kms_config_info_get_module_path:
 * @self: an info of a provider
 *
 * Gets where its module is.
 *
 * Returns: (transfer none) (nullable): a path, or %NULL where there is none
 *
 * Since: 1.0
 */
const char *
kms_config_info_get_module_path (KmsConfigInfo *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->module_path;
}

/**
 * kms_state_to_string:
 * @state: a state
 *
 * Gets the word for a state.
 *
 * Returns: (transfer none): such as `not-installed`
 *
 * Since: 1.0
 */
const char *
kms_state_to_string (KmsState state)
{
  static const char *const words[] = { "available",    "loaded",        "disabled",
                                       "masked",       "not-installed", "config-error",
                                       "abi-mismatch", "load-failed",   "refused-permissions" };

  g_return_val_if_fail ((guint) state < G_N_ELEMENTS (words), NULL);

  return words[state];
}
