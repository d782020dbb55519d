/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is sent for a call, and what comes of the answers. */
#include "aws-fixture.h"

#include <string.h>

#define ID "1234abcd-12ab-34cd-56ef-1234567890ab"
#define OTHER_ARN "arn:aws:kms:eu-west-1:111122223333:key/00000000-12ab-34cd-56ef-1234567890ab"

static void
assert_encrypt_fails (AwsFixture *fixture, const char *key_id, KmsContext *context, KmsError code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) ciphertext = aws_fixture_encrypt (fixture, key_id, context, &error);

  g_assert_null (ciphertext);
  g_test_message ("%s", error->message);
  g_assert_error (error, KMS_ERROR, (int) code);
}

static void
assert_encrypts (AwsFixture *fixture, KmsContext *context)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) ciphertext = aws_fixture_encrypt (fixture, "alias/a", context, &error);

  g_assert_no_error (error);
  g_assert_nonnull (ciphertext);
}

static void
assert_decrypt_fails (AwsFixture *fixture, const char *key_id, KmsError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (aws_fixture_decrypt (fixture, key_id, NULL, &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, KMS_ERROR, (int) code);
}

static void
assert_sent (AwsFixture *fixture, const char *operation, const char *body)
{
  g_autofree char *sent = aws_fixture_dup_body (fixture, operation);
  g_assert_cmpstr (sent, ==, body);
}

/* A moved alias must decrypt on: the gem sends no key id. */
static void
test_as_the_gem (void)
{
  g_autoptr (AwsFixture) fixture = aws_fixture_new (NULL);
  g_autoptr (KmsContext) context = kms_context_new ("model_name", "User", "model_id", "123", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) ciphertext = aws_fixture_encrypt (fixture, "alias/orders", context, &error);

  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (ciphertext, NULL), g_bytes_get_size (ciphertext), "ABC", 3);
  assert_sent (fixture, "Encrypt",
               "{\"KeyId\":\"alias/orders\",\"Plaintext\":\"aGVsbG8=\",\"EncryptionContext\":{\"model_id\":\"123\","
               "\"model_name\":\"User\"}}");
  const TestRequest *request = aws_fixture_find (fixture, "Encrypt");
  g_assert_cmpstr (request->method, ==, "POST");
  g_assert_cmpstr (request->path, ==, "/");
  g_assert_cmpstr (test_request_get_header (request, "Content-Type"), ==, "application/x-amz-json-1.1");
  g_assert_true (
    g_str_has_prefix (test_request_get_header (request, "Authorization"), "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"));
  g_assert_true (aws_fixture_decrypt (fixture, "alias/orders", context, &error));
  assert_sent (fixture, "Decrypt",
               "{\"CiphertextBlob\":\"QUJD\",\"EncryptionContext\":{\"model_id\":\"123\",\"model_name\":\"User\"}}");
}

static void
test_strict_key_id (void)
{
  g_autoptr (AwsFixture) fixture = aws_fixture_new ("StrictKeyId=true\n");
  g_autoptr (GError) error = NULL;

  g_assert_true (aws_fixture_decrypt (fixture, FIXTURE_ARN, NULL, &error));
  assert_sent (fixture, "Decrypt", "{\"KeyId\":\"" FIXTURE_ARN "\",\"CiphertextBlob\":\"QUJD\"}");
  g_assert_true (aws_fixture_decrypt (fixture, ID, NULL, &error));
  g_assert_true (aws_fixture_decrypt (fixture, "alias/a", NULL, &error));
  assert_decrypt_fails (fixture, OTHER_ARN, KMS_ERROR_INTEGRITY);
}

/* None sends none; an empty one is none to the service, but it is sent as the gem does. */
static void
test_contexts (void)
{
  g_autoptr (AwsFixture) fixture = aws_fixture_new (NULL);
  g_autoptr (KmsContext) empty = kms_context_new_empty ();
  g_autoptr (KmsContext) raw = kms_context_new_raw ((const guint8 *) "text", 4);
  g_autoptr (KmsContext) legacy = kms_context_new_legacy ("{\"b\":1,\"a\":\"\\u00e9\\\"\"}", -1, NULL);
  g_autoptr (KmsContext) nested = kms_context_new_legacy ("{\"a\":{\"b\":1}}", -1, NULL);
  g_autoptr (KmsContext) list = kms_context_new_legacy ("[1]", -1, NULL);
  g_autofree char *long_value = g_strnfill (8192, 'x');
  g_autoptr (KmsContext) large = kms_context_new ("n", long_value + 7, NULL);
  /* {"n":"…"} has 8 bytes of its own. */
  g_autoptr (KmsContext) largest = kms_context_new ("n", long_value + 8, NULL);
  g_autoptr (KmsContextBuilder) builder = kms_context_builder_new ();
  g_autoptr (GError) error = NULL;

  /* As in Ruby, where a string and a symbol of one name are one: the symbol's value counts. And numbers are texts. */
  kms_context_builder_add_string (builder, KMS_NAME_KIND_SYMBOL, "a", -1, "symbol", -1);
  kms_context_builder_add_string (builder, KMS_NAME_KIND_STRING, "a", -1, "string", -1);
  kms_context_builder_add_integer (builder, KMS_NAME_KIND_SYMBOL, "n", -17);
  g_autoptr (KmsContext) both = kms_context_builder_end (builder, &error);
  g_assert_no_error (error);
  assert_encrypts (fixture, both);
  assert_sent (
    fixture, "Encrypt",
    "{\"KeyId\":\"alias/a\",\"Plaintext\":\"aGVsbG8=\",\"EncryptionContext\":{\"a\":\"symbol\",\"n\":\"-17\"}}");
  assert_encrypts (fixture, NULL);
  assert_sent (fixture, "Encrypt", "{\"KeyId\":\"alias/a\",\"Plaintext\":\"aGVsbG8=\"}");
  assert_encrypts (fixture, empty);
  assert_sent (fixture, "Encrypt", "{\"KeyId\":\"alias/a\",\"Plaintext\":\"aGVsbG8=\",\"EncryptionContext\":{}}");
  g_assert_true (aws_fixture_decrypt (fixture, "alias/a", legacy, &error));
  assert_sent (fixture, "Decrypt",
               "{\"CiphertextBlob\":\"QUJD\",\"EncryptionContext\":{\"b\":\"1\",\"a\":\"\303\251\\\"\"}}");
  assert_encrypts (fixture, largest);
  g_assert_no_error (error);
  guint n = test_server_count_requests (fixture->server);
  assert_encrypt_fails (fixture, "alias/a", raw, KMS_ERROR_INVALID_ARGUMENT);
  assert_encrypt_fails (fixture, "alias/a", nested, KMS_ERROR_INVALID_ARGUMENT);
  assert_encrypt_fails (fixture, "alias/a", list, KMS_ERROR_INVALID_ARGUMENT);
  assert_encrypt_fails (fixture, "alias/a", large, KMS_ERROR_TOO_LARGE);
  g_assert_cmpuint (test_server_count_requests (fixture->server), ==, n);
}

static gboolean
encrypt_length (AwsFixture *fixture, gsize length, GError **error)
{
  g_autofree guint8 *bytes = g_malloc0 (length + 1);
  g_autoptr (KmsSecret) secret = kms_secret_new (bytes, length);
  g_autoptr (GBytes) ciphertext = kms_provider_encrypt (fixture->provider, "alias/a", secret, NULL, NULL, error);
  return ciphertext != NULL;
}

static void
test_limits (void)
{
  g_autoptr (AwsFixture) fixture = aws_fixture_new (NULL);
  g_autoptr (GError) none = NULL, large = NULL, ciphertext = NULL;
  g_autofree guint8 *bytes = g_malloc0 (6145);
  g_autoptr (GBytes) blob = g_bytes_new (bytes, 6145);

  g_assert_true (encrypt_length (fixture, 1, NULL));
  g_assert_true (encrypt_length (fixture, 4096, NULL));
  g_assert_false (encrypt_length (fixture, 0, &none));
  g_test_message ("%s", none->message);
  g_assert_error (none, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
  g_assert_false (encrypt_length (fixture, 4097, &large));
  g_assert_error (large, KMS_ERROR, KMS_ERROR_TOO_LARGE);
  g_assert_null (kms_provider_decrypt (fixture->provider, "alias/a", blob, NULL, NULL, &ciphertext));
  g_assert_nonnull (ciphertext);
  g_assert_cmpuint (test_server_count_requests (fixture->server), ==, 2);
}

/* What the service answers is not believed if it can't be. */
static void
test_answers (void)
{
  static const struct
  {
    guint status;
    const char *json;
    KmsError error;
  } cases[] = {
    { 200, "", KMS_ERROR_INTEGRITY },
    { 200, "null", KMS_ERROR_INTEGRITY },
    { 200, "{}", KMS_ERROR_INTEGRITY },
    { 200, "<html>", KMS_ERROR_INTEGRITY },
    { 200, "{\"CiphertextBlob\":\"QUJD\"", KMS_ERROR_INTEGRITY },
    { 200, "{\"CiphertextBlob\":\"QUJD\"}x", KMS_ERROR_INTEGRITY },
    { 200, "{\"CiphertextBlob\":\"QU D\"}", KMS_ERROR_INTEGRITY },
    { 200, "{\"CiphertextBlob\":17}", KMS_ERROR_INTEGRITY },
    { 200, "{\"CiphertextBlob\":\"QUJD\",\"KeyId\":\"" OTHER_ARN "\"}", KMS_ERROR_INTEGRITY },
    { 200, "{\"CiphertextBlob\":\"QUJD\",\"EncryptionAlgorithm\":\"RSAES_OAEP_SHA_256\"}", KMS_ERROR_INTEGRITY },
    { 302, "", KMS_ERROR_UNAVAILABLE },
    { 400, "{\"__type\":\"InvalidKeyUsageException\"}", KMS_ERROR_NOT_SUPPORTED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (AwsFixture) fixture = aws_fixture_new (NULL);
      g_autoptr (KmsContext) context = kms_context_new ("a", "b", NULL);
      g_test_message ("%s", cases[i].json);
      aws_fixture_reply (fixture, "Encrypt", cases[i].status, cases[i].json);
      assert_encrypt_fails (fixture, ID, context, cases[i].error);
      g_assert_cmpuint (test_server_count_requests (fixture->server), ==, 1);
    }
}

static void
test_rewrap (void)
{
  g_autoptr (AwsFixture) fixture = aws_fixture_new (NULL);
  g_autoptr (KmsContext) old = kms_context_new ("a", "1", NULL), new = kms_context_new ("a", "2", NULL);
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_REWRAP);
  g_autoptr (GBytes) ciphertext = g_bytes_new_static ("ABC", 3);
  g_autoptr (GError) error = NULL;

  kms_batch_add_ciphertext (batch, ciphertext, old, new);
  kms_provider_run (fixture->provider, "alias/a", batch, NULL, &error);
  g_assert_no_error (error);
  assert_sent (
    fixture, "ReEncrypt",
    "{\"DestinationKeyId\":\"alias/a\",\"CiphertextBlob\":\"QUJD\",\"SourceEncryptionContext\":{\"a\":\"1\"},"
    "\"DestinationEncryptionContext\":{\"a\":\"2\"}}");
}

/* Which KMS can't do by itself: it is decrypted there, and encrypted here. */
static void
test_rewrap_to_other_region (void)
{
  g_autoptr (AwsFixture) fixture = aws_fixture_new ("Region=\n");
  g_autoptr (KmsContext) old = kms_context_new ("a", "1", NULL), new = kms_context_new ("a", "2", NULL);
  g_autoptr (GError) error = NULL;

  config_root_write (fixture->root, "admin/boxes.d/shop.box",
                     "[Box]\nVersion=2\n[Version 1]\nKeyId=" FIXTURE_ARN "\n"
                     "[Version 2]\nKeyId=arn:aws:kms:us-east-1:111122223333:alias/new\n");
  g_autoptr (KmsRegistry) registry = kms_registry_new (fixture->root, NULL, &error);
  g_autoptr (KmsBox) box = kms_registry_dup_box (registry, "shop", &error);
  g_assert_no_error (error);
  g_autofree char *stored = kms_box_rewrap (box, "v1:QUJD", -1, old, new, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (stored, ==, "v2:QUJD");
  assert_sent (fixture, "Decrypt", "{\"CiphertextBlob\":\"QUJD\",\"EncryptionContext\":{\"a\":\"1\"}}");
  assert_sent (fixture, "Encrypt",
               "{\"KeyId\":\"arn:aws:kms:us-east-1:111122223333:alias/new\",\"Plaintext\":\"aGVsbG8=\","
               "\"EncryptionContext\":{\"a\":\"2\"}}");
  g_assert_nonnull (
    strstr (test_request_get_header (aws_fixture_find (fixture, "Decrypt"), "Authorization"), "/eu-west-1/kms/"));
  g_assert_nonnull (
    strstr (test_request_get_header (aws_fixture_find (fixture, "Encrypt"), "Authorization"), "/us-east-1/kms/"));
  g_assert_cmpuint (aws_fixture_count (fixture, "ReEncrypt"), ==, 0);
}

/* Throttled once, and then not. What is a quota is not asked for twice. */
static void
test_retries (void)
{
  g_autoptr (AwsFixture) fixture = aws_fixture_new (NULL);
  g_autoptr (GError) error = NULL;

  aws_fixture_reply (fixture, "Decrypt", 400, "{\"__type\":\"ThrottlingException\"}");
  aws_fixture_reply (fixture, "Decrypt", 200, "{\"Plaintext\":\"aGVsbG8=\",\"KeyId\":\"" FIXTURE_ARN "\"}");
  g_assert_true (aws_fixture_decrypt (fixture, "alias/a", NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (aws_fixture_count (fixture, "Decrypt"), ==, 2);
  aws_fixture_reply (fixture, "Encrypt", 400, "{\"__type\":\"LimitExceededException\"}");
  assert_encrypt_fails (fixture, "alias/a", NULL, KMS_ERROR_QUOTA);
  g_assert_cmpuint (aws_fixture_count (fixture, "Encrypt"), ==, 1);
}

/* All tries together: one is none after the first. */
static void
test_attempts (void)
{
  g_setenv ("AWS_MAX_ATTEMPTS", "1", TRUE);
  g_autoptr (AwsFixture) fixture = aws_fixture_new (NULL);
  g_unsetenv ("AWS_MAX_ATTEMPTS");

  aws_fixture_reply (fixture, "Decrypt", 400, "{\"__type\":\"ThrottlingException\"}");
  assert_decrypt_fails (fixture, "alias/a", KMS_ERROR_THROTTLED);
  g_assert_cmpuint (aws_fixture_count (fixture, "Decrypt"), ==, 1);
}

/* Once more with new credentials, and not for ever. */
static void
test_refused_keys (void)
{
  g_autoptr (AwsFixture) fixture = aws_fixture_new (NULL);

  aws_fixture_reply (fixture, "Decrypt", 400, "{\"__type\":\"ExpiredTokenException\"}");
  assert_decrypt_fails (fixture, "alias/a", KMS_ERROR_CREDENTIALS);
  g_assert_cmpuint (aws_fixture_count (fixture, "Decrypt"), <=, 2);
}

static void
test_other_region (void)
{
  g_autoptr (AwsFixture) fixture = aws_fixture_new (NULL);

  assert_encrypt_fails (fixture, "arn:aws:kms:us-east-1:111122223333:alias/a", NULL, KMS_ERROR_CONFIG);
  assert_encrypt_fails (fixture, "a b", NULL, KMS_ERROR_INVALID_ARGUMENT);
  g_assert_cmpuint (test_server_count_requests (fixture->server), ==, 0);
}

static void
assert_does_not_open (const char *settings)
{
  g_autoptr (ConfigRoot) root = config_root_new ();
  g_autofree char *lines = g_strconcat ("Needs=libsoup3\nFallback=true\n[Settings]\n", settings, NULL);
  g_autoptr (GError) error = NULL;

  config_root_add_provider (root, "aws", "kms-aws.so", lines);
  g_autoptr (KmsRegistry) registry = kms_registry_new (root, NULL, NULL);
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider (registry, "aws", &error);
  g_assert_null (provider);
  g_test_message ("%s", error->message);
  g_assert_error (error, KMS_ERROR, KMS_ERROR_CONFIG);
}

static void
test_bad_settings (void)
{
  assert_does_not_open ("Endpoint=kms.example.org\n");
  assert_does_not_open ("Endpoint=https://h\nUseFips=true\n");
  assert_does_not_open ("Endpoint=https://h\nUseDualStack=true\n");
  assert_does_not_open ("Region=EU-WEST-1\n");
  assert_does_not_open ("ConfigFile=/nonexistent/config\nProfile=prod\n");
  assert_does_not_open ("CaFile=/nonexistent/ca\n");
  g_setenv ("AWS_MAX_ATTEMPTS", "0", TRUE);
  assert_does_not_open ("");
  g_unsetenv ("AWS_MAX_ATTEMPTS");
  g_setenv ("AWS_USE_FIPS_ENDPOINT", "yes", TRUE);
  assert_does_not_open ("");
  g_unsetenv ("AWS_USE_FIPS_ENDPOINT");
  g_setenv ("AWS_PROFILE", "nobody", TRUE);
  assert_does_not_open ("");
  g_unsetenv ("AWS_PROFILE");
}

/* 64 values are 64 requests, and one of them fails alone. */
static void
test_batch (void)
{
  g_autoptr (AwsFixture) fixture = aws_fixture_new (NULL);
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_ENCRYPT);
  g_autoptr (KmsSecret) secret = kms_secret_new ((const guint8 *) "hello", 5);
  g_autoptr (GError) error = NULL;
  guint n_failed = 0;

  aws_fixture_reply (fixture, "Encrypt", 400, "{\"__type\":\"DisabledException\"}");
  aws_fixture_reply (fixture, "Encrypt", 200, "{\"CiphertextBlob\":\"QUJD\",\"KeyId\":\"" FIXTURE_ARN "\"}");
  for (guint i = 0; i < 64; i++)
    kms_batch_add_secret (batch, secret, NULL);
  g_assert_false (kms_provider_run (fixture->provider, "alias/a", batch, NULL, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_KEY_DISABLED);
  for (guint i = 0; i < 64; i++)
    n_failed += kms_batch_get_error (batch, i) != NULL;
  g_assert_cmpuint (n_failed, ==, 1);
  g_assert_cmpuint (aws_fixture_count (fixture, "Encrypt"), ==, 64);
}

int
main (int argc, char **argv)
{
  aws_fixture_set_environment ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/aws/calls/as-the-gem", test_as_the_gem);
  g_test_add_func ("/aws/calls/strict-key-id", test_strict_key_id);
  g_test_add_func ("/aws/calls/contexts", test_contexts);
  g_test_add_func ("/aws/calls/limits", test_limits);
  g_test_add_func ("/aws/calls/answers", test_answers);
  g_test_add_func ("/aws/calls/rewrap", test_rewrap);
  g_test_add_func ("/aws/calls/rewrap-to-other-region", test_rewrap_to_other_region);
  g_test_add_func ("/aws/calls/retries", test_retries);
  g_test_add_func ("/aws/calls/attempts", test_attempts);
  g_test_add_func ("/aws/calls/refused-keys", test_refused_keys);
  g_test_add_func ("/aws/calls/other-region", test_other_region);
  g_test_add_func ("/aws/calls/bad-settings", test_bad_settings);
  g_test_add_func ("/aws/calls/batch", test_batch);
  return g_test_run ();
}
