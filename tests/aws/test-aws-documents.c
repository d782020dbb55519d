/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys as services and programs write them, and what is nearly that. No message repeats any of it. */
#include "../../plugins/aws/aws-key-document.h"

#include <string.h>

#define JSON(id, secret, rest) "{\"AccessKeyId\":" id ",\"SecretAccessKey\":" secret rest "}"
#define XML(inside)                                                                                                    \
  "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>" inside                  \
  "</AssumeRoleResult></AssumeRoleResponse>"
#define SESSION(id, secret, token, end)                                                                                \
  "<Credentials>\n <AccessKeyId>" id "</AccessKeyId><SecretAccessKey>" secret "</SecretAccessKey>"                     \
  "<SessionToken>" token "</SessionToken><Expiration>" end "</Expiration></Credentials>"

static AwsKeys *
parse_json (const char *text, GError **error)
{
  g_autofree char *copy = g_strdup (text);
  return aws_keys_parse_json ((guint8 *) copy, strlen (copy), "Token", "the service", error);
}

static AwsKeys *
parse_xml (const char *text, GError **error)
{
  g_autofree char *copy = g_strdup (text);
  return aws_keys_parse_xml (copy, strlen (copy), "the service", error);
}

static void
assert_secret (KmsSecret *secret, const char *text)
{
  gsize length;
  const guint8 *data = kms_secret_get_data (secret, &length);
  g_assert_cmpmem (data, length, text, strlen (text));
}

static void
test_json (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AwsKeys) keys = parse_json (
    JSON ("\"AKIA\"", "\"a\\/b+c\"", ",\"Token\":\"t==\",\"Expiration\":\"2030-01-01T00:00:00Z\",\"x\":[1]"), &error);

  g_assert_no_error (error);
  g_assert_cmpstr (keys->access_key_id, ==, "AKIA");
  assert_secret (keys->secret, "a/b+c");
  assert_secret (keys->token, "t==");
  /* date -d 2030-01-01T00:00:00Z +%s */
  g_assert_cmpint (keys->expires_at, ==, G_GINT64_CONSTANT (1893456000) * G_USEC_PER_SEC);
}

static void
test_xml (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AwsKeys) keys = parse_xml (XML (SESSION ("ASIA", " s+/= ", "t==", "2030-01-01T00:00:00.123456Z")), &error);

  g_assert_no_error (error);
  g_assert_cmpstr (keys->access_key_id, ==, "ASIA");
  assert_secret (keys->secret, "s+/=");
  assert_secret (keys->token, "t==");
  g_assert_cmpint (keys->expires_at, ==, G_GINT64_CONSTANT (1893456000) * G_USEC_PER_SEC);
}

static void
assert_refused (AwsKeys *keys, GError *error)
{
  g_assert_null (keys);
  g_assert_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS);
  g_test_message ("%s", error->message);
  g_assert_true (g_str_has_prefix (error->message, "the service: "));
  g_assert_null (strstr (error->message, "hunter2"));
  g_error_free (error);
}

static void
test_bad_json (void)
{
  static const char *const bad[] = {
    "",
    "hunter2",
    "[]",
    "{\"AccessKeyId\":\"hunter2\"",
    "{}",
    JSON ("null", "\"hunter2\"", ""),
    JSON ("\"A\"", "null", ""),
    JSON ("\"A\"", "7", ""),
    JSON ("\"\"", "\"hunter2\"", ""),
    JSON ("\"A B\"", "\"hunter2\"", ""),
    JSON ("\"A\\r\\nX: y\"", "\"hunter2\"", ""),
    JSON ("\"A\"", "\"hunter2\\n\"", ""),
    JSON ("\"A\"", "\"\"", ""),
    JSON ("\"A\"", "\"hunter2\"", ",\"Token\":\"a\\r\\nX: y\""),
    JSON ("\"A\"", "\"hunter2\"", ",\"Expiration\":\"tomorrow\""),
    JSON ("\"A\"", "\"hunter2\"", "} x"),
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      GError *error = NULL;
      AwsKeys *keys = parse_json (bad[i], &error);
      assert_refused (keys, error);
    }
}

static void
test_bad_xml (void)
{
  static const char *const bad[] = {
    "",
    "<html>hunter2</html>",
    XML (""),
    XML ("<Credentials>"),
    XML ("<Credentials></Credentials>"),
    XML ("<Credentials></Credentials><AccessKeyId>A</AccessKeyId>"),
    XML ("<Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>hunter2</SecretAccessKey></Credentials>"),
    XML (SESSION ("A", "hunter2", "t", "soon")),
    XML (SESSION ("A", "hun&lt;ter2", "t", "2030-01-01T00:00:00Z")),
    XML (SESSION ("A", "<b>hunter2</b>", "t", "2030-01-01T00:00:00Z")),
    XML (SESSION ("A\r\nX: y", "hunter2", "t", "2030-01-01T00:00:00Z")),
    XML (SESSION ("A", "hunter2", "t\r\nX: y", "2030-01-01T00:00:00Z")),
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      GError *error = NULL;
      AwsKeys *keys = parse_xml (bad[i], &error);
      assert_refused (keys, error);
    }
}

/* Date of GNU coreutils says the numbers. */
static void
test_times (void)
{
  static const struct
  {
    const char *text;
    gint64 seconds;
  } good[] = {
    { "2030-01-01T00:00:00Z", 1893456000 },   { "2030-01-01T00:00:00UTC", 1893456000 },
    { "2030-01-01T00:00:00.5Z", 1893456000 }, { "2030-01-01T01:00:00+01:00", 1893456000 },
    { "2030-01-01T00:00:00", 1893456000 },
  };
  gint64 time;

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_assert_true (aws_parse_time (good[i].text, &time));
      g_assert_cmpint (time, ==, good[i].seconds * G_USEC_PER_SEC);
    }
  g_assert_false (aws_parse_time ("", &time));
  g_assert_false (aws_parse_time ("UTC", &time));
  g_assert_false (aws_parse_time ("2030-13-01T00:00:00Z", &time));
}

#define MINUTE (G_GINT64_CONSTANT (60) * G_USEC_PER_SEC)

/* A quarter of an hour before the end new ones are wanted; what a metadata service gives too late is good on. */
static void
test_lifetimes (void)
{
  g_autoptr (KmsSecret) secret = kms_secret_new ((const guint8 *) "s", 1);
  g_autoptr (AwsKeys) ever = aws_keys_new ("A", secret, NULL, 0, "x");
  g_autoptr (AwsKeys) hour = aws_keys_new ("A", secret, NULL, 100 * MINUTE + 60 * MINUTE, "x");
  g_autoptr (AwsKeys) past = aws_keys_new ("A", secret, NULL, 50 * MINUTE, "x");
  gint64 now = g_get_monotonic_time ();

  past->look_again = 3 * MINUTE;
  g_autoptr (KmsHttpCredentials) a = aws_keys_make_credentials (ever, 100 * MINUTE);
  g_autoptr (KmsHttpCredentials) b = aws_keys_make_credentials (hour, 100 * MINUTE);
  g_autoptr (KmsHttpCredentials) c = aws_keys_make_credentials (past, 100 * MINUTE);
  gint64 late = g_get_monotonic_time () - now;
  g_assert_cmpint (kms_http_credentials_get_expiry (a), ==, G_MAXINT64);
  g_assert_cmpint (kms_http_credentials_get_refresh_time (b) - now - 45 * MINUTE, >=, 0);
  g_assert_cmpint (kms_http_credentials_get_refresh_time (b) - now - 45 * MINUTE, <=, late);
  g_assert_cmpint (kms_http_credentials_get_expiry (b) - now, <, 60 * MINUTE);
  g_assert_cmpint (kms_http_credentials_get_expiry (b) - now, >=, 59 * MINUTE);
  g_assert_cmpint (kms_http_credentials_get_refresh_time (c) - now - 3 * MINUTE, <=, late);
  g_assert_cmpint (kms_http_credentials_get_expiry (c) - now, >=, 18 * MINUTE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/aws/documents/json", test_json);
  g_test_add_func ("/aws/documents/xml", test_xml);
  g_test_add_func ("/aws/documents/bad-json", test_bad_json);
  g_test_add_func ("/aws/documents/bad-xml", test_bad_xml);
  g_test_add_func ("/aws/documents/times", test_times);
  g_test_add_func ("/aws/documents/lifetimes", test_lifetimes);
  return g_test_run ();
}
