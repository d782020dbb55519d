/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens what rows have, and repairs what opens only with a data key of the past: an application that had it in memory
 * wrote with it after it was replaced. */
#include "kms-rotation-private.h"

#include "kms-error.h"

static gboolean
opens (const KmsLayoutAttribute *place, const KmsRow *row, KmsSecret *data_key, GError **error)
{
  KmsSecret *plaintext = NULL;

  if (!_kms_attribute_open (place->attribute, data_key, &row->cells[place->first], &plaintext, error))
    return FALSE;
  g_clear_pointer (&plaintext, kms_secret_unref);
  return TRUE;
}

/* Values need a key; without any of them the row is as good as new. */
static gboolean
check_keyless (KmsRotation *self, const KmsRow *row, GError **error)
{
  for (guint i = 0; i < self->layout->attributes->len; i++)
    {
      const KmsLayoutAttribute *place = &g_array_index (self->layout->attributes, KmsLayoutAttribute, i);
      if (!_kms_attribute_is_encrypted (place->attribute, &row->cells[place->first]))
        continue;
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT, "%s: there is a value, and \"%s\" is NULL",
                   place->attribute->name, _kms_rotation_get_key (self)->column);
      return FALSE;
    }
  return TRUE;
}

static gboolean
check_row (KmsRotation *self, const KmsRow *row, KmsSecret *data_key, GError **error)
{
  if (!_kms_row_has_key (row, self->layout, self->key))
    return check_keyless (self, row, error);
  for (guint i = 0; i < self->layout->attributes->len; i++)
    if (!opens (&g_array_index (self->layout->attributes, KmsLayoutAttribute, i), row, data_key, error))
      return FALSE;
  return TRUE;
}

/* The row as it would be with that wrapped key. */
static KmsRow *
with_key (KmsRotation *self, const KmsRow *row, const char *wrapped)
{
  g_autofree KmsCell *cells = g_memdup2 (row->cells, row->n_cells * sizeof (KmsCell));

  cells[self->layout->keys[self->key]] =
    (KmsCell){ .type = KMS_CELL_TEXT, .value.bytes = wrapped, .length = strlen (wrapped) };
  return _kms_row_new (cells, row->n_cells);
}

static KmsSecret *
unwrap_old (KmsRotation *self, const KmsRow *row, const char *wrapped, GError **error)
{
  g_autoptr (KmsRow) old = with_key (self, row, wrapped);
  g_autoptr (KmsContext) context = _kms_row_build_stored_context (old, self->layout, self->key, error);
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_DECRYPT);

  if (context == NULL)
    return NULL;
  kms_batch_add_stored (batch, wrapped, -1, context, NULL);
  if (!_kms_rotation_ask (self, batch, error))
    return NULL;
  if (kms_batch_get_error (batch, 0) != NULL)
    g_propagate_error (error, g_error_copy (kms_batch_get_error (batch, 0)));
  KmsSecret *data_key = kms_batch_get_secret (batch, 0);
  return data_key == NULL ? NULL : kms_secret_ref (data_key);
}

/* Some attributes may have the row's key, and others the old one. */
static gboolean
repair_with (KmsRotation *self, const KmsRow *row, KmsSecret *data_key, KmsSecret *old_key, GError **error)
{
  gint64 n_changed = 0;

  if (!_kms_rotation_update_repair (self->update, row, data_key, old_key, &n_changed, error))
    return FALSE;
  if (n_changed == 1)
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_CONFLICT, "somebody else changed the row meanwhile; verify again");
  return FALSE;
}

/* What became of a row with one key of the journal. */
typedef enum {
  REPAIR_DONE,
  REPAIR_NEXT, /* it does not help: the next one may */
  REPAIR_END,  /* with an error: there is nothing more to try */
} RepairState;

/* A key that the journal has, and that is another row's or broken, is as good as none. One that the KMS has taken away is
 * told, unless another one opens the row. Where the KMS does not answer, nobody knows whether it would have helped. */
static RepairState
judge_key (GError *found, GError **reason, GError **error)
{
  if (_kms_rotation_is_of_row (found))
    {
      g_error_free (found);
      return REPAIR_NEXT;
    }
  g_prefix_error (&found, "a key of the journal: ");
  if (!g_error_matches (found, KMS_ERROR, KMS_ERROR_NOT_FOUND)
      && !g_error_matches (found, KMS_ERROR, KMS_ERROR_KEY_DISABLED))
    {
      g_propagate_error (error, found);
      return REPAIR_END;
    }
  g_clear_error (reason);
  *reason = found;
  return REPAIR_NEXT;
}

static RepairState
try_key (KmsRotation *self, const KmsRow *row, KmsSecret *data_key, const char *wrapped, GError **reason,
         GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (KmsSecret) old_key = unwrap_old (self, row, wrapped, &local);

  if (old_key == NULL)
    return judge_key (g_steal_pointer (&local), reason, error);
  if (repair_with (self, row, data_key, old_key, &local))
    return REPAIR_DONE;
  if (g_error_matches (local, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT))
    return REPAIR_NEXT;
  g_propagate_error (error, g_steal_pointer (&local));
  return REPAIR_END;
}

/* `reason` is why the row does not open, and gets what is nearer to the point. FALSE with an error: it may be the row's own. */
static gboolean
repair (KmsRotation *self, const KmsRow *row, KmsSecret *data_key, GError **reason, GError **error)
{
  g_autoptr (GPtrArray) wrapped = _kms_rotation_journal_list (self, row, error);
  RepairState state = wrapped == NULL ? REPAIR_END : REPAIR_NEXT;

  for (guint i = 0; state == REPAIR_NEXT && i < wrapped->len; i++)
    state = try_key (self, row, data_key, g_ptr_array_index (wrapped, i), reason, error);
  if (state != REPAIR_DONE)
    return state == REPAIR_NEXT;
  g_clear_error (reason);
  self->counts.n_repaired++;
  return TRUE;
}

static gboolean
repair_item (KmsRotationChunk *chunk, KmsRotationItem *item, KmsSecret *data_key, GError **reason, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (repair (chunk->rotation, item->row, data_key, reason, &local))
    return TRUE;
  if (!g_error_matches (local, KMS_ERROR, KMS_ERROR_CONFLICT) && !_kms_rotation_settle (item, local, error))
    return FALSE;
  g_clear_error (reason);
  *reason = g_steal_pointer (&local);
  return TRUE;
}

static gboolean
verify_item (KmsRotationChunk *chunk, KmsRotationItem *item, GError **error)
{
  KmsRotation *self = chunk->rotation;
  KmsSecret *data_key = _kms_row_batch_get_data_key (chunk->rows, item->index, self->key);
  g_autoptr (GError) reason = NULL;

  if (!check_row (self, item->row, data_key, &reason) && self->kind == KMS_ROTATION_REPAIR && data_key != NULL
      && !repair_item (chunk, item, data_key, &reason, error))
    return FALSE;
  if (reason == NULL)
    item->state = KMS_ROTATION_DONE;
  else
    _kms_rotation_item_fail (item, g_steal_pointer (&reason));
  return TRUE;
}

gboolean
_kms_rotation_verify_chunk (KmsRotationChunk *chunk, GError **error)
{
  KmsRotation *self = chunk->rotation;

  if (!_kms_rotation_ask (self, _kms_row_batch_collect (chunk->rows, self->key), error))
    return FALSE;
  for (guint i = 0; i < chunk->items->len; i++)
    {
      KmsRotationItem *item = _kms_rotation_get_item (chunk, i);
      const GError *found = _kms_row_batch_get_error (chunk->rows, item->index, self->key);
      if (!_kms_rotation_settle (item, found, error) || (found == NULL && !verify_item (chunk, item, error)))
        return FALSE;
    }
  return TRUE;
}
