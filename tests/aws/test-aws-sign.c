/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signatures against what others computed: AWS's own suite, and two requests to KMS. */
#include <aws-sign.h>

#include <string.h>

#include "signature-vectors.h"

#define DATE "20150830T123600Z"
#define MAX_HEADERS 16

static AwsKeys *
make_keys (const char *token)
{
  static const char secret[] = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
  g_autoptr (KmsSecret) key = kms_secret_new ((const guint8 *) secret, strlen (secret));
  g_autoptr (KmsSecret) session = token != NULL ? kms_secret_new ((const guint8 *) token, strlen (token)) : NULL;

  return aws_keys_new ("AKIDEXAMPLE", key, session, 0, "test");
}

/* Splits where it stands; a line that begins with a blank goes on with the one before. */
static guint
split_headers (char *lines, AwsHeader *headers)
{
  guint n = 0;

  for (char *line = lines; line != NULL && *line != '\0';)
    {
      char *end = line;
      do
        end = strchr (end + 1, '\n');
      while (end != NULL && g_ascii_isspace (end[1]));
      if (end != NULL)
        *end = '\0';
      char *colon = strchr (line, ':');
      g_assert_nonnull (colon);
      *colon = '\0';
      headers[n++] = (AwsHeader){ line, colon + 1, -1 };
      line = end != NULL ? end + 1 : NULL;
    }
  return n;
}

static char *
hash_text (const guint8 *data, gsize length)
{
  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, data, length);
}

static void
check_vector (gconstpointer data)
{
  const SignatureVector *vector = data;
  g_autoptr (AwsKeys) keys = make_keys (vector->token);
  g_autoptr (AwsSigner) signer = aws_signer_new ();
  g_autofree char *lines = g_strdup (vector->headers);
  g_autofree char *body_hash = hash_text ((const guint8 *) vector->body, strlen (vector->body));
  AwsHeader headers[MAX_HEADERS];
  guint n = split_headers (lines, headers);
  gsize length;

  headers[n++] = (AwsHeader){ "X-Amz-Date", DATE, -1 };
  if (vector->hash_header)
    headers[n++] = (AwsHeader){ "x-amz-content-sha256", body_hash, -1 };
  if (vector->token != NULL)
    headers[n++] = (AwsHeader){ "X-Amz-Security-Token", vector->token, -1 };
  AwsSigning signing = { .method = vector->method,
                         .path = vector->path,
                         .raw_path = vector->raw_path,
                         .query = vector->query,
                         .headers = headers,
                         .n_headers = n,
                         .body = (const guint8 *) vector->body,
                         .body_length = strlen (vector->body),
                         .region = "us-east-1",
                         .service = "service",
                         .date = DATE };

  g_autoptr (KmsHttpBuffer) canonical = aws_sign_make_canonical_request (&signing);
  const guint8 *text = kms_http_buffer_get_data (canonical, &length);
  g_autofree char *canonical_hash = hash_text (text, length);
  g_test_message ("%.*s", (int) length, (const char *) text);
  g_assert_cmpstr (canonical_hash, ==, vector->canonical_hash);
  g_autofree char *authorization = aws_sign (signer, &signing, keys, NULL);
  g_assert_nonnull (authorization);
  g_assert_true (g_str_has_prefix (authorization, "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/"
                                                  "aws4_request, SignedHeaders="));
  g_assert_true (g_str_has_suffix (authorization, vector->signature));
}

/* Computed by botocore, and by an implementation of the rules that knows nothing of ours. */
static char *
sign_encrypt (AwsSigner *signer, AwsKeys *keys, const char *token, const char *region, const char *date,
              char **canonical_hash)
{
  static const char body[] =
    "{\"KeyId\":\"alias/libkms\",\"Plaintext\":\"c2VjcmV0\",\"EncryptionContext\":{\"aws:a\":\"1\",\"b\":\"\\u00e9\"}}";
  AwsHeader headers[] = { { "X-Amz-Target", "TrentService.Encrypt", -1 },
                          { "Content-Type", "application/x-amz-json-1.1", -1 },
                          { "Host", "kms.us-east-1.amazonaws.com", -1 },
                          { "X-Amz-Date", date, -1 },
                          { "X-Amz-Security-Token", token, -1 } };
  AwsSigning signing = { .method = "POST",
                         .headers = headers,
                         .n_headers = token != NULL ? 5 : 4,
                         .body = (const guint8 *) body,
                         .body_length = strlen (body),
                         .region = region,
                         .service = "kms",
                         .date = date };
  gsize length;

  g_assert_cmpuint (strlen (body), ==, 94);
  g_autoptr (KmsHttpBuffer) canonical = aws_sign_make_canonical_request (&signing);
  const guint8 *text = kms_http_buffer_get_data (canonical, &length);
  if (canonical_hash != NULL)
    *canonical_hash = hash_text (text, length);
  return aws_sign (signer, &signing, keys, NULL);
}

static void
test_known_answers (void)
{
  static const struct
  {
    const char *token, *canonical_hash, *names, *signature;
  } cases[] = {
    { NULL, "89149a294bff8d9f5ba1f636aee5bbfef6f66ff92c41e84f06a5c04d773d2607",
      "content-type;host;x-amz-date;x-amz-target", "0b814189edc817f290ea158a7458ab15a7b74345cf40df479ba8b1edb03aae0e" },
    { "TOKEN/EXAMPLE==", "2c0abf6d56ad96be7949aa0330aedee4750788b21e02c8f75bd9993d6e49f06d",
      "content-type;host;x-amz-date;x-amz-security-token;x-amz-target",
      "8669cddf88ca461f7d8d0dcb777125348c62eced166ed583b9056a465ba19919" },
  };
  g_autoptr (AwsSigner) signer = aws_signer_new ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *hash = NULL;
      g_autoptr (AwsKeys) keys = make_keys (cases[i].token);
      g_autofree char *signed_text = sign_encrypt (signer, keys, cases[i].token, "us-east-1", DATE, &hash);
      g_autofree char *expected = g_strdup_printf ("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/kms/"
                                                   "aws4_request, SignedHeaders=%s, Signature=%s",
                                                   cases[i].names, cases[i].signature);
      g_assert_cmpstr (hash, ==, cases[i].canonical_hash);
      g_assert_cmpstr (signed_text, ==, expected);
    }
}

/* A remembered key must be of the very secret, region and day, and more are wanted than are remembered. */
static void
test_remembered_keys (void)
{
  static const char *const dates[] = { DATE, "20150831T000000Z" };
  static const char *const regions[] = { "eu-west-1", "eu-west-2", "eu-west-3" };
  g_autoptr (AwsSigner) signer = aws_signer_new ();
  g_autoptr (AwsKeys) a = make_keys (NULL);
  g_autoptr (KmsSecret) other = kms_secret_new ((const guint8 *) "other", 5);
  g_autoptr (AwsKeys) b = aws_keys_new ("AKIDEXAMPLE", other, NULL, 0, "test");
  AwsKeys *keys[] = { a, b };

  for (guint i = 0; i < 48; i++)
    {
      g_autoptr (AwsSigner) fresh = aws_signer_new ();
      const char *region = regions[i / 4 % 3];
      g_autofree char *one = sign_encrypt (signer, keys[i % 2], NULL, region, dates[i / 2 % 2], NULL);
      g_autofree char *two = sign_encrypt (fresh, keys[i % 2], NULL, region, dates[i / 2 % 2], NULL);
      g_assert_cmpstr (one, ==, two);
    }
}

static void
test_dates (void)
{
  static const struct
  {
    gint64 seconds;
    const char *date;
  } cases[] = {
    { 1440938160, "20150830T123600Z" }, { 0, "19700101T000000Z" },          { 951827696, "20000229T123456Z" },
    { 4102444799, "20991231T235959Z" }, { 1709251199, "20240229T235959Z" },
  };
  char date[AWS_DATE_SIZE];

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      aws_format_date (cases[i].seconds, date);
      g_assert_cmpstr (date, ==, cases[i].date);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (signature_vectors); i++)
    {
      g_autofree char *path = g_strdup_printf ("/aws/sign/vector/%s", signature_vectors[i].name);
      g_test_add_data_func (path, &signature_vectors[i], check_vector);
    }
  g_test_add_func ("/aws/sign/known-answers", test_known_answers);
  g_test_add_func ("/aws/sign/remembered-keys", test_remembered_keys);
  g_test_add_func ("/aws/sign/dates", test_dates);
  return g_test_run ();
}
