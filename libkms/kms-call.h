/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A batch of items on its way to a provider. */
#pragma once

#if !defined(KMS_INSIDE) && !defined(KMS_COMPILATION)
#error "Only <libkms/kms.h> and <libkms/kms-module.h> can be included directly"
#endif

#include <libkms/kms-types.h>

G_BEGIN_DECLS

KMS_AVAILABLE_IN_1_0
KmsOperation kms_call_get_operation (KmsCall *self);
KMS_AVAILABLE_IN_1_0
guint kms_call_get_n_items (KmsCall *self);
KMS_AVAILABLE_IN_1_0
KmsItem *kms_call_get_item (KmsCall *self, guint index);
KMS_AVAILABLE_IN_1_0
GCancellable *kms_call_get_cancellable (KmsCall *self);
KMS_AVAILABLE_IN_1_0
gint64 kms_call_get_deadline (KmsCall *self);
KMS_AVAILABLE_IN_1_0
gboolean kms_call_is_cancelled (KmsCall *self);

/* For providers with submit(): exactly once a call. */
KMS_AVAILABLE_IN_1_0
void kms_call_complete (KmsCall *self, GError *error);
KMS_AVAILABLE_IN_1_0
KmsCall *kms_call_ref (KmsCall *self);
KMS_AVAILABLE_IN_1_0
void kms_call_unref (KmsCall *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KmsCall, kms_call_unref)

G_END_DECLS
