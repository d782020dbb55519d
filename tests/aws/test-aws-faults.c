/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What goes wrong at the service and on the way: which errors are whose, what is tried again, and clocks that differ. */
#include "double-fixture.h"

#include <string.h>

#define HTML "<!DOCTYPE html>\n<html><body><h1>500</h1></body></html>\n"
#define XML(code)                                                                                                      \
  "<ErrorResponse><Error><Type>Sender</Type><Code>" code "</Code><Message>no</Message></Error></ErrorResponse>"

typedef struct
{
  AwsDoubleAnswer answer;
  KmsError code;
  /* With Retries=1. */
  guint requests;
} Case;

static void
assert_case (const Case *expected)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);

  g_test_message ("%u %s %s %s", expected->answer.status, expected->answer.code, expected->answer.error_type,
                  expected->answer.body);
  aws_double_add_answer (fixture->aws, &expected->answer, 0);
  double_fixture_open (fixture, "Retries=1\n", NULL);
  double_fixture_assert_encrypt_fails (fixture, ORDERS, NULL, expected->code);
  g_assert_cmpuint (aws_double_count_entries (fixture->aws), ==, expected->requests);
}

static void
test_codes (void)
{
  static const Case cases[] = {
    { { .code = "com.amazonaws.kms#NotFoundException" }, KMS_ERROR_NOT_FOUND, 1 },
    { { .code = "AccessDeniedException" }, KMS_ERROR_NOT_AUTHORIZED, 1 },
    { { .code = "DisabledException" }, KMS_ERROR_KEY_DISABLED, 1 },
    { { .code = "KMSInvalidStateException", .status = 409 }, KMS_ERROR_KEY_DISABLED, 1 },
    { { .code = "IncorrectKeyException" }, KMS_ERROR_INVALID_CIPHERTEXT, 1 },
    { { .code = "InvalidKeyUsageException" }, KMS_ERROR_NOT_SUPPORTED, 1 },
    { { .code = "ValidationException" }, KMS_ERROR_INVALID_ARGUMENT, 1 },
    { { .code = "MissingAuthenticationTokenException" }, KMS_ERROR_CREDENTIALS, 1 },
    /* A quota, whatever clients of other services think. */
    { { .code = "LimitExceededException" }, KMS_ERROR_QUOTA, 1 },
    { { .code = "ThrottlingException" }, KMS_ERROR_THROTTLED, 2 },
    { { .code = "RequestLimitExceeded" }, KMS_ERROR_THROTTLED, 2 },
    { { .code = "KMSInternalException", .status = 500 }, KMS_ERROR_UNAVAILABLE, 2 },
    { { .code = "DependencyTimeoutException", .status = 503 }, KMS_ERROR_UNAVAILABLE, 2 },
    { { .code = "KeyUnavailableException", .status = 500 }, KMS_ERROR_UNAVAILABLE, 2 },
    { { .code = "XksProxyUriUnreachableException" }, KMS_ERROR_UNAVAILABLE, 2 },
    { { .code = "CustomKeyStoreInvalidStateException" }, KMS_ERROR_CONFIG, 1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_case (&cases[i]);
}

/* The header counts, up to its colon; then JSON in either spelling, then XML, then the status. */
static void
test_forms (void)
{
  static const Case cases[] = {
    { { .code = "ValidationException",
        .error_type = "AccessDeniedException:http://internal.amazon.com/coral/com.amazonaws.kms/" },
      KMS_ERROR_NOT_AUTHORIZED,
      1 },
    { { .body = "{\"code\":\"DisabledException\",\"Message\":\"capital\"}" }, KMS_ERROR_KEY_DISABLED, 1 },
    { { .status = 403, .body = XML ("AccessDenied") }, KMS_ERROR_NOT_AUTHORIZED, 1 },
    /* With new credentials, if there are any. */
    { { .status = 403, .body = XML ("InvalidClientTokenId") }, KMS_ERROR_CREDENTIALS, 2 },
    { { .status = 400, .body = XML ("Throttling") }, KMS_ERROR_THROTTLED, 2 },
    { { .status = 500, .body = HTML }, KMS_ERROR_UNAVAILABLE, 2 },
    { { .status = 503, .body = "" }, KMS_ERROR_UNAVAILABLE, 2 },
    { { .status = 429, .body = "" }, KMS_ERROR_THROTTLED, 2 },
    /* Went well, they say, but there is nothing in it. */
    { { .status = 200, .body = "" }, KMS_ERROR_INTEGRITY, 1 },
    { { .status = 200, .body = HTML }, KMS_ERROR_INTEGRITY, 1 },
    { { .status = 200, .body = "{\"KeyId\":\"x\"}" }, KMS_ERROR_INTEGRITY, 1 },
    { { .status = 200, .body = "{\"CiphertextBlob\":\"AQID" }, KMS_ERROR_INTEGRITY, 1 },
    { { .status = 200, .body = "{\"CiphertextBlob\":\"%%%%\"}" }, KMS_ERROR_INTEGRITY, 1 },
    { { .status = 200, .body = "{\"CiphertextBlob\":17}" }, KMS_ERROR_INTEGRITY, 1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_case (&cases[i]);
}

static void
test_throttled_then_well (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  AwsDoubleAnswer slow = { .code = "ThrottlingException",
                           .error_type = "ThrottlingException:http://internal.amazon.com/coral/" };

  aws_double_add_answer (fixture->aws, &slow, 1);
  double_fixture_open (fixture, "Retries=2\n", NULL);
  g_autoptr (GBytes) ciphertext = double_fixture_encrypt (fixture, ORDERS, NULL);
  g_assert_cmpuint (aws_double_count_entries (fixture->aws), ==, 2);
}

static void
test_error_details (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  g_autoptr (GError) error = NULL;

  aws_double_set_key_state (fixture->aws, fixture->arn, "Disabled");
  double_fixture_open (fixture, NULL, NULL);
  g_autoptr (GBytes) none = double_fixture_try_encrypt (fixture, ORDERS, NULL, &error);
  g_assert_cmpint (kms_error_get_http_status (error), ==, 400);
  g_assert_cmpstr (kms_error_get_service_code (error), ==, "DisabledException");
  g_assert_cmpuint (strlen (kms_error_get_request_id (error)), ==, 36);
  g_assert_nonnull (strstr (error->message, ORDERS));
  g_assert_nonnull (strstr (error->message, fixture->arn));
}

/* An answer without an end is not read to its end, and half of one is none. */
static void
test_line (void)
{
  static const TestFaultKind kinds[] = { TEST_FAULT_RESET_AFTER_READING, TEST_FAULT_CLOSE_AFTER_READING,
                                         TEST_FAULT_HALF_BODY };
  TestFault endless = { .kind = TEST_FAULT_ENDLESS_BODY }, cut = { .kind = TEST_FAULT_TRUNCATED_BODY };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
      TestFault fault = { .kind = kinds[i] };
      g_test_message ("fault %d", kinds[i]);
      test_server_add_fault (fixture->server, "/", fault, 1);
      double_fixture_open (fixture, NULL, NULL);
      g_autoptr (GBytes) ciphertext = double_fixture_encrypt (fixture, ORDERS, NULL);
    }
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  double_fixture_open (fixture, "Retries=0\n", NULL);
  test_server_add_fault (fixture->server, "/", endless, 1);
  double_fixture_assert_encrypt_fails (fixture, ORDERS, NULL, KMS_ERROR_INTEGRITY);
  test_server_add_fault (fixture->server, "/", cut, 1);
  double_fixture_assert_encrypt_fails (fixture, ORDERS, NULL, KMS_ERROR_INTEGRITY);
  g_autoptr (GBytes) ciphertext = double_fixture_encrypt (fixture, ORDERS, NULL);
}

/* Encrypting may be asked for again, and a deadline is one. */
static void
test_silence (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  TestFault silence = { .kind = TEST_FAULT_SILENCE };
  gint64 start = g_get_monotonic_time ();

  double_fixture_open (fixture, "AttemptTimeout=0.3\nRetries=1\n", NULL);
  test_server_add_fault (fixture->server, "/", silence, 1);
  g_autoptr (GBytes) ciphertext = double_fixture_encrypt (fixture, ORDERS, NULL);
  g_assert_cmpuint (test_server_count_requests (fixture->server), ==, 2);
  double_fixture_open (fixture, "CallTimeout=0.3\n", NULL);
  test_server_add_fault (fixture->server, "/", silence, 0);
  double_fixture_assert_encrypt_fails (fixture, ORDERS, NULL, KMS_ERROR_TIMED_OUT);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 20 * G_USEC_PER_SEC);
}

/* Their clock is an hour ahead, or ours behind: once is enough to know it. */
static void
test_clock (void)
{
  static const struct
  {
    int seconds;
    gboolean says_skewed;
  } clocks[] = { { 3600, FALSE }, { -3600, FALSE }, { 3600, TRUE }, { 86400, TRUE } };

  for (guint i = 0; i < G_N_ELEMENTS (clocks); i++)
    {
      g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
      aws_double_advance (fixture->aws, clocks[i].seconds);
      aws_double_set_says_skewed (fixture->aws, clocks[i].says_skewed);
      double_fixture_open (fixture, "Retries=0\n", NULL);
      g_autoptr (GBytes) ciphertext = double_fixture_encrypt (fixture, ORDERS, NULL);
      g_assert_cmpuint (aws_double_count_entries (fixture->aws), ==, 2);
      g_assert_cmpuint (aws_double_get_entry (fixture->aws, 0)->status, ==, 400);
      double_fixture_assert_decrypts (fixture, ORDERS, ciphertext, NULL);
      g_assert_cmpuint (aws_double_count_entries (fixture->aws), ==, 3);
      /* And back: it is learned again. */
      aws_double_advance (fixture->aws, -clocks[i].seconds);
      double_fixture_assert_decrypts (fixture, ORDERS, ciphertext, NULL);
      g_assert_cmpuint (aws_double_count_entries (fixture->aws), ==, 5);
    }
}

static void
test_clock_over_tls (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_TLS);
  g_autofree char *ca = g_strdup_printf ("CaFile=%s\n", test_server_get_ca_file (fixture->server));

  aws_double_advance (fixture->aws, 3600);
  double_fixture_open (fixture, "Retries=0\n", ca);
  g_autoptr (GBytes) ciphertext = double_fixture_encrypt (fixture, ORDERS, NULL);
  g_assert_cmpuint (aws_double_count_entries (fixture->aws), ==, 2);
}

/* Nothing says what time it is, or the time is no reason: no try more than one, and the clock is named. */
static void
test_clock_unknown (void)
{
  AwsDoubleAnswer stubborn = { .code = "RequestTimeTooSkewed" };
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  g_autoptr (GError) error = NULL;

  aws_double_advance (fixture->aws, 3600);
  aws_double_set_has_date (fixture->aws, FALSE);
  double_fixture_open (fixture, "Retries=0\n", NULL);
  g_autoptr (GBytes) none = double_fixture_try_encrypt (fixture, ORDERS, NULL, &error);
  g_assert_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS);
  g_assert_nonnull (strstr (error->message, "clock"));
  g_assert_cmpuint (aws_double_count_entries (fixture->aws), ==, 1);

  aws_double_set_has_date (fixture->aws, TRUE);
  aws_double_add_answer (fixture->aws, &stubborn, 0);
  double_fixture_assert_encrypt_fails (fixture, ORDERS, NULL, KMS_ERROR_CREDENTIALS);
  g_assert_cmpuint (aws_double_count_entries (fixture->aws), ==, 3);
}

/* A service whose clock runs away is not run after. */
static void
test_clock_runs_away (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();

  for (int i = 1; i <= 5; i++)
    {
      g_autoptr (GDateTime) later = g_date_time_add_hours (now, i);
      g_autofree char *header = g_date_time_format (later, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n");
      TestFault skewed = {
        .kind = TEST_FAULT_ANSWER, .status = 400, .headers = header, .body = "{\"__type\":\"RequestTimeTooSkewed\"}"
      };
      test_server_add_fault (fixture->server, "/", skewed, 1);
    }
  double_fixture_open (fixture, "Retries=2\n", NULL);
  double_fixture_assert_encrypt_fails (fixture, ORDERS, NULL, KMS_ERROR_CREDENTIALS);
  g_assert_cmpuint (test_server_count_requests (fixture->server), ==, 2);
}

/* A secret that is wrong is not a clock that is. */
static void
test_wrong_secret_once (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);

  double_fixture_set_keys (AWS_DOUBLE_ADMIN, "wrong", NULL);
  double_fixture_open (fixture, "Retries=2\n", NULL);
  double_fixture_assert_encrypt_fails (fixture, ORDERS, NULL, KMS_ERROR_CREDENTIALS);
  g_assert_cmpuint (aws_double_count_entries (fixture->aws), ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/aws/faults/codes", test_codes);
  g_test_add_func ("/aws/faults/forms", test_forms);
  g_test_add_func ("/aws/faults/throttled-then-well", test_throttled_then_well);
  g_test_add_func ("/aws/faults/error-details", test_error_details);
  g_test_add_func ("/aws/faults/line", test_line);
  g_test_add_func ("/aws/faults/silence", test_silence);
  g_test_add_func ("/aws/faults/clock", test_clock);
  g_test_add_func ("/aws/faults/clock-over-tls", test_clock_over_tls);
  g_test_add_func ("/aws/faults/clock-unknown", test_clock_unknown);
  g_test_add_func ("/aws/faults/clock-runs-away", test_clock_runs_away);
  g_test_add_func ("/aws/faults/wrong-secret-once", test_wrong_secret_once);
  return g_test_run ();
}
