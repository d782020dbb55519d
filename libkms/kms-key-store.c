/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What only providers can do that hold their keys themselves: export, import, and the root of trust. */
#include "kms-key-admin.h"

#include "kms-error.h"
#include "kms-key-private.h"
#include "kms-provider-private.h"
#include "kms-registry-private.h"

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

static void
pass_error (KmsKeyStore *self, GError **from, GError **to)
{
  _kms_provider_name_error (KMS_PROVIDER (self), from);
  g_propagate_error (to, g_steal_pointer (from));
}

/**
 * kms_key_store_export_key:
 * @self: a provider that holds its keys itself
 * @key_id: a key id, without the provider's prefix
 * @passphrase: what protects the result
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Exports a key with all its versions, encrypted under a passphrase. Blocks.
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
  KmsKeyStoreInterface *iface = KMS_KEY_STORE_GET_IFACE (self);
  g_autoptr (GError) local = NULL;

  if (!check_supported (self, iface->export_key != NULL, "export keys", error))
    return NULL;
  GBytes *exported = iface->export_key (self, key_id, passphrase, cancellable, &local);
  if (exported == NULL)
    pass_error (self, &local, error);
  return exported;
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
 * Imports a key that was exported. Blocks.
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
  KmsKeyStoreInterface *iface = KMS_KEY_STORE_GET_IFACE (self);
  g_autoptr (GError) local = NULL;

  if (!check_supported (self, iface->import_key != NULL, "import keys", error))
    return NULL;
  KmsKey *key = iface->import_key (self, key_id, exported, passphrase, cancellable, &local);
  if (key == NULL)
    {
      pass_error (self, &local, error);
      return NULL;
    }
  g_autofree char *prefix = _kms_provider_config_dup_prefix (_kms_provider_get_config (KMS_PROVIDER (self)));
  if (prefix != NULL)
    _kms_key_prefix_id (key, prefix);
  return key;
}

/**
 * kms_key_store_change_root:
 * @self: a provider that holds its keys itself
 * @root: what to protect the keys with from now on: `file`, `passphrase`, `credential:NAME`
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Protects all keys with another root of trust. Blocks.
 *
 * Returns: %TRUE if all keys are under the new root; otherwise all are under the old one
 *
 * Since: 1.0
 */
gboolean
kms_key_store_change_root (KmsKeyStore *self, const char *root, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (KMS_IS_KEY_STORE (self), FALSE);
  g_return_val_if_fail (root != NULL, FALSE);
  KmsKeyStoreInterface *iface = KMS_KEY_STORE_GET_IFACE (self);
  g_autoptr (GError) local = NULL;

  if (!check_supported (self, iface->change_root != NULL, "change its root of trust", error))
    return FALSE;
  if (iface->change_root (self, root, cancellable, &local))
    return TRUE;
  pass_error (self, &local, error);
  return FALSE;
}

/**
 * kms_key_store_describe_root:
 * @self: a provider that holds its keys itself
 * @error: return location for an error
 *
 * Says in plain words what protects the keys, and against what.
 *
 * Returns: (transfer full): a sentence, or %NULL with @error set
 *
 * Since: 1.0
 */
char *
kms_key_store_describe_root (KmsKeyStore *self, GError **error)
{
  g_return_val_if_fail (KMS_IS_KEY_STORE (self), NULL);
  KmsKeyStoreInterface *iface = KMS_KEY_STORE_GET_IFACE (self);
  g_autoptr (GError) local = NULL;

  if (!check_supported (self, iface->describe_root != NULL, "describe its root of trust", error))
    return NULL;
  char *description = iface->describe_root (self, &local);
  if (description == NULL)
    pass_error (self, &local, error);
  return description;
}
