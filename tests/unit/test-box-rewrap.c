/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rewrapping: the same value under the newest key, with the same context or another one. */
#include "box-fixture.h"

#include <string.h>

#define TEST_KEY "insecure-test-key"

static char *
rewrap (KmsBox *box, const char *stored, KmsContext *context, KmsContext *new_context)
{
  g_autoptr (GError) error = NULL;
  char *made = kms_box_rewrap (box, stored, -1, context, new_context, NULL, &error);

  g_assert_no_error (error);
  return made;
}

static void
assert_refuses (KmsBox *box, const char *stored, KmsContext *context, KmsContext *new_context, KmsError code,
                const char *part)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *made = kms_box_rewrap (box, stored, -1, context, new_context, NULL, &error);

  g_assert_null (made);
  box_assert_error (error, code, part);
}

static KmsBox *
new_box (BoxFixture *self, const char *old_key_id, const char *key_id)
{
  g_autoptr (KmsBoxBuilder) builder = kms_box_builder_new (self->registry, "orders");

  kms_box_builder_set_key (builder, "2", key_id, NULL);
  kms_box_builder_add_previous (builder, "1", old_key_id, NULL);
  return box_end (builder);
}

static void
test_context (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsBox) box = new_box (self, TEST_KEY, TEST_KEY);
  g_autoptr (KmsContext) first = kms_context_new ("id", "1", NULL);
  g_autoptr (KmsContext) second = kms_context_new ("id", "2", NULL);
  g_autofree char *stored = box_seal ("v1:", "hello", "{\"id\":\"1\"}");
  g_autofree char *kept = rewrap (box, stored, first, NULL);
  g_autofree char *changed = rewrap (box, stored, first, second);
  g_autofree char *expected_kept = box_seal ("v2:", "hello", "{\"id\":\"1\"}");
  g_autofree char *expected_changed = box_seal ("v2:", "hello", "{\"id\":\"2\"}");

  g_assert_cmpstr (kept, ==, expected_kept);
  g_assert_cmpstr (changed, ==, expected_changed);
  assert_refuses (box, stored, second, first, KMS_ERROR_INVALID_CIPHERTEXT, "decryption failed");
  assert_refuses (box, stored, NULL, first, KMS_ERROR_INVALID_CIPHERTEXT, "decryption failed");
  assert_refuses (box, "v3:AAAA", first, NULL, KMS_ERROR_NOT_ACTIVE, "version not active: 3");
  g_autofree char *ones = g_strnfill (400, '1');
  g_autofree char *many = g_strdup_printf ("v%s:AAAA", ones);
  assert_refuses (box, many, first, NULL, KMS_ERROR_NOT_ACTIVE,
                  "version not active: 11111111111111111111… (400 digits)");
  assert_refuses (box, "v01:AAAA", first, NULL, KMS_ERROR_INVALID_CIPHERTEXT, "leading zeros");
}

/* A provider learns which version of the box an item is of: the stored string's, and the one that encrypts. */
static void
test_versions (BoxFixture *self, gconstpointer data)
{
  static const char *const key_ids[] = { "tells/x", "inline/x", "rewraps/x" };

  for (guint i = 0; i < G_N_ELEMENTS (key_ids); i++)
    {
      g_autoptr (KmsBox) box = new_box (self, key_ids[i], key_ids[i]);
      g_autofree char *stored = box_store ("v1:", "version");
      g_autofree char *encrypted = box_encrypt (box, "version", NULL);
      g_autofree char *expected = box_store ("v2:", "version=2 new-version=(none)");
      g_assert_cmpstr (encrypted, ==, expected);
      box_assert_decrypts (box, stored, NULL, "version=1 new-version=(none)");
    }
  g_autoptr (KmsBox) within = new_box (self, "rewraps/old", "rewraps/new");
  g_autofree char *before = box_store ("v1:", "version");
  g_autofree char *after = box_store ("v2:", "version=1 new-version=2");
  g_autofree char *rewrapped = rewrap (within, before, NULL, NULL);
  g_assert_cmpstr (rewrapped, ==, after);
}

/* A bare call of a provider belongs to no box. */
static void
test_no_versions (BoxFixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider (self->registry, "tells", &error);
  g_autoptr (KmsSecret) plaintext = box_secret ("version");
  g_autoptr (GBytes) ciphertext = kms_provider_encrypt (provider, "x", plaintext, NULL, NULL, &error);
  gsize length;

  g_assert_no_error (error);
  const char *told = g_bytes_get_data (ciphertext, &length);
  g_autofree char *text = g_strndup (told, length);
  g_assert_cmpstr (text, ==, "version=(none) new-version=(none)");
}

/* A new context of NULL keeps the old one, so taking it away needs a word of its own. */
static void
test_no_context (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsBox) box = new_box (self, TEST_KEY, TEST_KEY);
  g_autoptr (KmsBox) within = new_box (self, "rewraps/old", "rewraps/new");
  g_autoptr (KmsBox) to_local = new_box (self, TEST_KEY, "local/orders");
  g_autoptr (KmsContext) context = kms_context_new ("id", "1", NULL);
  g_autoptr (KmsContext) none = kms_context_new_none ();
  g_autofree char *stored = box_seal ("v1:", "hello", "{\"id\":\"1\"}");
  g_autofree char *bare = box_seal ("v1:", "hello", NULL);
  g_autofree char *expected = box_seal ("v2:", "hello", NULL);
  g_autofree char *told = box_store ("v2:", "rewraps: key=old form=1 context={\"id\":\"1\"} new-key=new "
                                            "new-context=(none) input=A");

  box_fixture_add_local_key (self, "orders");
  g_autofree char *made = rewrap (box, stored, context, none);
  g_autofree char *still = rewrap (box, bare, none, NULL);
  g_autofree char *made_within = rewrap (within, "v1:QQ==", context, none);
  g_autofree char *moved = rewrap (to_local, stored, context, none);
  g_assert_cmpstr (made, ==, expected);
  g_assert_cmpstr (still, ==, expected);
  g_assert_cmpstr (made_within, ==, told);
  box_assert_decrypts (to_local, moved, NULL, "hello");
  box_assert_decrypts (to_local, moved, none, "hello");
  box_assert_refused (to_local, moved, -1, context, KMS_ERROR_INVALID_CIPHERTEXT, NULL);
}

/* What is wrong with the target's provider is told under its own name, not under that of the source. */
static void
test_broken_target (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsBox) box = new_box (self, "rewraps/old", "broken/new");
  g_autoptr (GError) error = NULL;

  config_root_add_provider (self->root, "broken", "kms-init-fails.so", "Prefixes=broken/");
  kms_registry_reload (self->registry, &error);
  g_assert_no_error (error);
  g_assert_null (kms_box_rewrap (box, "v1:QQ==", -1, NULL, NULL, NULL, &error));
  g_assert_true (g_str_has_prefix (error->message, "box \"orders\": broken: "));
  g_assert_cmpstr (kms_error_get_provider (error), !=, "rewraps");
}

/* A service that can do it within itself gets one request, and the plaintext never comes here. */
static void
test_within_service (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsBox) box = new_box (self, "rewraps/old", "rewraps/new");
  g_autoptr (KmsContext) first = kms_context_new ("id", "1", NULL);
  g_autoptr (KmsContext) second = kms_context_new ("id", "2", NULL);
  g_autofree char *made = rewrap (box, "v1:QQ==", first, second);
  g_autofree char *told = box_store ("v2:", "rewraps: key=old form=1 context={\"id\":\"1\"} new-key=new "
                                            "new-context={\"id\":\"2\"} input=A");
  g_autofree char *kept = rewrap (box, "v2:QQ==", first, NULL);
  g_autofree char *kept_told = box_store ("v2:", "rewraps: key=new form=1 context={\"id\":\"1\"} new-key=new "
                                                 "new-context={\"id\":\"1\"} input=A");
  g_autofree char *legacy = rewrap (box, "QQ==", first, NULL);
  g_autofree char *legacy_told = box_store ("v2:", "rewraps: key=old form=3 context={\"id\":\"1\"} new-key=new "
                                                   "new-context={\"id\":\"1\"} input=A");

  g_assert_cmpstr (made, ==, told);
  g_assert_cmpstr (kept, ==, kept_told);
  g_assert_cmpstr (legacy, ==, legacy_told);
}

/* One that can't: decrypted and encrypted again, here. */
static void
test_two_requests (BoxFixture *self, gconstpointer data)
{
  static const char *const names[] = { "tells", "inline" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *key_id = g_strdup_printf ("%s/new", names[i]);
      g_autoptr (KmsBox) box = new_box (self, "rewraps/old", key_id);
      g_autofree char *made = rewrap (box, "v1:QQ==", NULL, NULL);
      g_autofree char *told = g_strdup_printf (
        "%s: key=new form=0 context=(none) input=rewraps: key=old form=0 context=(none) input=A", names[i]);
      g_autofree char *expected = box_store ("v2:", told);

      g_assert_cmpstr (made, ==, expected);
      assert_refuses (box, "v1:ZmFpbA==", NULL, NULL, KMS_ERROR_THROTTLED, "rewraps: told to fail");
    }
}

static void
test_across_providers (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsBox) to_local = new_box (self, TEST_KEY, "local/orders");
  g_autoptr (KmsBox) to_test = new_box (self, "local/orders", TEST_KEY);
  g_autoptr (KmsBox) local = box_new (self, "1", "local/orders");
  g_autoptr (KmsContext) context = kms_context_new ("id", "1", NULL);
  g_autoptr (KmsContext) other = kms_context_new ("id", "2", NULL);
  g_autofree char *sealed = box_seal ("v1:", "hello", "{\"id\":\"1\"}");
  g_autofree char *expected = box_seal ("v2:", "hello", "{\"id\":\"2\"}");

  box_fixture_add_local_key (self, "orders");
  g_autofree char *stored = rewrap (to_local, sealed, context, NULL);
  g_assert_true (g_str_has_prefix (stored, "v2:"));
  box_assert_decrypts (to_local, stored, context, "hello");
  box_assert_refused (to_local, stored, -1, other, KMS_ERROR_INVALID_CIPHERTEXT, NULL);

  g_autofree char *encrypted = box_encrypt (local, "hello", context);
  g_autofree char *opened = rewrap (to_test, encrypted, context, other);
  g_assert_cmpstr (opened, ==, expected);
  assert_refuses (to_test, encrypted, other, other, KMS_ERROR_INVALID_CIPHERTEXT, NULL);
}

/* What had no version gets one, and its context today's form. */
static void
test_legacy (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsBox) box = new_box (self, TEST_KEY, TEST_KEY);
  g_autoptr (KmsContext) context = box_context ("{\"b\":1,\"a\":2}");
  g_autoptr (KmsContext) nested = kms_context_new_legacy ("{\"a\":[1]}", -1, NULL);
  g_autofree char *stored = box_seal ("", "hello", "{\"b\":1,\"a\":2}");
  g_autofree char *nested_stored = box_seal ("", "hello", "{\"a\":[1]}");
  g_autofree char *expected = box_seal ("v2:", "hello", "{\"a\":\"2\",\"b\":\"1\"}");
  g_autofree char *made = rewrap (box, stored, context, NULL);
  g_autofree char *other = rewrap (box, nested_stored, nested, context);

  g_assert_cmpstr (made, ==, expected);
  g_assert_cmpstr (other, ==, expected);
  assert_refuses (box, nested_stored, nested, NULL, KMS_ERROR_INVALID_ARGUMENT, "legacy form only decrypts");
}

static void
test_google (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsBox) box = box_new (self, "2", TEST_KEY);
  g_autofree char *expected =
    box_seal ("v2:", "google: key=projects/p/locations/l/keyRings/r/cryptoKeys/k form=0 context=(none) input=A", NULL);
  g_autoptr (GError) error = NULL;

  config_root_add_provider (self->root, "google", "kms-tells.so", "Matches=projects/");
  kms_registry_reload (self->registry, &error);
  g_autofree char *made = rewrap (box, "$gc$cC9sL3Ivay8z\n$QQ==\n", NULL, NULL);
  g_assert_cmpstr (made, ==, expected);
}

/* Written before contexts were in use: read with the empty one, written with the given one. */
static void
test_upgrade_context (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsBoxBuilder) builder = kms_box_builder_new (self->registry, "orders");
  g_autoptr (KmsContext) context = kms_context_new ("id", "1", NULL);
  g_autofree char *stored = box_seal ("", "hello", "{}");
  g_autofree char *expected = box_seal ("v2:", "hello", "{\"id\":\"1\"}");

  kms_box_builder_set_key (builder, "2", TEST_KEY, NULL);
  kms_box_builder_add_previous (builder, "1", TEST_KEY, NULL);
  kms_box_builder_set_upgrade_context (builder, TRUE);
  g_autoptr (KmsBox) box = box_end (builder);
  g_autofree char *made = rewrap (box, stored, context, NULL);
  g_assert_cmpstr (made, ==, expected);
}

/* The batch's form says how old contexts are read, never how new ones are written. */
static void
test_form_of_batch (BoxFixture *self, gconstpointer data)
{
  static const char *const old_keys[] = { TEST_KEY, "rewraps/old" };
  g_autoptr (KmsContext) context = box_context ("{\"b\":1,\"a\":2}");
  g_autofree char *stored = box_seal ("v1:", "hello", "{\"b\":1,\"a\":2}");
  g_autofree char *test_expected = box_seal ("v2:", "hello", "{\"a\":\"2\",\"b\":\"1\"}");
  g_autofree char *told = box_store ("v2:", "rewraps: key=old form=3 context={\"b\":1,\"a\":2} new-key=new "
                                            "new-context={\"a\":\"2\",\"b\":\"1\"} input=A");

  for (guint i = 0; i < G_N_ELEMENTS (old_keys); i++)
    {
      gboolean within = g_str_has_prefix (old_keys[i], "rewraps/");
      g_autoptr (KmsBox) box = new_box (self, old_keys[i], within ? "rewraps/new" : TEST_KEY);
      g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_REWRAP);
      g_autoptr (GError) error = NULL;

      kms_batch_add_stored (batch, within ? "v1:QQ==" : stored, -1, context, NULL);
      kms_batch_set_context_form (batch, KMS_CONTEXT_FORM_LEGACY);
      kms_box_run (box, batch, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (kms_batch_get_stored (batch, 0), ==, within ? told : test_expected);
    }
}

/* Between two providers the plaintext stands in locked memory, and is gone when the caller gets the batch back. */
static void
test_leaves_nothing (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsBox) box = new_box (self, TEST_KEY, "inline/new");
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_REWRAP);
  g_autofree char *good = box_seal ("v1:", "hello", NULL);
  g_autofree char *failing = box_seal ("v1:", "fail", NULL);
  g_autoptr (GError) error = NULL;

  kms_batch_add_stored (batch, good, -1, NULL, NULL);
  kms_batch_add_stored (batch, failing, -1, NULL, NULL);
  g_assert_false (kms_box_run (box, batch, NULL, &error));
  box_assert_error (error, KMS_ERROR_THROTTLED, "inline: told to fail (item 1; 1 of 2 items failed)");
  g_assert_null (kms_batch_get_secret (batch, 0));
  g_assert_null (kms_batch_get_secret (batch, 1));
  g_assert_nonnull (kms_batch_get_stored (batch, 0));
  g_assert_null (kms_batch_get_stored (batch, 1));
}

/* Who encrypts again after the caller has gone reads the same plaintext, not memory that was given to another. */
static void
test_late_encryption (BoxFixture *self, gconstpointer data)
{
  g_autofree char *path = g_build_filename (self->root, "seen", NULL);
  g_autofree char *key_id = g_strconcat ("late/", path, NULL);
  g_autofree char *stored = box_seal ("v1:", "hello", NULL);
  g_autofree char *seen = NULL;
  g_autoptr (KmsBox) box = new_box (self, TEST_KEY, key_id);
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_REWRAP);
  g_autoptr (GError) error = NULL;

  kms_batch_add_stored (batch, stored, -1, NULL, NULL);
  kms_batch_set_timeout (batch, 50);
  g_assert_false (kms_box_run (box, batch, NULL, &error));
  box_assert_error (error, KMS_ERROR_TIMED_OUT, "late: ");

  g_assert_true (g_file_set_contents (path, "", 0, NULL));
  gsize length = 0;
  for (guint i = 0; i < 20000 && length == 0; i++)
    {
      g_usleep (1000);
      g_clear_pointer (&seen, g_free);
      g_assert_true (g_file_get_contents (path, &seen, &length, NULL));
    }
  g_assert_cmpmem (seen, length, "hello", 5);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  BOX_TEST ("rewrap/versions", test_versions);
  BOX_TEST ("rewrap/no-versions", test_no_versions);
  BOX_TEST ("rewrap/context", test_context);
  BOX_TEST ("rewrap/no-context", test_no_context);
  BOX_TEST ("rewrap/broken-target", test_broken_target);
  BOX_TEST ("rewrap/within-service", test_within_service);
  BOX_TEST ("rewrap/two-requests", test_two_requests);
  BOX_TEST ("rewrap/across-providers", test_across_providers);
  BOX_TEST ("rewrap/legacy", test_legacy);
  BOX_TEST ("rewrap/google", test_google);
  BOX_TEST ("rewrap/upgrade-context", test_upgrade_context);
  BOX_TEST ("rewrap/form-of-batch", test_form_of_batch);
  BOX_TEST ("rewrap/leaves-nothing", test_leaves_nothing);
  BOX_TEST ("rewrap/late-encryption", test_late_encryption);
  return g_test_run ();
}
