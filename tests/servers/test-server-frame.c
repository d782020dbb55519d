/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The test server without faults: what it notes, its sockets and its certificates. */
#include "raw-client.h"
#include "test-server.h"

static const char twice[] = "POST /v1/a%20b?list=true HTTP/1.1\r\nHost: localhost\r\nx-vault-token:  t \r\n"
                            "Content-Length: 3\r\n\r\nabc"
                            "GET /end HTTP/1.1\r\nConnection: close\r\n\r\n";

static void
test_notes (void)
{
  g_autoptr (TestServer) server = test_server_new (TEST_SERVER_PLAIN);
  g_autoptr (GError) error = NULL;
  g_autoptr (GIOStream) stream = raw_client_connect (test_server_get_address (server), NULL, NULL, NULL, &error);
  g_autofree char *got = raw_client_ask (stream, twice, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (g_pattern_match_simple ("HTTP/1.1 200 OK\r\n*{}HTTP/1.1 200 OK\r\n*{}", got));
  g_assert_cmpuint (test_server_count_connections (server), ==, 1);
  g_assert_cmpuint (test_server_count_requests (server), ==, 2);
  g_assert_cmpuint (test_server_count_requests_of (server, "/v1/"), ==, 1);
  const TestRequest *request = test_server_get_request (server, 0);
  g_assert_cmpuint (request->connection, ==, 1);
  g_assert_cmpstr (request->method, ==, "POST");
  g_assert_cmpstr (request->path, ==, "/v1/a%20b");
  g_assert_cmpstr (request->query, ==, "list=true");
  g_assert_cmpstr (test_request_get_header (request, "X-Vault-Token"), ==, "t");
  g_assert_null (test_request_get_header (request, "X-Vault-Namespace"));
  g_assert_cmpmem (g_bytes_get_data (request->body, NULL), g_bytes_get_size (request->body), "abc", 3);
  g_assert_null (test_server_get_request (server, 1)->query);
}

static void
test_chunks (void)
{
  g_autoptr (TestServer) server = test_server_new (TEST_SERVER_PLAIN);
  g_autoptr (GError) error = NULL;
  g_autoptr (GIOStream) stream = raw_client_connect (test_server_get_address (server), NULL, NULL, NULL, &error);
  g_autofree char *got = raw_client_ask (stream,
                                         "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                                         "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
                                         NULL, &error);

  g_assert_no_error (error);
  GBytes *body = test_server_get_request (server, 0)->body;
  g_assert_cmpmem (g_bytes_get_data (body, NULL), g_bytes_get_size (body), "abcde", 5);
}

static void
test_not_http (void)
{
  g_autoptr (TestServer) server = test_server_new (TEST_SERVER_PLAIN);
  g_autoptr (GError) error = NULL;
  g_autoptr (GIOStream) stream = raw_client_connect (test_server_get_address (server), NULL, NULL, NULL, &error);
  g_autofree char *got = raw_client_ask (stream, "hello\r\n\r\n", NULL, &error);

  g_assert_true (g_str_has_prefix (got, "HTTP/1.1 400 "));
  g_assert_cmpuint (test_server_count_requests (server), ==, 0);
}

static void
test_unix (void)
{
  g_autoptr (TestServer) server = test_server_new (TEST_SERVER_UNIX);
  g_autoptr (GError) error = NULL;

  g_assert_true (g_str_has_prefix (test_server_get_address (server), "unix:///"));
  g_autoptr (GIOStream) stream = raw_client_connect (test_server_get_address (server), NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_autofree char *got = raw_client_ask (stream, twice, NULL, &error);
  g_assert_true (g_str_has_prefix (got, "HTTP/1.1 200 "));
}

static void
check_tls (TestServerFlags flags, GTlsError expected, gboolean own)
{
  g_autoptr (TestServer) server = test_server_new (TEST_SERVER_TLS | flags);
  g_autoptr (GError) error = NULL;
  const char *certificate = own ? test_server_get_client_certificate_file (server) : NULL;
  g_autoptr (GIOStream) stream = raw_client_connect (test_server_get_address (server), test_server_get_ca_file (server),
                                                     certificate, test_server_get_client_key_file (server), &error);
  g_autofree char *got = stream != NULL ? raw_client_ask (stream, twice, NULL, &error) : NULL;

  if (expected != 0)
    {
      /* Without a certificate the server closes right behind its alert, and what the client still sends may be answered
       * with a reset that overtakes it. */
      if (expected != G_TLS_ERROR_CERTIFICATE_REQUIRED)
        g_assert_error (error, G_TLS_ERROR, (gint) expected);
      g_assert_nonnull (error);
      g_assert_cmpuint (test_server_count_requests (server), ==, 0);
      return;
    }
  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (got, "HTTP/1.1 200 "));
  g_assert_cmpint (test_server_get_request (server, 0)->certificate != NULL, ==, own);
}

static void
test_tls (void)
{
  check_tls (0, 0, FALSE);
  check_tls (TEST_SERVER_WRONG_NAME, G_TLS_ERROR_BAD_CERTIFICATE, FALSE);
  check_tls (TEST_SERVER_EXPIRED, G_TLS_ERROR_BAD_CERTIFICATE, FALSE);
  check_tls (TEST_SERVER_OTHER_CA, G_TLS_ERROR_BAD_CERTIFICATE, FALSE);
}

static void
test_tls_client (void)
{
  check_tls (TEST_SERVER_CLIENT_CERTIFICATE, 0, TRUE);
  check_tls (TEST_SERVER_CLIENT_CERTIFICATE, G_TLS_ERROR_CERTIFICATE_REQUIRED, FALSE);
  check_tls (TEST_SERVER_ASK_CERTIFICATE, 0, TRUE);
  check_tls (TEST_SERVER_ASK_CERTIFICATE, 0, FALSE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/server/notes", test_notes);
  g_test_add_func ("/server/chunks", test_chunks);
  g_test_add_func ("/server/not-http", test_not_http);
  g_test_add_func ("/server/unix", test_unix);
  g_test_add_func ("/server/tls", test_tls);
  g_test_add_func ("/server/tls-client", test_tls_client);
  return g_test_run ();
}
