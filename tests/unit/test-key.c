/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptions of keys and reports of checks: what a provider puts in, a caller gets out. */
#include <libkms/kms.h>

#include <string.h>

static void
test_key_new (void)
{
  g_autoptr (KmsKey) key = kms_key_new ("orders", KMS_KEY_STATE_DISABLED);

  g_assert_cmpstr (kms_key_get_id (key), ==, "orders");
  g_assert_cmpint (kms_key_get_state (key), ==, KMS_KEY_STATE_DISABLED);
  g_assert_null (kms_key_get_description (key));
  g_assert_null (kms_key_get_version (key));
  g_assert_cmpint (kms_key_get_creation_time (key), ==, -1);
  g_assert_cmpint (kms_key_get_deletion_time (key), ==, -1);
  g_assert_cmpint (kms_key_get_binding (key), ==, KMS_BINDING_UNKNOWN);
  g_assert_null (kms_key_get_details (key));
  g_assert_cmpuint (kms_key_get_n_versions (key), ==, 0);
}

static KmsKey *
make_key (void)
{
  KmsKey *key = kms_key_new ("orders", KMS_KEY_STATE_PENDING_DELETION);

  kms_key_set_description (key, "Orders of the shop");
  kms_key_set_times (key, 1700000000, 1800000000);
  kms_key_set_binding (key, KMS_BINDING_VERIFIED);
  kms_key_set_details (key, g_variant_new_parsed ("{'root': <'file'>}"));
  kms_key_add_version (key, "1", KMS_KEY_STATE_DISABLED, 1700000000);
  kms_key_add_version (key, "2", KMS_KEY_STATE_ENABLED, 1750000000);
  return key;
}

static void
test_key_filled (void)
{
  g_autoptr (KmsKey) key = make_key ();
  KmsKeyState state;
  gint64 creation_time;
  const char *root;

  g_assert_cmpstr (kms_key_get_description (key), ==, "Orders of the shop");
  g_assert_cmpint (kms_key_get_creation_time (key), ==, 1700000000);
  g_assert_cmpint (kms_key_get_deletion_time (key), ==, 1800000000);
  g_assert_cmpint (kms_key_get_binding (key), ==, KMS_BINDING_VERIFIED);
  g_assert_true (g_variant_lookup (kms_key_get_details (key), "root", "&s", &root));
  g_assert_cmpstr (root, ==, "file");
  g_assert_cmpstr (kms_key_get_version (key), ==, "2");
  g_assert_cmpuint (kms_key_get_n_versions (key), ==, 2);
  g_assert_cmpstr (kms_key_get_nth_version (key, 0, &state, &creation_time), ==, "1");
  g_assert_cmpint (state, ==, KMS_KEY_STATE_DISABLED);
  g_assert_cmpint (creation_time, ==, 1700000000);
  g_assert_cmpstr (kms_key_get_nth_version (key, 1, NULL, NULL), ==, "2");
}

/* As bindings of other languages read them. */
static void
test_key_properties (void)
{
  g_autoptr (KmsKey) key = make_key ();
  g_autofree char *id = NULL;
  g_autofree char *description = NULL;
  g_autofree char *version = NULL;
  g_autoptr (GVariant) details = NULL;
  KmsKeyState state;
  KmsBinding binding;
  gint64 creation_time, deletion_time;

  g_object_get (key, "id", &id, "state", &state, "description", &description, "version", &version, "creation-time",
                &creation_time, "deletion-time", &deletion_time, "binding", &binding, "details", &details, NULL);
  g_assert_cmpstr (id, ==, "orders");
  g_assert_cmpint (state, ==, KMS_KEY_STATE_PENDING_DELETION);
  g_assert_cmpstr (description, ==, "Orders of the shop");
  g_assert_cmpstr (version, ==, "2");
  g_assert_cmpint (creation_time, ==, 1700000000);
  g_assert_cmpint (deletion_time, ==, 1800000000);
  g_assert_cmpint (binding, ==, KMS_BINDING_VERIFIED);
  g_assert_true (g_variant_is_of_type (details, G_VARIANT_TYPE_VARDICT));
}

static void
test_report (void)
{
  g_autoptr (KmsReport) report = kms_report_new ();
  const char *topic, *finding, *advice;

  g_assert_cmpint (kms_report_get_worst (report), ==, KMS_SEVERITY_OK);
  kms_report_add (report, KMS_SEVERITY_WARNING, "vault.provider", "readable by others", "chmod 0640");
  kms_report_add (report, KMS_SEVERITY_INFO, "clock", "right", NULL);
  g_assert_cmpuint (kms_report_get_n_findings (report), ==, 2);
  g_assert_cmpint (kms_report_get_worst (report), ==, KMS_SEVERITY_WARNING);
  g_assert_cmpint (kms_report_get_finding (report, 0, &topic, &finding, &advice), ==, KMS_SEVERITY_WARNING);
  g_assert_cmpstr (topic, ==, "vault.provider");
  g_assert_cmpstr (finding, ==, "readable by others");
  g_assert_cmpstr (advice, ==, "chmod 0640");
  g_assert_cmpint (kms_report_get_finding (report, 1, NULL, NULL, &advice), ==, KMS_SEVERITY_INFO);
  g_assert_null (advice);
}

static void
test_version (void)
{
  g_autofree char *built = g_strdup_printf ("%d.%d.%d", KMS_MAJOR_VERSION, KMS_MINOR_VERSION, KMS_MICRO_VERSION);

  g_assert_cmpstr (kms_get_version (), ==, built);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/key/new", test_key_new);
  g_test_add_func ("/key/filled", test_key_filled);
  g_test_add_func ("/key/properties", test_key_properties);
  g_test_add_func ("/report/findings", test_report);
  g_test_add_func ("/version/same", test_version);
  return g_test_run ();
}
