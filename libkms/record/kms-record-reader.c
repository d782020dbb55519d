/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads a table from its first row to its last, some rows ahead, whose data keys are unwrapped in one call. */
#include "kms-record-reader.h"

#include "kms-error.h"
#include "kms-record-private.h"
#include "kms-row-batch-private.h"
#include "kms-secret.h"

/* What one reading and one call to the service take: more is no faster, and needs more locked memory. */
#define BATCH_SIZE 500

/* One key, if anything that is read needs it. */
typedef struct
{
  KmsBox *box; /* NULL: not needed */
} ReaderKey;

struct _KmsRecordReader
{
  GObject parent_instance;
  KmsModel *model;
  KmsLayout *layout;
  KmsRowBatch *batch;
  ReaderKey *keys;       /* one for each of the model's */
  GPtrArray *attributes; /* of KmsModelAttribute, as they were asked for */
  GArray *places;        /* of guint: where the first cell of each stands */
  guint row;             /* the one at hand, in the batch */
  gboolean has_row, is_at_end;
  char *id;
};

/**
 * KmsRecordReader:
 *
 * Reads attributes of many rows, in the order of their ids: some hundred rows and the data keys for them at a time, so
 * that memory does not depend on how many rows there are. A row that can't be read is told, and does not stop the rest.
 * One thread at a time may use a reader, and the store that it belongs to.
 *
 * ```c
 * while (kms_record_reader_next (reader, NULL, &error))
 *   if (kms_record_reader_get (reader, 0, &value, &error))
 *     …
 * ```
 *
 * Since: 1.0
 */
G_DEFINE_FINAL_TYPE (KmsRecordReader, kms_record_reader, G_TYPE_OBJECT)

static void
kms_record_reader_finalize (GObject *object)
{
  KmsRecordReader *self = KMS_RECORD_READER (object);

  for (guint i = 0; i < self->model->keys->len; i++)
    g_clear_object (&self->keys[i].box);
  g_free (self->keys);
  g_ptr_array_unref (self->attributes);
  g_array_unref (self->places);
  g_free (self->id);
  g_clear_pointer (&self->batch, _kms_row_batch_free);
  _kms_layout_free (self->layout);
  g_object_unref (self->model);
  G_OBJECT_CLASS (kms_record_reader_parent_class)->finalize (object);
}

static void
kms_record_reader_class_init (KmsRecordReaderClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = kms_record_reader_finalize;
}

static void
kms_record_reader_init (KmsRecordReader *self)
{
  self->attributes = g_ptr_array_new ();
  self->places = g_array_new (FALSE, FALSE, sizeof (guint));
}

static gboolean
need_key (KmsRecordReader *self, guint key, GError **error)
{
  if (self->keys[key].box != NULL)
    return TRUE;
  _kms_layout_add_key (self->layout, key);
  self->keys[key].box = _kms_model_dup_box (self->model, g_ptr_array_index (self->model->keys, key), error);
  return self->keys[key].box != NULL;
}

static gboolean
add_attribute (KmsRecordReader *self, KmsModelAttribute *attribute, GError **error)
{
  if (!need_key (self, attribute->key, error))
    return FALSE;
  _kms_layout_add_attribute (self->layout, attribute);
  g_ptr_array_add (self->attributes, attribute);
  g_array_append_val (self->places, _kms_layout_find_attribute (self->layout, attribute)->first);
  return TRUE;
}

static gboolean
add_named (KmsRecordReader *self, const char *name, GError **error)
{
  KmsModelAttribute *attribute = _kms_model_find_attribute (self->model, name);

  if (attribute == NULL || attribute->format == KMS_ATTRIBUTE_LOCKBOX_FILE)
    return _kms_record_refuse_attribute (self->model, attribute, name, error);
  return add_attribute (self, attribute, error);
}

/* All but files. */
static gboolean
add_all (KmsRecordReader *self, GError **error)
{
  for (guint i = 0; i < self->model->attributes->len; i++)
    {
      KmsModelAttribute *attribute = g_ptr_array_index (self->model->attributes, i);
      if (attribute->format != KMS_ATTRIBUTE_LOCKBOX_FILE && !add_attribute (self, attribute, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
add_attributes (KmsRecordReader *self, const char *const *names, GError **error)
{
  if (names == NULL)
    return add_all (self, error);
  for (guint i = 0; names[i] != NULL; i++)
    if (!add_named (self, names[i], error))
      return FALSE;
  return TRUE;
}

/**
 * kms_record_reader_new:
 * @model: what the table is like
 * @store: the database that it is in
 * @attributes: (nullable) (array zero-terminated=1): the names of the attributes that are read; %NULL for all that stand in
 *   the row, which files don't
 * @error: return location for an error
 *
 * Makes a reader, which stands before the first row. The table is looked at, and nothing is read yet. Blocks.
 *
 * Returns: (transfer full): a reader, or %NULL with @error set: %KMS_ERROR_NOT_FOUND if there is no such attribute, table,
 *   column or box, %KMS_ERROR_NOT_SUPPORTED for a file, or an error of the store
 *
 * Since: 1.0
 */
KmsRecordReader *
kms_record_reader_new (KmsModel *model, KmsStore *store, const char *const *attributes, GError **error)
{
  g_return_val_if_fail (KMS_IS_MODEL (model), NULL);
  g_return_val_if_fail (KMS_IS_STORE (store), NULL);
  g_autoptr (KmsRecordReader) self = g_object_new (KMS_TYPE_RECORD_READER, NULL);

  self->model = g_object_ref (model);
  self->layout = _kms_layout_new (model);
  self->keys = g_new0 (ReaderKey, model->keys->len);
  if (!add_attributes (self, attributes, error) || !_kms_layout_check (self->layout, store, error))
    return NULL;
  self->batch = _kms_row_batch_new (store, self->layout, BATCH_SIZE);
  return g_steal_pointer (&self);
}

/**
 * kms_record_reader_set_condition:
 * @self: a reader that has read nothing yet
 * @sql: (nullable): what stands behind WHERE, in the database's own language; %NULL for all rows
 *
 * Reads only some rows. The text goes to the database as it is: never make it of what somebody else says.
 *
 * Since: 1.0
 */
void
kms_record_reader_set_condition (KmsRecordReader *self, const char *sql)
{
  g_return_if_fail (KMS_IS_RECORD_READER (self));
  _kms_row_batch_set_condition (self->batch, sql);
}

static gboolean
read_batch (KmsRecordReader *self, GCancellable *cancellable, GError **error)
{
  if (!_kms_row_batch_read (self->batch, cancellable, error))
    return FALSE;
  for (guint i = 0; i < self->model->keys->len; i++)
    if (self->keys[i].box != NULL && !_kms_row_batch_unwrap (self->batch, i, self->keys[i].box, cancellable, error))
      return FALSE;
  return TRUE;
}

/**
 * kms_record_reader_next:
 * @self: a reader
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Goes to the next row. Blocks where the next rows are to be read, and their keys unwrapped.
 *
 * Returns: %TRUE if there is a row at hand; %FALSE without an error behind the last one, or with @error set
 *
 * Since: 1.0
 */
gboolean
kms_record_reader_next (KmsRecordReader *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (KMS_IS_RECORD_READER (self), FALSE);

  g_clear_pointer (&self->id, g_free);
  self->row = self->has_row ? self->row + 1 : 0;
  self->has_row = !self->is_at_end && self->row < _kms_row_batch_get_n_rows (self->batch);
  if (self->has_row || self->is_at_end)
    return self->has_row;
  if (!read_batch (self, cancellable, error))
    return FALSE;
  self->row = 0;
  self->has_row = _kms_row_batch_get_n_rows (self->batch) > 0;
  self->is_at_end = !self->has_row;
  return self->has_row;
}

static const KmsRow *
get_row (KmsRecordReader *self)
{
  return self->has_row ? _kms_row_batch_get_row (self->batch, self->row) : NULL;
}

/**
 * kms_record_reader_get_id:
 * @self: a reader
 *
 * Gets the id of the row at hand.
 *
 * Returns: (nullable): the id as text, until the next row; %NULL without a row at hand
 *
 * Since: 1.0
 */
const char *
kms_record_reader_get_id (KmsRecordReader *self)
{
  g_return_val_if_fail (KMS_IS_RECORD_READER (self), NULL);
  const KmsRow *row = get_row (self);

  if (self->id == NULL && row != NULL)
    self->id = _kms_row_dup_id (row);
  return self->id;
}

/**
 * kms_record_reader_get_is_id_integer:
 * @self: a reader
 *
 * Tells of which kind the id of the row at hand is.
 *
 * Returns: %TRUE if it is an integer to the database
 *
 * Since: 1.0
 */
gboolean
kms_record_reader_get_is_id_integer (KmsRecordReader *self)
{
  g_return_val_if_fail (KMS_IS_RECORD_READER (self), FALSE);
  const KmsRow *row = get_row (self);

  return row != NULL && row->cells[0].type == KMS_CELL_INTEGER;
}

/**
 * kms_record_reader_get_n_attributes:
 * @self: a reader
 *
 * Tells how many attributes of each row are read.
 *
 * Returns: how many
 *
 * Since: 1.0
 */
guint
kms_record_reader_get_n_attributes (KmsRecordReader *self)
{
  g_return_val_if_fail (KMS_IS_RECORD_READER (self), 0);
  return self->attributes->len;
}

/**
 * kms_record_reader_get_name:
 * @self: a reader
 * @index: which attribute, counted from 0
 *
 * Gets the name of an attribute that is read.
 *
 * Returns: (nullable): the name; %NULL if there are not as many
 *
 * Since: 1.0
 */
const char *
kms_record_reader_get_name (KmsRecordReader *self, guint index)
{
  g_return_val_if_fail (KMS_IS_RECORD_READER (self), NULL);
  return index < self->attributes->len ? ((KmsModelAttribute *) g_ptr_array_index (self->attributes, index))->name
                                       : NULL;
}

/* NULL with an error where the row has no key that opens. */
static KmsSecret *
get_data_key (KmsRecordReader *self, const KmsModelAttribute *attribute, GError **error)
{
  KmsSecret *data_key = _kms_row_batch_get_data_key (self->batch, self->row, attribute->key);
  const GError *own = data_key == NULL ? _kms_row_batch_get_error (self->batch, self->row, attribute->key) : NULL;

  if (own != NULL)
    {
      g_propagate_prefixed_error (error, g_error_copy (own), "%s: ", attribute->name);
      return NULL;
    }
  if (data_key == NULL)
    g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT,
                 "%s: column \"%s\" is NULL: the row has no data key for what is encrypted in it", attribute->name,
                 ((KmsModelKey *) g_ptr_array_index (self->model->keys, attribute->key))->column);
  return data_key;
}

/**
 * kms_record_reader_get:
 * @self: a reader with a row at hand
 * @index: which attribute, counted from 0, as they were asked for
 * @value: (out) (nullable) (transfer full): its value in the row at hand; %NULL is the database's NULL
 * @error: return location for an error
 *
 * Decrypts an attribute of the row at hand. An error is that of this row: the next ones can be read.
 *
 * Returns: %TRUE, or %FALSE with @error set as by [method@Record.get]
 *
 * Since: 1.0
 */
gboolean
kms_record_reader_get (KmsRecordReader *self, guint index, KmsValue **value, GError **error)
{
  g_return_val_if_fail (KMS_IS_RECORD_READER (self) && value != NULL, FALSE);
  *value = NULL;
  g_return_val_if_fail (self->has_row && index < self->attributes->len, FALSE);
  const KmsModelAttribute *attribute = g_ptr_array_index (self->attributes, index);
  const KmsCell *cells = &get_row (self)->cells[g_array_index (self->places, guint, index)];
  KmsSecret *data_key = NULL;

  if (_kms_attribute_is_encrypted (attribute, cells))
    {
      data_key = get_data_key (self, attribute, error);
      if (data_key == NULL)
        return FALSE;
    }
  return _kms_record_open_value (attribute, data_key, cells, value, error);
}
