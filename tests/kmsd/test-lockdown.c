/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lockdown: what it lets through, that it survives, and that whatever goes wrong is sealed. */
#include <lockdown-file.h>

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../config-root.h"
#include "disk.h"

#define REASON "odd decryptions at night"

typedef struct
{
  char *root;
  char *file;
  LockdownStore *store;
} Fixture;

static void
open_store (Fixture *self)
{
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&self->store, lockdown_store_unref);
  self->store = lockdown_store_open (self->root, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  self->root = config_root_new ();
  self->file = g_build_filename (self->root, "lockdown.state", NULL);
  open_store (self);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_clear_pointer (&self->store, lockdown_store_unref);
  g_free (self->file);
  config_root_remove (self->root);
}

static void
set (Fixture *self, const char *box, LockdownMode mode)
{
  g_autoptr (GError) error = NULL;

  lockdown_store_set (self->store, box, mode, REASON, "uid:0", &error);
  g_assert_no_error (error);
}

static void
assert_mode (Fixture *self, const char *box, LockdownMode mode)
{
  g_auto (LockdownState) state = { 0 };

  lockdown_store_get (self->store, box, &state);
  g_assert_cmpstr (lockdown_mode_to_string (state.mode), ==, lockdown_mode_to_string (mode));
}

static void
assert_permits (Fixture *self, const char *box, Operation operation, gboolean expected)
{
  g_autoptr (GError) error = NULL;
  gboolean permits = lockdown_permits (self->store, box, operation, &error);

  g_assert_cmpint (permits, ==, expected);
  if (expected)
    return;
  g_assert_error (error, KMS_ERROR, KMS_ERROR_LOCKED_DOWN);
  g_assert_nonnull (strstr (error->message, "kmsctl lockdown release"));
}

static void
test_modes (Fixture *self, gconstpointer data)
{
  assert_permits (self, "orders", OPERATION_DECRYPT, TRUE);
  set (self, "orders", LOCKDOWN_ENCRYPT_ONLY);
  assert_permits (self, "orders", OPERATION_DECRYPT, FALSE);
  assert_permits (self, "orders", OPERATION_REWRAP, FALSE);
  assert_permits (self, "orders", OPERATION_ENCRYPT, TRUE);
  assert_permits (self, "users", OPERATION_DECRYPT, TRUE);
  set (self, "orders", LOCKDOWN_SEALED);
  assert_permits (self, "orders", OPERATION_ENCRYPT, FALSE);
  set (self, "orders", LOCKDOWN_NORMAL);
  assert_permits (self, "orders", OPERATION_DECRYPT, TRUE);
}

/* The stricter of the two counts, and releasing one does not release the other. */
static void
test_daemon_and_box (Fixture *self, gconstpointer data)
{
  g_auto (GStrv) names = NULL;

  set (self, NULL, LOCKDOWN_ENCRYPT_ONLY);
  set (self, "orders", LOCKDOWN_SEALED);
  set (self, "users", LOCKDOWN_ENCRYPT_ONLY);
  set (self, "users", LOCKDOWN_NORMAL);
  assert_permits (self, "orders", OPERATION_ENCRYPT, FALSE);
  assert_permits (self, "users", OPERATION_ENCRYPT, TRUE);
  assert_permits (self, "users", OPERATION_DECRYPT, FALSE);
  assert_permits (self, NULL, OPERATION_DECRYPT, FALSE);
  set (self, NULL, LOCKDOWN_NORMAL);
  assert_permits (self, "users", OPERATION_DECRYPT, TRUE);
  assert_permits (self, "orders", OPERATION_ENCRYPT, FALSE);
  names = lockdown_store_list (self->store);
  g_assert_cmpuint (g_strv_length (names), ==, 1);
  g_assert_cmpstr (names[0], ==, "orders");
}

static void
test_says_why (Fixture *self, gconstpointer data)
{
  g_auto (LockdownState) state = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 before = g_get_real_time ();

  set (self, "orders", LOCKDOWN_SEALED);
  g_assert_false (lockdown_permits (self->store, "orders", OPERATION_DECRYPT, &error));
  g_assert_nonnull (strstr (error->message, "box \"orders\" is sealed"));
  g_assert_nonnull (strstr (error->message, REASON));
  open_store (self);
  lockdown_store_get (self->store, "orders", &state);
  g_assert_cmpstr (state.reason, ==, REASON);
  g_assert_cmpstr (state.by, ==, "uid:0");
  g_assert_cmpint (state.since_usec, >=, before);
  g_assert_cmpint (state.since_usec, <=, g_get_real_time ());
}

static const char *const unfit_reasons[] = { "", "two\nlines", "a bell \a", "not UTF-8 \xff", NULL };

static void
test_needs_reason (Fixture *self, gconstpointer data)
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
  assert_mode (self, NULL, LOCKDOWN_NORMAL);
  g_assert_cmpint (g_access (self->file, F_OK), <, 0);
}

static void
test_restart (Fixture *self, gconstpointer data)
{
  set (self, NULL, LOCKDOWN_ENCRYPT_ONLY);
  set (self, "orders", LOCKDOWN_SEALED);
  set (self, "users", LOCKDOWN_SEALED);
  set (self, "users", LOCKDOWN_NORMAL);
  open_store (self);
  assert_mode (self, NULL, LOCKDOWN_ENCRYPT_ONLY);
  assert_mode (self, "orders", LOCKDOWN_SEALED);
  assert_mode (self, "users", LOCKDOWN_NORMAL);
  g_autofree char *problem = lockdown_store_dup_problem (self->store);
  g_assert_null (problem);
}

/* A child engages and releases for ever, telling through a pipe what is done; killed at any moment, what it told last,
 * or what it was at, is what stands there. */
static void
child_toggle (const char *root, int fd)
{
  LockdownStore *store = lockdown_store_open (root, NULL);

  for (guint8 i = 0;; i++)
    {
      LockdownMode mode = (i & 1) != 0 ? LOCKDOWN_SEALED : LOCKDOWN_NORMAL;
      guint8 about = (guint8) (mode | 0x80), done = (guint8) mode;
      if (write (fd, &about, 1) != 1 || !lockdown_store_set (store, "orders", mode, REASON, "uid:0", NULL)
          || write (fd, &done, 1) != 1)
        _exit (1);
    }
}

static void
kill_at (Fixture *self, guint n_told)
{
  int fds[2];
  guint8 told[4096];
  gssize got, length = 0;

  g_assert_no_errno (pipe2 (fds, O_CLOEXEC));
  pid_t child = fork ();
  if (child == 0)
    child_toggle (self->root, fds[1]);
  close (fds[1]);
  for (guint i = 0; i < n_told; i++)
    g_assert_cmpint (read (fds[0], told, 1), ==, 1);
  kill (child, SIGKILL);
  g_assert_cmpint (waitpid (child, NULL, 0), ==, child);
  guint8 last = told[0];
  while ((got = read (fds[0], told, sizeof told)) > 0)
    last = told[(length = got) - 1];
  close (fds[0]);
  open_store (self);
  g_autofree char *problem = lockdown_store_dup_problem (self->store);
  g_assert_null (problem);
  /* In the middle of a change both are right; after it only one is. */
  if ((last & 0x80) == 0)
    assert_mode (self, "orders", (LockdownMode) last);
}

static void
test_kill (Fixture *self, gconstpointer data)
{
  for (guint n_told = 1; n_told < 24; n_told++)
    kill_at (self, n_told);
}

/* Whether the child got to its end; `acknowledged` whether it was told that the change counts. */
static gboolean
crash_at (Fixture *self, LockdownMode mode, guint nth, DiskMoment moment, gboolean *acknowledged)
{
  int fds[2], status;
  guint8 done = 1;

  g_assert_no_errno (pipe2 (fds, O_CLOEXEC));
  pid_t child = fork ();
  if (child == 0)
    {
      disk_kill_at (nth, moment);
      LockdownStore *store = lockdown_store_open (self->root, NULL);
      if (lockdown_store_set (store, "orders", mode, REASON, "uid:0", NULL) && write (fds[1], &done, 1) == 1)
        _exit (0);
      _exit (1);
    }
  close (fds[1]);
  *acknowledged = read (fds[0], &done, 1) == 1;
  close (fds[0]);
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  return WIFSIGNALED (status);
}

/* Before, within and after each step that reaches the disk: the old mode or the new one, and the new one if that was said. */
static void
test_crashes (Fixture *self, gconstpointer data)
{
  LockdownMode to = (LockdownMode) GPOINTER_TO_UINT (data);
  LockdownMode from = to == LOCKDOWN_NORMAL ? LOCKDOWN_SEALED : LOCKDOWN_NORMAL;
  gboolean acknowledged;

  for (guint moment = DISK_BEFORE; moment <= DISK_AFTER; moment++)
    {
      guint nth = 0;
      gboolean crashed = TRUE;
      while (crashed)
        {
          g_auto (LockdownState) state = { 0 };
          set (self, "orders", from);
          crashed = crash_at (self, to, ++nth, (DiskMoment) moment, &acknowledged);
          open_store (self);
          g_autofree char *problem = lockdown_store_dup_problem (self->store);
          g_assert_null (problem);
          lockdown_store_get (self->store, "orders", &state);
          g_assert_true (state.mode == to || (!acknowledged && state.mode == from));
          g_assert_true (crashed || acknowledged);
        }
      g_assert_cmpuint (nth, ==, 5); /* write, sync, rename, sync of the name */
    }
}

static void
assert_sealed_for_problem (Fixture *self, const char *words)
{
  open_store (self);
  g_autofree char *problem = lockdown_store_dup_problem (self->store);
  g_assert_nonnull (problem);
  g_assert_nonnull (strstr (problem, "lockdown.state"));
  g_assert_nonnull (strstr (problem, words));
  assert_mode (self, NULL, LOCKDOWN_SEALED);
  assert_permits (self, "orders", OPERATION_ENCRYPT, FALSE);
}

static void
write_state (Fixture *self, const char *text, gsize length)
{
  config_root_write_bytes (self->root, "lockdown.state", text, length);
}

/* Every way of being cut, and one of being changed at each byte. */
static void
test_broken (Fixture *self, gconstpointer data)
{
  g_autofree char *text = NULL;
  gsize length;

  set (self, "orders", LOCKDOWN_ENCRYPT_ONLY);
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
  open_store (self);
  assert_mode (self, NULL, LOCKDOWN_NORMAL);
}

static void
test_not_safe (Fixture *self, gconstpointer data)
{
  set (self, "orders", LOCKDOWN_ENCRYPT_ONLY);
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
test_problem_ends (Fixture *self, gconstpointer data)
{
  write_state (self, "", 0);
  assert_sealed_for_problem (self, "");
  set (self, NULL, LOCKDOWN_NORMAL);
  assert_permits (self, "orders", OPERATION_DECRYPT, TRUE);
  open_store (self);
  g_autofree char *problem = lockdown_store_dup_problem (self->store);
  g_assert_null (problem);
  assert_mode (self, NULL, LOCKDOWN_NORMAL);
}

static void
test_directory (Fixture *self, gconstpointer data)
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

/* A directory in the place of the new file: nobody can write there, root included. */
static void
block_disk (Fixture *self)
{
  g_autofree char *blocker = g_build_filename (self->root, "lockdown.state.new", NULL);
  g_assert_no_errno (g_mkdir (blocker, 0700));
}

static void
unblock_disk (Fixture *self)
{
  g_autofree char *blocker = g_build_filename (self->root, "lockdown.state.new", NULL);
  g_assert_no_errno (g_rmdir (blocker));
}

static void
test_disk_fails (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  set (self, "users", LOCKDOWN_SEALED);
  block_disk (self);
  g_assert_false (lockdown_store_set (self->store, "orders", LOCKDOWN_SEALED, REASON, "uid:0", &error));
  g_assert_nonnull (strstr (error->message, "would not survive"));
  assert_permits (self, "orders", OPERATION_DECRYPT, FALSE);
  g_clear_error (&error);
  g_assert_false (lockdown_store_set (self->store, "users", LOCKDOWN_NORMAL, REASON, "uid:0", &error));
  g_assert_nonnull (strstr (error->message, "stays as it was"));
  assert_permits (self, "users", OPERATION_DECRYPT, FALSE);
  unblock_disk (self);
  /* The next change brings the one that failed with it. */
  set (self, "users", LOCKDOWN_NORMAL);
  open_store (self);
  assert_mode (self, "orders", LOCKDOWN_SEALED);
  assert_mode (self, "users", LOCKDOWN_NORMAL);
}

static void
note_change (LockdownStore *store, const char *box, const LockdownState *state, gpointer user_data)
{
  g_string_append_printf (user_data, "%s=%s;", box == NULL ? "(all)" : box, lockdown_mode_to_string (state->mode));
}

static void
test_told (Fixture *self, gconstpointer data)
{
  g_autoptr (GString) told = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  lockdown_store_set_changed_func (self->store, note_change, told);
  set (self, NULL, LOCKDOWN_ENCRYPT_ONLY);
  set (self, "orders", LOCKDOWN_SEALED);
  set (self, NULL, LOCKDOWN_NORMAL);
  block_disk (self);
  g_assert_false (lockdown_store_set (self->store, "orders", LOCKDOWN_NORMAL, REASON, "uid:0", &error));
  unblock_disk (self);
  while (g_main_context_iteration (NULL, FALSE))
    continue;
  g_assert_cmpstr (told->str, ==, "(all)=encrypt-only;orders=sealed;(all)=normal;");
}

static void
keep_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static gboolean
wait_for (LockdownStore *store, GAsyncResult **result, GError **error)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  gboolean ok = lockdown_store_set_finish (store, *result, error);
  g_clear_object (result);
  return ok;
}

static void
test_async (Fixture *self, gconstpointer data)
{
  GAsyncResult *engaged = NULL, *released = NULL;
  g_autoptr (GError) error = NULL;

  lockdown_store_set_async (self->store, "orders", LOCKDOWN_SEALED, REASON, "alert", keep_result, &engaged);
  /* In force before the disk was asked. */
  assert_permits (self, "orders", OPERATION_DECRYPT, FALSE);
  g_assert_true (wait_for (self->store, &engaged, &error));
  lockdown_store_set_async (self->store, "orders", LOCKDOWN_NORMAL, REASON, "uid:0", keep_result, &released);
  g_assert_true (wait_for (self->store, &released, &error));
  assert_permits (self, "orders", OPERATION_DECRYPT, TRUE);
  lockdown_store_set_async (self->store, "orders", LOCKDOWN_SEALED, "", "uid:0", keep_result, &engaged);
  g_assert_false (wait_for (self->store, &engaged, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
}

/* Whoever wins the race: once "engage" was called, a release that began earlier does not undo it. */
static void
test_overtaken (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < 50; i++)
    {
      GAsyncResult *released = NULL, *engaged = NULL;
      g_autoptr (GError) error = NULL;

      set (self, "orders", LOCKDOWN_SEALED);
      lockdown_store_set_async (self->store, "orders", LOCKDOWN_NORMAL, REASON, "uid:0", keep_result, &released);
      lockdown_store_set_async (self->store, "orders", LOCKDOWN_SEALED, REASON, "alert", keep_result, &engaged);
      gboolean was_released = wait_for (self->store, &released, &error);
      g_assert_true (was_released || g_error_matches (error, KMS_ERROR, KMS_ERROR_LOCKED_DOWN));
      g_assert_true (wait_for (self->store, &engaged, NULL));
      assert_permits (self, "orders", OPERATION_DECRYPT, FALSE);
      open_store (self);
      assert_permits (self, "orders", OPERATION_DECRYPT, FALSE);
    }
}

/* A release is being written when the same mode is engaged anew, for another reason: that one counts. */
static void
test_overtaken_while_writing (Fixture *self, gconstpointer data)
{
  GAsyncResult *released = NULL, *engaged = NULL;
  g_autoptr (GError) error = NULL;

  set (self, "orders", LOCKDOWN_SEALED);
  disk_hang (DISK_FSYNC);
  lockdown_store_set_async (self->store, "orders", LOCKDOWN_NORMAL, REASON, "uid:0", keep_result, &released);
  disk_wait_until_hanging ();
  assert_permits (self, "orders", OPERATION_DECRYPT, FALSE);
  lockdown_store_set_async (self->store, "orders", LOCKDOWN_SEALED, "again", "alert", keep_result, &engaged);
  disk_go_on ();
  g_assert_false (wait_for (self->store, &released, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_LOCKED_DOWN);
  g_assert_true (wait_for (self->store, &engaged, NULL));
  assert_permits (self, "orders", OPERATION_DECRYPT, FALSE);
  open_store (self);
  assert_mode (self, "orders", LOCKDOWN_SEALED);
}

static GMutex gate;

static void
wait_at_gate (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  g_mutex_lock (&gate);
  g_mutex_unlock (&gate);
  g_task_return_boolean (task, TRUE);
}

/* A release that has not reached the disk yet, for all threads are busy, must not get there after the engagement. */
static void
test_overtaken_before_writing (Fixture *self, gconstpointer data)
{
  GAsyncResult *released = NULL;

  set (self, "orders", LOCKDOWN_SEALED);
  g_mutex_lock (&gate);
  for (guint i = 0; i < 16; i++)
    {
      g_autoptr (GTask) task = g_task_new (NULL, NULL, NULL, NULL);
      g_task_run_in_thread (task, wait_at_gate);
    }
  lockdown_store_set_async (self->store, "orders", LOCKDOWN_NORMAL, REASON, "uid:0", keep_result, &released);
  set (self, "orders", LOCKDOWN_SEALED);
  g_mutex_unlock (&gate);
  wait_for (self->store, &released, NULL);
  assert_permits (self, "orders", OPERATION_DECRYPT, FALSE);
  open_store (self);
  assert_mode (self, "orders", LOCKDOWN_SEALED);
}

/* A disk that hangs holds up neither what looks at the state nor what engages it. */
static void
test_hangs (Fixture *self, gconstpointer data)
{
  GAsyncResult *first = NULL, *second = NULL;

  disk_hang (DISK_FSYNC);
  lockdown_store_set_async (self->store, "users", LOCKDOWN_ENCRYPT_ONLY, REASON, "uid:0", keep_result, &first);
  disk_wait_until_hanging ();
  lockdown_store_set_async (self->store, "orders", LOCKDOWN_SEALED, REASON, "alert", keep_result, &second);
  assert_permits (self, "users", OPERATION_DECRYPT, FALSE);
  assert_permits (self, "orders", OPERATION_ENCRYPT, FALSE);
  disk_go_on ();
  g_assert_true (wait_for (self->store, &first, NULL));
  g_assert_true (wait_for (self->store, &second, NULL));
}

/* The limit is that of a daemon: 1,024 boxes. Those that were released make room. */
static void
test_many_boxes (Fixture *self, gconstpointer data)
{
  g_autoptr (GHashTable) table = lockdown_table_new ();
  g_autoptr (GError) error = NULL;
  gsize length;

  for (guint i = 0; i < 1024; i++)
    g_hash_table_insert (table, g_strdup_printf ("box-%u", i),
                         lockdown_state_new (i == 0 ? LOCKDOWN_NORMAL : LOCKDOWN_SEALED, 1, REASON, "uid:0"));
  g_autofree char *text = lockdown_file_write (table, &length);
  write_state (self, text, length);
  open_store (self);
  g_auto (GStrv) names = lockdown_store_list (self->store);
  g_assert_cmpuint (g_strv_length (names), ==, 1023);
  set (self, "one-more", LOCKDOWN_SEALED);
  g_assert_false (lockdown_store_set (self->store, "too-many", LOCKDOWN_SEALED, REASON, "uid:0", &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_QUOTA);
  open_store (self);
  assert_mode (self, "one-more", LOCKDOWN_SEALED);
  assert_mode (self, "box-0", LOCKDOWN_NORMAL);
  assert_mode (self, "too-many", LOCKDOWN_NORMAL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, function) g_test_add ("/lockdown/" name, Fixture, NULL, set_up, function, tear_down)
  ADD ("modes", test_modes);
  ADD ("daemon-and-box", test_daemon_and_box);
  ADD ("says-why", test_says_why);
  ADD ("needs-reason", test_needs_reason);
  ADD ("restart", test_restart);
  ADD ("kill", test_kill);
  g_test_add ("/lockdown/crashes/engage", Fixture, GUINT_TO_POINTER (LOCKDOWN_SEALED), set_up, test_crashes, tear_down);
  g_test_add ("/lockdown/crashes/release", Fixture, GUINT_TO_POINTER (LOCKDOWN_NORMAL), set_up, test_crashes,
              tear_down);
  ADD ("broken", test_broken);
  ADD ("not-safe", test_not_safe);
  ADD ("problem-ends", test_problem_ends);
  ADD ("directory", test_directory);
  ADD ("disk-fails", test_disk_fails);
  ADD ("told", test_told);
  ADD ("async", test_async);
  ADD ("overtaken", test_overtaken);
  ADD ("overtaken-while-writing", test_overtaken_while_writing);
  ADD ("overtaken-before-writing", test_overtaken_before_writing);
  ADD ("hangs", test_hangs);
  ADD ("many-boxes", test_many_boxes);
  return g_test_run ();
}
