/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What KMS's refusals mean: codes as AWS's published model of the service and the errors common to all services have
 * them, in each of the places where a code may stand. */
#include <aws-errors.h>

#include <libsoup/soup.h>
#include <string.h>

#define REQUEST_ID "0a1b2c3d-0000-1111-2222-333344445555"

typedef struct
{
  AwsClock clock;
  gboolean corrected;
  const char *url;
  const char *header;
  const char *date;
  gint64 signed_at;
} Scene;

static KmsHttpVerdict
judge (Scene *scene, guint status, const char *body, GError **error)
{
  g_autoptr (KmsHttpRequest) request = kms_http_request_new ();
  g_autoptr (KmsHttpBuffer) buffer = kms_http_buffer_new ();
  AwsScene about = { .operation = "Decrypt",
                     .object = "alias/a",
                     .clock = &scene->clock,
                     .signed_at = scene->signed_at,
                     .clock_corrected = &scene->corrected };

  kms_http_request_set_url (request, scene->url != NULL ? scene->url : "https://kms.eu-west-1.amazonaws.com/");
  kms_http_buffer_append_text (buffer, body);
  g_autoptr (KmsHttpResponse) response = kms_http_response_new (request, status, buffer);
  kms_http_response_add_header (response, "x-amzn-RequestId", REQUEST_ID);
  if (scene->header != NULL)
    kms_http_response_add_header (response, "x-amzn-ErrorType", scene->header);
  if (scene->date != NULL)
    kms_http_response_add_header (response, "Date", scene->date);
  return aws_errors_judge (response, &about, error);
}

static void
check (guint status, const char *body, const char *header, KmsError code, KmsHttpVerdict verdict, const char *service)
{
  Scene scene = { .header = header };
  g_autoptr (GError) error = NULL;

  KmsHttpVerdict got = judge (&scene, status, body, &error);
  g_test_message ("%s", error->message);
  g_assert_error (error, KMS_ERROR, (int) code);
  g_assert_cmpint (got, ==, verdict);
  g_assert_cmpstr (kms_error_get_service_code (error), ==, service);
  g_assert_cmpuint (kms_error_get_http_status (error), ==, status);
  g_assert_cmpstr (kms_error_get_request_id (error), ==, REQUEST_ID);
  g_assert_nonnull (strstr (error->message, "alias/a"));
}

static void
test_codes (void)
{
  static const struct
  {
    const char *code;
    KmsError error;
    KmsHttpVerdict verdict;
  } cases[] = {
    { "AccessDeniedException", KMS_ERROR_NOT_AUTHORIZED, KMS_HTTP_FAILED },
    { "OptInRequired", KMS_ERROR_NOT_AUTHORIZED, KMS_HTTP_FAILED },
    { "UnrecognizedClientException", KMS_ERROR_CREDENTIALS, KMS_HTTP_REFUSED },
    { "InvalidClientTokenId", KMS_ERROR_CREDENTIALS, KMS_HTTP_REFUSED },
    { "ExpiredTokenException", KMS_ERROR_CREDENTIALS, KMS_HTTP_REFUSED },
    { "ExpiredToken", KMS_ERROR_CREDENTIALS, KMS_HTTP_REFUSED },
    { "MissingAuthenticationToken", KMS_ERROR_CREDENTIALS, KMS_HTTP_FAILED },
    { "IncompleteSignature", KMS_ERROR_CREDENTIALS, KMS_HTTP_FAILED },
    { "SignatureDoesNotMatch", KMS_ERROR_CREDENTIALS, KMS_HTTP_FAILED },
    { "NotFoundException", KMS_ERROR_NOT_FOUND, KMS_HTTP_FAILED },
    { "DisabledException", KMS_ERROR_KEY_DISABLED, KMS_HTTP_FAILED },
    { "KMSInvalidStateException", KMS_ERROR_KEY_DISABLED, KMS_HTTP_FAILED },
    { "InvalidCiphertextException", KMS_ERROR_INVALID_CIPHERTEXT, KMS_HTTP_FAILED },
    { "IncorrectKeyException", KMS_ERROR_INVALID_CIPHERTEXT, KMS_HTTP_FAILED },
    { "InvalidKeyUsageException", KMS_ERROR_NOT_SUPPORTED, KMS_HTTP_FAILED },
    { "ValidationException", KMS_ERROR_INVALID_ARGUMENT, KMS_HTTP_FAILED },
    { "AlreadyExistsException", KMS_ERROR_ALREADY_EXISTS, KMS_HTTP_FAILED },
    { "ConflictException", KMS_ERROR_CONFLICT, KMS_HTTP_FAILED },
    { "LimitExceededException", KMS_ERROR_QUOTA, KMS_HTTP_FAILED },
    { "ThrottlingException", KMS_ERROR_THROTTLED, KMS_HTTP_RETRY },
    { "RequestLimitExceeded", KMS_ERROR_THROTTLED, KMS_HTTP_RETRY },
    { "KeyUnavailableException", KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY },
    { "DependencyTimeoutException", KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY },
    { "KMSInternalException", KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY },
    { "RequestExpired", KMS_ERROR_CREDENTIALS, KMS_HTTP_FAILED },
    { "CloudHsmClusterNotActiveException", KMS_ERROR_CONFIG, KMS_HTTP_FAILED },
    { "CustomKeyStoreInvalidStateException", KMS_ERROR_CONFIG, KMS_HTTP_FAILED },
    { "XksKeyNotFoundException", KMS_ERROR_CONFIG, KMS_HTTP_FAILED },
    { "XksProxyUriUnreachableException", KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY },
    { "SomethingNewException", KMS_ERROR_INVALID_ARGUMENT, KMS_HTTP_FAILED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *body = g_strdup_printf ("{\"__type\":\"%s\"}", cases[i].code);
      check (400, body, NULL, cases[i].error, cases[i].verdict, cases[i].code);
    }
}

static void
test_places (void)
{
  check (400, "{\"__type\":\"com.amazonaws.kms#NotFoundException\",\"message\":\"m\"}", NULL, KMS_ERROR_NOT_FOUND,
         KMS_HTTP_FAILED, "NotFoundException");
  check (400, "{\"code\":\"NotFoundException\",\"Message\":\"m\"}", NULL, KMS_ERROR_NOT_FOUND, KMS_HTTP_FAILED,
         "NotFoundException");
  check (400, "", "AccessDeniedException:http://internal.amazon.com/coral/com.amazonaws.kms/", KMS_ERROR_NOT_AUTHORIZED,
         KMS_HTTP_FAILED, "AccessDeniedException");
  check (400, "{\"__type\":\"NotFoundException\"}", "aws.kms#DisabledException", KMS_ERROR_KEY_DISABLED,
         KMS_HTTP_FAILED, "DisabledException");
  check (403, "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>m</Message></Error></ErrorResponse>",
         NULL, KMS_ERROR_CREDENTIALS, KMS_HTTP_FAILED, "SignatureDoesNotMatch");
  check (503, "<html><body>no</body></html>", NULL, KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY, NULL);
  check (500, "", NULL, KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY, NULL);
  check (429, "{}", NULL, KMS_ERROR_THROTTLED, KMS_HTTP_RETRY, NULL);
  check (403, "{\"__type\":null,\"message\":17}", NULL, KMS_ERROR_NOT_AUTHORIZED, KMS_HTTP_FAILED, NULL);
  check (400, "{\"__type\":\"bad code\\n\"}", NULL, KMS_ERROR_INVALID_ARGUMENT, KMS_HTTP_FAILED, NULL);
  check (400, "{\"__type\":\"NotFoundException\"", NULL, KMS_ERROR_INVALID_ARGUMENT, KMS_HTTP_FAILED, NULL);
  check (404, "<Code>", NULL, KMS_ERROR_NOT_FOUND, KMS_HTTP_FAILED, NULL);
}

/* The words of a refused signature hold what was signed, the session's token among it. */
static void
test_words (void)
{
  Scene scene = { .corrected = TRUE };
  g_autoptr (GError) denied = NULL, refused = NULL, skewed = NULL;

  judge (&scene, 400, "{\"__type\":\"AccessDeniedException\",\"message\":\"User: x is\\nnot \\u00fc authorized\"}",
         &denied);
  g_assert_nonnull (strstr (denied->message, "the service says: User: x is not"));
  g_assert_null (strchr (denied->message, '\n'));
  judge (&scene, 400, "{\"__type\":\"InvalidSignatureException\",\"message\":\"x-amz-security-token:SESSION\"}",
         &refused);
  g_assert_null (strstr (refused->message, "SESSION"));
  judge (&scene, 400, "{\"__type\":\"InvalidSignatureException\",\"message\":\"Signature expired: 1 is now earlier\"}",
         &skewed);
  g_assert_nonnull (strstr (skewed->message, "set the clock"));
}

#define SKEWED "{\"__type\":\"RequestTimeTooSkewed\"}"

static gint64
get_skew (Scene *scene)
{
  return (aws_clock_now (&scene->clock) - g_get_real_time () + G_USEC_PER_SEC / 2) / G_USEC_PER_SEC;
}

static char *
make_date (gint64 offset)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GDateTime) then = g_date_time_add_seconds (now, (double) offset);
  return soup_date_time_to_string (then, SOUP_DATE_HTTP);
}

static void
test_clock (void)
{
  static const struct
  {
    const char *url;
    gint64 offset;
    gboolean corrected;
  } cases[] = {
    { "https://kms.eu-west-1.amazonaws.com/", 3600, TRUE },
    { "https://kms.eu-west-1.amazonaws.com/", -7200, TRUE },
    { "https://kms.eu-west-1.amazonaws.com/", 200, FALSE },
    { "http://127.0.0.1:4566/", 3600, TRUE },
    { "http://kms.example.org/", 3600, FALSE },
    { "http://127.0.0.1.evil.org/", 3600, FALSE },
    { "http://localhost.evil.org/", 3600, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *date = make_date (cases[i].offset);
      Scene scene = { .url = cases[i].url, .date = date, .signed_at = g_get_real_time () / G_USEC_PER_SEC };
      g_autoptr (GError) error = NULL, again = NULL;
      KmsHttpVerdict verdict = judge (&scene, 400, SKEWED, &error);
      g_test_message ("%s %d", cases[i].url, (int) cases[i].offset);
      g_assert_cmpint (verdict, ==, cases[i].corrected ? KMS_HTTP_AGAIN : KMS_HTTP_FAILED);
      g_assert_true ((error == NULL) == cases[i].corrected);
      g_assert_cmpint (ABS (get_skew (&scene) - (cases[i].corrected ? cases[i].offset : 0)), <=, 3);
      /* Once an exchange. */
      g_assert_cmpint (judge (&scene, 400, SKEWED, &again), ==, KMS_HTTP_FAILED);
      g_assert_error (again, KMS_ERROR, KMS_ERROR_CREDENTIALS);
    }
}

static void
test_clock_without_date (void)
{
  static const char *const dates[] = { NULL, "", "yesterday" };

  for (guint i = 0; i < G_N_ELEMENTS (dates); i++)
    {
      Scene scene = { .date = dates[i], .signed_at = g_get_real_time () / G_USEC_PER_SEC };
      g_autoptr (GError) error = NULL;
      g_assert_cmpint (judge (&scene, 400, SKEWED, &error), ==, KMS_HTTP_FAILED);
      g_assert_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/aws/errors/codes", test_codes);
  g_test_add_func ("/aws/errors/places", test_places);
  g_test_add_func ("/aws/errors/words", test_words);
  g_test_add_func ("/aws/errors/clock", test_clock);
  g_test_add_func ("/aws/errors/clock-without-date", test_clock_without_date);
  return g_test_run ();
}
