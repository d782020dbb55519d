/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attributes as the Ruby gem attr_encrypted (versions 1 to 4) stores them: in one, two or three columns. */
#pragma once

#include "kms-types.h"

G_BEGIN_DECLS

typedef enum {
  KMS_ATTR_MODE_IV,          /* an own nonce for each value */
  KMS_ATTR_MODE_IV_AND_SALT, /* and an own key, derived from the data key */
  KMS_ATTR_MODE_SINGLE_GCM,  /* neither: key and nonce come from a password; is only read */
  KMS_ATTR_MODE_SINGLE_CBC,  /* the same in version 1; is only read */
} KmsAttrMode;

/* How bytes stand in a column. Every base64 is read leniently, as Ruby does. */
typedef enum {
  KMS_ATTR_ENCODING_LINES,  /* base64 with line breaks: Ruby's "m", the default in ActiveRecord */
  KMS_ATTR_ENCODING_STRICT, /* base64 without: "m0" */
  KMS_ATTR_ENCODING_NONE,   /* the bytes themselves */
} KmsAttrEncoding;

typedef struct
{
  KmsAttrMode mode;
  KmsAttrEncoding encoding, iv_encoding, salt_encoding;
} KmsAttrFormat;

/* NULL: the column is NULL, or there is no such column. */
typedef struct
{
  GBytes *encrypted, *iv, *salt;
} KmsAttrColumns;

void _kms_attr_columns_clear (KmsAttrColumns *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (KmsAttrColumns, _kms_attr_columns_clear)

/* With fresh random bytes for nonce and salt. Of the single modes NOT_SUPPORTED. */
gboolean _kms_attr_encrypt (const KmsAttrFormat *format, KmsSecret *key, KmsSecret *plaintext, KmsAttrColumns *columns,
                            GError **error);

/* The same with given ones, which only tests want. */
gboolean _kms_attr_encrypt_with (const KmsAttrFormat *format, KmsSecret *key, const guint8 *iv, const guint8 *salt,
                                 KmsSecret *plaintext, KmsAttrColumns *columns, GError **error);

/* What does not decrypt, and a nonce or salt that is missing, is INVALID_CIPHERTEXT. */
KmsSecret *_kms_attr_decrypt (const KmsAttrFormat *format, KmsSecret *key, const KmsAttrColumns *columns,
                              GError **error);

G_END_DECLS
