/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Policies, tokens and logins of the Vault double, as far as tests set them up in C; what goes over the wire is compared
 * with a real server by tests/peers/test-vault-double.py. */
#include "vault-ask.h"

#define PLAINTEXT "{\"plaintext\":\"eA==\"}"
#define DENIED "1 error occurred:\\n\\t* permission denied"

static void
add_keys (VaultAsk *ask)
{
  vault_double_create_key (ask->vault, "a", NULL);
  vault_double_create_key (ask->vault, "b", NULL);
}

static void
test_policy_rules (void)
{
  g_autoptr (VaultAsk) ask = vault_ask_new (TEST_SERVER_PLAIN);
  const VaultRule rules[] = { { "transit/encrypt/a", "update" }, { "transit/keys/+", "read" } };

  add_keys (ask);
  vault_double_add_policy_rules (ask->vault, "rules", rules, G_N_ELEMENTS (rules));
  g_autofree char *token = vault_double_add_token (ask->vault, &(VaultTokenOptions){ .policies = "rules" });
  vault_ask_expect (ask, "POST", "transit/encrypt/a", token, PLAINTEXT, 200, "vault:v1:");
  vault_ask_expect (ask, "POST", "transit/encrypt/b", token, PLAINTEXT, 403, DENIED);
  vault_ask_expect (ask, "GET", "transit/keys/b", token, NULL, 200, "aes256-gcm96");
  vault_ask_expect (ask, "DELETE", "transit/keys/b", token, NULL, 403, DENIED);
}

static void
test_policy_best_rule (void)
{
  g_autoptr (VaultAsk) ask = vault_ask_new (TEST_SERVER_PLAIN);
  g_autofree char *token = NULL;

  add_keys (ask);
  vault_double_add_policy (ask->vault, "open", "path \"transit/*\" { capabilities = [\"update\"] }");
  vault_double_add_policy (ask->vault, "shut", "{\"path\":{\"transit/encrypt/b\":{\"capabilities\":[\"deny\"]}}}");
  token = vault_double_add_token (ask->vault, &(VaultTokenOptions){ .policies = "open shut" });
  vault_ask_expect (ask, "POST", "transit/encrypt/a", token, PLAINTEXT, 200, "vault:v1:");
  vault_ask_expect (ask, "POST", "transit/encrypt/b", token, PLAINTEXT, 403, DENIED);
}

static void
test_upsert (void)
{
  g_autoptr (VaultAsk) ask = vault_ask_new (TEST_SERVER_PLAIN);
  g_autofree char *updates = vault_double_add_token (
    ask->vault, &(VaultTokenOptions){ .policy = "path \"transit/encrypt/*\" { capabilities = [\"update\"] }" });
  g_autofree char *creates = vault_double_add_token (
    ask->vault, &(VaultTokenOptions){ .policy = "path \"transit/encrypt/*\" { capabilities = [\"create\"] }" });

  vault_ask_expect (ask, "POST", "transit/encrypt/new", updates, PLAINTEXT, 403, DENIED);
  g_assert_false (vault_double_has_key (ask->vault, "new"));
  vault_ask_expect (ask, "POST", "transit/encrypt/new", creates, PLAINTEXT, 200, "vault:v1:");
  g_assert_true (vault_double_has_key (ask->vault, "new"));
  vault_double_set_disable_upsert (ask->vault, TRUE);
  vault_ask_expect (ask, "POST", "transit/encrypt/newer", creates, PLAINTEXT, 400, "encryption key not found");
}

static void
test_token_time (void)
{
  g_autoptr (VaultAsk) ask = vault_ask_new (TEST_SERVER_PLAIN);
  VaultTokenOptions options = { .policies = "default", .ttl = 60, .max_ttl = 100, .renewable = TRUE };
  g_autofree char *token = vault_double_add_token (ask->vault, &options);

  vault_ask_expect (ask, "GET", "auth/token/lookup-self", token, NULL, 200, "\"ttl\":60,");
  vault_double_advance (ask->vault, 59);
  vault_ask_expect (ask, "GET", "auth/token/lookup-self", token, NULL, 200, "\"ttl\":1,");
  /* A whole minute would be too much. */
  vault_ask_expect (ask, "POST", "auth/token/renew-self", token, "{}", 200, "\"lease_duration\":41,");
  g_assert_cmpuint (vault_double_count_renewals (ask->vault, token), ==, 1);
  g_assert_cmpuint (vault_double_count_tokens (ask->vault), ==, 1);
  vault_double_advance (ask->vault, 41);
  vault_ask_expect (ask, "GET", "auth/token/lookup-self", token, NULL, 403, "[\"permission denied\"]");
  g_assert_false (vault_double_is_token_valid (ask->vault, token));
  g_assert_cmpuint (vault_double_count_tokens (ask->vault), ==, 0);
}

static void
test_token_kinds (void)
{
  g_autoptr (VaultAsk) ask = vault_ask_new (TEST_SERVER_PLAIN);
  g_autofree char *once = vault_double_add_token (ask->vault, &(VaultTokenOptions){ .num_uses = 1 });
  g_autofree char *batch = vault_double_add_token (ask->vault, &(VaultTokenOptions){ .batch = TRUE, .ttl = 60 });
  g_autofree char *revoked = vault_double_add_token (ask->vault, &(VaultTokenOptions){ .ttl = 60 });

  vault_ask_expect (ask, "GET", "auth/token/lookup-self", once, NULL, 200, "\"policies\":[\"root\"]");
  vault_ask_expect (ask, "GET", "auth/token/lookup-self", once, NULL, 403, "permission denied");
  vault_ask_expect (ask, "POST", "auth/token/renew-self", batch, "{}", 400, "batch tokens cannot be renewed");
  vault_ask_expect (ask, "POST", "auth/token/renew-self", revoked, "{}", 400, "lease is not renewable");
  vault_double_revoke_token (ask->vault, revoked);
  vault_ask_expect (ask, "GET", "auth/token/lookup-self", revoked, NULL, 403, "permission denied");
  vault_double_revoke_all_tokens (ask->vault);
  vault_ask_expect (ask, "GET", "auth/token/lookup-self", batch, NULL, 403, "permission denied");
  vault_ask_expect (ask, "GET", "auth/token/lookup-self", VAULT_DOUBLE_ROOT_TOKEN, NULL, 200, "\"id\":\"root\"");
}

static void
test_login_options (void)
{
  g_autoptr (VaultAsk) ask = vault_ask_new (TEST_SERVER_PLAIN);
  VaultTokenOptions options = { .policies = "app", .ttl = 30, .num_uses = 5 };

  vault_double_add_user (ask->vault, "Alice", "secret");
  vault_double_set_login_options (ask->vault, &options);
  g_autofree char *answer = vault_ask (ask, "POST", "auth/userpass/login/alice", NULL, "{\"password\":\"secret\"}");
  assert_contains (answer, "\"policies\":[\"app\",\"default\"]");
  assert_contains (answer, "\"lease_duration\":30,\"renewable\":false");
  assert_contains (answer, "\"num_uses\":5");
  g_autofree char *token = vault_ask_find (answer, "client_token");
  g_autofree char *last = vault_double_get_last_token (ask->vault);
  g_assert_cmpstr (last, ==, token);
}

static void
test_login_approle (void)
{
  g_autoptr (VaultAsk) ask = vault_ask_new (TEST_SERVER_PLAIN);
  g_autofree char *role = vault_double_add_approle (ask->vault, "app");
  g_autofree char *secret = vault_double_add_secret_id (ask->vault, "app", 1);
  g_autofree char *body = g_strdup_printf ("{\"role_id\":\"%s\",\"secret_id\":\"%s\"}", role, secret);

  vault_ask_expect (ask, "POST", "auth/approle/login", NULL, body, 200, "client_token");
  vault_ask_expect (ask, "POST", "auth/approle/login", NULL, body, 400, "invalid role or secret ID");
}

static void
test_login_wrapped (void)
{
  g_autoptr (VaultAsk) ask = vault_ask_new (TEST_SERVER_PLAIN);
  g_autofree char *role = vault_double_add_approle (ask->vault, "app");
  g_autofree char *token = vault_double_wrap_secret_id (ask->vault, "app", 60, NULL);
  g_autofree char *strange = vault_double_wrap_secret_id (ask->vault, "app", 60, "cubbyhole/mine");
  g_autofree char *lookup = g_strdup_printf ("{\"token\":\"%s\"}", strange);

  vault_ask_expect (ask, "POST", "sys/wrapping/lookup", NULL, lookup, 200, "\"creation_path\":\"cubbyhole/mine\"");
  vault_ask_expect (ask, "POST", "sys/wrapping/lookup", token, NULL, 200, "\"auth/approle/role/app/secret-id\"");
  g_autofree char *answer = vault_ask (ask, "POST", "sys/wrapping/unwrap", token, NULL);
  g_autofree char *secret = vault_ask_find (answer, "secret_id");
  g_autofree char *body = g_strdup_printf ("{\"role_id\":\"%s\",\"secret_id\":\"%s\"}", role, secret);
  vault_ask_expect (ask, "POST", "auth/approle/login", NULL, body, 200, "client_token");
  vault_ask_expect (ask, "POST", "sys/wrapping/unwrap", token, NULL, 400, "wrapping token is not valid");
  vault_double_advance (ask->vault, 60);
  vault_ask_expect (ask, "POST", "sys/wrapping/unwrap", strange, NULL, 400, "wrapping token is not valid");
}

static void
test_login_jwt (void)
{
  g_autoptr (VaultAsk) ask = vault_ask_new (TEST_SERVER_PLAIN);
  const char *good = "{\"role\":\"app\",\"jwt\":\"a.b.c\"}", *bad = "{\"role\":\"app\",\"jwt\":\"a.b.d\"}";

  vault_double_add_jwt (ask->vault, "kubernetes", "app", "a.b.c");
  vault_ask_expect (ask, "POST", "auth/kubernetes/login", NULL, good, 200, "client_token");
  vault_ask_expect (ask, "POST", "auth/kubernetes/login", NULL, bad, 403, "permission denied");
  vault_ask_expect (ask, "POST", "auth/jwt/login", NULL, good, 400, "role \\\"app\\\" could not be found");
  vault_double_add_jwt (ask->vault, "jwt", "app", "a.b.c");
  vault_double_mount (ask->vault, "jwt", "auth/second");
  vault_ask_expect (ask, "POST", "auth/second/login", NULL, good, 200, "client_token");
  vault_ask_expect (ask, "POST", "auth/jwt/login", NULL, bad, 400, "error validating token");
}

static void
test_login_certificate (void)
{
  g_autoptr (VaultAsk) plain = vault_ask_new (TEST_SERVER_PLAIN);
  g_autoptr (VaultAsk) secure = vault_ask_new (TEST_SERVER_TLS | TEST_SERVER_ASK_CERTIFICATE);

  vault_ask_expect (plain, "POST", "auth/cert/login", NULL, "{}", 400, "no client certificate found");
  vault_ask_expect (secure, "POST", "auth/cert/login", NULL, "{}", 400, "invalid certificate");
  vault_double_add_certificate_role (secure->vault, "app");
  vault_ask_expect (secure, "POST", "auth/cert/login", NULL, "{}", 200, "client_token");
  vault_ask_expect (secure, "POST", "auth/cert/login", NULL, "{\"name\":\"app\"}", 200, "client_token");
  vault_ask_expect (secure, "POST", "auth/cert/login", NULL, "{\"name\":\"other\"}", 400, "invalid certificate");
}

static void
test_login_second_factor (void)
{
  g_autoptr (VaultAsk) ask = vault_ask_new (TEST_SERVER_PLAIN);

  vault_double_add_user (ask->vault, "alice", "secret");
  vault_double_set_require_mfa (ask->vault, TRUE);
  g_autofree char *answer = vault_ask (ask, "POST", "auth/userpass/login/alice", NULL, "{\"password\":\"secret\"}");
  assert_contains (answer, "\"client_token\":\"\"");
  assert_contains (answer, "\"mfa_requirement\":{");
  g_assert_cmpuint (vault_double_count_tokens (ask->vault), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vault-double/policy/rules", test_policy_rules);
  g_test_add_func ("/vault-double/policy/best-rule", test_policy_best_rule);
  g_test_add_func ("/vault-double/policy/upsert", test_upsert);
  g_test_add_func ("/vault-double/token/time", test_token_time);
  g_test_add_func ("/vault-double/token/kinds", test_token_kinds);
  g_test_add_func ("/vault-double/login/options", test_login_options);
  g_test_add_func ("/vault-double/login/approle", test_login_approle);
  g_test_add_func ("/vault-double/login/wrapped", test_login_wrapped);
  g_test_add_func ("/vault-double/login/jwt", test_login_jwt);
  g_test_add_func ("/vault-double/login/certificate", test_login_certificate);
  g_test_add_func ("/vault-double/login/second-factor", test_login_second_factor);
  return g_test_run ();
}
