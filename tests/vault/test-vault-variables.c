/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The clients' variables, where a provider's file says nothing: each test is a process with an environment of its own. */
#include "double-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

static const char *const variables[] = { "ADDR",        "AGENT_ADDR",       "TOKEN",           "NAMESPACE",
                                         "CACERT",      "CACERT_BYTES",     "CAPATH",          "CLIENT_CERT",
                                         "CLIENT_KEY",  "SKIP_VERIFY",      "CLIENT_TIMEOUT",  "MAX_RETRIES",
                                         "CONFIG_PATH", "TOKEN_PATH",       "TLS_SERVER_NAME", "PROXY_ADDR",
                                         "HTTP_PROXY",  "DISABLE_REDIRECTS" };

/* NULL with @error set where it does not open. */
static KmsProvider *
open_provider (DoubleFixture *fixture, const char *lines, GError **error)
{
  g_autofree char *file = g_strdup_printf ("Prefixes=vault/\n%s", lines);

  double_fixture_close (fixture);
  config_root_add_provider (fixture->root, "vault", "kms-vault.so", file);
  fixture->registry = kms_registry_new (fixture->root, NULL, error);
  fixture->provider = fixture->registry != NULL ? kms_registry_dup_provider (fixture->registry, "vault", error) : NULL;
  return fixture->provider;
}

/* Whether "orders" can be used with what the environment says. */
static gboolean
works (DoubleFixture *fixture, GError **error)
{
  g_autoptr (KmsContext) context = kms_context_new ("a", "b", NULL);

  if (open_provider (fixture, "", error) == NULL)
    return FALSE;
  g_autoptr (GBytes) ciphertext = double_fixture_encrypt (fixture, "orders", context, error);
  return ciphertext != NULL;
}

static void
assert_works (DoubleFixture *fixture)
{
  g_autoptr (GError) error = NULL;
  works (fixture, &error);
  g_assert_no_error (error);
}

static void
assert_fails (DoubleFixture *fixture, KmsError code, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (works (fixture, &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, KMS_ERROR, (int) code);
  g_assert_nonnull (strstr (error->message, words));
}

static DoubleFixture *
make_fixture (TestServerFlags flags)
{
  DoubleFixture *fixture = double_fixture_new (flags);

  g_setenv ("HOME", fixture->root, TRUE);
  g_setenv ("VAULT_ADDR", test_server_get_address (fixture->server), TRUE);
  g_setenv ("VAULT_TOKEN", VAULT_DOUBLE_ROOT_TOKEN, TRUE);
  return fixture;
}

static void
test_address (void)
{
  g_autoptr (DoubleFixture) fixture = make_fixture (TEST_SERVER_PLAIN);
  g_autoptr (GError) error = NULL;

  assert_works (fixture);
  g_setenv ("BAO_ADDR", "vault.example.org", TRUE);
  assert_fails (fixture, KMS_ERROR_CONFIG, "BAO_ADDR");
  g_unsetenv ("BAO_ADDR");
  g_setenv ("VAULT_AGENT_ADDR", "http://127.0.0.1:1", TRUE);
  assert_fails (fixture, KMS_ERROR_UNAVAILABLE, "127.0.0.1:1");
  g_setenv ("BAO_AGENT_ADDR", "", TRUE); /* wins, and is none */
  assert_works (fixture);
  /* What the file says stands above; and in a daemon the environment does not count. */
  g_assert_nonnull (open_provider (fixture, "Environment=false\n[Settings]\nAddress=http://127.0.0.1:2\n", &error));
  g_assert_no_error (error);
  g_autoptr (GBytes) none = double_fixture_encrypt (fixture, "orders", NULL, &error);
  g_assert_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS);
}

/* A module that is installed and not used is nothing to worry about. */
static void
test_unset (void)
{
  g_autoptr (DoubleFixture) fixture = make_fixture (TEST_SERVER_PLAIN);
  g_autoptr (KmsReport) report = kms_report_new ();
  g_autoptr (GError) error = NULL;

  g_unsetenv ("VAULT_ADDR");
  if (open_provider (fixture, "ConnectTimeout=1\n", &error) != NULL)
    kms_provider_diagnose (fixture->provider, NULL, report, NULL);
  g_assert_no_error (error);
  g_assert_cmpint (kms_report_get_worst (report), <, KMS_SEVERITY_ERROR);
}

static void
test_token (void)
{
  g_autoptr (DoubleFixture) fixture = make_fixture (TEST_SERVER_PLAIN);
  g_autofree char *program = g_build_filename (fixture->root, "program", NULL);
  g_autofree char *config = g_strdup_printf ("token_helper = \"%s\"\n", program);

  g_setenv ("VAULT_TOKEN", "two words", TRUE);
  assert_fails (fixture, KMS_ERROR_CREDENTIALS, "VAULT_TOKEN");
  g_setenv ("BAO_TOKEN", "", TRUE);
  assert_fails (fixture, KMS_ERROR_CREDENTIALS, "there is no token");
  config_root_write (fixture->root, ".vault-token", VAULT_DOUBLE_ROOT_TOKEN "\n");
  assert_works (fixture);
  config_root_write (fixture->root, ".vault-token", "hvs.wrong");
  assert_fails (fixture, KMS_ERROR_CREDENTIALS, "the token is refused");
  config_root_write (fixture->root, "program", "#!/bin/sh\necho root\n");
  g_assert_cmpint (g_chmod (program, 0700), ==, 0);
  config_root_write (fixture->root, ".vault", config);
  assert_works (fixture);
}

static void
test_tls (void)
{
  g_autoptr (DoubleFixture) fixture = make_fixture (TEST_SERVER_TLS);
  g_autofree char *pem = NULL;

  assert_fails (fixture, KMS_ERROR_CONFIG, "certificate is not accepted");
  g_setenv ("VAULT_CACERT", test_server_get_ca_file (fixture->server), TRUE);
  assert_works (fixture);
  g_setenv ("VAULT_CACERT", "/nowhere/ca.pem", TRUE);
  assert_fails (fixture, KMS_ERROR_CONFIG, "VAULT_CACERT");
  g_unsetenv ("VAULT_CACERT");
  g_assert_true (g_file_get_contents (test_server_get_ca_file (fixture->server), &pem, NULL, NULL));
  g_setenv ("VAULT_CACERT_BYTES", pem, TRUE);
  assert_works (fixture);
  g_setenv ("VAULT_CLIENT_CERT", test_server_get_client_certificate_file (fixture->server), TRUE);
  assert_fails (fixture, KMS_ERROR_CONFIG, "VAULT_CLIENT_KEY");
  g_unsetenv ("VAULT_CLIENT_CERT");
  g_unsetenv ("VAULT_CACERT_BYTES");
  g_setenv ("VAULT_SKIP_VERIFY", "true", TRUE);
  g_test_expect_message ("kms-http", G_LOG_LEVEL_WARNING, "*not verified, because of VAULT_SKIP_VERIFY*");
  assert_works (fixture);
  g_test_assert_expected_messages ();
}

static void
test_numbers (void)
{
  static const struct
  {
    const char *variable, *value;
  } wrong[] = {
    { "VAULT_MAX_RETRIES", "many" },    { "VAULT_MAX_RETRIES", "-1" },    { "VAULT_MAX_RETRIES", "\v1" },
    { "VAULT_CLIENT_TIMEOUT", "soon" }, { "VAULT_SKIP_VERIFY", "maybe" }, { "VAULT_NAMESPACE", "a/../b" },
    { "VAULT_DISABLE_REDIRECTS", "2" },
  };
  g_autoptr (DoubleFixture) fixture = make_fixture (TEST_SERVER_PLAIN);

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_setenv (wrong[i].variable, wrong[i].value, TRUE);
      assert_fails (fixture, KMS_ERROR_CONFIG,
                    strstr (wrong[i].variable, "NAMESPACE") ? "namespace" : wrong[i].variable);
      g_unsetenv (wrong[i].variable);
    }
  g_setenv ("VAULT_MAX_RETRIES", "0", TRUE);
  g_setenv ("VAULT_CLIENT_TIMEOUT", "0", TRUE); /* which is no limit */
  assert_works (fixture);
  g_setenv ("VAULT_CLIENT_TIMEOUT", "10s", TRUE);
  g_setenv ("VAULT_NAMESPACE", "root", TRUE);
  assert_works (fixture);
  test_server_add_fault (fixture->server, "encrypt", (TestFault){ .kind = TEST_FAULT_ANSWER, .status = 502 }, 1);
  assert_fails (fixture, KMS_ERROR_UNAVAILABLE, "502");
}

static void
run_apart (gconstpointer func)
{
  if (g_test_subprocess ())
    {
      ((GTestFunc) func) ();
      return;
    }
  g_test_trap_subprocess (NULL, 100 * G_USEC_PER_SEC, G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_test_trap_assert_passed ();
}

int
main (int argc, char **argv)
{
  for (guint i = 0; i < G_N_ELEMENTS (variables); i++)
    {
      g_autofree char *vault = g_strconcat ("VAULT_", variables[i], NULL);
      g_autofree char *bao = g_strconcat ("BAO_", variables[i], NULL);
      g_unsetenv (vault);
      g_unsetenv (bao);
    }
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/vault/variables/address", test_address, run_apart);
  g_test_add_data_func ("/vault/variables/unset", test_unset, run_apart);
  g_test_add_data_func ("/vault/variables/token", test_token, run_apart);
  g_test_add_data_func ("/vault/variables/tls", test_tls, run_apart);
  g_test_add_data_func ("/vault/variables/numbers", test_numbers, run_apart);
  return g_test_run ();
}
