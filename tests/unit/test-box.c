/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Versions: which strings have one, which key it means, and which key encrypts. */
#include "box-fixture.h"

#include <string.h>

#define TEST_KEY "insecure-test-key"

static void
test_any_version (BoxFixture *self, gconstpointer data)
{
  static const char *const versions[] = { "0", "1", "7", "99999999999999999999" };
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsBox) box = kms_box_new_for_key (self->registry, TEST_KEY, NULL, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (versions); i++)
    {
      g_autofree char *prefix = g_strdup_printf ("v%s:", versions[i]);
      g_autofree char *expected = box_seal (prefix, "hello", NULL);
      g_autoptr (KmsBox) writer = kms_box_new_for_key (self->registry, TEST_KEY, versions[i], &error);
      g_assert_no_error (error);
      g_autofree char *stored = box_encrypt (writer, "hello", NULL);

      box_assert_decrypts (box, expected, NULL, "hello");
      g_assert_cmpstr (stored, ==, expected);
    }
  g_autofree char *legacy = box_seal ("", "hello", NULL);
  g_autofree char *first = box_encrypt (box, "hello", NULL);
  box_assert_decrypts (box, legacy, NULL, "hello");
  g_assert_true (g_str_has_prefix (first, "v1:"));
}

static void
test_bad_version (BoxFixture *self, gconstpointer data)
{
  static const char *const versions[] = { "", "x", "-1", "+1", " 1", "1 ", "1.0", "0x1", "\xd9\xa1" };

  for (guint i = 0; i < G_N_ELEMENTS (versions); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (KmsBox) box = kms_box_new_for_key (self->registry, TEST_KEY, versions[i], &error);
      g_assert_null (box);
      box_assert_error (error, KMS_ERROR_INVALID_ARGUMENT, "not a number");
    }
}

/* None of these is a version; each one shifts the base64 behind it. */
static void
test_near_misses (BoxFixture *self, gconstpointer data)
{
  static const char *const prefixes[] = {
    "V1:",   " v1:",  "\nv1:",           "v:",         "v-1:", "v+1:", "v1 :", "v 1:",          "v1;", "v1",
    "v1.0:", "v1\n:", "\xef\xbb\xbfv1:", "v\xd9\xa1:", "av1:", "vv1:", "v1a:", "v\xef\xbc\x91:"
  };
  g_autoptr (KmsBox) box = box_new (self, "1", TEST_KEY);
  g_autoptr (KmsBox) any = kms_box_new_for_key (self->registry, TEST_KEY, NULL, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (prefixes); i++)
    {
      g_autofree char *stored = box_seal (prefixes[i], "hello", NULL);
      g_autoptr (KmsInspection) inspection = kms_inspect (stored, -1, NULL);

      g_assert_cmpint (kms_inspection_get_format (inspection), ==, KMS_STORED_FORMAT_LEGACY);
      g_assert_cmpstr (kms_inspection_get_version (inspection), ==, "1");
      box_assert_refused (box, stored, -1, NULL, KMS_ERROR_INVALID_CIPHERTEXT, "decryption failed");
      box_assert_refused (any, stored, -1, NULL, KMS_ERROR_INVALID_CIPHERTEXT, "decryption failed");
    }
  g_autofree char *sealed = box_seal ("_v1:", "hello", NULL);
  sealed[0] = '\0';
  box_assert_refused (box, sealed, (gssize) strlen (sealed + 1) + 1, NULL, KMS_ERROR_INVALID_CIPHERTEXT, NULL);
}

static void
test_leading_zeros (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsBox) box = box_new (self, "1", TEST_KEY);
  g_autoptr (KmsBox) any = kms_box_new_for_key (self->registry, TEST_KEY, "0", NULL);
  g_autofree char *first = box_seal ("v01:", "hello", NULL);
  g_autofree char *second = box_seal ("v02:", "hello", NULL);
  g_autofree char *zero = box_seal ("v00:", "hello", NULL);
  g_autofree char *later = g_strdup_printf ("v01:%sv1:", first + 4);

  box_assert_refused (box, first, -1, NULL, KMS_ERROR_INVALID_CIPHERTEXT, "leading zeros");
  box_assert_refused (box, later, -1, NULL, KMS_ERROR_INVALID_CIPHERTEXT, "leading zeros");
  box_assert_refused (box, second, -1, NULL, KMS_ERROR_NOT_ACTIVE, "version not active: 2");
  box_assert_refused (any, first, -1, NULL, KMS_ERROR_INVALID_CIPHERTEXT, "leading zeros");
  box_assert_refused (any, zero, -1, NULL, KMS_ERROR_INVALID_CIPHERTEXT, "leading zeros");
}

static void
test_one_prefix (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsBox) box = box_new (self, "1", TEST_KEY);
  g_autofree char *twice = box_seal ("v1:v1:", "hello", NULL);

  box_assert_refused (box, twice, -1, NULL, KMS_ERROR_INVALID_CIPHERTEXT, "decryption failed");
}

static void
test_huge_version (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsBox) box = box_new (self, "1", TEST_KEY);
  g_autofree char *digits = g_strnfill (4 * 1024 * 1024 - 2, '9');
  g_autofree char *huge = g_strdup_printf ("v%s:", digits);
  g_autoptr (GError) error = NULL;

  /* 2^64 + 1, and 1 with 64 bits gone. */
  box_assert_refused (box, "v18446744073709551617:AAAA", -1, NULL, KMS_ERROR_NOT_ACTIVE,
                      "version not active: 18446744073709551617;");
  box_assert_refused (box, "v99999999999999999999:AAAA", -1, NULL, KMS_ERROR_NOT_ACTIVE,
                      "version not active: 99999999999999999999;");
  g_autoptr (KmsSecret) secret = kms_box_decrypt (box, huge, -1, NULL, NULL, &error);
  g_assert_null (secret);
  g_assert_error (error, KMS_ERROR, KMS_ERROR_NOT_ACTIVE);
  g_assert_cmpuint (strlen (error->message), <, 1024);

  g_autoptr (KmsBox) large = box_new (self, "18446744073709551617", TEST_KEY);
  g_autofree char *stored = box_seal ("v18446744073709551617:", "hello", NULL);
  g_autofree char *first = box_seal ("v1:", "hello", NULL);
  box_assert_decrypts (large, stored, NULL, "hello");
  box_assert_refused (large, first, -1, NULL, KMS_ERROR_NOT_ACTIVE, "version not active: 1;");
}

/* previous_versions of the gem: looked at first, also for the current version, also to encrypt. */
static void
test_previous_wins (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsBoxBuilder) builder = kms_box_builder_new (self->registry, "orders");

  kms_box_builder_set_key (builder, "2", "inline/current", NULL);
  kms_box_builder_add_previous (builder, "2", "inline/previous", NULL);
  kms_box_builder_add_previous (builder, "1", "inline/first", NULL);
  g_autoptr (KmsBox) box = box_end (builder);
  g_autofree char *expected = box_store ("v2:", "inline: key=previous form=0 context=(none) input=hello");
  g_autofree char *stored = box_encrypt (box, "hello", NULL);

  g_assert_cmpstr (stored, ==, expected);
  box_assert_decrypts (box, "v2:QQ==", NULL, "inline: key=previous form=0 context=(none) input=A");
  box_assert_decrypts (box, "v1:QQ==", NULL, "inline: key=first form=0 context=(none) input=A");
  g_assert_cmpstr (kms_box_get_key_id (box, "2", NULL), ==, "inline/previous");
  g_auto (GStrv) versions = kms_box_list_versions (box);
  g_assert_cmpuint (g_strv_length (versions), ==, 2);
}

/* The gem's client is chosen otherwise than its key: the current one encrypts, the version's own one decrypts. */
static void
test_previous_provider (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsBoxBuilder) builder = kms_box_builder_new (self->registry, "orders");

  kms_box_builder_set_key (builder, "1", "x", "inline");
  kms_box_builder_add_previous (builder, "1", "y", "tells");
  g_autoptr (KmsBox) box = box_end (builder);
  g_autofree char *expected = box_store ("v1:", "inline: key=y form=0 context=(none) input=hello");
  g_autofree char *stored = box_encrypt (box, "hello", NULL);

  g_assert_cmpstr (stored, ==, expected);
  box_assert_decrypts (box, "v1:QQ==", NULL, "tells: key=y form=0 context=(none) input=A");
}

static void
test_not_active (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsBox) box = box_new (self, "2", TEST_KEY);
  g_autofree char *first = box_seal ("v1:", "hello", NULL);
  g_autofree char *legacy = box_seal ("", "hello", NULL);

  box_assert_refused (box, first, -1, NULL, KMS_ERROR_NOT_ACTIVE, "box \"orders\": version not active: 1;");
  box_assert_refused (box, legacy, -1, NULL, KMS_ERROR_NOT_ACTIVE, "version not active: 1;");
  g_assert_null (kms_box_get_key_id (box, "1", NULL));
}

static void
assert_incomplete (KmsBoxBuilder *builder, const char *part)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsBox) box = kms_box_builder_end (builder, &error);

  g_assert_null (box);
  box_assert_error (error, KMS_ERROR_INVALID_ARGUMENT, part);
}

static void
test_missing_key_id (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsBoxBuilder) none = kms_box_builder_new (self->registry, "orders");
  g_autoptr (KmsBoxBuilder) empty = kms_box_builder_new (self->registry, "orders");
  g_autoptr (KmsBoxBuilder) previous = kms_box_builder_new (self->registry, "orders");

  kms_box_builder_set_key (empty, "1", "", NULL);
  kms_box_builder_set_key (previous, "2", TEST_KEY, NULL);
  kms_box_builder_add_previous (previous, "1", "", NULL);
  assert_incomplete (none, "box \"orders\": missing key id");
  assert_incomplete (empty, "missing key id of version 1");
  assert_incomplete (previous, "missing key id of version 1");
}

static void
test_pinned (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsBoxBuilder) builder = kms_box_builder_new (self->registry, "orders");
  const char *provider;

  kms_box_builder_set_key (builder, "2", "vault/orders", "rewraps");
  kms_box_builder_add_previous (builder, "1", "vault/orders", NULL);
  kms_box_builder_add_previous (builder, "3", "vault/orders", "nobody");
  kms_box_builder_add_previous (builder, "4", "vault/orders", "");
  g_autoptr (KmsBox) box = box_end (builder);

  box_assert_decrypts (box, "v1:QQ==", NULL, "tells: key=orders form=0 context=(none) input=A");
  box_assert_decrypts (box, "v2:QQ==", NULL, "rewraps: key=vault/orders form=0 context=(none) input=A");
  box_assert_refused (box, "v3:QQ==", -1, NULL, KMS_ERROR_NOT_FOUND, "nobody");
  box_assert_decrypts (box, "v4:QQ==", NULL, "tells: key=orders form=0 context=(none) input=A");
  g_assert_cmpstr (kms_box_get_key_id (box, "2", &provider), ==, "vault/orders");
  g_assert_cmpstr (provider, ==, "rewraps");
}

/* What nobody claims goes to who takes the rest, whole. */
static void
test_fallback (BoxFixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsBox) nobody = box_new (self, "1", "alias/orders");

  box_assert_refuses_to_encrypt (nobody, NULL, KMS_ERROR_NOT_FOUND, "alias/orders");
  config_root_add_provider (self->root, "aws", "kms-tells.so", "Fallback=true");
  kms_registry_reload (self->registry, &error);
  g_assert_no_error (error);
  g_autoptr (KmsBox) box = box_new (self, "1", "alias/orders");
  box_assert_decrypts (box, "v1:QQ==", NULL, "aws: key=alias/orders form=0 context=(none) input=A");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  BOX_TEST ("version/any", test_any_version);
  BOX_TEST ("version/bad", test_bad_version);
  BOX_TEST ("version/near-misses", test_near_misses);
  BOX_TEST ("version/leading-zeros", test_leading_zeros);
  BOX_TEST ("version/one-prefix", test_one_prefix);
  BOX_TEST ("version/huge", test_huge_version);
  BOX_TEST ("version/not-active", test_not_active);
  BOX_TEST ("key/previous-wins", test_previous_wins);
  BOX_TEST ("key/previous-provider", test_previous_provider);
  BOX_TEST ("key/missing", test_missing_key_id);
  BOX_TEST ("key/pinned", test_pinned);
  BOX_TEST ("key/fallback", test_fallback);
  return g_test_run ();
}
