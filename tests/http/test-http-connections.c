/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connections that are used again: what becomes of requests that meet one which the server has just given up, and what
 * a service in trouble is spared. */
#include "http-fixture.h"

#include <string.h>

/* Every connection is closed behind an answer that promised to keep it: no retry is spent on that. */
static void
test_stale_connections (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, "Retries=0", NULL);

  test_server_add_fault (fixture->server, NULL, (TestFault){ .kind = TEST_FAULT_STALE }, 0);
  for (guint i = 0; i < 50; i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_true (http_fixture_echo (fixture, "k", &error));
      g_assert_no_error (error);
    }
  g_assert_cmpuint (test_server_count_requests (fixture->server), >=, 50);
}

/* Numbers of connections begin anew with a new session: its first connections are not taken for used ones. */
static void
test_stale_after_new_session (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, "Retries=0\nAttemptTimeout=0.3", NULL);
  g_autoptr (GError) error = NULL;

  test_server_add_fault (fixture->server, NULL, (TestFault){ .kind = TEST_FAULT_STALE }, 5);
  for (guint i = 0; i < 6; i++)
    g_assert_true (http_fixture_echo (fixture, "k", &error));
  test_server_add_fault (fixture->server, NULL, (TestFault){ .kind = TEST_FAULT_SILENCE }, 2);
  for (guint i = 0; i < 2; i++)
    http_fixture_assert_fails (fixture, "k", KMS_ERROR_TIMED_OUT);

  test_server_forget_requests (fixture->server);
  test_server_add_fault (fixture->server, NULL, (TestFault){ .kind = TEST_FAULT_CLOSE_AFTER_READING }, 0);
  http_fixture_assert_fails (fixture, "k", KMS_ERROR_UNAVAILABLE);
  g_assert_cmpuint (test_server_count_requests (fixture->server), ==, 1);
}

/* So many connections stand open, and each has carried a request. */
static void
open_connections (HttpFixture *fixture, guint n)
{
  test_server_add_fault (fixture->server, NULL, (TestFault){ .kind = TEST_FAULT_NONE, .delay_ms = 500 }, n);
  g_assert_cmpuint (http_fixture_echo_at_once (fixture, n, 1), ==, 0);
  g_assert_cmpuint (test_server_count_connections (fixture->server), ==, n);
  test_server_forget_requests (fixture->server);
}

static void
close_requests (HttpFixture *fixture, guint n)
{
  test_server_add_fault (fixture->server, NULL, (TestFault){ .kind = TEST_FAULT_CLOSE_AFTER_READING }, n);
}

/* The server gives a connection up while a request is on its way: it is sent again, over a new connection, since others
 * may be as stale. */
static void
test_met_stale (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, "Retries=0", NULL);
  g_autoptr (GError) error = NULL;

  open_connections (fixture, 2);
  close_requests (fixture, 1);
  g_assert_true (http_fixture_echo (fixture, "k", &error));
  g_assert_no_error (error);
  g_assert_cmpuint (test_server_count_requests (fixture->server), ==, 2);
  g_assert_cmpuint (test_server_count_connections (fixture->server), ==, 3);
}

static void
test_met_stale_once (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, "Retries=0", NULL);

  open_connections (fixture, 2);
  close_requests (fixture, 0);
  http_fixture_assert_fails (fixture, "k", KMS_ERROR_UNAVAILABLE);
  g_assert_cmpuint (test_server_count_requests (fixture->server), ==, 2);
}

/* Only time-outs in a row cost the other connections. */
static void
test_timeouts_apart (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, "Retries=0\nAttemptTimeout=2", NULL);
  g_autoptr (GError) error = NULL;

  open_connections (fixture, 3);
  for (guint i = 0; i < 2; i++)
    {
      test_server_add_fault (fixture->server, NULL, (TestFault){ .kind = TEST_FAULT_SILENCE }, 1);
      http_fixture_assert_fails (fixture, "k", KMS_ERROR_TIMED_OUT);
      g_assert_true (http_fixture_echo (fixture, "k", &error));
      g_assert_no_error (error);
    }
  g_assert_cmpuint (test_server_count_connections (fixture->server), ==, 3);
}

/* Two in a row are taken for a sign that all connections may hang: the next request gets a new one. */
static void
test_timeouts_in_a_row (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, "Retries=0\nAttemptTimeout=2", NULL);
  g_autoptr (GError) error = NULL;

  open_connections (fixture, 3);
  test_server_add_fault (fixture->server, NULL, (TestFault){ .kind = TEST_FAULT_SILENCE }, 2);
  for (guint i = 0; i < 2; i++)
    http_fixture_assert_fails (fixture, "k", KMS_ERROR_TIMED_OUT);
  g_assert_true (http_fixture_echo (fixture, "k", &error));
  g_assert_no_error (error);
  g_assert_cmpuint (test_server_count_connections (fixture->server), ==, 4);
}

#define N_WAITING 8

/* A port that takes no more connections, as behind a firewall that drops what comes; the sockets keep it so. */
static guint16
fill_port (GSocket *listening, GSocket **waiting)
{
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GError) error = NULL;

  g_socket_set_listen_backlog (listening, 0);
  g_assert_true (g_socket_bind (listening, any, FALSE, &error));
  g_assert_true (g_socket_listen (listening, &error));
  g_autoptr (GSocketAddress) address = g_socket_get_local_address (listening, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < N_WAITING; i++)
    {
      waiting[i] = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);
      g_assert_no_error (error);
      g_socket_set_blocking (waiting[i], FALSE);
      g_socket_connect (waiting[i], address, NULL, NULL);
    }
  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
}

/* Who gets no connection need not wait as long as for an answer. */
static void
test_connect_timeout (void)
{
  g_autoptr (GSocket)
    listening = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
  GSocket *waiting[N_WAITING];
  g_autofree char *address = g_strdup_printf ("Address=http://127.0.0.1:%u\n", fill_port (listening, waiting));
  g_autoptr (HttpFixture) fixture = http_fixture_new_for_file (
    test_server_new (TEST_SERVER_PLAIN), "Retries=0\nConnectTimeout=0.5\nAttemptTimeout=25", address);
  gint64 begin = g_get_monotonic_time ();
  g_autoptr (GError) error = NULL;

  g_assert_false (http_fixture_echo (fixture, "k", &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, KMS_ERROR, KMS_ERROR_TIMED_OUT);
  g_assert_nonnull (strstr (error->message, "no connection within 0.5 s"));
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 20 * G_USEC_PER_SEC);
  for (guint i = 0; i < N_WAITING; i++)
    g_object_unref (waiting[i]);
}

/* A hundred retries without a success between, and a service in trouble gets no more; five successes earn another. */
static void
test_budget (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, "Retries=1", NULL);
  TestFault fault = { .kind = TEST_FAULT_ANSWER, .status = 503, .body = "{}" };
  g_autoptr (GError) error = NULL;

  test_server_add_fault (fixture->server, NULL, fault, 0);
  g_assert_cmpuint (http_fixture_echo_at_once (fixture, 16, 10), ==, 160);
  g_assert_cmpuint (test_server_count_requests (fixture->server), ==, 260);

  test_server_clear_faults (fixture->server);
  for (guint i = 0; i < 4; i++)
    g_assert_true (http_fixture_echo (fixture, "k", &error));
  test_server_add_fault (fixture->server, NULL, fault, 1);
  http_fixture_assert_fails (fixture, "k", KMS_ERROR_UNAVAILABLE);
  g_assert_true (http_fixture_echo (fixture, "k", &error));
  test_server_add_fault (fixture->server, NULL, fault, 1);
  g_assert_true (http_fixture_echo (fixture, "k", &error));
  g_assert_no_error (error);
}

/* What nobody asked for: no content codings, no cookies, no language. */
static void
test_headers (void)
{
  static const char *const unwanted[] = { "Accept-Encoding", "Accept-Language", "Cookie", "Authorization" };
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, NULL, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (http_fixture_echo (fixture, "k", &error));
  const TestRequest *request = test_server_get_request (fixture->server, 0);
  g_assert_cmpstr (test_request_get_header (request, "Content-Type"), ==, "application/json");
  g_assert_true (g_str_has_prefix (test_request_get_header (request, "User-Agent"), "libkms/"));
  for (guint i = 0; i < G_N_ELEMENTS (unwanted); i++)
    g_assert_null (test_request_get_header (request, unwanted[i]));
}

static gpointer
cancel_soon (gpointer data)
{
  g_usleep (100 * 1000);
  g_cancellable_cancel (data);
  return NULL;
}

/* Cancelled while it waits for its answer, which comes later and meets nobody. */
static void
test_cancelled_admin (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, NULL, NULL);
  TestFault slow = { .kind = TEST_FAULT_NONE, .delay_ms = 300 };

  test_server_add_fault (fixture->server, "/keys", slow, 0);
  for (guint i = 0; i < 5; i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GError) error = NULL;
      g_autoptr (GThread) thread = NULL;
      g_assert_true (http_fixture_echo (fixture, "k", &error));
      thread = g_thread_new ("canceller", cancel_soon, cancellable);
      g_autoptr (GPtrArray)
        keys = kms_key_admin_run (KMS_KEY_ADMIN (fixture->provider), KMS_KEY_VERB_SHOW, "k", NULL, cancellable, &error);
      g_assert_null (keys);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_thread_join (g_steal_pointer (&thread));
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/connections/closed", test_stale_connections);
  g_test_add_func ("/http/connections/new-session", test_stale_after_new_session);
  g_test_add_func ("/http/connections/met-stale", test_met_stale);
  g_test_add_func ("/http/connections/met-stale/once", test_met_stale_once);
  g_test_add_func ("/http/connections/timeouts-apart", test_timeouts_apart);
  g_test_add_func ("/http/connections/timeouts-in-a-row", test_timeouts_in_a_row);
  g_test_add_func ("/http/connections/connect-timeout", test_connect_timeout);
  g_test_add_func ("/http/connections/headers", test_headers);
  g_test_add_func ("/http/connections/cancelled-admin", test_cancelled_admin);
  g_test_add_func ("/http/retry/budget", test_budget);
  return g_test_run ();
}
