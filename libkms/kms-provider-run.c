/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values on their way to one provider, bare: what comes out are the provider's own bytes. */
#include "kms-batch-private.h"
#include "kms-error.h"
#include "kms-operation-private.h"
#include "kms-provider-dispatch-private.h"
#include "kms-provider-private.h"
#include "kms-run-private.h"
#include "kms-secret.h"
#include "kms-context.h"

#define KMS_BORROWED_ITEMS 64

static gboolean
item_set_plaintext (KmsItem *item, KmsSecret *plaintext)
{
  item->input = kms_secret_get_data (plaintext, &item->input_length);
  if (G_LIKELY (item->input != NULL))
    return TRUE;
  kms_item_fail (item, KMS_ERROR_FORKED, "the plaintext is gone in this forked child; make it again here");
  return FALSE;
}

/* Empty bytes may stand nowhere, but an input is never NULL. */
static void
item_set_ciphertext (KmsItem *item, GBytes *ciphertext)
{
  item->input = g_bytes_get_data (ciphertext, &item->input_length);
  if (item->input == NULL)
    item->input = (const guint8 *) "";
}

static void
item_fill (KmsItem *item, KmsOperation operation, KmsProvider *self, const char *key_id, KmsBatch *options,
           KmsBatchEntry *entry)
{
  KmsJsonDialect dialect = KMS_JSON_DIALECT_RAILS;
  KmsContextForm form = kms_context_get_form (entry->context);

  if (options != NULL)
    _kms_batch_get_json_dialect (options, &dialect);
  if (options != NULL && form == KMS_CONTEXT_FORM_MAP)
    _kms_batch_get_context_form (options, &form);
  _kms_item_init (item, operation);
  item->provider = self;
  item->key_id = item->new_key_id = key_id;
  _kms_item_set_context (item, entry->context, form, dialect);
  item->new_context = _kms_batch_entry_get_new_context (entry);
  if (entry->secret != NULL)
    item_set_plaintext (item, entry->secret);
  else if (entry->ciphertext != NULL)
    item_set_ciphertext (item, entry->ciphertext);
  else
    kms_item_fail (item, KMS_ERROR_INVALID_ARGUMENT, "a stored string needs a box; a provider takes bare ciphertexts");
}

static void
item_harvest (KmsItem *item, KmsBatchEntry *entry)
{
  entry->remarks = g_steal_pointer (&item->remarks);
  entry->binding = entry->remarks != NULL && entry->remarks->binding != KMS_BINDING_UNKNOWN
                     ? entry->remarks->binding
                     : _kms_provider_get_private (item->provider)->binding;
  if (item->state != KMS_ITEM_DONE)
    entry->error = _kms_item_steal_error (item);
  else if (item->operation == KMS_OPERATION_DECRYPT)
    entry->plaintext = _kms_item_steal_secret (item);
  else
    entry->new_ciphertext = _kms_item_dup_ciphertext (item);
}

static void
run_borrowed (KmsProvider *self, const char *key_id, KmsBatch *batch, GCancellable *cancellable)
{
  guint n_all = kms_batch_get_n_items (batch);
  g_autofree KmsItem *items = g_new (KmsItem, MIN (n_all, KMS_BORROWED_ITEMS));

  for (guint start = 0; start < n_all; start += KMS_BORROWED_ITEMS)
    {
      guint n = MIN (n_all - start, KMS_BORROWED_ITEMS);
      for (guint i = 0; i < n; i++)
        {
          item_fill (&items[i], kms_batch_get_operation (batch), self, key_id, batch,
                     _kms_batch_get_entry (batch, start + i));
          items[i].before = i > 0 ? &items[i - 1] : NULL;
        }
      _kms_dispatch_inline (items, n, cancellable);
      for (guint i = 0; i < n; i++)
        {
          item_harvest (&items[i], _kms_batch_get_entry (batch, start + i));
          _kms_item_clear (&items[i]);
        }
    }
}

/* The run owns the key id through its first item, and the rest through the batch. */
static KmsRun *
make_run (KmsProvider *self, const char *key_id, KmsBatch *batch, GCancellable *cancellable)
{
  guint n = kms_batch_get_n_items (batch);
  KmsRun *run = _kms_run_new (n, G_OBJECT (batch), G_OBJECT (self), cancellable, _kms_batch_get_timeout (batch));
  char *owned = g_strdup (key_id);

  for (guint i = 0; i < n; i++)
    item_fill (_kms_run_get_item (run, i), kms_batch_get_operation (batch), self, owned, batch,
               _kms_batch_get_entry (batch, i));
  _kms_run_get_item (run, 0)->owned_key_id = owned;
  return run;
}

static void
harvest_run (KmsRun *run, KmsBatch *batch)
{
  for (guint i = 0; i < _kms_run_get_n_items (run); i++)
    item_harvest (_kms_run_get_item (run, i), _kms_batch_get_entry (batch, i));
}

static gboolean
may_block (KmsProvider *self, GError **error)
{
  if (!_kms_provider_thread_is_current ())
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED,
               "%s: a blocking call from a provider's own thread would wait for itself; use kms_provider_run_async()",
               kms_provider_get_name (self));
  return FALSE;
}

static gboolean
conclude (KmsProvider *self, const char *key_id, KmsBatch *batch, gint64 started, GError **error)
{
  g_autoptr (GError) local = NULL;
  gboolean success = _kms_batch_conclude (batch, &local);

  _kms_operation_report (self, key_id, kms_batch_get_operation (batch), kms_batch_get_n_items (batch), local, started);
  if (!success)
    g_propagate_error (error, g_steal_pointer (&local));
  return success;
}

/**
 * kms_provider_run:
 * @self: a provider
 * @key_id: a key id, without the provider's prefix
 * @batch: plaintexts or ciphertexts, whose results it gets
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Encrypts, decrypts or rewraps the values of a batch under one key, and blocks until all are done or failed.
 *
 * Returns: %TRUE if all are done; %FALSE with the first error if any failed, while the others keep their results
 *
 * Since: 1.0
 */
gboolean
kms_provider_run (KmsProvider *self, const char *key_id, KmsBatch *batch, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (KMS_IS_PROVIDER (self), FALSE);
  g_return_val_if_fail (key_id != NULL, FALSE);
  g_return_val_if_fail (KMS_IS_BATCH (batch), FALSE);
  gint64 started = _kms_operation_start ();

  _kms_batch_reset (batch);
  if (kms_batch_get_n_items (batch) == 0)
    return TRUE;
  if (_kms_provider_is_inline (self))
    run_borrowed (self, key_id, batch, cancellable);
  else
    {
      if (!may_block (self, error))
        return FALSE;
      g_autoptr (KmsRun) run = make_run (self, key_id, batch, cancellable);
      _kms_run_wait (run);
      harvest_run (run, batch);
    }
  return conclude (self, key_id, batch, started, error);
}

typedef struct
{
  KmsBatch *batch;
  char *key_id;
  gint64 started;
} KmsProviderRun;

static void
provider_run_free (gpointer data)
{
  KmsProviderRun *state = data;
  g_object_unref (state->batch);
  g_free (state->key_id);
  g_free (state);
}

static void
on_run_done (KmsRun *run, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_task_return_pointer (task, _kms_run_ref (run), (GDestroyNotify) _kms_run_unref);
}

/**
 * kms_provider_run_async:
 * @self: a provider
 * @key_id: a key id, without the provider's prefix
 * @batch: plaintexts or ciphertexts, whose results it gets; not to be touched until the callback
 * @cancellable: (nullable): a #GCancellable
 * @callback: (nullable) (scope async): called in the thread-default main context of now
 * @user_data: what @callback gets
 *
 * Starts what kms_provider_run() does.
 *
 * Since: 1.0
 */
void
kms_provider_run_async (KmsProvider *self, const char *key_id, KmsBatch *batch, GCancellable *cancellable,
                        GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (KMS_IS_PROVIDER (self));
  g_return_if_fail (key_id != NULL);
  g_return_if_fail (KMS_IS_BATCH (batch));
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  KmsProviderRun *state = g_new0 (KmsProviderRun, 1);

  state->batch = g_object_ref (batch);
  state->key_id = g_strdup (key_id);
  state->started = _kms_operation_start ();
  g_task_set_source_tag (task, kms_provider_run_async);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, state, provider_run_free);
  _kms_batch_reset (batch);
  if (kms_batch_get_n_items (batch) == 0)
    {
      g_task_return_pointer (task, NULL, NULL);
      return;
    }
  g_autoptr (KmsRun) run = make_run (self, key_id, batch, cancellable);
  _kms_run_start (run, on_run_done, g_steal_pointer (&task));
}

/**
 * kms_provider_run_finish:
 * @self: a provider
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends what kms_provider_run_async() started.
 *
 * Returns: as kms_provider_run()
 *
 * Since: 1.0
 */
gboolean
kms_provider_run_finish (KmsProvider *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, kms_provider_run_async), FALSE);
  KmsProviderRun *state = g_task_get_task_data (G_TASK (result));
  g_autoptr (KmsRun) run = g_task_propagate_pointer (G_TASK (result), error);

  if (run == NULL)
    return kms_batch_get_n_items (state->batch) == 0;
  harvest_run (run, state->batch);
  return conclude (self, state->key_id, state->batch, state->started, error);
}

/* One value: the same way, without a batch where no thread is changed. */
static void
single_init (KmsItem *item, KmsOperation operation, KmsProvider *self, const char *key_id, KmsContext *context)
{
  _kms_item_init (item, operation);
  item->provider = self;
  item->key_id = key_id;
  item->is_single = TRUE;
  _kms_item_set_context (item, context, kms_context_get_form (context), KMS_JSON_DIALECT_RAILS);
}

static gboolean
single_run (KmsItem *item, GCancellable *cancellable, GError **error)
{
  gint64 started = _kms_operation_start ();

  _kms_dispatch_inline (item, 1, cancellable);
  if (G_LIKELY (item->state == KMS_ITEM_DONE))
    {
      _kms_operation_report (item->provider, item->key_id, item->operation, 1, NULL, started);
      return TRUE;
    }
  GError *failure = _kms_item_steal_error (item);
  _kms_operation_report (item->provider, item->key_id, item->operation, 1, failure, started);
  g_propagate_error (error, failure);
  return FALSE;
}

static GBytes *
encrypt_single (KmsProvider *self, const char *key_id, KmsSecret *plaintext, KmsContext *context,
                GCancellable *cancellable, GError **error)
{
  KmsItem item;

  single_init (&item, KMS_OPERATION_ENCRYPT, self, key_id, context);
  item_set_plaintext (&item, plaintext);
  GBytes *ciphertext = single_run (&item, cancellable, error) ? _kms_item_dup_ciphertext (&item) : NULL;
  _kms_item_clear (&item);
  return ciphertext;
}

static KmsSecret *
decrypt_single (KmsProvider *self, const char *key_id, GBytes *ciphertext, KmsContext *context,
                GCancellable *cancellable, GError **error)
{
  KmsItem item;

  single_init (&item, KMS_OPERATION_DECRYPT, self, key_id, context);
  item_set_ciphertext (&item, ciphertext);
  KmsSecret *plaintext = single_run (&item, cancellable, error) ? _kms_item_steal_secret (&item) : NULL;
  _kms_item_clear (&item);
  return plaintext;
}

/**
 * kms_provider_encrypt:
 * @self: a provider
 * @key_id: a key id, without the provider's prefix
 * @plaintext: the value
 * @context: (nullable): its context
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Encrypts one value, bare: the provider's own bytes come out.
 *
 * Returns: (transfer full): the ciphertext, or %NULL with @error set
 *
 * Since: 1.0
 */
GBytes *
kms_provider_encrypt (KmsProvider *self, const char *key_id, KmsSecret *plaintext, KmsContext *context,
                      GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (KMS_IS_PROVIDER (self), NULL);
  g_return_val_if_fail (key_id != NULL && plaintext != NULL, NULL);

  if (_kms_provider_is_inline (self))
    return encrypt_single (self, key_id, plaintext, context, cancellable, error);
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_ENCRYPT);
  kms_batch_add_secret (batch, plaintext, context);
  if (!kms_provider_run (self, key_id, batch, cancellable, error))
    return NULL;
  return g_bytes_ref (kms_batch_get_ciphertext (batch, 0));
}

/**
 * kms_provider_decrypt:
 * @self: a provider
 * @key_id: a key id, without the provider's prefix
 * @ciphertext: the provider's bytes
 * @context: (nullable): its context
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Decrypts one value, bare.
 *
 * Returns: (transfer full): the plaintext, or %NULL with @error set
 *
 * Since: 1.0
 */
KmsSecret *
kms_provider_decrypt (KmsProvider *self, const char *key_id, GBytes *ciphertext, KmsContext *context,
                      GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (KMS_IS_PROVIDER (self), NULL);
  g_return_val_if_fail (key_id != NULL && ciphertext != NULL, NULL);

  if (_kms_provider_is_inline (self))
    return decrypt_single (self, key_id, ciphertext, context, cancellable, error);
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_DECRYPT);
  kms_batch_add_ciphertext (batch, ciphertext, context, NULL);
  if (!kms_provider_run (self, key_id, batch, cancellable, error))
    return NULL;
  return kms_secret_ref (kms_batch_get_secret (batch, 0));
}
