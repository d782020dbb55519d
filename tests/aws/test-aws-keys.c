/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Administration of keys: aliases, pages, states, rotation, and what is never sent twice. */
#include "double-fixture.h"

#include <string.h>

static GPtrArray *
run (DoubleFixture *fixture, KmsKeyVerb verb, const char *key, const char *options, GError **error)
{
  g_autoptr (GVariant) parsed = options != NULL ? g_variant_ref_sink (g_variant_new_parsed (options)) : NULL;
  return kms_key_admin_run (KMS_KEY_ADMIN (fixture->provider), verb, key, parsed, NULL, error);
}

static KmsKey *
do_run (DoubleFixture *fixture, KmsKeyVerb verb, const char *key, const char *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) keys = run (fixture, verb, key, options, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (keys->len, ==, 1);
  return g_object_ref (g_ptr_array_index (keys, 0));
}

static void
assert_fails (DoubleFixture *fixture, KmsKeyVerb verb, const char *key, const char *options, KmsError code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) keys = run (fixture, verb, key, options, &error);

  g_assert_null (keys);
  g_test_message ("%s", error->message);
  g_assert_error (error, KMS_ERROR, (int) code);
}

static const char *
get_text (KmsKey *key, const char *name)
{
  const char *value = NULL;
  g_variant_lookup (kms_key_get_details (key), name, "&s", &value);
  return value;
}

static void
test_create (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);

  double_fixture_open (fixture, NULL, NULL);
  g_autoptr (KmsKey) key = do_run (fixture, KMS_KEY_VERB_CREATE, "alias/users",
                                   "{'description': <'of users'>, 'tags': <'team=a,stage=test'>}");
  g_autofree char *arn = aws_double_find_alias (fixture->aws, AWS_DOUBLE_REGION, "alias/users");
  g_assert_cmpstr (get_text (key, "arn"), ==, arn);
  g_assert_cmpstr (kms_key_get_description (key), ==, "of users");
  g_assert_cmpint (kms_key_get_state (key), ==, KMS_KEY_STATE_ENABLED);
  g_autoptr (GBytes) ciphertext = double_fixture_encrypt (fixture, "alias/users", NULL);
  assert_fails (fixture, KMS_KEY_VERB_CREATE, "alias/users", NULL, KMS_ERROR_ALREADY_EXISTS);
  assert_fails (fixture, KMS_KEY_VERB_CREATE, "alias/aws/mine", NULL, KMS_ERROR_INVALID_ARGUMENT);
  assert_fails (fixture, KMS_KEY_VERB_CREATE, "alias/a b", NULL, KMS_ERROR_INVALID_ARGUMENT);
  g_assert_cmpuint (aws_double_count_keys (fixture->aws), ==, 2);
}

/* Whether it was made is not known, and two of them would be paid for. */
static void
test_creates_once (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  TestFault lost = { .kind = TEST_FAULT_RESET_AFTER_HANDLING };
  AwsDoubleAnswer broken = { .operation = "CreateKey", .status = 500, .code = "KMSInternalException" };
  AwsDoubleAnswer missing = { .operation = "DescribeKey", .code = "NotFoundException" };

  double_fixture_open (fixture, "Retries=3\n", NULL);
  aws_double_add_answer (fixture->aws, &broken, 0);
  assert_fails (fixture, KMS_KEY_VERB_CREATE, "alias/users", NULL, KMS_ERROR_UNAVAILABLE);
  g_assert_cmpuint (aws_double_count_entries_of (fixture->aws, "CreateKey"), ==, 1);
  aws_double_clear_answers (fixture->aws);
  aws_double_forget_entries (fixture->aws);
  /* The first request asks whether the alias is there; the next ones are handled, and lost. */
  aws_double_add_answer (fixture->aws, &missing, 0);
  test_server_add_fault (fixture->server, "/", (TestFault){ .kind = TEST_FAULT_NONE }, 1);
  test_server_add_fault (fixture->server, "/", lost, 0);
  assert_fails (fixture, KMS_KEY_VERB_CREATE, "alias/users", NULL, KMS_ERROR_UNAVAILABLE);
  g_assert_cmpuint (aws_double_count_entries_of (fixture->aws, "CreateKey"), ==, 1);
  g_assert_cmpuint (aws_double_count_keys (fixture->aws), ==, 2);
}

/* Nor where no answer comes at all. */
static void
test_creates_once_in_silence (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  TestFault none = { .kind = TEST_FAULT_NONE }, silence = { .kind = TEST_FAULT_SILENCE };

  double_fixture_open (fixture, "AttemptTimeout=0.3\nRetries=3\n", NULL);
  test_server_add_fault (fixture->server, "/", none, 1);
  test_server_add_fault (fixture->server, "/", silence, 0);
  assert_fails (fixture, KMS_KEY_VERB_CREATE, "alias/users", NULL, KMS_ERROR_TIMED_OUT);
  g_assert_cmpuint (test_server_count_requests (fixture->server), ==, 2);
}

/* The answer to CreateAlias is lost: what is there already is what was made. */
static void
test_alias_answer_lost (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  TestFault none = { .kind = TEST_FAULT_NONE }, lost = { .kind = TEST_FAULT_RESET_AFTER_HANDLING };

  double_fixture_open (fixture, "Retries=3\n", NULL);
  test_server_add_fault (fixture->server, "/", none, 2);
  test_server_add_fault (fixture->server, "/", lost, 1);
  g_autoptr (KmsKey) key = do_run (fixture, KMS_KEY_VERB_CREATE, "alias/users", NULL);
  g_assert_cmpuint (aws_double_count_entries_of (fixture->aws, "CreateKey"), ==, 1);
  g_assert_cmpuint (aws_double_count_entries_of (fixture->aws, "CreateAlias"), ==, 2);
  g_autofree char *arn = aws_double_find_alias (fixture->aws, AWS_DOUBLE_REGION, "alias/users");
  g_assert_cmpstr (get_text (key, "arn"), ==, arn);
}

static void
test_quota (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);

  aws_double_set_key_quota (fixture->aws, 1);
  double_fixture_open (fixture, "Retries=3\n", NULL);
  assert_fails (fixture, KMS_KEY_VERB_CREATE, "alias/users", NULL, KMS_ERROR_QUOTA);
  g_assert_cmpuint (aws_double_count_entries_of (fixture->aws, "CreateKey"), ==, 1);
}

/* In pages of three, whatever is asked for. */
static void
test_list (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  g_autoptr (GError) error = NULL;
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < 10; i++)
    {
      g_autofree char *alias = g_strdup_printf ("alias/key-%u", i);
      g_free (aws_double_create_key (fixture->aws, alias, NULL));
    }
  g_free (aws_double_create_key (fixture->aws, "alias/far", &(AwsDoubleKeyOptions){ .region = "us-east-1" }));
  aws_double_set_page_size (fixture->aws, 3);
  double_fixture_open (fixture, NULL, NULL);
  g_autoptr (GPtrArray) keys = run (fixture, KMS_KEY_VERB_LIST, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (keys->len, ==, 11);
  g_assert_cmpuint (aws_double_count_entries_of (fixture->aws, "ListKeys"), ==, 4);
  g_assert_cmpuint (aws_double_count_entries_of (fixture->aws, "ListAliases"), ==, 4);
  for (guint i = 0; i < keys->len; i++)
    g_hash_table_add (names, g_strdup (kms_key_get_id (g_ptr_array_index (keys, i))));
  g_assert_cmpuint (g_hash_table_size (names), ==, 11);
  g_assert_true (g_hash_table_contains (names, ORDERS));
  g_assert_true (g_hash_table_contains (names, "alias/key-9"));
}

/* Every operation but DescribeKey takes ids only: the double refuses aliases. */
static void
test_states (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  static const AwsDoubleVoid voids[] = { AWS_DOUBLE_VOID_EMPTY, AWS_DOUBLE_VOID_OBJECT, AWS_DOUBLE_VOID_NULL };

  double_fixture_open (fixture, NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (voids); i++)
    {
      aws_double_set_void (fixture->aws, voids[i]);
      g_autoptr (KmsKey) disabled = do_run (fixture, KMS_KEY_VERB_DISABLE, ORDERS, NULL);
      g_assert_cmpint (kms_key_get_state (disabled), ==, KMS_KEY_STATE_DISABLED);
      double_fixture_assert_encrypt_fails (fixture, ORDERS, NULL, KMS_ERROR_KEY_DISABLED);
      g_autoptr (KmsKey) enabled = do_run (fixture, KMS_KEY_VERB_ENABLE, ORDERS, NULL);
      g_assert_cmpint (kms_key_get_state (enabled), ==, KMS_KEY_STATE_ENABLED);
      g_autoptr (GBytes) ciphertext = double_fixture_encrypt (fixture, ORDERS, NULL);
    }
}

static void
test_delete (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  double_fixture_open (fixture, NULL, NULL);
  assert_fails (fixture, KMS_KEY_VERB_DELETE, ORDERS, "{'days': <uint32 6>}", KMS_ERROR_INVALID_ARGUMENT);
  assert_fails (fixture, KMS_KEY_VERB_DELETE, ORDERS, "{'days': <uint32 31>}", KMS_ERROR_INVALID_ARGUMENT);
  g_autoptr (KmsKey) leaving = do_run (fixture, KMS_KEY_VERB_DELETE, ORDERS, "{'days': <uint32 7>}");
  g_assert_cmpint (kms_key_get_state (leaving), ==, KMS_KEY_STATE_PENDING_DELETION);
  g_assert_cmpint (ABS (kms_key_get_deletion_time (leaving) - now - 7 * 86400), <, 120);
  double_fixture_assert_encrypt_fails (fixture, ORDERS, NULL, KMS_ERROR_KEY_DISABLED);
  g_autoptr (KmsKey) shown = do_run (fixture, KMS_KEY_VERB_SHOW, ORDERS, NULL);
  g_assert_cmpint (kms_key_get_state (shown), ==, KMS_KEY_STATE_PENDING_DELETION);
  g_autoptr (KmsKey) back = do_run (fixture, KMS_KEY_VERB_RESTORE, ORDERS, NULL);
  g_assert_cmpint (kms_key_get_state (back), ==, KMS_KEY_STATE_DISABLED);
  g_autoptr (KmsKey) enabled = do_run (fixture, KMS_KEY_VERB_ENABLE, ORDERS, NULL);
  g_autoptr (GBytes) ciphertext = double_fixture_encrypt (fixture, ORDERS, NULL);
}

/* Old material decrypts on, and each key has only so many rotations. */
static void
test_rotate (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  TestFault none = { .kind = TEST_FAULT_NONE }, lost = { .kind = TEST_FAULT_RESET_AFTER_HANDLING };

  double_fixture_open (fixture, "Retries=3\n", NULL);
  g_autoptr (GBytes) ciphertext = double_fixture_encrypt (fixture, ORDERS, NULL);
  g_autoptr (KmsKey) before = do_run (fixture, KMS_KEY_VERB_SHOW, ORDERS, NULL);
  g_autoptr (KmsKey) rotated = do_run (fixture, KMS_KEY_VERB_ROTATE, ORDERS, NULL);
  g_autoptr (KmsKey) after = do_run (fixture, KMS_KEY_VERB_SHOW, ORDERS, NULL);
  g_assert_cmpstr (get_text (before, "material"), !=, get_text (after, "material"));
  double_fixture_assert_decrypts (fixture, ORDERS, ciphertext, NULL);
  aws_double_forget_entries (fixture->aws);
  test_server_add_fault (fixture->server, "/", none, 1);
  test_server_add_fault (fixture->server, "/", lost, 0);
  assert_fails (fixture, KMS_KEY_VERB_ROTATE, ORDERS, NULL, KMS_ERROR_UNAVAILABLE);
  g_assert_cmpuint (aws_double_count_entries_of (fixture->aws, "RotateKeyOnDemand"), ==, 1);
  test_server_clear_faults (fixture->server);
  for (guint i = 0; i < 8; i++)
    g_object_unref (do_run (fixture, KMS_KEY_VERB_ROTATE, ORDERS, NULL));
  assert_fails (fixture, KMS_KEY_VERB_ROTATE, ORDERS, NULL, KMS_ERROR_QUOTA);
}

static void
test_configure (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  gboolean rotates = FALSE;

  double_fixture_open (fixture, NULL, NULL);
  g_autoptr (KmsKey)
    key = do_run (fixture, KMS_KEY_VERB_CONFIGURE, ORDERS,
                  "{'rotation-days': <'90'>, 'description': <'new words'>, 'add-alias': <'alias/second'>}");
  g_assert_cmpstr (kms_key_get_description (key), ==, "new words");
  g_autoptr (KmsKey) shown = do_run (fixture, KMS_KEY_VERB_SHOW, "alias/second", NULL);
  g_assert_true (g_variant_lookup (kms_key_get_details (shown), "rotates", "b", &rotates) && rotates);
  g_assert_cmpstr (kms_key_get_description (shown), ==, "new words");
  g_assert_cmpstr (get_text (shown, "aliases"), ==, "alias/orders alias/second");
  g_autoptr (KmsKey) without =
    do_run (fixture, KMS_KEY_VERB_CONFIGURE, ORDERS, "{'rotation-days': <'0'>, 'remove-alias': <'alias/second'>}");
  g_assert_null (aws_double_find_alias (fixture->aws, AWS_DOUBLE_REGION, "alias/second"));
  assert_fails (fixture, KMS_KEY_VERB_CONFIGURE, ORDERS, "{'derived': <true>}", KMS_ERROR_INVALID_ARGUMENT);
}

static void
test_denied (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  static const KmsKeyVerb verbs[] = { KMS_KEY_VERB_LIST,   KMS_KEY_VERB_SHOW,    KMS_KEY_VERB_CREATE,
                                      KMS_KEY_VERB_ROTATE, KMS_KEY_VERB_DISABLE, KMS_KEY_VERB_ENABLE,
                                      KMS_KEY_VERB_DELETE };

  double_fixture_set_policy (fixture,
                             "{\"Effect\":\"Allow\",\"Action\":[\"kms:Encrypt\",\"kms:Decrypt\"],\"Resource\":\"*\"}");
  double_fixture_open (fixture, NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (verbs); i++)
    assert_fails (fixture, verbs[i],
                  verbs[i] == KMS_KEY_VERB_LIST     ? NULL
                  : verbs[i] == KMS_KEY_VERB_CREATE ? "alias/x"
                                                    : ORDERS,
                  NULL, KMS_ERROR_NOT_AUTHORIZED);
  g_assert_cmpuint (aws_double_count_keys (fixture->aws), ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/aws/keys/create", test_create);
  g_test_add_func ("/aws/keys/creates-once", test_creates_once);
  g_test_add_func ("/aws/keys/creates-once-in-silence", test_creates_once_in_silence);
  g_test_add_func ("/aws/keys/alias-answer-lost", test_alias_answer_lost);
  g_test_add_func ("/aws/keys/quota", test_quota);
  g_test_add_func ("/aws/keys/list", test_list);
  g_test_add_func ("/aws/keys/states", test_states);
  g_test_add_func ("/aws/keys/delete", test_delete);
  g_test_add_func ("/aws/keys/rotate", test_rotate);
  g_test_add_func ("/aws/keys/configure", test_configure);
  g_test_add_func ("/aws/keys/denied", test_denied);
  return g_test_run ();
}
