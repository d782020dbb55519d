/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Providers as applications see them: one configured key management service. */
#pragma once

#if !defined(KMS_INSIDE) && !defined(KMS_COMPILATION)
#error "Only <libkms/kms.h> and <libkms/kms-module.h> can be included directly"
#endif

#include <libkms/kms-batch.h>
#include <libkms/kms-report.h>

G_BEGIN_DECLS

#define KMS_TYPE_PROVIDER (kms_provider_get_type ())
KMS_AVAILABLE_IN_1_0
G_DECLARE_DERIVABLE_TYPE (KmsProvider, kms_provider, KMS, PROVIDER, GObject)

KMS_AVAILABLE_IN_1_0
const char *kms_provider_get_name (KmsProvider *self);
KMS_AVAILABLE_IN_1_0
KmsCapability kms_provider_get_capabilities (KmsProvider *self);
KMS_AVAILABLE_IN_1_0
KmsBinding kms_provider_get_binding (KmsProvider *self, const char *key_id, GCancellable *cancellable, GError **error);
KMS_AVAILABLE_IN_1_0
void kms_provider_diagnose (KmsProvider *self, const char *key_id, KmsReport *report, GCancellable *cancellable);
KMS_AVAILABLE_IN_1_0
GVariant *kms_provider_inspect (KmsProvider *self, const char *key_id, GBytes *ciphertext, GCancellable *cancellable,
                                GError **error);

/* One value, bare: no version, no base64. The key id stands without the provider's prefix. */
KMS_AVAILABLE_IN_1_0
GBytes *kms_provider_encrypt (KmsProvider *self, const char *key_id, KmsSecret *plaintext, KmsContext *context,
                              GCancellable *cancellable, GError **error);
KMS_AVAILABLE_IN_1_0
KmsSecret *kms_provider_decrypt (KmsProvider *self, const char *key_id, GBytes *ciphertext, KmsContext *context,
                                 GCancellable *cancellable, GError **error);

KMS_AVAILABLE_IN_1_0
gboolean kms_provider_run (KmsProvider *self, const char *key_id, KmsBatch *batch, GCancellable *cancellable,
                           GError **error);
KMS_AVAILABLE_IN_1_0
void kms_provider_run_async (KmsProvider *self, const char *key_id, KmsBatch *batch, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data);
KMS_AVAILABLE_IN_1_0
gboolean kms_provider_run_finish (KmsProvider *self, GAsyncResult *result, GError **error);

G_END_DECLS
