/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The registry: configuration, discovery, modules, and which provider a key id belongs to. */
#pragma once

#if !defined(KMS_INSIDE) && !defined(KMS_COMPILATION)
#error "Only <libkms/kms.h> and <libkms/kms-module.h> can be included directly"
#endif

#include <libkms/kms-config-info.h>
#include <libkms/kms-provider.h>

G_BEGIN_DECLS

#define KMS_TYPE_REGISTRY (kms_registry_get_type ())
KMS_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (KmsRegistry, kms_registry, KMS, REGISTRY, GObject)

/**
 * KmsAskSecretFunc:
 * @provider: who asks
 * @prompt: what to show to the user, without a colon at its end
 * @confirm: whether a new secret is chosen, so that it should be asked twice
 * @cancellable: (nullable): a #GCancellable
 * @user_data: what kms_registry_set_ask_secret_func() got
 * @error: return location for an error
 *
 * Asks somebody for a secret, for example on a terminal. May be called in any thread.
 *
 * Returns: (transfer full): the secret, or %NULL with @error set
 *
 * Since: 1.0
 */
typedef KmsSecret *(*KmsAskSecretFunc) (KmsProvider *provider, const char *prompt, gboolean confirm,
                                        GCancellable *cancellable, gpointer user_data, GError **error);

KMS_AVAILABLE_IN_1_0
KmsRegistry *kms_registry_new_default (GError **error);
KMS_AVAILABLE_IN_1_0
KmsRegistry *kms_registry_new (const char *config_root, const char *program, GError **error);
KMS_AVAILABLE_IN_1_0
gboolean kms_registry_reload (KmsRegistry *self, GError **error);
KMS_AVAILABLE_IN_1_0
void kms_registry_close (KmsRegistry *self);

KMS_AVAILABLE_IN_1_0
GPtrArray *kms_registry_list (KmsRegistry *self, KmsConfigKind kind);
KMS_AVAILABLE_IN_1_0
KmsConfigInfo *kms_registry_lookup (KmsRegistry *self, KmsConfigKind kind, const char *name, GError **error);
KMS_AVAILABLE_IN_1_0
char *kms_registry_dup_directory (KmsRegistry *self, KmsConfigKind kind);

KMS_AVAILABLE_IN_1_0
KmsProvider *kms_registry_dup_provider (KmsRegistry *self, const char *name, GError **error);
KMS_AVAILABLE_IN_1_0
KmsProvider *kms_registry_dup_provider_for_key (KmsRegistry *self, const char *key_id, const char *provider_name,
                                                char **provider_key_id, GError **error);
KMS_AVAILABLE_IN_1_0
char *kms_registry_find_provider_for_key (KmsRegistry *self, const char *key_id, gboolean *is_fallback, GError **error);

KMS_AVAILABLE_IN_1_0
KmsBox *kms_registry_dup_box (KmsRegistry *self, const char *name, GError **error);

KMS_AVAILABLE_IN_1_0
void kms_registry_set_ask_secret_func (KmsRegistry *self, KmsAskSecretFunc func, gpointer user_data, GDestroyNotify destroy);
KMS_AVAILABLE_IN_1_0
void kms_registry_set_interactive (KmsRegistry *self, gboolean interactive);
KMS_AVAILABLE_IN_1_0
gboolean kms_registry_get_interactive (KmsRegistry *self);
KMS_AVAILABLE_IN_1_0
void kms_registry_set_report_operations (KmsRegistry *self, gboolean report_operations);
KMS_AVAILABLE_IN_1_0
gboolean kms_registry_get_report_operations (KmsRegistry *self);

G_END_DECLS
