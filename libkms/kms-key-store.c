/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What only providers can do that hold their keys themselves: export, import, and the root of trust. */
#include "kms-key-admin.h"

#include "kms-errand-private.h"
#include "kms-error.h"
#include "kms-key-private.h"
#include "kms-provider-private.h"
#include "kms-registry-private.h"
#include "kms-secret.h"

/**
 * KmsKeyStore:
 *
 * What providers implement, besides #KmsKeyAdmin, that hold the master keys themselves.
 *
 * Since: 1.0
 */
G_DEFINE_INTERFACE (KmsKeyStore, kms_key_store, KMS_TYPE_PROVIDER)

static void
kms_key_store_default_init (KmsKeyStoreInterface *iface)
{
}

static gboolean
check_supported (KmsKeyStore *self, gboolean supported, const char *what, GError **error)
{
  if (supported)
    return _kms_provider_check_fork (KMS_PROVIDER (self), error);
  g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED, "%s: this provider cannot %s",
               kms_provider_get_name (KMS_PROVIDER (self)), what);
  return FALSE;
}

/* What one of the functions gets, and what comes out of it. */
typedef struct
{
  char *key_id; /* or the name of a root */
  GBytes *exported;
  KmsSecret *passphrase;
  KmsKey *key;
  char *words;
  gboolean done;
  GError *error;
} KmsStoreRequest;

static KmsStoreRequest *
store_request_new (const char *key_id, GBytes *exported, KmsSecret *passphrase)
{
  KmsStoreRequest *self = g_atomic_rc_box_new0 (KmsStoreRequest);

  self->key_id = g_strdup (key_id);
  self->exported = exported == NULL ? NULL : g_bytes_ref (exported);
  self->passphrase = passphrase == NULL ? NULL : kms_secret_ref (passphrase);
  return self;
}

static void
store_request_clear (gpointer data)
{
  KmsStoreRequest *self = data;

  g_free (self->key_id);
  g_clear_pointer (&self->exported, g_bytes_unref);
  g_clear_pointer (&self->passphrase, kms_secret_unref);
  g_clear_object (&self->key);
  g_free (self->words);
  g_clear_error (&self->error);
}

static void
store_request_unref (KmsStoreRequest *self)
{
  g_atomic_rc_box_release_full (self, store_request_clear);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KmsStoreRequest, store_request_unref)

/* FALSE: @error is set, and nothing of the request may be read. */
static gboolean
run_request (KmsKeyStore *self, KmsErrandFunc func, KmsStoreRequest *request, GCancellable *cancellable, GError **error)
{
  KmsProvider *provider = KMS_PROVIDER (self);

  if (!_kms_errand_run (provider, func, request, store_request_clear, cancellable, error))
    return FALSE;
  if (request->done)
    return TRUE;
  _kms_provider_name_error (provider, &request->error);
  g_propagate_error (error, g_steal_pointer (&request->error));
  return FALSE;
}

static void
export_key (KmsProvider *provider, gpointer data, GCancellable *cancellable)
{
  KmsStoreRequest *self = data;
  KmsKeyStoreInterface *iface = KMS_KEY_STORE_GET_IFACE (provider);

  self->exported =
    iface->export_key (KMS_KEY_STORE (provider), self->key_id, self->passphrase, cancellable, &self->error);
  self->done = self->exported != NULL;
}

static void
import_key (KmsProvider *provider, gpointer data, GCancellable *cancellable)
{
  KmsStoreRequest *self = data;
  KmsKeyStoreInterface *iface = KMS_KEY_STORE_GET_IFACE (provider);

  self->key = iface->import_key (KMS_KEY_STORE (provider), self->key_id, self->exported, self->passphrase, cancellable,
                                 &self->error);
  self->done = self->key != NULL;
}

static void
change_root (KmsProvider *provider, gpointer data, GCancellable *cancellable)
{
  KmsStoreRequest *self = data;
  KmsKeyStoreInterface *iface = KMS_KEY_STORE_GET_IFACE (provider);

  self->done = iface->change_root (KMS_KEY_STORE (provider), self->key_id, cancellable, &self->error);
}

static void
describe_root (KmsProvider *provider, gpointer data, GCancellable *cancellable)
{
  KmsStoreRequest *self = data;
  KmsKeyStoreInterface *iface = KMS_KEY_STORE_GET_IFACE (provider);

  self->words = iface->describe_root (KMS_KEY_STORE (provider), cancellable, &self->error);
  self->done = self->words != NULL;
}

/**
 * kms_key_store_export_key:
 * @self: a provider that holds its keys itself
 * @key_id: a key id, without the provider's prefix
 * @passphrase: what protects the result
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Exports a key with all its versions, encrypted under a passphrase. Blocks, no longer than the provider's deadline.
 *
 * Returns: (transfer full): text that can be printed, or %NULL with @error set
 *
 * Since: 1.0
 */
GBytes *
kms_key_store_export_key (KmsKeyStore *self, const char *key_id, KmsSecret *passphrase, GCancellable *cancellable,
                          GError **error)
{
  g_return_val_if_fail (KMS_IS_KEY_STORE (self), NULL);
  g_return_val_if_fail (key_id != NULL && passphrase != NULL, NULL);

  if (!check_supported (self, KMS_KEY_STORE_GET_IFACE (self)->export_key != NULL, "export keys", error))
    return NULL;
  g_autoptr (KmsStoreRequest) request = store_request_new (key_id, NULL, passphrase);
  return run_request (self, export_key, request, cancellable, error) ? g_steal_pointer (&request->exported) : NULL;
}

/**
 * kms_key_store_import_key:
 * @self: a provider that holds its keys itself
 * @key_id: the name to import it under, without the provider's prefix
 * @exported: what kms_key_store_export_key() returned
 * @passphrase: what it was protected with
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Imports a key that was exported. Blocks, no longer than the provider's deadline: what was not answered until then may
 * have been done all the same.
 *
 * Returns: (transfer full): the key, or %NULL with @error set: %KMS_ERROR_ALREADY_EXISTS, %KMS_ERROR_INVALID_CIPHERTEXT
 *   for a wrong passphrase or damaged text
 *
 * Since: 1.0
 */
KmsKey *
kms_key_store_import_key (KmsKeyStore *self, const char *key_id, GBytes *exported, KmsSecret *passphrase,
                          GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (KMS_IS_KEY_STORE (self), NULL);
  g_return_val_if_fail (key_id != NULL && exported != NULL && passphrase != NULL, NULL);

  if (!check_supported (self, KMS_KEY_STORE_GET_IFACE (self)->import_key != NULL, "import keys", error))
    return NULL;
  g_autoptr (KmsStoreRequest) request = store_request_new (key_id, exported, passphrase);
  if (!run_request (self, import_key, request, cancellable, error))
    return NULL;
  g_autofree char *prefix = _kms_provider_config_dup_prefix (_kms_provider_get_config (KMS_PROVIDER (self)));
  if (prefix != NULL)
    _kms_key_prefix_id (request->key, prefix);
  return g_steal_pointer (&request->key);
}

/**
 * kms_key_store_change_root:
 * @self: a provider that holds its keys itself
 * @root: what to protect the keys with from now on: `file`, `passphrase`, `credential:NAME`
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Protects all keys with another root of trust. Blocks, no longer than the provider's deadline: what was not answered
 * until then may have been done all the same.
 *
 * Returns: %TRUE if all keys are under the new root; %FALSE with @error set, where all are under the old one, but for
 *   %KMS_ERROR_TIMED_OUT and a cancelled call
 *
 * Since: 1.0
 */
gboolean
kms_key_store_change_root (KmsKeyStore *self, const char *root, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (KMS_IS_KEY_STORE (self), FALSE);
  g_return_val_if_fail (root != NULL, FALSE);

  if (!check_supported (self, KMS_KEY_STORE_GET_IFACE (self)->change_root != NULL, "change its root of trust", error))
    return FALSE;
  g_autoptr (KmsStoreRequest) request = store_request_new (root, NULL, NULL);
  return run_request (self, change_root, request, cancellable, error);
}

/**
 * kms_key_store_describe_root:
 * @self: a provider that holds its keys itself
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Says in plain words what protects the keys, and against what. Blocks, no longer than the provider's deadline.
 *
 * Returns: (transfer full): a sentence, or %NULL with @error set
 *
 * Since: 1.0
 */
char *
kms_key_store_describe_root (KmsKeyStore *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (KMS_IS_KEY_STORE (self), NULL);

  if (!check_supported (self, KMS_KEY_STORE_GET_IFACE (self)->describe_root != NULL, "describe its root of trust",
                        error))
    return NULL;
  g_autoptr (KmsStoreRequest) request = store_request_new (NULL, NULL, NULL);
  return run_request (self, describe_root, request, cancellable, error) ? g_steal_pointer (&request->words) : NULL;
}
