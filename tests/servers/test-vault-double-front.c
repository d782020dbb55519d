/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* States, namespaces, quirks, keys and the audit log of the Vault double, as far as tests set them up in C. */
#include "vault-ask.h"

#include <string.h>

#define ROOT VAULT_DOUBLE_ROOT_TOKEN
#define PLAINTEXT "{\"plaintext\":\"eA==\"}"
#define BOUND "{\"plaintext\":\"eA==\",\"associated_data\":\"YQ==\"}"

static void
test_health (void)
{
  static const struct
  {
    VaultState state;
    guint status;
    const char *query;
    guint changed;
  } states[] = {
    { VAULT_STATE_ACTIVE, 200, "activecode=201", 201 },
    { VAULT_STATE_STANDBY, 429, "standbyok=true", 200 },
    { VAULT_STATE_STANDBY, 429, "standbycode=202", 202 },
    { VAULT_STATE_PERFORMANCE_STANDBY, 473, "perfstandbyok=true", 200 },
    { VAULT_STATE_RECOVERY_SECONDARY, 472, "drsecondarycode=203", 203 },
    { VAULT_STATE_UNINITIALIZED, 501, "uninitcode=204", 204 },
  };
  g_autoptr (VaultAsk) ask = vault_ask_new (TEST_SERVER_PLAIN);

  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    {
      g_autofree char *path = g_strconcat ("sys/health?", states[i].query, NULL);
      vault_double_set_state (ask->vault, states[i].state);
      vault_ask_expect (ask, "GET", "sys/health", NULL, NULL, states[i].status, "\"initialized\":");
      vault_ask_expect (ask, "GET", path, NULL, NULL, states[i].changed, "");
    }
}

static void
test_sealed (void)
{
  g_autoptr (VaultAsk) ask = vault_ask_new (TEST_SERVER_PLAIN);

  vault_double_create_key (ask->vault, "a", NULL);
  vault_double_seal (ask->vault);
  vault_ask_expect (ask, "POST", "transit/encrypt/a", ROOT, PLAINTEXT, 503, "[\"Vault is sealed\"]");
  vault_ask_expect (ask, "GET", "sys/health?sealedcode=200", NULL, NULL, 200, "\"sealed\":true");
  vault_ask_expect (ask, "GET", "sys/seal-status", NULL, NULL, 200, "\"sealed\":true");
  vault_double_unseal (ask->vault);
  vault_ask_expect (ask, "POST", "transit/encrypt/a", ROOT, PLAINTEXT, 200, "vault:v1:");
}

static void
test_redirect (void)
{
  g_autoptr (VaultAsk) ask = vault_ask_new (TEST_SERVER_PLAIN);

  vault_double_set_redirect (ask->vault, "https://active.test:8200");
  g_autofree char *answer = vault_ask_for_head (ask, "GET", "transit/keys?list=true", ROOT, NULL, NULL);
  g_assert_true (g_str_has_prefix (answer, "307 "));
  assert_contains (answer, "Location: https://active.test:8200/v1/transit/keys?list=true\r\n");
  vault_ask_expect (ask, "GET", "sys/health", NULL, NULL, 429, "\"standby\":true");
  vault_double_set_redirect (ask->vault, NULL);
  vault_ask_expect (ask, "GET", "transit/keys?list=true", ROOT, NULL, 404, "{\"errors\":[]}");
}

static void
test_rate_limit (void)
{
  g_autoptr (VaultAsk) ask = vault_ask_new (TEST_SERVER_PLAIN);

  vault_double_create_key (ask->vault, "a", NULL);
  vault_double_set_rate_limit (ask->vault, 2, "7");
  vault_ask_expect (ask, "POST", "transit/encrypt/a", ROOT, PLAINTEXT, 200, "vault:v1:");
  vault_ask_expect (ask, "POST", "transit/encrypt/a", ROOT, PLAINTEXT, 200, "vault:v1:");
  g_autofree char *answer = vault_ask_for_head (ask, "POST", "transit/encrypt/a", ROOT, NULL, PLAINTEXT);
  g_assert_true (g_str_has_prefix (answer, "429 "));
  assert_contains (answer, "Retry-After: 7\r\n");
  assert_contains (answer, "rate limit quota exceeded");
  vault_double_advance (ask->vault, 1);
  vault_ask_expect (ask, "POST", "transit/encrypt/a", ROOT, PLAINTEXT, 200, "vault:v1:");
}

static void
test_agent (void)
{
  g_autoptr (VaultAsk) ask = vault_ask_new (TEST_SERVER_UNIX);

  vault_double_create_key (ask->vault, "a", NULL);
  vault_ask_expect (ask, "POST", "transit/encrypt/a", NULL, PLAINTEXT, 403, "[\"permission denied\"]");
  vault_double_set_agent_token (ask->vault, ROOT);
  vault_ask_expect (ask, "POST", "transit/encrypt/a", NULL, PLAINTEXT, 200, "vault:v1:");
  vault_double_require_request_header (ask->vault, TRUE);
  vault_ask_expect (ask, "POST", "transit/encrypt/a", NULL, PLAINTEXT, 412, "X-Vault-Request");
  g_autofree char *answer =
    vault_ask_for_head (ask, "POST", "transit/encrypt/a", NULL, "X-Vault-Request: true\r\n", PLAINTEXT);
  g_assert_true (g_str_has_prefix (answer, "200 "));
}

static void
test_namespaces (void)
{
  g_autoptr (VaultAsk) ask = vault_ask_new (TEST_SERVER_PLAIN);
  const char *header = "X-Vault-Namespace: ns1\r\n";

  vault_double_add_namespace (ask->vault, "ns1");
  vault_double_create_key (ask->vault, "a", &(VaultKeyOptions){ .mount = "ns1/transit" });
  g_autofree char *token = vault_double_add_token (
    ask->vault, &(VaultTokenOptions){ .policy = "path \"ns1/transit/encrypt/a\" { capabilities = [\"update\"] }" });
  g_autofree char *inside = vault_ask_for_head (ask, "POST", "transit/encrypt/a", token, header, PLAINTEXT);
  g_assert_true (g_str_has_prefix (inside, "200 "));
  vault_ask_expect (ask, "POST", "ns1/transit/encrypt/a", token, PLAINTEXT, 200, "vault:v1:");
  vault_ask_expect (ask, "POST", "transit/encrypt/a", token, PLAINTEXT, 403, "permission denied");
  g_assert_true (vault_double_has_key (ask->vault, "ns1/transit/a"));
  g_assert_false (vault_double_has_key (ask->vault, "a"));
}

static void
test_old_server (void)
{
  g_autoptr (VaultAsk) ask = vault_ask_new (TEST_SERVER_PLAIN);
  const char *batch = "{\"batch_input\":[{\"plaintext\":\"eA==\",\"associated_data\":\"YQ==\"}]}";

  vault_double_create_key (ask->vault, "a", NULL);
  vault_double_set_quirks (ask->vault, VAULT_QUIRK_NO_ASSOCIATED_DATA | VAULT_QUIRK_NO_KEY_VERSION
                                         | VAULT_QUIRK_UNABLE_TO_DECRYPT | VAULT_QUIRK_NO_REFERENCE);
  g_autofree char *answer = vault_ask (ask, "POST", "transit/encrypt/a", ROOT, BOUND);
  assert_contains (answer, "Endpoint ignored these unrecognized parameters: [associated_data]");
  g_assert_null (strstr (answer, "key_version"));
  /* Nothing was bound to it. */
  g_autofree char *ciphertext = vault_ask_find (answer, "ciphertext");
  g_autofree char *body = g_strdup_printf ("{\"ciphertext\":\"%s\"}", ciphertext);
  vault_ask_expect (ask, "POST", "transit/decrypt/a", ROOT, body, 200, "\"plaintext\":\"eA==\"");
  vault_ask_expect (ask, "POST", "transit/decrypt/a", ROOT, "{\"ciphertext\":\"vault:v1:AAAA\"}", 400,
                    "[\"unable to decrypt\"]");
  g_autofree char *several = vault_ask (ask, "POST", "transit/encrypt/a", ROOT, batch);
  assert_contains (several, "\"warnings\":null");
  g_assert_null (strstr (several, "reference"));
}

static void
test_short_batch (void)
{
  g_autoptr (VaultAsk) ask = vault_ask_new (TEST_SERVER_PLAIN);

  vault_double_create_key (ask->vault, "a", NULL);
  vault_double_set_quirks (ask->vault, VAULT_QUIRK_SHORT_BATCH);
  vault_ask_expect (ask, "POST", "transit/encrypt/a", ROOT, "{\"batch_input\":[{\"plaintext\":\"eA==\"}]}", 200,
                    "\"batch_results\":[]");
}

static void
test_data_key_quirk (void)
{
  g_autoptr (VaultAsk) ask = vault_ask_new (TEST_SERVER_PLAIN);

  vault_double_create_key (ask->vault, "a", NULL);
  vault_double_set_quirks (ask->vault, VAULT_QUIRK_DATAKEY_NO_ASSOCIATED_DATA);
  vault_ask_expect (ask, "POST", "transit/datakey/plaintext/a", ROOT, "{\"associated_data\":\"YQ==\"}", 200,
                    "unrecognized parameters: [associated_data]");
  vault_ask_expect (ask, "POST", "transit/encrypt/a", ROOT, BOUND, 200, "\"warnings\":null");
}

static void
test_keys (void)
{
  g_autoptr (VaultAsk) ask = vault_ask_new (TEST_SERVER_PLAIN);

  vault_double_create_key (ask->vault, "a", NULL);
  g_autofree char *answer = vault_ask (ask, "POST", "transit/encrypt/a", ROOT, PLAINTEXT);
  g_autofree char *ciphertext = vault_ask_find (answer, "ciphertext");
  g_autofree char *body = g_strdup_printf ("{\"ciphertext\":\"%s\"}", ciphertext);
  vault_double_rotate_key (ask->vault, "a");
  g_assert_cmpuint (vault_double_get_latest_version (ask->vault, "a"), ==, 2);
  vault_ask_expect (ask, "POST", "transit/encrypt/a", ROOT, PLAINTEXT, 200, "vault:v2:");
  vault_ask_expect (ask, "POST", "transit/decrypt/a", ROOT, body, 200, "\"plaintext\":\"eA==\"");
  vault_double_set_min_versions (ask->vault, "a", 2, 0);
  vault_ask_expect (ask, "POST", "transit/decrypt/a", ROOT, body, 400, "disallowed by policy (too old)");
  vault_double_soft_delete_key (ask->vault, "a", TRUE);
  vault_ask_expect (ask, "POST", "transit/encrypt/a", ROOT, PLAINTEXT, 400, "refusing to use soft-deleted key");
  vault_double_remove_key (ask->vault, "a");
  vault_ask_expect (ask, "POST", "transit/decrypt/a", ROOT, body, 400, "encryption key not found");
}

static void
test_audit (void)
{
  g_autoptr (VaultAsk) ask = vault_ask_new (TEST_SERVER_PLAIN);
  const char *broken = "{\"plaintext\":\"eA==\",\"context\":\"YWJj\\nZGVm\\n\"}";
  const char *batch = "{\"batch_input\":[{\"plaintext\":\"eA==\",\"context\":\"YQ==\"},{\"plaintext\":\"eA==\"}]}";

  vault_double_create_key (ask->vault, "a", &(VaultKeyOptions){ .derived = TRUE });
  vault_ask_expect (ask, "POST", "transit/encrypt/a", ROOT, broken, 200, "vault:v1:");
  vault_ask_expect (ask, "POST", "transit/encrypt/a", ROOT, batch, 400, "context should be set either in all");
  g_assert_cmpuint (vault_double_count_entries (ask->vault), ==, 2);
  const VaultAuditEntry *entry = vault_double_get_entry (ask->vault, 0);
  g_assert_cmpstr (entry->operation, ==, "update");
  g_assert_cmpstr (entry->path, ==, "transit/encrypt/a");
  g_assert_cmpstr (entry->contexts[0], ==, "YWJj\nZGVm\n");
  g_assert_cmpuint (entry->n_items, ==, 1);
  entry = vault_double_get_entry (ask->vault, 1);
  g_assert_cmpuint (entry->status, ==, 400);
  g_assert_cmpuint (entry->n_items, ==, 2);
  g_assert_cmpstr (entry->contexts[0], ==, "YQ==");
  g_assert_cmpstr (entry->contexts[1], ==, "");
  vault_double_forget_entries (ask->vault);
  g_assert_cmpuint (vault_double_count_entries (ask->vault), ==, 0);
}

static void
test_audit_hash (void)
{
  g_autoptr (VaultAsk) ask = vault_ask_new (TEST_SERVER_PLAIN);
  g_autofree char *hash = vault_double_hash_audit (ask->vault, "file", "YWJj");

  vault_ask_expect (ask, "POST", "sys/audit-hash/file", ROOT, "{\"input\":\"YWJj\"}", 200, hash);
  vault_ask_expect (ask, "POST", "sys/audit-hash/other", ROOT, "{\"input\":\"YWJj\"}", 400, "unknown audit backend");
  vault_double_add_audit_device (ask->vault, "other");
  vault_ask_expect (ask, "POST", "sys/audit-hash/other", ROOT, "{\"input\":\"YWJj\"}", 200, "hmac-sha256:");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vault-double/health", test_health);
  g_test_add_func ("/vault-double/sealed", test_sealed);
  g_test_add_func ("/vault-double/redirect", test_redirect);
  g_test_add_func ("/vault-double/rate-limit", test_rate_limit);
  g_test_add_func ("/vault-double/agent", test_agent);
  g_test_add_func ("/vault-double/namespaces", test_namespaces);
  g_test_add_func ("/vault-double/quirk/old-server", test_old_server);
  g_test_add_func ("/vault-double/quirk/short-batch", test_short_batch);
  g_test_add_func ("/vault-double/quirk/data-key", test_data_key_quirk);
  g_test_add_func ("/vault-double/keys", test_keys);
  g_test_add_func ("/vault-double/audit", test_audit);
  g_test_add_func ("/vault-double/audit-hash", test_audit_hash);
  return g_test_run ();
}
