/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many values in one call, with options, and what came out of each besides. */
#pragma once

#if !defined(KMS_INSIDE) && !defined(KMS_COMPILATION)
#error "Only <libkms/kms.h> and <libkms/kms-module.h> can be included directly"
#endif

#include <libkms/kms-types.h>

G_BEGIN_DECLS

#define KMS_TYPE_BATCH (kms_batch_get_type ())
KMS_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (KmsBatch, kms_batch, KMS, BATCH, GObject)

KMS_AVAILABLE_IN_1_0
KmsBatch *kms_batch_new (KmsOperation operation);
KMS_AVAILABLE_IN_1_0
void kms_batch_set_timeout (KmsBatch *self, gint64 milliseconds);
KMS_AVAILABLE_IN_1_0
void kms_batch_set_json_dialect (KmsBatch *self, KmsJsonDialect dialect);
KMS_AVAILABLE_IN_1_0
void kms_batch_set_context_form (KmsBatch *self, KmsContextForm form);

KMS_AVAILABLE_IN_1_0
guint kms_batch_add_secret (KmsBatch *self, KmsSecret *plaintext, KmsContext *context);
KMS_AVAILABLE_IN_1_0
guint kms_batch_add_stored (KmsBatch *self, const char *stored, gssize length, KmsContext *context, KmsContext *new_context);
KMS_AVAILABLE_IN_1_0
guint kms_batch_add_ciphertext (KmsBatch *self, GBytes *ciphertext, KmsContext *context, KmsContext *new_context);

KMS_AVAILABLE_IN_1_0
KmsOperation kms_batch_get_operation (KmsBatch *self);
KMS_AVAILABLE_IN_1_0
guint kms_batch_get_n_items (KmsBatch *self);
KMS_AVAILABLE_IN_1_0
guint kms_batch_get_n_failed (KmsBatch *self);
KMS_AVAILABLE_IN_1_0
const GError *kms_batch_get_error (KmsBatch *self, guint index);
KMS_AVAILABLE_IN_1_0
KmsSecret *kms_batch_get_secret (KmsBatch *self, guint index);
KMS_AVAILABLE_IN_1_0
const char *kms_batch_get_stored (KmsBatch *self, guint index);
KMS_AVAILABLE_IN_1_0
GBytes *kms_batch_get_ciphertext (KmsBatch *self, guint index);
KMS_AVAILABLE_IN_1_0
const char *kms_batch_get_key_version (KmsBatch *self, guint index);
KMS_AVAILABLE_IN_1_0
const char *kms_batch_get_key_id (KmsBatch *self, guint index);
KMS_AVAILABLE_IN_1_0
const char *kms_batch_get_request_id (KmsBatch *self, guint index);
KMS_AVAILABLE_IN_1_0
KmsBinding kms_batch_get_binding (KmsBatch *self, guint index);

G_END_DECLS
