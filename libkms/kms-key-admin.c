/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Administration of master keys: the way from callers to a provider's interface, and the prefix of key ids. */
#include "kms-key-admin.h"

#include "kms-errand-private.h"
#include "kms-error.h"
#include "kms-key-private.h"
#include "kms-pool-private.h"
#include "kms-provider-dispatch-private.h"
#include "kms-provider-private.h"
#include "kms-registry-private.h"

/**
 * KmsKeyAdmin:
 *
 * What providers implement that can create, rotate or delete master keys. Programs call kms_key_admin_run().
 *
 * Since: 1.0
 */
G_DEFINE_INTERFACE (KmsKeyAdmin, kms_key_admin, KMS_TYPE_PROVIDER)

static void
kms_key_admin_default_init (KmsKeyAdminInterface *iface)
{
}

typedef KmsKey *(*KmsKeyFunc) (KmsKeyAdmin *, const char *, GVariant *, GCancellable *, GError **);

static const struct
{
  const char *name;
  gsize offset; /* of the function in the interface; LIST is of another type */
} verbs[] = {
  [KMS_KEY_VERB_LIST] = { "list keys", G_STRUCT_OFFSET (KmsKeyAdminInterface, list_keys) },
  [KMS_KEY_VERB_SHOW] = { "show a key", G_STRUCT_OFFSET (KmsKeyAdminInterface, show_key) },
  [KMS_KEY_VERB_CREATE] = { "create a key", G_STRUCT_OFFSET (KmsKeyAdminInterface, create_key) },
  [KMS_KEY_VERB_ROTATE] = { "rotate a key", G_STRUCT_OFFSET (KmsKeyAdminInterface, rotate_key) },
  [KMS_KEY_VERB_ENABLE] = { "enable a key", G_STRUCT_OFFSET (KmsKeyAdminInterface, enable_key) },
  [KMS_KEY_VERB_DISABLE] = { "disable a key", G_STRUCT_OFFSET (KmsKeyAdminInterface, disable_key) },
  [KMS_KEY_VERB_DELETE] = { "delete a key", G_STRUCT_OFFSET (KmsKeyAdminInterface, delete_key) },
  [KMS_KEY_VERB_RESTORE] = { "restore a key", G_STRUCT_OFFSET (KmsKeyAdminInterface, restore_key) },
  [KMS_KEY_VERB_CONFIGURE] = { "configure a key", G_STRUCT_OFFSET (KmsKeyAdminInterface, configure_key) },
};

/* The first prefix of the provider's file: the same key may have several names. */
static void
prefix_keys (KmsKeyAdmin *self, GPtrArray *keys)
{
  g_autofree char *prefix = _kms_provider_config_dup_prefix (_kms_provider_get_config (KMS_PROVIDER (self)));

  for (guint i = 0; prefix != NULL && i < keys->len; i++)
    _kms_key_prefix_id (g_ptr_array_index (keys, i), prefix);
}

typedef struct
{
  KmsKeyVerb verb;
  char *key_id;
  GVariant *options;
  GPtrArray *keys;
  GError *error;
} KmsKeyRequest;

static KmsKeyRequest *
key_request_new (KmsKeyVerb verb, const char *key_id, GVariant *options)
{
  KmsKeyRequest *self = g_atomic_rc_box_new0 (KmsKeyRequest);

  self->verb = verb;
  self->key_id = g_strdup (key_id);
  self->options = options == NULL ? NULL : g_variant_ref_sink (options);
  return self;
}

static void
key_request_clear (gpointer data)
{
  KmsKeyRequest *self = data;

  g_free (self->key_id);
  g_clear_pointer (&self->options, g_variant_unref);
  g_clear_pointer (&self->keys, g_ptr_array_unref);
  g_clear_error (&self->error);
}

static void
key_request_unref (gpointer data)
{
  g_atomic_rc_box_release_full (data, key_request_clear);
}

static GPtrArray *
call_verb (KmsKeyAdmin *self, KmsKeyVerb verb, const char *key_id, GVariant *options, GCancellable *cancellable,
           GError **error)
{
  KmsKeyAdminInterface *iface = KMS_KEY_ADMIN_GET_IFACE (self);

  if (verb == KMS_KEY_VERB_LIST)
    return iface->list_keys (self, options, cancellable, error);
  KmsKeyFunc func = G_STRUCT_MEMBER (KmsKeyFunc, iface, verbs[verb].offset);
  KmsKey *key = func (self, key_id, options, cancellable, error);
  if (key == NULL)
    return NULL;
  GPtrArray *keys = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (keys, key);
  return keys;
}

static void
run_request (KmsProvider *provider, gpointer data, GCancellable *cancellable)
{
  KmsKeyRequest *self = data;

  self->keys = call_verb (KMS_KEY_ADMIN (provider), self->verb, self->key_id, self->options, cancellable, &self->error);
}

static GPtrArray *
take_keys (KmsKeyAdmin *self, KmsKeyRequest *request, GError **error)
{
  if (request->keys == NULL)
    {
      _kms_provider_name_error (KMS_PROVIDER (self), &request->error);
      g_propagate_error (error, g_steal_pointer (&request->error));
      return NULL;
    }
  prefix_keys (self, request->keys);
  return g_steal_pointer (&request->keys);
}

/**
 * kms_key_admin_run:
 * @self: a provider that can administer keys
 * @verb: what to do
 * @key_id: (nullable): a key id, without the provider's prefix; %NULL only for %KMS_KEY_VERB_LIST
 * @options: (nullable): an `a{sv}`; a floating reference is taken
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Does something to a master key. Blocks, no longer than the provider's deadline: what was not answered until then
 * may have been done all the same.
 *
 * Returns: (transfer container) (element-type KmsKey): the keys, which go with their array; one, but for
 *   %KMS_KEY_VERB_LIST. %NULL with @error set: %KMS_ERROR_NOT_SUPPORTED where the service can't
 *
 * Since: 1.0
 */
GPtrArray *
kms_key_admin_run (KmsKeyAdmin *self, KmsKeyVerb verb, const char *key_id, GVariant *options, GCancellable *cancellable,
                   GError **error)
{
  g_return_val_if_fail (KMS_IS_KEY_ADMIN (self), NULL);
  g_return_val_if_fail ((guint) verb < G_N_ELEMENTS (verbs), NULL);
  g_return_val_if_fail (key_id != NULL || verb == KMS_KEY_VERB_LIST, NULL);
  KmsProvider *provider = KMS_PROVIDER (self);
  g_autoptr (GVariant) owned_options = options == NULL ? NULL : g_variant_ref_sink (options);

  if (!_kms_provider_check_fork (provider, error))
    return NULL;
  if (G_STRUCT_MEMBER (gpointer, KMS_KEY_ADMIN_GET_IFACE (self), verbs[verb].offset) == NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED, "%s: this provider cannot %s",
                   kms_provider_get_name (provider), verbs[verb].name);
      return NULL;
    }
  KmsKeyRequest *request = key_request_new (verb, key_id, owned_options);
  GPtrArray *keys = NULL;
  if (_kms_errand_run (provider, run_request, request, key_request_clear, cancellable, error))
    keys = take_keys (self, request, error);
  key_request_unref (request);
  return keys;
}

static void
run_in_task (gpointer data, gpointer user_data)
{
  g_autoptr (GTask) task = data;
  KmsKeyRequest *request = g_task_get_task_data (task);
  GError *error = NULL;
  GPtrArray *keys = kms_key_admin_run (g_task_get_source_object (task), request->verb, request->key_id,
                                       request->options, g_task_get_cancellable (task), &error);

  if (keys != NULL)
    g_task_return_pointer (task, keys, (GDestroyNotify) g_ptr_array_unref);
  else
    g_task_return_error (task, error);
}

/**
 * kms_key_admin_run_async:
 * @self: a provider that can administer keys
 * @verb: what to do
 * @key_id: (nullable): a key id, without the provider's prefix; %NULL only for %KMS_KEY_VERB_LIST
 * @options: (nullable): an `a{sv}`; a floating reference is taken
 * @cancellable: (nullable): a #GCancellable
 * @callback: (nullable) (scope async): called in the thread-default main context of now
 * @user_data: what @callback gets
 *
 * Starts what kms_key_admin_run() does, in a thread of the library's own.
 *
 * Since: 1.0
 */
void
kms_key_admin_run_async (KmsKeyAdmin *self, KmsKeyVerb verb, const char *key_id, GVariant *options,
                         GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (KMS_IS_KEY_ADMIN (self));
  GError *error = NULL;
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, kms_key_admin_run_async);
  g_task_set_task_data (task, key_request_new (verb, key_id, options), key_request_unref);
  if (_kms_pool_push (run_in_task, task, &error))
    return;
  _kms_provider_name_error (KMS_PROVIDER (self), &error);
  g_task_return_error (task, error);
  g_object_unref (task);
}

/**
 * kms_key_admin_run_finish:
 * @self: a provider that can administer keys
 * @result: what the callback got
 * @error: return location for an error
 *
 * Ends what kms_key_admin_run_async() started.
 *
 * Returns: (transfer container) (element-type KmsKey): as kms_key_admin_run()
 *
 * Since: 1.0
 */
GPtrArray *
kms_key_admin_run_finish (KmsKeyAdmin *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, kms_key_admin_run_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
