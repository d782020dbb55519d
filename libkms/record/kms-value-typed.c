/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values from and to the types of C. */
#include "kms-value-private.h"

#include <string.h>

#include "kms-secret.h"

/**
 * kms_value_new_boolean:
 * @value: %TRUE or %FALSE
 *
 * Makes a value of type %KMS_VALUE_TYPE_BOOLEAN.
 *
 * Returns: (transfer full) (nullable): a value, or %NULL where memory must be locked and no more can be
 *
 * Since: 1.0
 */
KmsValue *
kms_value_new_boolean (gboolean value)
{
  return _kms_value_new (KMS_VALUE_TYPE_BOOLEAN, kms_secret_new ((const guint8 *) (value ? "t" : "f"), 1));
}

/**
 * kms_value_new_integer:
 * @value: a number
 *
 * Makes a value of type %KMS_VALUE_TYPE_INTEGER.
 *
 * Returns: (transfer full) (nullable): a value, or %NULL where memory must be locked and no more can be
 *
 * Since: 1.0
 */
KmsValue *
kms_value_new_integer (gint64 value)
{
  return _kms_value_new (KMS_VALUE_TYPE_INTEGER, _kms_value_pack ((guint64) value));
}

/**
 * kms_value_new_float:
 * @value: a number; every NaN becomes the one that Ruby writes
 *
 * Makes a value of type %KMS_VALUE_TYPE_FLOAT.
 *
 * Returns: (transfer full) (nullable): a value, or %NULL where memory must be locked and no more can be
 *
 * Since: 1.0
 */
KmsValue *
kms_value_new_float (double value)
{
  return _kms_value_new (KMS_VALUE_TYPE_FLOAT, _kms_value_pack_float (value));
}

/**
 * kms_value_new_date:
 * @year: the year; 0 is 1 BC
 * @month: 1 to 12
 * @day: 1 to 31
 *
 * Makes a value of type %KMS_VALUE_TYPE_DATE.
 *
 * Returns: (transfer full) (nullable): a value, or %NULL where memory must be locked and no more can be
 *
 * Since: 1.0
 */
KmsValue *
kms_value_new_date (gint64 year, guint month, guint day)
{
  g_return_val_if_fail (ABS (year) < 1000000000 && month >= 1 && month <= 12 && day >= 1 && day <= 31, NULL);
  return _kms_value_new (KMS_VALUE_TYPE_DATE, _kms_value_write_date (year, month, day));
}

/**
 * kms_value_new_datetime:
 * @seconds: since 1970-01-01T00:00:00Z
 * @nanoseconds: 0 to 999999999
 *
 * Makes a value of type %KMS_VALUE_TYPE_DATETIME.
 *
 * Returns: (transfer full) (nullable): a value, or %NULL where memory must be locked and no more can be
 *
 * Since: 1.0
 */
KmsValue *
kms_value_new_datetime (gint64 seconds, guint nanoseconds)
{
  g_return_val_if_fail (nanoseconds < 1000000000, NULL);
  return _kms_value_new (KMS_VALUE_TYPE_DATETIME, _kms_value_write_datetime (seconds, nanoseconds));
}

static const guint8 *
get_bytes (KmsValue *self, gsize *length)
{
  const guint8 *bytes = kms_secret_get_data (self->plaintext, length);
  return bytes == NULL ? (const guint8 *) "\0\0\0\0\0\0\0" : bytes;
}

/**
 * kms_value_get_boolean:
 * @self: a value of type %KMS_VALUE_TYPE_BOOLEAN
 *
 * Gets what it says. As to Rails, anything but `t` is false.
 *
 * Returns: %TRUE or %FALSE
 *
 * Since: 1.0
 */
gboolean
kms_value_get_boolean (KmsValue *self)
{
  g_return_val_if_fail (self != NULL && self->type == KMS_VALUE_TYPE_BOOLEAN, FALSE);
  gsize length;
  const guint8 *bytes = get_bytes (self, &length);

  return length == 1 && bytes[0] == 't';
}

/**
 * kms_value_get_integer:
 * @self: a value of type %KMS_VALUE_TYPE_INTEGER
 *
 * Gets the number.
 *
 * Returns: the number
 *
 * Since: 1.0
 */
gint64
kms_value_get_integer (KmsValue *self)
{
  g_return_val_if_fail (self != NULL && self->type == KMS_VALUE_TYPE_INTEGER, 0);
  return (gint64) _kms_value_unpack (get_bytes (self, NULL));
}

/**
 * kms_value_get_float:
 * @self: a value of type %KMS_VALUE_TYPE_FLOAT
 *
 * Gets the number.
 *
 * Returns: the number
 *
 * Since: 1.0
 */
double
kms_value_get_float (KmsValue *self)
{
  g_return_val_if_fail (self != NULL && self->type == KMS_VALUE_TYPE_FLOAT, 0);
  guint64 bits = _kms_value_unpack (get_bytes (self, NULL));
  double value;

  memcpy (&value, &bits, sizeof value);
  return value;
}

/**
 * kms_value_get_date:
 * @self: a value of type %KMS_VALUE_TYPE_DATE
 * @month: (out) (optional): 1 to 12
 * @day: (out) (optional): 1 to 31
 *
 * Gets the parts of a date.
 *
 * Returns: the year; 0 is 1 BC
 *
 * Since: 1.0
 */
gint64
kms_value_get_date (KmsValue *self, guint *month, guint *day)
{
  g_return_val_if_fail (self != NULL && self->type == KMS_VALUE_TYPE_DATE, 0);
  gsize length;
  const guint8 *bytes = get_bytes (self, &length);
  guint month_read, day_read;
  gint64 year = _kms_value_read_date (bytes, length, &month_read, &day_read);

  if (month != NULL)
    *month = month_read;
  if (day != NULL)
    *day = day_read;
  return year;
}

/**
 * kms_value_get_datetime:
 * @self: a value of type %KMS_VALUE_TYPE_DATETIME
 * @nanoseconds: (out) (optional): 0 to 999999999
 *
 * Gets a moment.
 *
 * Returns: seconds since 1970-01-01T00:00:00Z
 *
 * Since: 1.0
 */
gint64
kms_value_get_datetime (KmsValue *self, guint *nanoseconds)
{
  g_return_val_if_fail (self != NULL && self->type == KMS_VALUE_TYPE_DATETIME, 0);
  gsize length;
  const guint8 *bytes = get_bytes (self, &length);
  guint nanoseconds_read;
  gint64 seconds = _kms_value_read_datetime (bytes, length, &nanoseconds_read);

  if (nanoseconds != NULL)
    *nanoseconds = nanoseconds_read;
  return seconds;
}
