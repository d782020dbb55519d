/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stages of a box's work on a batch. Encryption is one; decryption is one, and one more for each other dialect;
 * a rewrap across providers is two: decrypt, then encrypt, with the plaintext in locked memory between them. */
#include <string.h>

#include "kms-box-job-private.h"

#include "kms-context.h"
#include "kms-error.h"
#include "kms-provider-class.h"
#include "kms-provider-dispatch-private.h"
#include "kms-provider-private.h"
#include "kms-secret.h"

struct _KmsBoxJob
{
  gatomicrefcount refs;
  KmsBox *box;
  KmsBatch *batch;
  GCancellable *cancellable;
  KmsBoxJobDone done;
  gpointer done_data;
  guint attempt;        /* of other dialects */
  gboolean encrypting;  /* the last stage of a rewrap across providers */
  GArray *rewrap_again; /* of guint: entries whose plaintext is to be encrypted in the next stage */
  GMutex lock;
  GCond ended_cond;
  gboolean ended;
};

static void start_stage (KmsBoxJob *self, GArray *indices);

KmsBoxJob *
_kms_box_job_new (KmsBox *box, KmsBatch *batch, GCancellable *cancellable)
{
  KmsBoxJob *self = g_new0 (KmsBoxJob, 1);

  g_atomic_ref_count_init (&self->refs);
  self->box = g_object_ref (box);
  self->batch = g_object_ref (batch);
  self->cancellable = cancellable == NULL ? NULL : g_object_ref (cancellable);
  self->rewrap_again = g_array_new (FALSE, FALSE, sizeof (guint));
  g_mutex_init (&self->lock);
  g_cond_init (&self->ended_cond);
  return self;
}

KmsBoxJob *
_kms_box_job_ref (KmsBoxJob *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
_kms_box_job_unref (KmsBoxJob *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_object_unref (self->box);
  g_object_unref (self->batch);
  g_clear_object (&self->cancellable);
  g_array_unref (self->rewrap_again);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->ended_cond);
  g_free (self);
}

/* The plaintext goes from the batch when the job ends, which a provider that answers too late does not notice. */
static gboolean
fill_encrypt_again (KmsBoxJob *self, KmsItem *item, KmsBatchEntry *entry, GError **error)
{
  if (!_kms_box_fill_encrypt (self->box, item, entry->plaintext, _kms_batch_entry_get_new_context (entry), error))
    return FALSE;
  item->owned_plaintext = kms_secret_ref (entry->plaintext);
  return TRUE;
}

static gboolean
fill_item (KmsBoxJob *self, KmsItem *item, KmsBatchEntry *entry, GError **error)
{
  if (self->encrypting)
    return fill_encrypt_again (self, item, entry, error);
  if (entry->secret != NULL)
    return _kms_box_fill_encrypt (self->box, item, entry->secret, entry->context, error);
  if (entry->stored == NULL)
    {
      g_set_error_literal (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                           "a bare ciphertext needs a provider; a box takes stored strings");
      return FALSE;
    }
  if (kms_batch_get_operation (self->batch) == KMS_OPERATION_REWRAP)
    return _kms_box_fill_move (self->box, item, entry->stored, entry->stored_length, entry->context,
                               _kms_batch_entry_get_new_context (entry), error);
  return _kms_box_fill_decrypt (self->box, item, entry->stored, entry->stored_length, entry->context, error);
}

static void
apply_options (KmsBoxJob *self, KmsItem *item)
{
  _kms_batch_get_json_dialect (self->batch, &item->dialect);
  if (self->encrypting)
    return;
  if (item->form == KMS_CONTEXT_FORM_MAP || item->form == KMS_CONTEXT_FORM_LEGACY)
    if (kms_context_get_form (item->context) == KMS_CONTEXT_FORM_MAP)
      _kms_batch_get_context_form (self->batch, &item->form);
  if (self->attempt > 0)
    item->dialect = _kms_box_other_dialect (item->dialect, self->attempt - 1);
}

static void
entry_fail (KmsBatchEntry *entry, GError *error)
{
  g_clear_error (&entry->error);
  entry->error = error;
}

/* An item that can't even be filled in takes no part in the run. */
static void
prepare_item (KmsBoxJob *self, KmsItem *item, KmsBatchEntry *entry)
{
  GError *error = NULL;

  if (fill_item (self, item, entry, &error))
    apply_options (self, item);
  else
    {
      item->state = KMS_ITEM_FAILED;
      item->error = error;
    }
}

static void
harvest_item (KmsBoxJob *self, KmsItem *item, guint index)
{
  KmsBatchEntry *entry = _kms_batch_get_entry (self->batch, index);
  gboolean rewrap = kms_batch_get_operation (self->batch) == KMS_OPERATION_REWRAP;

  g_clear_pointer (&entry->remarks, _kms_item_remarks_unref);
  entry->remarks = g_steal_pointer (&item->remarks);
  if (item->provider != NULL)
    entry->binding = _kms_provider_get_private (item->provider)->binding;
  if (entry->remarks != NULL && entry->remarks->binding != KMS_BINDING_UNKNOWN)
    entry->binding = entry->remarks->binding;
  if (item->state != KMS_ITEM_DONE)
    {
      entry_fail (entry, _kms_item_steal_error (item));
      return;
    }
  g_clear_error (&entry->error);
  if (item->operation != KMS_OPERATION_DECRYPT)
    entry->new_stored = _kms_box_make_stored (self->box, item, &entry->error);
  else
    {
      entry->plaintext = _kms_item_steal_secret (item);
      if (rewrap)
        g_array_append_val (self->rewrap_again, index);
    }
}

static void
end_job (KmsBoxJob *self)
{
  /* Plaintext that only stood between two providers. */
  if (kms_batch_get_operation (self->batch) == KMS_OPERATION_REWRAP)
    for (guint i = 0; i < kms_batch_get_n_items (self->batch); i++)
      g_clear_pointer (&_kms_batch_get_entry (self->batch, i)->plaintext, kms_secret_unref);
  if (self->done != NULL)
    self->done (self, self->done_data);
  g_mutex_lock (&self->lock);
  self->ended = TRUE;
  g_cond_broadcast (&self->ended_cond);
  g_mutex_unlock (&self->lock);
}

static GArray *
find_other_dialects (KmsBoxJob *self)
{
  g_autoptr (GArray) indices = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; self->attempt < KMS_N_OTHER_DIALECTS && i < kms_batch_get_n_items (self->batch); i++)
    {
      KmsBatchEntry *entry = _kms_batch_get_entry (self->batch, i);
      if (_kms_box_wants_other_dialects (self->box, entry->context, entry->error))
        g_array_append_val (indices, i);
    }
  return g_steal_pointer (&indices);
}

static void
next_stage (KmsBoxJob *self)
{
  if (self->encrypting)
    {
      end_job (self);
      return;
    }
  g_autoptr (GArray) again = find_other_dialects (self);
  if (again->len > 0)
    {
      self->attempt++;
      start_stage (self, again);
      return;
    }
  self->encrypting = TRUE;
  if (self->rewrap_again->len > 0)
    start_stage (self, self->rewrap_again);
  else
    end_job (self);
}

typedef struct
{
  KmsBoxJob *job;
  GArray *indices;
} KmsBoxStage;

static void
on_stage_done (KmsRun *run, gpointer user_data)
{
  g_autofree KmsBoxStage *stage = user_data;
  g_autoptr (KmsBoxJob) self = stage->job;
  g_autoptr (GArray) indices = stage->indices;

  for (guint i = 0; i < indices->len; i++)
    harvest_item (self, _kms_run_get_item (run, i), g_array_index (indices, guint, i));
  next_stage (self);
}

static void
start_stage (KmsBoxJob *self, GArray *indices)
{
  g_autoptr (KmsRun) run = _kms_run_new (indices->len, G_OBJECT (self->batch), G_OBJECT (self->box), self->cancellable,
                                         _kms_batch_get_timeout (self->batch));
  KmsBoxStage *stage = g_new (KmsBoxStage, 1);

  for (guint i = 0; i < indices->len; i++)
    prepare_item (self, _kms_run_get_item (run, i),
                  _kms_batch_get_entry (self->batch, g_array_index (indices, guint, i)));
  stage->job = _kms_box_job_ref (self);
  stage->indices = g_array_ref (indices);
  _kms_run_start (run, on_stage_done, stage);
}

void
_kms_box_job_start (KmsBoxJob *self, KmsBoxJobDone done, gpointer user_data)
{
  guint n = kms_batch_get_n_items (self->batch);
  g_autoptr (GArray) indices = g_array_sized_new (FALSE, FALSE, sizeof (guint), n);

  self->done = done;
  self->done_data = user_data;
  _kms_batch_reset (self->batch);
  for (guint i = 0; i < n; i++)
    g_array_append_val (indices, i);
  if (n == 0)
    end_job (self);
  else
    start_stage (self, indices);
}

void
_kms_box_job_wait (KmsBoxJob *self)
{
  _kms_box_job_start (self, NULL, NULL);
  g_mutex_lock (&self->lock);
  while (!self->ended)
    g_cond_wait (&self->ended_cond, &self->lock);
  g_mutex_unlock (&self->lock);
}
