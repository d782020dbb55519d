/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Configuration is read as a whole, aside, and put in place as a whole. What can't be read leaves everything as it was. */
#include "reload.h"

#include "door.h"
#include "idle.h"
#include "trail.h"

typedef struct
{
  BoxTableOptions options;
  BoxTable *old;
  gboolean read_files; /* FALSE: the registry has them already */
  const DaemonOptions *daemon_options;
  AuditLog *audit; /* that is open, or NULL */
  DaemonSettings settings;
  BoxTable *boxes;
  AuditLog *other_audit; /* in another directory than that, or NULL */
} Reload;

/* Set in a thread while it has the registry read files: what changed then is noticed already. */
static GPrivate is_reading;

static void
reload_free (Reload *self)
{
  g_object_unref (self->options.registry);
  g_clear_pointer (&self->old, box_table_unref);
  g_clear_pointer (&self->boxes, box_table_unref);
  g_clear_pointer (&self->audit, audit_log_unref);
  g_clear_pointer (&self->other_audit, audit_log_unref);
  daemon_settings_clear (&self->settings);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Reload, reload_free)

static Reload *
reload_new (Daemon *daemon, gboolean read_files)
{
  Reload *self = g_new0 (Reload, 1);

  self->options.registry = g_object_ref (daemon->registry);
  self->options.unset = daemon->options->bus == BUS_SYSTEM ? ACCESS_DEFAULT_NOBODY : ACCESS_DEFAULT_OWNER;
  self->options.owner = daemon->uid;
  self->daemon_options = daemon->options;
  self->read_files = read_files;
  return self;
}

/* What is kept where the new one can't be used: as it is when the reading begins, since another may be under way before. */
static void
reload_look (Reload *self, Daemon *daemon)
{
  self->old = daemon->boxes == NULL ? NULL : box_table_ref (daemon->boxes);
  self->audit = daemon->audit == NULL ? NULL : audit_log_ref (daemon->audit);
}

/* A kms.conf with an error is looked up like one without, and the error is told. */
static KmsConfigInfo *
find_conf (KmsRegistry *registry, GError **error)
{
  g_autoptr (GPtrArray) infos = kms_registry_list (registry, KMS_CONFIG_KIND_GLOBAL);
  KmsConfigInfo *info = infos->len == 0 ? NULL : g_ptr_array_index (infos, 0);
  const GError *problem = info == NULL ? NULL : kms_config_info_get_error (info);

  if (info != NULL && problem == NULL)
    return kms_config_info_ref (info);
  if (problem != NULL)
    g_propagate_error (error, g_error_copy (problem));
  else
    g_set_error_literal (error, KMS_ERROR, KMS_ERROR_CONFIG, "the registry has no kms.conf");
  return NULL;
}

static gboolean
read_files (KmsRegistry *registry, GError **error)
{
  g_private_set (&is_reading, GINT_TO_POINTER (TRUE));
  gboolean success = kms_registry_reload (registry, error);
  g_private_set (&is_reading, NULL);
  return success;
}

/* At first the daemon opens it itself, once its state directory is its own. */
static gboolean
open_audit (Reload *self, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (self->audit == NULL)
    return TRUE;
  self->other_audit = trail_open_other (self->daemon_options, &self->settings, self->audit, &local);
  if (local == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static gboolean
reload_run (Reload *self, GError **error)
{
  if (self->read_files && !read_files (self->options.registry, error))
    return FALSE;
  g_autoptr (KmsConfigInfo) conf = find_conf (self->options.registry, error);
  if (conf == NULL || !daemon_settings_read (conf, &self->settings, error))
    return FALSE;
  self->options.allow_insecure = self->settings.allow_insecure;
  self->boxes = box_table_new (&self->options, self->old);
  return open_audit (self, error);
}

static void
set_alerts (Daemon *daemon)
{
  g_autofree const char **names = box_table_list_names (daemon->boxes);

  alert_counters_keep_only (daemon->alerts, names);
  alert_counters_set_limit (daemon->alerts, NULL, &daemon->settings.alert);
  for (guint i = 0; i < box_table_get_n (daemon->boxes); i++)
    {
      BoxEntry *entry = box_table_get (daemon->boxes, i);
      alert_counters_set_limit (daemon->alerts, entry->name, &entry->alert);
    }
}

static void
apply (Daemon *daemon, Reload *reload)
{
  g_clear_pointer (&daemon->boxes, box_table_unref);
  daemon->boxes = g_steal_pointer (&reload->boxes);
  daemon_settings_clear (&daemon->settings);
  daemon->settings = reload->settings;
  reload->settings = (DaemonSettings){ 0 };
  if (daemon->audit != NULL)
    trail_switch (daemon, g_steal_pointer (&reload->other_audit));
  set_alerts (daemon);
  idle_adapt (daemon);
}

static void
tell_door (gpointer door, gpointer unused)
{
  door_emit (door, "BoxesChanged");
  door_emit (door, "ProvidersChanged");
}

static void
run_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;

  if (reload_run (data, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/* One at a time: else an older one could end last. */
static void
run_first (Daemon *self)
{
  GTask *task = g_queue_peek_head (&self->reloads);

  if (task == NULL)
    return;
  reload_look (g_task_get_task_data (task), self);
  g_task_run_in_thread (task, run_in_thread);
}

static void
start (Daemon *self, gboolean read_files, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);

  daemon_hold (self);
  g_task_set_task_data (task, reload_new (self, read_files), (GDestroyNotify) reload_free);
  g_queue_push_tail (&self->reloads, task);
  if (g_queue_get_length (&self->reloads) == 1)
    run_first (self);
}

void
daemon_reload_async (Daemon *self, GAsyncReadyCallback callback, gpointer user_data)
{
  start (self, TRUE, callback, user_data);
}

gboolean
daemon_reload_finish (Daemon *self, GAsyncResult *result, GError **error)
{
  Reload *reload = g_task_get_task_data (G_TASK (result));
  gboolean success = g_task_propagate_boolean (G_TASK (result), error);

  if (success && !self->closing)
    {
      apply (self, reload);
      if (self->bus_door != NULL)
        tell_door (self->bus_door, NULL);
      g_ptr_array_foreach (self->doors, tell_door, NULL);
    }
  g_object_unref (g_queue_pop_head (&self->reloads));
  run_first (self);
  daemon_release (self);
  return success;
}

void
daemon_note_reload (Daemon *self, const char *cause, const GError *error)
{
  AuditRecord *record = audit_record_new ("reload", AUDIT_OUTCOME_DONE);

  record->detail = error == NULL ? g_strdup (cause) : g_strdup_printf ("%s: %s", cause, error->message);
  if (error != NULL)
    {
      g_warning ("the old configuration goes on: %s", error->message);
      audit_record_set_error (record, error);
    }
  trail_note (self, record);
}

static void
on_reloaded (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  daemon_reload_finish (data, result, &error);
  daemon_note_reload (data, "files changed", error);
}

/* One that waits will see this change, too. */
static gboolean
start_after_change (gpointer data)
{
  Daemon *self = data;

  if (!self->closing && g_queue_get_length (&self->reloads) < 2)
    start (self, FALSE, on_reloaded, self);
  return G_SOURCE_REMOVE;
}

/* In any thread: whoever looks something up may be the first to see that the files are others by now. */
static void
on_changed (KmsRegistry *registry, gpointer data)
{
  if (g_private_get (&is_reading) == NULL)
    g_idle_add (start_after_change, data);
}

gboolean
reload_first (Daemon *self, GError **error)
{
  g_autoptr (Reload) reload = reload_new (self, FALSE);

  if (!reload_run (reload, error))
    return FALSE;
  apply (self, reload);
  self->changed_handler = g_signal_connect (self->registry, "changed", G_CALLBACK (on_changed), self);
  return TRUE;
}

void
reload_stop (Daemon *self)
{
  if (self->registry != NULL)
    g_clear_signal_handler (&self->changed_handler, self->registry);
  g_queue_clear_full (&self->reloads, g_object_unref);
}
