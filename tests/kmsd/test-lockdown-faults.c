/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lockdown on disks that fail and hang, with processes that die at any step, and with changes that overtake each other. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "disk.h"
#include "lockdown-fixture.h"

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
kill_at (LockdownFixture *self, guint n_told)
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
  lockdown_fixture_open (self);
  g_autofree char *problem = lockdown_store_dup_problem (self->store);
  g_assert_null (problem);
  /* In the middle of a change both are right; after it only one is. */
  if ((last & 0x80) == 0)
    lockdown_fixture_assert_mode (self, "orders", (LockdownMode) last);
}

static void
test_kill (LockdownFixture *self, gconstpointer data)
{
  for (guint n_told = 1; n_told < 24; n_told++)
    kill_at (self, n_told);
}

/* Whether the child got to its end; `acknowledged` whether it was told that the change counts. */
static gboolean
crash_at (LockdownFixture *self, LockdownMode mode, guint nth, DiskMoment moment, gboolean *acknowledged)
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
test_crashes (LockdownFixture *self, gconstpointer data)
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
          lockdown_fixture_set (self, "orders", from);
          crashed = crash_at (self, to, ++nth, (DiskMoment) moment, &acknowledged);
          lockdown_fixture_open (self);
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
test_disk_fails (LockdownFixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  lockdown_fixture_set (self, "users", LOCKDOWN_SEALED);
  lockdown_fixture_block_disk (self);
  g_assert_false (lockdown_store_set (self->store, "orders", LOCKDOWN_SEALED, REASON, "uid:0", &error));
  g_assert_nonnull (strstr (error->message, "would not survive"));
  lockdown_fixture_assert_permits (self, "orders", OPERATION_DECRYPT, FALSE);
  g_clear_error (&error);
  g_assert_false (lockdown_store_set (self->store, "users", LOCKDOWN_NORMAL, REASON, "uid:0", &error));
  g_assert_nonnull (strstr (error->message, "stays as it was"));
  lockdown_fixture_assert_permits (self, "users", OPERATION_DECRYPT, FALSE);
  lockdown_fixture_unblock_disk (self);
  /* The next change brings the one that failed with it. */
  lockdown_fixture_set (self, "users", LOCKDOWN_NORMAL);
  lockdown_fixture_open (self);
  lockdown_fixture_assert_mode (self, "orders", LOCKDOWN_SEALED);
  lockdown_fixture_assert_mode (self, "users", LOCKDOWN_NORMAL);
}

/* Whoever wins the race: once "engage" was called, a release that began earlier does not undo it. */
static void
test_overtaken (LockdownFixture *self, gconstpointer data)
{
  for (guint i = 0; i < 50; i++)
    {
      GAsyncResult *released = NULL, *engaged = NULL;
      g_autoptr (GError) error = NULL;

      lockdown_fixture_set (self, "orders", LOCKDOWN_SEALED);
      lockdown_store_set_async (self->store, "orders", LOCKDOWN_NORMAL, REASON, "uid:0", lockdown_fixture_keep_result,
                                &released);
      lockdown_store_set_async (self->store, "orders", LOCKDOWN_SEALED, REASON, "alert", lockdown_fixture_keep_result,
                                &engaged);
      gboolean was_released = lockdown_fixture_wait_for (self->store, &released, &error);
      g_assert_true (was_released || g_error_matches (error, KMS_ERROR, KMS_ERROR_LOCKED_DOWN));
      g_assert_true (lockdown_fixture_wait_for (self->store, &engaged, NULL));
      lockdown_fixture_assert_permits (self, "orders", OPERATION_DECRYPT, FALSE);
      lockdown_fixture_open (self);
      lockdown_fixture_assert_permits (self, "orders", OPERATION_DECRYPT, FALSE);
    }
}

/* A release is being written when the same mode is engaged anew, for another reason: that one counts. */
static void
test_overtaken_while_writing (LockdownFixture *self, gconstpointer data)
{
  GAsyncResult *released = NULL, *engaged = NULL;
  g_autoptr (GError) error = NULL;

  lockdown_fixture_set (self, "orders", LOCKDOWN_SEALED);
  disk_hang (DISK_FSYNC);
  lockdown_store_set_async (self->store, "orders", LOCKDOWN_NORMAL, REASON, "uid:0", lockdown_fixture_keep_result,
                            &released);
  disk_wait_until_hanging ();
  lockdown_fixture_assert_permits (self, "orders", OPERATION_DECRYPT, FALSE);
  lockdown_store_set_async (self->store, "orders", LOCKDOWN_SEALED, "again", "alert", lockdown_fixture_keep_result,
                            &engaged);
  disk_go_on ();
  g_assert_false (lockdown_fixture_wait_for (self->store, &released, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_LOCKED_DOWN);
  g_assert_true (lockdown_fixture_wait_for (self->store, &engaged, NULL));
  lockdown_fixture_assert_permits (self, "orders", OPERATION_DECRYPT, FALSE);
  lockdown_fixture_open (self);
  lockdown_fixture_assert_mode (self, "orders", LOCKDOWN_SEALED);
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
test_overtaken_before_writing (LockdownFixture *self, gconstpointer data)
{
  GAsyncResult *released = NULL;

  lockdown_fixture_set (self, "orders", LOCKDOWN_SEALED);
  g_mutex_lock (&gate);
  for (guint i = 0; i < 16; i++)
    {
      g_autoptr (GTask) task = g_task_new (NULL, NULL, NULL, NULL);
      g_task_run_in_thread (task, wait_at_gate);
    }
  lockdown_store_set_async (self->store, "orders", LOCKDOWN_NORMAL, REASON, "uid:0", lockdown_fixture_keep_result,
                            &released);
  lockdown_fixture_set (self, "orders", LOCKDOWN_SEALED);
  g_mutex_unlock (&gate);
  lockdown_fixture_wait_for (self->store, &released, NULL);
  lockdown_fixture_assert_permits (self, "orders", OPERATION_DECRYPT, FALSE);
  lockdown_fixture_open (self);
  lockdown_fixture_assert_mode (self, "orders", LOCKDOWN_SEALED);
}

/* A disk that hangs holds up neither what looks at the state nor what engages it. */
static void
test_hangs (LockdownFixture *self, gconstpointer data)
{
  GAsyncResult *first = NULL, *second = NULL;

  disk_hang (DISK_FSYNC);
  lockdown_store_set_async (self->store, "users", LOCKDOWN_ENCRYPT_ONLY, REASON, "uid:0", lockdown_fixture_keep_result,
                            &first);
  disk_wait_until_hanging ();
  lockdown_store_set_async (self->store, "orders", LOCKDOWN_SEALED, REASON, "alert", lockdown_fixture_keep_result,
                            &second);
  lockdown_fixture_assert_permits (self, "users", OPERATION_DECRYPT, FALSE);
  lockdown_fixture_assert_permits (self, "orders", OPERATION_ENCRYPT, FALSE);
  disk_go_on ();
  g_assert_true (lockdown_fixture_wait_for (self->store, &first, NULL));
  g_assert_true (lockdown_fixture_wait_for (self->store, &second, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, function)                                                                                            \
  g_test_add ("/lockdown-faults/" name, LockdownFixture, NULL, lockdown_fixture_set_up, function,                      \
              lockdown_fixture_tear_down)
  ADD ("kill", test_kill);
  g_test_add ("/lockdown-faults/crashes/engage", LockdownFixture, GUINT_TO_POINTER (LOCKDOWN_SEALED),
              lockdown_fixture_set_up, test_crashes, lockdown_fixture_tear_down);
  g_test_add ("/lockdown-faults/crashes/release", LockdownFixture, GUINT_TO_POINTER (LOCKDOWN_NORMAL),
              lockdown_fixture_set_up, test_crashes, lockdown_fixture_tear_down);
  ADD ("disk-fails", test_disk_fails);
  ADD ("overtaken", test_overtaken);
  ADD ("overtaken-while-writing", test_overtaken_while_writing);
  ADD ("overtaken-before-writing", test_overtaken_before_writing);
  ADD ("hangs", test_hangs);
  return g_test_run ();
}
