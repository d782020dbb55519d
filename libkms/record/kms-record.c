/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records: what is in the row and what was set since. The database is asked elsewhere. */
#include "kms-record-private.h"

#include <string.h>

#include "kms-error.h"
#include "kms-secret.h"

/**
 * KmsRecord:
 *
 * A row of a table, with attributes that are encrypted under data keys of its own. The keys stand in the same row,
 * wrapped by a box. A data key is unwrapped when it is first needed, by one call to the service, and then kept in locked
 * memory until the record is reloaded or freed. What is set is written by [method@Record.save]. One thread at a time may
 * use a record, and the store that it belongs to.
 *
 * Since: 1.0
 */
G_DEFINE_FINAL_TYPE (KmsRecord, kms_record, G_TYPE_OBJECT)

static void
column_clear (gpointer data)
{
  KmsRecordColumn *self = data;

  g_free (self->name);
  g_free (self->text);
}

static void
forget_key (KmsRecordKey *key)
{
  g_clear_pointer (&key->data_key, kms_secret_unref);
  g_clear_pointer (&key->new_key, kms_secret_unref);
  g_clear_pointer (&key->wrapped, g_free);
  key->renew = FALSE;
}

void
_kms_record_forget_keys (KmsRecord *self)
{
  for (guint i = 0; i < self->model->keys->len; i++)
    forget_key (&self->keys[i]);
}

void
_kms_record_forget_changes (KmsRecord *self)
{
  for (guint i = 0; i < self->model->attributes->len; i++)
    {
      self->attributes[i].is_set = FALSE;
      g_clear_pointer (&self->attributes[i].value, kms_value_unref);
    }
  g_array_set_size (self->columns, 0);
}

static void
kms_record_finalize (GObject *object)
{
  KmsRecord *self = KMS_RECORD (object);

  _kms_record_forget_changes (self);
  _kms_record_forget_keys (self);
  g_free (self->keys);
  g_free (self->attributes);
  g_array_unref (self->columns);
  g_free (self->id);
  g_clear_pointer (&self->row, _kms_row_free);
  _kms_layout_free (self->layout);
  g_object_unref (self->store);
  g_object_unref (self->model);
  G_OBJECT_CLASS (kms_record_parent_class)->finalize (object);
}

static void
kms_record_class_init (KmsRecordClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = kms_record_finalize;
}

static void
kms_record_init (KmsRecord *self)
{
  self->columns = g_array_new (FALSE, FALSE, sizeof (KmsRecordColumn));
  g_array_set_clear_func (self->columns, column_clear);
}

static KmsLayout *
make_layout (KmsModel *model)
{
  KmsLayout *layout = _kms_layout_new (model);

  for (guint i = 0; i < model->keys->len; i++)
    _kms_layout_add_key (layout, i);
  for (guint i = 0; i < model->attributes->len; i++)
    _kms_layout_add_attribute (layout, g_ptr_array_index (model->attributes, i));
  return layout;
}

/**
 * kms_record_new:
 * @model: what the table is like
 * @store: the database that it is in
 *
 * Makes a record of a row that is not there yet. [method@Record.save] inserts it.
 *
 * Returns: (transfer full): a record
 *
 * Since: 1.0
 */
KmsRecord *
kms_record_new (KmsModel *model, KmsStore *store)
{
  g_return_val_if_fail (KMS_IS_MODEL (model), NULL);
  g_return_val_if_fail (KMS_IS_STORE (store), NULL);
  KmsRecord *self = g_object_new (KMS_TYPE_RECORD, NULL);

  self->model = g_object_ref (model);
  self->store = g_object_ref (store);
  self->layout = make_layout (model);
  self->keys = g_new0 (KmsRecordKey, model->keys->len);
  self->attributes = g_new0 (KmsRecordAttribute, model->attributes->len);
  return self;
}

/**
 * kms_record_get_model:
 * @self: a record
 *
 * Gets what the record was made with.
 *
 * Returns: (transfer none): the model
 *
 * Since: 1.0
 */
KmsModel *
kms_record_get_model (KmsRecord *self)
{
  g_return_val_if_fail (KMS_IS_RECORD (self), NULL);
  return self->model;
}

/**
 * kms_record_get_store:
 * @self: a record
 *
 * Gets what the record was made with.
 *
 * Returns: (transfer none): the store
 *
 * Since: 1.0
 */
KmsStore *
kms_record_get_store (KmsRecord *self)
{
  g_return_val_if_fail (KMS_IS_RECORD (self), NULL);
  return self->store;
}

/**
 * kms_record_get_id:
 * @self: a record
 *
 * Gets the id of the row.
 *
 * Returns: (nullable): the id as text; %NULL before the row was saved for the first time
 *
 * Since: 1.0
 */
const char *
kms_record_get_id (KmsRecord *self)
{
  g_return_val_if_fail (KMS_IS_RECORD (self), NULL);
  return self->id;
}

/**
 * kms_record_get_is_id_integer:
 * @self: a record
 *
 * Tells of which kind the id of the row is.
 *
 * Returns: %TRUE if it is an integer to the database; %FALSE also before the row was saved for the first time
 *
 * Since: 1.0
 */
gboolean
kms_record_get_is_id_integer (KmsRecord *self)
{
  g_return_val_if_fail (KMS_IS_RECORD (self), FALSE);
  return self->row != NULL && self->row->cells[0].type == KMS_CELL_INTEGER;
}

const KmsCell *
_kms_record_get_cells (const KmsRecord *self, guint attribute)
{
  const KmsLayoutAttribute *place =
    _kms_layout_find_attribute (self->layout, _kms_record_get_model_attribute (self, attribute));

  return self->row == NULL || place == NULL ? NULL : &self->row->cells[place->first];
}

static gboolean
is_same_key (const KmsRow *row, const KmsRow *other, guint place)
{
  const KmsCell *a = &row->cells[place], *b = &other->cells[place];

  return a->type == b->type && a->type != KMS_CELL_INTEGER && a->type != KMS_CELL_FLOAT
         && (a->type == KMS_CELL_NULL
             || (a->length == b->length && memcmp (a->value.bytes, b->value.bytes, a->length) == 0));
}

void
_kms_record_take_row (KmsRecord *self, KmsRow *row)
{
  for (guint i = 0; i < self->model->keys->len; i++)
    if (self->row == NULL || !is_same_key (self->row, row, self->layout->keys[i]))
      g_clear_pointer (&self->keys[i].data_key, kms_secret_unref);
  g_clear_pointer (&self->row, _kms_row_free);
  g_free (self->id);
  self->row = row;
  self->id = _kms_row_dup_id (row);
}

gboolean
_kms_record_refuse_attribute (KmsModel *model, const KmsModelAttribute *attribute, const char *name, GError **error)
{
  if (attribute == NULL)
    g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND, "the model \"%s\" has no attribute \"%s\"", model->file_name,
                 name);
  else
    g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED,
                 "%s: this is a file, which does not stand in the row; take it from where the application keeps it",
                 name);
  return FALSE;
}

static gboolean
find_attribute (KmsRecord *self, const char *name, guint *place, GError **error)
{
  const KmsModelAttribute *attribute = _kms_model_find_attribute (self->model, name);

  if (attribute == NULL || attribute->format == KMS_ATTRIBUTE_LOCKBOX_FILE)
    return _kms_record_refuse_attribute (self->model, attribute, name, error);
  return g_ptr_array_find (self->model->attributes, attribute, place);
}

/* What is empty is no date or number; to Rails it is NULL. */
static gboolean
make_value (const KmsModelAttribute *attribute, KmsSecret *plaintext, KmsValue **value, GError **error)
{
  g_autoptr (GError) local = NULL;

  *value = plaintext == NULL ? NULL : kms_value_new_from_plaintext (attribute->type, plaintext, &local);
  if (local == NULL || kms_secret_get_length (plaintext) == 0)
    return TRUE;
  g_propagate_prefixed_error (error, g_steal_pointer (&local), "%s: ", attribute->name);
  return FALSE;
}

gboolean
_kms_record_open_value (const KmsModelAttribute *attribute, KmsSecret *data_key, const KmsCell *cells, KmsValue **value,
                        GError **error)
{
  KmsSecret *plaintext;

  if (!_kms_attribute_open (attribute, data_key, cells, &plaintext, error))
    return FALSE;
  gboolean made = make_value (attribute, plaintext, value, error);
  g_clear_pointer (&plaintext, kms_secret_unref);
  return made;
}

static gboolean
open_cells (KmsRecord *self, guint place, const KmsCell *cells, KmsValue **value, GCancellable *cancellable,
            GError **error)
{
  const KmsModelAttribute *attribute = _kms_record_get_model_attribute (self, place);
  KmsSecret *data_key = NULL;

  if (_kms_attribute_is_encrypted (attribute, cells))
    {
      data_key = _kms_record_unwrap (self, attribute->key, cancellable, error);
      if (data_key == NULL)
        {
          g_prefix_error (error, "%s: ", attribute->name);
          return FALSE;
        }
    }
  return _kms_record_open_value (attribute, data_key, cells, value, error);
}

/**
 * kms_record_get:
 * @self: a record
 * @attribute: the name of an attribute
 * @value: (out) (nullable) (transfer full): its value; %NULL is the database's NULL
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Gets what was set, or else decrypts what is in the row. The first attribute under each key makes one call to the
 * service; blocks meanwhile.
 *
 * Returns: %TRUE, or %FALSE with @error set: %KMS_ERROR_NOT_FOUND if there is no such attribute,
 *   %KMS_ERROR_NOT_SUPPORTED if it is a file, %KMS_ERROR_INVALID_CIPHERTEXT if the key or the attribute does not open,
 *   %KMS_ERROR_INTEGRITY if the value is not of the attribute's type; or an error of the service
 *
 * Since: 1.0
 */
gboolean
kms_record_get (KmsRecord *self, const char *attribute, KmsValue **value, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (KMS_IS_RECORD (self), FALSE);
  g_return_val_if_fail (attribute != NULL && value != NULL, FALSE);
  guint place;

  *value = NULL;
  if (!find_attribute (self, attribute, &place, error))
    return FALSE;
  const KmsCell *cells = _kms_record_get_cells (self, place);
  if (!self->attributes[place].is_set)
    return cells == NULL || open_cells (self, place, cells, value, cancellable, error);
  if (self->attributes[place].value != NULL)
    *value = kms_value_ref (self->attributes[place].value);
  return TRUE;
}

static gboolean
is_text (KmsValueType type)
{
  return type == KMS_VALUE_TYPE_TEXT || type == KMS_VALUE_TYPE_STRING;
}

/**
 * kms_record_set:
 * @self: a record
 * @attribute: the name of an attribute
 * @value: (nullable): its value from now on, of the attribute's type; %NULL is the database's NULL
 * @error: return location for an error
 *
 * Sets an attribute. Nothing is encrypted or written before [method@Record.save].
 *
 * Returns: %TRUE, or %FALSE with @error set: %KMS_ERROR_NOT_FOUND if there is no such attribute,
 *   %KMS_ERROR_NOT_SUPPORTED if it is a file, %KMS_ERROR_INVALID_ARGUMENT if the value is of another type
 *
 * Since: 1.0
 */
gboolean
kms_record_set (KmsRecord *self, const char *attribute, KmsValue *value, GError **error)
{
  g_return_val_if_fail (KMS_IS_RECORD (self), FALSE);
  g_return_val_if_fail (attribute != NULL, FALSE);
  guint place;

  if (!find_attribute (self, attribute, &place, error))
    return FALSE;
  KmsValueType type = _kms_record_get_model_attribute (self, place)->type;
  KmsValueType given = value == NULL ? type : kms_value_get_value_type (value);
  if (given != type && !(is_text (given) && is_text (type)))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT, "%s: this attribute takes values of type %s, not %s",
                   attribute, kms_value_type_to_string (type), kms_value_type_to_string (given));
      return FALSE;
    }
  KmsRecordAttribute *set = &self->attributes[place];
  g_clear_pointer (&set->value, kms_value_unref);
  set->value = value == NULL ? NULL : kms_value_ref (value);
  set->is_set = TRUE;
  return TRUE;
}
