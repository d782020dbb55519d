/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Everything that a server, a proxy and the network between can do wrong, and what the caller is told. */
#include "http-fixture.h"

#include <string.h>

/* One fault on every request: the class of the error, and how often the request was made in all. */
typedef struct
{
  const char *name;
  TestFault fault;
  KmsError code;
  guint n_requests;
} FaultCase;

#define ANSWER(n)                                                                                                      \
  {                                                                                                                    \
    .kind = TEST_FAULT_ANSWER, .status = n, .body = "{}"                                                               \
  }

static const FaultCase cases[] = {
  { "status-400", ANSWER (400), KMS_ERROR_INVALID_ARGUMENT, 1 },
  { "status-404", ANSWER (404), KMS_ERROR_NOT_FOUND, 1 },
  { "status-405", ANSWER (405), KMS_ERROR_NOT_SUPPORTED, 1 },
  { "status-413", ANSWER (413), KMS_ERROR_TOO_LARGE, 1 },
  { "status-429", ANSWER (429), KMS_ERROR_THROTTLED, 3 },
  { "status-500", ANSWER (500), KMS_ERROR_UNAVAILABLE, 3 },
  { "status-501", ANSWER (501), KMS_ERROR_NOT_SUPPORTED, 1 },
  { "status-502", ANSWER (502), KMS_ERROR_UNAVAILABLE, 3 },
  { "status-503", ANSWER (503), KMS_ERROR_UNAVAILABLE, 3 },
  { "status-504", ANSWER (504), KMS_ERROR_UNAVAILABLE, 3 },
  { "status-599", ANSWER (599), KMS_ERROR_UNAVAILABLE, 3 },
  { "status-204", ANSWER (204), KMS_ERROR_INTEGRITY, 1 },
  { "redirect",
    { .kind = TEST_FAULT_ANSWER, .status = 302, .headers = "Location: http://192.0.2.1/\r\n" },
    KMS_ERROR_UNAVAILABLE,
    1 },
  { "html-200", { .kind = TEST_FAULT_HTML }, KMS_ERROR_INTEGRITY, 1 },
  { "html-502", { .kind = TEST_FAULT_HTML, .status = 502 }, KMS_ERROR_UNAVAILABLE, 3 },
  { "truncated-json", { .kind = TEST_FAULT_TRUNCATED_BODY }, KMS_ERROR_INTEGRITY, 1 },
  { "reset-after-reading", { .kind = TEST_FAULT_RESET_AFTER_READING }, KMS_ERROR_UNAVAILABLE, 3 },
  { "reset-after-handling", { .kind = TEST_FAULT_RESET_AFTER_HANDLING }, KMS_ERROR_UNAVAILABLE, 3 },
  { "close-after-reading", { .kind = TEST_FAULT_CLOSE_AFTER_READING }, KMS_ERROR_UNAVAILABLE, 3 },
  { "half-body", { .kind = TEST_FAULT_HALF_BODY }, KMS_ERROR_UNAVAILABLE, 3 },
  { "length-too-long", { .kind = TEST_FAULT_LENGTH_TOO_LONG }, KMS_ERROR_UNAVAILABLE, 3 },
  { "length-too-short", { .kind = TEST_FAULT_LENGTH_TOO_SHORT }, KMS_ERROR_INTEGRITY, 1 },
  { "chunked-without-end", { .kind = TEST_FAULT_CHUNKED_WITHOUT_END }, KMS_ERROR_TIMED_OUT, 3 },
  { "silence", { .kind = TEST_FAULT_SILENCE }, KMS_ERROR_TIMED_OUT, 3 },
  { "endless-body", { .kind = TEST_FAULT_ENDLESS_BODY }, KMS_ERROR_INTEGRITY, 1 },
  { "endless-chunks", { .kind = TEST_FAULT_ENDLESS_CHUNKS }, KMS_ERROR_INTEGRITY, 1 },
  { "garbage", { .kind = TEST_FAULT_GARBAGE }, KMS_ERROR_INTEGRITY, 1 },
};

static void
test_fault (gconstpointer data)
{
  const FaultCase *c = data;
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, "AttemptTimeout=0.5", NULL);
  g_autoptr (GError) error = NULL;

  test_server_add_fault (fixture->server, NULL, c->fault, 0);
  g_assert_false (http_fixture_echo (fixture, "k", &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, KMS_ERROR, (int) c->code);
  g_assert_cmpuint (test_server_count_requests (fixture->server), ==, c->n_requests);
  g_assert_cmpint (strstr (error->message, "tried 3 times") != NULL, ==, c->n_requests == 3);
  g_clear_error (&error);

  test_server_clear_faults (fixture->server);
  g_assert_true (http_fixture_echo (fixture, "k", &error));
  g_assert_no_error (error);
}

/* libsoup can't tell an answer whose headers or chunks end with the connection from a whole one: the JSON has to tell. The
 * result is right, or it is an error. */
static void
test_cut (gconstpointer data)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, "AttemptTimeout=0.5", NULL);
  g_autoptr (GError) error = NULL;

  test_server_add_fault (fixture->server, NULL, (TestFault){ .kind = (TestFaultKind) GPOINTER_TO_INT (data) }, 0);
  if (http_fixture_echo (fixture, "k", &error))
    return;
  g_test_message ("%s", error->message);
  g_assert_true (g_error_matches (error, KMS_ERROR, KMS_ERROR_INTEGRITY)
                 || g_error_matches (error, KMS_ERROR, KMS_ERROR_UNAVAILABLE));
}

static void
test_retry_succeeds (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, NULL, NULL);
  g_autoptr (GError) error = NULL;

  test_server_add_fault (fixture->server, NULL, (TestFault) ANSWER (503), 2);
  g_assert_true (http_fixture_echo (fixture, "k", &error));
  g_assert_no_error (error);
  g_assert_cmpuint (test_server_count_requests (fixture->server), ==, 3);
}

static void
test_no_retries (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, "Retries=0", NULL);

  test_server_add_fault (fixture->server, NULL, (TestFault) ANSWER (503), 0);
  http_fixture_assert_fails (fixture, "k", KMS_ERROR_UNAVAILABLE);
  g_assert_cmpuint (test_server_count_requests (fixture->server), ==, 1);
}

static void
test_retry_after (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, NULL, NULL);
  g_autoptr (GError) error = NULL;
  TestFault fault = { .kind = TEST_FAULT_ANSWER, .status = 429, .headers = "Retry-After: 2\r\n", .body = "{}" };
  gint64 begin = g_get_monotonic_time ();

  test_server_add_fault (fixture->server, NULL, fault, 1);
  g_assert_true (http_fixture_echo (fixture, "k", &error));
  g_assert_no_error (error);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 2 * G_USEC_PER_SEC);
}

/* Who would have to wait until after the deadline need not wait at all. */
static void
test_retry_after_deadline (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, "CallTimeout=20", NULL);
  TestFault fault = { .kind = TEST_FAULT_ANSWER, .status = 429, .headers = "Retry-After: 3600\r\n", .body = "{}" };
  gint64 begin = g_get_monotonic_time ();

  test_server_add_fault (fixture->server, NULL, fault, 0);
  http_fixture_assert_fails (fixture, "k", KMS_ERROR_THROTTLED);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 10 * G_USEC_PER_SEC);
  g_assert_cmpuint (test_server_count_requests (fixture->server), ==, 1);
}

/* A deadline of 300 ms ends then, whatever the server does; the upper bound leaves room for a busy machine. */
static void
test_deadline (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, "CallTimeout=0.3", NULL);
  static const TestFaultKind kinds[] = { TEST_FAULT_SILENCE, TEST_FAULT_CHUNKED_WITHOUT_END };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      test_server_clear_faults (fixture->server);
      test_server_add_fault (fixture->server, NULL, (TestFault){ .kind = kinds[i] }, 0);
      gint64 begin = g_get_monotonic_time ();
      http_fixture_assert_fails (fixture, "k", KMS_ERROR_TIMED_OUT);
      g_assert_cmpint (g_get_monotonic_time () - begin, >=, 300 * 1000);
      g_assert_cmpint (g_get_monotonic_time () - begin, <, 3 * G_USEC_PER_SEC);
    }
}

static void
test_refused_connection (void)
{
  g_autoptr (TestServer) gone = test_server_new (TEST_SERVER_PLAIN);
  g_autofree char *address = g_strconcat ("Address=", test_server_get_address (gone), "\n", NULL);

  g_clear_pointer (&gone, test_server_free);
  g_autoptr (HttpFixture)
    fixture = http_fixture_new_for_file (test_server_new (TEST_SERVER_PLAIN), "Retries=1", address);
  http_fixture_assert_fails (fixture, "k", KMS_ERROR_UNAVAILABLE);
}

static void
test_bad_address (gconstpointer data)
{
  g_autofree char *address = g_strconcat ("Address=", data, "\n", NULL);
  g_autoptr (HttpFixture) fixture = http_fixture_new_for_file (test_server_new (TEST_SERVER_PLAIN), NULL, address);

  http_fixture_assert_fails (fixture, "k", KMS_ERROR_CONFIG);
}

static gboolean
run_admin (HttpFixture *fixture, KmsKeyVerb verb, GError **error)
{
  g_autoptr (GPtrArray) keys = kms_key_admin_run (KMS_KEY_ADMIN (fixture->provider), verb, "k", NULL, NULL, error);
  return keys != NULL;
}

/* A rotation that got no answer may have happened: it is not sent again, whatever came. */
static void
test_unrepeatable (void)
{
  static const TestFault faults[] = { ANSWER (503),
                                      ANSWER (429),
                                      { .kind = TEST_FAULT_RESET_AFTER_HANDLING },
                                      { .kind = TEST_FAULT_CLOSE_AFTER_READING },
                                      { .kind = TEST_FAULT_SILENCE } };
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, "AttemptTimeout=0.5", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      g_autoptr (GError) error = NULL;
      test_server_forget_requests (fixture->server);
      test_server_add_fault (fixture->server, "/rotate", faults[i], 1);
      g_assert_false (run_admin (fixture, KMS_KEY_VERB_ROTATE, &error));
      g_test_message ("%s", error->message);
      g_assert_cmpuint (test_server_count_requests_of (fixture->server, "/rotate"), ==, 1);
    }
}

/* Nor does it go over a connection that may have gone stale. */
static void
test_unrepeatable_on_new_connection (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, NULL, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (http_fixture_echo (fixture, "k", &error));
  g_assert_true (http_fixture_echo (fixture, "k", &error));
  g_assert_cmpuint (test_server_count_connections (fixture->server), ==, 1);
  g_assert_true (run_admin (fixture, KMS_KEY_VERB_ROTATE, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (test_server_count_connections (fixture->server), ==, 2);
}

/* Where no connection was to be had, nothing can have happened. */
static void
test_unrepeatable_not_sent (void)
{
  g_autoptr (TestServer) gone = test_server_new (TEST_SERVER_PLAIN);
  g_autofree char *address = g_strconcat ("Address=", test_server_get_address (gone), "\n", NULL);
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&gone, test_server_free);
  g_autoptr (HttpFixture)
    fixture = http_fixture_new_for_file (test_server_new (TEST_SERVER_PLAIN), "Retries=1", address);
  g_assert_false (run_admin (fixture, KMS_KEY_VERB_ROTATE, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_UNAVAILABLE);
  g_assert_nonnull (strstr (error->message, "tried 2 times"));
}

static void
test_repeatable_admin (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, NULL, NULL);
  g_autoptr (GError) error = NULL;

  test_server_add_fault (fixture->server, "/keys", (TestFault) ANSWER (503), 2);
  g_assert_true (run_admin (fixture, KMS_KEY_VERB_SHOW, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (test_server_count_requests_of (fixture->server, "/keys"), ==, 3);
}

static void
test_several_requests (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, NULL, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (http_fixture_echo (fixture, "two-steps", &error));
  g_assert_no_error (error);
  g_assert_cmpuint (test_server_count_requests_of (fixture->server, "/two-steps/"), ==, 1);
  g_assert_cmpuint (test_server_count_requests_of (fixture->server, "/encrypt/two-steps"), ==, 1);
  http_fixture_assert_fails (fixture, "for-ever", KMS_ERROR_FAILED);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/http/fault/", cases[i].name, NULL);
      g_test_add_data_func (path, &cases[i], test_fault);
    }
  g_test_add_data_func ("/http/fault/half-headers", GINT_TO_POINTER (TEST_FAULT_HALF_HEADERS), test_cut);
  g_test_add_data_func ("/http/fault/chunked-cut", GINT_TO_POINTER (TEST_FAULT_CHUNKED_CUT), test_cut);
  g_test_add_func ("/http/retry/succeeds", test_retry_succeeds);
  g_test_add_func ("/http/retry/none-wanted", test_no_retries);
  g_test_add_func ("/http/retry/after", test_retry_after);
  g_test_add_func ("/http/retry/after-the-deadline", test_retry_after_deadline);
  g_test_add_func ("/http/deadline", test_deadline);
  g_test_add_func ("/http/refused-connection", test_refused_connection);
  g_test_add_data_func ("/http/address/no-scheme", "vault.example", test_bad_address);
  g_test_add_data_func ("/http/address/other-scheme", "ftp://127.0.0.1/", test_bad_address);
  g_test_add_data_func ("/http/address/no-host", "http://", test_bad_address);
  g_test_add_func ("/http/unrepeatable/never-twice", test_unrepeatable);
  g_test_add_func ("/http/unrepeatable/new-connection", test_unrepeatable_on_new_connection);
  g_test_add_func ("/http/unrepeatable/not-sent", test_unrepeatable_not_sent);
  g_test_add_func ("/http/admin/retry", test_repeatable_admin);
  g_test_add_func ("/http/several-requests", test_several_requests);
  return g_test_run ();
}
