/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks the chain of an audit log, and tells what was done to it. */
#include "audit-reader.h"

#include <gnutls/crypto.h>
#include <unistd.h>

#include "audit-files.h"
#include "audit-line.h"

typedef struct
{
  AuditVerdict *verdict;
  const AuditKey *key;
  const AuditHead *expected;
  gboolean has_seen_expected;
  gboolean is_started; /* a line was read, so the next one has something to follow */
  gint64 last_time_usec;
} Verification;

static const char *const kinds[] = {
  [AUDIT_FLAW_CHANGED] = "changed",     [AUDIT_FLAW_MISSING] = "missing",
  [AUDIT_FLAW_ORDER] = "order",         [AUDIT_FLAW_CUT] = "cut",
  [AUDIT_FLAW_HEAD] = "head",           [AUDIT_FLAW_FOREIGN] = "foreign",
  [AUDIT_FLAW_UNSTARTED] = "unstarted",
};

const char *
audit_flaw_kind_to_string (AuditFlawKind kind)
{
  g_return_val_if_fail ((guint) kind < G_N_ELEMENTS (kinds), NULL);

  return kinds[kind];
}

static void
flaw_free (gpointer data)
{
  AuditFlaw *self = data;

  g_free (self->file);
  g_free (self->message);
  g_free (self);
}

void
audit_verdict_clear (AuditVerdict *self)
{
  g_clear_pointer (&self->flaws, g_ptr_array_unref);
}

/* Takes the message, to which the place is added. */
static void
add_flaw (Verification *self, AuditFlawKind kind, const AuditFile *file, guint64 sequence, char *message)
{
  g_autofree char *taken = message;
  AuditFlaw *flaw = g_new0 (AuditFlaw, 1);

  if (self->verdict->flaws->len >= AUDIT_MAX_FLAWS)
    {
      g_free (flaw);
      return;
    }
  flaw->kind = kind;
  flaw->sequence = sequence;
  flaw->file = file == NULL ? NULL : g_strdup (file->path);
  flaw->line = file == NULL ? 0 : file->n_lines;
  flaw->message = file == NULL
                    ? g_strdup (taken)
                    : g_strdup_printf ("%s, line %" G_GUINT64_FORMAT ": %s", file->path, file->n_lines, taken);
  g_ptr_array_add (self->verdict->flaws, flaw);
}

/* The first line that is read has nothing to follow but what it says itself. */
static gboolean
begin_with (Verification *self, const AuditRecord *record, guint64 sequence)
{
  AuditHead *head = &self->verdict->head;

  if (record == NULL || record->previous == NULL
      || !audit_mac_from_hex (record->previous, strlen (record->previous), head->mac))
    return FALSE;
  head->sequence = sequence - 1;
  return TRUE;
}

static void
note_head (Verification *self, const AuditLine *parts)
{
  self->verdict->head.sequence = parts->sequence;
  memcpy (self->verdict->head.mac, parts->mac, sizeof parts->mac);
  if (self->expected == NULL || self->expected->sequence != parts->sequence)
    return;
  self->has_seen_expected = TRUE;
  if (gnutls_memcmp (self->expected->mac, parts->mac, sizeof parts->mac) != 0)
    add_flaw (self, AUDIT_FLAW_HEAD, NULL, parts->sequence,
              g_strdup_printf ("another line has the sequence %" G_GUINT64_FORMAT
                               " of the head that was given: the log was written anew from there or before",
                               parts->sequence));
}

static void
note_time (Verification *self, const AuditRecord *record)
{
  if (record == NULL)
    return;
  if (record->time_usec < self->last_time_usec)
    self->verdict->n_steps_back++;
  self->last_time_usec = record->time_usec;
}

/* A line whose MAC does not fit the line before it. Where its number does not fit either, that says what happened. */
static void
add_misfit (Verification *self, const AuditFile *file, guint64 expected, const AuditLine *parts)
{
  if (parts->sequence > expected)
    add_flaw (self, AUDIT_FLAW_MISSING, file, expected,
              g_strdup_printf ("sequence %" G_GUINT64_FORMAT " stands where %" G_GUINT64_FORMAT
                               " belongs: what was between is gone",
                               parts->sequence, expected));
  else if (parts->sequence < expected)
    add_flaw (self, AUDIT_FLAW_ORDER, file, expected,
              g_strdup_printf ("sequence %" G_GUINT64_FORMAT " stands where %" G_GUINT64_FORMAT
                               " belongs: lines were swapped, doubled or put in",
                               parts->sequence, expected));
  else
    add_flaw (self, AUDIT_FLAW_CHANGED, file, expected,
              g_strdup_printf ("sequence %" G_GUINT64_FORMAT
                               " is not what was written there, or the line before it is not",
                               parts->sequence));
}

static void
check_line (Verification *self, const AuditFile *file, const char *line, gsize length)
{
  AuditVerdict *verdict = self->verdict;
  g_autoptr (AuditRecord) record = audit_record_parse (line, length, NULL);
  guint64 expected = verdict->head.sequence + 1;
  AuditLine parts;

  if (record == NULL || !audit_line_split (line, length, &parts))
    {
      add_flaw (self, AUDIT_FLAW_FOREIGN, file, expected, g_strdup ("this is no line that kmsd writes"));
      return;
    }
  if (!self->is_started && !begin_with (self, record, parts.sequence))
    add_flaw (self, AUDIT_FLAW_UNSTARTED, file, parts.sequence,
              g_strdup ("the log does not begin as a file of it does: what was before is gone"));
  else if (parts.sequence != verdict->head.sequence + 1
           || !audit_line_verify (line, &parts, verdict->head.mac, self->key))
    add_misfit (self, file, verdict->head.sequence + 1, &parts);
  if (!self->is_started)
    verdict->first_sequence = parts.sequence;
  self->is_started = TRUE;
  verdict->n_lines++;
  note_head (self, &parts);
  note_time (self, record);
}

/* The name says where a file begins: a file that lost its first lines, or was renamed, is noticed by that, too. */
static void
check_first_line (Verification *self, const AuditFile *file, guint64 file_sequence, const char *line, gsize length)
{
  AuditLine parts;

  if (!audit_line_split (line, length, &parts) || parts.sequence == file_sequence)
    return;
  add_flaw (
    self, AUDIT_FLAW_UNSTARTED, file, file_sequence,
    g_strdup_printf ("the file begins with sequence %" G_GUINT64_FORMAT ", not with that of its name", parts.sequence));
}

static gboolean
check_file (Verification *self, AuditFile *file, guint64 file_sequence, gboolean is_last, GCancellable *cancellable,
            GError **error)
{
  const char *line;
  gsize length;

  for (;;)
    {
      AuditReadResult result = audit_file_read (file, &line, &length, error);
      if (result == AUDIT_READ_FAILED || g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      if (result == AUDIT_READ_END)
        return TRUE;
      if (result == AUDIT_READ_LINE && file->n_lines == 1)
        check_first_line (self, file, file_sequence, line, length);
      if (result == AUDIT_READ_LINE)
        check_line (self, file, line, length);
      else if (result == AUDIT_READ_TORN && is_last)
        self->verdict->torn = (gsize) (file->next_offset - file->line_offset);
      else
        add_flaw (self, AUDIT_FLAW_FOREIGN, file, self->verdict->head.sequence + 1,
                  g_strdup ("this is no line that kmsd writes"));
    }
}

static gboolean
check_files (Verification *self, int directory, const char *path, GCancellable *cancellable, GError **error)
{
  g_autoptr (GArray) sequences = audit_directory_list (path, error);

  if (sequences == NULL)
    return FALSE;
  for (guint i = 0; i < sequences->len; i++)
    {
      guint64 sequence = g_array_index (sequences, guint64, i);
      g_auto (AuditFile) file = { .fd = -1 };
      if (!audit_file_open (directory, path, sequence, &file, error)
          || !check_file (self, &file, sequence, i + 1 == sequences->len, cancellable, error))
        return FALSE;
      self->verdict->n_files++;
    }
  return TRUE;
}

static void
check_expected (Verification *self)
{
  guint64 last = self->verdict->head.sequence;

  if (self->expected == NULL || self->has_seen_expected)
    return;
  if (self->expected->sequence > last)
    add_flaw (self, AUDIT_FLAW_CUT, NULL, last + 1,
              g_strdup_printf ("the log ends with sequence %" G_GUINT64_FORMAT ", but had reached %" G_GUINT64_FORMAT
                               ": its end was cut off",
                               last, self->expected->sequence));
  else
    add_flaw (self, AUDIT_FLAW_MISSING, NULL, self->expected->sequence,
              g_strdup_printf ("the line with sequence %" G_GUINT64_FORMAT " of the head that was given is not there",
                               self->expected->sequence));
}

gboolean
audit_verify (const char *directory, const char *key_path, const AuditHead *expected, GCancellable *cancellable,
              AuditVerdict *verdict, GError **error)
{
  g_autofree char *own_path = g_build_filename (directory, AUDIT_KEY_NAME, NULL);
  g_auto (AuditKey) key = { NULL, NULL };
  Verification self = { .verdict = verdict, .key = &key, .expected = expected };

  *verdict = (AuditVerdict){ .flaws = g_ptr_array_new_with_free_func (flaw_free) };
  int fd = audit_directory_open (directory, FALSE, error);
  if (fd < 0)
    return FALSE;
  gboolean ok = audit_key_load (key_path == NULL ? own_path : key_path, FALSE, &key, error)
                && check_files (&self, fd, directory, cancellable, error);
  close (fd);
  if (!ok)
    return FALSE;
  check_expected (&self);
  verdict->is_whole = verdict->flaws->len == 0 && verdict->first_sequence <= 1;
  return TRUE;
}
