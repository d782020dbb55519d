/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Credentials: fetched once however many want them, renewed while they are good, and once after a refusal. */
#include "http-fixture.h"

#include <string.h>

#define N_THREADS 16

static guint
count_logins (HttpFixture *fixture)
{
  return test_server_count_requests_of (fixture->server, "/login");
}

static void
slow_login (HttpFixture *fixture, guint delay_ms)
{
  TestFault slow = { .kind = TEST_FAULT_NONE, .delay_ms = delay_ms };
  test_server_add_fault (fixture->server, "/login", slow, 0);
}

static void
test_single_flight (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, NULL, "Login=true\n");

  slow_login (fixture, 200);
  g_assert_cmpuint (http_fixture_echo_at_once (fixture, N_THREADS, 1), ==, 0);
  g_assert_cmpuint (count_logins (fixture), ==, 1);
  g_assert_cmpuint (test_server_count_requests_of (fixture->server, "/encrypt"), ==, N_THREADS);
}

/* Why the last login was wanted, as the module was told. */
static const char *
get_last_reason (HttpFixture *fixture)
{
  for (guint i = test_server_count_requests (fixture->server); i > 0; i--)
    {
      const TestRequest *request = test_server_get_request (fixture->server, i - 1);
      if (strcmp (request->path, "/login") == 0)
        return test_request_get_header (request, "X-Reason");
    }
  g_assert_not_reached ();
}

/* All are refused at once, and one login serves them all. */
static void
test_refusal (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, NULL, "Login=true\n");
  g_autoptr (GError) error = NULL;

  g_assert_true (http_fixture_echo (fixture, "k", &error));
  fixture->refused_below = 2;
  slow_login (fixture, 100);
  g_assert_cmpuint (http_fixture_echo_at_once (fixture, N_THREADS, 1), ==, 0);
  g_assert_cmpuint (count_logins (fixture), ==, 2);
  g_assert_cmpstr (get_last_reason (fixture), ==, "refused");
}

/* New ones are refused, too: that is an answer, and no reason to log in again and again. */
static void
test_refused_twice (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, NULL, "Login=true\n");

  fixture->refused_below = G_MAXUINT;
  http_fixture_assert_fails (fixture, "k", KMS_ERROR_CREDENTIALS);
  g_assert_cmpuint (count_logins (fixture), ==, 2);
  g_assert_cmpuint (test_server_count_requests_of (fixture->server, "/encrypt"), ==, 2);
}

static const char *
get_last_token (HttpFixture *fixture)
{
  guint n = test_server_count_requests (fixture->server);
  return test_request_get_header (test_server_get_request (fixture->server, n - 1), "X-Token");
}

/* After two thirds of their time new ones are asked for, and nobody waits for them: the old ones are used meanwhile. */
static void
test_renewal (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, NULL, "Login=true\n");
  gint64 end = g_get_monotonic_time () + 30 * G_USEC_PER_SEC;
  g_autoptr (GError) error = NULL;

  fixture->login_ttl = 6;
  g_assert_true (http_fixture_echo (fixture, "k", &error));
  test_server_add_fault (fixture->server, "/login", (TestFault){ .kind = TEST_FAULT_SILENCE }, 0);
  while (count_logins (fixture) < 2 && g_get_monotonic_time () < end)
    {
      g_assert_true (http_fixture_echo (fixture, "k", &error));
      g_usleep (20 * 1000);
    }
  g_assert_cmpuint (count_logins (fixture), ==, 2);
  g_assert_true (http_fixture_echo (fixture, "k", &error));
  g_assert_no_error (error);
  g_assert_cmpstr (get_last_token (fixture), ==, "token-1");
}

/* From their end on they are not sent any more, and whoever calls waits for new ones. */
static void
test_expiry (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, NULL, "Login=true\n");
  g_autoptr (GError) error = NULL;

  fixture->login_ttl = 1;
  g_assert_true (http_fixture_echo (fixture, "k", &error));
  g_usleep (1200 * 1000);
  g_assert_true (http_fixture_echo (fixture, "k", &error));
  g_assert_no_error (error);
  g_assert_cmpuint (count_logins (fixture), ==, 2);
  g_assert_cmpstr (get_last_token (fixture), ==, "token-2");
  g_assert_cmpstr (get_last_reason (fixture), ==, "expired");
}

/* The old ones are good for a while longer, so that a service of tokens in trouble does not stop anybody. */
static void
test_failing_renewal (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, "Retries=0", "Login=true\n");
  gint64 end;
  g_autoptr (GError) error = NULL;

  fixture->login_ttl = 6;
  g_assert_true (http_fixture_echo (fixture, "k", &error));
  test_server_add_fault (fixture->server, "/login", (TestFault){ .kind = TEST_FAULT_ANSWER, .status = 503 }, 0);
  end = g_get_monotonic_time () + 5 * G_USEC_PER_SEC;
  while (g_get_monotonic_time () < end)
    {
      g_assert_true (http_fixture_echo (fixture, "k", &error));
      g_assert_no_error (error);
      g_usleep (50 * 1000);
    }
  g_assert_cmpuint (test_server_count_requests_of (fixture->server, "/login"), >=, 2);
  g_assert_cmpuint (test_server_count_requests_of (fixture->server, "/login"), <=, 4);
}

static void
test_failing_login (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, "Retries=0", "Login=true\n");
  g_autoptr (GError) error = NULL;

  test_server_add_fault (fixture->server, "/login", (TestFault){ .kind = TEST_FAULT_ANSWER, .status = 403 }, 0);
  for (guint i = 0; i < 100; i++)
    g_assert_false (http_fixture_echo (fixture, "k", NULL));
  http_fixture_assert_fails (fixture, "k", KMS_ERROR_NOT_AUTHORIZED);
  g_assert_cmpuint (test_server_count_requests_of (fixture->server, "/login"), <, 20);
  g_assert_cmpuint (test_server_count_requests_of (fixture->server, "/encrypt"), ==, 0);

  test_server_clear_faults (fixture->server);
  g_usleep (700 * 1000); /* longer than it remembers a failed login */
  g_assert_true (http_fixture_echo (fixture, "k", &error));
  g_assert_no_error (error);
}

static void
test_farewell (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, NULL, "Login=true\n");
  gint64 end = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;
  g_autoptr (GError) error = NULL;

  g_assert_true (http_fixture_echo (fixture, "k", &error));
  http_fixture_close_provider (fixture);
  /* The provider's thread may still have the last call in its hands, and is the one that closes then. */
  while (test_server_count_requests_of (fixture->server, "/logout") == 0 && g_get_monotonic_time () < end)
    g_usleep (10 * 1000);
  g_assert_cmpuint (test_server_count_requests_of (fixture->server, "/logout"), ==, 1);
  g_assert_cmpstr (get_last_token (fixture), ==, "token-1");
}

/* Whoever gets an answer and lets go at once, as a program does that ends: the thread of the provider still holds the call
 * then, and yet the farewell is said before the registry is gone. */
static void
test_farewell_at_once (void)
{
  for (guint i = 0; i < 50; i++)
    {
      g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, NULL, "Login=true\n");
      g_autoptr (GError) error = NULL;

      g_clear_object (&fixture->provider);
      g_autoptr (KmsProvider) provider = kms_registry_dup_provider (fixture->registry, "echo", &error);
      g_assert_no_error (error);
      fixture->provider = provider;
      g_assert_true (http_fixture_echo (fixture, "k", &error));
      g_assert_no_error (error);
      fixture->provider = NULL;
      g_clear_object (&provider);
      g_clear_object (&fixture->registry);
      g_assert_cmpuint (test_server_count_requests_of (fixture->server, "/logout"), ==, 1);
    }
}

/* Who goes does not wait for a server that says nothing. */
static void
test_farewell_to_nobody (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, NULL, "Login=true\n");
  g_autoptr (GError) error = NULL;

  g_assert_true (http_fixture_echo (fixture, "k", &error));
  test_server_add_fault (fixture->server, "/logout", (TestFault){ .kind = TEST_FAULT_SILENCE }, 0);
  gint64 begin = g_get_monotonic_time ();
  http_fixture_close_provider (fixture);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 8 * G_USEC_PER_SEC);
}

/* Nor does it try again where the server is in trouble, but for the connection that may have been stale. */
static void
test_farewell_once (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, NULL, "Login=true\n");
  gint64 end = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;
  g_autoptr (GError) error = NULL;

  g_assert_true (http_fixture_echo (fixture, "k", &error));
  test_server_add_fault (fixture->server, "/logout", (TestFault){ .kind = TEST_FAULT_CLOSE_AFTER_READING }, 0);
  http_fixture_close_provider (fixture);
  while (test_server_count_requests_of (fixture->server, "/logout") == 0 && g_get_monotonic_time () < end)
    g_usleep (10 * 1000);
  g_usleep (600 * 1000); /* the longest pause before a first retry, and a little */
  g_assert_cmpuint (test_server_count_requests_of (fixture->server, "/logout"), ==, 2);
}

/* A module that would wait for itself is told so. */
static void
test_own_thread (void)
{
  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
      g_test_trap_assert_failed ();
      g_test_trap_assert_stderr ("*provider's own thread, which would wait for itself*");
      return;
    }
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, "CallTimeout=5", NULL);
  http_fixture_echo (fixture, "asks-itself", NULL);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/credentials/single-flight", test_single_flight);
  g_test_add_func ("/http/credentials/refusal", test_refusal);
  g_test_add_func ("/http/credentials/refused-twice", test_refused_twice);
  g_test_add_func ("/http/credentials/renewal", test_renewal);
  g_test_add_func ("/http/credentials/expiry", test_expiry);
  g_test_add_func ("/http/credentials/failing-renewal", test_failing_renewal);
  g_test_add_func ("/http/credentials/failing-login", test_failing_login);
  g_test_add_func ("/http/credentials/farewell", test_farewell);
  g_test_add_func ("/http/credentials/farewell/at-once", test_farewell_at_once);
  g_test_add_func ("/http/credentials/farewell/to-nobody", test_farewell_to_nobody);
  g_test_add_func ("/http/credentials/farewell/once", test_farewell_once);
  g_test_add_func ("/http/credentials/own-thread", test_own_thread);
  return g_test_run ();
}
