/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is told of a stored string without decrypting it. */
#include "box-fixture.h"

#include <string.h>

#define GOOGLE "$gc$cC9sL3Ivay8z\n$QQ==\n"
#define GOOGLE_KEY "projects/p/locations/l/keyRings/r/cryptoKeys/k"

typedef struct
{
  const char *stored;
  KmsStoredFormat format;
  const char *version;
  const char *key_id;
  const char *ciphertext;
} Known;

static const Known known[] = {
  { "v1:QQ==", KMS_STORED_FORMAT_VERSIONED, "1", NULL, "A" },
  { "v0:QQ==", KMS_STORED_FORMAT_VERSIONED, "0", NULL, "A" },
  { "v007:QQ==", KMS_STORED_FORMAT_VERSIONED, "7", NULL, "A" },
  { "v000:", KMS_STORED_FORMAT_VERSIONED, "0", NULL, "" },
  { "v99999999999999999999:QQ", KMS_STORED_FORMAT_VERSIONED, "99999999999999999999", NULL, "A" },
  { "QUJD\nRA==\n", KMS_STORED_FORMAT_LEGACY, "1", NULL, "ABCD" },
  { "", KMS_STORED_FORMAT_LEGACY, "1", NULL, "" },
  { "vault:v3:QQ==", KMS_STORED_FORMAT_LEGACY_VAULT, "1", NULL, "vault:v3:QQ==" },
  { "vault:", KMS_STORED_FORMAT_LEGACY_VAULT, "1", NULL, "vault:" },
  { GOOGLE, KMS_STORED_FORMAT_LEGACY_GOOGLE, NULL, GOOGLE_KEY, "A" },
  { "$gc$cC9sL3Ivay8z", KMS_STORED_FORMAT_LEGACY_GOOGLE, NULL, NULL, "" },
  { "insecure-data-key-12", KMS_STORED_FORMAT_LEGACY_TEST, "1", NULL, "insecure-data-key-12" },
};

static void
assert_ciphertext (KmsInspection *inspection, const char *expected)
{
  GBytes *bytes = kms_inspection_get_ciphertext (inspection);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), expected, strlen (expected));
}

static void
test_formats (BoxFixture *self, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (KmsInspection) inspection = kms_inspect (known[i].stored, -1, &error);
      g_assert_no_error (error);
      g_assert_cmpint (kms_inspection_get_format (inspection), ==, known[i].format);
      g_assert_cmpstr (kms_inspection_get_version (inspection), ==, known[i].version);
      g_assert_cmpstr (kms_inspection_get_key_id (inspection), ==, known[i].key_id);
      g_assert_null (kms_inspection_get_provider (inspection));
      g_assert_null (kms_inspection_get_details (inspection));
      g_assert_false (kms_inspection_get_is_active (inspection));
      g_assert_false (kms_inspection_get_is_current (inspection));
      assert_ciphertext (inspection, known[i].ciphertext);
    }
}

static void
assert_box_says (KmsBox *box, const char *stored, const char *key_id, const char *provider, gboolean active,
                 gboolean current)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsInspection) inspection = kms_box_inspect (box, stored, -1, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (kms_inspection_get_key_id (inspection), ==, key_id);
  g_assert_cmpstr (kms_inspection_get_provider (inspection), ==, provider);
  g_assert_cmpint (kms_inspection_get_is_active (inspection), ==, active);
  g_assert_cmpint (kms_inspection_get_is_current (inspection), ==, current);
}

static void
test_box (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsBoxBuilder) builder = kms_box_builder_new (self->registry, "orders");
  g_autoptr (GError) error = NULL;

  kms_box_builder_set_key (builder, "2", "tells/two", NULL);
  kms_box_builder_add_previous (builder, "1", "insecure-test-key", NULL);
  g_autoptr (KmsBox) box = box_end (builder);
  assert_box_says (box, "v2:QQ==", "tells/two", "tells", TRUE, TRUE);
  assert_box_says (box, "v1:QQ==", "insecure-test-key", "test", TRUE, FALSE);
  assert_box_says (box, "QQ==", "insecure-test-key", "test", TRUE, FALSE);
  assert_box_says (box, "vault:v1:QQ==", "insecure-test-key", "test", TRUE, FALSE);
  assert_box_says (box, "v3:QQ==", NULL, NULL, FALSE, FALSE);
  /* It names the current version, and is never decrypted. */
  assert_box_says (box, "v02:QQ==", "tells/two", "tells", FALSE, FALSE);

  assert_box_says (box, GOOGLE, GOOGLE_KEY, NULL, FALSE, FALSE);
  config_root_add_provider (self->root, "google", "kms-tells.so", "Matches=projects/");
  kms_registry_reload (self->registry, &error);
  g_assert_no_error (error);
  assert_box_says (box, GOOGLE, GOOGLE_KEY, "google", TRUE, FALSE);
  assert_box_says (box, "$gc$$QQ==", NULL, NULL, FALSE, FALSE);
}

static void
test_any_version (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsBox) box = kms_box_new_for_key (self->registry, "insecure-test-key", "3", NULL);

  assert_box_says (box, "v3:QQ==", "insecure-test-key", "test", TRUE, TRUE);
  assert_box_says (box, "v9:QQ==", "insecure-test-key", "test", TRUE, FALSE);
}

/* A disabled box, and one that demands a context: inspecting needs neither. */
static void
test_needs_nothing (BoxFixture *self, gconstpointer data)
{
  static const char *const names[] = { "id", NULL };
  g_autoptr (KmsBoxBuilder) builder = kms_box_builder_new (self->registry, "orders");

  kms_box_builder_set_key (builder, "1", "insecure-test-key", NULL);
  kms_box_builder_set_state (builder, KMS_BOX_STATE_DISABLED);
  kms_box_builder_set_require_context (builder, names);
  g_autoptr (KmsBox) box = box_end (builder);
  assert_box_says (box, "v1:QQ==", "insecure-test-key", "test", TRUE, TRUE);
}

static void
test_details (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsBox) box = box_new (self, "1", "local/orders");
  g_autoptr (GError) error = NULL;

  box_fixture_add_local_key (self, "orders");
  g_autofree char *stored = box_encrypt (box, "hello", NULL);
  g_autoptr (KmsInspection) inspection = kms_box_inspect (box, stored, -1, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (kms_inspection_get_details (inspection));
  g_assert_true (g_variant_is_of_type (kms_inspection_get_details (inspection), G_VARIANT_TYPE_VARDICT));
  g_assert_null (kms_box_inspect (box, "v1:QQ==", -1, NULL, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT);
}

static void
test_too_large (BoxFixture *self, gconstpointer data)
{
  g_autofree char *text = g_strnfill (4 * 1024 * 1024 + 1, 'A');
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsInspection) most = kms_inspect (text, 4 * 1024 * 1024, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (kms_inspection_get_ciphertext (most)), ==, 3 * 1024 * 1024);
  g_assert_null (kms_inspect (text, -1, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_TOO_LARGE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  BOX_TEST ("inspect/formats", test_formats);
  BOX_TEST ("inspect/box", test_box);
  BOX_TEST ("inspect/any-version", test_any_version);
  BOX_TEST ("inspect/needs-nothing", test_needs_nothing);
  BOX_TEST ("inspect/details", test_details);
  BOX_TEST ("inspect/too-large", test_too_large);
  return g_test_run ();
}
