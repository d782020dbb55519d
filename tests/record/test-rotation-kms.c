/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rotations whose KMS is away, or has enough: rows are not told to be bad for that, and none is lost. */
#include <string.h>

#include "provider-hook.h"
#include "shop.h"

#define N_ROWS 5

static KmsRotation *
make (Shop *self)
{
  g_autoptr (GError) error = NULL;
  KmsRotation *rotation = kms_rotation_new (self->model, "kms_key", self->store, &error);

  g_assert_no_error (error);
  return rotation;
}

static void
keep_failed (KmsRotation *rotation, const char *id, const GError *error, GString *failed)
{
  g_test_message ("row %s: %s", id, error->message);
  g_string_append_printf (failed, "%s:%s ", id, kms_error_get_id (error));
}

/* All keys of the past are asked for alone, those of the rows together. */
static gboolean
refuse_old_keys (guint n_values, guint number, gpointer code, GError **error)
{
  if (n_values > 1)
    return TRUE;
  g_set_error (error, KMS_ERROR, GPOINTER_TO_INT (code), "not now");
  return FALSE;
}

static void
assert_n_repaired (KmsRotation *rotation, guint64 expected)
{
  KmsRotationCounts counts;

  kms_rotation_get_counts (rotation, &counts);
  g_assert_cmpuint (counts.n_repaired, ==, expected);
}

/* A row that an application wrote into with a key of the past, while that key is out of reach. */
static void
assert_repair (Shop *self, KmsError code, KmsError expected, const char *expected_failed)
{
  g_autoptr (KmsRotation) rotation = make (self);
  g_autoptr (GString) failed = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  g_signal_connect (rotation, "row-failed", G_CALLBACK (keep_failed), failed);
  provider_hook_set (refuse_old_keys, GINT_TO_POINTER (code));
  g_assert_false (kms_rotation_verify (rotation, TRUE, NULL, &error));
  provider_hook_clear ();
  g_test_message ("%s", error->message);
  g_assert_error (error, KMS_ERROR, (int) expected);
  g_assert_true (expected == KMS_ERROR_PARTIAL || g_str_has_prefix (error->message, "row 3: a key of the journal: "));
  g_assert_cmpstr (failed->str, ==, expected_failed);
  assert_n_repaired (rotation, 0);
}

static void
test_repair (Shop *self, gconstpointer data)
{
  g_autoptr (KmsRotation) rotation = make (self);
  g_autoptr (GError) error = NULL;

  shop_fill (self, 1, N_ROWS);
  shop_run (self, "CREATE TABLE before AS SELECT * FROM users");
  kms_rotation_set_all (rotation, TRUE);
  g_assert_true (kms_rotation_rekey (rotation, NULL, &error));
  shop_run (self, "UPDATE users SET city_ciphertext = (SELECT city_ciphertext FROM before WHERE id = 3) WHERE id = 3");
  assert_repair (self, KMS_ERROR_UNAVAILABLE, KMS_ERROR_UNAVAILABLE, "");
  assert_repair (self, KMS_ERROR_LOCKED_DOWN, KMS_ERROR_LOCKED_DOWN, "");
  assert_repair (self, KMS_ERROR_NOT_AUTHORIZED, KMS_ERROR_NOT_AUTHORIZED, "");
  assert_repair (self, KMS_ERROR_KEY_DISABLED, KMS_ERROR_PARTIAL, "3:key-disabled ");
  assert_repair (self, KMS_ERROR_NOT_FOUND, KMS_ERROR_PARTIAL, "3:not-found ");
  assert_repair (self, KMS_ERROR_INVALID_CIPHERTEXT, KMS_ERROR_PARTIAL, "3:invalid-ciphertext ");
  g_assert_true (kms_rotation_verify (rotation, TRUE, NULL, &error));
  assert_n_repaired (rotation, 1);
  shop_assert_values (self, N_ROWS);
}

#define ADD(path, function) g_test_add (path, Shop, NULL, shop_setup, function, shop_teardown)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/rotation/kms/repair", test_repair);
  return g_test_run ();
}
