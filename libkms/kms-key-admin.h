/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Administration of master keys, where a provider can do that. */
#pragma once

#if !defined(KMS_INSIDE) && !defined(KMS_COMPILATION)
#error "Only <libkms/kms.h> and <libkms/kms-module.h> can be included directly"
#endif

#include <libkms/kms-key.h>
#include <libkms/kms-provider.h>

G_BEGIN_DECLS

/**
 * KmsKeyVerb:
 * @KMS_KEY_VERB_LIST: all keys; takes no key id
 * @KMS_KEY_VERB_SHOW: one key with its versions
 * @KMS_KEY_VERB_CREATE: a new key
 * @KMS_KEY_VERB_ROTATE: a new version, which encrypts from now on
 * @KMS_KEY_VERB_ENABLE: undoes %KMS_KEY_VERB_DISABLE
 * @KMS_KEY_VERB_DISABLE: stops all use until it is enabled again
 * @KMS_KEY_VERB_DELETE: schedules deletion (option `days`, an `u`), or deletes at once (option `force`, a `b`)
 * @KMS_KEY_VERB_RESTORE: undoes a scheduled deletion
 * @KMS_KEY_VERB_CONFIGURE: changes what the options say, whose names are the provider's own
 *
 * What to do with a master key. More may follow.
 *
 * Since: 1.0
 */
typedef enum {
  KMS_KEY_VERB_LIST,
  KMS_KEY_VERB_SHOW,
  KMS_KEY_VERB_CREATE,
  KMS_KEY_VERB_ROTATE,
  KMS_KEY_VERB_ENABLE,
  KMS_KEY_VERB_DISABLE,
  KMS_KEY_VERB_DELETE,
  KMS_KEY_VERB_RESTORE,
  KMS_KEY_VERB_CONFIGURE,
} KmsKeyVerb;

#define KMS_TYPE_KEY_ADMIN (kms_key_admin_get_type ())
KMS_AVAILABLE_IN_1_0
G_DECLARE_INTERFACE (KmsKeyAdmin, kms_key_admin, KMS, KEY_ADMIN, KmsProvider)

/**
 * KmsKeyAdminInterface:
 * @list_keys: the keys, as an array of #KmsKey that owns them
 * @show_key: a key
 * @create_key: a new key; a name that is taken is %KMS_ERROR_ALREADY_EXISTS
 * @rotate_key: a new version, which encrypts from now on
 * @enable_key: lets a disabled key work again
 * @disable_key: stops all use until it is enabled again
 * @delete_key: deletes after `days` (u) of the options, or with `force` (b) at once; the key as it is then, or as it was
 * @restore_key: undoes a deletion whose time has not come
 * @configure_key: changes what the options say
 *
 * What a provider of #KmsKeyAdmin does for each #KmsKeyVerb. All are blocking and may be called from any thread, several at
 * once. What is left %NULL answers %KMS_ERROR_NOT_SUPPORTED. Key ids stand without the provider's prefix; the core puts it
 * back into what is returned, which is (transfer full). The options are a{sv}, and may be %NULL.
 *
 * Since: 1.0
 */
/* Append only. */
struct _KmsKeyAdminInterface
{
  GTypeInterface parent_iface;
  GPtrArray *(*list_keys) (KmsKeyAdmin *self, GVariant *options, GCancellable *cancellable, GError **error);
  KmsKey *(*show_key) (KmsKeyAdmin *self, const char *key_id, GVariant *options, GCancellable *cancellable,
                       GError **error);
  KmsKey *(*create_key) (KmsKeyAdmin *self, const char *key_id, GVariant *options, GCancellable *cancellable,
                         GError **error);
  KmsKey *(*rotate_key) (KmsKeyAdmin *self, const char *key_id, GVariant *options, GCancellable *cancellable,
                         GError **error);
  KmsKey *(*enable_key) (KmsKeyAdmin *self, const char *key_id, GVariant *options, GCancellable *cancellable,
                         GError **error);
  KmsKey *(*disable_key) (KmsKeyAdmin *self, const char *key_id, GVariant *options, GCancellable *cancellable,
                          GError **error);
  KmsKey *(*delete_key) (KmsKeyAdmin *self, const char *key_id, GVariant *options, GCancellable *cancellable,
                         GError **error);
  KmsKey *(*restore_key) (KmsKeyAdmin *self, const char *key_id, GVariant *options, GCancellable *cancellable,
                          GError **error);
  KmsKey *(*configure_key) (KmsKeyAdmin *self, const char *key_id, GVariant *options, GCancellable *cancellable,
                            GError **error);
};

KMS_AVAILABLE_IN_1_0
GPtrArray *kms_key_admin_run (KmsKeyAdmin *self, KmsKeyVerb verb, const char *key_id, GVariant *options,
                              GCancellable *cancellable, GError **error);
KMS_AVAILABLE_IN_1_0
void kms_key_admin_run_async (KmsKeyAdmin *self, KmsKeyVerb verb, const char *key_id, GVariant *options,
                              GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
KMS_AVAILABLE_IN_1_0
GPtrArray *kms_key_admin_run_finish (KmsKeyAdmin *self, GAsyncResult *result, GError **error);

#define KMS_TYPE_KEY_STORE (kms_key_store_get_type ())
KMS_AVAILABLE_IN_1_0
G_DECLARE_INTERFACE (KmsKeyStore, kms_key_store, KMS, KEY_STORE, KmsProvider)

/**
 * KmsKeyStoreInterface:
 * @export_key: the key, encrypted under a passphrase
 * @import_key: the reverse
 * @change_root: protects all keys by something else from now on, such as `passphrase`
 * @describe_root: what protects the keys, in words for a person
 *
 * What a provider of #KmsKeyStore does. All are blocking and may be called from any thread, several at once. Key ids stand
 * without the provider's prefix.
 *
 * Since: 1.0
 */
/* Append only. */
struct _KmsKeyStoreInterface
{
  GTypeInterface parent_iface;
  GBytes *(*export_key) (KmsKeyStore *self, const char *key_id, KmsSecret *passphrase, GCancellable *cancellable,
                         GError **error);
  KmsKey *(*import_key) (KmsKeyStore *self, const char *key_id, GBytes *exported, KmsSecret *passphrase,
                         GCancellable *cancellable, GError **error);
  gboolean (*change_root) (KmsKeyStore *self, const char *root, GCancellable *cancellable, GError **error);
  char *(*describe_root) (KmsKeyStore *self, GCancellable *cancellable, GError **error);
};

KMS_AVAILABLE_IN_1_0
GBytes *kms_key_store_export_key (KmsKeyStore *self, const char *key_id, KmsSecret *passphrase,
                                  GCancellable *cancellable, GError **error);
KMS_AVAILABLE_IN_1_0
KmsKey *kms_key_store_import_key (KmsKeyStore *self, const char *key_id, GBytes *exported, KmsSecret *passphrase,
                                  GCancellable *cancellable, GError **error);
KMS_AVAILABLE_IN_1_0
gboolean kms_key_store_change_root (KmsKeyStore *self, const char *root, GCancellable *cancellable, GError **error);
KMS_AVAILABLE_IN_1_0
char *kms_key_store_describe_root (KmsKeyStore *self, GCancellable *cancellable, GError **error);

G_END_DECLS
