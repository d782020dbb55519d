/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing the audit log: groups, files, restarts, and what is there before anybody is answered. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../config-root.h"
#include "audit-fixture.h"

static void
test_first_use (AuditFixture *self, gconstpointer data)
{
  g_autofree char *key_path = g_build_filename (self->directory, "audit.key", NULL);
  struct stat info;

  audit_fixture_open (self);
  audit_fixture_append (self, 3);
  g_assert_no_errno (stat (self->directory, &info));
  g_assert_cmpint (info.st_mode & 07777, ==, 0700);
  g_assert_no_errno (stat (key_path, &info));
  g_assert_cmpint (info.st_mode & 07777, ==, 0600);
  g_assert_cmpint (info.st_size, ==, 65);
  g_auto (GStrv) paths = audit_fixture_list (self);
  g_assert_cmpuint (g_strv_length (paths), ==, 1);
  g_assert_true (g_str_has_suffix (paths[0], "/audit-00000000000000000001.jsonl"));
  g_assert_no_errno (stat (paths[0], &info));
  g_assert_cmpint (info.st_mode & 07777, ==, 0600);
  audit_fixture_assert_whole (self, 4);
  g_auto (GStrv) lines = audit_fixture_read_lines (self);
  g_assert_nonnull (strstr (lines[0], "\"operation\":\"log-begin\""));
  g_assert_nonnull (strstr (lines[3], "\"sequence\":4,"));
}

/* A umask of others makes neither file readable. */
static void
test_umask (AuditFixture *self, gconstpointer data)
{
  mode_t old = umask (0);

  audit_fixture_open (self);
  audit_fixture_append (self, 1);
  umask (old);
  g_auto (GStrv) paths = audit_fixture_list (self);
  struct stat info;
  g_assert_no_errno (stat (paths[0], &info));
  g_assert_cmpint (info.st_mode & 077, ==, 0);
}

static void
test_group (AuditFixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  audit_fixture_open (self);
  g_autoptr (GPtrArray) records = audit_fixture_try_append (self, 1024, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 1024; i++)
    {
      const AuditRecord *record = g_ptr_array_index (records, i);
      g_assert_cmpuint (record->sequence, ==, i + 2);
      g_assert_cmpint (ABS (record->time_usec - g_get_real_time ()), <, 60 * G_USEC_PER_SEC);
    }
  audit_fixture_assert_whole (self, 1025);
  g_assert_cmpuint (audit_log_get_n_waiting (self->log), ==, 0);
}

static void
test_restart (AuditFixture *self, gconstpointer data)
{
  AuditHead before, after;

  audit_fixture_open (self);
  audit_fixture_append (self, 3);
  audit_log_get_head (self->log, &before);
  audit_fixture_open (self);
  audit_log_get_head (self->log, &after);
  g_assert_cmpuint (after.sequence, ==, 4);
  g_assert_cmpmem (before.mac, AUDIT_MAC_SIZE, after.mac, AUDIT_MAC_SIZE);
  audit_fixture_append (self, 3);
  audit_fixture_assert_whole (self, 7);
}

static void
test_rotation (AuditFixture *self, gconstpointer data)
{
  g_auto (AuditVerdict) verdict = { 0 };

  self->options.max_size = 4096;
  audit_fixture_open (self);
  audit_fixture_append (self, 60);
  audit_fixture_open (self);
  audit_fixture_append (self, 60);
  g_auto (GStrv) paths = audit_fixture_list (self);
  g_assert_cmpuint (g_strv_length (paths), >=, 8);
  for (guint i = 0; paths[i] != NULL; i++)
    {
      g_autofree char *text = NULL;
      gsize length;
      g_assert_true (g_file_get_contents (paths[i], &text, &length, NULL));
      g_assert_cmpuint (length, <=, 4096);
      g_assert_nonnull (strstr (text, i == 0 ? "\"log-begin\"" : "\"log-continue\""));
    }
  audit_fixture_verify (self, NULL, &verdict);
  g_assert_true (verdict.is_whole);
  g_assert_cmpuint (verdict.n_files, ==, g_strv_length (paths));
  /* Old files may be taken away: the rest says that it is not the whole log, and is right in itself. */
  g_assert_no_errno (g_unlink (paths[0]));
  audit_verdict_clear (&verdict);
  audit_fixture_verify (self, NULL, &verdict);
  g_assert_cmpuint (verdict.flaws->len, ==, 0);
  g_assert_false (verdict.is_whole);
  g_assert_cmpuint (verdict.first_sequence, >, 1);
}

typedef struct
{
  AuditLog *log;
  guint n_left;
  GMainLoop *loop;
  GPtrArray *sequences;
} Burst;

static void
count_written (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Burst *burst = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) records = audit_log_append_finish (burst->log, result, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < records->len; i++)
    g_ptr_array_add (burst->sequences, GUINT_TO_POINTER (((AuditRecord *) g_ptr_array_index (records, i))->sequence));
  if (--burst->n_left == 0)
    g_main_loop_quit (burst->loop);
}

/* Many callers at once: answered in their own context, in the order in which they asked, each line once. */
static void
test_async (AuditFixture *self, gconstpointer data)
{
  audit_fixture_open (self);
  Burst burst = { self->log, 2000, g_main_loop_new (NULL, FALSE), g_ptr_array_new () };

  for (guint i = 0; i < 2000; i++)
    {
      GPtrArray *records = g_ptr_array_new_with_free_func ((GDestroyNotify) audit_record_free);
      g_ptr_array_add (records, audit_fixture_record ("orders"));
      audit_log_append_async (self->log, records, count_written, &burst);
    }
  g_main_loop_run (burst.loop);
  g_assert_cmpuint (burst.sequences->len, ==, 2000);
  for (guint i = 0; i < 2000; i++)
    g_assert_cmpuint (GPOINTER_TO_UINT (g_ptr_array_index (burst.sequences, i)), ==, i + 2);
  audit_fixture_assert_whole (self, 2001);
  g_main_loop_unref (burst.loop);
  g_ptr_array_unref (burst.sequences);
}

static gpointer
append_hundred (gpointer data)
{
  audit_fixture_append (data, 100);
  return NULL;
}

static gboolean
try_at_once (AuditFixture *self)
{
  g_autoptr (GPtrArray) records = g_ptr_array_new_with_free_func ((GDestroyNotify) audit_record_free);
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (records, audit_fixture_record ("orders"));
  gboolean done = audit_log_append_at_once (self->log, records, &error);
  g_assert_no_error (error);
  return done;
}

/* A file system in memory is written without a detour, in one chain with what takes it; a closed log is not written. */
static void
test_at_once (AuditFixture *self, gconstpointer data)
{
  g_autofree char *root = g_strdup ("/dev/shm/kms-test-XXXXXX");
  AuditHead head;

  if (g_mkdtemp (root) == NULL)
    {
      g_test_skip ("there is no /dev/shm");
      return;
    }
  g_free (self->directory);
  self->directory = g_build_filename (root, "audit", NULL);
  self->options.directory = self->directory;
  audit_fixture_open (self);
  for (guint i = 0; i < 3; i++)
    {
      g_assert_true (try_at_once (self));
      audit_log_get_head (self->log, &head);
      g_assert_cmpuint (head.sequence, ==, 2 * i + 2);
      audit_fixture_append (self, 1);
    }
  g_assert_true (audit_log_close (self->log, NULL));
  g_assert_false (try_at_once (self));
  audit_fixture_close (self);
  audit_fixture_assert_whole (self, 7);
  config_root_remove (g_steal_pointer (&root));
}

static void
test_threads (AuditFixture *self, gconstpointer data)
{
  GThread *threads[8];

  self->options.max_size = 16384;
  audit_fixture_open (self);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("appends", append_hundred, self);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_auto (AuditVerdict) verdict = { 0 };
  audit_fixture_verify (self, NULL, &verdict);
  g_assert_true (verdict.is_whole);
  g_assert_cmpuint (verdict.n_lines, ==, 800 + verdict.n_files);
}

static void
test_closed (AuditFixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  audit_fixture_open (self);
  g_assert_true (audit_log_close (self->log, NULL));
  g_assert_null (audit_fixture_try_append (self, 1, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_AUDIT);
}

static void
test_two_daemons (AuditFixture *self, gconstpointer data)
{
  AuditLog *first;

  audit_fixture_open (self);
  first = g_steal_pointer (&self->log);
  audit_fixture_assert_refuses_to_open (self, "another kmsd writes");
  self->log = first;
  audit_fixture_append (self, 1);
}

static guint
count_descriptors (void)
{
  g_autoptr (GDir) directory = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (directory) != NULL)
    n++;
  return n;
}

/* A daemon that runs for years has begun many files. */
static void
test_descriptors (AuditFixture *self, gconstpointer data)
{
  self->options.max_size = 1024;
  audit_fixture_open (self);
  audit_fixture_append (self, 1);
  guint before = count_descriptors ();
  audit_fixture_append (self, 300);
  g_assert_cmpuint (count_descriptors (), ==, before);
  audit_fixture_close (self);
  g_assert_cmpuint (count_descriptors (), ==, before - 3);
}

/* A clock that goes back changes times, not the order. */
static void
test_clock (AuditFixture *self, gconstpointer data)
{
  gint64 times[] = { 3000000000, 1000000000, 2000000000, 500 };

  audit_fixture_open (self);
  for (guint i = 0; i < G_N_ELEMENTS (times); i++)
    {
      GPtrArray *records = g_ptr_array_new_with_free_func ((GDestroyNotify) audit_record_free);
      AuditRecord *record = audit_fixture_record ("orders");
      record->time_usec = times[i];
      g_ptr_array_add (records, record);
      g_ptr_array_unref (audit_log_append (self->log, records, NULL));
    }
  audit_fixture_open (self);
  audit_fixture_append (self, 1);
  g_auto (AuditVerdict) verdict = { 0 };
  audit_fixture_verify (self, NULL, &verdict);
  g_assert_true (verdict.is_whole);
  g_assert_cmpuint (verdict.n_lines, ==, 6);
  /* The first line has the real time, from which to the first of these it is a step back, too. */
  g_assert_cmpuint (verdict.n_steps_back, ==, 3);
}

static void
set_context (AuditFixture *self, AuditRecord *record, KmsContext *context)
{
  audit_log_set_context (self->log, record, context);
  kms_context_unref (context);
}

static void
test_contexts (AuditFixture *self, gconstpointer data)
{
  g_autoptr (AuditRecord) record = audit_fixture_record ("orders");
  g_autofree char *large = g_strnfill (AUDIT_MAX_CONTEXT, 'x');

  audit_fixture_open (self);
  set_context (self, record, kms_context_new ("model_name", "User", "model_id", "1", NULL));
  g_assert_cmpint (record->context_form, ==, AUDIT_CONTEXT_PLAIN);
  g_assert_cmpstr (record->context, ==, "{\"model_id\":\"1\",\"model_name\":\"User\"}");
  set_context (self, record, kms_context_new_empty ());
  g_assert_cmpstr (record->context, ==, "{}");
  set_context (self, record, kms_context_new_none ());
  g_assert_null (record->context);
  set_context (self, record, kms_context_new_raw ((const guint8 *) "a\"b\n", 4));
  g_assert_cmpstr (record->context, ==, "\"a\\\"b\\u000a\"");
  /* What a line can't hold as it is. */
  set_context (self, record, kms_context_new_raw ((const guint8 *) "\xff", 1));
  g_assert_cmpint (record->context_form, ==, AUDIT_CONTEXT_HMAC);
  set_context (self, record, kms_context_new_raw ((const guint8 *) "a\0b", 3));
  g_assert_cmpint (record->context_form, ==, AUDIT_CONTEXT_HMAC);
  g_autoptr (KmsContextBuilder) builder = kms_context_builder_new ();
  kms_context_builder_add_string (builder, KMS_NAME_KIND_UNMARKED, "a", -1, "x\0y", 3);
  set_context (self, record, kms_context_builder_end (builder, NULL));
  g_assert_cmpint (record->context_form, ==, AUDIT_CONTEXT_HMAC);
  set_context (self, record, kms_context_new ("a", large, NULL));
  g_assert_cmpint (record->context_form, ==, AUDIT_CONTEXT_HMAC);
  g_assert_cmpuint (strlen (record->context), ==, 66);
}

/* As deep as a context may be: who nests it further than readers of the log follow would hide what was done with it. */
static void
test_deep_contexts (AuditFixture *self, gconstpointer data)
{
  const guint deepest = 64;

  audit_fixture_open (self);
  for (guint depth = 1; depth <= deepest; depth++)
    {
      g_autofree char *opens = g_strnfill (depth, '[');
      g_autofree char *closes = g_strnfill (depth, ']');
      g_autofree char *json = g_strconcat (opens, closes, NULL);
      g_autoptr (GError) error = NULL;
      AuditRecord *record = audit_fixture_record ("orders");
      KmsContext *context = kms_context_new_legacy (json, -1, &error);
      GPtrArray *records = g_ptr_array_new_with_free_func ((GDestroyNotify) audit_record_free);
      g_assert_no_error (error);
      set_context (self, record, context);
      g_ptr_array_add (records, record);
      g_autoptr (GPtrArray) written = audit_log_append (self->log, records, &error);
      g_assert_no_error (error);
    }
  audit_fixture_assert_whole (self, deepest + 1);
}

static void
test_context_policies (AuditFixture *self, gconstpointer data)
{
  g_autoptr (AuditRecord) record = audit_fixture_record ("orders");

  self->options.context = AUDIT_CONTEXT_NAMES;
  audit_fixture_open (self);
  set_context (self, record, kms_context_new ("model_name", "User", "model_id", "1", NULL));
  g_assert_cmpint (record->context_form, ==, AUDIT_CONTEXT_NAMES);
  g_assert_cmpstr (record->context, ==, "[\"model_id\",\"model_name\"]");

  self->options.context = AUDIT_CONTEXT_HMAC;
  audit_fixture_open (self);
  set_context (self, record, kms_context_new ("model_name", "User", "model_id", "1", NULL));
  g_assert_cmpint (record->context_form, ==, AUDIT_CONTEXT_HMAC);
  g_autofree char *first = g_strdup (record->context);
  set_context (self, record, kms_context_new ("model_id", "1", "model_name", "User", NULL));
  g_assert_cmpstr (record->context, ==, first);
  set_context (self, record, kms_context_new ("model_id", "2", "model_name", "User", NULL));
  g_assert_cmpstr (record->context, !=, first);
  g_assert_null (strstr (first, "User"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, function)                                                                                            \
  g_test_add ("/audit-log/" name, AuditFixture, NULL, audit_fixture_set_up, function, audit_fixture_tear_down)
  ADD ("first-use", test_first_use);
  ADD ("umask", test_umask);
  ADD ("group", test_group);
  ADD ("restart", test_restart);
  ADD ("rotation", test_rotation);
  ADD ("async", test_async);
  ADD ("at-once", test_at_once);
  ADD ("threads", test_threads);
  ADD ("closed", test_closed);
  ADD ("two-daemons", test_two_daemons);
  ADD ("descriptors", test_descriptors);
  ADD ("clock", test_clock);
  ADD ("contexts", test_contexts);
  ADD ("deep-contexts", test_deep_contexts);
  ADD ("context-policies", test_context_policies);
  return g_test_run ();
}
