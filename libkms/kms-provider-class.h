/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The base class of all providers, as their authors see it: what to implement, declare and ask. */
#pragma once

#if !defined(KMS_INSIDE) && !defined(KMS_COMPILATION)
#error "Only <libkms/kms.h> and <libkms/kms-module.h> can be included directly"
#endif

#include <libkms/kms-call.h>
#include <libkms/kms-key-admin.h>

G_BEGIN_DECLS

/**
 * KmsProviderClass:
 * @open: nullable; called once, before the first use; reads the settings, declares limits and capabilities. Whoever asked
 *   for the provider waits for it without a deadline and can't cancel it, so it must not wait for others: it may read
 *   local files, but neither contacts the service nor asks the user. What is wrong over there is for the first call to
 *   find out
 * @encrypt: blocking; any thread, several at once
 * @decrypt: blocking; any thread, several at once
 * @rewrap: nullable, blocking; without it the core decrypts and encrypts
 * @submit: instead of the blocking functions: starts the call and returns; ends in kms_call_complete(). Runs on the
 *   provider's own thread, whose main context is the thread-default one
 * @close: nullable; the last call, on the provider's own thread; for providers with @submit
 * @after_fork: nullable; only for %KMS_CAPABILITY_INLINE: in a forked child before its first use there, where secrets
 *   in locked memory are gone: load the keys again. Calls that come meanwhile wait, so it must not call its own provider
 * @get_binding: nullable, blocking; how strongly a key binds the context; without it what kms_provider_set_binding() said
 * @diagnose: nullable, blocking; looks at credentials, permissions, the key (nullable), and reports
 * @inspect: nullable, blocking; what can be read of a ciphertext without decrypting it, as a{sv}
 *
 * What a module's subclass implements: @open, and @encrypt and @decrypt or @submit.
 *
 * Since: 1.0
 */
struct _KmsProviderClass
{
  GObjectClass parent_class;

#ifndef __GI_SCANNER__ /* modules are written in C; elsewhere "encrypt" would hide kms_provider_encrypt() */
  gboolean (*open) (KmsProvider *self, GError **error);
  gboolean (*encrypt) (KmsProvider *self, KmsCall *call, GError **error);
  gboolean (*decrypt) (KmsProvider *self, KmsCall *call, GError **error);
  gboolean (*rewrap) (KmsProvider *self, KmsCall *call, GError **error);
  void (*submit) (KmsProvider *self, KmsCall *call);
  void (*close) (KmsProvider *self);
  void (*after_fork) (KmsProvider *self);
  KmsBinding (*get_binding) (KmsProvider *self, const char *key_id, GCancellable *cancellable, GError **error);
  void (*diagnose) (KmsProvider *self, const char *key_id, KmsReport *report, GCancellable *cancellable);
  GVariant *(*inspect) (KmsProvider *self, const char *key_id, GBytes *ciphertext, GCancellable *cancellable,
                        GError **error);
#endif

  /*< private >*/
  gpointer settings;
  gpointer _reserved[21];
};

/**
 * KmsLimit:
 * @KMS_LIMIT_ITEMS: items a call
 * @KMS_LIMIT_BYTES: bytes of input and context a call
 * @KMS_LIMIT_PLAINTEXT: bytes of one plaintext
 * @KMS_LIMIT_CIPHERTEXT: bytes of one ciphertext; a box writes none that is larger
 * @KMS_LIMIT_CALLS: calls in flight
 * @KMS_LIMIT_CALL_TIMEOUT: default deadline of a call in milliseconds; for many items counted from the last progress
 * @KMS_LIMIT_ITEMS_WITH_CONTEXT: items a call whose first item has a context, where that is fewer than others
 *
 * What a provider can take. The core splits and refuses accordingly. More may follow.
 *
 * Since: 1.0
 */
typedef enum {
  KMS_LIMIT_ITEMS,
  KMS_LIMIT_BYTES,
  KMS_LIMIT_PLAINTEXT,
  KMS_LIMIT_CIPHERTEXT,
  KMS_LIMIT_CALLS,
  KMS_LIMIT_CALL_TIMEOUT,
  KMS_LIMIT_ITEMS_WITH_CONTEXT,
} KmsLimit;

/* In class_init(). */
KMS_AVAILABLE_IN_1_0
void kms_provider_class_add_setting (KmsProviderClass *klass, const char *name, KmsSettingType type,
                                     const char *default_value, const char *range, const char *description);

/* In init() or open(). */
KMS_AVAILABLE_IN_1_0
void kms_provider_set_capabilities (KmsProvider *self, KmsCapability capabilities);
KMS_AVAILABLE_IN_1_0
void kms_provider_set_limit (KmsProvider *self, KmsLimit limit, gint64 value);
KMS_AVAILABLE_IN_1_0
void kms_provider_set_binding (KmsProvider *self, KmsBinding binding);

/**
 * KmsProviderPostFunc:
 * @data: what was given to kms_provider_post()
 *
 * Runs on the thread of a provider with submit().
 *
 * Since: 1.0
 */
typedef void (*KmsProviderPostFunc) (gpointer data);
KMS_AVAILABLE_IN_1_0
gboolean kms_provider_post (KmsProvider *self, KmsProviderPostFunc func, gpointer data, GError **error);

KMS_AVAILABLE_IN_1_0
gint64 kms_provider_get_limit (KmsProvider *self, KmsLimit limit);
KMS_AVAILABLE_IN_1_0
gboolean kms_provider_get_allow_unbound_context (KmsProvider *self);
KMS_AVAILABLE_IN_1_0
const char *kms_provider_get_setting_string (KmsProvider *self, const char *name);
KMS_AVAILABLE_IN_1_0
gboolean kms_provider_get_setting_boolean (KmsProvider *self, const char *name);
KMS_AVAILABLE_IN_1_0
gint64 kms_provider_get_setting_integer (KmsProvider *self, const char *name);
KMS_AVAILABLE_IN_1_0
const char *const *kms_provider_get_setting_list (KmsProvider *self, const char *name);
/* Milliseconds of ConnectTimeout, AttemptTimeout and CallTimeout, the number of Retries; -1 where the file says nothing. */
KMS_AVAILABLE_IN_1_0
gint64 kms_provider_get_option (KmsProvider *self, const char *name);
KMS_AVAILABLE_IN_1_0
char *kms_provider_dup_environment (KmsProvider *self, const char *variable);
KMS_AVAILABLE_IN_1_0
char *kms_provider_dup_data_directory (KmsProvider *self);
KMS_AVAILABLE_IN_1_0
KmsSecret *kms_provider_ask_secret (KmsProvider *self, const char *prompt, gboolean confirm, GCancellable *cancellable,
                                    GError **error);
KMS_AVAILABLE_IN_1_0
gboolean kms_provider_may_interact (KmsProvider *self);

G_END_DECLS
