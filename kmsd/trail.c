/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between calls and the audit log. Whatever is on the disk goes to the journal and to subscribers, too. */
#include "trail.h"

#include "heads.h"
#include "house.h"
#include "refusals.h"
#include "slice.h"
#include "subscribers.h"

typedef struct
{
  AuditLog *log;
  GPtrArray *written;
} News;

static void
news_free (News *self)
{
  audit_log_unref (self->log);
  g_ptr_array_unref (self->written);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (News, news_free)

static char *
choose_directory (const DaemonOptions *options, const DaemonSettings *settings)
{
  const char *from_unit = g_getenv ("LOGS_DIRECTORY");

  if (settings->audit_directory != NULL)
    return g_strdup (settings->audit_directory);
  if (options->config_root == NULL && from_unit != NULL && g_path_is_absolute (from_unit))
    return g_strndup (from_unit, strcspn (from_unit, ":"));
  return g_build_filename (options->state_directory, "audit", NULL);
}

AuditLog *
trail_open_other (const DaemonOptions *options, const DaemonSettings *settings, AuditLog *current, GError **error)
{
  g_autofree char *directory = choose_directory (options, settings);
  const AuditOptions wanted = {
    .directory = directory,
    .max_size = settings->audit_max_size,
    .context = settings->audit_context,
  };

  if (current != NULL && strcmp (directory, audit_log_get_directory (current)) == 0)
    return NULL;
  return audit_log_open (&wanted, error);
}

gboolean
trail_open (Daemon *self, GError **error)
{
  self->journal = journal_new (self->options->journal_socket);
  self->audit = trail_open_other (self->options, &self->settings, NULL, error);
  if (self->audit == NULL)
    return FALSE;
  self->n_untold = HEAD_RECORDS; /* what the log begins with is told at once */
  trail_note (self, audit_record_new ("start", AUDIT_OUTCOME_DONE));
  return TRUE;
}

void
trail_close (Daemon *self)
{
  g_autoptr (GError) error = NULL;

  heads_stop (self);
  g_queue_clear_full (&self->news, (GDestroyNotify) news_free);
  if (self->audit != NULL && !audit_log_close (self->audit, &error))
    g_warning ("%s", error->message);
  if (self->audit != NULL)
    heads_tell (self, self->audit);
  g_clear_pointer (&self->audit, audit_log_unref);
  g_clear_pointer (&self->journal, journal_free);
}

AuditRecord *
trail_record_new (Call *call, const char *operation, AuditOutcome outcome)
{
  AuditRecord *record = audit_record_new (operation, outcome);
  const Caller *caller = call->caller;

  record->caller.uid = caller->access.uid;
  record->caller.pid = caller->pid;
  record->caller.unit = g_strdup (caller->unit);
  record->caller.label = g_strdup (caller->label);
  record->caller.bus = g_strdup (bus_kind_to_string (caller->bus));
  record->box = call->box == NULL ? NULL : g_strdup (call->box->name);
  return record;
}

/* An outcome stands where its intent does: the log that the call began with is its log to the end. */
static AuditLog *
get_log (Call *call)
{
  if (call->audit == NULL)
    call->audit = audit_log_ref (call->daemon->audit);
  return call->audit;
}

void
trail_set_context (Call *call, AuditRecord *record, KmsContext *context)
{
  audit_log_set_context (get_log (call), record, context);
}

/* Records are told in the order in which they were written, wherever that was. */
static void
tell_next (Daemon *self)
{
  g_autoptr (News) news = g_queue_pop_head (&self->news);

  journal_send_records (self->journal, news->written);
  for (guint i = 0; i < news->written->len; i++)
    subscribers_tell_record (self, g_ptr_array_index (news->written, i));
  heads_count (self, news->log, news->written->len);
  daemon_release (self);
}

static void
tell_all (gpointer data)
{
  Daemon *self = data;

  while (!g_queue_is_empty (&self->news))
    tell_next (self);
}

static void
add_news (Daemon *self, AuditLog *log, GPtrArray *written)
{
  News *news = g_new (News, 1);

  *news = (News){ audit_log_ref (log), g_ptr_array_ref (written) };
  daemon_hold (self);
  g_queue_push_tail (&self->news, news);
}

static void
tell (Daemon *self, AuditLog *log, GPtrArray *written)
{
  add_news (self, log, written);
  tell_all (self);
}

/* Who waits for the answer does not wait for the journal. */
static void
tell_after (Daemon *self, AuditLog *log, GPtrArray *written)
{
  add_news (self, log, written);
  house_do_after (tell_all, self);
}

typedef struct
{
  Call *call;
  TrailFunc func;
  GError *failure; /* what the call is to fail with, or NULL */
  GAsyncResult *result;
} Append;

static void
go_on (const Append *append, GPtrArray *written, const GError *error)
{
  if (append->failure == NULL)
    {
      append->func (append->call, written, error);
      return;
    }
  if (error != NULL)
    g_warning ("a refusal is not in the audit log: %s", error->message);
  call_fail (append->call, append->failure);
}

/* What follows an intent is told after it. */
static void
conclude (const Append *append, GPtrArray *written, const GError *error)
{
  Daemon *daemon = append->call->daemon;
  g_autoptr (AuditLog) log = audit_log_ref (append->call->audit);
  gboolean is_intent = written != NULL
                       && ((AuditRecord *) g_ptr_array_index (written, 0))->outcome == AUDIT_OUTCOME_INTENT;

  if (is_intent)
    tell (daemon, log, written);
  go_on (append, written, error);
  if (written != NULL && !is_intent)
    tell_after (daemon, log, written);
}

static void
conclude_in_turn (gpointer data)
{
  g_autofree Append *append = data;
  g_autoptr (GAsyncResult) result = append->result;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) written = audit_log_append_finish (append->call->audit, result, &error);

  conclude (append, written, error);
}

/* One sync brings the records of many calls to the disk. */
static void
on_appended (GObject *source, GAsyncResult *result, gpointer data)
{
  Append *append = data;

  append->result = g_object_ref (result);
  slice_add (conclude_in_turn, append);
}

static void
append_and_go_on (const Append *append, GPtrArray *records)
{
  AuditLog *log = get_log (append->call);
  g_autoptr (GError) error = NULL;

  if (!audit_log_append_at_once (log, records, &error))
    {
      audit_log_append_async (log, records, on_appended, g_memdup2 (append, sizeof *append));
      return;
    }
  g_autoptr (GPtrArray) owned = records;
  conclude (append, error == NULL ? owned : NULL, error);
}

void
trail_append (Call *call, GPtrArray *records, TrailFunc func)
{
  const Append append = { call, func, NULL, NULL };

  append_and_go_on (&append, records);
}

void
trail_append_one (Call *call, AuditRecord *record, TrailFunc func)
{
  GPtrArray *records = g_ptr_array_new_with_free_func ((GDestroyNotify) audit_record_free);

  g_ptr_array_add (records, record);
  trail_append (call, records, func);
}

void
trail_fail (Call *call, AuditRecord *record, GError *error)
{
  audit_record_set_error (record, error);
  /* Only where nothing was done: an intent always has its outcome. */
  if (record->outcome == AUDIT_OUTCOME_REFUSED && call->intents == NULL && !refusals_admit (call->daemon, record))
    {
      audit_record_free (record);
      call_fail (call, error);
      return;
    }
  GPtrArray *records = g_ptr_array_new_with_free_func ((GDestroyNotify) audit_record_free);
  const Append append = { call, NULL, error, NULL };

  g_ptr_array_add (records, record);
  append_and_go_on (&append, records);
}

typedef struct
{
  Daemon *daemon;
  AuditLog *log;
} Note;

static void
on_noted (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Note *note = data;
  g_autoptr (AuditLog) log = note->log;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) written = audit_log_append_finish (log, result, &error);

  if (written != NULL)
    tell (note->daemon, log, written);
  else
    g_warning ("%s", error->message);
  daemon_release (note->daemon);
}

static void
note_in (Daemon *self, AuditLog *log, AuditRecord *record)
{
  GPtrArray *records = g_ptr_array_new_with_free_func ((GDestroyNotify) audit_record_free);
  Note *note = g_new (Note, 1);

  *note = (Note){ self, audit_log_ref (log) };
  g_ptr_array_add (records, record);
  daemon_hold (self);
  audit_log_append_async (log, records, on_noted, note);
}

void
trail_note (Daemon *self, AuditRecord *record)
{
  note_in (self, self->audit, record);
}

static void
note_switch (Daemon *self, AuditLog *log, const char *words, AuditLog *other)
{
  AuditRecord *record = audit_record_new ("audit-switch", AUDIT_OUTCOME_DONE);

  record->detail = g_strconcat (words, audit_log_get_directory (other), NULL);
  note_in (self, log, record);
}

void
trail_switch (Daemon *self, AuditLog *other)
{
  if (other == NULL)
    {
      audit_log_set_options (self->audit, self->settings.audit_max_size, self->settings.audit_context);
      return;
    }
  g_autoptr (AuditLog) old = g_steal_pointer (&self->audit);
  self->audit = other;
  self->n_untold = HEAD_RECORDS; /* its beginning is told at once */
  note_switch (self, old, "the audit log goes on in ", other);
  note_switch (self, other, "until now the audit log was in ", old);
}
