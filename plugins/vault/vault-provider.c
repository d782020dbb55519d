/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The provider's life: what it declares, and what it reads when it opens. */
#include "vault-provider.h"

#include "vault-network.h"

/* OpenBao takes 1000 strings a request, names of members among them: "batch_input", and for an item two or four. */
#define MAX_STRINGS 999
#define STRINGS_PLAIN 2
#define STRINGS_WITH_CONTEXT 4

/* Newer servers take texts of 1 MiB; this much plaintext stays below it in base64, and its ciphertext too. */
#define MAX_PLAINTEXT (700 * 1024)
#define MAX_CIPHERTEXT (1000 * 1024)

/* 4 MiB of base64. */
#define MAX_CALL_BYTES (3 * 1024 * 1024)
#define MAX_ANSWER (16 * 1024 * 1024)

#define CALLS_IN_FLIGHT 8

G_DEFINE_FINAL_TYPE_WITH_CODE (KmsVaultProvider, kms_vault_provider, KMS_HTTP_TYPE_PROVIDER,
                               G_IMPLEMENT_INTERFACE (KMS_TYPE_KEY_ADMIN, kms_vault_provider_key_admin_init)
                                 G_IMPLEMENT_INTERFACE (KMS_TYPE_AUDIT_HASHER, kms_vault_provider_audit_hasher_init))

static gboolean
kms_vault_provider_open (KmsProvider *provider, GError **error)
{
  KmsVaultProvider *self = KMS_VAULT_PROVIDER (provider);
  KmsHttpProvider *http = KMS_HTTP_PROVIDER (provider);
  VaultEnvironment environment;

  vault_environment_init (&environment, provider);
  self->settings = vault_settings_load (provider, &environment, error);
  if (self->settings == NULL)
    return FALSE;
  kms_http_provider_set_option (http, KMS_HTTP_OPTION_RESPONSE_SIZE, MAX_ANSWER);
  return vault_network_load (http, self->settings, &environment, error)
         && KMS_PROVIDER_CLASS (kms_vault_provider_parent_class)->open (provider, error);
}

static GVariant *
kms_vault_provider_inspect (KmsProvider *provider, const char *name, GBytes *ciphertext, GCancellable *cancellable,
                            GError **error)
{
  gsize length;
  const char *text = g_bytes_get_data (ciphertext, &length);
  g_autofree char *version = NULL;
  guint64 number;
  GVariantDict details;

  if (text == NULL || !vault_ciphertext_parse (text, length, &number))
    {
      g_set_error_literal (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT,
                           "the ciphertext does not begin with \"vault:v\", a number and a colon");
      return NULL;
    }
  version = g_strdup_printf ("%" G_GUINT64_FORMAT, number);
  g_variant_dict_init (&details, NULL);
  g_variant_dict_insert (&details, "format", "s", "vault-transit");
  g_variant_dict_insert (&details, "key-version", "s", version);
  return g_variant_dict_end (&details);
}

static void
kms_vault_provider_finalize (GObject *object)
{
  KmsVaultProvider *self = KMS_VAULT_PROVIDER (object);

  g_clear_pointer (&self->settings, vault_settings_free);
  g_clear_pointer (&self->keys, vault_key_cache_free);
  g_clear_pointer (&self->wrapping_token, kms_secret_unref);
  g_clear_pointer (&self->unwrapped, kms_secret_unref);
  G_OBJECT_CLASS (kms_vault_provider_parent_class)->finalize (object);
}

static void
kms_vault_provider_class_init (KmsVaultProviderClass *klass)
{
  KmsProviderClass *provider_class = KMS_PROVIDER_CLASS (klass);
  KmsHttpProviderClass *http_class = KMS_HTTP_PROVIDER_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = kms_vault_provider_finalize;
  provider_class->open = kms_vault_provider_open;
  provider_class->get_binding = kms_vault_provider_get_binding;
  provider_class->diagnose = kms_vault_provider_diagnose;
  provider_class->inspect = kms_vault_provider_inspect;
  http_class->prepare = kms_vault_provider_prepare;
  http_class->parse = kms_vault_provider_parse;
  http_class->obtain_credentials = kms_vault_provider_obtain_credentials;
  http_class->prepare_farewell = kms_vault_provider_prepare_farewell;
  vault_settings_declare (provider_class);
  kms_http_provider_class_add_tls_settings (http_class);
}

static void
kms_vault_provider_init (KmsVaultProvider *self)
{
  KmsProvider *provider = KMS_PROVIDER (self);

  self->keys = vault_key_cache_new ();
  kms_provider_set_capabilities (provider, KMS_CAPABILITY_ENCRYPT | KMS_CAPABILITY_DECRYPT | KMS_CAPABILITY_REWRAP
                                             | KMS_CAPABILITY_ONE_KEY | KMS_CAPABILITY_UNIFORM_CONTEXTS);
  kms_provider_set_binding (provider, KMS_BINDING_UNKNOWN);
  kms_provider_set_limit (provider, KMS_LIMIT_ITEMS, MAX_STRINGS / STRINGS_PLAIN);
  kms_provider_set_limit (provider, KMS_LIMIT_ITEMS_WITH_CONTEXT, MAX_STRINGS / STRINGS_WITH_CONTEXT);
  kms_provider_set_limit (provider, KMS_LIMIT_BYTES, MAX_CALL_BYTES);
  kms_provider_set_limit (provider, KMS_LIMIT_PLAINTEXT, MAX_PLAINTEXT);
  kms_provider_set_limit (provider, KMS_LIMIT_CIPHERTEXT, MAX_CIPHERTEXT);
  kms_provider_set_limit (provider, KMS_LIMIT_CALLS, CALLS_IN_FLIGHT);
}
