/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many values through a box at once: what fails alone, what is reported, and what the options change. */
#include "box-fixture.h"

#include <string.h>

#define TEST_KEY "insecure-test-key"
#define N_ITEMS 1000

static KmsBatch *
new_batch (const char *const *stored, guint n, KmsContext *context)
{
  KmsBatch *batch = kms_batch_new (KMS_OPERATION_DECRYPT);

  for (guint i = 0; i < n; i++)
    kms_batch_add_stored (batch, stored[i], -1, context, NULL);
  return batch;
}

static void
assert_secret (KmsBatch *batch, guint index, const char *text)
{
  KmsSecret *secret = kms_batch_get_secret (batch, index);
  gsize length;

  g_assert_no_error (kms_batch_get_error (batch, index));
  g_assert_nonnull (secret);
  const guint8 *bytes = kms_secret_get_data (secret, &length);
  g_assert_cmpmem (bytes, length, text, strlen (text));
}

static void
assert_failed (KmsBatch *batch, guint index, KmsError code, const char *part)
{
  g_assert_null (kms_batch_get_secret (batch, index));
  g_assert_null (kms_batch_get_stored (batch, index));
  g_assert_null (kms_batch_get_ciphertext (batch, index));
  box_assert_error (kms_batch_get_error (batch, index), code, part);
}

/* The test key alone runs over borrowed items; with another provider beside it the same goes as a job. */
static void
check_partial (BoxFixture *self, const char *other_key)
{
  g_autoptr (KmsBoxBuilder) builder = kms_box_builder_new (self->registry, "orders");
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_DECRYPT);
  g_autoptr (KmsContext) right = kms_context_new ("id", "1", NULL);
  g_autoptr (KmsContext) wrong = kms_context_new ("id", "2", NULL);
  g_autofree char *stored = box_seal ("v1:", "hello", "{\"id\":\"1\"}");
  g_autoptr (GError) error = NULL;

  kms_box_builder_set_key (builder, "1", TEST_KEY, NULL);
  kms_box_builder_add_previous (builder, "9", other_key, NULL);
  g_autoptr (KmsBox) box = box_end (builder);
  for (guint i = 0; i < N_ITEMS; i++)
    kms_batch_add_stored (batch, i == 700 ? "v5:AAAA" : stored, -1, i == 17 ? wrong : right, NULL);

  g_assert_false (kms_box_run (box, batch, NULL, &error));
  box_assert_error (error, KMS_ERROR_INVALID_CIPHERTEXT, "(item 17; 2 of 1000 items failed)");
  g_assert_cmpuint (kms_batch_get_n_failed (batch), ==, 2);
  for (guint i = 0; i < N_ITEMS; i++)
    if (i == 17)
      assert_failed (batch, i, KMS_ERROR_INVALID_CIPHERTEXT, "test: decryption failed");
    else if (i == 700)
      assert_failed (batch, i, KMS_ERROR_NOT_ACTIVE, "version not active: 5");
    else
      assert_secret (batch, i, "hello");
}

static void
test_partial (BoxFixture *self, gconstpointer data)
{
  check_partial (self, "insecure-test-key/encrypt");
  check_partial (self, "tells/x");
}

static void
test_one_alone (BoxFixture *self, gconstpointer data)
{
  static const char *const bad[] = { "v1:AAAA" };
  static const char *const bad_after_good[] = { "v1:QQ==", "v1:ZmFpbA==" };
  g_autoptr (KmsBox) box = box_new (self, "1", TEST_KEY);
  g_autoptr (KmsBox) told = box_new (self, "1", "tells/x");
  g_autoptr (KmsBatch) one = new_batch (bad, 1, NULL);
  g_autoptr (KmsBatch) two = new_batch (bad_after_good, 2, NULL);
  g_autoptr (KmsBatch) none = kms_batch_new (KMS_OPERATION_DECRYPT);
  g_autoptr (GError) error = NULL, second = NULL;

  g_assert_false (kms_box_run (box, one, NULL, &error));
  g_assert_null (strstr (error->message, "items failed"));
  g_assert_false (kms_box_run (told, two, NULL, &second));
  box_assert_error (second, KMS_ERROR_THROTTLED, "tells: told to fail (item 1; 1 of 2 items failed)");
  g_assert_cmpstr (kms_error_get_provider (second), ==, "tells");
  g_assert_true (kms_box_run (box, none, NULL, NULL));
  g_assert_true (kms_box_run (told, none, NULL, NULL));
  g_assert_false (kms_box_run (told, two, NULL, NULL));
}

static void
test_run_again (BoxFixture *self, gconstpointer data)
{
  g_autofree char *stored = box_seal ("v1:", "hello", NULL);
  const char *const both[] = { stored, "v2:QQ==" };
  g_autoptr (KmsBox) first = box_new (self, "1", TEST_KEY);
  g_autoptr (KmsBox) second = box_new (self, "2", "inline/x");
  g_autoptr (KmsBatch) batch = new_batch (both, 2, NULL);

  g_assert_false (kms_box_run (first, batch, NULL, NULL));
  assert_secret (batch, 0, "hello");
  assert_failed (batch, 1, KMS_ERROR_NOT_ACTIVE, NULL);
  g_assert_cmpint (kms_batch_get_binding (batch, 0), ==, KMS_BINDING_VERIFIED);
  g_assert_false (kms_box_run (second, batch, NULL, NULL));
  assert_failed (batch, 0, KMS_ERROR_NOT_ACTIVE, NULL);
  assert_secret (batch, 1, "inline: key=x form=0 context=(none) input=A");
  g_assert_cmpint (kms_batch_get_binding (batch, 0), ==, KMS_BINDING_UNKNOWN);
}

static void
test_many_versions (BoxFixture *self, gconstpointer data)
{
  static const char *const more[] = { "v2:QQ==", "v3:QQ==", "v4:QQ==", "v1:QQ==", "$gc$cC9sL3Ivay8z$QQ==", "v4:QUI=" };
  g_autoptr (KmsBoxBuilder) builder = kms_box_builder_new (self->registry, "orders");
  g_autoptr (GError) error = NULL;

  config_root_add_provider (self->root, "google", "kms-tells.so", "Matches=projects/\n[Settings]\nInline=true");
  kms_registry_reload (self->registry, &error);
  kms_box_builder_set_key (builder, "4", "rewraps/four", NULL);
  kms_box_builder_add_previous (builder, "1", TEST_KEY, NULL);
  kms_box_builder_add_previous (builder, "2", "inline/two", NULL);
  kms_box_builder_add_previous (builder, "3", "tells/three", NULL);
  g_autoptr (KmsBox) box = box_end (builder);
  g_autoptr (KmsBatch) batch = new_batch (more, G_N_ELEMENTS (more), NULL);

  g_assert_false (kms_box_run (box, batch, NULL, &error));
  box_assert_error (error, KMS_ERROR_INVALID_CIPHERTEXT, "(item 3; 1 of 6 items failed)");
  assert_secret (batch, 0, "inline: key=two form=0 context=(none) input=A");
  assert_secret (batch, 1, "tells: key=three form=0 context=(none) input=A");
  assert_secret (batch, 2, "rewraps: key=four form=0 context=(none) input=A");
  assert_secret (batch, 4, "google: key=projects/p/locations/l/keyRings/r/cryptoKeys/k form=0 context=(none) input=A");
  assert_secret (batch, 5, "rewraps: key=four form=0 context=(none) input=AB");
}

static void
test_bare_ciphertext (BoxFixture *self, gconstpointer data)
{
  static const char *const key_ids[] = { TEST_KEY, "tells/x" };
  g_autoptr (GBytes) bytes = g_bytes_new_static ("A", 1);

  for (guint i = 0; i < G_N_ELEMENTS (key_ids); i++)
    {
      g_autoptr (KmsBox) box = box_new (self, "1", key_ids[i]);
      g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_DECRYPT);
      kms_batch_add_ciphertext (batch, bytes, NULL, NULL);
      g_assert_false (kms_box_run (box, batch, NULL, NULL));
      assert_failed (batch, 0, KMS_ERROR_INVALID_ARGUMENT, "a box takes stored strings");
    }
}

static void
test_reported (BoxFixture *self, gconstpointer data)
{
  static const char *const key_ids[] = { "tells/x", "inline/x", "rewraps/x" };
  static const char *const stored[] = { "v1:QQ==", "v1:ZmFpbA==" };

  for (guint i = 0; i < G_N_ELEMENTS (key_ids); i++)
    for (guint operation = KMS_OPERATION_DECRYPT; operation <= KMS_OPERATION_REWRAP; operation++)
      {
        g_autoptr (KmsBox) box = box_new (self, "1", key_ids[i]);
        g_autoptr (KmsBatch) batch = kms_batch_new ((KmsOperation) operation);
        kms_batch_add_stored (batch, stored[0], -1, NULL, NULL);
        kms_batch_add_stored (batch, stored[1], -1, NULL, NULL);
        g_assert_false (kms_box_run (box, batch, NULL, NULL));
        /* Also of what failed: the request can be found in the service's log. */
        for (guint item = 0; item < 2; item++)
          {
            g_assert_cmpstr (kms_batch_get_key_version (batch, item), ==, "7");
            g_assert_cmpstr (kms_batch_get_key_id (batch, item), ==, "the-key-behind-the-alias");
            g_assert_cmpstr (kms_batch_get_request_id (batch, item), ==, "request-1");
            g_assert_cmpint (kms_batch_get_binding (batch, item), ==, KMS_BINDING_VERIFIED);
          }
      }
}

static void
test_reported_by_local (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsBox) box = box_new (self, "1", "local/orders");
  g_autoptr (KmsSecret) secret = box_secret ("hello");
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_ENCRYPT);
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider (self->registry, "local", NULL);

  box_fixture_add_local_key (self, "orders");
  kms_batch_add_secret (batch, secret, NULL);
  for (guint version = 1; version <= 2; version++)
    {
      g_autofree char *expected = g_strdup_printf ("%u", version);
      kms_box_run (box, batch, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (kms_batch_get_key_version (batch, 0), ==, expected);
      g_assert_cmpint (kms_batch_get_binding (batch, 0), ==, KMS_BINDING_VERIFIED);
      g_autoptr (GPtrArray)
        keys = kms_key_admin_run (KMS_KEY_ADMIN (provider), KMS_KEY_VERB_ROTATE, "orders", NULL, NULL, &error);
      g_assert_no_error (error);
    }
}

static void
test_dialect (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsContext) context = kms_context_new ("a", "<\xe2\x80\xa8", NULL);
  g_autofree char *plain = box_seal ("v1:", "hello", "{\"a\":\"<\xe2\x80\xa8\"}");
  g_autofree char *rails = box_seal ("v1:", "hello", "{\"a\":\"\\u003c\\u2028\"}");
  const char *const both[] = { plain, rails };
  g_autoptr (KmsBatch) batch = new_batch (both, 2, context);

  kms_batch_set_json_dialect (batch, KMS_JSON_DIALECT_PLAIN);
  for (guint try_others = 0; try_others < 2; try_others++)
    {
      g_autoptr (KmsBoxBuilder) builder = kms_box_builder_new (self->registry, "orders");
      kms_box_builder_set_key (builder, "1", TEST_KEY, NULL);
      kms_box_builder_set_json_dialect (builder, KMS_JSON_DIALECT_RAILS, try_others == 1);
      g_autoptr (KmsBox) box = box_end (builder);
      g_assert_cmpint (kms_box_run (box, batch, NULL, NULL), ==, try_others == 1);
      assert_secret (batch, 0, "hello");
      if (try_others == 1)
        assert_secret (batch, 1, "hello");
      else
        assert_failed (batch, 1, KMS_ERROR_INVALID_CIPHERTEXT, NULL);
    }
}

/* For what was written by something that took the wrong form: a version, and the context as before there were any. */
static void
test_form (BoxFixture *self, gconstpointer data)
{
  static const char *const key_ids[] = { "inline/x", "tells/x" };
  static const char *const both[] = { "v1:QQ==", "QQ==" };
  g_autoptr (KmsContext) context = box_context ("{\"b\":1,\"a\":2}");

  for (guint i = 0; i < G_N_ELEMENTS (key_ids); i++)
    {
      g_autoptr (KmsBox) box = box_new (self, "1", key_ids[i]);
      g_autoptr (KmsBatch) batch = new_batch (both, 2, context);
      g_autofree char *name = g_strndup (key_ids[i], strlen (key_ids[i]) - 2);
      g_autofree char *legacy = g_strconcat (name, ": key=x form=3 context={\"b\":1,\"a\":2} input=A", NULL);
      g_autofree char *map = g_strconcat (name, ": key=x form=1 context={\"a\":\"2\",\"b\":\"1\"} input=A", NULL);

      kms_batch_set_context_form (batch, KMS_CONTEXT_FORM_LEGACY);
      g_assert_true (kms_box_run (box, batch, NULL, NULL));
      assert_secret (batch, 0, legacy);
      assert_secret (batch, 1, legacy);
      kms_batch_set_context_form (batch, KMS_CONTEXT_FORM_MAP);
      g_assert_true (kms_box_run (box, batch, NULL, NULL));
      assert_secret (batch, 0, map);
      assert_secret (batch, 1, map);
    }
}

static void
test_timeout (BoxFixture *self, gconstpointer data)
{
  static const char *const stored[] = { "v1:QQ==", "v2:QQ==" };
  g_autoptr (KmsBoxBuilder) builder = kms_box_builder_new (self->registry, "orders");
  g_autoptr (GError) error = NULL;

  kms_box_builder_set_key (builder, "1", "hangs/x", NULL);
  kms_box_builder_add_previous (builder, "2", "inline/x", NULL);
  g_autoptr (KmsBox) box = box_end (builder);
  g_autoptr (KmsBatch) batch = new_batch (stored, 2, NULL);
  kms_batch_set_timeout (batch, 20);
  g_assert_false (kms_box_run (box, batch, NULL, &error));
  box_assert_error (error, KMS_ERROR_TIMED_OUT, "(item 0; 1 of 2 items failed)");
  assert_failed (batch, 0, KMS_ERROR_TIMED_OUT, "hangs: ");
  assert_secret (batch, 1, "inline: key=x form=0 context=(none) input=A");
}

static void
on_operation (KmsRegistry *registry, const char *provider, const char *key_id, KmsOperation operation, guint n_items,
              const GError *error, gint64 duration, gpointer seen)
{
  g_string_append_printf (seen, "%s %s %d %u%s\n", provider, key_id, operation, n_items,
                          error == NULL ? "" : " failed");
}

/* Who listens hears of each key that was used, by one name, however it was asked for. */
static void
test_operations (BoxFixture *self, gconstpointer data)
{
  g_autofree char *first = box_seal ("v1:", "one", NULL);
  const char *stored[] = { first, "v2:QQ==", "v9:QQ==", "v2:ZmFpbA==", first, "$gc$cC9sL3Ivay8z\n$QQ==\n" };
  g_autoptr (KmsBoxBuilder) builder = kms_box_builder_new (self->registry, "orders");
  g_autoptr (GString) seen = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = g_bytes_new_static ("A", 1);

  config_root_add_provider (self->root, "google", "kms-tells.so", "Matches=projects/");
  kms_registry_reload (self->registry, &error);
  kms_box_builder_set_key (builder, "2", "inline/new", NULL);
  kms_box_builder_add_previous (builder, "1", TEST_KEY, NULL);
  g_autoptr (KmsBox) box = box_end (builder);
  g_autoptr (KmsBatch) batch = new_batch (stored, G_N_ELEMENTS (stored), NULL);
  g_signal_connect (self->registry, "operation", G_CALLBACK (on_operation), seen);
  kms_registry_set_report_operations (self->registry, TRUE);

  g_assert_false (kms_box_run (box, batch, NULL, NULL));
  g_assert_cmpstr (seen->str, ==,
                   "test insecure-test-key 1 2\n"
                   "inline inline/new 1 2 failed\n"
                   "google projects/p/locations/l/keyRings/r/cryptoKeys/k 1 1\n");

  g_string_set_size (seen, 0);
  box_assert_decrypts (box, first, NULL, "one");
  g_free (box_encrypt (box, "x", NULL));
  g_free (kms_box_rewrap (box, first, -1, NULL, NULL, NULL, NULL));
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider (self->registry, "inline", NULL);
  g_autoptr (KmsSecret) secret = kms_provider_decrypt (provider, "new", bytes, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (seen->str, ==,
                   "test insecure-test-key 1 1\n"
                   "inline inline/new 0 1\n"
                   "inline inline/new 2 1\n"
                   "inline inline/new 1 1\n");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  BOX_TEST ("batch/partial", test_partial);
  BOX_TEST ("batch/one-alone", test_one_alone);
  BOX_TEST ("batch/run-again", test_run_again);
  BOX_TEST ("batch/many-versions", test_many_versions);
  BOX_TEST ("batch/bare-ciphertext", test_bare_ciphertext);
  BOX_TEST ("batch/reported", test_reported);
  BOX_TEST ("batch/reported-by-local", test_reported_by_local);
  BOX_TEST ("batch/dialect", test_dialect);
  BOX_TEST ("batch/form", test_form);
  BOX_TEST ("batch/timeout", test_timeout);
  BOX_TEST ("batch/operations", test_operations);
  return g_test_run ();
}
