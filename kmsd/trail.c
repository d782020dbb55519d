/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between calls and the audit log. Whatever is on the disk goes to the journal and to subscribers, too. */
#include "trail.h"

#include "subscribers.h"

/* The journal gets the head so often that a cut tail is short. */
#define HEAD_INTERVAL 256

static char *
choose_directory (Daemon *self)
{
  const char *from_unit = g_getenv ("LOGS_DIRECTORY");

  if (self->settings.audit_directory != NULL)
    return g_strdup (self->settings.audit_directory);
  if (self->options->config_root == NULL && from_unit != NULL && g_path_is_absolute (from_unit))
    return g_strndup (from_unit, strcspn (from_unit, ":"));
  return g_build_filename (self->options->state_directory, "audit", NULL);
}

static void
tell_head (Daemon *self)
{
  AuditHead head;

  audit_log_get_head (self->audit, &head);
  journal_send_head (self->journal, &head);
  self->n_untold = 0;
}

gboolean
trail_open (Daemon *self, GError **error)
{
  g_autofree char *directory = choose_directory (self);
  const AuditOptions options = {
    .directory = directory,
    .max_size = self->settings.audit_max_size,
    .context = self->settings.audit_context,
  };

  self->journal = journal_new (NULL);
  self->audit = audit_log_open (&options, error);
  if (self->audit == NULL)
    return FALSE;
  trail_note (self, audit_record_new ("start", AUDIT_OUTCOME_DONE));
  return TRUE;
}

void
trail_close (Daemon *self)
{
  g_autoptr (GError) error = NULL;

  if (self->audit != NULL && !audit_log_close (self->audit, &error))
    g_warning ("%s", error->message);
  if (self->audit != NULL)
    tell_head (self);
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
  record->caller.label = g_strdup (caller->label);
  record->caller.bus = g_strdup (bus_kind_to_string (caller->bus));
  record->box = call->box == NULL ? NULL : g_strdup (call->box->name);
  return record;
}

static void
tell (Daemon *self, GPtrArray *written)
{
  for (guint i = 0; i < written->len; i++)
    {
      journal_send_record (self->journal, g_ptr_array_index (written, i));
      subscribers_tell_record (self, g_ptr_array_index (written, i));
    }
  self->n_untold += written->len;
  if (self->n_untold >= HEAD_INTERVAL)
    tell_head (self);
}

typedef struct
{
  Call *call;
  TrailFunc func;
  GError *failure; /* what the call is to fail with, or NULL */
} Append;

static void
on_appended (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Append *append = data;
  Call *call = append->call;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) written = audit_log_append_finish (call->daemon->audit, result, &error);

  if (written != NULL)
    tell (call->daemon, written);
  if (append->failure == NULL)
    append->func (call, written, error);
  else
    {
      if (error != NULL)
        g_warning ("a refusal is not in the audit log: %s", error->message);
      call_fail (call, append->failure);
    }
}

void
trail_append (Call *call, GPtrArray *records, TrailFunc func)
{
  Append *append = g_new0 (Append, 1);

  append->call = call;
  append->func = func;
  audit_log_append_async (call->daemon->audit, records, on_appended, append);
}

void
trail_fail (Call *call, AuditRecord *record, GError *error)
{
  GPtrArray *records = g_ptr_array_new_with_free_func ((GDestroyNotify) audit_record_free);
  Append *append = g_new0 (Append, 1);

  audit_record_set_error (record, error);
  g_ptr_array_add (records, record);
  append->call = call;
  append->failure = error;
  audit_log_append_async (call->daemon->audit, records, on_appended, append);
}

static void
on_noted (GObject *source, GAsyncResult *result, gpointer data)
{
  Daemon *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) written = audit_log_append_finish (self->audit, result, &error);

  if (written != NULL)
    tell (self, written);
  else
    g_warning ("%s", error->message);
  daemon_release (self);
}

void
trail_note (Daemon *self, AuditRecord *record)
{
  GPtrArray *records = g_ptr_array_new_with_free_func ((GDestroyNotify) audit_record_free);

  g_ptr_array_add (records, record);
  daemon_hold (self);
  audit_log_append_async (self->audit, records, on_noted, self);
}
