/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The AWS double takes signatures that others computed, and nothing that differs from them in a letter; its policies allow what
 * IAM's would. */
#include "aws-double-state.h"
#include "raw-client.h"

#include <string.h>

/* A request of 2015 for KMS with AWS's example keys. Two implementations of others signed it alike. */
#define ID "AKIDEXAMPLE"
#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define SECONDS 1440938160
#define SIGNATURE "0b814189edc817f290ea158a7458ab15a7b74345cf40df479ba8b1edb03aae0e"
#define TOKEN "TOKEN/EXAMPLE=="
#define TOKEN_SIGNATURE "8669cddf88ca461f7d8d0dcb777125348c62eced166ed583b9056a465ba19919"
#define AUTHORIZATION(names, signature)                                                                                \
  "Authorization: AWS4-HMAC-SHA256 Credential=" ID "/20150830/us-east-1/kms/aws4_request, SignedHeaders=" names        \
  ", Signature=" signature "\r\n"
#define HEAD                                                                                                           \
  "POST / HTTP/1.1\r\nHost: kms.us-east-1.amazonaws.com\r\nContent-Type: application/x-amz-json-1.1\r\n"               \
  "X-Amz-Target: TrentService.Encrypt\r\nX-Amz-Date: 20150830T123600Z\r\nConnection: close\r\n"
#define TAIL                                                                                                           \
  "Content-Length: 94\r\n\r\n"                                                                                         \
  "{\"KeyId\":\"alias/libkms\",\"Plaintext\":\"c2VjcmV0\",\"EncryptionContext\":{\"aws:a\":\"1\",\"b\":\"\\u00e9\"}}"
#define REQUEST HEAD AUTHORIZATION ("content-type;host;x-amz-date;x-amz-target", SIGNATURE) TAIL
#define TOKEN_REQUEST                                                                                                  \
  HEAD "X-Amz-Security-Token: " TOKEN                                                                                  \
       "\r\n" AUTHORIZATION ("content-type;host;x-amz-date;x-amz-security-token;x-amz-target", TOKEN_SIGNATURE) TAIL

typedef struct
{
  TestServer *server;
  AwsDouble *aws;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->server = test_server_new (TEST_SERVER_PLAIN);
  self->aws = aws_double_new (self->server);
  aws_double_add_access_key (self->aws, ID, SECRET, NULL);
  g_free (aws_double_create_key (self->aws, "alias/libkms", &(AwsDoubleKeyOptions){ .region = "us-east-1" }));
  aws_double_advance (self->aws, (gint) (SECONDS - g_get_real_time () / G_USEC_PER_SEC));
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  aws_double_free (self->aws);
  test_server_free (self->server);
}

static void
expect (Fixture *self, const char *request, guint status, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GIOStream) stream = raw_client_connect (test_server_get_address (self->server), NULL, NULL, NULL, &error);
  g_autofree char *start = g_strdup_printf ("HTTP/1.1 %u ", status);

  g_assert_no_error (error);
  g_autofree char *answer = raw_client_ask (stream, request, NULL, &error);
  g_assert_no_error (error);
  g_test_message ("%s\n%s", request, answer);
  g_assert_true (g_str_has_prefix (answer, start));
  g_assert_nonnull (strstr (answer, text));
}

static void
test_known (Fixture *self, gconstpointer data)
{
  expect (self, REQUEST, 200, "\"CiphertextBlob\":");
  const AwsDoubleEntry *entry = aws_double_get_entry (self->aws, 0);
  g_assert_cmpstr (entry->access_key_id, ==, ID);
  g_assert_cmpstr (entry->region, ==, "us-east-1");
  g_assert_cmpstr (entry->context, ==, "{\"aws:a\":\"1\",\"b\":\"\xc3\xa9\"}");
}

static void
test_known_with_token (Fixture *self, gconstpointer data)
{
  AwsDoubleIdentity *identity = g_hash_table_lookup (self->aws->identities, ID);

  identity->token = g_strdup (TOKEN);
  expect (self, TOKEN_REQUEST, 200, "\"CiphertextBlob\":");
  expect (self, REQUEST, 400, "UnrecognizedClientException");
  identity->expires_at = SECONDS - 1;
  expect (self, TOKEN_REQUEST, 400, "ExpiredTokenException");
}

static void
test_altered (Fixture *self, gconstpointer data)
{
  static const struct
  {
    const char *what;
    const char *with;
    const char *code;
  } changes[] = {
    { "c2VjcmV0", "c2VjcmV1", "InvalidSignatureException" },
    { "TrentService.Encrypt", "TrentService.Decrypt", "InvalidSignatureException" },
    { "Host: kms.us-east-1.", "Host: kms.us-east-2.", "InvalidSignatureException" },
    { "x-amz-json-1.1", "x-amz-json-1.0", "InvalidSignatureException" },
    { "/us-east-1/", "/eu-west-1/", "InvalidSignatureException" },
    { "/kms/aws4", "/sts/aws4", "correct service" },
    { "/20150830/", "/20150831/", "InvalidSignatureException" },
    { "T123600Z", "T123601Z", "InvalidSignatureException" },
    { "03aae0e", "03aae0f", "InvalidSignatureException" },
    { "POST / ", "POST /x ", "InvalidSignatureException" },
    { "POST / ", "POST /?a=b ", "InvalidSignatureException" },
    { ";x-amz-target,", ",", "'x-amz-target' must be" },
    { "content-type;host", "host", "'content-type' must be" },
    { "content-type;host", "host;content-type", "out of order" },
    { "Connection:", "X-Amz-More: x\r\nConnection:", "'x-amz-more' must be" },
    { "Connection:", "X-Amz-Security-Token: x\r\nConnection:", "UnrecognizedClientException" },
    { "=" ID, "=AKIDANOTHER", "UnrecognizedClientException" },
    { "Authorization:", "Authorisation:", "MissingAuthenticationTokenException" },
    { "AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA1 ", "IncompleteSignatureException" },
    { ", Signature=", ", Signatur=", "IncompleteSignatureException" },
    { "aws4_request, ", "aws4_request/x, ", "IncompleteSignatureException" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      g_auto (GStrv) halves = g_strsplit (REQUEST, changes[i].what, 2);
      g_autofree char *request = g_strjoinv (changes[i].with, halves);
      g_assert_cmpuint (g_strv_length (halves), ==, 2);
      expect (self, request, 400, changes[i].code);
    }
  /* What need not be signed may be anything. */
  g_auto (GStrv) halves = g_strsplit (REQUEST, "Connection:", 2);
  g_autofree char *request = g_strjoinv ("User-Agent: somebody\r\nConnection:", halves);
  expect (self, request, 200, "\"CiphertextBlob\":");
}

static void
test_time (Fixture *self, gconstpointer data)
{
  aws_double_advance (self->aws, 298);
  expect (self, REQUEST, 200, "\"CiphertextBlob\":");
  aws_double_advance (self->aws, 4);
  expect (self, REQUEST, 400, "Signature expired: 20150830T123600Z is now earlier than");
  aws_double_set_says_skewed (self->aws, TRUE);
  expect (self, REQUEST, 400, "RequestTimeTooSkewed");
  aws_double_set_says_skewed (self->aws, FALSE);
  aws_double_advance (self->aws, -2 * 302);
  expect (self, REQUEST, 400, "Signature not yet current");
  expect (self, REQUEST, 400, "Date: Sun, 30 Aug 2015 12:3");
}

#define STATEMENTS(text) "{\"Version\":\"2012-10-17\",\"Statement\":[" text "]}"
#define ALLOW(action, resource, more)                                                                                  \
  "{\"Effect\":\"Allow\",\"Action\":\"" action "\",\"Resource\":\"" resource "\"" more "}"
#define WHEN(operator, key, value) ",\"Condition\":{\"" operator"\":{\"" key "\":\"" value "\"}}"
#define KEY "arn:aws:kms:eu-west-1:111122223333:key/1"

static void
test_policies (void)
{
  static const struct
  {
    const char *policy;
    gboolean allowed;
  } policies[] = {
    { STATEMENTS (""), FALSE },
    { STATEMENTS (ALLOW ("kms:Encrypt", "*", "")), TRUE },
    { STATEMENTS (ALLOW ("KMS:encrypt", "*", "")), TRUE },
    { STATEMENTS (ALLOW ("kms:Encryp", "*", "")), FALSE },
    { STATEMENTS (ALLOW ("kms:E*", KEY, "")), TRUE },
    { STATEMENTS (ALLOW ("kms:ReEncrypt*", "*", "")), FALSE },
    { STATEMENTS (ALLOW ("*", "arn:aws:kms:*:*:key/*", "")), TRUE },
    { STATEMENTS (ALLOW ("*", KEY "0", "")), FALSE },
    { STATEMENTS (ALLOW ("*", "*", "") ",{\"Effect\":\"Deny\",\"Action\":[\"kms:Encrypt\"],\"Resource\":\"*\"}"),
      FALSE },
    { STATEMENTS (ALLOW ("*", "*", "") ",{\"Effect\":\"Deny\",\"Action\":[\"kms:Decrypt\"],\"Resource\":\"*\"}"),
      TRUE },
    { STATEMENTS (ALLOW ("*", "*", WHEN ("StringEquals", "kms:EncryptionContext:a", "b"))), TRUE },
    { STATEMENTS (ALLOW ("*", "*", WHEN ("StringEquals", "kms:EncryptionContext:a", "B"))), FALSE },
    { STATEMENTS (ALLOW ("*", "*", WHEN ("StringEquals", "kms:EncryptionContext:c", "b"))), FALSE },
    { STATEMENTS (ALLOW ("*", "*", WHEN ("StringLike", "kms:EncryptionContext:a", "?"))), TRUE },
    { STATEMENTS (ALLOW ("*", "*", WHEN ("Null", "kms:EncryptionContext:a", "true"))), FALSE },
    { STATEMENTS (ALLOW ("*", "*", WHEN ("Null", "kms:EncryptionContext:c", "true"))), TRUE },
    { STATEMENTS (ALLOW ("*", "*", WHEN ("ForAllValues:StringEquals", "kms:EncryptionContextKeys", "a"))), TRUE },
    { STATEMENTS (ALLOW ("*", "*", WHEN ("ForAllValues:StringEquals", "kms:EncryptionContextKeys", "b"))), FALSE },
    { STATEMENTS (ALLOW ("*", "*", WHEN ("StringEquals", "kms:RequestAlias", "alias/x"))), TRUE },
    { STATEMENTS (ALLOW ("*", "*", WHEN ("StringEquals", "kms:RequestAlias", "alias/y"))), FALSE },
  };
  g_autoptr (JsonObject) context = json_object_new ();
  AwsDoubleAct act = { .action = "kms:Encrypt", .resource = KEY, .alias = "alias/x", .context = context };

  json_object_set_string_member (context, "a", "b");
  for (guint i = 0; i < G_N_ELEMENTS (policies); i++)
    {
      g_autoptr (AwsDoublePolicy) policy = aws_double_policy_new (policies[i].policy);
      g_test_message ("%s", policies[i].policy);
      g_assert_cmpint (aws_double_policy_allows (policy, &act), ==, policies[i].allowed);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/aws-double/known", Fixture, NULL, set_up, test_known, tear_down);
  g_test_add ("/aws-double/known-with-token", Fixture, NULL, set_up, test_known_with_token, tear_down);
  g_test_add ("/aws-double/altered", Fixture, NULL, set_up, test_altered, tear_down);
  g_test_add ("/aws-double/time", Fixture, NULL, set_up, test_time, tear_down);
  g_test_add_func ("/aws-double/policies", test_policies);
  return g_test_run ();
}
