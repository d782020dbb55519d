/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Secrets: immutable bytes in locked memory. */
#pragma once

#if !defined(KMS_INSIDE) && !defined(KMS_COMPILATION)
#error "Only <libkms/kms.h> and <libkms/kms-module.h> can be included directly"
#endif

#include <libkms/kms-types.h>

G_BEGIN_DECLS

#define KMS_TYPE_SECRET (kms_secret_get_type ())

KMS_AVAILABLE_IN_1_0
GType kms_secret_get_type (void);

KMS_AVAILABLE_IN_1_0
KmsSecret *kms_secret_new (const guint8 *data, gsize length);
KMS_AVAILABLE_IN_1_0
KmsSecret *kms_secret_new_random (gsize length, GError **error);
KMS_AVAILABLE_IN_1_0
KmsSecret *kms_secret_new_from_fd (int fd, gsize max_length, GCancellable *cancellable, GError **error);
KMS_AVAILABLE_IN_1_0
KmsSecret *kms_secret_ref (KmsSecret *self);
KMS_AVAILABLE_IN_1_0
void kms_secret_unref (KmsSecret *self);

/* For who fills a secret in place: nobody else may hold a reference until it is committed. */
KMS_AVAILABLE_IN_1_0
KmsSecret *kms_secret_reserve (gsize capacity, guint8 **bytes);
KMS_AVAILABLE_IN_1_0
void kms_secret_commit (KmsSecret *self, gsize length);

KMS_AVAILABLE_IN_1_0
const guint8 *kms_secret_get_data (KmsSecret *self, gsize *length);
KMS_AVAILABLE_IN_1_0
gsize kms_secret_get_length (KmsSecret *self);
KMS_AVAILABLE_IN_1_0
gboolean kms_secret_equal (KmsSecret *a, KmsSecret *b);
KMS_AVAILABLE_IN_1_0
gboolean kms_secret_write_to_fd (KmsSecret *self, int fd, GCancellable *cancellable, GError **error);

KMS_AVAILABLE_IN_1_0
void kms_secret_get_memory (gsize *locked, gsize *limit, gboolean *unlocked);
KMS_AVAILABLE_IN_1_0
void kms_secret_set_memory_policy (gsize limit, gboolean must_lock);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KmsSecret, kms_secret_unref)

G_END_DECLS
