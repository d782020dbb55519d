/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attributes of models: in which columns they stand, and in which of the gems' formats. */
#include "kms-model-reader-private.h"

#include <string.h>

#include "kms-config-value-private.h"
#include "kms-error.h"

/* In the order of the formats' names. */
static const struct
{
  KmsAttributeFormat format;
  KmsAttrMode mode;
  gboolean encode;
  const char *column; /* of the attribute's name */
} formats[] = {
  { KMS_ATTRIBUTE_ATTR_ENCRYPTED, KMS_ATTR_MODE_IV, TRUE, "encrypted_%s" },
  { KMS_ATTRIBUTE_ATTR_ENCRYPTED, KMS_ATTR_MODE_IV_AND_SALT, TRUE, "encrypted_%s" },
  { KMS_ATTRIBUTE_ATTR_ENCRYPTED, KMS_ATTR_MODE_SINGLE_GCM, TRUE, "encrypted_%s" },
  { KMS_ATTRIBUTE_ATTR_ENCRYPTED, KMS_ATTR_MODE_SINGLE_CBC, TRUE, "encrypted_%s" },
  { KMS_ATTRIBUTE_LOCKBOX, KMS_ATTR_MODE_IV, TRUE, "%s_ciphertext" },
  { KMS_ATTRIBUTE_LOCKBOX_FILE, KMS_ATTR_MODE_IV, FALSE, NULL },
  { KMS_ATTRIBUTE_RAW, KMS_ATTR_MODE_IV, FALSE, "%s_ciphertext" },
};

#define FORMATS                                                                                                        \
  "attr-encrypted|attr-encrypted-salted|attr-encrypted-single|attr-encrypted-single-cbc|lockbox|lockbox-file|raw"

/* As Ruby's pack() calls them. */
#define ENCODINGS "m|m0|false"

/* The column that Column= names, or the gem's own. */
static char *
make_column (KmsModelReader *self, const char *group, const char *name, const char *pattern)
{
  const char *column = _kms_model_reader_get (self, group, "Column");
  g_auto (GStrv) halves = column == NULL && pattern != NULL ? g_strsplit (pattern, "%s", 2) : NULL;

  return halves == NULL ? g_strdup (column) : g_strconcat (halves[0], name, halves[1], NULL);
}

static char *
make_side_column (KmsModelReader *self, const char *group, const char *key, const char *column, const char *suffix)
{
  const char *chosen = _kms_model_reader_get (self, group, key);
  return chosen == NULL ? g_strconcat (column, suffix, NULL) : g_strdup (chosen);
}

static gboolean
read_attr_encrypted (KmsModelReader *self, const char *group, KmsModelAttribute *attribute, GError **error)
{
  int encoding = KMS_ATTR_ENCODING_LINES, iv = KMS_ATTR_ENCODING_LINES, salt = KMS_ATTR_ENCODING_LINES;
  KmsAttrMode mode = attribute->attr.mode;

  if (!_kms_model_reader_get_choice (self, group, "Encode", ENCODINGS, &encoding, error)
      || !_kms_model_reader_get_choice (self, group, "EncodeIv", ENCODINGS, &iv, error)
      || !_kms_model_reader_get_choice (self, group, "EncodeSalt", ENCODINGS, &salt, error))
    return FALSE;
  attribute->attr = (KmsAttrFormat){ mode, (KmsAttrEncoding) encoding, (KmsAttrEncoding) iv, (KmsAttrEncoding) salt };
  if (mode == KMS_ATTR_MODE_IV || mode == KMS_ATTR_MODE_IV_AND_SALT)
    attribute->iv_column = make_side_column (self, group, "IvColumn", attribute->column, "_iv");
  if (mode == KMS_ATTR_MODE_IV_AND_SALT)
    attribute->salt_column = make_side_column (self, group, "SaltColumn", attribute->column, "_salt");
  return TRUE;
}

/* 0, a size, or true, which has a size of its own. */
static gboolean
read_padding (KmsModelReader *self, const char *group, guint *padding, GError **error)
{
  const char *text = _kms_model_reader_get (self, group, "Padding");
  gint64 size = 0;

  if (text != NULL && strcmp (text, "true") == 0)
    size = KMS_LOCKBOX_DEFAULT_PADDING;
  else if (text != NULL && strcmp (text, "false") != 0
           && !_kms_value_parse_integer (text, 0, KMS_LOCKBOX_MAX_PADDING, &size, error))
    {
      _kms_config_info_prefix_error (self->info, group, "Padding", error);
      return FALSE;
    }
  *padding = (guint) size;
  return TRUE;
}

static gboolean
read_lockbox (KmsModelReader *self, const char *group, KmsModelAttribute *attribute, GError **error)
{
  const char *associated_data = _kms_model_reader_get (self, group, "AssociatedData");
  KmsLockboxFormat *format = &attribute->lockbox;
  int algorithm = KMS_LOCKBOX_ALGORITHM_AES_GCM;

  if (!read_padding (self, group, &format->padding, error)
      || !_kms_model_reader_get_choice (self, group, "Algorithm", "aes-gcm|xchacha20|xsalsa20", &algorithm, error))
    return FALSE;
  format->algorithm = (KmsLockboxAlgorithm) algorithm;
  if (associated_data != NULL && associated_data[0] != '\0')
    {
      attribute->associated_data = g_bytes_new (associated_data, strlen (associated_data));
      format->associated_data = g_bytes_get_data (attribute->associated_data, &format->associated_data_length);
    }
  if (_kms_lockbox_format_check (format, KMS_LOCKBOX_KEY_SIZE, error))
    return TRUE;
  _kms_config_info_prefix_error (self->info, group, "Algorithm", error);
  return FALSE;
}

static gboolean
read_type (KmsModelReader *self, const char *group, KmsValueType *type, GError **error)
{
  const char *text = _kms_model_reader_get (self, group, "Type");

  *type = KMS_VALUE_TYPE_TEXT;
  if (text == NULL || kms_value_type_from_string (text, type))
    return TRUE;
  return _kms_model_reader_refuse (self, group, "Type", error,
                                   "\"%s\" is no type; choose string, binary, boolean, date, datetime, time, integer, "
                                   "float, decimal, json, hash, array, inet or text",
                                   text);
}

static gboolean
read_key (KmsModelReader *self, const char *group, guint *place, GError **error)
{
  const char *key = _kms_model_reader_get (self, group, "Key");

  if (key == NULL)
    return _kms_model_reader_refuse (self, group, NULL, error, "Key= is missing; it names one of the groups [Key …]");
  if (_kms_model_find_key (self->model, key, place) != NULL)
    return TRUE;
  return _kms_model_reader_refuse (self, group, "Key", error, "there is no group [Key %s]", key);
}

static gboolean
read_attribute (KmsModelReader *self, const char *group, KmsModelAttribute *attribute, GError **error)
{
  int format = -1;

  if (!read_key (self, group, &attribute->key, error) || !read_type (self, group, &attribute->type, error)
      || !_kms_model_reader_get_choice (self, group, "Format", FORMATS, &format, error))
    return FALSE;
  if (format < 0)
    return _kms_model_reader_refuse (self, group, NULL, error, "Format= is missing; lockbox or attr-encrypted?");
  attribute->format = formats[format].format;
  attribute->encode = formats[format].encode;
  attribute->attr.mode = formats[format].mode;
  attribute->column = make_column (self, group, attribute->name, formats[format].column);
  return attribute->format == KMS_ATTRIBUTE_ATTR_ENCRYPTED ? read_attr_encrypted (self, group, attribute, error)
                                                           : read_lockbox (self, group, attribute, error);
}

KmsModelAttribute *
_kms_model_reader_read_attribute (KmsModelReader *self, const char *group, GError **error)
{
  KmsModelAttribute *attribute = g_new0 (KmsModelAttribute, 1);

  attribute->name = g_strdup (group + strlen ("Attribute "));
  if (read_attribute (self, group, attribute, error))
    return attribute;
  _kms_model_attribute_free (attribute);
  return NULL;
}
