/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The data keys of a record: unwrapped, made and wrapped, and what stands in the way of a new one. */
#include "kms-record-private.h"

#include "kms-error.h"
#include "kms-secret.h"

static const KmsCell *
get_wrapped (const KmsRecord *self, guint key)
{
  return &self->row->cells[self->layout->keys[key]];
}

static gboolean
has_wrapped (const KmsRecord *self, guint key)
{
  return self->row != NULL && _kms_row_has_key (self->row, self->layout, key);
}

/* What is empty is no key that is missing, but one that was destroyed. */
static gboolean
check_wrapped (const KmsRecord *self, guint key, GError **error)
{
  const char *column = _kms_record_get_model_key (self, key)->column;
  const KmsCell *cell = has_wrapped (self, key) ? get_wrapped (self, key) : NULL;
  const char *what = NULL;

  if (cell == NULL)
    what = "is NULL: the row has no data key for what is encrypted in it";
  else if (cell->type != KMS_CELL_TEXT && cell->type != KMS_CELL_BLOB)
    what = "holds a number, not a wrapped key";
  else if (cell->length == 0)
    what = "is empty, which is neither a wrapped key nor NULL";
  if (what == NULL)
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT, "column \"%s\" %s", column, what);
  return FALSE;
}

static KmsSecret *
unwrap (KmsRecord *self, guint key, GCancellable *cancellable, GError **error)
{
  if (!check_wrapped (self, key, error))
    return NULL;
  g_autoptr (KmsBox) box = _kms_model_dup_box (self->model, _kms_record_get_model_key (self, key), error);
  g_autoptr (KmsContext) context = box == NULL ? NULL
                                               : _kms_row_build_stored_context (self->row, self->layout, key, error);
  if (context == NULL)
    return NULL;
  const KmsCell *cell = get_wrapped (self, key);
  return kms_box_decrypt (box, cell->value.bytes, (gssize) cell->length, context, cancellable, error);
}

KmsSecret *
_kms_record_unwrap (KmsRecord *self, guint key, GCancellable *cancellable, GError **error)
{
  KmsRecordKey *record_key = &self->keys[key];

  if (record_key->data_key == NULL)
    record_key->data_key = unwrap (self, key, cancellable, error);
  return record_key->data_key;
}

KmsSecret *
_kms_record_prepare_key (KmsRecord *self, guint key, GCancellable *cancellable, GError **error)
{
  KmsRecordKey *record_key = &self->keys[key];

  if (has_wrapped (self, key) && !record_key->renew)
    return _kms_record_unwrap (self, key, cancellable, error);
  if (record_key->new_key == NULL)
    record_key->new_key = kms_secret_new_random (KMS_LOCKBOX_KEY_SIZE, error);
  return record_key->new_key;
}

gboolean
_kms_record_wraps_first (const KmsRecord *self, guint key, gboolean has_id)
{
  KmsEager eager = _kms_record_get_model_key (self, key)->eager;

  return eager == KMS_EAGER_TRUE || (eager != KMS_EAGER_FALSE && has_id) || has_wrapped (self, key);
}

gboolean
_kms_record_wrap (KmsRecord *self, guint key, const KmsRow *row, GCancellable *cancellable, GError **error)
{
  KmsRecordKey *record_key = &self->keys[key];
  const KmsModelKey *model_key = _kms_record_get_model_key (self, key);
  g_autoptr (KmsBox) box = _kms_model_dup_box (self->model, model_key, error);
  g_autoptr (KmsContext) context = box == NULL ? NULL : _kms_row_build_context (row, self->layout, key, NULL, error);

  g_clear_pointer (&record_key->wrapped, g_free);
  if (context != NULL)
    record_key->wrapped = kms_box_encrypt (box, record_key->new_key, context, cancellable, error);
  if (record_key->wrapped != NULL)
    return TRUE;
  g_prefix_error (error, "%s: ", model_key->name);
  return FALSE;
}

static gboolean
has_files (const KmsRecord *self, guint key)
{
  for (guint i = 0; i < self->model->attributes->len; i++)
    {
      const KmsModelAttribute *attribute = _kms_record_get_model_attribute (self, i);
      if (attribute->key == key && attribute->format == KMS_ATTRIBUTE_LOCKBOX_FILE)
        return TRUE;
    }
  return FALSE;
}

/**
 * kms_record_renew_key:
 * @self: a record
 * @key: the name of one of the model's keys
 * @error: return location for an error
 *
 * Lets [method@Record.save] encrypt the attributes that are set under a data key of its own, and replace the row's key
 * without unwrapping it: for servers that may encrypt and not decrypt. What is encrypted under the old key must be set
 * again, or to %NULL, before the record is saved; else that is refused. The model's author must have said, by
 * `Complete=true`, that no attribute under the key is undeclared.
 *
 * Returns: %TRUE, or %FALSE with @error set: %KMS_ERROR_NOT_FOUND if there is no such key, %KMS_ERROR_NOT_SUPPORTED if the
 *   model does not tell all that is encrypted under it, or it has files
 *
 * Since: 1.0
 */
gboolean
kms_record_renew_key (KmsRecord *self, const char *key, GError **error)
{
  g_return_val_if_fail (KMS_IS_RECORD (self), FALSE);
  g_return_val_if_fail (key != NULL, FALSE);
  guint place;
  const KmsModelKey *model_key = _kms_model_find_key (self->model, key, &place);

  if (model_key == NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND, "the model \"%s\" has no key \"%s\"", self->model->file_name,
                   key);
      return FALSE;
    }
  if (has_wrapped (self, place) && !model_key->complete)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED,
                   "%s: what else is encrypted under this key would be lost; if the model \"%s\" declares everything "
                   "that is, write Complete=true into [Key %s]",
                   key, self->model->file_name, key);
      return FALSE;
    }
  if (has_files (self, place))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED,
                   "%s: files are encrypted under this key, and would be lost with it", key);
      return FALSE;
    }
  self->keys[place].renew = has_wrapped (self, place);
  return TRUE;
}

/* Whether the attribute can't be read any more once the row has another key. */
static gboolean
hangs_on_key (const KmsRecord *self, guint attribute, guint key)
{
  const KmsModelAttribute *model_attribute = _kms_record_get_model_attribute (self, attribute);

  if (model_attribute->key != key || self->attributes[attribute].is_set)
    return FALSE;
  const KmsCell *cells = _kms_record_get_cells (self, attribute);
  return cells == NULL || _kms_attribute_is_encrypted (model_attribute, cells);
}

gboolean
_kms_record_check_renewal (const KmsRecord *self, guint key, GError **error)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; self->row != NULL && i < self->model->attributes->len; i++)
    if (hangs_on_key (self, i, key))
      g_string_append_printf (names, "%s%s", names->len == 0 ? "" : ", ",
                              _kms_record_get_model_attribute (self, i)->name);
  if (names->len == 0)
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
               "%s: these attributes are encrypted under the old key, and would be lost with it: %s; set them, too, or "
               "set them to NULL",
               _kms_record_get_model_key (self, key)->name, names->str);
  return FALSE;
}

/* A wrapped key that stays must open in the row that will be. */
static gboolean
keeps_context (const KmsRecord *self, const KmsRow *next, guint key, gboolean *same, GError **error)
{
  g_autoptr (KmsContext) before = _kms_row_build_stored_context (self->row, self->layout, key, error);
  g_autoptr (KmsContext) after = before == NULL ? NULL : _kms_row_build_stored_context (next, self->layout, key, error);

  *same = after != NULL && kms_context_equal (before, after);
  return after != NULL;
}

gboolean
_kms_record_check_contexts (const KmsRecord *self, const KmsRow *next, GError **error)
{
  for (guint i = 0; self->columns->len > 0 && i < self->model->keys->len; i++)
    {
      gboolean same;
      if (!has_wrapped (self, i) || self->keys[i].renew)
        continue;
      if (!keeps_context (self, next, i, &same, error))
        return FALSE;
      if (same)
        continue;
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                   "%s: the encryption context of this key depends on a column that was set, and it could not be "
                   "unwrapped any more; renew the key, too, and set the attributes under it",
                   _kms_record_get_model_key (self, i)->name);
      return FALSE;
    }
  return TRUE;
}
