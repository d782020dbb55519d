/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The provider of Vault and OpenBao, and what its files call of each other. */
#pragma once

#include "vault-key-cache.h"
#include "vault-message.h"
#include "vault-token.h"

G_BEGIN_DECLS

#define KMS_TYPE_VAULT_PROVIDER (kms_vault_provider_get_type ())
G_DECLARE_FINAL_TYPE (KmsVaultProvider, kms_vault_provider, KMS, VAULT_PROVIDER, KmsHttpProvider)

struct _KmsVaultProvider
{
  KmsHttpProvider parent_instance;
  VaultSettings *settings; /* constant */
  VaultKeyCache *keys;
  gint knows_associated_data; /* atomic: the server was seen not to ignore it */

  /* Of a response-wrapped secret id, which comes out once: only where credentials are obtained, one at a time. */
  KmsSecret *wrapping_token;
  KmsSecret *unwrapped;
};

/* vault-call.c and vault-results.c: the two pure functions. */
gboolean kms_vault_provider_prepare (KmsHttpProvider *provider, KmsCall *call, KmsHttpCredentials *credentials,
                                     KmsHttpRequest *request, GError **error);
KmsHttpVerdict kms_vault_provider_parse (KmsHttpProvider *provider, KmsCall *call, KmsHttpResponse *response,
                                         GError **error);

/* vault-credentials.c */
KmsHttpCredentials *kms_vault_provider_obtain_credentials (KmsHttpProvider *provider, KmsHttpCredentials *current,
                                                           gboolean refused, GCancellable *cancellable, GError **error);
gboolean kms_vault_provider_prepare_farewell (KmsHttpProvider *provider, KmsHttpCredentials *credentials,
                                              KmsHttpRequest *request);

/* vault-key.c: blocking; UNKNOWN keys are no error. */
VaultKeyInfo *kms_vault_provider_read_key (KmsVaultProvider *self, const char *name, GCancellable *cancellable,
                                           GError **error);
KmsBinding kms_vault_provider_get_binding (KmsProvider *provider, const char *name, GCancellable *cancellable,
                                           GError **error);

void kms_vault_provider_key_admin_init (KmsKeyAdminInterface *iface);
void kms_vault_provider_audit_hasher_init (KmsAuditHasherInterface *iface);
void kms_vault_provider_diagnose (KmsProvider *provider, const char *name, KmsReport *report,
                                  GCancellable *cancellable);

G_END_DECLS
