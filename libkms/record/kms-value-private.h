/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What there is to know of each type of values. */
#pragma once

#include "kms-value.h"

G_BEGIN_DECLS

struct _KmsValue
{
  gatomicrefcount refs;
  KmsValueType type;
  KmsSecret *plaintext;
};

/* Takes the secret over, which may be NULL where there was no memory for it: then it is NULL, too. */
KmsValue *_kms_value_new (KmsValueType type, KmsSecret *plaintext);

/* Text in, the bytes that are encrypted out. TRUE with a NULL plaintext is NULL. Not strict: as Rails casts, to which
 * nearly everything is something. Texts may hold NUL. */
typedef gboolean (*KmsValueParseFunc) (const char *text, gsize length, gboolean strict, KmsSecret **plaintext,
                                       GError **error);

/* Whether these bytes can be of the type. */
typedef gboolean (*KmsValueCheckFunc) (const guint8 *bytes, gsize length);

/* Of bytes that were checked. */
typedef KmsSecret *(*KmsValueFormatFunc) (const guint8 *bytes, gsize length);

gboolean _kms_value_parse_integer_text (const char *text, gsize length, gboolean strict, KmsSecret **plaintext,
                                        GError **error);
gboolean _kms_value_parse_float (const char *text, gsize length, gboolean strict, KmsSecret **plaintext,
                                 GError **error);
gboolean _kms_value_parse_decimal (const char *text, gsize length, gboolean strict, KmsSecret **plaintext,
                                   GError **error);
gboolean _kms_value_parse_date (const char *text, gsize length, gboolean strict, KmsSecret **plaintext, GError **error);
gboolean _kms_value_parse_datetime (const char *text, gsize length, gboolean strict, KmsSecret **plaintext,
                                    GError **error);
gboolean _kms_value_parse_time (const char *text, gsize length, gboolean strict, KmsSecret **plaintext, GError **error);
gboolean _kms_value_parse_inet (const char *text, gsize length, gboolean strict, KmsSecret **plaintext, GError **error);
gboolean _kms_value_parse_json (const char *text, gsize length, gboolean strict, KmsSecret **plaintext, GError **error);

gboolean _kms_value_check_decimal (const guint8 *bytes, gsize length);
gboolean _kms_value_check_date (const guint8 *bytes, gsize length);
gboolean _kms_value_check_datetime (const guint8 *bytes, gsize length);
gboolean _kms_value_check_time (const guint8 *bytes, gsize length);
gboolean _kms_value_check_inet (const guint8 *bytes, gsize length);

KmsSecret *_kms_value_format_integer (const guint8 *bytes, gsize length);
KmsSecret *_kms_value_format_float (const guint8 *bytes, gsize length);
KmsSecret *_kms_value_format_datetime (const guint8 *bytes, gsize length);
KmsSecret *_kms_value_format_inet (const guint8 *bytes, gsize length);

/* Eight bytes, the highest first. */
KmsSecret *_kms_value_pack (guint64 bits);
KmsSecret *_kms_value_pack_float (double number);
guint64 _kms_value_unpack (const guint8 *bytes);

/* Days since 1970-01-01 in the calendar of ISO 8601, and back. */
gint64 _kms_days_from_date (gint64 year, guint month, guint day);
void _kms_date_from_days (gint64 days, gint64 *year, guint *month, guint *day);

/* Of bytes that were checked. */
gint64 _kms_value_read_date (const guint8 *bytes, gsize length, guint *month, guint *day);
gint64 _kms_value_read_datetime (const guint8 *bytes, gsize length, guint *nanoseconds);

/* "2020-01-02", "2020-01-02T03:04:05.000000000Z" */
KmsSecret *_kms_value_write_date (gint64 year, guint month, guint day);
KmsSecret *_kms_value_write_datetime (gint64 seconds, guint nanoseconds);

/* For who made a secret for which there may have been no memory; takes it over. */
gboolean _kms_value_take (KmsSecret *secret, KmsSecret **plaintext, GError **error);

/* What strict parsers say. The text itself is never told. */
gboolean _kms_value_refuse (GError **error, const char *expected);

G_END_DECLS
