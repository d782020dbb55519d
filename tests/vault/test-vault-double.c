/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls against a server that really encrypts: contexts, policies, versions, and servers that are old or strange. */
#include "double-fixture.h"

#include <string.h>

static KmsContext *
make_context (void)
{
  return kms_context_new ("model_name", "User", "model_id", "123", NULL);
}

static GBytes *
encrypt (DoubleFixture *fixture, const char *key, KmsContext *context)
{
  g_autoptr (GError) error = NULL;
  GBytes *ciphertext = double_fixture_encrypt (fixture, key, context, &error);

  g_assert_no_error (error);
  return ciphertext;
}

static void
assert_decrypts (DoubleFixture *fixture, const char *key, GBytes *ciphertext, KmsContext *context)
{
  g_autoptr (GError) error = double_fixture_decrypt (fixture, key, ciphertext, context);
  g_assert_no_error (error);
}

static void
assert_refused (DoubleFixture *fixture, const char *key, GBytes *ciphertext, KmsContext *context, KmsError code)
{
  g_autoptr (GError) error = double_fixture_decrypt (fixture, key, ciphertext, context);
  g_assert_error (error, KMS_ERROR, (int) code);
}

/* A row of a Rails application decrypts, and the context reaches the server as the gem sends it: gem-vectors.json. */
static void
test_row_of_the_gem (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  g_autoptr (KmsContext) context = make_context ();
  g_autoptr (GError) error = NULL;
  gsize length;

  double_fixture_open (fixture, NULL, NULL);
  g_autoptr (GBytes) ciphertext = encrypt (fixture, "orders", context);
  const guint8 *bytes = g_bytes_get_data (ciphertext, &length);
  g_autofree char *base64 = g_base64_encode (bytes, length);
  g_autofree char *stored = g_strconcat ("v1:", base64, NULL);
  g_assert_true (g_str_has_prefix (stored, "v1:dmF1bHQ6djE6"));
  g_autoptr (KmsBox) box = kms_box_new_for_key (fixture->registry, "vault/orders", NULL, &error);
  vault_double_forget_entries (fixture->vault);
  g_autoptr (KmsSecret) secret = kms_box_decrypt (box, stored, -1, context, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (kms_secret_get_length (secret), ==, 13);
  const VaultAuditEntry *entry = vault_double_get_entry (fixture->vault, 0);
  g_assert_cmpstr (entry->path, ==, "transit/decrypt/orders");
  g_assert_cmpstr (entry->contexts[0], ==, "eyJtb2RlbF9pZCI6IjEyMyIsIm1vZGVsX25hbWUiOiJVc2VyIn0=\n");
}

static void
test_context (void)
{
  static const char *const forms[] = { "ContextAs=context\n", "ContextAs=associated-data\n" };
  static const char *const keys[] = { "orders", "plain" };
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  g_autoptr (KmsContext) context = make_context ();
  g_autoptr (KmsContext) other = kms_context_new ("model_name", "User", "model_id", "124", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      double_fixture_open (fixture, NULL, forms[i]);
      g_autoptr (GBytes) ciphertext = encrypt (fixture, keys[i], context);
      assert_decrypts (fixture, keys[i], ciphertext, context);
      assert_refused (fixture, keys[i], ciphertext, other, KMS_ERROR_INVALID_CIPHERTEXT);
      assert_refused (fixture, keys[i], ciphertext, NULL, KMS_ERROR_INVALID_CIPHERTEXT);
      assert_refused (fixture, i == 0 ? "plain" : "orders", ciphertext, context, KMS_ERROR_INVALID_CIPHERTEXT);
    }
}

static void
test_wrong_kind (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  g_autoptr (KmsContext) context = make_context ();

  vault_double_create_key (fixture->vault, "signs", &(VaultKeyOptions){ .type = "ed25519" });
  vault_double_create_key (fixture->vault, "rsa", &(VaultKeyOptions){ .type = "rsa-2048" });
  double_fixture_open (fixture, NULL, NULL);
  double_fixture_assert_encrypt_fails (fixture, "plain", context, KMS_ERROR_CONTEXT_UNBOUND);
  double_fixture_assert_encrypt_fails (fixture, "orders", NULL, KMS_ERROR_CONTEXT_REQUIRED);
  double_fixture_assert_encrypt_fails (fixture, "signs", NULL, KMS_ERROR_INVALID_ARGUMENT);
  double_fixture_assert_encrypt_fails (fixture, "nobody", context, KMS_ERROR_NOT_FOUND);
  g_assert_false (vault_double_has_key (fixture->vault, "nobody"));
  double_fixture_open (fixture, NULL, "ContextAs=associated-data\n");
  double_fixture_assert_encrypt_fails (fixture, "orders", context, KMS_ERROR_CONFIG);
  double_fixture_assert_encrypt_fails (fixture, "rsa", context, KMS_ERROR_CONTEXT_UNBOUND);
}

/* The policies of the README do what it says. */
static void
test_policies (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  g_autoptr (KmsContext) context = make_context ();

  double_fixture_open_with_policy (fixture, NULL, ENCRYPT_ONLY "\n" READ_KEYS);
  g_autoptr (GBytes) ciphertext = encrypt (fixture, "orders", context);
  assert_refused (fixture, "orders", ciphertext, context, KMS_ERROR_NOT_AUTHORIZED);
  double_fixture_assert_encrypt_fails (fixture, "plain", NULL, KMS_ERROR_NOT_AUTHORIZED);
  double_fixture_open_with_policy (fixture, NULL, DECRYPT_ONLY);
  assert_decrypts (fixture, "orders", ciphertext, context);

  double_fixture_open_with_policy (fixture, NULL, ENCRYPT_ONLY);
  g_test_expect_message ("kms-vault", G_LOG_LEVEL_WARNING, "*may not read \"transit/keys/orders\"*");
  g_autoptr (GBytes) unseen = encrypt (fixture, "orders", context);
  g_test_assert_expected_messages ();
  g_assert_cmpint (kms_provider_get_binding (fixture->provider, "orders", NULL, NULL), ==, KMS_BINDING_UNKNOWN);
}

static void
test_namespace (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  g_autoptr (KmsContext) context = make_context ();

  vault_double_add_namespace (fixture->vault, "ns1");
  vault_double_create_key (fixture->vault, "there", &(VaultKeyOptions){ .derived = TRUE, .mount = "ns1/transit" });
  double_fixture_open (fixture, NULL, "Namespace=ns1\n");
  g_autoptr (GBytes) ciphertext = encrypt (fixture, "there", context);
  double_fixture_assert_encrypt_fails (fixture, "orders", context, KMS_ERROR_NOT_FOUND);
  vault_double_mount (fixture->vault, "transit", "team/keys");
  vault_double_create_key (fixture->vault, "there", &(VaultKeyOptions){ .derived = TRUE, .mount = "team/keys" });
  double_fixture_open (fixture, NULL, "Mount=team/keys\n");
  g_autoptr (GBytes) mounted = encrypt (fixture, "there", context);
  double_fixture_open (fixture, NULL, "Mount=nowhere\n");
  double_fixture_assert_encrypt_fails (fixture, "there", context, KMS_ERROR_NOT_FOUND);
}

static void
test_versions (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  g_autoptr (KmsContext) context = make_context ();
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_REWRAP);
  g_autoptr (GError) error = NULL;

  double_fixture_open (fixture, NULL, NULL);
  g_autoptr (GBytes) old = encrypt (fixture, "orders", context);
  vault_double_rotate_key (fixture->vault, "orders");
  kms_batch_add_ciphertext (batch, old, context, NULL);
  g_assert_true (kms_provider_run (fixture->provider, "orders", batch, NULL, &error));
  g_assert_cmpstr (kms_batch_get_key_version (batch, 0), ==, "2");
  assert_decrypts (fixture, "orders", kms_batch_get_ciphertext (batch, 0), context);
  vault_double_set_min_versions (fixture->vault, "orders", 2, 0);
  assert_refused (fixture, "orders", old, context, KMS_ERROR_KEY_DISABLED);
  vault_double_soft_delete_key (fixture->vault, "orders", TRUE);
  assert_refused (fixture, "orders", kms_batch_get_ciphertext (batch, 0), context, KMS_ERROR_KEY_DISABLED);
}

static KmsBatch *
encrypt_many (DoubleFixture *fixture, const char *key, guint n, KmsContext *context)
{
  KmsBatch *batch = kms_batch_new (KMS_OPERATION_ENCRYPT);
  g_autoptr (KmsSecret) secret = kms_secret_new ((const guint8 *) "the blue door", 13);

  for (guint i = 0; i < n; i++)
    kms_batch_add_secret (batch, secret, context);
  kms_provider_run (fixture->provider, key, batch, NULL, NULL);
  return batch;
}

/* Before version 1.9 the server ignores associated data: in a batch without a word. */
static void
test_old_server (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  g_autoptr (KmsContext) context = make_context ();

  vault_double_set_quirks (fixture->vault, VAULT_QUIRK_NO_ASSOCIATED_DATA);
  double_fixture_open (fixture, NULL, "ContextAs=associated-data\n");
  g_autoptr (KmsBatch) batch = encrypt_many (fixture, "plain", 10, context);
  for (guint i = 0; i < 10; i++)
    g_assert_error (kms_batch_get_error (batch, i), KMS_ERROR, KMS_ERROR_CONTEXT_UNBOUND);
  g_autoptr (GBytes) without = encrypt (fixture, "plain", NULL);
  assert_refused (fixture, "plain", without, context, KMS_ERROR_CONTEXT_UNBOUND);
}

static void
test_quirks (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  g_autoptr (KmsContext) context = make_context ();
  g_autoptr (KmsContext) other = kms_context_new ("a", "b", NULL);

  double_fixture_open (fixture, NULL, NULL);
  vault_double_set_quirks (fixture->vault, VAULT_QUIRK_SHORT_BATCH);
  g_autoptr (KmsBatch) shortened = encrypt_many (fixture, "orders", 10, context);
  g_assert_cmpuint (kms_batch_get_n_failed (shortened), ==, 10);
  g_assert_error (kms_batch_get_error (shortened, 0), KMS_ERROR, KMS_ERROR_INTEGRITY);
  vault_double_set_quirks (fixture->vault, VAULT_QUIRK_NO_KEY_VERSION | VAULT_QUIRK_NO_REFERENCE);
  g_autoptr (KmsBatch) batch = encrypt_many (fixture, "orders", 10, context);
  g_assert_cmpuint (kms_batch_get_n_failed (batch), ==, 0);
  g_assert_cmpstr (kms_batch_get_key_version (batch, 9), ==, "1");
  vault_double_set_quirks (fixture->vault, VAULT_QUIRK_UNABLE_TO_DECRYPT);
  assert_refused (fixture, "orders", kms_batch_get_ciphertext (batch, 0), other, KMS_ERROR_INVALID_CIPHERTEXT);
}

/* More than the server takes at once, in requests that it does take. */
static void
test_many (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  g_autoptr (KmsContext) context = make_context ();

  double_fixture_open (fixture, NULL, NULL);
  g_autoptr (KmsBatch) with = encrypt_many (fixture, "orders", 2000, context);
  g_autoptr (KmsBatch) without = encrypt_many (fixture, "plain", 2000, NULL);
  g_assert_cmpuint (kms_batch_get_n_failed (with), ==, 0);
  g_assert_cmpuint (kms_batch_get_n_failed (without), ==, 0);
  assert_decrypts (fixture, "orders", kms_batch_get_ciphertext (with, 1999), context);
}

static void
test_states (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  g_autoptr (KmsContext) context = make_context ();

  double_fixture_open (fixture, "Retries=1\n", NULL);
  vault_double_require_request_header (fixture->vault, TRUE);
  g_autoptr (GBytes) ciphertext = encrypt (fixture, "orders", context);
  vault_double_seal (fixture->vault);
  double_fixture_assert_encrypt_fails (fixture, "orders", context, KMS_ERROR_UNAVAILABLE);
  vault_double_unseal (fixture->vault);
  assert_decrypts (fixture, "orders", ciphertext, context);
  vault_double_set_rate_limit (fixture->vault, 1, NULL);
  for (guint i = 0; i < 2; i++)
    g_clear_error (&(GError *){ double_fixture_decrypt (fixture, "orders", ciphertext, context) });
  assert_refused (fixture, "orders", ciphertext, context, KMS_ERROR_THROTTLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vault/double/row-of-the-gem", test_row_of_the_gem);
  g_test_add_func ("/vault/double/context", test_context);
  g_test_add_func ("/vault/double/wrong-kind", test_wrong_kind);
  g_test_add_func ("/vault/double/policies", test_policies);
  g_test_add_func ("/vault/double/namespace", test_namespace);
  g_test_add_func ("/vault/double/versions", test_versions);
  g_test_add_func ("/vault/double/old-server", test_old_server);
  g_test_add_func ("/vault/double/quirks", test_quirks);
  g_test_add_func ("/vault/double/many", test_many);
  g_test_add_func ("/vault/double/states", test_states);
  return g_test_run ();
}
