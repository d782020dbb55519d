/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes what the KMS answered. A chunk is one transaction; where the database refuses it for one row's sake, each row is
 * one of its own, and that row alone is left. */
#include "kms-rotation-private.h"

#include "kms-error.h"

/* Deadlocks, databases that are busy, connections that come back. */
#define MAX_ATTEMPTS 6
#define FIRST_PAUSE (100 * G_TIME_SPAN_MILLISECOND) /* and twice as long each time */

static gboolean
add_item (KmsRotationChunk *chunk, KmsRotationItem *item, GError **error)
{
  KmsSecret *old_key = _kms_row_batch_get_data_key (chunk->rows, item->index, chunk->rotation->key);
  g_autoptr (GError) local = NULL;

  if (_kms_rotation_update_add (chunk->rotation->update, item->row, item->wrapped, old_key, item->data_key, &local))
    return TRUE;
  /* An attribute that does not open is nothing to the transaction. */
  if (g_error_matches (local, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT))
    {
      _kms_rotation_item_fail (item, g_steal_pointer (&local));
      return TRUE;
    }
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static gboolean
end_item (KmsRotationChunk *chunk, KmsRotationItem *item, gint64 n_changed, GError **error)
{
  item->state = n_changed == 1 ? KMS_ROTATION_DONE : KMS_ROTATION_CHANGED;
  if (n_changed <= 1)
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED,
               "column \"%s\" is no key of the table \"%s\": %" G_GINT64_FORMAT
               " rows have one id; name the primary key as Id= in the model's file",
               chunk->rotation->model->id, chunk->rotation->model->table, n_changed);
  return FALSE;
}

/* Those that failed are not among what was added. */
static gboolean
end_items (KmsRotationChunk *chunk, GError **error)
{
  for (guint i = 0, place = 0; i < chunk->items->len; i++)
    {
      KmsRotationItem *item = _kms_rotation_get_item (chunk, i);
      if (item->state == KMS_ROTATION_PENDING
          && !end_item (chunk, item, _kms_rotation_update_get_n_changed (chunk->rotation->update, place++), error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
write_items (KmsRotationChunk *chunk, GError **error)
{
  if (chunk->rotation->kind == KMS_ROTATION_REKEY && !_kms_rotation_journal_add (chunk, error))
    return FALSE;
  _kms_rotation_update_clear (chunk->rotation->update);
  for (guint i = 0; i < chunk->items->len; i++)
    {
      KmsRotationItem *item = _kms_rotation_get_item (chunk, i);
      if (item->state == KMS_ROTATION_PENDING && !add_item (chunk, item, error))
        return FALSE;
    }
  return _kms_rotation_update_run (chunk->rotation->update, error) && end_items (chunk, error);
}

/* What was rolled back is to be done again. */
static void
reset (KmsRotationChunk *chunk)
{
  for (guint i = 0; i < chunk->items->len; i++)
    {
      KmsRotationItem *item = _kms_rotation_get_item (chunk, i);
      if (item->state == KMS_ROTATION_DONE || item->state == KMS_ROTATION_CHANGED)
        item->state = KMS_ROTATION_PENDING;
    }
}

/* A shared rotation has begun its transaction when it read, and locked, the rows. */
static gboolean
write_once (KmsRotationChunk *chunk, GError **error)
{
  KmsStore *store = chunk->rotation->store;

  if (!kms_store_get_in_transaction (store) && !kms_store_begin (store, NULL, error))
    return FALSE;
  if (write_items (chunk, error) && kms_store_commit (store, NULL, error))
    return TRUE;
  kms_store_rollback (store, NULL);
  reset (chunk);
  return FALSE;
}

/* Again and again as long as the database says that this may help. */
static gboolean
write_patiently (KmsRotationChunk *chunk, GCancellable *cancellable, GError **error)
{
  gint64 pause = FIRST_PAUSE;

  for (guint attempt = 1;; attempt++, pause *= 2)
    {
      g_autoptr (GError) local = NULL;
      if (write_once (chunk, &local))
        return TRUE;
      if (attempt < MAX_ATTEMPTS && g_error_matches (local, KMS_ERROR, KMS_ERROR_UNAVAILABLE)
          && _kms_rotation_sleep (pause, cancellable))
        continue;
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
}

static gboolean
write_alone (KmsRotationChunk *chunk, guint index, GCancellable *cancellable, GError **error)
{
  KmsRotationItem *item = _kms_rotation_get_item (chunk, index);
  KmsRotationChunk alone = { chunk->rotation, chunk->rows, chunk->batch, NULL };
  g_autoptr (GArray) items = g_array_new (FALSE, FALSE, sizeof (KmsRotationItem));
  g_autoptr (GError) local = NULL;

  alone.items = g_array_append_vals (items, item, 1);
  gboolean done = write_patiently (&alone, cancellable, &local);
  *item = *_kms_rotation_get_item (&alone, 0);
  if (done)
    return TRUE;
  if (_kms_rotation_is_of_row (local))
    {
      _kms_rotation_item_fail (item, g_steal_pointer (&local));
      return TRUE;
    }
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static gboolean
write_one_by_one (KmsRotationChunk *chunk, GCancellable *cancellable, GError **error)
{
  for (guint i = 0; i < chunk->items->len; i++)
    if (_kms_rotation_get_item (chunk, i)->state == KMS_ROTATION_PENDING && !write_alone (chunk, i, cancellable, error))
      return FALSE;
  return TRUE;
}

gboolean
_kms_rotation_write_chunk (KmsRotationChunk *chunk, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (write_patiently (chunk, cancellable, &local))
    return TRUE;
  if (_kms_rotation_is_of_row (local))
    return write_one_by_one (chunk, cancellable, error);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}
