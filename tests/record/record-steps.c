/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps of tests with records, each of which must succeed, or fail as is said. */
#include "record-steps.h"

#include <string.h>

static KmsValue *
text_value (const char *text)
{
  g_autoptr (KmsSecret) secret = kms_secret_new ((const guint8 *) text, strlen (text));
  g_autoptr (GError) error = NULL;
  KmsValue *value;

  kms_value_parse (KMS_VALUE_TYPE_TEXT, secret, &value, &error);
  g_assert_no_error (error);
  return value;
}

void
set_text (KmsRecord *record, const char *attribute, const char *text)
{
  g_autoptr (KmsValue) value = text == NULL ? NULL : text_value (text);
  g_autoptr (GError) error = NULL;

  kms_record_set (record, attribute, value, &error);
  g_assert_no_error (error);
}

void
assert_text (KmsRecord *record, const char *attribute, const char *expected)
{
  g_autoptr (KmsValue) value = NULL;
  g_autoptr (GError) error = NULL;

  kms_record_get (record, attribute, &value, NULL, &error);
  g_assert_no_error (error);
  if (expected == NULL)
    {
      g_assert_null (value);
      return;
    }
  g_assert_nonnull (value);
  gsize length;
  const guint8 *data = kms_secret_get_data (kms_value_get_plaintext (value), &length);
  g_assert_cmpmem (data, length, expected, strlen (expected));
}

void
save (KmsRecord *record)
{
  g_autoptr (GError) error = NULL;

  kms_record_save (record, NULL, &error);
  g_assert_no_error (error);
}

KmsRecord *
load (Shop *shop, KmsModel *model, const char *id)
{
  g_autoptr (GError) error = NULL;
  KmsRecord *record = kms_record_load (model, shop->store, id, NULL, &error);

  g_assert_no_error (error);
  return record;
}

void
assert_save_fails (KmsRecord *record, KmsError code, const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (kms_record_save (record, NULL, &error));
  g_assert_error (error, KMS_ERROR, (int) code);
  if (strstr (error->message, message) == NULL)
    g_error ("\"%s\" does not have \"%s\"", error->message, message);
}

void
assert_get_fails (KmsRecord *record, const char *attribute, KmsError code, const char *message)
{
  g_autoptr (KmsValue) value = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (kms_record_get (record, attribute, &value, NULL, &error));
  g_assert_error (error, KMS_ERROR, (int) code);
  if (strstr (error->message, message) == NULL)
    g_error ("\"%s\" does not have \"%s\"", error->message, message);
}

void
assert_count (Shop *shop, const char *sql, const char *expected)
{
  g_autofree char *answer = shop_ask (shop, sql);
  g_assert_cmpstr (answer, ==, expected);
}

void
assert_load_fails (Shop *shop, KmsModel *model, const char *id, KmsError code, const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (kms_record_load (model, shop->store, id, NULL, &error));
  g_assert_error (error, KMS_ERROR, (int) code);
  if (strstr (error->message, message) == NULL)
    g_error ("\"%s\" does not have \"%s\"", error->message, message);
}
