/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.libkms.Kms1.Audit. Reading a log takes its time: that is done in worker threads. */
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "audit-ending.h"
#include "audit-reader.h"
#include "methods.h"
#include "permit.h"
#include "quota.h"
#include "subscribers.h"

#define ACTION "audit-read"

static void
subscribe (Call *call)
{
  GError *error = NULL;

  if (subscribers_add (call->daemon, call->caller, call->connection, &error))
    call_return (call, NULL);
  else
    call_fail (call, error);
}

void
audit_subscribe (Call *call)
{
  permit_action (call, ACTION, subscribe);
}

void
audit_unsubscribe (Call *call)
{
  subscribers_remove (call->daemon, call->caller);
  call_return (call, NULL);
}

/* What a worker thread needs; the daemon's own state stays out of it. */
typedef struct
{
  char *directory;
  char *key_path;
  GVariant *arguments;
  AuditHead expected;
  gboolean has_expected;
  AuditVerdict verdict;
  int fd;          /* where records go */
  gboolean is_cut; /* who was to read does not */
  GCancellable *cancellable;
} Work;

static void
work_free (Work *self)
{
  g_free (self->directory);
  g_free (self->key_path);
  g_clear_pointer (&self->arguments, g_variant_unref);
  audit_verdict_clear (&self->verdict);
  g_object_unref (self->cancellable);
  if (self->fd >= 0)
    close (self->fd);
  g_free (self);
}

static Work *
work_new (Call *call)
{
  Work *self = g_new0 (Work, 1);

  self->directory = g_strdup (audit_log_get_directory (call->daemon->audit));
  self->key_path = g_strdup (audit_log_get_key_path (call->daemon->audit));
  self->cancellable = g_object_ref (call->caller->gone);
  self->fd = -1;
  return self;
}

static void
verify_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Work *self = data;
  GError *error = NULL;

  if (audit_verify (self->directory, self->key_path, self->has_expected ? &self->expected : NULL, self->cancellable,
                    &self->verdict, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static GVariant *
list_flaws (const AuditVerdict *verdict)
{
  GVariantBuilder list;

  g_variant_builder_init (&list, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; verdict->flaws != NULL && i < verdict->flaws->len; i++)
    {
      const AuditFlaw *flaw = g_ptr_array_index (verdict->flaws, i);
      g_variant_builder_open (&list, G_VARIANT_TYPE_VARDICT);
      g_variant_builder_add (&list, "{sv}", "kind", g_variant_new_string (audit_flaw_kind_to_string (flaw->kind)));
      g_variant_builder_add (&list, "{sv}", "sequence", g_variant_new_uint64 (flaw->sequence));
      g_variant_builder_add (&list, "{sv}", "line", g_variant_new_uint64 (flaw->line));
      g_variant_builder_add (&list, "{sv}", "message",
                             g_variant_new_take_string (g_utf8_make_valid (flaw->message, -1)));
      g_variant_builder_close (&list);
    }
  return g_variant_builder_end (&list);
}

static void
on_verified (GObject *source, GAsyncResult *result, gpointer data)
{
  Call *call = data;
  const Work *work = g_task_get_task_data (G_TASK (result));
  GError *error = NULL;
  GVariantBuilder answer;

  if (!g_task_propagate_boolean (G_TASK (result), &error))
    {
      call_fail (call, error);
      return;
    }
  g_variant_builder_init (&answer, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&answer, "{sv}", "whole", g_variant_new_boolean (work->verdict.is_whole));
  g_variant_builder_add (&answer, "{sv}", "lines", g_variant_new_uint64 (work->verdict.n_lines));
  g_variant_builder_add (&answer, "{sv}", "first", g_variant_new_uint64 (work->verdict.first_sequence));
  g_variant_builder_add (&answer, "{sv}", "head",
                         g_variant_new_take_string (audit_head_to_string (&work->verdict.head)));
  g_variant_builder_add (&answer, "{sv}", "flaws", list_flaws (&work->verdict));
  call_return (call, g_variant_new ("(a{sv})", &answer));
}

static void
verify (Call *call)
{
  const char *head = NULL;
  GError *error = NULL;

  if (!call_take_worker (call, &error))
    {
      call_fail (call, error);
      return;
    }
  Work *work = work_new (call);
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_verified, call);
  g_task_set_task_data (task, work, (GDestroyNotify) work_free);
  work->has_expected = g_variant_lookup (call->options, "head", "&s", &head);
  if (work->has_expected && !audit_head_from_string (head, &work->expected, &error))
    g_task_return_error (task, error);
  else
    g_task_run_in_thread (task, verify_in_thread);
}

void
audit_verify_log (Call *call)
{
  permit_action (call, ACTION, verify);
}

/* Who does not read holds up one worker thread, for so long. */
static gboolean
write_all (int fd, const char *bytes, gsize length)
{
  while (length > 0)
    {
      gssize n = write (fd, bytes, length);
      struct pollfd writable = { .fd = fd, .events = POLLOUT };
      if (n < 0 && errno == EAGAIN && poll (&writable, 1, PIPE_TIMEOUT_MS) == 1)
        continue;
      if (n < 0 && errno != EINTR)
        return FALSE;
      bytes += MAX (n, 0);
      length -= (gsize) MAX (n, 0);
    }
  return TRUE;
}

static gboolean
on_found (const AuditRecord *record, const char *line, gsize length, gpointer data)
{
  Work *self = data;

  self->is_cut = !write_all (self->fd, line, length) || !write_all (self->fd, "\n", 1);
  return !self->is_cut;
}

static void
query_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Work *self = data;
  AuditFilter filter = AUDIT_FILTER_INIT;
  g_autoptr (GError) error = NULL;
  guint64 n_skipped = 0;

  if (!audit_filter_from_variant (self->arguments, &filter, &error)
      || !audit_query (self->directory, &filter, on_found, self, self->cancellable, &n_skipped, &error))
    g_debug ("a query of the audit log ended early: %s", error->message);
  g_autofree char *ending = audit_ending_to_line (n_skipped, error);
  if (!self->is_cut)
    write_all (self->fd, ending, strlen (ending));
  g_task_return_boolean (task, TRUE);
}

typedef struct
{
  Daemon *daemon;
  guint32 uid;
} Querier;

static void
on_queried (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Querier *querier = data;

  g_task_propagate_boolean (G_TASK (result), NULL);
  quotas_give_back (querier->daemon->quotas, querier->uid, QUOTA_KIND_PIPE);
  daemon_release (querier->daemon);
}

/* The answer goes out at once; the records follow through the pipe. */
static void
start_query (Call *call, int fd)
{
  Querier *querier = g_new (Querier, 1);
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_queried, querier);
  Work *work = work_new (call);

  *querier = (Querier){ call->daemon, call->caller->access.uid };
  (void) fcntl (fd, F_SETFL, O_WRONLY | O_NONBLOCK);
  work->fd = fd;
  work->arguments = call_dup_argument (call, 0);
  g_task_set_task_data (task, work, (GDestroyNotify) work_free);
  daemon_hold (call->daemon);
  g_task_run_in_thread (task, query_in_thread);
}

static void
query (Call *call)
{
  AuditFilter filter = AUDIT_FILTER_INIT;
  g_autoptr (GVariant) arguments = call_dup_argument (call, 0);
  Quotas *quotas = call->daemon->quotas;
  guint32 uid = call->caller->access.uid;
  GError *error = NULL;
  int ends[2];

  if (!audit_filter_from_variant (arguments, &filter, &error) || !quotas_take (quotas, uid, QUOTA_KIND_PIPE, &error))
    {
      call_fail (call, error);
      return;
    }
  if (!g_unix_open_pipe (ends, FD_CLOEXEC, &error))
    {
      quotas_give_back (quotas, uid, QUOTA_KIND_PIPE);
      call_fail (call, error);
      return;
    }
  start_query (call, ends[1]);
  call_return_descriptor (call, g_variant_new ("(h)", 0), ends[0]);
}

void
audit_query_log (Call *call)
{
  permit_action (call, ACTION, query);
}
