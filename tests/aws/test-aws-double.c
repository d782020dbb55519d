/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls against a KMS that really encrypts, and looks at every signature: contexts, policies, aliases, regions, states. */
#include "double-fixture.h"

#include <string.h>

#define ENCRYPT_ONLY "{\"Effect\":\"Allow\",\"Action\":\"kms:Encrypt\",\"Resource\":\"*\"}"
#define DECRYPT_ONLY "{\"Effect\":\"Allow\",\"Action\":\"kms:Decrypt\",\"Resource\":\"*\"}"

static KmsContext *
make_context (void)
{
  return kms_context_new ("model_name", "User", "model_id", "123", NULL);
}

/* What the request says, and who signs it. */
static void
test_request (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  g_autoptr (KmsContext) context = kms_context_new ("tenant", "7", "name", "Zo\xc3\xab \"z\"", NULL);

  double_fixture_open (fixture, NULL, NULL);
  g_autoptr (GBytes) ciphertext = double_fixture_encrypt (fixture, ORDERS, context);
  const AwsDoubleEntry *entry = aws_double_get_entry (fixture->aws, 0);
  g_assert_cmpstr (entry->operation, ==, "Encrypt");
  g_assert_cmpstr (entry->key_id, ==, ORDERS);
  g_assert_cmpstr (entry->region, ==, AWS_DOUBLE_REGION);
  g_assert_cmpstr (entry->access_key_id, ==, AWS_DOUBLE_ADMIN);
  g_assert_cmpstr (entry->context, ==, "{\"name\":\"Zo\xc3\xab \\\"z\\\"\",\"tenant\":\"7\"}");
  double_fixture_assert_decrypts (fixture, ORDERS, ciphertext, context);
  entry = aws_double_get_entry (fixture->aws, 1);
  g_assert_cmpstr (entry->operation, ==, "Decrypt");
  /* As the gem: the ciphertext tells the key. */
  g_assert_cmpstr (entry->key_id, ==, NULL);
  g_assert_cmpuint (aws_double_count_entries (fixture->aws), ==, 2);
}

static void
test_context (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  g_autoptr (KmsContext) context = make_context ();
  g_autoptr (KmsContext) permuted = kms_context_new ("model_id", "123", "model_name", "User", NULL);
  g_autoptr (KmsContext) other = kms_context_new ("model_name", "User", "model_id", "124", NULL);
  g_autoptr (KmsContext) part = kms_context_new ("model_name", "User", NULL);
  g_autoptr (KmsContext) moved = kms_context_new ("model_nam", "eUser", "model_id", "123", NULL);
  g_autoptr (KmsContext) empty = kms_context_new (NULL, NULL);

  double_fixture_open (fixture, NULL, NULL);
  g_autoptr (GBytes) ciphertext = double_fixture_encrypt (fixture, ORDERS, context);
  double_fixture_assert_decrypts (fixture, ORDERS, ciphertext, permuted);
  KmsContext *wrong[] = { other, part, moved, empty, NULL };
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    double_fixture_assert_refused (fixture, ORDERS, ciphertext, wrong[i], KMS_ERROR_INVALID_CIPHERTEXT);
  /* None, and one without pairs, are the same to KMS. */
  g_autoptr (GBytes) without = double_fixture_encrypt (fixture, ORDERS, NULL);
  double_fixture_assert_decrypts (fixture, ORDERS, without, empty);
  double_fixture_assert_decrypts (fixture, ORDERS, without, NULL);
  double_fixture_assert_refused (fixture, ORDERS, without, context, KMS_ERROR_INVALID_CIPHERTEXT);
}

static void
test_policies (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  g_autoptr (KmsContext) context = make_context ();
  g_autoptr (KmsContext) other = kms_context_new ("model_name", "Order", NULL);

  double_fixture_set_policy (fixture, ENCRYPT_ONLY);
  double_fixture_open (fixture, NULL, NULL);
  g_autoptr (GBytes) ciphertext = double_fixture_encrypt (fixture, ORDERS, context);
  double_fixture_assert_refused (fixture, ORDERS, ciphertext, context, KMS_ERROR_NOT_AUTHORIZED);
  double_fixture_set_policy (fixture, DECRYPT_ONLY);
  double_fixture_open (fixture, NULL, NULL);
  double_fixture_assert_decrypts (fixture, ORDERS, ciphertext, context);
  double_fixture_assert_encrypt_fails (fixture, ORDERS, context, KMS_ERROR_NOT_AUTHORIZED);
  /* What there is not is not told to who may not ask. */
  double_fixture_assert_encrypt_fails (fixture, "alias/nobody", context, KMS_ERROR_NOT_AUTHORIZED);
  double_fixture_set_policy (fixture, "{\"Effect\":\"Allow\",\"Action\":\"kms:*\",\"Resource\":\"*\",\"Condition\":"
                                      "{\"StringEquals\":{\"kms:EncryptionContext:model_name\":\"User\"}}}");
  double_fixture_open (fixture, NULL, NULL);
  double_fixture_assert_decrypts (fixture, ORDERS, ciphertext, context);
  double_fixture_assert_encrypt_fails (fixture, ORDERS, other, KMS_ERROR_NOT_AUTHORIZED);
}

static void
test_keys_refused (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);

  double_fixture_set_keys (AWS_DOUBLE_ADMIN, "another secret", NULL);
  double_fixture_open (fixture, NULL, NULL);
  double_fixture_assert_encrypt_fails (fixture, ORDERS, NULL, KMS_ERROR_CREDENTIALS);
  double_fixture_set_keys ("AKIANOBODY0000000000", AWS_DOUBLE_ADMIN_SECRET, NULL);
  double_fixture_open (fixture, NULL, NULL);
  double_fixture_assert_encrypt_fails (fixture, ORDERS, NULL, KMS_ERROR_CREDENTIALS);
  double_fixture_set_keys (AWS_DOUBLE_ADMIN, AWS_DOUBLE_ADMIN_SECRET, "a token of somebody else");
  double_fixture_open (fixture, NULL, NULL);
  double_fixture_assert_encrypt_fails (fixture, ORDERS, NULL, KMS_ERROR_CREDENTIALS);
}

static void
test_session (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  AwsDoubleSession session = { .seconds = 200 };
  g_autofree char *secret = NULL;
  g_autofree char *token = NULL;
  g_autofree char *id = aws_double_add_session (fixture->aws, &session, &secret, &token);

  double_fixture_set_keys (id, secret, token);
  double_fixture_open (fixture, NULL, NULL);
  g_autoptr (GBytes) ciphertext = double_fixture_encrypt (fixture, ORDERS, NULL);
  g_assert_cmpstr (aws_double_get_entry (fixture->aws, 0)->access_key_id, ==, id);
  aws_double_advance (fixture->aws, 201);
  double_fixture_assert_refused (fixture, ORDERS, ciphertext, NULL, KMS_ERROR_CREDENTIALS);
  double_fixture_set_keys (id, secret, NULL);
  double_fixture_open (fixture, NULL, NULL);
  double_fixture_assert_refused (fixture, ORDERS, ciphertext, NULL, KMS_ERROR_CREDENTIALS);
}

/* An alias that moves takes nothing with it, unless it is said that only its key may decrypt. */
static void
test_alias_moved (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  g_autofree char *second = aws_double_create_key (fixture->aws, NULL, NULL);

  double_fixture_open (fixture, NULL, NULL);
  g_autoptr (GBytes) ciphertext = double_fixture_encrypt (fixture, ORDERS, NULL);
  aws_double_move_alias (fixture->aws, ORDERS, second);
  double_fixture_assert_decrypts (fixture, ORDERS, ciphertext, NULL);
  double_fixture_open (fixture, NULL, "StrictKeyId=true\n");
  double_fixture_assert_refused (fixture, ORDERS, ciphertext, NULL, KMS_ERROR_INVALID_CIPHERTEXT);
  double_fixture_assert_decrypts (fixture, fixture->arn, ciphertext, NULL);
  double_fixture_assert_refused (fixture, second, ciphertext, NULL, KMS_ERROR_INVALID_CIPHERTEXT);
  g_autoptr (GBytes) next = double_fixture_encrypt (fixture, ORDERS, NULL);
  double_fixture_assert_decrypts (fixture, ORDERS, next, NULL);
  g_assert_cmpstr (aws_double_get_entry (fixture->aws, 6)->key_id, ==, ORDERS);
}

static void
test_names (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  const char *id = strrchr (fixture->arn, '/') + 1;
  const char *const names[] = { ORDERS, fixture->arn, id,
                                "arn:aws:kms:" AWS_DOUBLE_REGION ":" AWS_DOUBLE_ACCOUNT ":" ORDERS };

  double_fixture_open (fixture, NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GBytes) ciphertext = double_fixture_encrypt (fixture, names[i], NULL);
      double_fixture_assert_decrypts (fixture, names[i], ciphertext, NULL);
    }
  double_fixture_assert_encrypt_fails (fixture, "alias/nobody", NULL, KMS_ERROR_NOT_FOUND);
  double_fixture_assert_encrypt_fails (fixture, "arn:aws:s3:eu-west-1:1:bucket/x", NULL, KMS_ERROR_INVALID_ARGUMENT);
}

static void
test_regions (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  g_autofree char *far = aws_double_create_key (fixture->aws, NULL, &(AwsDoubleKeyOptions){ .region = "us-east-1" });
  g_autofree char *many = aws_double_create_key (
    fixture->aws, NULL, &(AwsDoubleKeyOptions){ .region = AWS_DOUBLE_REGION, .multi_region = TRUE });
  g_autofree char *elsewhere =
    g_strdup_printf ("arn:aws:kms:us-east-1:" AWS_DOUBLE_ACCOUNT ":%s", strstr (many, "key/mrk-"));

  double_fixture_open (fixture, NULL, NULL);
  double_fixture_assert_encrypt_fails (fixture, far, NULL, KMS_ERROR_CONFIG);
  g_assert_cmpuint (aws_double_count_entries (fixture->aws), ==, 0);
  /* One of many regions is asked for where we are. */
  g_autoptr (GBytes) near = double_fixture_encrypt (fixture, elsewhere, NULL);
  g_assert_cmpstr (aws_double_get_entry (fixture->aws, 0)->region, ==, AWS_DOUBLE_REGION);
  /* Without a region of the file, the ARN tells it. */
  double_fixture_open (fixture, NULL, "Region=\n");
  g_autoptr (GBytes) there = double_fixture_encrypt (fixture, far, NULL);
  g_assert_cmpstr (aws_double_get_entry (fixture->aws, 1)->region, ==, "us-east-1");
  double_fixture_assert_decrypts (fixture, far, there, NULL);
  double_fixture_assert_encrypt_fails (fixture, ORDERS, NULL, KMS_ERROR_CONFIG);
  g_assert_cmpuint (aws_double_count_entries (fixture->aws), ==, 3);
}

static void
test_states (void)
{
  static const struct
  {
    const char *state;
    KmsError code;
  } states[] = {
    { "Disabled", KMS_ERROR_KEY_DISABLED },
    { "PendingDeletion", KMS_ERROR_KEY_DISABLED },
    { "PendingImport", KMS_ERROR_KEY_DISABLED },
    { "Unavailable", KMS_ERROR_UNAVAILABLE },
  };
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);

  double_fixture_open (fixture, "Retries=0\n", NULL);
  g_autoptr (GBytes) ciphertext = double_fixture_encrypt (fixture, ORDERS, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    {
      aws_double_set_key_state (fixture->aws, fixture->arn, states[i].state);
      double_fixture_assert_encrypt_fails (fixture, ORDERS, NULL, states[i].code);
      double_fixture_assert_refused (fixture, ORDERS, ciphertext, NULL, states[i].code);
    }
  aws_double_set_key_state (fixture->aws, fixture->arn, "Enabled");
  double_fixture_assert_decrypts (fixture, ORDERS, ciphertext, NULL);
}

/* What is refused here never gets there. */
static void
test_limits (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  g_autofree guint8 *bytes = g_malloc0 (6145);
  g_autofree char *long_text = g_strnfill (8200, 'x');
  g_autoptr (KmsSecret) most = kms_secret_new (bytes, 4096);
  g_autoptr (KmsSecret) more = kms_secret_new (bytes, 4097);
  g_autoptr (GBytes) big = g_bytes_new (bytes, 6145);
  g_autoptr (KmsContext) long_context = kms_context_new ("x", long_text, NULL);
  g_autoptr (GError) error = NULL;

  double_fixture_open (fixture, NULL, NULL);
  g_autoptr (GBytes) none = kms_provider_encrypt (fixture->provider, ORDERS, more, NULL, NULL, &error);
  g_assert_error (error, KMS_ERROR, KMS_ERROR_TOO_LARGE);
  double_fixture_assert_refused (fixture, ORDERS, big, NULL, KMS_ERROR_TOO_LARGE);
  double_fixture_assert_encrypt_fails (fixture, ORDERS, long_context, KMS_ERROR_TOO_LARGE);
  g_assert_cmpuint (aws_double_count_entries (fixture->aws), ==, 0);
  g_clear_error (&error);
  g_autoptr (GBytes) ciphertext = kms_provider_encrypt (fixture->provider, ORDERS, most, NULL, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (KmsSecret) back = kms_provider_decrypt (fixture->provider, ORDERS, ciphertext, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (kms_secret_equal (back, most));
}

static void
test_asymmetric (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  g_autofree char *rsa =
    aws_double_create_key (fixture->aws, "alias/rsa", &(AwsDoubleKeyOptions){ .spec = "RSA_2048" });
  g_autoptr (KmsContext) context = make_context ();

  double_fixture_open (fixture, NULL, NULL);
  double_fixture_assert_encrypt_fails (fixture, "alias/rsa", context, KMS_ERROR_NOT_SUPPORTED);
  g_assert_cmpint (kms_provider_get_binding (fixture->provider, rsa, NULL, NULL), ==, KMS_BINDING_IGNORED);
  g_assert_cmpint (kms_provider_get_binding (fixture->provider, ORDERS, NULL, NULL), ==, KMS_BINDING_VERIFIED);
}

static void
test_damaged (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  g_autoptr (GBytes) nonsense = g_bytes_new_static ("nonsense", 8);
  gsize length;

  double_fixture_open (fixture, NULL, NULL);
  g_autoptr (GBytes) ciphertext = double_fixture_encrypt (fixture, ORDERS, NULL);
  const guint8 *data = g_bytes_get_data (ciphertext, &length);
  g_autofree guint8 *copy = g_memdup2 (data, length);
  copy[length - 1] ^= 1;
  g_autoptr (GBytes) damaged = g_bytes_new (copy, length);
  double_fixture_assert_refused (fixture, ORDERS, nonsense, NULL, KMS_ERROR_INVALID_CIPHERTEXT);
  double_fixture_assert_refused (fixture, ORDERS, damaged, NULL, KMS_ERROR_INVALID_CIPHERTEXT);
}

/* Inside KMS: the plaintext does not come here. */
static void
test_rewrap (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  g_autoptr (KmsContext) context = make_context ();
  g_autoptr (KmsContext) next = kms_context_new ("model_name", "Order", NULL);
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_REWRAP);
  g_autoptr (GError) error = NULL;

  double_fixture_open (fixture, NULL, NULL);
  g_autoptr (GBytes) old = double_fixture_encrypt (fixture, ORDERS, context);
  kms_batch_add_ciphertext (batch, old, context, next);
  kms_batch_add_ciphertext (batch, old, next, next);
  g_assert_false (kms_provider_run (fixture->provider, ORDERS, batch, NULL, &error));
  g_assert_no_error (kms_batch_get_error (batch, 0));
  g_assert_error (kms_batch_get_error (batch, 1), KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT);
  g_assert_cmpuint (aws_double_count_entries_of (fixture->aws, "ReEncrypt"), ==, 2);
  g_assert_cmpuint (aws_double_count_entries_of (fixture->aws, "Decrypt"), ==, 0);
  g_assert_cmpstr (kms_batch_get_key_id (batch, 0), ==, fixture->arn);
  g_assert_nonnull (kms_batch_get_request_id (batch, 0));
  double_fixture_assert_decrypts (fixture, ORDERS, kms_batch_get_ciphertext (batch, 0), next);
  double_fixture_assert_refused (fixture, ORDERS, kms_batch_get_ciphertext (batch, 0), context,
                                 KMS_ERROR_INVALID_CIPHERTEXT);
}

static void
test_many (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  g_autoptr (KmsContext) context = make_context ();
  g_autoptr (KmsSecret) secret = kms_secret_new ((const guint8 *) "the blue door", 13);
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_ENCRYPT);
  g_autoptr (GError) error = NULL;

  double_fixture_open (fixture, NULL, NULL);
  for (guint i = 0; i < 500; i++)
    kms_batch_add_secret (batch, secret, context);
  g_assert_true (kms_provider_run (fixture->provider, ORDERS, batch, NULL, &error));
  g_assert_cmpuint (aws_double_count_entries_of (fixture->aws, "Encrypt"), ==, 500);
  double_fixture_assert_decrypts (fixture, ORDERS, kms_batch_get_ciphertext (batch, 499), context);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/aws/double/request", test_request);
  g_test_add_func ("/aws/double/context", test_context);
  g_test_add_func ("/aws/double/policies", test_policies);
  g_test_add_func ("/aws/double/keys-refused", test_keys_refused);
  g_test_add_func ("/aws/double/session", test_session);
  g_test_add_func ("/aws/double/alias-moved", test_alias_moved);
  g_test_add_func ("/aws/double/names", test_names);
  g_test_add_func ("/aws/double/regions", test_regions);
  g_test_add_func ("/aws/double/states", test_states);
  g_test_add_func ("/aws/double/limits", test_limits);
  g_test_add_func ("/aws/double/asymmetric", test_asymmetric);
  g_test_add_func ("/aws/double/damaged", test_damaged);
  g_test_add_func ("/aws/double/rewrap", test_rewrap);
  g_test_add_func ("/aws/double/many", test_many);
  return g_test_run ();
}
