/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* One value of a call, as a provider sees it. */
#pragma once

#if !defined(KMS_INSIDE) && !defined(KMS_COMPILATION)
#error "Only <libkms/kms.h> and <libkms/kms-module.h> can be included directly"
#endif

#include <libkms/kms-error.h>
#include <libkms/kms-types.h>

G_BEGIN_DECLS

KMS_AVAILABLE_IN_1_0
KmsOperation kms_item_get_operation (KmsItem *self);
KMS_AVAILABLE_IN_1_0
const char *kms_item_get_key_id (KmsItem *self);
KMS_AVAILABLE_IN_1_0
const char *kms_item_get_version (KmsItem *self);
KMS_AVAILABLE_IN_1_0
const guint8 *kms_item_get_input (KmsItem *self, gsize *length);
KMS_AVAILABLE_IN_1_0
KmsContext *kms_item_get_context (KmsItem *self);
KMS_AVAILABLE_IN_1_0
KmsContextForm kms_item_get_context_form (KmsItem *self);
KMS_AVAILABLE_IN_1_0
const char *kms_item_get_context_json (KmsItem *self, gsize *length);

KMS_AVAILABLE_IN_1_0
const char *kms_item_get_new_key_id (KmsItem *self);
KMS_AVAILABLE_IN_1_0
const char *kms_item_get_new_version (KmsItem *self);
KMS_AVAILABLE_IN_1_0
KmsContext *kms_item_get_new_context (KmsItem *self);
KMS_AVAILABLE_IN_1_0
const char *kms_item_get_new_context_json (KmsItem *self, gsize *length);

KMS_AVAILABLE_IN_1_0
guint8 *kms_item_reserve (KmsItem *self, gsize capacity);
KMS_AVAILABLE_IN_1_0
void kms_item_commit (KmsItem *self, gsize length);
KMS_AVAILABLE_IN_1_0
void kms_item_fail (KmsItem *self, KmsError code, const char *format, ...) G_GNUC_PRINTF (3, 4);
KMS_AVAILABLE_IN_1_0
void kms_item_take_error (KmsItem *self, GError *error);
KMS_AVAILABLE_IN_1_0
void kms_item_reset (KmsItem *self);
KMS_AVAILABLE_IN_1_0
gboolean kms_item_is_settled (KmsItem *self);

KMS_AVAILABLE_IN_1_0
void kms_item_set_key_version (KmsItem *self, const char *key_version);
KMS_AVAILABLE_IN_1_0
void kms_item_set_used_key_id (KmsItem *self, const char *key_id);
KMS_AVAILABLE_IN_1_0
void kms_item_set_request_id (KmsItem *self, const char *request_id);
KMS_AVAILABLE_IN_1_0
void kms_item_set_binding (KmsItem *self, KmsBinding binding);

G_END_DECLS
