/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* After so many records, and at the latest after a while. The timer runs only while something is untold. */
#include "heads.h"

static gboolean
on_time (gpointer data)
{
  Daemon *self = data;

  self->head_source = 0;
  heads_tell (self, self->audit);
  return G_SOURCE_REMOVE;
}

/* A journal that has no room now is told again. */
static void
wait (Daemon *self)
{
  if (self->head_source == 0 && !self->closing)
    self->head_source = g_timeout_add_seconds (HEAD_SECONDS, on_time, self);
}

void
heads_tell (Daemon *self, AuditLog *log)
{
  AuditHead head;

  audit_log_get_head (log, &head);
  if (!journal_send_head (self->journal, &head))
    {
      wait (self);
      return;
    }
  if (log != self->audit)
    return;
  self->n_untold = 0;
  heads_stop (self);
}

void
heads_count (Daemon *self, AuditLog *log, guint n_records)
{
  /* Of a log that was left, every line may be the last one. */
  if (log != self->audit)
    {
      heads_tell (self, log);
      return;
    }
  self->n_untold += n_records;
  if (self->n_untold >= HEAD_RECORDS)
    heads_tell (self, log);
  else
    wait (self);
}

void
heads_stop (Daemon *self)
{
  g_clear_handle_id (&self->head_source, g_source_remove);
}
