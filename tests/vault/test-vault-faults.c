/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Servers that are sealed, busy, elsewhere or no servers of this kind: the right class, and no request too many. */
#include "vault-fixture.h"

#include <string.h>

#define DECRYPT "transit/decrypt/orders"

static void
assert_fails (VaultFixture *fixture, KmsError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (vault_fixture_decrypt (fixture, NULL, &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, KMS_ERROR, (int) code);
}

/* What a server answers, and what comes of it with three retries. */
static const struct
{
  guint status;
  const char *json;
  KmsError error;
  guint n_requests;
} answers[] = {
  { 400, "{\"errors\":[\"cipher: message authentication failed\"]}", KMS_ERROR_INVALID_CIPHERTEXT, 1 },
  { 400, "{\"errors\":[\"unable to decrypt\"]}", KMS_ERROR_INVALID_CIPHERTEXT, 1 },
  { 400, "{\"errors\":[\"invalid ciphertext: no prefix\"]}", KMS_ERROR_INVALID_CIPHERTEXT, 1 },
  { 500, "{\"errors\":[\"1 error occurred:\\n\\t* failed to RSA decrypt the ciphertext\\n\\n\"]}",
    KMS_ERROR_INVALID_CIPHERTEXT, 1 },
  { 400, "{\"errors\":[\"encryption key not found\"]}", KMS_ERROR_NOT_FOUND, 1 },
  { 400, "{\"errors\":[\"ciphertext or signature version is disallowed by policy (too old)\"]}", KMS_ERROR_KEY_DISABLED,
    1 },
  { 400, "{\"errors\":[\"failed to base64-decode context\"]}", KMS_ERROR_INVALID_ARGUMENT, 1 },
  { 404, "{\"errors\":[\"no handler for route\"]}", KMS_ERROR_NOT_FOUND, 1 },
  { 413, "", KMS_ERROR_TOO_LARGE, 1 },
  { 501, "", KMS_ERROR_NOT_SUPPORTED, 1 },
  { 500, "{\"errors\":[\"internal error\"]}", KMS_ERROR_UNAVAILABLE, 4 },
  { 502, "<html>Bad Gateway</html>", KMS_ERROR_UNAVAILABLE, 4 },
  { 503, "{\"errors\":[\"no active cluster node found\"]}", KMS_ERROR_UNAVAILABLE, 4 },
  { 503, "{\"errors\":[\"Vault is sealed\"]}", KMS_ERROR_UNAVAILABLE, 2 },
  { 429, "{\"errors\":[\"request path \\\"transit\\\": rate limit quota exceeded\"]}", KMS_ERROR_THROTTLED, 4 },
  { 200, "<html>Welcome</html>", KMS_ERROR_INTEGRITY, 1 },
  { 200, "{\"data\":{\"plaintext\":\"aGV", KMS_ERROR_INTEGRITY, 1 },
  { 200, "{\"data\":{\"plaintext\":\"a\"}}", KMS_ERROR_INTEGRITY, 1 },
  { 204, "", KMS_ERROR_INTEGRITY, 1 },
};

static void
test_answers (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autoptr (VaultFixture) fixture = vault_fixture_new (TEST_SERVER_PLAIN, "Retries=3\n", NULL);
      g_test_message ("%u %s", answers[i].status, answers[i].json);
      vault_fixture_reply (fixture, "POST", DECRYPT, answers[i].status, answers[i].json);
      assert_fails (fixture, answers[i].error);
      g_assert_cmpuint (vault_fixture_count (fixture, DECRYPT), ==, answers[i].n_requests);
    }
}

/* What passes is waited for. */
static void
test_passing (void)
{
  static const guint statuses[] = { 412, 429, 500, 502, 503, 504 };

  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    {
      g_autoptr (VaultFixture) fixture = vault_fixture_new (TEST_SERVER_PLAIN, NULL, NULL);
      g_autoptr (GError) error = NULL;
      TestFault fault = { .kind = TEST_FAULT_ANSWER, .status = statuses[i], .body = "{\"errors\":[\"for a moment\"]}" };
      test_server_add_fault (fixture->server, DECRYPT, fault, 1);
      g_assert_true (vault_fixture_decrypt (fixture, NULL, &error));
      g_assert_cmpuint (vault_fixture_count (fixture, DECRYPT), ==, 2);
    }
}

/* A standby sends to the active server, whose answer counts; token and namespace go along. */
static void
test_redirect (void)
{
  g_autoptr (VaultFixture) standby = vault_fixture_new (TEST_SERVER_PLAIN, NULL, "Namespace=team\n");
  g_autoptr (VaultFixture) active = vault_fixture_new (TEST_SERVER_PLAIN, NULL, NULL);
  g_autofree char *location = g_strconcat (test_server_get_address (active->server), "/v1/" DECRYPT, NULL);
  g_autoptr (GError) error = NULL;

  vault_fixture_redirect (standby, DECRYPT, location);
  g_assert_true (vault_fixture_decrypt (standby, NULL, &error));
  g_assert_no_error (error);
  const TestRequest *request = vault_fixture_find (active, DECRYPT);
  g_autofree char *body = vault_fixture_dup_body (active, DECRYPT);
  g_assert_cmpstr (request->method, ==, "POST");
  g_assert_cmpstr (body, ==, "{\"ciphertext\":\"vault:v1:QUJD\"}");
  g_assert_cmpstr (test_request_get_header (request, "X-Vault-Token"), ==, FIXTURE_TOKEN);
  g_assert_cmpstr (test_request_get_header (request, "X-Vault-Namespace"), ==, "team");
}

/* Nobody is followed twice, nor to where something else is, nor out of TLS. */
static void
test_redirect_refused (void)
{
  g_autoptr (VaultFixture) active = vault_fixture_new (TEST_SERVER_PLAIN, NULL, NULL);
  const char *there = test_server_get_address (active->server);
  g_autofree char *good = g_strconcat (there, "/v1/" DECRYPT, NULL);
  g_autofree char *elsewhere = g_strconcat (there, "/v1/sys/seal", NULL);
  const char *const locations[] = { elsewhere, "/v1/" DECRYPT, "ftp://127.0.0.1/v1/" DECRYPT, "", "http://" };

  for (guint i = 0; i < G_N_ELEMENTS (locations); i++)
    {
      g_autoptr (VaultFixture) standby = vault_fixture_new (TEST_SERVER_PLAIN, NULL, NULL);
      vault_fixture_redirect (standby, DECRYPT, locations[i]);
      assert_fails (standby, KMS_ERROR_UNAVAILABLE);
    }
  g_autoptr (VaultFixture) secure = vault_fixture_new (TEST_SERVER_TLS, NULL, NULL);
  vault_fixture_redirect (secure, DECRYPT, good);
  assert_fails (secure, KMS_ERROR_UNAVAILABLE);
  g_assert_cmpuint (test_server_count_requests (active->server), ==, 0);

  g_autoptr (VaultFixture) first = vault_fixture_new (TEST_SERVER_PLAIN, NULL, NULL);
  g_autofree char *back = g_strconcat (test_server_get_address (first->server), "/v1/" DECRYPT, NULL);
  vault_fixture_redirect (first, DECRYPT, good);
  vault_fixture_redirect (active, DECRYPT, back);
  assert_fails (first, KMS_ERROR_UNAVAILABLE);
  g_assert_cmpuint (test_server_count_requests (first->server), ==, 1);
}

/* Sealed in the middle of many values: what was done is done. */
static void
test_sealed_in_between (void)
{
  g_autoptr (VaultFixture) fixture = vault_fixture_new (TEST_SERVER_PLAIN, "MaxInFlight=1\n", NULL);
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_DECRYPT);
  g_autoptr (GBytes) ciphertext = g_bytes_new_static ("vault:v1:QUJD", 13);
  TestFault none = { .kind = TEST_FAULT_NONE };
  TestFault sealed = { .kind = TEST_FAULT_ANSWER, .status = 503, .body = "{\"errors\":[\"OpenBao is sealed\"]}" };

  for (guint i = 0; i < 1200; i++)
    kms_batch_add_ciphertext (batch, ciphertext, NULL, NULL);
  test_server_add_fault (fixture->server, DECRYPT, none, 1);
  test_server_add_fault (fixture->server, DECRYPT, sealed, 0);
  g_assert_false (kms_provider_run (fixture->provider, "orders", batch, NULL, NULL));
  g_assert_cmpuint (kms_batch_get_n_failed (batch), ==, 1200 - 499);
  g_assert_error (kms_batch_get_error (batch, 1199), KMS_ERROR, KMS_ERROR_UNAVAILABLE);
  g_assert_nonnull (strstr (kms_batch_get_error (batch, 1199)->message, "sealed"));
}

/* Faults of the line, which the base class is tested with in full. */
static void
test_line (void)
{
  static const TestFaultKind kinds[] = { TEST_FAULT_RESET_AFTER_READING, TEST_FAULT_CLOSE_AFTER_READING,
                                         TEST_FAULT_HALF_BODY };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (VaultFixture) fixture = vault_fixture_new (TEST_SERVER_PLAIN, NULL, NULL);
      g_autoptr (GError) error = NULL;
      TestFault fault = { .kind = kinds[i] };
      g_test_message ("fault %d", kinds[i]);
      test_server_add_fault (fixture->server, DECRYPT, fault, 1);
      g_assert_true (vault_fixture_decrypt (fixture, NULL, &error));
      g_assert_no_error (error);
    }
}

/* A deadline is kept, whatever the server does. */
static void
test_silence (void)
{
  g_autoptr (VaultFixture) fixture = vault_fixture_new (TEST_SERVER_PLAIN, "CallTimeout=0.3\n", NULL);
  TestFault silence = { .kind = TEST_FAULT_SILENCE };
  gint64 start = g_get_monotonic_time ();

  test_server_add_fault (fixture->server, DECRYPT, silence, 0);
  assert_fails (fixture, KMS_ERROR_TIMED_OUT);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 5 * G_USEC_PER_SEC);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vault/faults/answers", test_answers);
  g_test_add_func ("/vault/faults/passing", test_passing);
  g_test_add_func ("/vault/faults/redirect", test_redirect);
  g_test_add_func ("/vault/faults/redirect-refused", test_redirect_refused);
  g_test_add_func ("/vault/faults/sealed-in-between", test_sealed_in_between);
  g_test_add_func ("/vault/faults/line", test_line);
  g_test_add_func ("/vault/faults/silence", test_silence);
  return g_test_run ();
}
