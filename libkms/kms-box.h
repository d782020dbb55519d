/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Boxes: named, versioned keys that write and read stored strings such as "v2:…". */
#pragma once

#if !defined(KMS_INSIDE) && !defined(KMS_COMPILATION)
#error "Only <libkms/kms.h> and <libkms/kms-module.h> can be included directly"
#endif

#include <libkms/kms-registry.h>

G_BEGIN_DECLS

#define KMS_TYPE_BOX (kms_box_get_type ())
#define KMS_TYPE_BOX_BUILDER (kms_box_builder_get_type ())
#define KMS_TYPE_INSPECTION (kms_inspection_get_type ())

KMS_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (KmsBox, kms_box, KMS, BOX, GObject)

typedef struct _KmsBoxBuilder KmsBoxBuilder;
typedef struct _KmsInspection KmsInspection;

/**
 * KmsStoredFormat:
 * @KMS_STORED_FORMAT_VERSIONED: `vN:` and base64
 * @KMS_STORED_FORMAT_LEGACY: base64 with line breaks and no version
 * @KMS_STORED_FORMAT_LEGACY_VAULT: `vault:…` as the server wrote it
 * @KMS_STORED_FORMAT_LEGACY_GOOGLE: `$gc$`, a shortened key id, `$` and base64
 * @KMS_STORED_FORMAT_LEGACY_TEST: `insecure-data-key-…`, which version 0 of the Ruby gem wrote in tests
 *
 * What kind of stored string it is.
 *
 * Since: 1.0
 */
typedef enum {
  KMS_STORED_FORMAT_VERSIONED,
  KMS_STORED_FORMAT_LEGACY,
  KMS_STORED_FORMAT_LEGACY_VAULT,
  KMS_STORED_FORMAT_LEGACY_GOOGLE,
  KMS_STORED_FORMAT_LEGACY_TEST,
} KmsStoredFormat;

KMS_AVAILABLE_IN_1_0
KmsBox *kms_box_new_for_key (KmsRegistry *registry, const char *key_id, const char *version, GError **error);

KMS_AVAILABLE_IN_1_0
GType kms_box_builder_get_type (void);
KMS_AVAILABLE_IN_1_0
KmsBoxBuilder *kms_box_builder_new (KmsRegistry *registry, const char *name);
KMS_AVAILABLE_IN_1_0
KmsBoxBuilder *kms_box_builder_ref (KmsBoxBuilder *self);
KMS_AVAILABLE_IN_1_0
void kms_box_builder_unref (KmsBoxBuilder *self);
KMS_AVAILABLE_IN_1_0
void kms_box_builder_set_key (KmsBoxBuilder *self, const char *version, const char *key_id, const char *provider_name);
KMS_AVAILABLE_IN_1_0
void kms_box_builder_add_previous (KmsBoxBuilder *self, const char *version, const char *key_id, const char *provider_name);
KMS_AVAILABLE_IN_1_0
void kms_box_builder_set_any_version (KmsBoxBuilder *self, gboolean any_version);
KMS_AVAILABLE_IN_1_0
void kms_box_builder_set_description (KmsBoxBuilder *self, const char *description);
KMS_AVAILABLE_IN_1_0
void kms_box_builder_set_require_context (KmsBoxBuilder *self, const char *const *names);
KMS_AVAILABLE_IN_1_0
void kms_box_builder_set_json_dialect (KmsBoxBuilder *self, KmsJsonDialect dialect, gboolean try_others);
KMS_AVAILABLE_IN_1_0
void kms_box_builder_set_upgrade_context (KmsBoxBuilder *self, gboolean upgrade_context);
KMS_AVAILABLE_IN_1_0
void kms_box_builder_set_state (KmsBoxBuilder *self, KmsBoxState state);
KMS_AVAILABLE_IN_1_0
KmsBox *kms_box_builder_end (KmsBoxBuilder *self, GError **error);

KMS_AVAILABLE_IN_1_0
const char *kms_box_get_name (KmsBox *self);
KMS_AVAILABLE_IN_1_0
const char *kms_box_get_description (KmsBox *self);
KMS_AVAILABLE_IN_1_0
KmsBoxState kms_box_get_state (KmsBox *self);
KMS_AVAILABLE_IN_1_0
const char *kms_box_get_version (KmsBox *self);
KMS_AVAILABLE_IN_1_0
char **kms_box_list_versions (KmsBox *self);
KMS_AVAILABLE_IN_1_0
const char *kms_box_get_key_id (KmsBox *self, const char *version, const char **provider_name);
KMS_AVAILABLE_IN_1_0
const char *const *kms_box_get_require_context (KmsBox *self);
KMS_AVAILABLE_IN_1_0
gboolean kms_box_get_any_context (KmsBox *self);
KMS_AVAILABLE_IN_1_0
KmsJsonDialect kms_box_get_json_dialect (KmsBox *self);

KMS_AVAILABLE_IN_1_0
char *kms_box_encrypt (KmsBox *self, KmsSecret *plaintext, KmsContext *context, GCancellable *cancellable, GError **error);
KMS_AVAILABLE_IN_1_0
void kms_box_encrypt_async (KmsBox *self, KmsSecret *plaintext, KmsContext *context, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data);
KMS_AVAILABLE_IN_1_0
char *kms_box_encrypt_finish (KmsBox *self, GAsyncResult *result, GError **error);

KMS_AVAILABLE_IN_1_0
KmsSecret *kms_box_decrypt (KmsBox *self, const char *stored, gssize length, KmsContext *context, GCancellable *cancellable,
                            GError **error);
KMS_AVAILABLE_IN_1_0
void kms_box_decrypt_async (KmsBox *self, const char *stored, gssize length, KmsContext *context, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data);
KMS_AVAILABLE_IN_1_0
KmsSecret *kms_box_decrypt_finish (KmsBox *self, GAsyncResult *result, GError **error);

KMS_AVAILABLE_IN_1_0
char *kms_box_rewrap (KmsBox *self, const char *stored, gssize length, KmsContext *context, KmsContext *new_context,
                      GCancellable *cancellable, GError **error);
KMS_AVAILABLE_IN_1_0
void kms_box_rewrap_async (KmsBox *self, const char *stored, gssize length, KmsContext *context, KmsContext *new_context,
                           GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
KMS_AVAILABLE_IN_1_0
char *kms_box_rewrap_finish (KmsBox *self, GAsyncResult *result, GError **error);

KMS_AVAILABLE_IN_1_0
char *kms_box_generate_data_key (KmsBox *self, gsize length, KmsContext *context, KmsSecret **data_key,
                                 GCancellable *cancellable, GError **error);
KMS_AVAILABLE_IN_1_0
void kms_box_generate_data_key_async (KmsBox *self, gsize length, KmsContext *context, GCancellable *cancellable,
                                      GAsyncReadyCallback callback, gpointer user_data);
KMS_AVAILABLE_IN_1_0
char *kms_box_generate_data_key_finish (KmsBox *self, GAsyncResult *result, KmsSecret **data_key, GError **error);

KMS_AVAILABLE_IN_1_0
gboolean kms_box_run (KmsBox *self, KmsBatch *batch, GCancellable *cancellable, GError **error);
KMS_AVAILABLE_IN_1_0
void kms_box_run_async (KmsBox *self, KmsBatch *batch, GCancellable *cancellable, GAsyncReadyCallback callback,
                        gpointer user_data);
KMS_AVAILABLE_IN_1_0
gboolean kms_box_run_finish (KmsBox *self, GAsyncResult *result, GError **error);

KMS_AVAILABLE_IN_1_0
KmsInspection *kms_box_inspect (KmsBox *self, const char *stored, gssize length, GCancellable *cancellable,
                                GError **error);
KMS_AVAILABLE_IN_1_0
KmsInspection *kms_inspect (const char *stored, gssize length, GError **error);
KMS_AVAILABLE_IN_1_0
GType kms_inspection_get_type (void);
KMS_AVAILABLE_IN_1_0
KmsInspection *kms_inspection_ref (KmsInspection *self);
KMS_AVAILABLE_IN_1_0
void kms_inspection_unref (KmsInspection *self);
KMS_AVAILABLE_IN_1_0
KmsStoredFormat kms_inspection_get_format (KmsInspection *self);
KMS_AVAILABLE_IN_1_0
const char *kms_inspection_get_version (KmsInspection *self);
KMS_AVAILABLE_IN_1_0
const char *kms_inspection_get_key_id (KmsInspection *self);
KMS_AVAILABLE_IN_1_0
const char *kms_inspection_get_provider (KmsInspection *self);
KMS_AVAILABLE_IN_1_0
gboolean kms_inspection_get_is_active (KmsInspection *self);
KMS_AVAILABLE_IN_1_0
gboolean kms_inspection_get_is_current (KmsInspection *self);
KMS_AVAILABLE_IN_1_0
GBytes *kms_inspection_get_ciphertext (KmsInspection *self);
/* What the provider reads in its own bytes (a{sv}), or NULL. */
KMS_AVAILABLE_IN_1_0
GVariant *kms_inspection_get_details (KmsInspection *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KmsBoxBuilder, kms_box_builder_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KmsInspection, kms_inspection_unref)

G_END_DECLS
