/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is asked of the KMS for some rows: one call each, which the providers split and send as they can. */
#include "kms-rotation-private.h"

#include "kms-batch-private.h"
#include "kms-error.h"

void
_kms_rotation_item_fail (KmsRotationItem *item, GError *error)
{
  g_clear_error (&item->error);
  item->error = error;
  item->state = KMS_ROTATION_FAILED;
}

gboolean
_kms_rotation_is_of_row (const GError *error)
{
  static const KmsError of_row[] = { KMS_ERROR_FAILED,           KMS_ERROR_INVALID_ARGUMENT,
                                     KMS_ERROR_NOT_ACTIVE,       KMS_ERROR_INVALID_CIPHERTEXT,
                                     KMS_ERROR_CONTEXT_REQUIRED, KMS_ERROR_TOO_LARGE };

  for (guint i = 0; i < G_N_ELEMENTS (of_row); i++)
    if (g_error_matches (error, KMS_ERROR, (int) of_row[i]))
      return TRUE;
  return FALSE;
}

gboolean
_kms_rotation_settle (KmsRotationItem *item, const GError *found, GError **error)
{
  if (found == NULL)
    return TRUE;
  if (_kms_rotation_is_of_row (found))
    {
      _kms_rotation_item_fail (item, g_error_copy (found));
      return TRUE;
    }
  g_autofree char *id = _kms_row_dup_id (item->row);
  g_propagate_prefixed_error (error, g_error_copy (found), "row %s: ", id);
  return FALSE;
}

/* Runs the batch to which each item that is pending has added one value, in this order. */
static gboolean
run_batch (KmsRotationChunk *chunk, GError **error)
{
  guint place = 0;

  if (!_kms_rotation_ask (chunk->rotation, chunk->batch, error))
    return FALSE;
  for (guint i = 0; i < chunk->items->len; i++)
    {
      KmsRotationItem *item = _kms_rotation_get_item (chunk, i);
      if (item->state != KMS_ROTATION_PENDING)
        continue;
      if (!_kms_rotation_settle (item, kms_batch_get_error (chunk->batch, place), error))
        return FALSE;
      item->wrapped = kms_batch_get_stored (chunk->batch, place++);
    }
  return TRUE;
}

static void
start_batch (KmsRotationChunk *chunk, KmsOperation operation)
{
  g_clear_object (&chunk->batch);
  chunk->batch = kms_batch_new (operation);
}

static gboolean
is_wrapped (const KmsCell *cell)
{
  return cell->type == KMS_CELL_TEXT || cell->type == KMS_CELL_BLOB;
}

static gboolean
add_rewrap (KmsRotationChunk *chunk, const KmsRotationItem *item, GError **error)
{
  KmsRotation *self = chunk->rotation;
  const KmsCell *cell = &item->row->cells[self->layout->keys[self->key]];

  if (!is_wrapped (cell))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT, "column \"%s\" holds a number, not a wrapped key",
                   _kms_rotation_get_key (self)->column);
      return FALSE;
    }
  g_autoptr (KmsContext) context = _kms_row_build_stored_context (item->row, self->layout, self->key, error);
  g_autoptr (KmsContext)
    new_context = context == NULL ? NULL : _kms_row_build_context (item->row, self->layout, self->key, NULL, error);
  if (new_context == NULL)
    return FALSE;
  kms_batch_add_stored (chunk->batch, cell->value.bytes, (gssize) cell->length, context, new_context);
  return TRUE;
}

gboolean
_kms_rotation_rewrap_chunk (KmsRotationChunk *chunk, GError **error)
{
  start_batch (chunk, KMS_OPERATION_REWRAP);
  for (guint i = 0; i < chunk->items->len; i++)
    {
      KmsRotationItem *item = _kms_rotation_get_item (chunk, i);
      GError *local = NULL;
      if (!add_rewrap (chunk, item, &local))
        _kms_rotation_item_fail (item, local);
    }
  return run_batch (chunk, error);
}

/* A row whose old data key is known gets a new one. */
static gboolean
add_new_key (KmsRotationChunk *chunk, KmsRotationItem *item, GError **error)
{
  KmsRotation *self = chunk->rotation;
  g_autoptr (KmsContext) context = _kms_row_build_context (item->row, self->layout, self->key, NULL, error);
  g_autoptr (KmsSecret) data_key = context == NULL ? NULL : kms_secret_new_random (KMS_LOCKBOX_KEY_SIZE, error);

  if (data_key == NULL)
    return FALSE;
  guint place = kms_batch_add_secret (chunk->batch, data_key, context);
  item->data_key = _kms_batch_get_entry (chunk->batch, place)->secret;
  return TRUE;
}

static gboolean
prepare_new_key (KmsRotationChunk *chunk, KmsRotationItem *item, GError **error)
{
  const GError *found = _kms_row_batch_get_error (chunk->rows, item->index, chunk->rotation->key);
  g_autoptr (GError) local = NULL;

  if (!_kms_rotation_settle (item, found, error))
    return FALSE;
  return item->state != KMS_ROTATION_PENDING || add_new_key (chunk, item, &local)
         || _kms_rotation_settle (item, local, error);
}

gboolean
_kms_rotation_rekey_chunk (KmsRotationChunk *chunk, GError **error)
{
  KmsRotation *self = chunk->rotation;

  if (!_kms_rotation_ask (self, _kms_row_batch_collect (chunk->rows, self->key), error))
    return FALSE;
  start_batch (chunk, KMS_OPERATION_ENCRYPT);
  for (guint i = 0; i < chunk->items->len; i++)
    if (!prepare_new_key (chunk, _kms_rotation_get_item (chunk, i), error))
      return FALSE;
  return run_batch (chunk, error);
}
