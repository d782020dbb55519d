/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Models as objects, which do not change once they are read. */
#include "kms-model-private.h"

#include <string.h>

#include "kms-box-private.h"
#include "kms-error.h"

/**
 * KmsModel:
 *
 * What `NAME.model` says of a table: its columns with encrypted keys and attributes. It may be used by several threads.
 *
 * Since: 1.0
 */
G_DEFINE_FINAL_TYPE (KmsModel, kms_model, G_TYPE_OBJECT)

static void
context_clear (gpointer data)
{
  KmsModelContext *self = data;

  g_free (self->version);
  g_clear_pointer (&self->context, _kms_context_template_unref);
}

GArray *
_kms_model_contexts_new (void)
{
  GArray *contexts = g_array_new (FALSE, FALSE, sizeof (KmsModelContext));

  g_array_set_clear_func (contexts, context_clear);
  return contexts;
}

void
_kms_model_key_free (KmsModelKey *self)
{
  g_free (self->name);
  g_free (self->column);
  g_free (self->box_name);
  g_clear_object (&self->box);
  g_clear_pointer (&self->context, _kms_context_template_unref);
  g_clear_pointer (&self->contexts, g_array_unref);
  g_free (self);
}

void
_kms_model_attribute_free (KmsModelAttribute *self)
{
  g_free (self->name);
  g_free (self->column);
  g_free (self->iv_column);
  g_free (self->salt_column);
  g_clear_pointer (&self->associated_data, g_bytes_unref);
  g_free (self);
}

static void
kms_model_finalize (GObject *object)
{
  KmsModel *self = KMS_MODEL (object);

  g_object_unref (self->registry);
  g_free (self->file_name);
  g_free (self->name);
  g_free (self->table);
  g_free (self->id);
  g_free (self->type_column);
  g_free (self->created_at);
  g_free (self->updated_at);
  g_free (self->lock_version);
  g_free (self->database);
  g_ptr_array_unref (self->base_names);
  g_ptr_array_unref (self->keys);
  g_ptr_array_unref (self->attributes);
  G_OBJECT_CLASS (kms_model_parent_class)->finalize (object);
}

static void
kms_model_class_init (KmsModelClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = kms_model_finalize;
}

static void
kms_model_init (KmsModel *self)
{
  self->base_names = g_ptr_array_new_with_free_func (g_free);
  self->keys = g_ptr_array_new_with_free_func ((GDestroyNotify) _kms_model_key_free);
  self->attributes = g_ptr_array_new_with_free_func ((GDestroyNotify) _kms_model_attribute_free);
}

KmsModelKey *
_kms_model_find_key (KmsModel *self, const char *name, guint *place)
{
  for (guint i = 0; i < self->keys->len; i++)
    {
      KmsModelKey *key = g_ptr_array_index (self->keys, i);
      if (strcmp (key->name, name) != 0)
        continue;
      if (place != NULL)
        *place = i;
      return key;
    }
  return NULL;
}

KmsModelAttribute *
_kms_model_find_attribute (KmsModel *self, const char *name)
{
  for (guint i = 0; i < self->attributes->len; i++)
    {
      KmsModelAttribute *attribute = g_ptr_array_index (self->attributes, i);
      if (strcmp (attribute->name, name) == 0)
        return attribute;
    }
  return NULL;
}

KmsBox *
_kms_model_dup_box (KmsModel *self, const KmsModelKey *key, GError **error)
{
  if (key->box != NULL)
    return g_object_ref (key->box);
  g_autoptr (KmsBox) box = kms_registry_dup_box (self->registry, key->box_name, error);
  if (box != NULL)
    return key->upgrade_context ? _kms_box_dup_upgrading (box, error) : g_steal_pointer (&box);
  g_prefix_error (error, "model \"%s\", key \"%s\": ", self->file_name, key->name);
  return NULL;
}

KmsContextTemplate *
_kms_model_key_get_context (const KmsModelKey *self, const char *version)
{
  for (guint i = 0; version != NULL && i < self->contexts->len; i++)
    {
      const KmsModelContext *context = &g_array_index (self->contexts, KmsModelContext, i);
      if (strcmp (context->version, version) == 0)
        return context->context;
    }
  return self->context;
}

/**
 * kms_model_get_name:
 * @self: a model
 *
 * Gets what contexts have as `model_name`, unless the type column of a row says otherwise.
 *
 * Returns: the name
 *
 * Since: 1.0
 */
const char *
kms_model_get_name (KmsModel *self)
{
  g_return_val_if_fail (KMS_IS_MODEL (self), NULL);
  return self->name;
}

/**
 * kms_model_get_table:
 * @self: a model
 *
 * Gets the name of the table.
 *
 * Returns: the name
 *
 * Since: 1.0
 */
const char *
kms_model_get_table (KmsModel *self)
{
  g_return_val_if_fail (KMS_IS_MODEL (self), NULL);
  return self->table;
}

/**
 * kms_model_get_database:
 * @self: a model
 *
 * Gets where the table is, unless somebody says otherwise.
 *
 * Returns: (nullable): a URI such as `sqlite:///var/lib/shop/shop.sqlite3`; %NULL if the file does not say
 *
 * Since: 1.0
 */
const char *
kms_model_get_database (KmsModel *self)
{
  g_return_val_if_fail (KMS_IS_MODEL (self), NULL);
  return self->database;
}

/**
 * kms_model_list_keys:
 * @self: a model
 *
 * Lists the names of the keys, in the order of the file.
 *
 * Returns: (transfer full): the names
 *
 * Since: 1.0
 */
char **
kms_model_list_keys (KmsModel *self)
{
  g_return_val_if_fail (KMS_IS_MODEL (self), NULL);
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  for (guint i = 0; i < self->keys->len; i++)
    g_strv_builder_add (names, ((KmsModelKey *) g_ptr_array_index (self->keys, i))->name);
  return g_strv_builder_end (names);
}

/**
 * kms_model_get_key_column:
 * @self: a model
 * @key: the name of a key
 *
 * Gets the column in which the encrypted data key stands.
 *
 * Returns: (nullable): the name of the column; %NULL if there is no such key
 *
 * Since: 1.0
 */
const char *
kms_model_get_key_column (KmsModel *self, const char *key)
{
  g_return_val_if_fail (KMS_IS_MODEL (self) && key != NULL, NULL);
  KmsModelKey *found = _kms_model_find_key (self, key, NULL);

  return found == NULL ? NULL : found->column;
}

/**
 * kms_model_get_key_box:
 * @self: a model
 * @key: the name of a key
 *
 * Gets the name of the box that wraps a data key.
 *
 * Returns: (nullable): the name of the box; %NULL if there is no such key, or the model has key ids for it and no box
 *
 * Since: 1.0
 */
const char *
kms_model_get_key_box (KmsModel *self, const char *key)
{
  g_return_val_if_fail (KMS_IS_MODEL (self) && key != NULL, NULL);
  KmsModelKey *found = _kms_model_find_key (self, key, NULL);

  return found == NULL ? NULL : found->box_name;
}

/**
 * kms_model_set_key_box:
 * @self: a model that nobody has used yet
 * @key: the name of a key
 * @box: the box that wraps this key from now on, whatever the model's file says
 *
 * Lets a key be wrapped by another box of the same versions, such as one of kmsd.
 *
 * Returns: %FALSE if there is no such key
 *
 * Since: 1.0
 */
gboolean
kms_model_set_key_box (KmsModel *self, const char *key, KmsBox *box)
{
  g_return_val_if_fail (KMS_IS_MODEL (self) && key != NULL, FALSE);
  g_return_val_if_fail (KMS_IS_BOX (box), FALSE);
  KmsModelKey *found = _kms_model_find_key (self, key, NULL);

  if (found == NULL)
    return FALSE;
  g_clear_object (&found->box);
  found->box = found->upgrade_context ? _kms_box_dup_upgrading (box, NULL) : g_object_ref (box);
  return found->box != NULL;
}

/**
 * kms_model_get_key_is_complete:
 * @self: a model
 * @key: the name of a key
 *
 * Gets whether the model's author says that everything that is encrypted under a key is declared.
 *
 * Returns: %TRUE if so; %FALSE also if there is no such key
 *
 * Since: 1.0
 */
gboolean
kms_model_get_key_is_complete (KmsModel *self, const char *key)
{
  g_return_val_if_fail (KMS_IS_MODEL (self) && key != NULL, FALSE);
  KmsModelKey *found = _kms_model_find_key (self, key, NULL);

  return found != NULL && found->complete;
}

/**
 * kms_model_dup_key_box:
 * @self: a model
 * @key: the name of a key
 * @error: return location for an error
 *
 * Gets the box that encrypts the data keys of a key: the one that the file names, or one that is made of the file's own
 * key ids. No module is loaded.
 *
 * Returns: (transfer full): a box, or %NULL with @error set: %KMS_ERROR_NOT_FOUND if there is no such key or box
 *
 * Since: 1.0
 */
KmsBox *
kms_model_dup_key_box (KmsModel *self, const char *key, GError **error)
{
  g_return_val_if_fail (KMS_IS_MODEL (self) && key != NULL, NULL);
  KmsModelKey *found = _kms_model_find_key (self, key, NULL);

  if (found != NULL)
    return _kms_model_dup_box (self, found, error);
  g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND, "model \"%s\": there is no key \"%s\"", self->file_name, key);
  return NULL;
}

/**
 * kms_model_list_attributes:
 * @self: a model
 * @key: (nullable): the name of a key; %NULL for the attributes under all keys
 *
 * Lists the names of encrypted attributes, in the order of the file.
 *
 * Returns: (transfer full): the names; none if there is no such key
 *
 * Since: 1.0
 */
char **
kms_model_list_attributes (KmsModel *self, const char *key)
{
  g_return_val_if_fail (KMS_IS_MODEL (self), NULL);
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  guint place = G_MAXUINT;

  if (key != NULL)
    _kms_model_find_key (self, key, &place);
  for (guint i = 0; i < self->attributes->len; i++)
    {
      KmsModelAttribute *attribute = g_ptr_array_index (self->attributes, i);
      if (key == NULL || attribute->key == place)
        g_strv_builder_add (names, attribute->name);
    }
  return g_strv_builder_end (names);
}

/**
 * kms_model_get_attribute_column:
 * @self: a model
 * @attribute: the name of an attribute
 *
 * Gets the column in which an attribute's ciphertext stands.
 *
 * Returns: (nullable): the name of the column; %NULL if there is no such attribute, or it is a file, which has none
 *
 * Since: 1.0
 */
const char *
kms_model_get_attribute_column (KmsModel *self, const char *attribute)
{
  g_return_val_if_fail (KMS_IS_MODEL (self) && attribute != NULL, NULL);
  KmsModelAttribute *found = _kms_model_find_attribute (self, attribute);

  return found == NULL ? NULL : found->column;
}

/**
 * kms_model_get_attribute_key:
 * @self: a model
 * @attribute: the name of an attribute
 *
 * Gets the key under which an attribute is encrypted.
 *
 * Returns: (nullable): the name of the key; %NULL if there is no such attribute
 *
 * Since: 1.0
 */
const char *
kms_model_get_attribute_key (KmsModel *self, const char *attribute)
{
  g_return_val_if_fail (KMS_IS_MODEL (self) && attribute != NULL, NULL);
  KmsModelAttribute *found = _kms_model_find_attribute (self, attribute);

  return found == NULL ? NULL : ((KmsModelKey *) g_ptr_array_index (self->keys, found->key))->name;
}

/**
 * kms_model_get_attribute_type:
 * @self: a model
 * @attribute: the name of an attribute
 *
 * Gets the type of an attribute.
 *
 * Returns: the type; %KMS_VALUE_TYPE_TEXT also if there is no such attribute
 *
 * Since: 1.0
 */
KmsValueType
kms_model_get_attribute_type (KmsModel *self, const char *attribute)
{
  g_return_val_if_fail (KMS_IS_MODEL (self) && attribute != NULL, KMS_VALUE_TYPE_TEXT);
  KmsModelAttribute *found = _kms_model_find_attribute (self, attribute);

  return found == NULL ? KMS_VALUE_TYPE_TEXT : found->type;
}
