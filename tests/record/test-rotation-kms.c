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
  kms_rotation_set_patience (rotation, 0);
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

#define MANY_ROWS 100

/* A service that takes so many values within a turn; a turn ends when somebody waits. */
typedef struct
{
  guint n_left, n_per_turn, n_waits, largest;
  KmsError code;
  guint64 waited; /* milliseconds */
  GCancellable *cancellable;
} Service;

static gboolean
serve (guint n_values, guint number, gpointer user_data, GError **error)
{
  Service *self = user_data;

  self->largest = MAX (self->largest, n_values);
  if (n_values <= self->n_left)
    {
      self->n_left -= n_values;
      return TRUE;
    }
  g_set_error (error, KMS_ERROR, (int) self->code, "slow down");
  return FALSE;
}

static void
on_waiting (KmsRotation *rotation, guint milliseconds, const GError *error, Service *self)
{
  g_assert_error (error, KMS_ERROR, (int) self->code);
  g_assert_cmpuint (milliseconds, >=, 200);
  self->n_waits++;
  self->waited += milliseconds;
  self->n_left = self->n_per_turn;
  self->largest = 0;
  g_cancellable_cancel (self->cancellable);
}

static KmsRotation *
make_patient (Shop *self, Service *service)
{
  KmsRotation *rotation = make (self);

  kms_rotation_set_patience (rotation, 60);
  kms_rotation_set_batch_size (rotation, MANY_ROWS);
  g_signal_connect (rotation, "waiting", G_CALLBACK (on_waiting), service);
  return rotation;
}

static void
assert_n (Shop *self, const char *what, const char *expected)
{
  g_autofree char *sql = g_strconcat ("SELECT count(*) FROM users WHERE ", what, NULL);
  g_autofree char *answer = shop_ask (self, sql);

  g_assert_cmpstr (answer, ==, expected);
}

static void
fill_many (Shop *self)
{
  shop_fill (self, 1, MANY_ROWS);
  shop_set_box_version (self, 2);
}

static void
assert_patient (Shop *self, gboolean rekey, Service *service)
{
  g_autoptr (KmsRotation) rotation = make_patient (self, service);
  g_autoptr (GString) failed = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  KmsRotationCounts counts;

  g_signal_connect (rotation, "row-failed", G_CALLBACK (keep_failed), failed);
  provider_hook_set (serve, service);
  gboolean done = rekey ? kms_rotation_rekey (rotation, NULL, &error) : kms_rotation_rewrap (rotation, NULL, &error);
  provider_hook_clear ();
  g_assert_no_error (error);
  g_assert_true (done);
  g_assert_cmpstr (failed->str, ==, "");
  kms_rotation_get_counts (rotation, &counts);
  g_assert_cmpuint (counts.n_done, ==, MANY_ROWS);
  assert_n (self, "encrypted_kms_key LIKE 'v2:%'", "100");
  shop_assert_values (self, MANY_ROWS);
}

/* It goes on by itself, with less at a time. */
static void
test_throttled (Shop *self, gconstpointer data)
{
  Service service = { .n_per_turn = 60, .code = KMS_ERROR_THROTTLED };

  fill_many (self);
  assert_patient (self, GPOINTER_TO_INT (data), &service);
  g_assert_cmpuint (service.n_waits, >=, 3);
  g_assert_cmpuint (service.largest, <=, MANY_ROWS / 2);
}

/* Away in the middle: between the old keys and the new ones. */
static void
test_away (Shop *self, gconstpointer data)
{
  Service service = { .n_left = MANY_ROWS, .n_per_turn = MANY_ROWS, .code = GPOINTER_TO_INT (data) };

  fill_many (self);
  assert_patient (self, TRUE, &service);
  g_assert_cmpuint (service.n_waits, ==, 1);
}

static void
assert_gives_up (Shop *self, Service *service, guint patience, KmsError code, const char *part)
{
  g_autoptr (KmsRotation) rotation = make_patient (self, service);
  g_autoptr (GError) error = NULL;

  kms_rotation_set_patience (rotation, patience);
  provider_hook_set (serve, service);
  g_assert_false (kms_rotation_rekey (rotation, NULL, &error));
  provider_hook_clear ();
  g_test_message ("%s", error->message);
  g_assert_error (error, KMS_ERROR, (int) code);
  g_assert_nonnull (strstr (error->message, part));
  assert_n (self, "encrypted_kms_key LIKE 'v2:%'", "0");
  shop_assert_values (self, MANY_ROWS);
}

static void
test_gives_up (Shop *self, gconstpointer data)
{
  Service throttled = { .code = KMS_ERROR_THROTTLED }, unreachable = { .code = KMS_ERROR_UNAVAILABLE };
  Service denied = { .n_left = MANY_ROWS, .code = KMS_ERROR_NOT_AUTHORIZED };

  fill_many (self);
  assert_gives_up (self, &throttled, 1, KMS_ERROR_THROTTLED, "no answer for 1 seconds: ");
  /* 0.2, 0.4 and 0.8 seconds. */
  g_assert_cmpuint (throttled.n_waits, ==, 3);
  g_assert_cmpuint (throttled.waited, ==, 1400);
  assert_gives_up (self, &throttled, 0, KMS_ERROR_THROTTLED, "slow down");
  assert_gives_up (self, &unreachable, 60, KMS_ERROR_UNAVAILABLE, "row 1: ");
  assert_gives_up (self, &denied, 60, KMS_ERROR_NOT_AUTHORIZED, "row 1: ");
  g_assert_cmpuint (throttled.n_waits + unreachable.n_waits + denied.n_waits, ==, 3);
}

/* Who waits answers at once to whoever stops it. */
static void
test_stopped (Shop *self, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Service service = { .code = KMS_ERROR_THROTTLED, .cancellable = cancellable };
  g_autoptr (KmsRotation) rotation = make_patient (self, &service);
  g_autoptr (GError) error = NULL;

  fill_many (self);
  provider_hook_set (serve, &service);
  g_assert_false (kms_rotation_rewrap (rotation, cancellable, &error));
  provider_hook_clear ();
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (service.n_waits, ==, 1);
  shop_assert_values (self, MANY_ROWS);
}

/* Rows that a worker has locked are free while it waits. */
static void
update_while_waiting (KmsRotation *rotation, guint milliseconds, const GError *error, Shop *self)
{
  g_autoptr (KmsStore) other = kms_store_open (self->registry, self->uri, NULL, NULL);
  g_autoptr (GError) local = NULL;

  _kms_store_run_text (other, "SELECT id FROM users WHERE id = 7 FOR UPDATE NOWAIT", NULL, &local);
  g_assert_no_error (local);
  g_assert_true (shop_write (self, 7, "another town", SHOP_WRITE_LOCK | SHOP_WRITE_NEW_KEY));
}

static void
test_shared (Shop *self, gconstpointer data)
{
  Service service = { .n_left = MANY_ROWS, .n_per_turn = 2 * MANY_ROWS, .code = KMS_ERROR_THROTTLED };
  g_autoptr (KmsStore) store = kms_store_open (self->registry, self->uri, NULL, NULL);
  g_autoptr (KmsStore) own = g_steal_pointer (&self->store);
  g_autoptr (GError) error = NULL;

  self->store = g_steal_pointer (&store);
  fill_many (self);
  g_autoptr (KmsRotation) rotation = make_patient (self, &service);
  g_clear_object (&self->store);
  self->store = g_steal_pointer (&own);
  kms_rotation_set_shared (rotation, TRUE);
  g_signal_connect (rotation, "waiting", G_CALLBACK (update_while_waiting), self);
  provider_hook_set (serve, &service);
  kms_rotation_rekey (rotation, NULL, &error);
  provider_hook_clear ();
  g_assert_no_error (error);
  g_assert_cmpuint (service.n_waits, ==, 1);
  assert_n (self, "encrypted_kms_key LIKE 'v2:%'", "100");
  assert_n (self, "name = 'another town'", "1");
  shop_assert_values (self, MANY_ROWS);
}

#define ADD(path, data, function) g_test_add (path, Shop, data, shop_setup, function, shop_teardown)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/rotation/kms/repair", NULL, test_repair);
  ADD ("/rotation/kms/throttled/rewrap", GINT_TO_POINTER (FALSE), test_throttled);
  ADD ("/rotation/kms/throttled/rekey", GINT_TO_POINTER (TRUE), test_throttled);
  ADD ("/rotation/kms/away/unavailable", GINT_TO_POINTER (KMS_ERROR_UNAVAILABLE), test_away);
  ADD ("/rotation/kms/away/timed-out", GINT_TO_POINTER (KMS_ERROR_TIMED_OUT), test_away);
  ADD ("/rotation/kms/gives-up", NULL, test_gives_up);
  ADD ("/rotation/kms/stopped", NULL, test_stopped);
  if (g_getenv ("KMS_TEST_POSTGRES") != NULL)
    ADD ("/rotation/kms/shared", NULL, test_shared);
  return g_test_run ();
}
