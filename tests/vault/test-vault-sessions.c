/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Logins against a server that checks them, and the life of the tokens that it gives. */
#include "double-fixture.h"

#include <string.h>

#define POLICY "path \"transit/*\" { capabilities = [\"read\", \"update\"] }"

static void
assert_works (DoubleFixture *fixture)
{
  g_autoptr (KmsContext) context = kms_context_new ("a", "b", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) ciphertext = double_fixture_encrypt (fixture, "orders", context, &error);

  g_assert_no_error (error);
  g_autoptr (GError) other = double_fixture_decrypt (fixture, "orders", ciphertext, context);
  g_assert_no_error (other);
}

static DoubleFixture *
make_fixture (TestServerFlags flags, guint ttl)
{
  DoubleFixture *fixture = double_fixture_new (flags);

  vault_double_add_policy (fixture->vault, "app", POLICY);
  vault_double_set_login_options (fixture->vault,
                                  &(VaultTokenOptions){ .policies = "app", .ttl = ttl, .renewable = TRUE });
  return fixture;
}

static char *
make_approle (DoubleFixture *fixture, const char *role, const char *secret, const char *more)
{
  g_autofree char *path = double_fixture_write (fixture, "secret", secret);

  return g_strdup_printf ("Auth=approle\nRoleId=%s\nSecretIdFile=%s\n%s", role, path, more);
}

static void
open_approle (DoubleFixture *fixture)
{
  g_autofree char *role = vault_double_add_approle (fixture->vault, "shop");
  g_autofree char *secret = vault_double_add_secret_id (fixture->vault, "shop", 0);
  g_autofree char *settings = make_approle (fixture, role, secret, "");

  double_fixture_open (fixture, NULL, settings);
}

static void
test_approle (void)
{
  g_autoptr (DoubleFixture) fixture = make_fixture (TEST_SERVER_PLAIN, 3600);

  open_approle (fixture);
  assert_works (fixture);
  g_assert_cmpuint (vault_double_count_tokens (fixture->vault), ==, 1);
  double_fixture_close (fixture);
  g_assert_cmpuint (vault_double_count_tokens (fixture->vault), ==, 0);
}

/* Somebody revoked it: the next call logs in again. */
static void
test_revoked (void)
{
  g_autoptr (DoubleFixture) fixture = make_fixture (TEST_SERVER_PLAIN, 3600);

  open_approle (fixture);
  assert_works (fixture);
  vault_double_revoke_all_tokens (fixture->vault);
  assert_works (fixture);
  g_assert_cmpuint (vault_double_count_tokens (fixture->vault), ==, 1);
}

static void
test_renewed (void)
{
  g_autoptr (DoubleFixture) fixture = make_fixture (TEST_SERVER_PLAIN, 3);
  gint64 end = g_get_monotonic_time () + 30 * G_USEC_PER_SEC;
  g_autofree char *token = NULL;

  open_approle (fixture);
  assert_works (fixture);
  token = vault_double_get_last_token (fixture->vault);
  while (vault_double_count_renewals (fixture->vault, token) == 0 && g_get_monotonic_time () < end)
    {
      g_usleep (50 * 1000);
      assert_works (fixture);
    }
  g_assert_cmpuint (vault_double_count_renewals (fixture->vault, token), >=, 1);
  g_assert_cmpuint (vault_double_count_tokens (fixture->vault), ==, 1);
}

/* Near the end of what it may live, a token gains nothing by renewal: there is a new login instead. */
static void
test_max_ttl (void)
{
  g_autoptr (DoubleFixture) fixture = make_fixture (TEST_SERVER_PLAIN, 3);
  gint64 end = g_get_monotonic_time () + 30 * G_USEC_PER_SEC;

  vault_double_set_login_options (fixture->vault,
                                  &(VaultTokenOptions){ .policies = "app", .ttl = 3, .max_ttl = 3, .renewable = TRUE });
  open_approle (fixture);
  assert_works (fixture);
  g_autofree char *first = vault_double_get_last_token (fixture->vault);
  vault_double_advance (fixture->vault, 2);
  while (g_get_monotonic_time () < end)
    {
      g_autofree char *last = vault_double_get_last_token (fixture->vault);
      if (strcmp (first, last) != 0)
        break;
      g_usleep (50 * 1000);
      assert_works (fixture);
    }
  g_autofree char *last = vault_double_get_last_token (fixture->vault);
  g_assert_cmpstr (first, !=, last);
}

static void
test_wrapped (void)
{
  g_autoptr (DoubleFixture) fixture = make_fixture (TEST_SERVER_PLAIN, 3600);
  g_autofree char *role = vault_double_add_approle (fixture->vault, "shop");
  g_autofree char *wrapped = vault_double_wrap_secret_id (fixture->vault, "shop", 600, NULL);
  g_autofree char *settings = make_approle (fixture, role, wrapped, "SecretIdIsWrapped=true\n");
  g_autoptr (GError) error = NULL;

  double_fixture_open (fixture, NULL, settings);
  assert_works (fixture);
  /* Another provider with the same file comes too late. */
  double_fixture_open (fixture, NULL, settings);
  g_autoptr (GBytes) none = double_fixture_encrypt (fixture, "orders", NULL, &error);
  g_assert_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS);
  g_assert_nonnull (strstr (error->message, "SOMEBODY ELSE"));
}

static void
test_wrapped_elsewhere (void)
{
  g_autoptr (DoubleFixture) fixture = make_fixture (TEST_SERVER_PLAIN, 3600);
  g_autofree char *role = vault_double_add_approle (fixture->vault, "shop");
  g_autofree char *wrapped = vault_double_wrap_secret_id (fixture->vault, "shop", 600, "sys/wrapping/wrap");
  g_autofree char *settings = make_approle (fixture, role, wrapped, "SecretIdIsWrapped=true\n");

  double_fixture_open (fixture, NULL, settings);
  double_fixture_assert_encrypt_fails (fixture, "orders", NULL, KMS_ERROR_CREDENTIALS);
}

static void
test_methods (void)
{
  g_autoptr (DoubleFixture) fixture = make_fixture (TEST_SERVER_PLAIN, 3600);
  g_autofree char *jwt = double_fixture_write (fixture, "jwt", "a.b.c\n");
  g_autofree char *password = double_fixture_write (fixture, "password", "correct horse\n");
  g_autofree char *of_user = g_strdup_printf ("Auth=userpass\nUserName=Mitchell\nPasswordFile=%s\n", password);
  g_autofree char *of_jwt = g_strdup_printf ("Auth=jwt\nRole=shop\nJwtFile=%s\n", jwt);
  g_autofree char *of_kubernetes = g_strdup_printf ("Auth=kubernetes\nRole=shop\nJwtFile=%s\n", jwt);

  vault_double_add_user (fixture->vault, "mitchell", "correct horse");
  vault_double_add_jwt (fixture->vault, "jwt", "shop", "a.b.c");
  vault_double_add_jwt (fixture->vault, "kubernetes", "shop", "a.b.c");
  double_fixture_open (fixture, NULL, of_user);
  assert_works (fixture);
  double_fixture_open (fixture, NULL, of_jwt);
  assert_works (fixture);
  double_fixture_open (fixture, NULL, of_kubernetes);
  assert_works (fixture);
  vault_double_set_require_mfa (fixture->vault, TRUE);
  double_fixture_open (fixture, NULL, of_user);
  double_fixture_assert_encrypt_fails (fixture, "orders", NULL, KMS_ERROR_NOT_SUPPORTED);
  g_free (double_fixture_write (fixture, "password", "wrong\n"));
  vault_double_set_require_mfa (fixture->vault, FALSE);
  double_fixture_open (fixture, NULL, of_user);
  double_fixture_assert_encrypt_fails (fixture, "orders", NULL, KMS_ERROR_CREDENTIALS);
}

static void
test_certificate (void)
{
  g_autoptr (DoubleFixture) fixture = make_fixture (TEST_SERVER_TLS | TEST_SERVER_ASK_CERTIFICATE, 3600);
  g_autofree char *trust =
    g_strdup_printf ("Auth=cert\nRole=shop\nCaFile=%s\n", test_server_get_ca_file (fixture->server));
  g_autofree char *key = NULL, *contents = NULL;

  g_assert_true (g_file_get_contents (test_server_get_client_key_file (fixture->server), &contents, NULL, NULL));
  key = double_fixture_write (fixture, "client.key", contents);
  g_autofree char *settings = g_strdup_printf ("%sClientCertificate=%s\nClientKey=%s\n", trust,
                                               test_server_get_client_certificate_file (fixture->server), key);
  vault_double_add_certificate_role (fixture->vault, "shop");
  double_fixture_open (fixture, NULL, settings);
  assert_works (fixture);
  double_fixture_open (fixture, NULL, trust);
  double_fixture_assert_encrypt_fails (fixture, "orders", NULL, KMS_ERROR_CONFIG);
}

/* An agent on a socket puts in its own token. */
static void
test_agent (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_UNIX);

  vault_double_set_agent_token (fixture->vault, VAULT_DOUBLE_ROOT_TOKEN);
  vault_double_require_request_header (fixture->vault, TRUE);
  double_fixture_open (fixture, NULL, "Auth=token\n");
  assert_works (fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vault/sessions/approle", test_approle);
  g_test_add_func ("/vault/sessions/revoked", test_revoked);
  g_test_add_func ("/vault/sessions/renewed", test_renewed);
  g_test_add_func ("/vault/sessions/max-ttl", test_max_ttl);
  g_test_add_func ("/vault/sessions/wrapped", test_wrapped);
  g_test_add_func ("/vault/sessions/wrapped-elsewhere", test_wrapped_elsewhere);
  g_test_add_func ("/vault/sessions/methods", test_methods);
  g_test_add_func ("/vault/sessions/certificate", test_certificate);
  g_test_add_func ("/vault/sessions/agent", test_agent);
  return g_test_run ();
}
