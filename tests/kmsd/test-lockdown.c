/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lockdown: what it lets through, that it survives, and that whatever goes wrong is sealed. */
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../config-root.h"
#include "lockdown-fixture.h"

static void
test_modes (LockdownFixture *self, gconstpointer data)
{
  lockdown_fixture_assert_permits (self, "orders", OPERATION_DECRYPT, TRUE);
  lockdown_fixture_set (self, "orders", LOCKDOWN_ENCRYPT_ONLY);
  lockdown_fixture_assert_permits (self, "orders", OPERATION_DECRYPT, FALSE);
  lockdown_fixture_assert_permits (self, "orders", OPERATION_REWRAP, FALSE);
  lockdown_fixture_assert_permits (self, "orders", OPERATION_ENCRYPT, TRUE);
  lockdown_fixture_assert_permits (self, "users", OPERATION_DECRYPT, TRUE);
  lockdown_fixture_set (self, "orders", LOCKDOWN_SEALED);
  lockdown_fixture_assert_permits (self, "orders", OPERATION_ENCRYPT, FALSE);
  lockdown_fixture_set (self, "orders", LOCKDOWN_NORMAL);
  lockdown_fixture_assert_permits (self, "orders", OPERATION_DECRYPT, TRUE);
}

/* The stricter of the two counts, and releasing one does not release the other. */
static void
test_daemon_and_box (LockdownFixture *self, gconstpointer data)
{
  g_auto (GStrv) names = NULL;

  lockdown_fixture_set (self, NULL, LOCKDOWN_ENCRYPT_ONLY);
  lockdown_fixture_set (self, "orders", LOCKDOWN_SEALED);
  lockdown_fixture_set (self, "users", LOCKDOWN_ENCRYPT_ONLY);
  lockdown_fixture_set (self, "users", LOCKDOWN_NORMAL);
  lockdown_fixture_assert_permits (self, "orders", OPERATION_ENCRYPT, FALSE);
  lockdown_fixture_assert_permits (self, "users", OPERATION_ENCRYPT, TRUE);
  lockdown_fixture_assert_permits (self, "users", OPERATION_DECRYPT, FALSE);
  lockdown_fixture_assert_permits (self, NULL, OPERATION_DECRYPT, FALSE);
  lockdown_fixture_set (self, NULL, LOCKDOWN_NORMAL);
  lockdown_fixture_assert_permits (self, "users", OPERATION_DECRYPT, TRUE);
  lockdown_fixture_assert_permits (self, "orders", OPERATION_ENCRYPT, FALSE);
  names = lockdown_store_list (self->store);
  g_assert_cmpuint (g_strv_length (names), ==, 1);
  g_assert_cmpstr (names[0], ==, "orders");
}

static void
test_says_why (LockdownFixture *self, gconstpointer data)
{
  g_auto (LockdownState) state = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 before = g_get_real_time ();

  lockdown_fixture_set (self, "orders", LOCKDOWN_SEALED);
  g_assert_false (lockdown_permits (self->store, "orders", OPERATION_DECRYPT, &error));
  g_assert_nonnull (strstr (error->message, "box \"orders\" is sealed"));
  g_assert_nonnull (strstr (error->message, REASON));
  lockdown_fixture_open (self);
  lockdown_store_get (self->store, "orders", &state);
  g_assert_cmpstr (state.reason, ==, REASON);
  g_assert_cmpstr (state.by, ==, "uid:0");
  g_assert_cmpint (state.since_usec, >=, before);
  g_assert_cmpint (state.since_usec, <=, g_get_real_time ());
}

static const char *const unfit_reasons[] = { "", "two\nlines", "a bell \a", "not UTF-8 \xff", NULL };

static void
test_needs_reason (LockdownFixture *self, gconstpointer data)
{
  g_autofree char *long_reason = g_strnfill (LOCKDOWN_MAX_REASON + 1, 'x');
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (unfit_reasons); i++)
    {
      g_assert_false (lockdown_store_set (self->store, NULL, LOCKDOWN_SEALED, unfit_reasons[i], "uid:0", &error));
      g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
      g_clear_error (&error);
    }
  g_assert_false (lockdown_store_set (self->store, NULL, LOCKDOWN_SEALED, long_reason, "uid:0", &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_false (lockdown_store_set (self->store, "../etc", LOCKDOWN_SEALED, REASON, "uid:0", &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
  lockdown_fixture_assert_mode (self, NULL, LOCKDOWN_NORMAL);
  g_assert_cmpint (g_access (self->file, F_OK), <, 0);
}

static void
test_restart (LockdownFixture *self, gconstpointer data)
{
  lockdown_fixture_set (self, NULL, LOCKDOWN_ENCRYPT_ONLY);
  lockdown_fixture_set (self, "orders", LOCKDOWN_SEALED);
  lockdown_fixture_set (self, "users", LOCKDOWN_SEALED);
  lockdown_fixture_set (self, "users", LOCKDOWN_NORMAL);
  lockdown_fixture_open (self);
  lockdown_fixture_assert_mode (self, NULL, LOCKDOWN_ENCRYPT_ONLY);
  lockdown_fixture_assert_mode (self, "orders", LOCKDOWN_SEALED);
  lockdown_fixture_assert_mode (self, "users", LOCKDOWN_NORMAL);
  g_autofree char *problem = lockdown_store_dup_problem (self->store);
  g_assert_null (problem);
}

static void
assert_sealed_for_problem (LockdownFixture *self, const char *words)
{
  lockdown_fixture_open (self);
  g_autofree char *problem = lockdown_store_dup_problem (self->store);
  g_assert_nonnull (problem);
  g_assert_nonnull (strstr (problem, "lockdown.state"));
  g_assert_nonnull (strstr (problem, words));
  lockdown_fixture_assert_mode (self, NULL, LOCKDOWN_SEALED);
  lockdown_fixture_assert_permits (self, "orders", OPERATION_ENCRYPT, FALSE);
}

static void
write_state (LockdownFixture *self, const char *text, gsize length)
{
  config_root_write_bytes (self->root, "lockdown.state", text, length);
}

/* Every way of being cut, and one of being changed at each byte. */
static void
test_broken (LockdownFixture *self, gconstpointer data)
{
  g_autofree char *text = NULL;
  gsize length;

  lockdown_fixture_set (self, "orders", LOCKDOWN_ENCRYPT_ONLY);
  g_assert_true (g_file_get_contents (self->file, &text, &length, NULL));
  for (gsize i = 0; i < length; i++)
    {
      g_autofree char *broken = g_memdup2 (text, length);
      write_state (self, text, i);
      assert_sealed_for_problem (self, "");
      broken[i] ^= 1;
      write_state (self, broken, length);
      assert_sealed_for_problem (self, "");
    }
  write_state (self, text, length);
  lockdown_fixture_open (self);
  lockdown_fixture_assert_mode (self, NULL, LOCKDOWN_NORMAL);
}

static void
test_not_safe (LockdownFixture *self, gconstpointer data)
{
  lockdown_fixture_set (self, "orders", LOCKDOWN_ENCRYPT_ONLY);
  g_assert_no_errno (g_chmod (self->file, 0666));
  assert_sealed_for_problem (self, "chmod");
  g_assert_no_errno (g_unlink (self->file));
  g_assert_no_errno (symlink ("/dev/null", self->file));
  assert_sealed_for_problem (self, "");
  g_assert_no_errno (g_unlink (self->file));
  g_assert_no_errno (g_mkdir (self->file, 0700));
  assert_sealed_for_problem (self, "");
}

static void
test_problem_ends (LockdownFixture *self, gconstpointer data)
{
  write_state (self, "", 0);
  assert_sealed_for_problem (self, "");
  lockdown_fixture_set (self, NULL, LOCKDOWN_NORMAL);
  lockdown_fixture_assert_permits (self, "orders", OPERATION_DECRYPT, TRUE);
  lockdown_fixture_open (self);
  g_autofree char *problem = lockdown_store_dup_problem (self->store);
  g_assert_null (problem);
  lockdown_fixture_assert_mode (self, NULL, LOCKDOWN_NORMAL);
}

static void
test_directory (LockdownFixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *missing = g_build_filename (self->root, "missing", NULL);

  g_assert_null (lockdown_store_open (missing, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_CONFIG);
  g_clear_error (&error);
  g_assert_no_errno (g_chmod (self->root, 0777));
  g_assert_null (lockdown_store_open (self->root, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_CONFIG);
  g_assert_no_errno (g_chmod (self->root, 0700));
}

static void
note_change (LockdownStore *store, const char *box, const LockdownState *state, gpointer user_data)
{
  g_string_append_printf (user_data, "%s=%s;", box == NULL ? "(all)" : box, lockdown_mode_to_string (state->mode));
}

static void
test_told (LockdownFixture *self, gconstpointer data)
{
  g_autoptr (GString) told = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  lockdown_store_set_changed_func (self->store, note_change, told);
  lockdown_fixture_set (self, NULL, LOCKDOWN_ENCRYPT_ONLY);
  lockdown_fixture_set (self, "orders", LOCKDOWN_SEALED);
  lockdown_fixture_set (self, NULL, LOCKDOWN_NORMAL);
  lockdown_fixture_block_disk (self);
  g_assert_false (lockdown_store_set (self->store, "orders", LOCKDOWN_NORMAL, REASON, "uid:0", &error));
  lockdown_fixture_unblock_disk (self);
  while (g_main_context_iteration (NULL, FALSE))
    continue;
  g_assert_cmpstr (told->str, ==, "(all)=encrypt-only;orders=sealed;(all)=normal;");
}

static void
test_async (LockdownFixture *self, gconstpointer data)
{
  GAsyncResult *engaged = NULL, *released = NULL;
  g_autoptr (GError) error = NULL;

  lockdown_store_set_async (self->store, "orders", LOCKDOWN_SEALED, REASON, "alert", lockdown_fixture_keep_result,
                            &engaged);
  /* In force before the disk was asked. */
  lockdown_fixture_assert_permits (self, "orders", OPERATION_DECRYPT, FALSE);
  g_assert_true (lockdown_fixture_wait_for (self->store, &engaged, &error));
  lockdown_store_set_async (self->store, "orders", LOCKDOWN_NORMAL, REASON, "uid:0", lockdown_fixture_keep_result,
                            &released);
  g_assert_true (lockdown_fixture_wait_for (self->store, &released, &error));
  lockdown_fixture_assert_permits (self, "orders", OPERATION_DECRYPT, TRUE);
  lockdown_store_set_async (self->store, "orders", LOCKDOWN_SEALED, "", "uid:0", lockdown_fixture_keep_result,
                            &engaged);
  g_assert_false (lockdown_fixture_wait_for (self->store, &engaged, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
}

/* The limit is that of a daemon: 1,024 boxes. Those that were released make room. */
static void
test_many_boxes (LockdownFixture *self, gconstpointer data)
{
  g_autoptr (GHashTable) table = lockdown_table_new ();
  g_autoptr (GError) error = NULL;
  gsize length;

  for (guint i = 0; i < 1024; i++)
    g_hash_table_insert (table, g_strdup_printf ("box-%u", i),
                         lockdown_state_new (i == 0 ? LOCKDOWN_NORMAL : LOCKDOWN_SEALED, 1, REASON, "uid:0"));
  g_autofree char *text = lockdown_file_write (table, &length);
  write_state (self, text, length);
  lockdown_fixture_open (self);
  g_auto (GStrv) names = lockdown_store_list (self->store);
  g_assert_cmpuint (g_strv_length (names), ==, 1023);
  lockdown_fixture_set (self, "one-more", LOCKDOWN_SEALED);
  g_assert_false (lockdown_store_set (self->store, "too-many", LOCKDOWN_SEALED, REASON, "uid:0", &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_QUOTA);
  lockdown_fixture_open (self);
  lockdown_fixture_assert_mode (self, "one-more", LOCKDOWN_SEALED);
  lockdown_fixture_assert_mode (self, "box-0", LOCKDOWN_NORMAL);
  lockdown_fixture_assert_mode (self, "too-many", LOCKDOWN_NORMAL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, function)                                                                                            \
  g_test_add ("/lockdown/" name, LockdownFixture, NULL, lockdown_fixture_set_up, function, lockdown_fixture_tear_down)
  ADD ("modes", test_modes);
  ADD ("daemon-and-box", test_daemon_and_box);
  ADD ("says-why", test_says_why);
  ADD ("needs-reason", test_needs_reason);
  ADD ("restart", test_restart);
  ADD ("broken", test_broken);
  ADD ("not-safe", test_not_safe);
  ADD ("problem-ends", test_problem_ends);
  ADD ("directory", test_directory);
  ADD ("told", test_told);
  ADD ("async", test_async);
  ADD ("many-boxes", test_many_boxes);
  return g_test_run ();
}
