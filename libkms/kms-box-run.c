/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Batches through a box: over borrowed items where every provider is pure CPU, else as a job. */
#include "kms-box-job-private.h"
#include "kms-box-private.h"
#include "kms-box-run-private.h"

#include "kms-context.h"
#include "kms-error.h"
#include "kms-operation-private.h"
#include "kms-provider-dispatch-private.h"
#include "kms-provider-thread-private.h"
#include "kms-provider-private.h"

#define KMS_BORROWED_ITEMS 64

static gboolean
fill_borrowed (KmsBox *self, KmsBatch *batch, KmsBatchEntry *entry, KmsItem *item, GError **error)
{
  if (kms_batch_get_operation (batch) == KMS_OPERATION_ENCRYPT)
    return _kms_box_fill_encrypt (self, item, entry->secret, entry->context, error);
  if (entry->stored != NULL)
    return _kms_box_fill_decrypt (self, item, entry->stored, entry->stored_length, entry->context, error);
  _kms_item_init (item, KMS_OPERATION_DECRYPT);
  g_set_error_literal (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                       "a bare ciphertext needs a provider; a box takes stored strings");
  return FALSE;
}

static void
prepare_borrowed (KmsBox *self, KmsBatch *batch, KmsBatchEntry *entry, KmsItem *item)
{
  GError *error = NULL;

  if (!fill_borrowed (self, batch, entry, item, &error))
    {
      item->state = KMS_ITEM_FAILED;
      item->error = error;
      return;
    }
  _kms_batch_get_json_dialect (batch, &item->dialect);
  if (item->context != NULL && kms_context_get_form (item->context) == KMS_CONTEXT_FORM_MAP)
    _kms_batch_get_context_form (batch, &item->form);
}

static void
harvest_borrowed (KmsBox *self, KmsBatchEntry *entry, KmsItem *item)
{
  entry->remarks = g_steal_pointer (&item->remarks);
  if (item->provider != NULL)
    entry->binding = _kms_provider_get_private (item->provider)->binding;
  if (entry->remarks != NULL && entry->remarks->binding != KMS_BINDING_UNKNOWN)
    entry->binding = entry->remarks->binding;
  if (item->state != KMS_ITEM_DONE)
    entry->error = _kms_item_steal_error (item);
  else if (item->operation == KMS_OPERATION_ENCRYPT)
    entry->new_stored = _kms_box_make_stored (self, item, &entry->error);
  else
    entry->plaintext = _kms_item_steal_secret (item);
}

static void
run_borrowed (KmsBox *self, KmsBatch *batch, GCancellable *cancellable)
{
  guint n_all = kms_batch_get_n_items (batch);
  g_autofree KmsItem *items = g_new (KmsItem, MIN (n_all, KMS_BORROWED_ITEMS));

  for (guint start = 0; start < n_all; start += KMS_BORROWED_ITEMS)
    {
      guint n = MIN (n_all - start, KMS_BORROWED_ITEMS);
      for (guint i = 0; i < n; i++)
        {
          prepare_borrowed (self, batch, _kms_batch_get_entry (batch, start + i), &items[i]);
          items[i].before = i > 0 ? &items[i - 1] : NULL;
        }
      _kms_dispatch_inline (items, n, cancellable);
      for (guint i = 0; i < n; i++)
        {
          harvest_borrowed (self, _kms_batch_get_entry (batch, start + i), &items[i]);
          _kms_item_clear (&items[i]);
        }
    }
}

/* What has stages, or names providers that the box can't know before it reads, goes as a job. */
static gboolean
can_borrow (KmsBox *self, KmsBatch *batch)
{
  if (kms_batch_get_operation (batch) == KMS_OPERATION_REWRAP || self->try_other_dialects || !_kms_box_is_inline (self))
    return FALSE;
  for (guint i = 0; i < kms_batch_get_n_items (batch); i++)
    {
      KmsBatchEntry *entry = _kms_batch_get_entry (batch, i);
      if (entry->stored != NULL && entry->stored[0] == '$')
        return FALSE;
    }
  return TRUE;
}

static gboolean
conclude (KmsBox *self, KmsBatch *batch, gint64 started, GError **error)
{
  g_autoptr (GError) local = NULL;
  gboolean success = _kms_batch_conclude (batch, &local);

  if (G_UNLIKELY (started != 0))
    _kms_box_report_batch (self, batch, started);
  if (!success)
    g_propagate_error (error, g_steal_pointer (&local));
  return success;
}

gboolean
_kms_box_may_block (KmsBox *self, GError **error)
{
  if (!_kms_provider_thread_is_current ())
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED,
               "%s \"%s\": a blocking call from a provider's own thread would wait for itself; use the _async function",
               _kms_box_get_noun (self), self->name);
  return FALSE;
}

/**
 * kms_box_run:
 * @self: a box
 * @batch: values, whose results it gets
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Encrypts, decrypts or rewraps the values of a batch, and blocks until all are done or failed. Values of one batch may
 * have different versions, keys and providers.
 *
 * Returns: %TRUE if all are done; %FALSE with the first error if any failed, while the others keep their results
 *
 * Since: 1.0
 */
gboolean
kms_box_run (KmsBox *self, KmsBatch *batch, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (KMS_IS_BOX (self), FALSE);
  g_return_val_if_fail (KMS_IS_BATCH (batch), FALSE);
  gint64 started = _kms_operation_start ();

  if (can_borrow (self, batch))
    {
      _kms_batch_reset (batch);
      run_borrowed (self, batch, cancellable);
    }
  else
    {
      if (!_kms_box_may_block (self, error))
        return FALSE;
      g_autoptr (KmsBoxJob) job = _kms_box_job_new (self, batch, cancellable);
      _kms_box_job_wait (job);
    }
  return conclude (self, batch, started, error);
}

typedef struct
{
  KmsBatch *batch;
  gint64 started;
} KmsBoxRun;

static void
box_run_free (gpointer data)
{
  KmsBoxRun *state = data;
  g_object_unref (state->batch);
  g_free (state);
}

static void
on_job_done (KmsBoxJob *job, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_task_return_boolean (task, TRUE);
}

/**
 * kms_box_run_async:
 * @self: a box
 * @batch: values, whose results it gets; not to be touched until the callback
 * @cancellable: (nullable): a #GCancellable
 * @callback: (nullable) (scope async): called in the thread-default main context of now
 * @user_data: what @callback gets
 *
 * Starts what kms_box_run() does. Providers that are pure CPU work within this call.
 *
 * Since: 1.0
 */
void
kms_box_run_async (KmsBox *self, KmsBatch *batch, GCancellable *cancellable, GAsyncReadyCallback callback,
                   gpointer user_data)
{
  g_return_if_fail (KMS_IS_BOX (self));
  g_return_if_fail (KMS_IS_BATCH (batch));
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr (KmsBoxJob) job = _kms_box_job_new (self, batch, cancellable);
  KmsBoxRun *state = g_new0 (KmsBoxRun, 1);

  state->batch = g_object_ref (batch);
  state->started = _kms_operation_start ();
  g_task_set_source_tag (task, kms_box_run_async);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, state, box_run_free);
  _kms_box_job_start (job, on_job_done, g_steal_pointer (&task));
}

/**
 * kms_box_run_finish:
 * @self: a box
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends what kms_box_run_async() started.
 *
 * Returns: as kms_box_run()
 *
 * Since: 1.0
 */
gboolean
kms_box_run_finish (KmsBox *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, kms_box_run_async), FALSE);
  KmsBoxRun *state = g_task_get_task_data (G_TASK (result));

  g_task_propagate_boolean (G_TASK (result), NULL);
  return conclude (self, state->batch, state->started, error);
}
