/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is asked of keys outside of calls. */
#include "vault-exchange.h"
#include "vault-values.h"

/* A key that may not be looked at is no error: then nothing is known of it. */
static VaultKeyInfo *
take_answer (KmsVaultProvider *self, const VaultExchange *exchange, const char *name, VaultKeyInfo *key, GError **error)
{
  const VaultSettings *settings = self->settings;

  if (exchange->status == 403 && !exchange->blames_token)
    return vault_key_info_ref (key);
  if (exchange->status == 200 && key->type != NULL)
    {
      vault_key_info_complete (key);
      return vault_key_info_ref (key);
    }
  if (exchange->status == 200)
    g_set_error (error, KMS_ERROR, KMS_ERROR_INTEGRITY, "%s/keys/%s: the answer describes no key", settings->mount,
                 name);
  else
    g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND,
                 "there is no key \"%s\" under \"%s\"; create it with: kmsctl key create %s/%s", name, settings->mount,
                 settings->label, name);
  return NULL;
}

VaultKeyInfo *
kms_vault_provider_read_key (KmsVaultProvider *self, const char *name, GCancellable *cancellable, GError **error)
{
  g_autofree char *path = g_strconcat (self->settings->mount, "/keys/", name, NULL);
  g_autoptr (VaultKeyInfo) key = vault_key_info_new ();
  VaultSection section = { "data", vault_key_info_read_member, key };
  VaultExchange exchange = { .method = "GET", .path = path, .sections = &section, .n_sections = 1 };
  g_autoptr (GError) local = NULL;

  if (!vault_check_key_name (name, error))
    return NULL;
  if (!vault_exchange_run (&exchange, self, cancellable, &local))
    {
      gboolean denied = exchange.status == 403 && !exchange.blames_token;
      gboolean missing = exchange.status == 404 && exchange.n_errors == 0;
      if (!denied && !missing)
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return NULL;
        }
    }
  VaultKeyInfo *taken = take_answer (self, &exchange, name, key, error);
  if (taken != NULL)
    vault_key_cache_store (self->keys, name, taken);
  else
    vault_key_cache_forget (self->keys, name);
  return taken;
}

KmsBinding
kms_vault_provider_get_binding (KmsProvider *provider, const char *name, GCancellable *cancellable, GError **error)
{
  KmsVaultProvider *self = KMS_VAULT_PROVIDER (provider);
  g_autoptr (VaultKeyInfo) key = vault_key_cache_lookup (self->keys, name);

  if (key == NULL)
    key = kms_vault_provider_read_key (self, name, cancellable, error);
  return key != NULL ? vault_key_info_get_binding (key, self->settings) : KMS_BINDING_UNKNOWN;
}
