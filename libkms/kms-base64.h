/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Base64 exactly as Ruby writes and reads it. */
#pragma once

#if !defined(KMS_INSIDE) && !defined(KMS_COMPILATION)
#error "Only <libkms/kms.h> and <libkms/kms-module.h> can be included directly"
#endif

#include <libkms/kms-types.h>

G_BEGIN_DECLS

KMS_AVAILABLE_IN_1_0
gsize kms_base64_encoded_size (gsize length);
KMS_AVAILABLE_IN_1_0
gsize kms_base64_encode_to (const guint8 *data, gsize length, char *out);
KMS_AVAILABLE_IN_1_0
gsize kms_base64_lines_size (gsize length);
KMS_AVAILABLE_IN_1_0
gsize kms_base64_encode_lines_to (const guint8 *data, gsize length, char *out);
KMS_AVAILABLE_IN_1_0
gsize kms_base64_decoded_max (gsize length);
KMS_AVAILABLE_IN_1_0
gsize kms_base64_decode_lenient_to (const char *text, gsize length, guint8 *out);
KMS_AVAILABLE_IN_1_0
gboolean kms_base64_decode_strict_to (const char *text, gsize length, guint8 *out, gsize *out_length);

KMS_AVAILABLE_IN_1_0
char *kms_base64_encode (const guint8 *data, gsize length);
KMS_AVAILABLE_IN_1_0
char *kms_base64_encode_lines (const guint8 *data, gsize length);
KMS_AVAILABLE_IN_1_0
GBytes *kms_base64_decode_lenient (const char *text, gssize length);
KMS_AVAILABLE_IN_1_0
GBytes *kms_base64_decode_strict (const char *text, gssize length, GError **error);

G_END_DECLS
