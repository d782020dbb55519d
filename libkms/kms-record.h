/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records: rows whose attributes are encrypted under data keys of their own, as Rails applications have them. */
#pragma once

#if !defined(KMS_INSIDE) && !defined(KMS_COMPILATION)
#error "Only <libkms/kms.h> and <libkms/kms-module.h> can be included directly"
#endif

#include <libkms/kms-model.h>
#include <libkms/kms-store.h>

G_BEGIN_DECLS

#define KMS_TYPE_RECORD (kms_record_get_type ())
KMS_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (KmsRecord, kms_record, KMS, RECORD, GObject)

KMS_AVAILABLE_IN_1_0
KmsRecord *kms_record_new (KmsModel *model, KmsStore *store);
KMS_AVAILABLE_IN_1_0
KmsRecord *kms_record_load (KmsModel *model, KmsStore *store, const char *id, GCancellable *cancellable, GError **error);
KMS_AVAILABLE_IN_1_0
void kms_record_load_async (KmsModel *model, KmsStore *store, const char *id, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data);
KMS_AVAILABLE_IN_1_0
KmsRecord *kms_record_load_finish (GAsyncResult *result, GError **error);

KMS_AVAILABLE_IN_1_0
KmsModel *kms_record_get_model (KmsRecord *self);
KMS_AVAILABLE_IN_1_0
KmsStore *kms_record_get_store (KmsRecord *self);
KMS_AVAILABLE_IN_1_0
const char *kms_record_get_id (KmsRecord *self);

KMS_AVAILABLE_IN_1_0
gboolean kms_record_get_is_id_integer (KmsRecord *self);

KMS_AVAILABLE_IN_1_0
gboolean kms_record_get (KmsRecord *self, const char *attribute, KmsValue **value, GCancellable *cancellable,
                         GError **error);
KMS_AVAILABLE_IN_1_0
void kms_record_get_async (KmsRecord *self, const char *attribute, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data);
KMS_AVAILABLE_IN_1_0
gboolean kms_record_get_finish (KmsRecord *self, GAsyncResult *result, KmsValue **value, GError **error);

KMS_AVAILABLE_IN_1_0
gboolean kms_record_set (KmsRecord *self, const char *attribute, KmsValue *value, GError **error);
KMS_AVAILABLE_IN_1_0
gboolean kms_record_renew_key (KmsRecord *self, const char *key, GError **error);

KMS_AVAILABLE_IN_1_0
gboolean kms_record_get_column (KmsRecord *self, const char *column, char **text, GCancellable *cancellable,
                                GError **error);
KMS_AVAILABLE_IN_1_0
gboolean kms_record_set_column (KmsRecord *self, const char *column, const char *text, GError **error);

KMS_AVAILABLE_IN_1_0
gboolean kms_record_save (KmsRecord *self, GCancellable *cancellable, GError **error);
KMS_AVAILABLE_IN_1_0
void kms_record_save_async (KmsRecord *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data);
KMS_AVAILABLE_IN_1_0
gboolean kms_record_save_finish (KmsRecord *self, GAsyncResult *result, GError **error);

KMS_AVAILABLE_IN_1_0
gboolean kms_record_reload (KmsRecord *self, GCancellable *cancellable, GError **error);
KMS_AVAILABLE_IN_1_0
void kms_record_reload_async (KmsRecord *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer user_data);
KMS_AVAILABLE_IN_1_0
gboolean kms_record_reload_finish (KmsRecord *self, GAsyncResult *result, GError **error);

G_END_DECLS
