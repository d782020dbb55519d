/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way of a rotation: read some rows, ask the KMS, write them; what somebody changed meanwhile is read again. */
#include "kms-rotation-private.h"

#include "kms-error.h"

/* How often a row is read again that somebody else changes all the time. */
#define MAX_TURNS 10

static void
item_clear (gpointer data)
{
  g_clear_error (&((KmsRotationItem *) data)->error);
}

static void
chunk_clear (KmsRotationChunk *chunk)
{
  g_clear_object (&chunk->batch);
  g_clear_pointer (&chunk->items, g_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (KmsRotationChunk, chunk_clear)

static gboolean
is_wanted (const KmsRow *row, gpointer rotation)
{
  return _kms_rotation_wants_row (rotation, row);
}

static void
chunk_fill (KmsRotationChunk *chunk)
{
  KmsRotation *self = chunk->rotation;

  self->counts.n_skipped += _kms_row_batch_filter (chunk->rows, is_wanted, self);
  chunk->items = g_array_new (FALSE, TRUE, sizeof (KmsRotationItem));
  g_array_set_clear_func (chunk->items, item_clear);
  for (guint i = 0; i < _kms_row_batch_get_n_rows (chunk->rows); i++)
    {
      KmsRotationItem item = { .index = i, .row = _kms_row_batch_get_row (chunk->rows, i) };
      g_array_append_val (chunk->items, item);
    }
}

static gboolean
work (KmsRotationChunk *chunk, GCancellable *cancellable, GError **error)
{
  switch (chunk->rotation->kind)
    {
    case KMS_ROTATION_REWRAP:
      return _kms_rotation_rewrap_chunk (chunk, error) && _kms_rotation_write_chunk (chunk, cancellable, error);
    case KMS_ROTATION_REKEY:
      return _kms_rotation_rekey_chunk (chunk, error) && _kms_rotation_write_chunk (chunk, cancellable, error);
    case KMS_ROTATION_VERIFY:
    case KMS_ROTATION_REPAIR:
    default:
      return _kms_rotation_verify_chunk (chunk, error);
    }
}

static void
free_row (gpointer row)
{
  _kms_row_free (row);
}

/* Counts, tells what failed, and keeps what is to be read again. */
static void
harvest (KmsRotationChunk *chunk, GPtrArray *changed)
{
  for (guint i = 0; i < chunk->items->len; i++)
    {
      const KmsRotationItem *item = _kms_rotation_get_item (chunk, i);
      if (item->state == KMS_ROTATION_DONE)
        chunk->rotation->counts.n_done++;
      else if (item->state == KMS_ROTATION_CHANGED)
        g_ptr_array_add (changed, _kms_row_new (item->row->cells, 1));
      else
        _kms_rotation_report (chunk->rotation, item->row, item->error);
    }
}

static gboolean
learn_key_version (KmsRotation *self, KmsRowBatch *rows, GError **error)
{
  for (guint i = 0; !self->knows_key_version && i < _kms_row_batch_get_n_rows (rows); i++)
    if (!_kms_rotation_learn_key_version (self, _kms_row_batch_get_row (rows, i), error))
      return FALSE;
  return TRUE;
}

static gboolean
process (KmsRotation *self, KmsRowBatch *rows, GPtrArray *changed, GCancellable *cancellable, GError **error)
{
  g_auto (KmsRotationChunk) chunk = { .rotation = self, .rows = rows };

  if (!learn_key_version (self, rows, error))
    return FALSE;
  chunk_fill (&chunk);
  if (chunk.items->len > 0 && !work (&chunk, cancellable, error))
    return FALSE;
  harvest (&chunk, changed);
  return TRUE;
}

static void
give_up (KmsRotation *self, const GPtrArray *rows)
{
  g_autoptr (GError) error = g_error_new (KMS_ERROR, KMS_ERROR_CONFLICT,
                                          "somebody else changed the row each of the %d times that it was read; try "
                                          "again when less is written",
                                          MAX_TURNS);

  for (guint i = 0; i < rows->len; i++)
    _kms_rotation_report (self, g_ptr_array_index (rows, i), error);
}

/* The rows at hand, and those of them that changed, again. */
static gboolean
process_until_done (KmsRotation *self, KmsRowBatch *rows, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) changed = g_ptr_array_new_with_free_func (free_row);

  if (!process (self, rows, changed, cancellable, error))
    return FALSE;
  for (guint turn = 1; changed->len > 0 && turn < MAX_TURNS; turn++)
    {
      g_autoptr (KmsRowBatch) again = _kms_row_batch_new (self->store, self->layout, changed->len);
      if (!_kms_row_batch_read_again (again, changed, NULL, error))
        return FALSE;
      self->counts.n_skipped += changed->len - _kms_row_batch_get_n_rows (again);
      g_ptr_array_set_size (changed, 0);
      if (!process (self, again, changed, cancellable, error))
        return FALSE;
    }
  give_up (self, changed);
  return TRUE;
}

gboolean
_kms_rotation_stop (KmsRotation *self, GError **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED,
               "stopped after %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " rows; nothing is half done",
               self->counts.n_done + self->counts.n_skipped + self->counts.n_failed, self->counts.n_rows);
  return FALSE;
}

/* Rows that another worker has locked are left to it. */
static gboolean
read_rows (KmsRotation *self, KmsRowBatch *rows, GError **error)
{
  gboolean is_locking = self->shared && self->kind != KMS_ROTATION_VERIFY && self->kind != KMS_ROTATION_REPAIR;

  if (is_locking && !kms_store_get_in_transaction (self->store) && !kms_store_begin (self->store, NULL, error))
    return FALSE;
  if (_kms_row_batch_read (rows, NULL, error))
    return TRUE;
  if (is_locking)
    kms_store_rollback (self->store, NULL);
  return FALSE;
}

/* One turn of the loop. FALSE without an error: nothing is left. */
static gboolean
advance (KmsRotation *self, KmsRowBatch *rows, GCancellable *cancellable, GError **error)
{
  if (!_kms_rotation_pace (self, cancellable))
    return _kms_rotation_stop (self, error);
  if (!read_rows (self, rows, error))
    return FALSE;
  guint n = _kms_row_batch_get_n_rows (rows);
  if (n == 0)
    return FALSE;
  g_autoptr (KmsRow) last = _kms_row_new (_kms_row_batch_get_row (rows, n - 1)->cells, 1);
  if (!process_until_done (self, rows, cancellable, error))
    return FALSE;
  g_clear_pointer (&self->last, _kms_row_free);
  self->last = g_steal_pointer (&last);
  if (!_kms_rotation_checkpoint_save (self, self->last, FALSE, error))
    return FALSE;
  _kms_rotation_emit_progress (self);
  return TRUE;
}

static void
limit_size (KmsRotation *self, KmsRowBatch *rows)
{
  if (self->max_per_second > 0)
    _kms_row_batch_set_size (rows, MIN (self->batch_size, self->max_per_second));
}

static gboolean
finish (KmsRotation *self, GError **error)
{
  gboolean is_pruning = self->prune_journal && self->kind >= KMS_ROTATION_VERIFY;

  _kms_rotation_checkpoint_remove (self);
  if (self->counts.n_failed == 0)
    return !is_pruning || _kms_rotation_journal_prune (self, error);
  g_set_error (error, KMS_ERROR, KMS_ERROR_PARTIAL,
               "%" G_GUINT64_FORMAT " rows of the table \"%s\" failed; %" G_GUINT64_FORMAT " are done",
               self->counts.n_failed, self->model->table, self->counts.n_done);
  return FALSE;
}

static gboolean
run (KmsRotation *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (KmsRowBatch) rows = _kms_row_batch_new (self->store, self->layout, self->batch_size);
  g_autofree char *condition = _kms_rotation_make_condition (self);
  g_autoptr (GError) local = NULL;

  limit_size (self, rows);
  _kms_row_batch_set_condition (rows, condition);
  if (self->shared && self->kind <= KMS_ROTATION_REKEY)
    _kms_row_batch_set_ending (rows, " FOR UPDATE SKIP LOCKED");
  if (!_kms_rotation_count_rows (self, condition, &self->counts.n_rows, cancellable, error)
      || !_kms_rotation_checkpoint_load (self, rows, error))
    return FALSE;
  _kms_rotation_emit_progress (self);
  while (advance (self, rows, cancellable, &local))
    ;
  if (kms_store_get_in_transaction (self->store))
    kms_store_rollback (self->store, NULL);
  if (local == NULL)
    return finish (self, error);
  _kms_rotation_checkpoint_save (self, self->last, TRUE, NULL);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static gboolean
is_shareable (KmsRotation *self, GError **error)
{
  gboolean can_lock = (KMS_STORE_GET_CLASS (self->store)->features & KMS_STORE_SKIP_LOCKED) != 0;

  if (!self->shared || (can_lock && !self->all))
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED,
               can_lock
                 ? "%s: workers that share a table find by the rows' versions what is left, so that not all rows "
                   "can be wanted; give the box a new version, and rotate what is older"
                 : "%s: this database has no rows that one worker can lock and others leave out; run one worker",
               kms_store_get_uri (self->store));
  return FALSE;
}

static KmsLayout *
make_layout (KmsRotation *self, GError **error)
{
  g_autoptr (KmsLayout) layout = _kms_layout_new (self->model);

  _kms_layout_add_key (layout, self->key);
  for (guint i = 0; self->kind != KMS_ROTATION_REWRAP && i < self->model->attributes->len; i++)
    {
      const KmsModelAttribute *attribute = g_ptr_array_index (self->model->attributes, i);
      if (attribute->key == self->key)
        _kms_layout_add_attribute (layout, attribute);
    }
  return _kms_layout_check (layout, self->store, error) ? g_steal_pointer (&layout) : NULL;
}

gboolean
_kms_rotation_prepare (KmsRotation *self, KmsRotationKind kind, GError **error)
{
  self->kind = kind;
  self->counts = (KmsRotationCounts){ 0 };
  self->started = g_get_monotonic_time ();
  _kms_row_time_now (self->began);
  self->box = _kms_model_dup_box (self->model, _kms_rotation_get_key (self), error);
  if (self->box == NULL)
    return FALSE;
  self->layout = make_layout (self, error);
  return self->layout != NULL;
}

/* What is only for who writes. */
static gboolean
prepare_writing (KmsRotation *self, GCancellable *cancellable, GError **error)
{
  self->update = _kms_rotation_update_new (self);
  if (!is_shareable (self, error))
    return FALSE;
  if (self->kind != KMS_ROTATION_REKEY)
    return self->kind == KMS_ROTATION_REWRAP || _kms_rotation_check_prune (self, error);
  return _kms_rotation_check_rekey (self, cancellable, error)
         && _kms_rotation_journal_prepare (self, cancellable, error);
}

void
_kms_rotation_forget (KmsRotation *self)
{
  g_clear_pointer (&self->update, _kms_rotation_update_free);
  g_clear_pointer (&self->layout, _kms_layout_free);
  g_clear_object (&self->box);
  g_clear_pointer (&self->last, _kms_row_free);
  g_clear_pointer (&self->key_version, g_free);
  self->knows_key_version = FALSE;
  self->has_answered = FALSE;
  self->n_at_once = 0;
  self->cancellable = NULL;
}

gboolean
_kms_rotation_run (KmsRotation *self, KmsRotationKind kind, GCancellable *cancellable, GError **error)
{
  self->cancellable = cancellable;
  gboolean done = _kms_rotation_prepare (self, kind, error) && prepare_writing (self, cancellable, error)
                  && run (self, cancellable, error);

  _kms_rotation_forget (self);
  return done;
}
