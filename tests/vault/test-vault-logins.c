/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tokens: given, logged in for, refused, renewed, revoked; and none of them where people read. */
#include "vault-fixture.h"

#include <string.h>
#include <sys/stat.h>

#define DECRYPT "transit/decrypt/orders"
#define ENCRYPT "transit/encrypt/orders"
#define KEY "transit/keys/orders"
#define LOOKUP "auth/token/lookup-self"
#define INVALID "{\"errors\":[\"2 errors occurred:\\n\\t* permission denied\\n\\t* invalid token\\n\\n\"]}"
#define GRANTED(token)                                                                                                 \
  "{\"auth\":{\"client_token\":\"" token "\",\"lease_duration\":3600,\"renewable\":true,\"token_type\":\"service\","   \
  "\"num_uses\":0,\"mfa_requirement\":null}}"
#define APPROLE "Auth=approle\nRoleId=the-role\n"

static void
assert_decrypts (VaultFixture *fixture)
{
  g_autoptr (GError) error = NULL;

  vault_fixture_decrypt (fixture, NULL, &error);
  g_assert_no_error (error);
}

static void
assert_fails (VaultFixture *fixture, KmsError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (vault_fixture_decrypt (fixture, NULL, &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, KMS_ERROR, (int) code);
  g_assert_null (strstr (error->message, "hvs."));
}

static const char *
get_token (VaultFixture *fixture, const char *path)
{
  return test_request_get_header (vault_fixture_find (fixture, path), "X-Vault-Token");
}

/* Somebody wrote a new token to the file: it is read when the old one is refused. */
static void
test_file_changed (void)
{
  g_autoptr (VaultFixture) fixture = vault_fixture_new (TEST_SERVER_PLAIN, NULL, NULL);

  assert_decrypts (fixture);
  vault_fixture_write (fixture, "token", "hvs.new\n");
  vault_fixture_reply (fixture, "POST", DECRYPT, 403, INVALID);
  vault_fixture_reply (fixture, "POST", DECRYPT, 200, "{\"data\":{\"plaintext\":\"aGVsbG8=\"}}");
  assert_decrypts (fixture);
  g_assert_cmpstr (get_token (fixture, DECRYPT), ==, "hvs.new");
}

static void
test_file_same (void)
{
  g_autoptr (VaultFixture) fixture = vault_fixture_new (TEST_SERVER_PLAIN, NULL, NULL);

  vault_fixture_reply (fixture, "POST", DECRYPT, 403, DENIED);
  assert_fails (fixture, KMS_ERROR_NOT_AUTHORIZED);
  g_assert_cmpuint (vault_fixture_count (fixture, DECRYPT), ==, 2);
  assert_fails (fixture, KMS_ERROR_NOT_AUTHORIZED); /* the token was just looked at */
  g_assert_cmpuint (vault_fixture_count (fixture, DECRYPT), ==, 3);

  g_autoptr (VaultFixture) invalid = vault_fixture_new (TEST_SERVER_PLAIN, NULL, NULL);
  vault_fixture_reply (invalid, "POST", DECRYPT, 403, INVALID);
  assert_fails (invalid, KMS_ERROR_CREDENTIALS);
}

static void
test_file_bad (void)
{
  static const char *const contents[] = { "", " \n", "two words", "hvs.a\001b", "hvs.a\r\nX-Evil: 1" };

  for (guint i = 0; i < G_N_ELEMENTS (contents); i++)
    {
      g_autoptr (VaultFixture) fixture = vault_fixture_new (TEST_SERVER_PLAIN, NULL, NULL);
      vault_fixture_write (fixture, "token", contents[i]);
      assert_fails (fixture, KMS_ERROR_CREDENTIALS);
      g_assert_cmpuint (test_server_count_requests (fixture->server), ==, 0);
    }
}

/* What each method sends, and where. */
static void
test_methods (void)
{
  static const struct
  {
    const char *settings, *path, *body;
  } methods[] = {
    { APPROLE, "auth/approle/login", "{\"role_id\":\"the-role\",\"secret_id\":\"the-secret\"}" },
    { APPROLE "AuthMount=team/roles\n", "auth/team/roles/login",
      "{\"role_id\":\"the-role\",\"secret_id\":\"the-secret\"}" },
    { "Auth=kubernetes\nRole=shop\nJwtFile=%s/secret\n", "auth/kubernetes/login",
      "{\"role\":\"shop\",\"jwt\":\"the-secret\"}" },
    { "Auth=jwt\nJwtFile=%s/secret\n", "auth/jwt/login", "{\"jwt\":\"the-secret\"}" },
    { "Auth=userpass\nUserName=Mitchell\nPasswordFile=%s/secret\n", "auth/userpass/login/mitchell",
      "{\"password\":\"the-secret\"}" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    {
      g_autoptr (ConfigRoot) root = config_root_new ();
      g_auto (GStrv) parts = g_strsplit (methods[i].settings, "%s", 2);
      g_autofree char *settings = g_strjoinv (root, parts);
      g_autofree char *path = g_build_filename (root, "secret", NULL);
      config_root_write (root, "secret", "the-secret\n");
      g_assert_cmpint (chmod (path, 0600), ==, 0);
      g_autoptr (VaultFixture) fixture = vault_fixture_new (TEST_SERVER_PLAIN, NULL, settings);
      vault_fixture_reply (fixture, "POST", methods[i].path, 200, GRANTED ("hvs.login"));
      assert_decrypts (fixture);
      g_autofree char *body = vault_fixture_dup_body (fixture, methods[i].path);
      g_assert_cmpstr (body, ==, methods[i].body);
      g_assert_null (get_token (fixture, methods[i].path));
      g_assert_cmpstr (get_token (fixture, DECRYPT), ==, "hvs.login");
    }
}

static void
test_login_refused (void)
{
  static const struct
  {
    guint status;
    const char *json;
    KmsError error;
  } refusals[] = {
    { 400, "{\"errors\":[\"invalid role or secret ID\"]}", KMS_ERROR_CREDENTIALS },
    { 403, DENIED, KMS_ERROR_CREDENTIALS },
    { 400, "{\"errors\":[\"some text that echoes the-secret-c2VjcmV0\"]}", KMS_ERROR_CREDENTIALS },
    { 200, "{\"auth\":{\"client_token\":\"\",\"mfa_requirement\":{\"mfa_request_id\":\"x\"}}}",
      KMS_ERROR_NOT_SUPPORTED },
    { 200, "{\"auth\":null}", KMS_ERROR_INTEGRITY },
    { 200, "{\"auth\":{\"client_token\":\"a b\"}}", KMS_ERROR_INTEGRITY },
  };

  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      g_autoptr (VaultFixture) fixture = vault_fixture_new (TEST_SERVER_PLAIN, NULL, APPROLE);
      g_autoptr (GError) error = NULL;
      vault_fixture_reply (fixture, "POST", "auth/approle/login", refusals[i].status, refusals[i].json);
      g_assert_false (vault_fixture_decrypt (fixture, NULL, &error));
      g_test_message ("%s", error->message);
      g_assert_error (error, KMS_ERROR, (int) refusals[i].error);
      g_assert_null (strstr (error->message, "echoes"));
      g_assert_nonnull (strstr (error->message, "logging in by approle"));
      g_assert_cmpuint (vault_fixture_count (fixture, "login"), ==, 1);
    }
}

/* A token that ended is replaced by a new login, once, and nobody notices. */
static void
test_login_again (void)
{
  g_autoptr (VaultFixture) fixture = vault_fixture_new (TEST_SERVER_PLAIN, NULL, APPROLE);

  vault_fixture_reply (fixture, "POST", "auth/approle/login", 200, GRANTED ("hvs.first"));
  vault_fixture_reply (fixture, "POST", "auth/approle/login", 200, GRANTED ("hvs.second"));
  vault_fixture_reply (fixture, "GET", LOOKUP, 403, DENIED);
  vault_fixture_reply (fixture, "POST", DECRYPT, 403, DENIED);
  vault_fixture_reply (fixture, "POST", DECRYPT, 200, "{\"data\":{\"plaintext\":\"aGVsbG8=\"}}");
  assert_decrypts (fixture);
  g_assert_cmpuint (vault_fixture_count (fixture, "login"), ==, 2);
  g_assert_cmpstr (get_token (fixture, DECRYPT), ==, "hvs.second");
}

/* The policy denies it: then the token is looked at once, and nobody logs in again. */
static void
test_policy (void)
{
  g_autoptr (VaultFixture) fixture = vault_fixture_new (TEST_SERVER_PLAIN, NULL, APPROLE);

  vault_fixture_reply (fixture, "POST", "auth/approle/login", 200, GRANTED ("hvs.first"));
  vault_fixture_reply (fixture, "GET", LOOKUP, 200, "{\"data\":{\"ttl\":3000,\"num_uses\":0}}");
  vault_fixture_reply (fixture, "POST", DECRYPT, 403, DENIED);
  for (guint i = 0; i < 3; i++)
    assert_fails (fixture, KMS_ERROR_NOT_AUTHORIZED);
  g_assert_cmpuint (vault_fixture_count (fixture, "login"), ==, 1);
  g_assert_cmpuint (vault_fixture_count (fixture, LOOKUP), ==, 1);
}

/* A token that ended is denied to read the key, too: that is not "may not look", and says nothing about the binding. */
static void
test_ended_before_key (void)
{
  g_autoptr (VaultFixture) fixture = vault_fixture_new (TEST_SERVER_PLAIN, NULL, APPROLE);
  g_autoptr (KmsContext) context = kms_context_new ("a", "b", NULL);
  g_autoptr (GError) error = NULL;

  vault_fixture_reply (fixture, "POST", "auth/approle/login", 200, GRANTED ("hvs.login"));
  vault_fixture_reply (fixture, "GET", LOOKUP, 403, DENIED);
  vault_fixture_reply (fixture, "GET", KEY, 403, DENIED);
  vault_fixture_reply (fixture, "GET", KEY, 200, KEY_PLAIN);
  vault_fixture_reply (fixture, "POST", ENCRYPT, 403, DENIED);
  g_assert_false (vault_fixture_encrypt (fixture, context, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_CONTEXT_UNBOUND);
  g_assert_cmpuint (vault_fixture_count (fixture, ENCRYPT), ==, 1);
}

/* Who logs in cleans up; a token that was given is not ours to revoke. */
static void
test_farewell (void)
{
  g_autoptr (VaultFixture) own = vault_fixture_new (TEST_SERVER_PLAIN, NULL, APPROLE);
  g_autoptr (VaultFixture) given = vault_fixture_new (TEST_SERVER_PLAIN, NULL, NULL);

  vault_fixture_reply (own, "POST", "auth/approle/login", 200, GRANTED ("hvs.login"));
  assert_decrypts (own);
  assert_decrypts (given);
  vault_fixture_close_provider (given);
  vault_fixture_close_provider (own);
  /* The call that was the last may end a moment after its caller has gone on. */
  for (guint i = 0; i < 1000 && vault_fixture_count (own, "auth/token/revoke-self") == 0; i++)
    g_usleep (10 * 1000);
  g_assert_cmpuint (vault_fixture_count (own, "auth/token/revoke-self"), ==, 1);
  g_assert_cmpstr (get_token (own, "auth/token/revoke-self"), ==, "hvs.login");
  g_assert_cmpuint (vault_fixture_count (given, "revoke"), ==, 0);
}

static void
wrap (VaultFixture *fixture, const char *creation_path)
{
  g_autofree char *json = g_strdup_printf ("{\"data\":{\"creation_path\":\"%s\",\"creation_ttl\":60}}", creation_path);
  vault_fixture_reply (fixture, "POST", "sys/wrapping/lookup", 200, json);
}

static void
test_wrapped (void)
{
  g_autoptr (VaultFixture) fixture = vault_fixture_new (TEST_SERVER_PLAIN, NULL, APPROLE "SecretIdIsWrapped=true\n");

  wrap (fixture, "auth/approle/role/shop/secret-id");
  vault_fixture_reply (fixture, "POST", "sys/wrapping/unwrap", 200, "{\"data\":{\"secret_id\":\"unwrapped\"}}");
  vault_fixture_reply (fixture, "POST", "auth/approle/login", 200, GRANTED ("hvs.login"));
  assert_decrypts (fixture);
  g_assert_cmpstr (get_token (fixture, "sys/wrapping/unwrap"), ==, "the-secret");
  g_autofree char *looked = vault_fixture_dup_body (fixture, "sys/wrapping/lookup");
  g_autofree char *login = vault_fixture_dup_body (fixture, "login");
  g_assert_cmpstr (looked, ==, "{\"token\":\"the-secret\"}");
  g_assert_cmpstr (login, ==, "{\"role_id\":\"the-role\",\"secret_id\":\"unwrapped\"}");
}

static void
test_wrapped_by_others (void)
{
  static const char *const paths[] = { "sys/wrapping/wrap",
                                       "auth/other/role/shop/secret-id",
                                       "auth/approle/role/a/b/secret-id",
                                       "cubbyhole/response",
                                       "",
                                       "xauth/approle/role/shop/secret-id" };

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (VaultFixture)
        fixture = vault_fixture_new (TEST_SERVER_PLAIN, NULL, APPROLE "SecretIdIsWrapped=true\n");
      wrap (fixture, paths[i]);
      assert_fails (fixture, KMS_ERROR_CREDENTIALS);
      g_assert_cmpuint (vault_fixture_count (fixture, "unwrap"), ==, 0);
    }
}

static void
test_wrapped_used (void)
{
  g_autoptr (VaultFixture) fixture = vault_fixture_new (TEST_SERVER_PLAIN, NULL, APPROLE "SecretIdIsWrapped=true\n");
  g_autoptr (GError) error = NULL;

  vault_fixture_reply (fixture, "POST", "sys/wrapping/lookup", 400,
                       "{\"errors\":[\"wrapping token is not valid or does not exist\"]}");
  g_assert_false (vault_fixture_decrypt (fixture, NULL, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS);
  g_assert_nonnull (strstr (error->message, "SOMEBODY ELSE"));
}

static GString *log_text;
static GMutex log_lock;

static GLogWriterOutput
keep_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  g_mutex_lock (&log_lock);
  for (gsize i = 0; i < n_fields; i++)
    if (fields[i].length < 0)
      g_string_append_printf (log_text, "%s\n", (const char *) fields[i].value);
  g_mutex_unlock (&log_lock);
  return G_LOG_WRITER_HANDLED;
}

/* Everything goes wrong, and all of it is logged: no token, no secret, no value is in there. */
static void
test_log (void)
{
  static const char *const secrets[] = { "hvs.", "the-secret", "aGVsbG8", "QUJD" };

  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 60 * G_USEC_PER_SEC, G_TEST_SUBPROCESS_INHERIT_STDERR);
      g_test_trap_assert_passed ();
      return;
    }
  log_text = g_string_new (NULL);
  g_log_set_writer_func (keep_log, NULL, NULL);
  {
    g_autoptr (VaultFixture) fixture = vault_fixture_new (TEST_SERVER_PLAIN, NULL, APPROLE);
    vault_fixture_reply (fixture, "POST", "auth/approle/login", 200, GRANTED ("hvs.login"));
    vault_fixture_reply (fixture, "POST", DECRYPT, 500, "{\"errors\":[\"echo aGVsbG8= hvs.login QUJD\"]}");
    vault_fixture_reply (fixture, "POST", DECRYPT, 403, DENIED);
    vault_fixture_decrypt (fixture, NULL, NULL);
    vault_fixture_encrypt (fixture, NULL, NULL);
  }
  /* The provider's thread may be closing still, and say so. */
  g_mutex_lock (&log_lock);
  g_autofree char *text = g_strdup (log_text->str);
  g_mutex_unlock (&log_lock);
  for (guint i = 0; i < G_N_ELEMENTS (secrets); i++)
    if (strstr (text, secrets[i]) != NULL)
      g_error ("\"%s\" is in the log", secrets[i]);
  g_assert_nonnull (strstr (text, "another try"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vault/logins/file-changed", test_file_changed);
  g_test_add_func ("/vault/logins/file-same", test_file_same);
  g_test_add_func ("/vault/logins/file-bad", test_file_bad);
  g_test_add_func ("/vault/logins/methods", test_methods);
  g_test_add_func ("/vault/logins/refused", test_login_refused);
  g_test_add_func ("/vault/logins/again", test_login_again);
  g_test_add_func ("/vault/logins/policy", test_policy);
  g_test_add_func ("/vault/logins/ended-before-key", test_ended_before_key);
  g_test_add_func ("/vault/logins/farewell", test_farewell);
  g_test_add_func ("/vault/logins/wrapped", test_wrapped);
  g_test_add_func ("/vault/logins/wrapped-by-others", test_wrapped_by_others);
  g_test_add_func ("/vault/logins/wrapped-used", test_wrapped_used);
  g_test_add_func ("/vault/logins/log", test_log);
  return g_test_run ();
}
