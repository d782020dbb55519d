/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The asynchronous forms: each is the blocking one in another thread, for databases know no other. */
#include "kms-pool-private.h"
#include "kms-record-private.h"

typedef struct
{
  KmsModel *model;
  KmsStore *store;
  char *id;
} Place;

static void
place_free (gpointer data)
{
  Place *self = data;

  g_object_unref (self->model);
  g_object_unref (self->store);
  g_free (self->id);
  g_free (self);
}

static void
value_free (gpointer data)
{
  kms_value_unref (data);
}

static void
start (KmsRecord *self, gpointer tag, gpointer data, GDestroyNotify free_data, GFunc run, GCancellable *cancellable,
       GAsyncReadyCallback callback, gpointer user_data)
{
  GError *error = NULL;
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, data, free_data);
  if (_kms_pool_push (run, task, &error))
    return;
  g_task_return_error (task, error);
  g_object_unref (task);
}

static void
run_load (gpointer data, gpointer unused)
{
  g_autoptr (GTask) task = data;
  Place *place = g_task_get_task_data (task);
  GError *error = NULL;
  KmsRecord *record = kms_record_load (place->model, place->store, place->id, g_task_get_cancellable (task), &error);

  if (record != NULL)
    g_task_return_pointer (task, record, g_object_unref);
  else
    g_task_return_error (task, error);
}

/**
 * kms_record_load_async:
 * @model: what the table is like
 * @store: the database that it is in, which nobody else uses meanwhile
 * @id: the id of a row, as text
 * @cancellable: (nullable): a #GCancellable
 * @callback: (nullable) (scope async): called in the thread-default main context of now
 * @user_data: what @callback gets
 *
 * Starts what kms_record_load() does.
 *
 * Since: 1.0
 */
void
kms_record_load_async (KmsModel *model, KmsStore *store, const char *id, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (KMS_IS_MODEL (model));
  g_return_if_fail (KMS_IS_STORE (store));
  g_return_if_fail (id != NULL);
  Place *place = g_new (Place, 1);

  *place = (Place){ g_object_ref (model), g_object_ref (store), g_strdup (id) };
  start (NULL, kms_record_load_async, place, place_free, run_load, cancellable, callback, user_data);
}

/**
 * kms_record_load_finish:
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends what kms_record_load_async() started.
 *
 * Returns: (transfer full): a record, or %NULL with @error set
 *
 * Since: 1.0
 */
KmsRecord *
kms_record_load_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, kms_record_load_async), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
run_get (gpointer data, gpointer unused)
{
  g_autoptr (GTask) task = data;
  KmsValue *value = NULL;
  GError *error = NULL;

  if (kms_record_get (g_task_get_source_object (task), g_task_get_task_data (task), &value,
                      g_task_get_cancellable (task), &error))
    g_task_return_pointer (task, value, value_free);
  else
    g_task_return_error (task, error);
}

/**
 * kms_record_get_async:
 * @self: a record, which nobody else uses meanwhile
 * @attribute: the name of an attribute
 * @cancellable: (nullable): a #GCancellable
 * @callback: (nullable) (scope async): called in the thread-default main context of now
 * @user_data: what @callback gets
 *
 * Starts what kms_record_get() does.
 *
 * Since: 1.0
 */
void
kms_record_get_async (KmsRecord *self, const char *attribute, GCancellable *cancellable, GAsyncReadyCallback callback,
                      gpointer user_data)
{
  g_return_if_fail (KMS_IS_RECORD (self));
  g_return_if_fail (attribute != NULL);

  start (self, kms_record_get_async, g_strdup (attribute), g_free, run_get, cancellable, callback, user_data);
}

/**
 * kms_record_get_finish:
 * @self: a record
 * @result: what the callback got
 * @value: (out) (nullable) (transfer full): the value; %NULL is the database's NULL
 * @error: return location for an error
 *
 * Ends what kms_record_get_async() started.
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
kms_record_get_finish (KmsRecord *self, GAsyncResult *result, KmsValue **value, GError **error)
{
  g_return_val_if_fail (value != NULL, FALSE);
  *value = NULL;
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_task_get_source_tag (G_TASK (result)) == kms_record_get_async, FALSE);
  gboolean failed = g_task_had_error (G_TASK (result));

  *value = g_task_propagate_pointer (G_TASK (result), error);
  return !failed;
}

typedef gboolean (*RecordFunc) (KmsRecord *self, GCancellable *cancellable, GError **error);

static void
return_outcome (GTask *task, RecordFunc func)
{
  GError *error = NULL;

  if (func (g_task_get_source_object (task), g_task_get_cancellable (task), &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
run_save (gpointer data, gpointer unused)
{
  g_autoptr (GTask) task = data;

  return_outcome (task, kms_record_save);
}

static void
run_reload (gpointer data, gpointer unused)
{
  g_autoptr (GTask) task = data;

  return_outcome (task, kms_record_reload);
}

static gboolean
finish (KmsRecord *self, GAsyncResult *result, gpointer tag, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_task_get_source_tag (G_TASK (result)) == tag, FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * kms_record_save_async:
 * @self: a record, which nobody else uses meanwhile
 * @cancellable: (nullable): a #GCancellable
 * @callback: (nullable) (scope async): called in the thread-default main context of now
 * @user_data: what @callback gets
 *
 * Starts what kms_record_save() does.
 *
 * Since: 1.0
 */
void
kms_record_save_async (KmsRecord *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (KMS_IS_RECORD (self));
  start (self, kms_record_save_async, NULL, NULL, run_save, cancellable, callback, user_data);
}

/**
 * kms_record_save_finish:
 * @self: a record
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends what kms_record_save_async() started.
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
kms_record_save_finish (KmsRecord *self, GAsyncResult *result, GError **error)
{
  return finish (self, result, kms_record_save_async, error);
}

/**
 * kms_record_reload_async:
 * @self: a record, which nobody else uses meanwhile
 * @cancellable: (nullable): a #GCancellable
 * @callback: (nullable) (scope async): called in the thread-default main context of now
 * @user_data: what @callback gets
 *
 * Starts what kms_record_reload() does.
 *
 * Since: 1.0
 */
void
kms_record_reload_async (KmsRecord *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (KMS_IS_RECORD (self));
  start (self, kms_record_reload_async, NULL, NULL, run_reload, cancellable, callback, user_data);
}

/**
 * kms_record_reload_finish:
 * @self: a record
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends what kms_record_reload_async() started.
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
kms_record_reload_finish (KmsRecord *self, GAsyncResult *result, GError **error)
{
  return finish (self, result, kms_record_reload_async, error);
}
