/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Administration of keys: what is asked of KMS for each verb, in which order, and what is refused before. */
#include "aws-fixture.h"

#include <string.h>

#define ID "1234abcd-12ab-34cd-56ef-1234567890ab"
#define METADATA "{\"KeyMetadata\":{\"KeyId\":\"" ID "\",\"Arn\":\"" FIXTURE_ARN "\",\"KeyState\":\"Enabled\"}}"
#define NOT_FOUND "{\"__type\":\"NotFoundException\",\"message\":\"Alias is not found\"}"

static GPtrArray *
run (AwsFixture *fixture, KmsKeyVerb verb, const char *key_id, const char *options, GError **error)
{
  g_autoptr (GVariant) parsed = options != NULL ? g_variant_ref_sink (g_variant_new_parsed (options)) : NULL;
  return kms_key_admin_run (KMS_KEY_ADMIN (fixture->provider), verb, key_id, parsed, NULL, error);
}

static KmsKey *
run_one (AwsFixture *fixture, KmsKeyVerb verb, const char *key_id, const char *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) keys = run (fixture, verb, key_id, options, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (keys->len, ==, 1);
  return g_object_ref (g_ptr_array_index (keys, 0));
}

static void
assert_fails (AwsFixture *fixture, KmsKeyVerb verb, const char *key_id, const char *options, KmsError code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) keys = run (fixture, verb, key_id, options, &error);

  g_assert_null (keys);
  g_test_message ("%s", error->message);
  g_assert_error (error, KMS_ERROR, (int) code);
}

static void
assert_sent (AwsFixture *fixture, const char *operation, const char *body)
{
  g_autofree char *sent = aws_fixture_dup_body (fixture, operation);
  g_assert_cmpstr (sent, ==, body);
}

static void
test_create (void)
{
  g_autoptr (AwsFixture) fixture = aws_fixture_new (NULL);

  aws_fixture_reply (fixture, "DescribeKey", 400, NOT_FOUND);
  aws_fixture_reply (fixture, "CreateKey", 200, METADATA);
  aws_fixture_reply (fixture, "CreateAlias", 200, "");
  aws_fixture_reply (fixture, "EnableKeyRotation", 200, "null");
  g_autoptr (KmsKey) key = run_one (fixture, KMS_KEY_VERB_CREATE, "alias/orders",
                                    "{'description': <'of \"orders\"'>, 'rotation-days': <'365'>, 'tags': <'a=b,c='>, "
                                    "'multi-region': <'true'>}");
  g_assert_cmpstr (kms_key_get_id (key), ==, "alias/orders");
  g_assert_cmpint (kms_key_get_state (key), ==, KMS_KEY_STATE_ENABLED);
  assert_sent (fixture, "DescribeKey", "{\"KeyId\":\"alias/orders\"}");
  assert_sent (
    fixture, "CreateKey",
    "{\"Description\":\"of \\\"orders\\\"\",\"MultiRegion\":true,\"Tags\":[{\"TagKey\":\"a\",\"TagValue\":\"b\"},"
    "{\"TagKey\":\"c\",\"TagValue\":\"\"}]}");
  assert_sent (fixture, "CreateAlias", "{\"AliasName\":\"alias/orders\",\"TargetKeyId\":\"" ID "\"}");
  assert_sent (fixture, "EnableKeyRotation", "{\"KeyId\":\"" ID "\",\"RotationPeriodInDays\":365}");
}

/* No key without a name, none twice, and none that is forgotten. */
static void
test_create_refused (void)
{
  static const char *const bad[] = { "orders", "alias/", "alias/aws/x", "alias/a b", ID, FIXTURE_ARN };
  g_autoptr (AwsFixture) fixture = aws_fixture_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    assert_fails (fixture, KMS_KEY_VERB_CREATE, bad[i], NULL, KMS_ERROR_INVALID_ARGUMENT);
  assert_fails (fixture, KMS_KEY_VERB_CREATE, "alias/a", "{'rotation-days': <'89'>}", KMS_ERROR_INVALID_ARGUMENT);
  assert_fails (fixture, KMS_KEY_VERB_CREATE, "alias/a", "{'rotation-days': <'2561'>}", KMS_ERROR_INVALID_ARGUMENT);
  assert_fails (fixture, KMS_KEY_VERB_CREATE, "alias/a", "{'type': <'rsa'>}", KMS_ERROR_INVALID_ARGUMENT);
  g_assert_cmpuint (test_server_count_requests (fixture->server), ==, 0);
  assert_fails (fixture, KMS_KEY_VERB_CREATE, "alias/there", NULL, KMS_ERROR_ALREADY_EXISTS);
  g_assert_cmpuint (aws_fixture_count (fixture, "CreateKey"), ==, 0);

  aws_fixture_reply (fixture, "DescribeKey", 400, NOT_FOUND);
  aws_fixture_reply (fixture, "CreateKey", 500, "{\"__type\":\"KMSInternalException\"}");
  assert_fails (fixture, KMS_KEY_VERB_CREATE, "alias/a", NULL, KMS_ERROR_UNAVAILABLE);
  g_assert_cmpuint (aws_fixture_count (fixture, "CreateKey"), ==, 1);
  aws_fixture_reply (fixture, "CreateKey", 200, METADATA);
  aws_fixture_reply (fixture, "CreateAlias", 400, "{\"__type\":\"LimitExceededException\"}");
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) keys = run (fixture, KMS_KEY_VERB_CREATE, "alias/a", NULL, &error);
  g_assert_null (keys);
  g_assert_error (error, KMS_ERROR, KMS_ERROR_QUOTA);
  g_assert_nonnull (strstr (error->message, ID));
}

/* What takes no alias gets the key's id. */
static void
test_states (void)
{
  static const struct
  {
    KmsKeyVerb verb;
    const char *operation;
    KmsKeyState state;
  } cases[] = {
    { KMS_KEY_VERB_ENABLE, "EnableKey", KMS_KEY_STATE_ENABLED },
    { KMS_KEY_VERB_DISABLE, "DisableKey", KMS_KEY_STATE_DISABLED },
    { KMS_KEY_VERB_RESTORE, "CancelKeyDeletion", KMS_KEY_STATE_DISABLED },
    { KMS_KEY_VERB_ROTATE, "RotateKeyOnDemand", KMS_KEY_STATE_ENABLED },
  };
  g_autoptr (AwsFixture) fixture = aws_fixture_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      aws_fixture_reply (fixture, cases[i].operation, 200, i % 2 == 0 ? "" : "{}");
      g_autoptr (KmsKey) key = run_one (fixture, cases[i].verb, "alias/a", NULL);
      assert_sent (fixture, cases[i].operation, "{\"KeyId\":\"" ID "\"}");
      g_assert_cmpint (kms_key_get_state (key), ==, cases[i].state);
      g_assert_cmpstr (kms_key_get_id (key), ==, "alias/a");
    }
}

static void
test_delete (void)
{
  g_autoptr (AwsFixture) fixture = aws_fixture_new (NULL);

  assert_fails (fixture, KMS_KEY_VERB_DELETE, "alias/a", "{'force': <true>}", KMS_ERROR_NOT_SUPPORTED);
  assert_fails (fixture, KMS_KEY_VERB_DELETE, "alias/a", "{'days': <uint32 6>}", KMS_ERROR_INVALID_ARGUMENT);
  assert_fails (fixture, KMS_KEY_VERB_DELETE, "alias/a", "{'days': <uint32 31>}", KMS_ERROR_INVALID_ARGUMENT);
  g_assert_cmpuint (test_server_count_requests (fixture->server), ==, 0);
  aws_fixture_reply (fixture, "ScheduleKeyDeletion", 200, "{\"KeyState\":\"PendingDeletion\",\"DeletionDate\":1.7E9}");
  g_autoptr (KmsKey) key = run_one (fixture, KMS_KEY_VERB_DELETE, "alias/a", "{'days': <uint32 7>}");
  assert_sent (fixture, "ScheduleKeyDeletion", "{\"KeyId\":\"" ID "\",\"PendingWindowInDays\":7}");
  g_assert_cmpint (kms_key_get_state (key), ==, KMS_KEY_STATE_PENDING_DELETION);
  g_assert_cmpint (kms_key_get_deletion_time (key), ==, 1700000000);
}

static void
test_configure (void)
{
  g_autoptr (AwsFixture) fixture = aws_fixture_new (NULL);

  aws_fixture_reply (fixture, "DisableKeyRotation", 200, "");
  aws_fixture_reply (fixture, "UpdateAlias", 200, "");
  aws_fixture_reply (fixture, "DeleteAlias", 200, "");
  aws_fixture_reply (fixture, "ListAliases", 200, "{\"Aliases\":[],\"Truncated\":false}");
  g_autoptr (KmsKey) key = run_one (fixture, KMS_KEY_VERB_CONFIGURE, "alias/a",
                                    "{'rotation-days': <'0'>, 'move-alias': <'alias/b'>, 'remove-alias': <'alias/c'>}");
  assert_sent (fixture, "DisableKeyRotation", "{\"KeyId\":\"" ID "\"}");
  assert_sent (fixture, "UpdateAlias", "{\"AliasName\":\"alias/b\",\"TargetKeyId\":\"" ID "\"}");
  assert_sent (fixture, "DeleteAlias", "{\"AliasName\":\"alias/c\"}");
  assert_fails (fixture, KMS_KEY_VERB_CONFIGURE, "alias/a", "{'add-alias': <'b'>}", KMS_ERROR_INVALID_ARGUMENT);
  assert_fails (fixture, KMS_KEY_VERB_CONFIGURE, "alias/a", "{'policy': <'{}'>}", KMS_ERROR_INVALID_ARGUMENT);
}

/* Pages, keys of AWS's own, keys that may not be described; and a service that never ends. */
static void
test_list (void)
{
  g_autoptr (AwsFixture) fixture = aws_fixture_new (NULL);
  g_autoptr (GError) error = NULL;

  aws_fixture_reply (fixture, "ListKeys", 200,
                     "{\"Keys\":[{\"KeyId\":\"k1\"},{\"KeyId\":\"k2\"}],\"Truncated\":true,"
                     "\"NextMarker\":\"m\"}");
  aws_fixture_reply (fixture, "ListKeys", 200,
                     "{\"Keys\":[{\"KeyId\":\"k2\"},{\"KeyId\":\"k3\"}],\"Truncated\":false}");
  aws_fixture_reply (fixture, "ListAliases", 200,
                     "{\"Aliases\":[{\"AliasName\":\"alias/aws/s3\",\"TargetKeyId\":\"k1\"},"
                     "{\"AliasName\":\"alias/two\",\"TargetKeyId\":\"k2\"},"
                     "{\"AliasName\":\"alias/nothing\"}],\"Truncated\":false}");
  aws_fixture_reply (fixture, "DescribeKey", 200, METADATA);
  aws_fixture_reply (fixture, "DescribeKey", 400, "{\"__type\":\"AccessDeniedException\"}");
  g_autoptr (GPtrArray) keys = run (fixture, KMS_KEY_VERB_LIST, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (keys->len, ==, 2);
  g_assert_cmpstr (kms_key_get_id (g_ptr_array_index (keys, 0)), ==, "alias/two");
  g_assert_cmpint (kms_key_get_state (g_ptr_array_index (keys, 0)), ==, KMS_KEY_STATE_ENABLED);
  g_assert_cmpstr (kms_key_get_id (g_ptr_array_index (keys, 1)), ==, "k3");
  g_assert_cmpint (kms_key_get_state (g_ptr_array_index (keys, 1)), ==, KMS_KEY_STATE_UNAVAILABLE);
  assert_sent (fixture, "ListKeys", "{\"Limit\":1000,\"Marker\":\"m\"}");
}

static void
test_list_ends (void)
{
  static const char *const pages[] = {
    "{\"Keys\":[],\"Truncated\":true}",
    "{\"Keys\":[],\"Truncated\":true,\"NextMarker\":null}",
    "{\"Keys\":null,\"Truncated\":false,\"NextMarker\":\"m\"}",
    "{\"Keys\":[],\"Truncated\":true,\"NextMarker\":\"m\"}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (pages); i++)
    {
      g_autoptr (AwsFixture) fixture = aws_fixture_new (NULL);
      g_autoptr (GError) error = NULL;
      aws_fixture_reply (fixture, "ListKeys", 200, pages[i]);
      aws_fixture_reply (fixture, "ListAliases", 400, "{\"__type\":\"AccessDeniedException\"}");
      g_autoptr (GPtrArray) keys = run (fixture, KMS_KEY_VERB_LIST, NULL, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (keys->len, ==, 0);
      g_assert_cmpuint (aws_fixture_count (fixture, "ListKeys"), <=, 2);
    }
}

static void
test_binding (void)
{
  static const struct
  {
    guint status;
    const char *json;
    KmsBinding binding;
  } cases[] = {
    { 200, METADATA, KMS_BINDING_VERIFIED },
    { 200, "{\"KeyMetadata\":{\"KeyId\":\"k\",\"KeySpec\":\"RSA_2048\",\"KeyUsage\":\"ENCRYPT_DECRYPT\"}}",
      KMS_BINDING_IGNORED },
    { 200, "{\"KeyMetadata\":{\"KeyId\":\"k\",\"KeySpec\":\"HMAC_256\",\"KeyUsage\":\"GENERATE_VERIFY_MAC\"}}",
      KMS_BINDING_IGNORED },
    { 400, "{\"__type\":\"AccessDeniedException\"}", KMS_BINDING_VERIFIED },
    { 400, NOT_FOUND, KMS_BINDING_UNKNOWN },
    { 200, "{\"KeyMetadata\":{}}", KMS_BINDING_UNKNOWN },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (AwsFixture) fixture = aws_fixture_new (NULL);
      g_autoptr (GError) error = NULL;
      aws_fixture_reply (fixture, "DescribeKey", cases[i].status, cases[i].json);
      g_assert_cmpint (kms_provider_get_binding (fixture->provider, "alias/a", NULL, &error), ==, cases[i].binding);
      g_assert_true ((error != NULL) == (cases[i].binding == KMS_BINDING_UNKNOWN));
    }
}

/* What doctor says of a key, at worst. */
static void
test_diagnose (void)
{
  static const struct
  {
    guint status;
    const char *json;
    KmsSeverity severity;
    const char *finding;
  } cases[] = {
    { 200, METADATA, KMS_SEVERITY_OK, "binds the context" },
    { 200, "{\"KeyMetadata\":{\"KeyId\":\"k\",\"KeyState\":\"Disabled\"}}", KMS_SEVERITY_ERROR, "is Disabled" },
    { 200, "{\"KeyMetadata\":{\"KeyId\":\"k\",\"KeyState\":\"Enabled\",\"KeySpec\":\"RSA_2048\"}}", KMS_SEVERITY_ERROR,
      "only symmetric keys" },
    { 400, "{\"__type\":\"AccessDeniedException\"}", KMS_SEVERITY_INFO, "may not look at" },
    { 400, NOT_FOUND, KMS_SEVERITY_ERROR, "there is no such key" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (AwsFixture) fixture = aws_fixture_new (NULL);
      g_autoptr (KmsReport) report = kms_report_new ();
      const char *topic = NULL, *finding = NULL;
      aws_fixture_reply (fixture, "DescribeKey", cases[i].status, cases[i].json);
      kms_provider_diagnose (fixture->provider, "alias/a", report, NULL);
      guint last = kms_report_get_n_findings (report) - 1;
      KmsSeverity severity = kms_report_get_finding (report, last, &topic, &finding, NULL);
      g_test_message ("%s: %s", topic, finding);
      g_assert_cmpstr (topic, ==, "key");
      g_assert_cmpint (severity, ==, cases[i].severity);
      g_assert_nonnull (strstr (finding, cases[i].finding));
    }
}

int
main (int argc, char **argv)
{
  aws_fixture_set_environment ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/aws/admin/create", test_create);
  g_test_add_func ("/aws/admin/create-refused", test_create_refused);
  g_test_add_func ("/aws/admin/states", test_states);
  g_test_add_func ("/aws/admin/delete", test_delete);
  g_test_add_func ("/aws/admin/configure", test_configure);
  g_test_add_func ("/aws/admin/list", test_list);
  g_test_add_func ("/aws/admin/list-ends", test_list_ends);
  g_test_add_func ("/aws/admin/binding", test_binding);
  g_test_add_func ("/aws/admin/diagnose", test_diagnose);
  return g_test_run ();
}
