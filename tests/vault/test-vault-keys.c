/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Administration, diagnosis, inspection, and how a context looks in the audit log. */
#include "double-fixture.h"

#include <glib/gstdio.h>
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

static gboolean
get_flag (KmsKey *key, const char *name)
{
  gboolean value = FALSE;
  g_assert_true (g_variant_lookup (kms_key_get_details (key), name, "b", &value));
  return value;
}

static gint64
get_number (KmsKey *key, const char *name)
{
  gint64 value = -1;
  g_assert_true (g_variant_lookup (kms_key_get_details (key), name, "x", &value));
  return value;
}

static void
test_create (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);

  double_fixture_open (fixture, NULL, NULL);
  g_autoptr (KmsKey) usual = do_run (fixture, KMS_KEY_VERB_CREATE, "usual", NULL);
  g_assert_cmpstr (kms_key_get_id (usual), ==, "vault/usual");
  g_assert_cmpint (kms_key_get_binding (usual), ==, KMS_BINDING_VERIFIED);
  g_assert_true (get_flag (usual, "derived"));
  g_assert_false (get_flag (usual, "exportable"));
  g_autoptr (KmsKey) other = do_run (fixture, KMS_KEY_VERB_CREATE, "other",
                                     "{'type': <'chacha20-poly1305'>, 'derived': <'false'>, 'exportable': <true>}");
  g_assert_cmpint (kms_key_get_binding (other), ==, KMS_BINDING_IGNORED);
  g_assert_true (get_flag (other, "exportable"));
  assert_fails (fixture, KMS_KEY_VERB_CREATE, "usual", NULL, KMS_ERROR_ALREADY_EXISTS);
  assert_fails (fixture, KMS_KEY_VERB_CREATE, "x", "{'typ': <'aes256-gcm96'>}", KMS_ERROR_INVALID_ARGUMENT);
  assert_fails (fixture, KMS_KEY_VERB_CREATE, "x", "{'derived': <'perhaps'>}", KMS_ERROR_INVALID_ARGUMENT);
  assert_fails (fixture, KMS_KEY_VERB_CREATE, "x", "{'type': <'a\"b'>}", KMS_ERROR_INVALID_ARGUMENT);
  assert_fails (fixture, KMS_KEY_VERB_CREATE, "x", "{'description': <'mine'>}", KMS_ERROR_INVALID_ARGUMENT);
  assert_fails (fixture, KMS_KEY_VERB_CREATE, "x", "{'deletion-allowed': <true>}", KMS_ERROR_INVALID_ARGUMENT);
  assert_fails (fixture, KMS_KEY_VERB_CREATE, "x/y", NULL, KMS_ERROR_INVALID_ARGUMENT);
  g_assert_false (vault_double_has_key (fixture->vault, "x"));
}

static void
test_list (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  g_autoptr (GError) error = NULL;

  double_fixture_open (fixture, NULL, NULL);
  g_autoptr (GPtrArray) two = run (fixture, KMS_KEY_VERB_LIST, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (two->len, ==, 2);
  g_assert_cmpstr (kms_key_get_id (g_ptr_array_index (two, 0)), ==, "vault/orders");
  vault_double_remove_key (fixture->vault, "orders");
  vault_double_remove_key (fixture->vault, "plain");
  g_autoptr (GPtrArray) none = run (fixture, KMS_KEY_VERB_LIST, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (none->len, ==, 0);
  double_fixture_open (fixture, NULL, "Mount=nowhere\n");
  assert_fails (fixture, KMS_KEY_VERB_LIST, NULL, NULL, KMS_ERROR_NOT_FOUND);
}

/* Even where the answer is lost: a second rotation would make a second version. */
static void
test_rotates_once (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  TestFault lost = { .kind = TEST_FAULT_RESET_AFTER_HANDLING };

  double_fixture_open (fixture, NULL, NULL);
  g_autoptr (KmsKey) key = do_run (fixture, KMS_KEY_VERB_ROTATE, "orders", NULL);
  g_assert_cmpstr (kms_key_get_version (key), ==, "2");
  test_server_add_fault (fixture->server, "/rotate", lost, 0);
  assert_fails (fixture, KMS_KEY_VERB_ROTATE, "orders", NULL, KMS_ERROR_UNAVAILABLE);
  g_assert_cmpuint (vault_double_get_latest_version (fixture->vault, "orders"), ==, 3);
}

static void
test_configure (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);

  double_fixture_open (fixture, NULL, NULL);
  vault_double_rotate_key (fixture->vault, "orders");
  vault_double_rotate_key (fixture->vault, "orders");
  g_autoptr (KmsKey) key = do_run (fixture, KMS_KEY_VERB_CONFIGURE, "orders",
                                   "{'min-decryption-version': <'2'>, 'min-encryption-version': <uint32 3>}");
  g_assert_cmpint (get_number (key, "min-decryption-version"), ==, 2);
  g_assert_cmpint (get_number (key, "min-encryption-version"), ==, 3);
  g_autoptr (KmsKey) trimmed = do_run (fixture, KMS_KEY_VERB_CONFIGURE, "orders", "{'min-available-version': <'2'>}");
  g_assert_cmpint (get_number (trimmed, "min-available-version"), ==, 2);
  assert_fails (fixture, KMS_KEY_VERB_CONFIGURE, "orders", "{'derived': <true>}", KMS_ERROR_INVALID_ARGUMENT);
  assert_fails (fixture, KMS_KEY_VERB_CONFIGURE, "orders", "{'min-decryption-version': <'-1'>}",
                KMS_ERROR_INVALID_ARGUMENT);
  assert_fails (fixture, KMS_KEY_VERB_CONFIGURE, "nobody", "{'deletion-allowed': <true>}", KMS_ERROR_NOT_FOUND);
}

static void
test_delete (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);

  double_fixture_open (fixture, NULL, NULL);
  assert_fails (fixture, KMS_KEY_VERB_DELETE, "orders", NULL, KMS_ERROR_NOT_SUPPORTED);
  assert_fails (fixture, KMS_KEY_VERB_DELETE, "nobody", "{'force': <true>}", KMS_ERROR_NOT_FOUND);
  g_autoptr (KmsKey) disabled = do_run (fixture, KMS_KEY_VERB_DISABLE, "orders", NULL);
  g_assert_cmpint (kms_key_get_state (disabled), ==, KMS_KEY_STATE_DISABLED);
  g_autoptr (KmsKey) enabled = do_run (fixture, KMS_KEY_VERB_ENABLE, "orders", NULL);
  g_assert_cmpint (kms_key_get_state (enabled), ==, KMS_KEY_STATE_ENABLED);
  g_autoptr (KmsKey) deleted = do_run (fixture, KMS_KEY_VERB_DELETE, "orders", "{'force': <true>}");
  g_assert_false (vault_double_has_key (fixture->vault, "orders"));
}

static void
test_denied (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);

  double_fixture_open_with_policy (fixture, NULL, ENCRYPT_ONLY);
  assert_fails (fixture, KMS_KEY_VERB_LIST, NULL, NULL, KMS_ERROR_NOT_AUTHORIZED);
  assert_fails (fixture, KMS_KEY_VERB_ROTATE, "orders", NULL, KMS_ERROR_NOT_AUTHORIZED);
  assert_fails (fixture, KMS_KEY_VERB_DELETE, "orders", "{'force': <true>}", KMS_ERROR_NOT_AUTHORIZED);
  assert_fails (fixture, KMS_KEY_VERB_SHOW, "orders", NULL, KMS_ERROR_NOT_AUTHORIZED);
  g_assert_cmpuint (vault_double_get_latest_version (fixture->vault, "orders"), ==, 1);
}

/* Whether a finding of this severity has the words. */
static gboolean
finds (DoubleFixture *fixture, const char *key, KmsSeverity severity, const char *words)
{
  g_autoptr (KmsReport) report = kms_report_new ();
  gboolean found = FALSE;

  kms_provider_diagnose (fixture->provider, key, report, NULL);
  for (guint i = 0; i < kms_report_get_n_findings (report); i++)
    {
      const char *topic, *finding, *advice;
      KmsSeverity is = kms_report_get_finding (report, i, &topic, &finding, &advice);
      g_test_message ("%d %s: %s -> %s", is, topic, finding, advice != NULL ? advice : "-");
      found = found || (is == severity && strstr (finding, words) != NULL);
    }
  return found;
}

static void
test_doctor (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);

  double_fixture_open (fixture, NULL, NULL);
  g_assert_true (finds (fixture, NULL, KMS_SEVERITY_OK, "it answers, unsealed"));
  g_assert_true (finds (fixture, "orders", KMS_SEVERITY_WARNING, "root token"));
  g_assert_true (finds (fixture, "orders", KMS_SEVERITY_OK, "binds the context"));
  g_assert_true (finds (fixture, "plain", KMS_SEVERITY_WARNING, "not derived"));
  g_assert_true (finds (fixture, "nobody", KMS_SEVERITY_ERROR, "no key \"nobody\""));
  vault_double_seal (fixture->vault);
  g_assert_true (finds (fixture, "orders", KMS_SEVERITY_ERROR, "sealed"));
  vault_double_unseal (fixture->vault);

  double_fixture_open_with_policy (fixture, NULL, ENCRYPT_ONLY);
  g_assert_true (finds (fixture, "orders", KMS_SEVERITY_OK, "the token may encrypt"));
  g_assert_true (finds (fixture, "orders", KMS_SEVERITY_INFO, "the token may not decrypt"));
  g_assert_true (finds (fixture, "orders", KMS_SEVERITY_WARNING, "may not read key"));
  double_fixture_open_with_policy (fixture, NULL,
                                   "path \"transit/encrypt/*\" { capabilities = [\"create\", \"update\"] }");
  g_assert_true (finds (fixture, "orders", KMS_SEVERITY_WARNING, "make a key by encrypting"));
  double_fixture_open_with_policy (fixture, NULL, READ_KEYS);
  g_assert_true (finds (fixture, "orders", KMS_SEVERITY_ERROR, "neither encrypt nor decrypt"));
}

static void
test_doctor_token (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  g_autofree char *token =
    vault_double_add_token (fixture->vault, &(VaultTokenOptions){ .policy = READ_KEYS, .ttl = 60 });
  g_autofree char *path = double_fixture_write (fixture, "token", token);
  g_autofree char *settings = g_strdup_printf ("TokenFile=%s\n", path);

  double_fixture_open (fixture, NULL, settings);
  g_assert_true (finds (fixture, NULL, KMS_SEVERITY_WARNING, "expires in"));
  vault_double_revoke_token (fixture->vault, token);
  g_assert_true (finds (fixture, NULL, KMS_SEVERITY_ERROR, "refuses the token"));
  g_assert_cmpint (g_unlink (path), ==, 0);
  double_fixture_open (fixture, NULL, settings);
  g_assert_true (finds (fixture, NULL, KMS_SEVERITY_ERROR, "there is no token"));
  test_server_add_fault (fixture->server, NULL, (TestFault){ .kind = TEST_FAULT_HTML }, 0);
  g_assert_true (finds (fixture, NULL, KMS_SEVERITY_ERROR, "not what Vault or OpenBao answers"));
}

/* What the server logs for a context that is encrypted with, and the gem's value for the other. */
static void
test_audit_hash (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  g_autoptr (KmsContext) context = kms_context_new ("model_name", "User", "model_id", "123", NULL);
  g_autoptr (GError) error = NULL;
  gsize length;

  double_fixture_open (fixture, NULL, NULL);
  char *json = kms_context_to_json (context, KMS_JSON_DIALECT_RAILS, KMS_CONTEXT_FORM_MAP, &length, NULL);
  g_autoptr (GBytes) bytes = g_bytes_new_take (json, length);
  g_autofree char *expected =
    vault_double_hash_audit (fixture->vault, "file", "eyJtb2RlbF9pZCI6IjEyMyIsIm1vZGVsX25hbWUiOiJVc2VyIn0=\n");
  g_autofree char *found =
    kms_audit_hasher_hash_context (KMS_AUDIT_HASHER (fixture->provider), "file", bytes, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (found, ==, expected);
  g_assert_null (kms_audit_hasher_hash_context (KMS_AUDIT_HASHER (fixture->provider), "nowhere", bytes, NULL, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_null (kms_audit_hasher_hash_context (KMS_AUDIT_HASHER (fixture->provider), "../seal", bytes, NULL, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_CONFIG);
}

static void
test_inspect (void)
{
  g_autoptr (DoubleFixture) fixture = double_fixture_new (TEST_SERVER_PLAIN);
  g_autoptr (GBytes) good = g_bytes_new_static ("vault:v12:QUJD", 14);
  g_autoptr (GBytes) bad = g_bytes_new_static ("vault:12", 8);
  g_autoptr (GError) error = NULL;
  const char *version;

  double_fixture_open (fixture, NULL, NULL);
  g_autoptr (GVariant) details = kms_provider_inspect (fixture->provider, "orders", good, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_variant_lookup (details, "key-version", "&s", &version));
  g_assert_cmpstr (version, ==, "12");
  g_assert_null (kms_provider_inspect (fixture->provider, "orders", bad, NULL, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vault/keys/create", test_create);
  g_test_add_func ("/vault/keys/list", test_list);
  g_test_add_func ("/vault/keys/rotates-once", test_rotates_once);
  g_test_add_func ("/vault/keys/configure", test_configure);
  g_test_add_func ("/vault/keys/delete", test_delete);
  g_test_add_func ("/vault/keys/denied", test_denied);
  g_test_add_func ("/vault/keys/doctor", test_doctor);
  g_test_add_func ("/vault/keys/doctor-token", test_doctor_token);
  g_test_add_func ("/vault/keys/audit-hash", test_audit_hash);
  g_test_add_func ("/vault/keys/inspect", test_inspect);
  return g_test_run ();
}
