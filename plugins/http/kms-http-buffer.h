/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes on their way to or from a server, which may hold plaintext: they are wiped when they move and when they go. */
#pragma once

#if !defined(KMS_HTTP_INSIDE) && !defined(KMS_HTTP_COMPILATION)
#error "Only <kms-http.h> can be included directly"
#endif

#include <libkms/kms-module.h>

G_BEGIN_DECLS

typedef struct _KmsHttpBuffer KmsHttpBuffer;

KMS_AVAILABLE_IN_1_0
KmsHttpBuffer *kms_http_buffer_new (void);
KMS_AVAILABLE_IN_1_0
KmsHttpBuffer *kms_http_buffer_ref (KmsHttpBuffer *self);
KMS_AVAILABLE_IN_1_0
void kms_http_buffer_unref (KmsHttpBuffer *self);

KMS_AVAILABLE_IN_1_0
guint8 *kms_http_buffer_get_data (KmsHttpBuffer *self, gsize *length);
KMS_AVAILABLE_IN_1_0
void kms_http_buffer_truncate (KmsHttpBuffer *self, gsize length);

/* Room for so many more bytes at the end, which count as soon as they are committed. */
KMS_AVAILABLE_IN_1_0
guint8 *kms_http_buffer_reserve (KmsHttpBuffer *self, gsize length);
KMS_AVAILABLE_IN_1_0
void kms_http_buffer_commit (KmsHttpBuffer *self, gsize length);

KMS_AVAILABLE_IN_1_0
void kms_http_buffer_append (KmsHttpBuffer *self, const void *data, gsize length);
KMS_AVAILABLE_IN_1_0
void kms_http_buffer_append_text (KmsHttpBuffer *self, const char *text);
KMS_AVAILABLE_IN_1_0
void kms_http_buffer_append_base64 (KmsHttpBuffer *self, const guint8 *data, gsize length);
KMS_AVAILABLE_IN_1_0
void kms_http_buffer_append_json_string (KmsHttpBuffer *self, const char *text, gssize length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KmsHttpBuffer, kms_http_buffer_unref)

G_END_DECLS
