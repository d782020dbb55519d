/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Models as their files describe them, with those that they extend. */
#include "kms-model-reader-private.h"

#include <stdarg.h>
#include <string.h>

#include "kms-config-file-private.h"
#include "kms-config-value-private.h"
#include "kms-error.h"
#include "kms-registry-object-private.h"

/* A model that extends itself is found by that. */
#define MAX_ANCESTORS 16

const char *
_kms_model_reader_get (KmsModelReader *self, const char *group, const char *key)
{
  return kms_config_info_get_value (self->info, group, key);
}

gboolean
_kms_model_reader_refuse (KmsModelReader *self, const char *group, const char *key, GError **error, const char *format,
                          ...)
{
  const char *const *files = kms_config_info_get_files (self->info);
  va_list arguments;

  va_start (arguments, format);
  g_autofree char *what = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  if (key != NULL)
    {
      g_set_error_literal (error, KMS_ERROR, KMS_ERROR_CONFIG, what);
      _kms_config_info_prefix_error (self->info, group, key, error);
    }
  else
    g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, "%s: [%s]: %s", files[0] == NULL ? self->info->name : files[0],
                 group, what);
  return FALSE;
}

gboolean
_kms_model_reader_get_boolean (KmsModelReader *self, const char *group, const char *key, gboolean *value,
                               GError **error)
{
  const char *text = _kms_model_reader_get (self, group, key);

  if (text == NULL || _kms_value_parse_boolean (text, value, error))
    return TRUE;
  _kms_config_info_prefix_error (self->info, group, key, error);
  return FALSE;
}

gboolean
_kms_model_reader_get_choice (KmsModelReader *self, const char *group, const char *key, const char *choices, int *value,
                              GError **error)
{
  const char *text = _kms_model_reader_get (self, group, key);
  int choice = text == NULL ? *value : _kms_value_parse_choice (text, choices, error);

  if (text != NULL && choice < 0)
    {
      _kms_config_info_prefix_error (self->info, group, key, error);
      return FALSE;
    }
  *value = choice;
  return TRUE;
}

/* What each kind of group may say. */
static const struct
{
  const char *prefix;
  const char *keys;
} groups[] = {
  { "Model", "Name|Table|Id|TypeColumn|CreatedAt|UpdatedAt|LockVersion|Database|Extends" },
  { "Key ", "Box|KeyId|Provider|Version|Column|Eager|UpgradeContext|Context|Complete" },
  { "Attribute ",
    "Key|Format|Type|Column|IvColumn|SaltColumn|Encode|EncodeIv|EncodeSalt|Padding|AssociatedData|Algorithm" },
};

static gboolean
is_known (const char *group, const char *key)
{
  if (g_str_has_prefix (group, "X-") || g_str_has_prefix (key, "X-"))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (groups); i++)
    if (i == 0 ? strcmp (group, groups[i].prefix) == 0 : g_str_has_prefix (group, groups[i].prefix))
      return _kms_value_parse_choice (key, groups[i].keys, NULL) >= 0;
  return FALSE;
}

static gboolean
check_known (KmsModelReader *self, const char *group, const char *key, GError **error)
{
  if (is_known (group, key))
    return TRUE;
  /* A key that is spelt wrong would leave its default, with which values are encrypted that nobody else can read. */
  return _kms_model_reader_refuse (self, group, key, error, "there is no such key here");
}

static void
set_text (char **field, const char *text)
{
  if (text == NULL)
    return;
  g_free (*field);
  *field = g_strdup (text);
}

static void
read_model (KmsModelReader *self)
{
  KmsModel *model = self->model;
  const char *name = _kms_model_reader_get (self, "Model", "Name");

  set_text (&model->name, name == NULL ? self->info->name : name);
  set_text (&model->table, _kms_model_reader_get (self, "Model", "Table"));
  set_text (&model->id, _kms_model_reader_get (self, "Model", "Id"));
  set_text (&model->type_column, _kms_model_reader_get (self, "Model", "TypeColumn"));
  set_text (&model->created_at, _kms_model_reader_get (self, "Model", "CreatedAt"));
  set_text (&model->updated_at, _kms_model_reader_get (self, "Model", "UpdatedAt"));
  set_text (&model->lock_version, _kms_model_reader_get (self, "Model", "LockVersion"));
  set_text (&model->database, _kms_model_reader_get (self, "Model", "Database"));
}

static gboolean
add_key (KmsModelReader *self, const char *group, GError **error)
{
  KmsModelKey *key = _kms_model_reader_read_key (self, group, error);
  guint place;

  if (key == NULL)
    return FALSE;
  KmsModelKey *inherited = _kms_model_find_key (self->model, key->name, &place);
  if (inherited == NULL)
    {
      g_ptr_array_add (self->model->keys, key);
      return TRUE;
    }
  _kms_model_key_free (inherited);
  g_ptr_array_index (self->model->keys, place) = key;
  return TRUE;
}

static gboolean
add_attribute (KmsModelReader *self, const char *group, GError **error)
{
  KmsModelAttribute *attribute = _kms_model_reader_read_attribute (self, group, error);

  if (attribute == NULL)
    return FALSE;
  g_ptr_array_remove (self->model->attributes, _kms_model_find_attribute (self->model, attribute->name));
  g_ptr_array_add (self->model->attributes, attribute);
  return TRUE;
}

typedef gboolean (*GroupFunc) (KmsModelReader *self, const char *group, GError **error);

/* In the order of the file; the versions of keys are their keys'. */
static gboolean
read_groups (KmsModelReader *self, const char *prefix, GroupFunc func, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < kms_config_info_get_n_values (self->info); i++)
    {
      const char *group, *key;
      kms_config_info_get_nth_value (self->info, i, &group, &key, NULL);
      if (!check_known (self, group, key, error))
        return FALSE;
      if (g_str_has_prefix (group, prefix) && strchr (group, '/') == NULL && g_hash_table_add (seen, (gpointer) group)
          && !func (self, group, error))
        return FALSE;
    }
  return TRUE;
}

/* "[Key kms_key/1]" without "[Key kms_key]" would be overlooked. */
static gboolean
check_versions (KmsModelReader *self, GError **error)
{
  for (guint i = 0; i < kms_config_info_get_n_values (self->info); i++)
    {
      const char *group;
      kms_config_info_get_nth_value (self->info, i, &group, NULL, NULL);
      const char *slash = strchr (group, '/');
      if (slash == NULL || !g_str_has_prefix (group, "Key "))
        continue;
      g_autofree char *key_group = g_strndup (group, (gsize) (slash - group));
      if (_kms_model_find_key (self->model, key_group + strlen ("Key "), NULL) == NULL)
        return _kms_model_reader_refuse (self, group, NULL, error, "there is no group [%s]", key_group);
    }
  return TRUE;
}

static gboolean
read_file (KmsModelReader *self, GError **error)
{
  read_model (self);
  return read_groups (self, "Key ", add_key, error) && check_versions (self, error)
         && read_groups (self, "Attribute ", add_attribute, error);
}

static gboolean
add_column (KmsModelReader *self, GHashTable *columns, const char *column, GError **error)
{
  if (column == NULL || g_hash_table_add (columns, (gpointer) column))
    return TRUE;
  return _kms_model_reader_refuse (self, "Model", NULL, error, "two keys or attributes are in the column \"%s\"",
                                   column);
}

static gboolean
check_columns (KmsModelReader *self, GError **error)
{
  g_autoptr (GHashTable) columns = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < self->model->keys->len; i++)
    {
      KmsModelKey *key = g_ptr_array_index (self->model->keys, i);
      if (!add_column (self, columns, key->column, error))
        return FALSE;
    }
  for (guint i = 0; i < self->model->attributes->len; i++)
    {
      KmsModelAttribute *attribute = g_ptr_array_index (self->model->attributes, i);
      if (!add_column (self, columns, attribute->column, error)
          || !add_column (self, columns, attribute->iv_column, error)
          || !add_column (self, columns, attribute->salt_column, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
check_whole (KmsModelReader *self, GError **error)
{
  if (self->model->table == NULL)
    return _kms_model_reader_refuse (self, "Model", NULL, error, "Table= is missing; it names the table");
  if (self->model->keys->len == 0)
    return _kms_model_reader_refuse (self, "Model", NULL, error, "there is no group [Key …]: nothing is encrypted");
  return check_columns (self, error);
}

static gboolean
check_ancestors (KmsModelReader *self, guint depth, GError **error)
{
  if (depth <= MAX_ANCESTORS)
    return TRUE;
  return _kms_model_reader_refuse (self, "Model", "Extends", error,
                                   "more than %d models extend each other: does one extend itself?", MAX_ANCESTORS);
}

/* Whom a model extends is read before it, so that its own groups replace those of the same name. */
static gboolean
read_with_ancestors (KmsModelReader *self, guint depth, GError **error)
{
  const char *parent = _kms_model_reader_get (self, "Model", "Extends");

  if (self->info->error != NULL)
    {
      g_propagate_error (error, g_error_copy (self->info->error));
      return FALSE;
    }
  if (!check_ancestors (self, depth, error))
    return FALSE;
  if (parent != NULL)
    {
      g_autoptr (KmsConfigInfo)
        info = kms_registry_lookup (self->model->registry, KMS_CONFIG_KIND_MODEL, parent, error);
      if (info == NULL)
        {
          _kms_config_info_prefix_error (self->info, "Model", "Extends", error);
          return FALSE;
        }
      KmsModelReader of_parent = { self->model, info };
      if (!read_with_ancestors (&of_parent, depth + 1, error))
        return FALSE;
      self->model->is_extension = TRUE;
      if (self->model->table != NULL)
        g_ptr_array_add (self->model->base_names, g_strdup (self->model->name));
    }
  return read_file (self, error);
}

static KmsModel *
make_model (KmsRegistry *registry, KmsConfigInfo *info, GError **error)
{
  g_autoptr (KmsModel) model = g_object_new (KMS_TYPE_MODEL, NULL);
  KmsModelReader reader = { model, info };

  model->registry = g_object_ref (registry);
  model->file_name = g_strdup (kms_config_info_get_name (info));
  model->id = g_strdup ("id");
  if (!read_with_ancestors (&reader, 1, error) || !check_whole (&reader, error))
    return NULL;
  return g_steal_pointer (&model);
}

/**
 * kms_registry_dup_model:
 * @registry: a registry
 * @name: the stem of the model's file
 * @error: return location for an error
 *
 * Gets a model. No module is loaded for that, and no database is opened.
 *
 * Returns: (transfer full): a model, or %NULL with @error set: %KMS_ERROR_NOT_FOUND if there is no such file,
 *   %KMS_ERROR_CONFIG if there is something wrong with it
 *
 * Since: 1.0
 */
KmsModel *
kms_registry_dup_model (KmsRegistry *registry, const char *name, GError **error)
{
  g_return_val_if_fail (KMS_IS_REGISTRY (registry), NULL);
  g_return_val_if_fail (name != NULL, NULL);
  g_autoptr (KmsSnapshot) snapshot = _kms_registry_get_snapshot (registry);
  KmsConfigInfo *info = _kms_registry_find_info (registry, snapshot, KMS_CONFIG_KIND_MODEL, name, error);

  return info == NULL ? NULL : make_model (registry, info, error);
}

static void
copy_group (KmsConfigInfo *info, GKeyFile *file, const char *group)
{
  g_auto (GStrv) keys = g_key_file_get_keys (file, group, NULL, NULL);

  for (guint i = 0; keys != NULL && keys[i] != NULL; i++)
    {
      KmsConfigValue value = { g_strdup (group), g_strdup (keys[i]), g_key_file_get_value (file, group, keys[i], NULL),
                               info->name };
      g_array_append_val (info->values, value);
    }
}

/**
 * kms_model_new_from_data:
 * @registry: where boxes, and models that this one extends, are looked up
 * @name: its name, for messages, and for contexts if the data does not say
 * @data: what would stand in a file
 * @length: its length in bytes; -1 if it is NUL-terminated
 * @error: return location for an error
 *
 * Makes a model without a file.
 *
 * Returns: (transfer full): a model, or %NULL with %KMS_ERROR_CONFIG
 *
 * Since: 1.0
 */
KmsModel *
kms_model_new_from_data (KmsRegistry *registry, const char *name, const char *data, gssize length, GError **error)
{
  g_return_val_if_fail (KMS_IS_REGISTRY (registry), NULL);
  g_return_val_if_fail (name != NULL && data != NULL, NULL);
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (KmsConfigInfo) info = _kms_config_info_new (KMS_CONFIG_KIND_MODEL, name);

  if (!g_key_file_load_from_data (file, data, length < 0 ? strlen (data) : (gsize) length, G_KEY_FILE_NONE, NULL))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG,
                   "%s: this is no configuration file, which has lines NAME=VALUE below names of groups in brackets",
                   name);
      return NULL;
    }
  g_auto (GStrv) names = g_key_file_get_groups (file, NULL);
  for (guint i = 0; names[i] != NULL; i++)
    copy_group (info, file, names[i]);
  return make_model (registry, info, error);
}
