/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Typed values: what the gem's vectors do not show. */
#include <libkms/kms.h>

#include <math.h>
#include <string.h>

#include "../hex.h"

/* What a text becomes: strictly, and as Rails casts it. Bytes as they are, or in hexadecimal behind "0x"; "" is the empty
 * text, NULL is NULL, and REFUSED an error. */
#define REFUSED "refused"

static const struct
{
  KmsValueType type;
  const char *text, *parsed, *cast;
} cases[] = {
  { KMS_VALUE_TYPE_INTEGER, "-0", "0x0000000000000000", "0x0000000000000000" },
  { KMS_VALUE_TYPE_INTEGER, "+7", "0x0000000000000007", "0x0000000000000007" },
  { KMS_VALUE_TYPE_INTEGER, " 7", REFUSED, "0x0000000000000007" },
  { KMS_VALUE_TYPE_INTEGER, "\v7", REFUSED, "0x0000000000000007" },
  { KMS_VALUE_TYPE_INTEGER, "1_000", REFUSED, "0x00000000000003e8" },
  { KMS_VALUE_TYPE_INTEGER, "1__0", REFUSED, "0x0000000000000001" },
  { KMS_VALUE_TYPE_INTEGER, "_1", REFUSED, "0x0000000000000000" },
  { KMS_VALUE_TYPE_INTEGER, "- 1", REFUSED, "0x0000000000000000" },
  { KMS_VALUE_TYPE_INTEGER, "0x10", REFUSED, "0x0000000000000000" },
  { KMS_VALUE_TYPE_INTEGER, "abc", REFUSED, "0x0000000000000000" },
  { KMS_VALUE_TYPE_INTEGER, "", REFUSED, "0x0000000000000000" },
  { KMS_VALUE_TYPE_INTEGER, "9223372036854775807", "0x7fffffffffffffff", "0x7fffffffffffffff" },
  { KMS_VALUE_TYPE_INTEGER, "9223372036854775808", REFUSED, REFUSED },
  { KMS_VALUE_TYPE_INTEGER, "-9223372036854775808", "0x8000000000000000", "0x8000000000000000" },
  { KMS_VALUE_TYPE_INTEGER, "-9223372036854775809", REFUSED, REFUSED },
  { KMS_VALUE_TYPE_INTEGER, "99999999999999999999999999", REFUSED, REFUSED },

  { KMS_VALUE_TYPE_FLOAT, "1e3", "0x408f400000000000", "0x408f400000000000" },
  { KMS_VALUE_TYPE_FLOAT, "1e400", "0x7ff0000000000000", "0x7ff0000000000000" },
  { KMS_VALUE_TYPE_FLOAT, "1e-400", "0x0000000000000000", "0x0000000000000000" },
  { KMS_VALUE_TYPE_FLOAT, "-Infinity", "0xfff0000000000000", "0xfff0000000000000" },
  { KMS_VALUE_TYPE_FLOAT, "nan", REFUSED, "0x0000000000000000" },
  { KMS_VALUE_TYPE_FLOAT, "1.", REFUSED, "0x3ff0000000000000" },
  { KMS_VALUE_TYPE_FLOAT, ".5", REFUSED, "0x0000000000000000" },
  { KMS_VALUE_TYPE_FLOAT, "1e", REFUSED, "0x3ff0000000000000" },
  { KMS_VALUE_TYPE_FLOAT, "1.5 m", REFUSED, "0x3ff8000000000000" },
  { KMS_VALUE_TYPE_FLOAT, "0x1p3", REFUSED, "0x0000000000000000" },
  { KMS_VALUE_TYPE_FLOAT, "1,5", REFUSED, "0x3ff0000000000000" },

  { KMS_VALUE_TYPE_DECIMAL, "0", "0.0", "0.0" },
  { KMS_VALUE_TYPE_DECIMAL, "-0", "-0.0", "-0.0" },
  { KMS_VALUE_TYPE_DECIMAL, "00012.3400", "12.34", "12.34" },
  { KMS_VALUE_TYPE_DECIMAL, "1.5e-3", "0.0015", "0.0015" },
  { KMS_VALUE_TYPE_DECIMAL, "12.5E2", "1250.0", "1250.0" },
  { KMS_VALUE_TYPE_DECIMAL, "0.000e99", "0.0", "0.0" },
  { KMS_VALUE_TYPE_DECIMAL, "123456789012345678901234567890.5", "123456789012345678901234567890.5",
    "123456789012345678901234567890.5" },
  { KMS_VALUE_TYPE_DECIMAL, "1e999999999", REFUSED, REFUSED },
  { KMS_VALUE_TYPE_DECIMAL, "1e-99999999999999999999", REFUSED, REFUSED },
  { KMS_VALUE_TYPE_DECIMAL, "Infinity", "Infinity", "Infinity" },
  { KMS_VALUE_TYPE_DECIMAL, "abc", REFUSED, "0.0" },
  { KMS_VALUE_TYPE_DECIMAL, "12abc", REFUSED, "12.0" },
  { KMS_VALUE_TYPE_DECIMAL, "", REFUSED, NULL },

  { KMS_VALUE_TYPE_BOOLEAN, "on", "t", "t" },
  { KMS_VALUE_TYPE_BOOLEAN, "OFF", "f", "f" },
  { KMS_VALUE_TYPE_BOOLEAN, "no", REFUSED, "t" },
  { KMS_VALUE_TYPE_BOOLEAN, "", REFUSED, NULL },

  { KMS_VALUE_TYPE_DATE, "2021-02-29", REFUSED, NULL },
  { KMS_VALUE_TYPE_DATE, "1900-02-29", REFUSED, NULL },
  { KMS_VALUE_TYPE_DATE, "2000-02-29", "2000-02-29", "2000-02-29" },
  { KMS_VALUE_TYPE_DATE, "1500-02-29", "1500-02-29", "1500-02-29" },
  { KMS_VALUE_TYPE_DATE, "2021-13-01", REFUSED, NULL },
  { KMS_VALUE_TYPE_DATE, "2021-00-01", REFUSED, NULL },
  { KMS_VALUE_TYPE_DATE, "2021-01-00", REFUSED, NULL },
  { KMS_VALUE_TYPE_DATE, "2021-1-1", REFUSED, NULL },
  { KMS_VALUE_TYPE_DATE, "2021-01-01 ", REFUSED, NULL },
  { KMS_VALUE_TYPE_DATE, "99999999999-01-01", REFUSED, NULL },

  { KMS_VALUE_TYPE_DATETIME, "2020-01-02", "2020-01-02T00:00:00.000000000Z", "2020-01-02T00:00:00.000000000Z" },
  { KMS_VALUE_TYPE_DATETIME, "2020-01-02T03:04", "2020-01-02T03:04:00.000000000Z", "2020-01-02T03:04:00.000000000Z" },
  { KMS_VALUE_TYPE_DATETIME, "2020-01-02T03:04:05.123456789", "2020-01-02T03:04:05.123456789Z",
    "2020-01-02T03:04:05.123456000Z" },
  { KMS_VALUE_TYPE_DATETIME, "2020-01-02T03:04:05.1234567899Z", "2020-01-02T03:04:05.123456789Z",
    "2020-01-02T03:04:05.123456000Z" },
  { KMS_VALUE_TYPE_DATETIME, "2020-01-01T00:30:00+01", "2019-12-31T23:30:00.000000000Z",
    "2019-12-31T23:30:00.000000000Z" },
  { KMS_VALUE_TYPE_DATETIME, "2019-12-31 23:30:00 -0100", "2020-01-01T00:30:00.000000000Z",
    "2020-01-01T00:30:00.000000000Z" },
  { KMS_VALUE_TYPE_DATETIME, "0000-03-01T00:00:00Z", "0000-03-01T00:00:00.000000000Z",
    "0000-03-01T00:00:00.000000000Z" },
  { KMS_VALUE_TYPE_DATETIME, "-0400-02-29T12:00:00Z", "-0400-02-29T12:00:00.000000000Z",
    "-0400-02-29T12:00:00.000000000Z" },
  { KMS_VALUE_TYPE_DATETIME, "2020-01-02T24:00:00Z", REFUSED, NULL },
  { KMS_VALUE_TYPE_DATETIME, "2020-01-02T03:04:60Z", REFUSED, NULL },
  { KMS_VALUE_TYPE_DATETIME, "2020-01-02T03:04:05.Z", REFUSED, NULL },
  { KMS_VALUE_TYPE_DATETIME, "2020-01-02T03:04:05ZZ", REFUSED, NULL },
  { KMS_VALUE_TYPE_DATETIME, "2020-01-02T03:04:05+01:0", REFUSED, NULL },

  { KMS_VALUE_TYPE_TIME, "23:59:59.999999999", "23:59:59.999999999", "23:59:59.999999000" },
  { KMS_VALUE_TYPE_TIME, "2020-01-02T03:04:05+05:00", "22:04:05.000000000", "22:04:05.000000000" },
  { KMS_VALUE_TYPE_TIME, "24:00", REFUSED, NULL },

  { KMS_VALUE_TYPE_JSON, "{\"a\":\"\\u2028&\"}", "{\"a\":\"\\u2028\\u0026\"}", "{\"a\":\"\\u2028\\u0026\"}" },
  { KMS_VALUE_TYPE_JSON, "{\"a\":1.50}", "{\"a\":1.50}", "{\"a\":1.50}" },
  { KMS_VALUE_TYPE_JSON, "{\"a\":}", REFUSED, REFUSED },
  { KMS_VALUE_TYPE_JSON, "{\"a\":1} x", REFUSED, REFUSED },
  { KMS_VALUE_TYPE_JSON, "", REFUSED, REFUSED },

  { KMS_VALUE_TYPE_HASH, "a: 1\n", REFUSED, REFUSED },
  { KMS_VALUE_TYPE_HASH, "--- x", REFUSED, REFUSED },

  { KMS_VALUE_TYPE_INET, "192.0.2.77/255.255.255.0", "0x0018c0000200000000000000000000000000",
    "0x0018c0000200000000000000000000000000" },
  { KMS_VALUE_TYPE_INET, "192.0.2.77/255.0.255.0", REFUSED, NULL },
  { KMS_VALUE_TYPE_INET, "0.0.0.0/0", "0x000000000000000000000000000000000000",
    "0x000000000000000000000000000000000000" },
  { KMS_VALUE_TYPE_INET, "fe80::1%eth0", "0x0180fe800000000000000000000000000001",
    "0x0180fe800000000000000000000000000001" },
  { KMS_VALUE_TYPE_INET, "192.0.2.1/33", REFUSED, NULL },
  { KMS_VALUE_TYPE_INET, "192.0.2.1/", REFUSED, NULL },
  { KMS_VALUE_TYPE_INET, "192.0.2.1/ 8", REFUSED, NULL },
  { KMS_VALUE_TYPE_INET, "::/129", REFUSED, NULL },
  { KMS_VALUE_TYPE_INET, "10.20.30", REFUSED, NULL },
};

static KmsSecret *
secret_from (const char *text)
{
  return kms_secret_new ((const guint8 *) text, strlen (text));
}

static char *
show (KmsValue *value, const char *expected)
{
  gsize length;

  if (value == NULL)
    return NULL;
  const guint8 *data = kms_secret_get_data (kms_value_get_plaintext (value), &length);
  if (expected == NULL || !g_str_has_prefix (expected, "0x"))
    return g_strndup ((const char *) data, length);
  g_autofree char *hex = hex_encode (data, length);
  return g_strconcat ("0x", hex, NULL);
}

static void
assert_becomes (gboolean done, KmsValue *value, const GError *error, guint index, const char *expected)
{
  g_autofree char *shown = show (value, expected);

  g_test_message ("%u: \"%s\"", index, cases[index].text);
  if (g_strcmp0 (expected, REFUSED) == 0)
    {
      g_assert_false (done);
      g_assert_null (value);
      g_assert_true (g_error_matches (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT)
                     || g_error_matches (error, KMS_ERROR, KMS_ERROR_TOO_LARGE));
      g_assert_true (strlen (cases[index].text) < 7 || strstr (error->message, cases[index].text) == NULL);
      return;
    }
  g_assert_no_error (error);
  g_assert_true (done);
  g_assert_cmpstr (shown, ==, expected);
}

static void
test_parse (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (KmsSecret) text = secret_from (cases[i].text);
      g_autoptr (GError) error = NULL;
      g_autoptr (KmsValue) value = NULL;
      gboolean done = kms_value_parse (cases[i].type, text, &value, &error);
      assert_becomes (done, value, error, i, cases[i].parsed);
    }
}

static void
test_cast (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (KmsSecret) text = secret_from (cases[i].text);
      g_autoptr (GError) error = NULL;
      g_autoptr (KmsValue) value = NULL;
      gboolean done = kms_value_cast (cases[i].type, text, &value, &error);
      assert_becomes (done, value, error, i, cases[i].cast);
    }
}

static void
assert_text (KmsValue *value, const char *expected)
{
  g_autoptr (KmsSecret) text = kms_value_to_text (value);
  gsize length;
  const guint8 *data = kms_secret_get_data (text, &length);

  g_assert_cmpmem (data, length, expected, strlen (expected));
  kms_value_unref (value);
}

static void
test_to_text (void)
{
  assert_text (kms_value_new_boolean (TRUE), "true");
  assert_text (kms_value_new_boolean (FALSE), "false");
  assert_text (kms_value_new_integer (G_MININT64), "-9223372036854775808");
  assert_text (kms_value_new_float (0), "0.0");
  assert_text (kms_value_new_float (1.0 / 7), "0.14285714285714285");
  assert_text (kms_value_new_float (1e300), "1e+300");
  assert_text (kms_value_new_float (5e-324), "4.94065645841247e-324");
  assert_text (kms_value_new_float (NAN), "NaN");
  assert_text (kms_value_new_float (-INFINITY), "-Infinity");
  assert_text (kms_value_new_date (-1, 12, 31), "-0001-12-31");
  assert_text (kms_value_new_date (123456, 1, 2), "123456-01-02");
  assert_text (kms_value_new_datetime (0, 0), "1970-01-01T00:00:00.000000000Z");
  assert_text (kms_value_new_datetime (-1, 999999999), "1969-12-31T23:59:59.999999999Z");
  assert_text (kms_value_new_datetime (951782400, 5), "2000-02-29T00:00:00.000000005Z");
}

/* Against GLib's calendar, for four hundred years of days. */
static void
test_days (void)
{
  for (gint64 day = -80000; day < 80000; day += 37)
    {
      g_autoptr (KmsValue) value = kms_value_new_datetime (day * 86400 + 3723, 0);
      g_autoptr (GDateTime) moment = g_date_time_new_from_unix_utc (day * 86400 + 3723);
      g_autofree char *expected = g_date_time_format (moment, "%Y-%m-%dT%H:%M:%S.000000000Z");
      g_autoptr (KmsSecret) text = kms_value_to_text (value);
      gsize length;
      const guint8 *data = kms_secret_get_data (text, &length);
      g_assert_cmpmem (data, length, expected, strlen (expected));
      g_assert_cmpint (kms_value_get_datetime (value, NULL), ==, day * 86400 + 3723);
    }
}

static void
test_getters (void)
{
  g_autoptr (KmsValue) date = kms_value_new_date (2024, 2, 29);
  g_autoptr (KmsValue) moment = kms_value_new_datetime (-5, 7);
  g_autoptr (KmsValue) number = kms_value_new_float (0.1);
  g_autoptr (KmsValue) integer = kms_value_new_integer (-3);
  g_autoptr (KmsValue) truth = kms_value_new_boolean (TRUE);
  guint month, day, nanoseconds;

  g_assert_cmpint (kms_value_get_date (date, &month, &day), ==, 2024);
  g_assert_cmpuint (month, ==, 2);
  g_assert_cmpuint (day, ==, 29);
  g_assert_cmpint (kms_value_get_datetime (moment, &nanoseconds), ==, -5);
  g_assert_cmpuint (nanoseconds, ==, 7);
  g_assert_cmpfloat (kms_value_get_float (number), ==, 0.1);
  g_assert_cmpint (kms_value_get_integer (integer), ==, -3);
  g_assert_true (kms_value_get_boolean (truth));
  g_assert_cmpint (kms_value_get_value_type (truth), ==, KMS_VALUE_TYPE_BOOLEAN);
}

static void
test_wrong_plaintext (void)
{
  static const KmsValueType types[] = { KMS_VALUE_TYPE_INTEGER,  KMS_VALUE_TYPE_FLOAT, KMS_VALUE_TYPE_DATE,
                                        KMS_VALUE_TYPE_DATETIME, KMS_VALUE_TYPE_TIME,  KMS_VALUE_TYPE_DECIMAL,
                                        KMS_VALUE_TYPE_INET };
  g_autoptr (KmsSecret) secret = secret_from ("rosebud");

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (KmsValue) value = kms_value_new_from_plaintext (types[i], secret, &error);
      g_assert_null (value);
      g_assert_error (error, KMS_ERROR, KMS_ERROR_INTEGRITY);
      g_assert_null (strstr (error->message, "rosebud"));
    }
}

/* What others may have stored: read as they meant it. */
static void
test_stored (void)
{
  static const struct
  {
    KmsValueType type;
    const char *plaintext, *text;
  } stored[] = {
    { KMS_VALUE_TYPE_BOOLEAN, "t", "true" },
    { KMS_VALUE_TYPE_BOOLEAN, "f", "false" },
    { KMS_VALUE_TYPE_BOOLEAN, "true", "false" }, /* anything but "t" */
    { KMS_VALUE_TYPE_BOOLEAN, "T", "false" },
    { KMS_VALUE_TYPE_DATETIME, "2020-01-02T03:04:05.000000000-05:00", "2020-01-02T08:04:05.000000000Z" },
    { KMS_VALUE_TYPE_DATETIME, "2020-01-02T03:04:05.000000000+00:00", "2020-01-02T03:04:05.000000000Z" },
    { KMS_VALUE_TYPE_DATETIME, "2020-01-02T03:04:05.123456789Z", "2020-01-02T03:04:05.123456789Z" },
    /* No object is made of YAML: what stands there is handed over. */
    { KMS_VALUE_TYPE_HASH, "--- !ruby/object:Gem::Installer\ni: x\n", "--- !ruby/object:Gem::Installer\ni: x\n" },
    { KMS_VALUE_TYPE_ARRAY, "---\n- !ruby/regexp /x/\n", "---\n- !ruby/regexp /x/\n" },
    { KMS_VALUE_TYPE_DATE, "-0001-01-01", "-0001-01-01" },
    { KMS_VALUE_TYPE_DECIMAL, "NaN", "NaN" },
    { KMS_VALUE_TYPE_DECIMAL, "-1000000000000000000000000000000.0", "-1000000000000000000000000000000.0" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (stored); i++)
    {
      g_autoptr (KmsSecret) secret = secret_from (stored[i].plaintext);
      g_autoptr (GError) error = NULL;
      KmsValue *value = kms_value_new_from_plaintext (stored[i].type, secret, &error);
      g_test_message ("%s", stored[i].plaintext);
      g_assert_no_error (error);
      assert_text (value, stored[i].text);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/value/parse", test_parse);
  g_test_add_func ("/value/cast", test_cast);
  g_test_add_func ("/value/to-text", test_to_text);
  g_test_add_func ("/value/days", test_days);
  g_test_add_func ("/value/getters", test_getters);
  g_test_add_func ("/value/wrong-plaintext", test_wrong_plaintext);
  g_test_add_func ("/value/stored", test_stored);
  return g_test_run ();
}
