/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The asynchronous forms of a box's single calls: each is a batch of one. */
#include "kms-box-private.h"

#include "kms-error.h"
#include "kms-secret.h"

static void
on_run_finished (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (kms_box_run_finish (KMS_BOX (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/* Takes the batch. */
static void
start (KmsBox *self, KmsBatch *batch, gpointer tag, GCancellable *cancellable, GAsyncReadyCallback callback,
       gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, batch, g_object_unref);
  kms_box_run_async (self, batch, cancellable, on_run_finished, task);
}

static KmsBatchEntry *
finish (KmsBox *self, GAsyncResult *result, gpointer tag, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_task_get_source_tag (G_TASK (result)) == tag, NULL);

  if (!g_task_propagate_boolean (G_TASK (result), error))
    return NULL;
  return _kms_batch_get_entry (g_task_get_task_data (G_TASK (result)), 0);
}

static void
start_encrypt (KmsBox *self, KmsSecret *plaintext, KmsContext *context, gpointer tag, GCancellable *cancellable,
               GAsyncReadyCallback callback, gpointer user_data)
{
  KmsBatch *batch = kms_batch_new (KMS_OPERATION_ENCRYPT);

  kms_batch_add_secret (batch, plaintext, context);
  start (self, batch, tag, cancellable, callback, user_data);
}

static void
start_stored (KmsBox *self, KmsOperation operation, const char *stored, gssize length, KmsContext *context,
              KmsContext *new_context, gpointer tag, GCancellable *cancellable, GAsyncReadyCallback callback,
              gpointer user_data)
{
  KmsBatch *batch = kms_batch_new (operation);

  kms_batch_add_stored (batch, stored, length, context, new_context);
  start (self, batch, tag, cancellable, callback, user_data);
}

/**
 * kms_box_encrypt_async:
 * @self: a box
 * @plaintext: the value
 * @context: (nullable): what is authenticated with it
 * @cancellable: (nullable): a #GCancellable
 * @callback: (nullable) (scope async): called in the thread-default main context of now
 * @user_data: what @callback gets
 *
 * Starts what kms_box_encrypt() does.
 *
 * Since: 1.0
 */
void
kms_box_encrypt_async (KmsBox *self, KmsSecret *plaintext, KmsContext *context, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (KMS_IS_BOX (self));
  g_return_if_fail (plaintext != NULL);

  start_encrypt (self, plaintext, context, kms_box_encrypt_async, cancellable, callback, user_data);
}

/**
 * kms_box_encrypt_finish:
 * @self: a box
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends what kms_box_encrypt_async() started.
 *
 * Returns: (transfer full): a stored string, or %NULL with @error set
 *
 * Since: 1.0
 */
char *
kms_box_encrypt_finish (KmsBox *self, GAsyncResult *result, GError **error)
{
  KmsBatchEntry *entry = finish (self, result, kms_box_encrypt_async, error);
  return entry == NULL ? NULL : g_steal_pointer (&entry->new_stored);
}

/**
 * kms_box_decrypt_async:
 * @self: a box
 * @stored: (array length=length) (element-type guint8): a stored string
 * @length: its length in bytes; -1 if it is NUL-terminated
 * @context: (nullable): the context with which it was encrypted
 * @cancellable: (nullable): a #GCancellable
 * @callback: (nullable) (scope async): called in the thread-default main context of now
 * @user_data: what @callback gets
 *
 * Starts what kms_box_decrypt() does.
 *
 * Since: 1.0
 */
void
kms_box_decrypt_async (KmsBox *self, const char *stored, gssize length, KmsContext *context, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (KMS_IS_BOX (self));
  g_return_if_fail (stored != NULL);

  start_stored (self, KMS_OPERATION_DECRYPT, stored, length, context, NULL, kms_box_decrypt_async, cancellable,
                callback, user_data);
}

/**
 * kms_box_decrypt_finish:
 * @self: a box
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends what kms_box_decrypt_async() started.
 *
 * Returns: (transfer full): the plaintext, or %NULL with @error set
 *
 * Since: 1.0
 */
KmsSecret *
kms_box_decrypt_finish (KmsBox *self, GAsyncResult *result, GError **error)
{
  KmsBatchEntry *entry = finish (self, result, kms_box_decrypt_async, error);
  return entry == NULL ? NULL : g_steal_pointer (&entry->plaintext);
}

/**
 * kms_box_rewrap_async:
 * @self: a box
 * @stored: (array length=length) (element-type guint8): a stored string
 * @length: its length in bytes; -1 if it is NUL-terminated
 * @context: (nullable): the context with which it was encrypted
 * @new_context: (nullable): the context from now on; %NULL keeps @context, kms_context_new_none() takes it away
 * @cancellable: (nullable): a #GCancellable
 * @callback: (nullable) (scope async): called in the thread-default main context of now
 * @user_data: what @callback gets
 *
 * Starts what kms_box_rewrap() does.
 *
 * Since: 1.0
 */
void
kms_box_rewrap_async (KmsBox *self, const char *stored, gssize length, KmsContext *context, KmsContext *new_context,
                      GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (KMS_IS_BOX (self));
  g_return_if_fail (stored != NULL);

  start_stored (self, KMS_OPERATION_REWRAP, stored, length, context, new_context, kms_box_rewrap_async, cancellable,
                callback, user_data);
}

/**
 * kms_box_rewrap_finish:
 * @self: a box
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends what kms_box_rewrap_async() started.
 *
 * Returns: (transfer full): the new stored string, or %NULL with @error set
 *
 * Since: 1.0
 */
char *
kms_box_rewrap_finish (KmsBox *self, GAsyncResult *result, GError **error)
{
  KmsBatchEntry *entry = finish (self, result, kms_box_rewrap_async, error);
  return entry == NULL ? NULL : g_steal_pointer (&entry->new_stored);
}

/**
 * kms_box_generate_data_key_async:
 * @self: a box
 * @length: how many random bytes; usually 32
 * @context: (nullable): what is authenticated with the key
 * @cancellable: (nullable): a #GCancellable
 * @callback: (nullable) (scope async): called in the thread-default main context of now
 * @user_data: what @callback gets
 *
 * Starts what kms_box_generate_data_key() does.
 *
 * Since: 1.0
 */
void
kms_box_generate_data_key_async (KmsBox *self, gsize length, KmsContext *context, GCancellable *cancellable,
                                 GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (KMS_IS_BOX (self));
  g_return_if_fail (length > 0);
  GError *error = NULL;
  g_autoptr (KmsSecret) made = kms_secret_new_random (length, &error);

  if (made == NULL)
    g_task_report_error (self, callback, user_data, kms_box_generate_data_key_async, error);
  else
    start_encrypt (self, made, context, kms_box_generate_data_key_async, cancellable, callback, user_data);
}

/**
 * kms_box_generate_data_key_finish:
 * @self: a box
 * @result: what the callback got
 * @data_key: (out) (transfer full): the data key
 * @error: return location for an error
 *
 * Ends what kms_box_generate_data_key_async() started.
 *
 * Returns: (transfer full): the wrapped key as a stored string, or %NULL with @error set
 *
 * Since: 1.0
 */
char *
kms_box_generate_data_key_finish (KmsBox *self, GAsyncResult *result, KmsSecret **data_key, GError **error)
{
  g_return_val_if_fail (data_key != NULL, NULL);
  KmsBatchEntry *entry = finish (self, result, kms_box_generate_data_key_async, error);

  *data_key = entry == NULL ? NULL : kms_secret_ref (entry->secret);
  return entry == NULL ? NULL : g_steal_pointer (&entry->new_stored);
}
