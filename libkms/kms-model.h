/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Models: which columns of a table are encrypted, how, and under which keys. */
#pragma once

#if !defined(KMS_INSIDE) && !defined(KMS_COMPILATION)
#error "Only <libkms/kms.h> and <libkms/kms-module.h> can be included directly"
#endif

#include <libkms/kms-box.h>
#include <libkms/kms-registry.h>
#include <libkms/kms-value.h>

G_BEGIN_DECLS

#define KMS_TYPE_MODEL (kms_model_get_type ())
KMS_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (KmsModel, kms_model, KMS, MODEL, GObject)

KMS_AVAILABLE_IN_1_0
KmsModel *kms_registry_dup_model (KmsRegistry *registry, const char *name, GError **error);
KMS_AVAILABLE_IN_1_0
KmsModel *kms_model_new_from_data (KmsRegistry *registry, const char *name, const char *data, gssize length,
                                   GError **error);

KMS_AVAILABLE_IN_1_0
const char *kms_model_get_name (KmsModel *self);
KMS_AVAILABLE_IN_1_0
const char *kms_model_get_table (KmsModel *self);
KMS_AVAILABLE_IN_1_0
const char *kms_model_get_database (KmsModel *self);
KMS_AVAILABLE_IN_1_0
char **kms_model_list_keys (KmsModel *self);
KMS_AVAILABLE_IN_1_0
const char *kms_model_get_key_column (KmsModel *self, const char *key);
KMS_AVAILABLE_IN_1_0
const char *kms_model_get_key_box (KmsModel *self, const char *key);
KMS_AVAILABLE_IN_1_0
gboolean kms_model_set_key_box (KmsModel *self, const char *key, KmsBox *box);
KMS_AVAILABLE_IN_1_0
gboolean kms_model_get_key_is_complete (KmsModel *self, const char *key);
KMS_AVAILABLE_IN_1_0
KmsBox *kms_model_dup_key_box (KmsModel *self, const char *key, GError **error);
KMS_AVAILABLE_IN_1_0
char **kms_model_list_attributes (KmsModel *self, const char *key);
KMS_AVAILABLE_IN_1_0
const char *kms_model_get_attribute_column (KmsModel *self, const char *attribute);
KMS_AVAILABLE_IN_1_0
const char *kms_model_get_attribute_key (KmsModel *self, const char *attribute);
KMS_AVAILABLE_IN_1_0
KmsValueType kms_model_get_attribute_type (KmsModel *self, const char *attribute);

G_END_DECLS
