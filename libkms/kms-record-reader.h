/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many records, one after the other. */
#pragma once

#if !defined(KMS_INSIDE) && !defined(KMS_COMPILATION)
#error "Only <libkms/kms.h> and <libkms/kms-module.h> can be included directly"
#endif

#include <libkms/kms-model.h>
#include <libkms/kms-store.h>

G_BEGIN_DECLS

#define KMS_TYPE_RECORD_READER (kms_record_reader_get_type ())
KMS_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (KmsRecordReader, kms_record_reader, KMS, RECORD_READER, GObject)

KMS_AVAILABLE_IN_1_0
KmsRecordReader *kms_record_reader_new (KmsModel *model, KmsStore *store, const char *const *attributes, GError **error);
KMS_AVAILABLE_IN_1_0
void kms_record_reader_set_condition (KmsRecordReader *self, const char *sql);

KMS_AVAILABLE_IN_1_0
gboolean kms_record_reader_next (KmsRecordReader *self, GCancellable *cancellable, GError **error);
KMS_AVAILABLE_IN_1_0
const char *kms_record_reader_get_id (KmsRecordReader *self);
KMS_AVAILABLE_IN_1_0
gboolean kms_record_reader_get_is_id_integer (KmsRecordReader *self);
KMS_AVAILABLE_IN_1_0
guint kms_record_reader_get_n_attributes (KmsRecordReader *self);
KMS_AVAILABLE_IN_1_0
const char *kms_record_reader_get_name (KmsRecordReader *self, guint index);
KMS_AVAILABLE_IN_1_0
gboolean kms_record_reader_get (KmsRecordReader *self, guint index, KmsValue **value, GError **error);

G_END_DECLS
