/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Typed values of encrypted attributes, as the bytes that Rails applications encrypt for them. */
#pragma once

#if !defined(KMS_INSIDE) && !defined(KMS_COMPILATION)
#error "Only <libkms/kms.h> and <libkms/kms-module.h> can be included directly"
#endif

#include <libkms/kms-types.h>

G_BEGIN_DECLS

/**
 * KmsValueType:
 * @KMS_VALUE_TYPE_TEXT: text of an attribute that was declared without a type
 * @KMS_VALUE_TYPE_STRING: text
 * @KMS_VALUE_TYPE_BINARY: bytes
 * @KMS_VALUE_TYPE_BOOLEAN: true or false
 * @KMS_VALUE_TYPE_DATE: a day
 * @KMS_VALUE_TYPE_DATETIME: a moment, in nanoseconds
 * @KMS_VALUE_TYPE_TIME: a time of day in UTC, in nanoseconds
 * @KMS_VALUE_TYPE_INTEGER: 64 bits with a sign
 * @KMS_VALUE_TYPE_FLOAT: a number of IEEE 754 with 64 bits
 * @KMS_VALUE_TYPE_DECIMAL: a decimal number of any length
 * @KMS_VALUE_TYPE_JSON: a JSON document
 * @KMS_VALUE_TYPE_HASH: a Hash of Ruby as YAML, which is not parsed
 * @KMS_VALUE_TYPE_ARRAY: an Array of Ruby as YAML, which is not parsed
 * @KMS_VALUE_TYPE_INET: an IPv4 or IPv6 address or network
 *
 * The types that Lockbox has for attributes.
 *
 * Since: 1.0
 */
typedef enum {
  KMS_VALUE_TYPE_TEXT,
  KMS_VALUE_TYPE_STRING,
  KMS_VALUE_TYPE_BINARY,
  KMS_VALUE_TYPE_BOOLEAN,
  KMS_VALUE_TYPE_DATE,
  KMS_VALUE_TYPE_DATETIME,
  KMS_VALUE_TYPE_TIME,
  KMS_VALUE_TYPE_INTEGER,
  KMS_VALUE_TYPE_FLOAT,
  KMS_VALUE_TYPE_DECIMAL,
  KMS_VALUE_TYPE_JSON,
  KMS_VALUE_TYPE_HASH,
  KMS_VALUE_TYPE_ARRAY,
  KMS_VALUE_TYPE_INET,
} KmsValueType;

#define KMS_TYPE_VALUE (kms_value_get_type ())

KMS_AVAILABLE_IN_1_0
GType kms_value_get_type (void);
KMS_AVAILABLE_IN_1_0
KmsValue *kms_value_ref (KmsValue *self);
KMS_AVAILABLE_IN_1_0
void kms_value_unref (KmsValue *self);

/* Of text: as it stands, or as Rails casts it. NULL without an error is the database's NULL. */
KMS_AVAILABLE_IN_1_0
gboolean kms_value_parse (KmsValueType type, KmsSecret *text, KmsValue **value, GError **error);
KMS_AVAILABLE_IN_1_0
gboolean kms_value_cast (KmsValueType type, KmsSecret *text, KmsValue **value, GError **error);
KMS_AVAILABLE_IN_1_0
KmsSecret *kms_value_to_text (KmsValue *self);

/* The bytes that are encrypted. */
KMS_AVAILABLE_IN_1_0
KmsValue *kms_value_new_from_plaintext (KmsValueType type, KmsSecret *plaintext, GError **error);
KMS_AVAILABLE_IN_1_0
KmsSecret *kms_value_get_plaintext (KmsValue *self);

KMS_AVAILABLE_IN_1_0
KmsValue *kms_value_new_boolean (gboolean value);
KMS_AVAILABLE_IN_1_0
KmsValue *kms_value_new_integer (gint64 value);
KMS_AVAILABLE_IN_1_0
KmsValue *kms_value_new_float (double value);
KMS_AVAILABLE_IN_1_0
KmsValue *kms_value_new_date (gint64 year, guint month, guint day);
KMS_AVAILABLE_IN_1_0
KmsValue *kms_value_new_datetime (gint64 seconds, guint nanoseconds);

KMS_AVAILABLE_IN_1_0
KmsValueType kms_value_get_value_type (KmsValue *self);
KMS_AVAILABLE_IN_1_0
gboolean kms_value_get_boolean (KmsValue *self);
KMS_AVAILABLE_IN_1_0
gint64 kms_value_get_integer (KmsValue *self);
KMS_AVAILABLE_IN_1_0
double kms_value_get_float (KmsValue *self);
KMS_AVAILABLE_IN_1_0
gint64 kms_value_get_date (KmsValue *self, guint *month, guint *day);
KMS_AVAILABLE_IN_1_0
gint64 kms_value_get_datetime (KmsValue *self, guint *nanoseconds);

/* "datetime" and so on, as in files of models. */
KMS_AVAILABLE_IN_1_0
const char *kms_value_type_to_string (KmsValueType type);
KMS_AVAILABLE_IN_1_0
gboolean kms_value_type_from_string (const char *text, KmsValueType *type);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KmsValue, kms_value_unref)

G_END_DECLS
