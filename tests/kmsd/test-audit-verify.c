/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Verification: whatever is done to a log between its writing and its reading is found, and named; and queries. */
#include <glib/gstdio.h>

#include "audit-fixture.h"

static void
write_ten (AuditFixture *self, AuditHead *head)
{
  audit_fixture_open (self);
  audit_fixture_append (self, 9);
  audit_log_get_head (self->log, head);
  audit_fixture_close (self);
}

static guint
count_flaws (const AuditVerdict *verdict, AuditFlawKind kind)
{
  guint n = 0;

  for (guint i = 0; i < verdict->flaws->len; i++)
    n += ((AuditFlaw *) g_ptr_array_index (verdict->flaws, i))->kind == kind;
  return n;
}

static const AuditFlaw *
first_flaw (const AuditVerdict *verdict)
{
  g_assert_cmpuint (verdict->flaws->len, >, 0);
  return g_ptr_array_index (verdict->flaws, 0);
}

static void
test_whole (AuditFixture *self, gconstpointer data)
{
  g_auto (AuditVerdict) verdict = { 0 };
  AuditHead head;

  write_ten (self, &head);
  audit_fixture_verify (self, &head, &verdict);
  g_assert_true (verdict.is_whole);
  g_assert_cmpuint (verdict.first_sequence, ==, 1);
  g_assert_cmpuint (verdict.head.sequence, ==, 10);
  g_assert_cmpmem (verdict.head.mac, AUDIT_MAC_SIZE, head.mac, AUDIT_MAC_SIZE);
}

/* Each byte of the file but line ends, changed alone: found at that very line. */
static void
test_every_byte (AuditFixture *self, gconstpointer data)
{
  AuditHead head;

  write_ten (self, &head);
  g_auto (GStrv) lines = audit_fixture_read_lines (self);
  for (guint i = 0; i < 10; i += 3)
    for (gsize at = 0; lines[i][at] != '\0'; at++)
      {
        g_auto (AuditVerdict) verdict = { 0 };
        char kept = lines[i][at];
        lines[i][at] ^= 1;
        audit_fixture_write_lines (self, lines);
        lines[i][at] = kept;
        g_autoptr (GError) error = NULL;
        g_assert_true (audit_verify (self->directory, NULL, NULL, NULL, &verdict, &error));
        g_assert_false (verdict.is_whole);
        g_assert_cmpuint (first_flaw (&verdict)->line, ==, i + 1);
      }
}

static void
test_changed (AuditFixture *self, gconstpointer data)
{
  g_auto (AuditVerdict) verdict = { 0 };
  AuditHead head;

  write_ten (self, &head);
  g_auto (GStrv) lines = audit_fixture_read_lines (self);
  g_autofree char *old = lines[4];
  g_autofree char **parts = g_strsplit (old, "\"uid\":1001", 2);
  lines[4] = g_strjoinv ("\"uid\":1002", parts);
  audit_fixture_write_lines (self, lines);
  audit_fixture_verify (self, &head, &verdict);
  g_assert_cmpuint (verdict.flaws->len, ==, 1);
  g_assert_cmpint (first_flaw (&verdict)->kind, ==, AUDIT_FLAW_CHANGED);
  g_assert_cmpuint (first_flaw (&verdict)->line, ==, 5);
  g_assert_cmpuint (first_flaw (&verdict)->sequence, ==, 5);
  g_assert_true (g_str_has_suffix (first_flaw (&verdict)->file, "audit-00000000000000000001.jsonl"));
  g_free (parts[0]);
  g_free (parts[1]);
}

static void
remove_line (char **lines, guint index)
{
  g_free (lines[index]);
  for (guint i = index; lines[i] != NULL; i++)
    lines[i] = lines[i + 1];
}

static void
test_removed (AuditFixture *self, gconstpointer data)
{
  g_auto (AuditVerdict) verdict = { 0 };
  AuditHead head;

  write_ten (self, &head);
  g_auto (GStrv) lines = audit_fixture_read_lines (self);
  remove_line (lines, 4);
  audit_fixture_write_lines (self, lines);
  audit_fixture_verify (self, &head, &verdict);
  g_assert_cmpuint (verdict.flaws->len, ==, 1);
  g_assert_cmpint (first_flaw (&verdict)->kind, ==, AUDIT_FLAW_MISSING);
  g_assert_cmpuint (first_flaw (&verdict)->sequence, ==, 5);
}

static void
test_swapped (AuditFixture *self, gconstpointer data)
{
  g_auto (AuditVerdict) verdict = { 0 };
  AuditHead head;

  write_ten (self, &head);
  g_auto (GStrv) lines = audit_fixture_read_lines (self);
  char *line = lines[4];
  lines[4] = lines[5];
  lines[5] = line;
  audit_fixture_write_lines (self, lines);
  audit_fixture_verify (self, &head, &verdict);
  g_assert_cmpuint (count_flaws (&verdict, AUDIT_FLAW_ORDER), ==, 1);
  g_assert_cmpuint (first_flaw (&verdict)->line, ==, 5);
}

static void
test_doubled (AuditFixture *self, gconstpointer data)
{
  g_auto (AuditVerdict) verdict = { 0 };
  AuditHead head;

  write_ten (self, &head);
  g_auto (GStrv) lines = audit_fixture_read_lines (self);
  g_free (lines[5]);
  lines[5] = g_strdup (lines[4]);
  audit_fixture_write_lines (self, lines);
  audit_fixture_verify (self, &head, &verdict);
  g_assert_cmpuint (count_flaws (&verdict, AUDIT_FLAW_ORDER), ==, 1);
  g_assert_cmpuint (first_flaw (&verdict)->line, ==, 6);
}

/* Without a head nobody can see it; with one it is plain. */
static void
test_cut (AuditFixture *self, gconstpointer data)
{
  g_auto (AuditVerdict) verdict = { 0 };
  g_auto (AuditVerdict) blind = { 0 };
  AuditHead head;

  write_ten (self, &head);
  g_auto (GStrv) lines = audit_fixture_read_lines (self);
  remove_line (lines, 9);
  remove_line (lines, 8);
  audit_fixture_write_lines (self, lines);
  audit_fixture_verify (self, NULL, &blind);
  g_assert_true (blind.is_whole);
  audit_fixture_verify (self, &head, &verdict);
  g_assert_false (verdict.is_whole);
  g_assert_cmpuint (verdict.flaws->len, ==, 1);
  g_assert_cmpint (first_flaw (&verdict)->kind, ==, AUDIT_FLAW_CUT);
  g_assert_cmpuint (first_flaw (&verdict)->sequence, ==, 9);
}

/* Cut, and then written on by a daemon that knows no better: the sequence is there again, with another MAC. */
static void
test_cut_and_written_on (AuditFixture *self, gconstpointer data)
{
  g_auto (AuditVerdict) verdict = { 0 };
  AuditHead head;

  write_ten (self, &head);
  g_auto (GStrv) lines = audit_fixture_read_lines (self);
  remove_line (lines, 9);
  audit_fixture_write_lines (self, lines);
  audit_fixture_open (self);
  audit_fixture_append (self, 5);
  audit_fixture_verify (self, &head, &verdict);
  g_assert_cmpuint (verdict.flaws->len, ==, 1);
  g_assert_cmpint (first_flaw (&verdict)->kind, ==, AUDIT_FLAW_HEAD);
}

static void
test_file_gone (AuditFixture *self, gconstpointer data)
{
  g_auto (AuditVerdict) verdict = { 0 };
  AuditHead head;

  self->options.max_size = 2048;
  audit_fixture_open (self);
  audit_fixture_append (self, 60);
  audit_log_get_head (self->log, &head);
  audit_fixture_close (self);
  g_auto (GStrv) paths = audit_fixture_list (self);
  g_assert_no_errno (g_unlink (paths[2]));
  audit_fixture_verify (self, &head, &verdict);
  g_assert_cmpuint (verdict.flaws->len, ==, 1);
  g_assert_cmpint (first_flaw (&verdict)->kind, ==, AUDIT_FLAW_MISSING);
}

/* Another key: nothing fits, as for somebody who wrote the log anew with a key of his own. */
static void
test_other_key (AuditFixture *self, gconstpointer data)
{
  g_auto (AuditVerdict) verdict = { 0 };
  g_autofree char *key_path = g_build_filename (self->directory, "audit.key", NULL);
  g_autofree char *key = g_strnfill (65, 'a');
  AuditHead head;

  write_ten (self, &head);
  key[64] = '\n';
  g_assert_true (g_file_set_contents_full (key_path, key, 65, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
  audit_fixture_verify (self, NULL, &verdict);
  g_assert_cmpuint (count_flaws (&verdict, AUDIT_FLAW_CHANGED), ==, 10);
}

static void
test_torn (AuditFixture *self, gconstpointer data)
{
  g_auto (AuditVerdict) verdict = { 0 };
  AuditHead head;

  write_ten (self, &head);
  g_auto (GStrv) paths = audit_fixture_list (self);
  FILE *file = fopen (paths[0], "a");
  fputs ("{\"sequence\":11,\"ti", file);
  fclose (file);
  audit_fixture_verify (self, &head, &verdict);
  g_assert_true (verdict.is_whole);
  g_assert_cmpuint (verdict.torn, ==, 18);
}

static void
test_foreign_lines (AuditFixture *self, gconstpointer data)
{
  g_auto (AuditVerdict) verdict = { 0 };
  AuditHead head;

  write_ten (self, &head);
  g_auto (GStrv) lines = audit_fixture_read_lines (self);
  g_autofree char *old = lines[9];
  lines[9] = g_strnfill (200000, 'x');
  audit_fixture_write_lines (self, lines);
  audit_fixture_verify (self, NULL, &verdict);
  g_assert_cmpuint (count_flaws (&verdict, AUDIT_FLAW_FOREIGN), ==, 1);
  g_assert_cmpuint (verdict.n_lines, ==, 9);
}

static gpointer
append_many (gpointer data)
{
  audit_fixture_append (data, 1500);
  return NULL;
}

/* While a daemon writes, through the beginnings of files: no false alarm, and never less than before. */
static void
test_live (AuditFixture *self, gconstpointer data)
{
  guint64 last = 0;

  self->options.max_size = 4096;
  audit_fixture_open (self);
  audit_fixture_append (self, 1);
  GThread *thread = g_thread_new ("appends", append_many, self);
  while (last < 1500)
    {
      g_auto (AuditVerdict) verdict = { 0 };
      AuditHead head;
      audit_log_get_head (self->log, &head);
      audit_fixture_verify (self, &head, &verdict);
      g_assert_true (verdict.is_whole);
      g_assert_cmpuint (verdict.head.sequence, >=, MAX (last, head.sequence));
      last = verdict.head.sequence;
    }
  g_thread_join (thread);
}

static void
test_heads (void)
{
  static const char *const wrong[] = { "", "1", ":", "1:00", "0:" };
  g_autofree char *zeros = g_strnfill (64, '0');
  g_autofree char *text = g_strconcat ("17:", zeros, NULL);
  AuditHead head;

  g_assert_true (audit_head_from_string (text, &head, NULL));
  g_autofree char *again = audit_head_to_string (&head);
  g_assert_cmpstr (again, ==, text);
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_false (audit_head_from_string (wrong[i], &head, &error));
      g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
    }
}

static void
add_record (AuditFixture *self, const char *operation, const char *box, AuditOutcome outcome, gint64 uid, gint64 second)
{
  GPtrArray *records = g_ptr_array_new_with_free_func ((GDestroyNotify) audit_record_free);
  AuditRecord *record = audit_record_new (operation, outcome);

  record->box = g_strdup (box);
  record->caller.uid = uid;
  record->time_usec = second * G_USEC_PER_SEC;
  g_ptr_array_add (records, record);
  g_ptr_array_unref (audit_log_append (self->log, records, NULL));
}

static gboolean
note_sequence (const AuditRecord *record, const char *line, gsize length, gpointer user_data)
{
  g_assert_cmpuint (line[length - 1], ==, '}');
  g_string_append_printf (user_data, "%" G_GUINT64_FORMAT " ", record->sequence);
  return TRUE;
}

static void
assert_found (AuditFixture *self, const char *filter_text, const char *expected)
{
  g_autoptr (GVariant) variant = g_variant_ref_sink (g_variant_new_parsed (filter_text));
  g_autoptr (GString) found = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  AuditFilter filter;

  audit_filter_from_variant (variant, &filter, &error);
  g_assert_no_error (error);
  audit_query (self->directory, &filter, note_sequence, found, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (found->str, ==, expected);
}

static void
test_query (AuditFixture *self, gconstpointer data)
{
  self->options.max_size = 512;
  audit_fixture_open (self);
  /* Each gets a file of its own, which begins with a line: the sequences are 2, 4, 6, 8, 10. */
  add_record (self, "decrypt", "orders", AUDIT_OUTCOME_DONE, 1001, 100);
  add_record (self, "decrypt", "users", AUDIT_OUTCOME_REFUSED, 1002, 300);
  add_record (self, "encrypt", "orders", AUDIT_OUTCOME_DONE, 1002, 200);
  add_record (self, "decrypt", "orders", AUDIT_OUTCOME_DONE, 1002, 400);
  g_auto (GStrv) lines = audit_fixture_read_lines (self);
  guint64 sequences[4];
  guint n = 0;
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_autoptr (AuditRecord) record = audit_record_parse (lines[i], strlen (lines[i]), NULL);
      if (record->box != NULL)
        sequences[n++] = record->sequence;
    }
  g_assert_cmpuint (n, ==, 4);
#define SEQUENCES(format, ...) g_strdup_printf (format, __VA_ARGS__)
  g_autofree char *all_decrypts = SEQUENCES ("%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " ",
                                             sequences[0], sequences[1], sequences[3]);
  g_autofree char *of_orders_1002 =
    SEQUENCES ("%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " ", sequences[2], sequences[3]);
  g_autofree char *refused = SEQUENCES ("%" G_GUINT64_FORMAT " ", sequences[1]);
  g_autofree char *third_and_second =
    SEQUENCES ("%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " ", sequences[1], sequences[2]);
  g_autofree char *last_of_all = SEQUENCES ("%" G_GUINT64_FORMAT " ", sequences[3]);
  g_autofree char *before =
    SEQUENCES ("{'after': <uint64 %" G_GUINT64_FORMAT ">, 'uid': <uint32 1002>}", sequences[2] - 1);
  assert_found (self, "{'operation': <'decrypt'>}", all_decrypts);
  assert_found (self, "{'box': <'orders'>, 'uid': <uint32 1002>}", of_orders_1002);
  assert_found (self, "{'outcome': <'refused'>}", refused);
  /* From 200 s until before 400 s, whatever order they have. */
  assert_found (self, "{'since': <uint64 200000000>, 'until': <uint64 400000000>}", third_and_second);
  assert_found (self, "{'box': <'orders'>, 'limit': <uint32 1>}", last_of_all);
  assert_found (self, before, of_orders_1002);
  assert_found (self, "{'box': <'nothing'>}", "");
  assert_found (self, "{'x-mine': <1>, 'outcome': <'refused'>}", refused);
}

static void
test_filters (void)
{
  static const char *const wrong[] = { "{'bx': <'orders'>}", "{'box': <7>}", "{'since': <'today'>}" };
  AuditFilter filter;

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GVariant) variant = g_variant_ref_sink (g_variant_new_parsed (wrong[i]));
      g_autoptr (GError) error = NULL;
      g_assert_false (audit_filter_from_variant (variant, &filter, &error));
      g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
    }
}

/* A question does not fail for what is broken: it says how much it could not read. */
static void
test_query_broken (AuditFixture *self, gconstpointer data)
{
  AuditFilter filter = AUDIT_FILTER_INIT;
  g_autoptr (GString) found = g_string_new (NULL);
  guint64 n_skipped = 0;
  AuditHead head;

  write_ten (self, &head);
  g_auto (GStrv) lines = audit_fixture_read_lines (self);
  lines[3][1] = 'x';
  audit_fixture_write_lines (self, lines);
  g_assert_true (audit_query (self->directory, &filter, note_sequence, found, NULL, &n_skipped, NULL));
  g_assert_cmpstr (found->str, ==, "1 2 3 5 6 7 8 9 10 ");
  g_assert_cmpuint (n_skipped, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, function)                                                                                            \
  g_test_add ("/audit-verify/" name, AuditFixture, NULL, audit_fixture_set_up, function, audit_fixture_tear_down)
  ADD ("whole", test_whole);
  ADD ("every-byte", test_every_byte);
  ADD ("changed", test_changed);
  ADD ("removed", test_removed);
  ADD ("swapped", test_swapped);
  ADD ("doubled", test_doubled);
  ADD ("cut", test_cut);
  ADD ("cut-and-written-on", test_cut_and_written_on);
  ADD ("file-gone", test_file_gone);
  ADD ("other-key", test_other_key);
  ADD ("torn", test_torn);
  ADD ("foreign-lines", test_foreign_lines);
  ADD ("live", test_live);
  g_test_add_func ("/audit-verify/heads", test_heads);
  ADD ("query", test_query);
  g_test_add_func ("/audit-verify/filters", test_filters);
  ADD ("query-broken", test_query_broken);
  return g_test_run ();
}
