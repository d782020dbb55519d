/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks the KMS until it answers. Providers try again on their own, for a few seconds; a rotation has hours. So it waits
 * longer each time, asks for less at a time, and gives up when nothing at all came for a long while. */
#include "kms-rotation-private.h"

#include "kms-batch-private.h"
#include "kms-error.h"

#define FIRST_PAUSE (200 * G_TIME_SPAN_MILLISECOND) /* and twice as long each time */
#define MAX_PAUSE G_TIME_SPAN_MINUTE

/* What is on its way to the KMS. */
typedef struct
{
  KmsRotation *rotation;
  KmsBatch *batch;
  GArray *left;    /* of guint: the entries that have no answer yet */
  gint64 pause;    /* before the next request */
  gint64 answered; /* when there was an answer last; at first, when it was asked */
} Errand;

/* The same may succeed later. Who never answered is no KMS that is away for a while: its address may be wrong. */
static gboolean
may_pass (const KmsRotation *self, const GError *error)
{
  return g_error_matches (error, KMS_ERROR, KMS_ERROR_THROTTLED)
         || (self->has_answered
             && (g_error_matches (error, KMS_ERROR, KMS_ERROR_UNAVAILABLE)
                 || g_error_matches (error, KMS_ERROR, KMS_ERROR_TIMED_OUT)));
}

static gboolean
run_slice (Errand *self, guint n, GError **error)
{
  KmsBox *box = self->rotation->box;
  g_autoptr (GError) local = NULL;
  gboolean is_whole = n == kms_batch_get_n_items (self->batch);
  g_autoptr (KmsBatch) slice = is_whole
                                 ? g_object_ref (self->batch)
                                 : _kms_batch_new_slice (self->batch, (const guint *) (gpointer) self->left->data, n);

  if (!kms_box_run (box, slice, NULL, &local) && kms_batch_get_n_failed (slice) == 0)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (!is_whole)
    _kms_batch_take_slice (self->batch, (const guint *) (gpointer) self->left->data, slice);
  return TRUE;
}

/* Those of the first `n` that were answered, be it with an error of their own, are done. Returns the error of one that was not. */
static const GError *
settle_slice (Errand *self, guint n)
{
  const GError *tired = NULL;
  guint n_kept = 0;

  for (guint i = 0; i < self->left->len; i++)
    {
      guint index = g_array_index (self->left, guint, i);
      const GError *found = i < n ? kms_batch_get_error (self->batch, index) : NULL;
      gboolean passes = found != NULL && may_pass (self->rotation, found);
      if (passes)
        tired = found;
      else if (i < n && (found == NULL || _kms_rotation_is_of_row (found)))
        self->rotation->has_answered = TRUE;
      if (passes || i >= n)
        g_array_index (self->left, guint, n_kept++) = index;
    }
  if (self->left->len - n_kept > 0)
    self->answered = g_get_monotonic_time ();
  g_array_set_size (self->left, n_kept);
  return tired;
}

/* After all went well, a little more may; a KMS that has enough wants half. */
static void
adapt (Errand *self, guint n, gboolean is_tired)
{
  KmsRotation *rotation = self->rotation;

  if (is_tired)
    rotation->n_at_once = MAX (n / 2, 1);
  else if (rotation->n_at_once > 0)
    rotation->n_at_once += rotation->n_at_once / 8 + 1;
  if (rotation->n_at_once >= rotation->batch_size)
    rotation->n_at_once = 0;
}

/* Locks would keep applications waiting, too. Each UPDATE sees by itself whether its row is what was read. */
static gboolean
let_go_of_rows (KmsRotation *self, GError **error)
{
  return !kms_store_get_in_transaction (self->store) || kms_store_rollback (self->store, error);
}

static gboolean
give_up (gint64 silence, const GError *reason, GError **error)
{
  *error = g_error_copy (reason);
  if (silence >= G_TIME_SPAN_SECOND)
    g_prefix_error (error, "no answer for %" G_GINT64_FORMAT " seconds: ", silence / G_TIME_SPAN_SECOND);
  return FALSE;
}

static gboolean
wait_for_kms (Errand *self, const GError *reason, GError **error)
{
  KmsRotation *rotation = self->rotation;
  gint64 silence = g_get_monotonic_time () - self->answered;
  guint patience = rotation->update == NULL ? 0 : rotation->patience; /* who only counts rows wants to know now */

  if (silence >= (gint64) patience * G_TIME_SPAN_SECOND)
    return give_up (silence, reason, error);
  if (!let_go_of_rows (rotation, error))
    return FALSE;
  _kms_rotation_emit_waiting (rotation, self->pause, reason);
  if (!_kms_rotation_sleep (self->pause, rotation->cancellable))
    return _kms_rotation_stop (rotation, error);
  self->pause = MIN (self->pause * 2, MAX_PAUSE);
  return TRUE;
}

/* One request, and the pause behind it if that was too much. */
static gboolean
ask_once (Errand *self, GError **error)
{
  guint n_at_once = self->rotation->n_at_once;
  guint n = n_at_once == 0 ? self->left->len : MIN (n_at_once, self->left->len);

  if (!run_slice (self, n, error))
    return FALSE;
  const GError *reason = settle_slice (self, n);
  adapt (self, n, reason != NULL);
  if (reason != NULL)
    return wait_for_kms (self, reason, error);
  self->pause = FIRST_PAUSE;
  if (self->left->len > 0 && g_cancellable_is_cancelled (self->rotation->cancellable))
    return _kms_rotation_stop (self->rotation, error);
  return TRUE;
}

gboolean
_kms_rotation_ask (KmsRotation *self, KmsBatch *batch, GError **error)
{
  g_autoptr (GArray) left = g_array_new (FALSE, FALSE, sizeof (guint));
  Errand errand = { self, batch, left, FIRST_PAUSE, g_get_monotonic_time () };

  for (guint i = 0; i < kms_batch_get_n_items (batch); i++)
    g_array_append_val (left, i);
  while (left->len > 0)
    if (!ask_once (&errand, error))
      return FALSE;
  return TRUE;
}
