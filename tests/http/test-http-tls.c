/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whom the base class of HTTP providers connects to, over what, and whom it refuses. */
#include "http-fixture.h"

#include <signal.h>
#include <string.h>

static void
test_trusted (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_TLS, NULL, NULL);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 5; i++)
    {
      g_assert_true (http_fixture_echo (fixture, "k", &error));
      g_assert_no_error (error);
    }
  g_assert_cmpuint (test_server_count_connections (fixture->server), ==, 1);
}

typedef struct
{
  const char *name;
  TestServerFlags flags;
  const char *words; /* that the message must hold */
} TlsCase;

static const TlsCase cases[] = {
  { "wrong-name", TEST_SERVER_WRONG_NAME, "ServerName=" },
  { "expired", TEST_SERVER_EXPIRED, "expired" },
  { "other-ca", TEST_SERVER_OTHER_CA, "CaFile=" },
};

static void
test_refused (gconstpointer data)
{
  const TlsCase *c = data;
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_TLS | c->flags, NULL, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_false (http_fixture_echo (fixture, "k", &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, KMS_ERROR, KMS_ERROR_CONFIG);
  g_assert_nonnull (strstr (error->message, c->words));
  g_assert_cmpuint (test_server_count_requests (fixture->server), ==, 0);
}

/* The system's authorities did not sign it. */
static void
test_system_roots (void)
{
  TestServer *server = test_server_new (TEST_SERVER_TLS);
  g_autofree char *address = g_strconcat ("Address=", test_server_get_address (server), "\n", NULL);
  g_autoptr (HttpFixture) fixture = http_fixture_new_for_file (server, NULL, address);

  http_fixture_assert_fails (fixture, "k", KMS_ERROR_CONFIG);
}

static void
test_client_certificate (void)
{
  TestServer *server = test_server_new (TEST_SERVER_TLS | TEST_SERVER_CLIENT_CERTIFICATE);
  g_autofree char *settings =
    g_strdup_printf ("Address=%s\nCaFile=%s\nClientCertificate=%s\nClientKey=%s\n", test_server_get_address (server),
                     test_server_get_ca_file (server), test_server_get_client_certificate_file (server),
                     test_server_get_client_key_file (server));
  g_autoptr (HttpFixture) fixture = http_fixture_new_for_file (server, NULL, settings);
  g_autoptr (GError) error = NULL;

  g_assert_true (http_fixture_echo (fixture, "k", &error));
  g_assert_no_error (error);
  g_assert_nonnull (test_server_get_request (server, 0)->certificate);
}

static void
test_no_client_certificate (void)
{
  g_autoptr (HttpFixture)
    fixture = http_fixture_new (TEST_SERVER_TLS | TEST_SERVER_CLIENT_CERTIFICATE, "Retries=0", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_false (http_fixture_echo (fixture, "k", &error));
  g_test_message ("%s", error->message);
  g_assert_cmpuint (test_server_count_requests (fixture->server), ==, 0);
}

/* The certificate is for another name, and the file says which. */
static void
test_server_name (void)
{
  g_autoptr (HttpFixture) fixture =
    http_fixture_new (TEST_SERVER_TLS | TEST_SERVER_WRONG_NAME, NULL, "ServerName=" TEST_SERVER_OTHER_NAME "\n");
  g_autoptr (GError) error = NULL;

  g_assert_true (http_fixture_echo (fixture, "k", &error));
  g_assert_no_error (error);
}

static void
test_server_name_wrong (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_TLS, NULL, "ServerName=kms.invalid\n");
  http_fixture_assert_fails (fixture, "k", KMS_ERROR_CONFIG);
}

/* Against a server that does not speak TLS. */
static void
test_plain_server (void)
{
  TestServer *server = test_server_new (TEST_SERVER_PLAIN);
  g_autofree char *address = g_strdup_printf ("Address=https://127.0.0.1:%u\n", test_server_get_port (server));
  g_autoptr (HttpFixture) fixture = http_fixture_new_for_file (server, "Retries=0\nConnectTimeout=1", address);
  g_autoptr (GError) error = NULL;

  g_assert_false (http_fixture_echo (fixture, "k", &error));
  g_test_message ("%s", error->message);
}

typedef struct
{
  const char *name;
  TestFaultKind kind;
} BreakCase;

static const BreakCase breaks[] = {
  { "reset-in-handshake", TEST_FAULT_RESET_BEFORE_READING },
  { "reset-after-reading", TEST_FAULT_RESET_AFTER_READING },
  { "close-after-reading", TEST_FAULT_CLOSE_AFTER_READING },
  { "half-body", TEST_FAULT_HALF_BODY },
};

/* Inside of TLS, GIO has other words for a connection that breaks: it is tried again all the same. */
static void
test_break (gconstpointer data)
{
  const BreakCase *c = data;
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_TLS, NULL, NULL);
  g_autoptr (GError) error = NULL;

  test_server_add_fault (fixture->server, NULL, (TestFault){ .kind = c->kind }, 2);
  g_assert_true (http_fixture_echo (fixture, "k", &error));
  g_assert_no_error (error);
  g_assert_cmpuint (test_server_count_connections (fixture->server), ==, 3);

  test_server_add_fault (fixture->server, NULL, (TestFault){ .kind = c->kind }, 0);
  http_fixture_assert_fails (fixture, "k", KMS_ERROR_UNAVAILABLE);
}

static void
assert_bad_settings (const char *settings, const char *words)
{
  g_autofree char *root = config_root_new ();
  g_autofree char *file = g_strdup_printf ("Prefixes=echo/\n[Settings]\n%s\n", settings);
  g_autoptr (GError) error = NULL;

  config_root_add_provider (root, "echo", "kms-echo.so", file);
  g_autoptr (KmsRegistry) registry = kms_registry_new (root, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider (registry, "echo", &error);
  g_assert_null (provider);
  g_assert_error (error, KMS_ERROR, KMS_ERROR_CONFIG);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, words));
  config_root_remove (g_steal_pointer (&root));
}

static void
test_bad_files (void)
{
  assert_bad_settings ("CaFile=/nonexistent/ca.pem", "/nonexistent/ca.pem");
  assert_bad_settings ("CaFile=/etc/hostname", "/etc/hostname");
  assert_bad_settings ("CaDirectory=/nonexistent", "/nonexistent");
  assert_bad_settings ("ClientCertificate=/etc/hostname", "ClientKey=");
  assert_bad_settings ("CaFile=/etc/hostname\nCaDirectory=/etc", "leave one out");
}

/* A directory with the authority's file among others is as good as the file. */
static void
test_ca_directory (void)
{
  TestServer *server = test_server_new (TEST_SERVER_TLS);
  g_autoptr (ConfigRoot) directory = config_root_new ();
  g_autofree char *pem = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_get_contents (test_server_get_ca_file (server), &pem, NULL, NULL));
  config_root_write (directory, "certs/a-readme", "no certificate\n");
  config_root_write (directory, "certs/the-ca.pem", pem);
  g_autofree char *settings =
    g_strdup_printf ("Address=%s\nCaDirectory=%s/certs\n", test_server_get_address (server), directory);
  g_autoptr (HttpFixture) fixture = http_fixture_new_for_file (server, NULL, settings);
  g_assert_true (http_fixture_echo (fixture, "k", &error));
  g_assert_no_error (error);
}

static void
test_unix_socket (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_UNIX, NULL, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (http_fixture_echo (fixture, "k", &error));
  g_assert_no_error (error);
  g_assert_cmpstr (test_request_get_header (test_server_get_request (fixture->server, 0), "Host"), ==, "localhost");
}

static void
test_missing_socket (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new_for_file (test_server_new (TEST_SERVER_PLAIN), "Retries=0",
                                                               "Address=unix:///nonexistent/socket\n");
  http_fixture_assert_fails (fixture, "k", KMS_ERROR_UNAVAILABLE);
}

/* The variables are the test's own: a child sees the proxy, and asks it for what it could not reach itself. */
static void
test_proxy (void)
{
  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
      g_test_trap_assert_passed ();
      return;
    }
  TestServer *proxy = test_server_new (TEST_SERVER_PLAIN);
  g_autofree char *hosts = g_strdup ("somewhere.invalid, other.invalid");

  g_setenv ("http_proxy", test_server_get_address (proxy), TRUE);
  g_setenv ("no_proxy", hosts, TRUE);
  g_autoptr (HttpFixture) fixture = http_fixture_new_for_file (proxy, "Retries=0", "Address=http://kms.invalid:8200\n");
  g_autoptr (GError) error = NULL;
  g_assert_true (http_fixture_echo (fixture, "k", &error));
  g_assert_no_error (error);
  const TestRequest *request = test_server_get_request (proxy, 0);
  g_assert_cmpstr (request->path, ==, "http://kms.invalid:8200/encrypt/k");
  g_assert_cmpstr (test_request_get_header (request, "Host"), ==, "kms.invalid:8200");
}

static void
test_no_proxy (gconstpointer no_proxy)
{
  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
      g_test_trap_assert_passed ();
      return;
    }
  g_setenv ("http_proxy", "http://127.0.0.1:1", TRUE);
  g_setenv ("no_proxy", no_proxy, TRUE);
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, "Retries=0", NULL);
  g_autoptr (GError) error = NULL;
  g_assert_true (http_fixture_echo (fixture, "k", &error));
  g_assert_no_error (error);
}

/* A library leaves the process's signals alone, and GSocket does not. */
static void
test_sigpipe (void)
{
  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
      g_test_trap_assert_passed ();
      return;
    }
  struct sigaction now;
  g_autofree char *root = config_root_new ();
  g_autoptr (GError) error = NULL;

  config_root_add_provider (root, "echo", "kms-echo.so", "Prefixes=echo/\n[Settings]\nAddress=http://127.0.0.1:1\n");
  g_autoptr (KmsRegistry) registry = kms_registry_new (root, NULL, &error);
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider (registry, "echo", &error);
  g_assert_no_error (error);
  g_autoptr (KmsSecret) secret = kms_secret_new ((const guint8 *) "hello", 5);
  g_autoptr (GBytes) none = kms_provider_encrypt (provider, "k", secret, NULL, NULL, NULL);
  g_assert_null (none);
  g_assert_cmpint (sigaction (SIGPIPE, NULL, &now), ==, 0);
  g_assert_true (now.sa_handler == SIG_DFL);
  config_root_remove (g_steal_pointer (&root));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/tls/trusted", test_trusted);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/http/tls/refused/", cases[i].name, NULL);
      g_test_add_data_func (path, &cases[i], test_refused);
    }
  g_test_add_func ("/http/tls/system-roots", test_system_roots);
  g_test_add_func ("/http/tls/client-certificate", test_client_certificate);
  g_test_add_func ("/http/tls/no-client-certificate", test_no_client_certificate);
  g_test_add_func ("/http/tls/server-name", test_server_name);
  g_test_add_func ("/http/tls/server-name/wrong", test_server_name_wrong);
  g_test_add_func ("/http/tls/plain-server", test_plain_server);
  for (guint i = 0; i < G_N_ELEMENTS (breaks); i++)
    {
      g_autofree char *path = g_strconcat ("/http/tls/break/", breaks[i].name, NULL);
      g_test_add_data_func (path, &breaks[i], test_break);
    }
  g_test_add_func ("/http/tls/bad-files", test_bad_files);
  g_test_add_func ("/http/tls/ca-directory", test_ca_directory);
  g_test_add_func ("/http/unix-socket", test_unix_socket);
  g_test_add_func ("/http/unix-socket/missing", test_missing_socket);
  g_test_add_func ("/http/proxy", test_proxy);
  g_test_add_data_func ("/http/proxy/not-for-this-host", "example.invalid,127.0.0.1", test_no_proxy);
  g_test_add_data_func ("/http/proxy/for-none", "*", test_no_proxy);
  g_test_add_func ("/http/sigpipe", test_sigpipe);
  return g_test_run ();
}
