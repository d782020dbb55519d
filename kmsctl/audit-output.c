/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records of kmsd's audit log on stdout. */
#include "audit-output.h"

#include <string.h>
#include <unistd.h>

#include "bytes.h"
#include "result.h"

static gboolean
print (KmsctlAuditOutput *self, const char *text, gsize length, GError **error)
{
  return kmsctl_write_all (self->kmsctl, STDOUT_FILENO, _ ("stdout"), text, length, error);
}

/* Not before there is an answer: what fails at once leaves nothing on stdout. */
static gboolean
begin (KmsctlAuditOutput *self, GError **error)
{
  static const char head[] = "{\"records\":[";
  gboolean is_first = !self->is_begun;

  self->is_begun = TRUE;
  return !is_first || !self->kmsctl->json || self->is_stream || print (self, head, strlen (head), error);
}

gboolean
kmsctl_audit_output_end (KmsctlAuditOutput *self, GError **error)
{
  g_autofree char *tail = g_strdup_printf ("],\"skipped\":%" G_GUINT64_FORMAT "}\n", self->n_foreign);

  if (self->n_foreign > 0)
    kmsctl_note (self->kmsctl,
                 _ ("lines that are no records were left out; \"kmsctl audit verify\" says where they are"));
  return begin (self, error) && (!self->kmsctl->json || self->is_stream || print (self, tail, strlen (tail), error));
}

static void
append_time (GString *out, gint64 time_usec)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (time_usec / G_USEC_PER_SEC);
  g_autofree char *text = time == NULL ? NULL : g_date_time_format (time, "%F %T");

  g_string_append_printf (out, "%s.%03d", text == NULL ? "-" : text, (int) (time_usec % G_USEC_PER_SEC / 1000));
}

static const char *
get_color (const AuditRecord *record)
{
  if (g_str_equal (record->operation, "alert"))
    return "1;31";
  switch (record->outcome)
    {
    case AUDIT_OUTCOME_REFUSED:
      return "33";
    case AUDIT_OUTCOME_FAILED:
      return "31";
    case AUDIT_OUTCOME_INTENT:
    case AUDIT_OUTCOME_DONE:
    case N_AUDIT_OUTCOMES:
    default:
      return NULL;
    }
}

static void
append_outcome (KmsctlAuditOutput *self, GString *out, const AuditRecord *record)
{
  const char *color = self->kmsctl->color ? get_color (record) : NULL;
  const char *word = audit_outcome_to_string (record->outcome);

  if (color == NULL)
    g_string_append_printf (out, "%-7s", word);
  else
    g_string_append_printf (out, "\033[%sm%-7s\033[0m", color, word);
}

static void
append_word (GString *out, const char *before, const char *word)
{
  if (word == NULL)
    return;
  g_autofree char *clean = kmsctl_make_printable (word);
  g_string_append_printf (out, "  %s%s", before, clean);
}

static void
append_caller (GString *out, const AuditCaller *caller)
{
  if (caller->uid >= 0)
    g_string_append_printf (out, "  uid %" G_GINT64_FORMAT, caller->uid);
  if (caller->unit != NULL)
    append_word (out, "", caller->unit);
  else if (caller->pid >= 0)
    g_string_append_printf (out, "  pid %" G_GINT64_FORMAT, caller->pid);
}

/* "2026-11-24 14:50:42.123  12  refused  decrypt  orders  v1  uid 1001  shop.service  locked-down". */
static void
append_record (KmsctlAuditOutput *self, GString *out, const AuditRecord *record)
{
  append_time (out, record->time_usec);
  g_string_append_printf (out, "  %" G_GUINT64_FORMAT "  ", record->sequence);
  append_outcome (self, out, record);
  append_word (out, "", record->operation);
  append_word (out, "", record->box);
  append_word (out, "v", record->version);
  if (record->items > 1)
    g_string_append_printf (out, "  %u items", record->items);
  append_caller (out, &record->caller);
  if (record->duration_usec >= 0)
    g_string_append_printf (out, "  %.1f ms", (double) record->duration_usec / 1000);
  append_word (out, "", record->error);
  append_word (out, "", record->detail);
  g_string_append_c (out, '\n');
}

gboolean
kmsctl_audit_output_add (KmsctlAuditOutput *self, const char *line, gsize length, GError **error)
{
  g_autoptr (AuditRecord) record = audit_record_parse (line, length, NULL);
  g_autoptr (GString) out = g_string_new (NULL);

  if (record == NULL)
    {
      self->n_foreign++;
      return TRUE;
    }
  self->last = record->sequence;
  if (self->is_silent)
    return TRUE;
  if (self->kmsctl->json)
    {
      g_string_append (out, self->n_records == 0 || self->is_stream ? "" : ",");
      g_string_append_len (out, line, (gssize) length);
      g_string_append (out, self->is_stream ? "\n" : "");
    }
  else
    append_record (self, out, record);
  self->n_records++;
  return begin (self, error) && print (self, out->str, out->len, error);
}
