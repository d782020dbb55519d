/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is sent for a call, and what comes of the answers. */
#include "vault-fixture.h"

#include <string.h>

#define ENCRYPT "transit/encrypt/orders"
#define DECRYPT "transit/decrypt/orders"
#define REWRAP "transit/rewrap/orders"
#define KEY "transit/keys/orders"

static KmsContext *
make_context (void)
{
  return kms_context_new ("model_name", "User", "model_id", "123", NULL);
}

static void
assert_fails (VaultFixture *fixture, KmsContext *context, KmsError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (vault_fixture_encrypt (fixture, context, &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, KMS_ERROR, (int) code);
}

static void
assert_encrypts (VaultFixture *fixture, KmsContext *context)
{
  g_autoptr (GError) error = NULL;

  vault_fixture_encrypt (fixture, context, &error);
  g_assert_no_error (error);
}

/* The body is what the Ruby gem sends, line breaks and all: gem-vectors.json, vault_context_param, and
 * what Ruby's encode64 makes of a longer one. */
static void
test_as_the_gem (void)
{
  g_autoptr (VaultFixture) fixture = vault_fixture_new (TEST_SERVER_PLAIN, NULL, "Namespace=/team/a/\n");
  g_autoptr (KmsContext) context = make_context ();
  g_autoptr (KmsContext)
    long_context = kms_context_new ("model_name", "SubscriptionInvoice", "model_id", "123456789", NULL);

  assert_encrypts (fixture, context);
  g_autofree char *body = vault_fixture_dup_body (fixture, ENCRYPT);
  g_assert_cmpstr (body, ==,
                   "{\"plaintext\":\"aGVsbG8=\\n\","
                   "\"context\":\"eyJtb2RlbF9pZCI6IjEyMyIsIm1vZGVsX25hbWUiOiJVc2VyIn0=\\n\"}");
  const TestRequest *request = vault_fixture_find (fixture, ENCRYPT);
  g_assert_cmpstr (test_request_get_header (request, "X-Vault-Token"), ==, FIXTURE_TOKEN);
  g_assert_cmpstr (test_request_get_header (request, "X-Vault-Request"), ==, "true");
  g_assert_cmpstr (test_request_get_header (request, "X-Vault-Namespace"), ==, "team/a");
  g_assert_cmpstr (test_request_get_header (request, "Content-Type"), ==, "application/json");

  assert_encrypts (fixture, long_context);
  g_autofree char *long_body = vault_fixture_dup_body (fixture, ENCRYPT);
  g_assert_nonnull (
    strstr (long_body,
            "\"context\":\"eyJtb2RlbF9pZCI6IjEyMzQ1Njc4OSIsIm1vZGVsX25hbWUiOiJTdWJzY3Jp\\ncHRpb25JbnZvaWNlIn0=\\n\"}"));
}

/* The key is read before the first encryption, and not again; decrypting needs nothing but decrypting. */
static void
test_reads_key_once (void)
{
  g_autoptr (VaultFixture) fixture = vault_fixture_new (TEST_SERVER_PLAIN, NULL, NULL);
  g_autoptr (KmsContext) context = make_context ();
  g_autoptr (GError) error = NULL;

  g_assert_true (vault_fixture_decrypt (fixture, context, &error));
  g_assert_cmpuint (test_server_count_requests (fixture->server), ==, 1);
  for (guint i = 0; i < 3; i++)
    assert_encrypts (fixture, context);
  g_assert_cmpuint (vault_fixture_count (fixture, KEY), ==, 1);
  g_assert_cmpuint (vault_fixture_count (fixture, ENCRYPT), ==, 3);
}

/* Encrypting under a wrong name would make a key of that name. */
static void
test_missing_key (void)
{
  g_autoptr (VaultFixture) fixture = vault_fixture_new (TEST_SERVER_PLAIN, NULL, NULL);
  g_autoptr (KmsContext) context = make_context ();

  vault_fixture_reply (fixture, "GET", KEY, 404, "{\"errors\":[]}");
  assert_fails (fixture, context, KMS_ERROR_NOT_FOUND);
  assert_fails (fixture, NULL, KMS_ERROR_NOT_FOUND);
  g_assert_cmpuint (vault_fixture_count (fixture, ENCRYPT), ==, 0);
}

static void
test_unbound (void)
{
  g_autoptr (VaultFixture) strict = vault_fixture_new (TEST_SERVER_PLAIN, NULL, NULL);
  g_autoptr (VaultFixture) lax = vault_fixture_new (TEST_SERVER_PLAIN, "AllowUnboundContext=true\n", NULL);
  g_autoptr (VaultFixture) bound = vault_fixture_new (TEST_SERVER_PLAIN, NULL, "ContextAs=associated-data\n");
  g_autoptr (KmsContext) context = make_context ();

  vault_fixture_reply (strict, "GET", KEY, 200, KEY_PLAIN);
  vault_fixture_reply (lax, "GET", KEY, 200, KEY_PLAIN);
  vault_fixture_reply (bound, "GET", KEY, 200, KEY_PLAIN);
  assert_fails (strict, context, KMS_ERROR_CONTEXT_UNBOUND);
  g_assert_cmpuint (vault_fixture_count (strict, ENCRYPT), ==, 0);
  assert_encrypts (strict, NULL);
  assert_encrypts (lax, context);
  assert_encrypts (bound, context);
  g_autofree char *body = vault_fixture_dup_body (bound, ENCRYPT);
  g_assert_nonnull (strstr (body, "\"associated_data\":\"eyJtb2RlbF9pZCI6IjEyMyIsIm1vZGVsX25hbWUiOiJVc2VyIn0=\"}"));
  g_assert_cmpint (kms_provider_get_binding (strict->provider, "orders", NULL, NULL), ==, KMS_BINDING_IGNORED);
  g_assert_cmpint (kms_provider_get_binding (bound->provider, "orders", NULL, NULL), ==, KMS_BINDING_VERIFIED);
}

/* The usual token may encrypt and nothing else: that works, with one warning. */
static void
test_may_not_read (void)
{
  g_autoptr (VaultFixture) fixture = vault_fixture_new (TEST_SERVER_PLAIN, NULL, NULL);
  g_autoptr (KmsContext) context = make_context ();

  vault_fixture_reply (fixture, "GET", KEY, 403, DENIED);
  g_test_expect_message ("kms-vault", G_LOG_LEVEL_WARNING, "*may not read \"transit/keys/orders\"*");
  assert_encrypts (fixture, context);
  g_test_assert_expected_messages ();
  assert_encrypts (fixture, context);
  g_assert_cmpuint (vault_fixture_count (fixture, KEY), ==, 1);
  g_assert_cmpint (kms_provider_get_binding (fixture->provider, "orders", NULL, NULL), ==, KMS_BINDING_UNKNOWN);
}

/* A server that ignores associated data says so in a warning; what it made is thrown away. In a batch it would not say
 * so, which is why the first value is sent alone. */
static void
test_ignored (void)
{
  g_autoptr (VaultFixture) fixture = vault_fixture_new (TEST_SERVER_PLAIN, NULL, "ContextAs=associated-data\n");
  g_autoptr (KmsContext) context = make_context ();
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_ENCRYPT);
  g_autoptr (KmsSecret) secret = kms_secret_new ((const guint8 *) "hello", 5);

  vault_fixture_reply (fixture, "GET", KEY, 200, KEY_PLAIN);
  vault_fixture_reply (
    fixture, "POST", ENCRYPT, 200,
    "{\"data\":{\"ciphertext\":\"vault:v1:QUJD\",\"key_version\":1},\"warnings\":[\"Endpoint ignored "
    "these unrecognized parameters: [associated_data]\"]}");
  assert_fails (fixture, context, KMS_ERROR_CONTEXT_UNBOUND);
  for (guint i = 0; i < 5; i++)
    kms_batch_add_secret (batch, secret, context);
  g_assert_false (kms_provider_run (fixture->provider, "orders", batch, NULL, NULL));
  for (guint i = 0; i < 5; i++)
    g_assert_error (kms_batch_get_error (batch, i), KMS_ERROR, KMS_ERROR_CONTEXT_UNBOUND);
  g_autofree char *body = vault_fixture_dup_body (fixture, ENCRYPT);
  g_assert_null (strstr (body, "batch_input"));
}

static KmsBatch *
make_decryption (guint n, KmsContext *context)
{
  KmsBatch *batch = kms_batch_new (KMS_OPERATION_DECRYPT);
  g_autoptr (GBytes) ciphertext = g_bytes_new_static ("vault:v7:QUJD", 13);

  for (guint i = 0; i < n; i++)
    kms_batch_add_ciphertext (batch, ciphertext, context, NULL);
  return batch;
}

/* One bad value makes the whole answer an error by its status; the others are there all the same. */
static void
test_one_fails_alone (void)
{
  g_autoptr (VaultFixture) fixture = vault_fixture_new (TEST_SERVER_PLAIN, NULL, NULL);
  g_autoptr (KmsContext) context = make_context ();
  g_autoptr (KmsBatch) batch = make_decryption (3, context);

  vault_fixture_reply (
    fixture, "POST", DECRYPT, 400,
    "{\"request_id\":\"r-1\",\"data\":{\"batch_results\":[{\"plaintext\":\"aGVsbG8=\"},"
    "{\"plaintext\":\"\",\"error\":\"cipher: message authentication failed\"},{\"plaintext\":\"\"}]}}");
  g_assert_false (kms_provider_run (fixture->provider, "orders", batch, NULL, NULL));
  g_assert_no_error (kms_batch_get_error (batch, 0));
  g_assert_error (kms_batch_get_error (batch, 1), KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT);
  g_assert_no_error (kms_batch_get_error (batch, 2));
  g_assert_cmpuint (kms_secret_get_length (kms_batch_get_secret (batch, 2)), ==, 0);
  g_assert_cmpstr (kms_batch_get_key_version (batch, 0), ==, "7");
  g_assert_cmpstr (kms_batch_get_request_id (batch, 0), ==, "r-1");
  g_assert_cmpuint (vault_fixture_count (fixture, DECRYPT), ==, 1);
}

static void
test_wrong_count (void)
{
  static const char *const answers[] = {
    "{\"data\":{\"batch_results\":[{\"plaintext\":\"aGVsbG8=\"},{\"plaintext\":\"aGVsbG8=\"}]}}",
    "{\"data\":{\"batch_results\":[]}}",
    "{\"data\":{\"plaintext\":\"aGVsbG8=\"}}",
    "{\"data\":null}",
    "{\"data\":{\"batch_results\":[{},{},{},{}]}}",
    "{\"data\":{\"batch_results\":[{\"plaintext\":\"aGVsbG8=\"},{\"plaintext\":\"aGVsb",
    "<html>200 OK</html>",
    "",
  };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autoptr (VaultFixture) fixture = vault_fixture_new (TEST_SERVER_PLAIN, NULL, NULL);
      g_autoptr (KmsBatch) batch = make_decryption (3, NULL);
      vault_fixture_reply (fixture, "POST", DECRYPT, 200, answers[i]);
      g_assert_false (kms_provider_run (fixture->provider, "orders", batch, NULL, NULL));
      for (guint j = 0; j < 3; j++)
        g_assert_error (kms_batch_get_error (batch, j), KMS_ERROR, KMS_ERROR_INTEGRITY);
      g_assert_cmpuint (vault_fixture_count (fixture, DECRYPT), ==, 1);
    }
}

/* Results that are none. */
static void
test_wrong_results (void)
{
  static const char *const results[] = {
    "{\"ciphertext\":\"vault:v1:\"}",
    "{\"ciphertext\":\"aws:v1:QUJD\"}",
    "{\"ciphertext\":\"vault:v1:QUJD\",\"key_version\":2}",
    "{\"plaintext\":\"aGVsbG8=\"}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      g_autoptr (VaultFixture) fixture = vault_fixture_new (TEST_SERVER_PLAIN, NULL, NULL);
      g_autoptr (KmsContext) context = make_context ();
      g_autofree char *json = g_strdup_printf ("{\"data\":%s}", results[i]);
      vault_fixture_reply (fixture, "POST", ENCRYPT, 200, json);
      assert_fails (fixture, context, KMS_ERROR_INTEGRITY);
    }
}

static guint
count_strings (const char *json)
{
  guint n_quotes = 0;

  for (; *json != '\0'; json++)
    n_quotes += *json == '"';
  return n_quotes / 2;
}

/* OpenBao takes 1000 strings a request, names and values. */
static void
test_strings (void)
{
  g_autoptr (VaultFixture) fixture = vault_fixture_new (TEST_SERVER_PLAIN, NULL, NULL);
  g_autoptr (KmsContext) context = make_context ();

  for (guint with_context = 0; with_context < 2; with_context++)
    {
      g_autoptr (KmsBatch) batch = make_decryption (1000, with_context != 0 ? context : NULL);
      guint most = 0;
      test_server_forget_requests (fixture->server);
      g_assert_true (kms_provider_run (fixture->provider, "orders", batch, NULL, NULL));
      g_assert_cmpuint (test_server_count_requests (fixture->server), ==, with_context != 0 ? 5 : 3);
      for (guint i = 0; i < test_server_count_requests (fixture->server); i++)
        {
          GBytes *sent = test_server_get_request (fixture->server, i)->body;
          g_autofree char *body = g_strndup (g_bytes_get_data (sent, NULL), g_bytes_get_size (sent));
          most = MAX (most, count_strings (body));
        }
      g_assert_cmpuint (most, <=, 1000);
      g_assert_cmpuint (most, >, 990);
    }
}

static KmsBatch *
rewrap (VaultFixture *fixture, KmsContext *from, KmsContext *to)
{
  KmsBatch *batch = kms_batch_new (KMS_OPERATION_REWRAP);
  g_autoptr (GBytes) ciphertext = g_bytes_new_static ("vault:v1:QUJD", 13);
  g_autoptr (GError) error = NULL;

  kms_batch_add_ciphertext (batch, ciphertext, from, to);
  kms_provider_run (fixture->provider, "orders", batch, NULL, &error);
  g_assert_no_error (error);
  return batch;
}

static void
test_rewrap (void)
{
  g_autoptr (VaultFixture) derived = vault_fixture_new (TEST_SERVER_PLAIN, NULL, NULL);
  g_autoptr (VaultFixture) associated = vault_fixture_new (TEST_SERVER_PLAIN, NULL, "ContextAs=associated-data\n");
  g_autoptr (KmsContext) context = make_context ();
  g_autoptr (KmsContext) other = kms_context_new ("a", "b", NULL);

  vault_fixture_reply (associated, "GET", KEY, 200, KEY_PLAIN);
  g_autoptr (KmsBatch) same = rewrap (derived, context, NULL);
  g_assert_cmpuint (vault_fixture_count (derived, REWRAP), ==, 1);
  g_assert_cmpuint (vault_fixture_count (derived, DECRYPT), ==, 0);
  g_assert_cmpstr (kms_batch_get_key_version (same, 0), ==, "2");

  g_autoptr (KmsBatch) changed = rewrap (derived, context, other);
  g_assert_cmpuint (vault_fixture_count (derived, REWRAP), ==, 1);
  g_autofree char *decrypted = vault_fixture_dup_body (derived, DECRYPT);
  g_autofree char *encrypted = vault_fixture_dup_body (derived, ENCRYPT);
  g_assert_nonnull (strstr (decrypted, "eyJtb2RlbF9pZCI6IjEyMyIsIm1vZGVsX25hbWUiOiJVc2VyIn0=\\n"));
  g_assert_cmpstr (encrypted, ==, "{\"plaintext\":\"aGVsbG8=\\n\",\"context\":\"eyJhIjoiYiJ9\\n\"}");

  /* The server's own rewrap knows no associated data. */
  g_autoptr (KmsBatch) bound = rewrap (associated, context, NULL);
  g_assert_cmpuint (vault_fixture_count (associated, REWRAP), ==, 0);
  g_assert_cmpuint (vault_fixture_count (associated, ENCRYPT), ==, 1);
}

/* What can't be a ciphertext, or a key's name, does not leave the machine. */
static void
test_not_sent (void)
{
  static const char *const texts[] = { "", "hello", "vault:v1:not base64", "\377\376", "vault:v0:QUJD" };
  static const char *const names[] = { "a/b", "../sys/seal", "a?b", "vault/x", "-", "a b" };
  g_autoptr (VaultFixture) fixture = vault_fixture_new (TEST_SERVER_PLAIN, NULL, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) bytes = g_bytes_new_static (texts[i], strlen (texts[i]));
      g_assert_null (kms_provider_decrypt (fixture->provider, "orders", bytes, NULL, NULL, &error));
      g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT);
    }
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (KmsSecret) secret = kms_secret_new ((const guint8 *) "x", 1);
      g_assert_null (kms_provider_encrypt (fixture->provider, names[i], secret, NULL, NULL, &error));
      g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
    }
  g_assert_cmpuint (test_server_count_requests (fixture->server), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vault/calls/as-the-gem", test_as_the_gem);
  g_test_add_func ("/vault/calls/reads-key-once", test_reads_key_once);
  g_test_add_func ("/vault/calls/missing-key", test_missing_key);
  g_test_add_func ("/vault/calls/unbound", test_unbound);
  g_test_add_func ("/vault/calls/may-not-read", test_may_not_read);
  g_test_add_func ("/vault/calls/ignored", test_ignored);
  g_test_add_func ("/vault/calls/one-fails-alone", test_one_fails_alone);
  g_test_add_func ("/vault/calls/wrong-count", test_wrong_count);
  g_test_add_func ("/vault/calls/wrong-results", test_wrong_results);
  g_test_add_func ("/vault/calls/strings", test_strings);
  g_test_add_func ("/vault/calls/rewrap", test_rewrap);
  g_test_add_func ("/vault/calls/not-sent", test_not_sent);
  return g_test_run ();
}
