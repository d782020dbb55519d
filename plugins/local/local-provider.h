/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The local provider: keys in a keystore of this machine, cryptography in the caller's thread. */
#pragma once

#include <libkms/kms-module.h>

#include "key-cache.h"
#include "keystore.h"

G_BEGIN_DECLS

#define KMS_TYPE_LOCAL_PROVIDER (kms_local_provider_get_type ())
G_DECLARE_FINAL_TYPE (KmsLocalProvider, kms_local_provider, KMS, LOCAL_PROVIDER, KmsProvider)

struct _KmsLocalProvider
{
  KmsProvider parent_instance;
  Keystore *keystore;
  KeyCache *cache;
};

/* local-admin.c */
void kms_local_provider_key_admin_init (KmsKeyAdminInterface *iface);
void kms_local_provider_key_store_init (KmsKeyStoreInterface *iface);

/* local-diagnose.c */
void kms_local_provider_diagnose (KmsProvider *provider, const char *key_id, KmsReport *report,
                                  GCancellable *cancellable);

G_END_DECLS
