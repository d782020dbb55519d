/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* An audit log in a temporary directory, and hands to do to it what somebody might. */
#include "audit-fixture.h"

#include <glib/gstdio.h>

#include "../config-root.h"

void
audit_fixture_set_up (AuditFixture *self, gconstpointer data)
{
  self->root = config_root_new ();
  self->directory = g_build_filename (self->root, "audit", NULL);
  self->options.directory = self->directory;
}

void
audit_fixture_close (AuditFixture *self)
{
  g_autoptr (GError) error = NULL;

  if (self->log == NULL)
    return;
  audit_log_close (self->log, &error);
  g_assert_no_error (error);
  g_clear_pointer (&self->log, audit_log_unref);
}

void
audit_fixture_tear_down (AuditFixture *self, gconstpointer data)
{
  audit_fixture_close (self);
  g_free (self->directory);
  config_root_remove (self->root);
}

void
audit_fixture_open (AuditFixture *self)
{
  g_autoptr (GError) error = NULL;

  audit_fixture_close (self);
  self->log = audit_log_open (&self->options, &error);
  g_assert_no_error (error);
}

void
audit_fixture_assert_refuses_to_open (AuditFixture *self, const char *words)
{
  g_autoptr (GError) error = NULL;

  audit_fixture_close (self);
  g_assert_null (audit_log_open (&self->options, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_AUDIT);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, words));
}

AuditRecord *
audit_fixture_record (const char *box)
{
  AuditRecord *record = audit_record_new ("decrypt", AUDIT_OUTCOME_DONE);

  record->box = g_strdup (box);
  record->version = g_strdup ("2");
  record->provider = g_strdup ("local");
  record->key_id = g_strdup ("local/orders");
  record->caller.uid = 1001;
  record->caller.pid = 4711;
  record->duration_usec = 12;
  return record;
}

GPtrArray *
audit_fixture_try_append (AuditFixture *self, guint n, GError **error)
{
  GPtrArray *records = g_ptr_array_new_with_free_func ((GDestroyNotify) audit_record_free);

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (records, audit_fixture_record ("orders"));
  return audit_log_append (self->log, records, error);
}

void
audit_fixture_append (AuditFixture *self, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) records = audit_fixture_try_append (self, 1, &error);
      g_assert_no_error (error);
    }
}

static int
compare_paths (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

char **
audit_fixture_list (AuditFixture *self)
{
  g_autoptr (GDir) directory = g_dir_open (self->directory, 0, NULL);
  GPtrArray *paths = g_ptr_array_new ();
  const char *name;

  while ((name = g_dir_read_name (directory)) != NULL)
    if (g_str_has_suffix (name, ".jsonl"))
      g_ptr_array_add (paths, g_build_filename (self->directory, name, NULL));
  g_ptr_array_sort (paths, compare_paths);
  g_ptr_array_add (paths, NULL);
  return (char **) g_ptr_array_free (paths, FALSE);
}

char **
audit_fixture_read_lines (AuditFixture *self)
{
  g_auto (GStrv) paths = audit_fixture_list (self);
  g_autoptr (GString) all = g_string_new (NULL);

  for (guint i = 0; paths[i] != NULL; i++)
    {
      g_autofree char *text = NULL;
      g_assert_true (g_file_get_contents (paths[i], &text, NULL, NULL));
      g_string_append (all, text);
    }
  g_assert_true (all->len > 0 && all->str[all->len - 1] == '\n');
  g_string_truncate (all, all->len - 1);
  return g_strsplit (all->str, "\n", -1);
}

void
audit_fixture_write_lines (AuditFixture *self, char **lines)
{
  g_auto (GStrv) paths = audit_fixture_list (self);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; lines[i] != NULL; i++)
    g_string_append_printf (text, "%s\n", lines[i]);
  g_assert_cmpuint (g_strv_length (paths), ==, 1);
  g_assert_true (g_file_set_contents (paths[0], text->str, (gssize) text->len, NULL));
  g_assert_no_errno (g_chmod (paths[0], 0600));
}

void
audit_fixture_verify (AuditFixture *self, const AuditHead *expected, AuditVerdict *verdict)
{
  g_autoptr (GError) error = NULL;

  audit_verify (self->directory, self->options.key_path, expected, NULL, verdict, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < verdict->flaws->len; i++)
    g_test_message ("%s", ((AuditFlaw *) g_ptr_array_index (verdict->flaws, i))->message);
}

void
audit_fixture_assert_whole (AuditFixture *self, guint64 n_lines)
{
  g_auto (AuditVerdict) verdict = { 0 };

  audit_fixture_verify (self, NULL, &verdict);
  g_assert_cmpuint (verdict.flaws->len, ==, 0);
  g_assert_true (verdict.is_whole);
  g_assert_cmpuint (verdict.n_lines, ==, n_lines);
}
