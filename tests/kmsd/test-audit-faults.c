/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The audit log on a disk that fails, hangs or crashes, and beside files of others: an error in bounded time, and never a
 * line that was promised and is not there. */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../config-root.h"
#include "audit-fixture.h"
#include "audit-shares.h"
#include "disk.h"

static void
assert_append_fails (AuditFixture *self, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (audit_fixture_try_append (self, 2, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_AUDIT);
  g_assert_nonnull (strstr (error->message, words));
  g_autofree char *problem = audit_log_dup_problem (self->log);
  g_assert_nonnull (problem);
}

static void
assert_goes_on (AuditFixture *self, guint n_lost)
{
  g_autofree char *told = g_strdup_printf ("%u records could not be written", n_lost);

  audit_fixture_append (self, 2);
  g_autofree char *problem = audit_log_dup_problem (self->log);
  g_assert_null (problem);
  g_auto (GStrv) lines = audit_fixture_read_lines (self);
  g_autofree char *all = g_strjoinv ("\n", lines);
  g_assert_nonnull (strstr (all, "\"log-resumed\""));
  g_assert_nonnull (strstr (all, told));
  audit_fixture_assert_whole (self, g_strv_length (lines));
}

typedef struct
{
  DiskCall call;
  int number;
  const char *words;
} Failure;

static const Failure failures[] = {
  { DISK_WRITE, ENOSPC, "make room" },
  { DISK_WRITE, EDQUOT, "make room" },
  { DISK_WRITE, EIO, "written" },
  { DISK_FDATASYNC, EIO, "written" },
};

/* In a file that is there, in one that is begun, and in the first one. */
static void
test_fails (AuditFixture *self, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (failures); i++)
    for (guint n_before = 0; n_before < 12; n_before++)
      {
        AuditFixture fixture = { 0 };
        audit_fixture_set_up (&fixture, NULL);
        fixture.options.max_size = 2048;
        audit_fixture_open (&fixture);
        audit_fixture_append (&fixture, n_before);
        disk_fail (failures[i].call, 1, failures[i].number);
        assert_append_fails (&fixture, failures[i].words);
        /* A sync that fails also when taking back is another sentence. */
        assert_append_fails (&fixture, "the audit log in ");
        disk_fail (failures[i].call, 0, 0);
        assert_goes_on (&fixture, 4);
        audit_fixture_tear_down (&fixture, NULL);
      }
}

/* Neither taking back nor writing works; both come back. */
static void
test_fails_twice (AuditFixture *self, gconstpointer data)
{
  audit_fixture_open (self);
  audit_fixture_append (self, 2);
  disk_fail (DISK_WRITE, 1, ENOSPC);
  disk_fail (DISK_TRUNCATE, 1, EIO);
  assert_append_fails (self, "make room");
  disk_fail (DISK_WRITE, 0, 0);
  assert_append_fails (self, "put right");
  disk_fail (DISK_TRUNCATE, 0, 0);
  assert_goes_on (self, 4);
}

/* What failed to be synced is written anew: the kernel does not write such pages again by itself. */
static void
test_sync_fails (AuditFixture *self, gconstpointer data)
{
  struct stat before, after;

  audit_fixture_open (self);
  audit_fixture_append (self, 2);
  g_auto (GStrv) paths = audit_fixture_list (self);
  g_assert_no_errno (stat (paths[0], &before));
  disk_fail (DISK_FDATASYNC, 1, EIO);
  assert_append_fails (self, "written");
  g_assert_no_errno (stat (paths[0], &after));
  g_assert_cmpint (before.st_size, ==, after.st_size);
  disk_fail (DISK_FDATASYNC, 0, 0);
  assert_goes_on (self, 2);
}

static gint64
measure_failure (AuditFixture *self)
{
  gint64 start = g_get_monotonic_time ();

  assert_append_fails (self, "hangs");
  return (g_get_monotonic_time () - start) / 1000;
}

/* A deadline that is kept: 300 ms and not for ever; once it is known to hang, at once. */
static void
test_hangs (AuditFixture *self, gconstpointer data)
{
  DiskCall call = (DiskCall) GPOINTER_TO_UINT (data);

  self->options.timeout_msec = 300;
  audit_fixture_open (self);
  audit_fixture_append (self, 2);
  disk_hang (call);
  gint64 first = measure_failure (self);
  g_assert_cmpint (first, >=, 300);
  g_assert_cmpint (first, <, 3000);
  g_assert_cmpint (measure_failure (self), <, 250);
  g_assert_cmpuint (audit_log_get_n_waiting (self->log), ==, 2);
  disk_go_on ();
  while (audit_log_get_n_waiting (self->log) > 0)
    g_thread_yield ();
  /* The first two were written at last, though nobody was answered any more. */
  assert_goes_on (self, 2);
}

static void
keep_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static void
append_of (AuditFixture *self, gint64 uid, guint n, GAsyncResult **result)
{
  GPtrArray *records = g_ptr_array_new_with_free_func ((GDestroyNotify) audit_record_free);

  for (guint i = 0; i < n; i++)
    {
      g_ptr_array_add (records, audit_fixture_record ("orders"));
      ((AuditRecord *) g_ptr_array_index (records, i))->caller.uid = uid;
    }
  audit_log_append_async (self->log, records, keep_result, result);
}

static gboolean
is_written (AuditFixture *self, GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_autoptr (GPtrArray) written = audit_log_append_finish (self->log, *result, NULL);
  g_clear_object (result);
  return written != NULL;
}

/* One who fills the queue of a slow disk leaves room for others. */
static void
test_shares (AuditFixture *self, gconstpointer data)
{
  GAsyncResult *first = NULL, *most = NULL, *more = NULL, *other = NULL;

  self->options.timeout_msec = 120000;
  audit_fixture_open (self);
  disk_hang (DISK_FDATASYNC);
  append_of (self, 7, 1, &first);
  disk_wait_until_hanging ();
  append_of (self, 7, MAX_WAITING_OF_ONE - 1, &most);
  append_of (self, 7, 1, &more);
  append_of (self, 8, MAX_WAITING_OF_ONE, &other);
  g_assert_false (is_written (self, &more));
  disk_go_on ();
  g_assert_true (is_written (self, &first));
  g_assert_true (is_written (self, &most));
  g_assert_true (is_written (self, &other));
  append_of (self, 7, MAX_WAITING_OF_ONE, &more);
  g_assert_true (is_written (self, &more));
}

/* What waits behind a group that hangs is given up as well, and never written. */
static void
test_hangs_with_queue (AuditFixture *self, gconstpointer data)
{
  GAsyncResult *results[3] = { NULL };

  self->options.timeout_msec = 200;
  audit_fixture_open (self);
  audit_fixture_append (self, 2);
  disk_hang (DISK_FDATASYNC);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      GPtrArray *records = g_ptr_array_new_with_free_func ((GDestroyNotify) audit_record_free);
      g_ptr_array_add (records, audit_fixture_record (i == 0 ? "first" : "later"));
      audit_log_append_async (self->log, records, keep_result, &results[i]);
      if (i == 0)
        disk_wait_until_hanging ();
    }
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      g_autoptr (GError) error = NULL;
      while (results[i] == NULL)
        g_main_context_iteration (NULL, TRUE);
      g_assert_null (audit_log_append_finish (self->log, results[i], &error));
      g_assert_error (error, KMS_ERROR, KMS_ERROR_AUDIT);
      g_object_unref (results[i]);
    }
  disk_go_on ();
  while (audit_log_get_n_waiting (self->log) > 0)
    g_thread_yield ();
  assert_goes_on (self, 2);
  g_auto (GStrv) lines = audit_fixture_read_lines (self);
  g_autofree char *all = g_strjoinv ("\n", lines);
  g_assert_nonnull (strstr (all, "\"first\""));
  g_assert_null (strstr (all, "\"later\""));
}

static void
count_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ++*(guint *) user_data;
}

/* However many ask while a sync is under way, the next one is for all of them. */
static void
test_one_sync (AuditFixture *self, gconstpointer data)
{
  guint n_answered = 0;

  audit_fixture_open (self);
  audit_fixture_append (self, 1);
  disk_kill_at (0, DISK_BEFORE);
  disk_hang (DISK_FDATASYNC);
  for (guint i = 0; i < 101; i++)
    {
      GPtrArray *records = g_ptr_array_new_with_free_func ((GDestroyNotify) audit_record_free);
      g_ptr_array_add (records, audit_fixture_record ("orders"));
      audit_log_append_async (self->log, records, count_result, &n_answered);
      if (i == 0)
        disk_wait_until_hanging ();
    }
  disk_go_on ();
  while (n_answered < 101)
    g_main_context_iteration (NULL, TRUE);
  /* A write and a sync for the first one, and for the hundred others. */
  g_assert_cmpuint (disk_get_n_steps (), ==, 4);
  audit_fixture_assert_whole (self, 103);
}

/* Ending is bounded, too; the thread that hangs goes on with what it has when it can. */
static void
test_closes_while_hanging (AuditFixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->options.timeout_msec = 100;
  audit_fixture_open (self);
  disk_hang (DISK_FDATASYNC);
  assert_append_fails (self, "hangs");
  g_assert_false (audit_log_close (self->log, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_AUDIT);
  disk_go_on ();
  audit_fixture_close (self);
  audit_fixture_assert_whole (self, 3);
}

/* Acknowledged sequences go through the pipe. */
static void
child_append (AuditFixture *self, int fd, guint nth, DiskMoment moment)
{
  disk_kill_at (nth, moment);
  self->log = audit_log_open (&self->options, NULL);
  for (guint i = 0; self->log != NULL && i < 12; i++)
    {
      g_autoptr (GPtrArray) records = audit_fixture_try_append (self, 1, NULL);
      guint64 sequence = ((AuditRecord *) g_ptr_array_index (records, 0))->sequence;
      if (write (fd, &sequence, sizeof sequence) != sizeof sequence)
        break;
    }
  _exit (0);
}

/* FALSE when the child came to its end before that step. */
static gboolean
crash_at (AuditFixture *self, guint nth, DiskMoment moment, guint64 *last)
{
  int fds[2], status;
  guint64 sequence;

  g_assert_no_errno (pipe2 (fds, O_CLOEXEC));
  pid_t child = fork ();
  if (child == 0)
    child_append (self, fds[1], nth, moment);
  close (fds[1]);
  *last = 0;
  while (read (fds[0], &sequence, sizeof sequence) == sizeof sequence)
    *last = sequence;
  close (fds[0]);
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  return WIFSIGNALED (status);
}

/* kill -9 before, within and after each step that reaches the disk, key and rotation included: what was acknowledged is
 * there, the chain is whole, and it goes on. */
static void
test_crashes (AuditFixture *unused, gconstpointer data)
{
  DiskMoment moment = (DiskMoment) GPOINTER_TO_UINT (data);
  gboolean crashed = TRUE;
  guint nth = 0;

  while (crashed)
    {
      AuditFixture self = { 0 };
      g_auto (AuditVerdict) verdict = { 0 };
      guint64 acknowledged;
      audit_fixture_set_up (&self, NULL);
      self.options.max_size = 1500;
      crashed = crash_at (&self, ++nth, moment, &acknowledged);
      audit_fixture_open (&self);
      audit_fixture_append (&self, 1);
      audit_fixture_verify (&self, NULL, &verdict);
      g_assert_true (verdict.is_whole);
      g_assert_cmpuint (verdict.head.sequence, >, acknowledged);
      audit_fixture_tear_down (&self, NULL);
    }
  g_test_message ("%u steps", nth - 1);
  g_assert_cmpuint (nth, >, 24);
}

static void
append_bytes (const char *path, const char *bytes, gsize length)
{
  FILE *file = fopen (path, "a");

  g_assert_cmpuint (fwrite (bytes, 1, length, file), ==, length);
  fclose (file);
}

static void
assert_recovers (AuditFixture *self, guint n_before, guint n_dropped)
{
  g_autofree char *told = g_strdup_printf ("%u bytes of lines that were not finished were dropped", n_dropped);

  audit_fixture_open (self);
  audit_fixture_append (self, 1);
  audit_fixture_assert_whole (self, n_before + 2);
  g_auto (GStrv) lines = audit_fixture_read_lines (self);
  g_assert_nonnull (strstr (lines[n_before], "\"log-recovered\""));
  g_assert_nonnull (strstr (lines[n_before], told));
}

/* Every length that the last line can be torn at. */
static void
test_torn (AuditFixture *unused, gconstpointer data)
{
  for (guint keep = 1; keep < 300; keep += 13)
    {
      AuditFixture self = { 0 };
      audit_fixture_set_up (&self, NULL);
      audit_fixture_open (&self);
      audit_fixture_append (&self, 3);
      audit_fixture_close (&self);
      g_auto (GStrv) paths = audit_fixture_list (&self);
      g_auto (GStrv) lines = audit_fixture_read_lines (&self);
      append_bytes (paths[0], lines[3], MIN (keep, strlen (lines[3])));
      assert_recovers (&self, 4, (guint) MIN (keep, strlen (lines[3])));
      audit_fixture_tear_down (&self, NULL);
    }
}

/* Blocks that never got to the disk read as zeros. */
static void
test_zeros (AuditFixture *self, gconstpointer data)
{
  g_autofree char *zeros = g_malloc0 (5000);

  audit_fixture_open (self);
  audit_fixture_append (self, 3);
  audit_fixture_close (self);
  g_auto (GStrv) paths = audit_fixture_list (self);
  zeros[4999] = '\n';
  append_bytes (paths[0], zeros, 5000);
  assert_recovers (self, 4, 5000);
}

/* A file of which a crash left the name, and no more. */
static void
test_begun (AuditFixture *self, gconstpointer data)
{
  g_autofree char *next = NULL;

  audit_fixture_open (self);
  audit_fixture_append (self, 3);
  next = g_build_filename (self->directory, "audit-00000000000000000005.jsonl", NULL);
  g_assert_true (g_file_set_contents_full (next, "", 0, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
  audit_fixture_open (self);
  audit_fixture_append (self, 1);
  audit_fixture_assert_whole (self, 5);
}

/* A line that is whole and does not fit was somebody. */
static void
test_changed (AuditFixture *self, gconstpointer data)
{
  audit_fixture_open (self);
  audit_fixture_append (self, 3);
  audit_fixture_close (self);
  g_auto (GStrv) lines = audit_fixture_read_lines (self);
  g_auto (GStrv) changed = g_strdupv (lines);
  changed[2][strlen ("{\"sequence\":3,\"time\":\"2")] = '1';
  audit_fixture_write_lines (self, changed);
  audit_fixture_assert_refuses_to_open (self, "line 3 does not follow");
  audit_fixture_write_lines (self, lines);
  audit_fixture_open (self);
}

static void
test_foreign_file (AuditFixture *self, gconstpointer data)
{
  static const char *const texts[] = { "hello", "hello\n", "{\"a\":1}\n" };

  audit_fixture_open (self);
  audit_fixture_append (self, 3);
  audit_fixture_close (self);
  g_autofree char *path = g_build_filename (self->directory, "audit-00000000000000000009.jsonl", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_assert_true (g_file_set_contents_full (path, texts[i], -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
      audit_fixture_assert_refuses_to_open (self, "audit-00000000000000000009.jsonl");
      g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
    }
  g_assert_no_errno (g_unlink (path));
  g_assert_no_errno (symlink ("/etc/passwd", path));
  audit_fixture_assert_refuses_to_open (self, "is no regular file");
  g_assert_no_errno (g_unlink (path));
  g_assert_no_errno (g_mkdir (path, 0700));
  audit_fixture_assert_refuses_to_open (self, "is no regular file");
  g_assert_no_errno (g_rmdir (path));
  /* Names that are not the log's are nobody's business. */
  config_root_write (self->root, "audit/README", "kept\n");
  config_root_write (self->root, "audit/audit-1.jsonl", "kept\n");
  audit_fixture_open (self);
  audit_fixture_append (self, 1);
  audit_fixture_assert_refuses_to_open (&(AuditFixture){ .options = self->options }, "another kmsd");
}

static void
test_key (AuditFixture *self, gconstpointer data)
{
  g_autofree char *path = g_build_filename (self->directory, "audit.key", NULL);
  g_autofree char *key = NULL;

  audit_fixture_open (self);
  audit_fixture_append (self, 1);
  audit_fixture_close (self);
  g_assert_true (g_file_get_contents (path, &key, NULL, NULL));
  g_assert_no_errno (g_chmod (path, 0640));
  audit_fixture_assert_refuses_to_open (self, "chmod go-r");
  g_assert_no_errno (g_chmod (path, 0600));
  g_assert_true (g_file_set_contents_full (path, "short\n", -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
  audit_fixture_assert_refuses_to_open (self, "is no key of an audit log");
  key[0] = 'G';
  g_assert_true (g_file_set_contents_full (path, key, 65, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
  audit_fixture_assert_refuses_to_open (self, "does not hold a key");
  key[0] = key[1] == 'a' ? 'b' : 'a';
  key[1] = key[0];
  g_assert_true (g_file_set_contents_full (path, key, 65, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
  audit_fixture_assert_refuses_to_open (self, "does not follow");
  g_assert_no_errno (g_unlink (path));
  audit_fixture_assert_refuses_to_open (self, "is missing");
}

static void
test_directory (AuditFixture *self, gconstpointer data)
{
  g_autofree char *deep = g_build_filename (self->root, "no", "such", NULL);

  g_assert_no_errno (g_mkdir (self->directory, 0700));
  g_assert_no_errno (g_chmod (self->directory, 0777));
  audit_fixture_assert_refuses_to_open (self, "chmod go-w");
  g_assert_no_errno (g_rmdir (self->directory));
  config_root_write (self->root, "audit", "a file");
  audit_fixture_assert_refuses_to_open (self, self->directory);
  self->options.directory = deep;
  audit_fixture_assert_refuses_to_open (self, deep);
  self->options.directory = self->directory;
}

/* Moved by logrotate, cut or written on by somebody while the daemon runs: it goes on in a new file and says so. */
static void
test_disturbed (AuditFixture *unused, gconstpointer data)
{
  for (guint how = 0; how < 4; how++)
    {
      AuditFixture self = { 0 };
      audit_fixture_set_up (&self, NULL);
      audit_fixture_open (&self);
      audit_fixture_append (&self, 3);
      g_auto (GStrv) paths = audit_fixture_list (&self);
      g_autofree char *away = g_build_filename (self.root, "away", NULL);
      if (how == 0)
        g_assert_no_errno (g_rename (paths[0], away));
      else if (how == 1)
        g_assert_no_errno (g_unlink (paths[0]));
      else if (how == 2)
        g_assert_no_errno (truncate (paths[0], 10));
      else
        append_bytes (paths[0], "x\n", 2);
      audit_fixture_append (&self, 1);
      g_auto (GStrv) after = audit_fixture_list (&self);
      g_assert_true (g_str_has_suffix (after[how < 2 ? 0 : 1], "audit-00000000000000000005.jsonl"));
      g_auto (GStrv) lines = audit_fixture_read_lines (&self);
      g_assert_nonnull (strstr (lines[g_strv_length (lines) - 2], "\"log-disturbed\""));
      g_auto (AuditVerdict) verdict = { 0 };
      audit_fixture_verify (&self, NULL, &verdict);
      g_assert_false (verdict.is_whole);
      if (how == 0)
        {
          g_auto (AuditVerdict) again = { 0 };
          g_assert_no_errno (g_rename (away, paths[0]));
          audit_fixture_verify (&self, NULL, &again);
          g_assert_true (again.is_whole);
        }
      audit_fixture_tear_down (&self, NULL);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD_WITH(name, data, function)                                                                                 \
  g_test_add ("/audit-faults/" name, AuditFixture, GUINT_TO_POINTER (data), audit_fixture_set_up, function,            \
              audit_fixture_tear_down)
#define ADD(name, function) ADD_WITH (name, 0, function)
  ADD ("fails", test_fails);
  ADD ("fails-twice", test_fails_twice);
  ADD ("sync-fails", test_sync_fails);
  ADD_WITH ("hangs/write", DISK_WRITE, test_hangs);
  ADD_WITH ("hangs/sync", DISK_FDATASYNC, test_hangs);
  ADD ("hangs/with-queue", test_hangs_with_queue);
  ADD ("hangs/shares", test_shares);
  ADD ("hangs/closes", test_closes_while_hanging);
  ADD ("one-sync", test_one_sync);
  ADD_WITH ("crashes/before", DISK_BEFORE, test_crashes);
  ADD_WITH ("crashes/within", DISK_MIDDLE, test_crashes);
  ADD_WITH ("crashes/after", DISK_AFTER, test_crashes);
  ADD ("torn", test_torn);
  ADD ("zeros", test_zeros);
  ADD ("begun", test_begun);
  ADD ("changed", test_changed);
  ADD ("foreign-file", test_foreign_file);
  ADD ("key", test_key);
  ADD ("directory", test_directory);
  ADD ("disturbed", test_disturbed);
  return g_test_run ();
}
