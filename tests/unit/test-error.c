/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors: their names and exit codes, which scripts rely on, and what a service said besides. */
#include <libkms/kms.h>

#include <string.h>

typedef struct
{
  KmsError code;
  const char *id;
  const char *dbus_name;
  int exit_code;
} Expected;

/* As the manual page of kmsctl promises it. */
static const Expected expected[] = {
  { KMS_ERROR_FAILED, "failed", "Failed", 1 },
  { KMS_ERROR_INVALID_ARGUMENT, "invalid-argument", "InvalidArgument", 2 },
  { KMS_ERROR_NOT_SUPPORTED, "not-supported", "NotSupported", 1 },
  { KMS_ERROR_NOT_FOUND, "not-found", "NotFound", 3 },
  { KMS_ERROR_ALREADY_EXISTS, "already-exists", "AlreadyExists", 1 },
  { KMS_ERROR_NOT_ACTIVE, "not-active", "NotActive", 3 },
  { KMS_ERROR_KEY_DISABLED, "key-disabled", "KeyDisabled", 1 },
  { KMS_ERROR_INVALID_CIPHERTEXT, "invalid-ciphertext", "InvalidCiphertext", 6 },
  { KMS_ERROR_INTEGRITY, "integrity", "Integrity", 6 },
  { KMS_ERROR_CONTEXT_REQUIRED, "context-required", "ContextRequired", 6 },
  { KMS_ERROR_CONTEXT_UNBOUND, "context-unbound", "ContextUnbound", 6 },
  { KMS_ERROR_TOO_LARGE, "too-large", "TooLarge", 1 },
  { KMS_ERROR_NOT_AUTHORIZED, "not-authorized", "NotAuthorized", 4 },
  { KMS_ERROR_NOT_AUTHORIZED_CAN_OBTAIN, "not-authorized-can-obtain", "NotAuthorized.CanObtain", 4 },
  { KMS_ERROR_NOT_AUTHORIZED_DISMISSED, "not-authorized-dismissed", "NotAuthorized.Dismissed", 4 },
  { KMS_ERROR_CREDENTIALS, "credentials", "Credentials", 4 },
  { KMS_ERROR_LOCKED_DOWN, "locked-down", "LockedDown", 5 },
  { KMS_ERROR_UNAVAILABLE, "unavailable", "Unavailable", 7 },
  { KMS_ERROR_THROTTLED, "throttled", "Throttled", 7 },
  { KMS_ERROR_QUOTA, "quota", "Quota", 7 },
  { KMS_ERROR_TIMED_OUT, "timed-out", "TimedOut", 7 },
  { KMS_ERROR_CONFIG, "config", "Config", 1 },
  { KMS_ERROR_MODULE, "module", "Module", 1 },
  { KMS_ERROR_FORKED, "forked", "Forked", 1 },
  { KMS_ERROR_AUDIT, "audit", "Audit", 8 },
  { KMS_ERROR_PARTIAL, "partial", "Partial", 9 },
  { KMS_ERROR_CONFLICT, "conflict", "Conflict", 7 },
};

static void
test_table (void)
{
  g_assert_cmpuint (G_N_ELEMENTS (expected), ==, KMS_N_ERRORS);
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_autoptr (GError) error = g_error_new_literal (KMS_ERROR, expected[i].code, "test");
      g_autofree char *dbus_name = g_strconcat ("org.libkms.Kms1.Error.", expected[i].dbus_name, NULL);

      g_assert_cmpint (expected[i].code, ==, i);
      g_assert_cmpstr (kms_error_get_id (error), ==, expected[i].id);
      g_assert_cmpstr (kms_error_get_dbus_name (error), ==, dbus_name);
      g_assert_cmpint (kms_error_get_exit_code (error), ==, expected[i].exit_code);

      g_autoptr (GError) from_id = kms_error_new_named (expected[i].id, "said by id");
      g_autoptr (GError) from_dbus = kms_error_new_named (dbus_name, "said by name");
      g_assert_error (from_id, KMS_ERROR, (int) expected[i].code);
      g_assert_cmpstr (from_id->message, ==, "said by id");
      g_assert_error (from_dbus, KMS_ERROR, (int) expected[i].code);
    }
}

static void
test_other_domains (void)
{
  g_autoptr (GError) cancelled = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "test");
  g_autoptr (GError) other = g_error_new_literal (G_FILE_ERROR, G_FILE_ERROR_NOENT, "test");

  g_assert_cmpstr (kms_error_get_id (cancelled), ==, "cancelled");
  g_assert_cmpint (kms_error_get_exit_code (cancelled), ==, 130);
  g_assert_cmpstr (kms_error_get_id (other), ==, "failed");
  g_assert_cmpint (kms_error_get_exit_code (other), ==, 1);
  g_assert_null (kms_error_get_provider (other));
  g_assert_cmpuint (kms_error_get_http_status (other), ==, 0);
  g_assert_null (kms_error_get_service_code (other));
  g_assert_null (kms_error_get_request_id (NULL));
}

static void
test_unknown_code (void)
{
  g_autoptr (GError) newer = g_error_new_literal (KMS_ERROR, KMS_N_ERRORS, "of a newer library");

  g_assert_cmpstr (kms_error_get_id (newer), ==, "failed");
  g_assert_cmpint (kms_error_get_exit_code (newer), ==, 1);
}

static void
test_service (void)
{
  g_autoptr (GError) error = g_error_new_literal (KMS_ERROR, KMS_ERROR_THROTTLED, "aws: slow down");

  g_assert_null (kms_error_get_provider (error));
  g_assert_cmpuint (kms_error_get_http_status (error), ==, 0);
  kms_error_set_provider (error, "aws-eu");
  kms_error_set_service (error, 429, "ThrottlingException", "b5e2");

  g_autoptr (GError) copy = g_error_copy (error);
  kms_error_set_service (error, 0, NULL, NULL);
  g_assert_cmpstr (kms_error_get_provider (copy), ==, "aws-eu");
  g_assert_cmpuint (kms_error_get_http_status (copy), ==, 429);
  g_assert_cmpstr (kms_error_get_service_code (copy), ==, "ThrottlingException");
  g_assert_cmpstr (kms_error_get_request_id (copy), ==, "b5e2");
  g_assert_null (kms_error_get_service_code (error));

  kms_error_set_service (copy, 500, kms_error_get_service_code (copy), kms_error_get_request_id (copy));
  g_assert_cmpstr (kms_error_get_service_code (copy), ==, "ThrottlingException");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/error/table", test_table);
  g_test_add_func ("/error/other-domains", test_other_domains);
  g_test_add_func ("/error/unknown-code", test_unknown_code);
  g_test_add_func ("/error/service", test_service);
  return g_test_run ();
}
