/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Configuration is read as a whole, aside, and put in place as a whole. What can't be read leaves everything as it was. */
#include "reload.h"

#include "door.h"

typedef struct
{
  BoxTableOptions options;
  BoxTable *old;
  gboolean read_files; /* FALSE: the registry has them already */
  DaemonSettings settings;
  BoxTable *boxes;
} Reload;

static void
reload_free (Reload *self)
{
  g_object_unref (self->options.registry);
  g_clear_pointer (&self->old, box_table_unref);
  g_clear_pointer (&self->boxes, box_table_unref);
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
  self->old = daemon->boxes == NULL ? NULL : box_table_ref (daemon->boxes);
  self->read_files = read_files;
  return self;
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
reload_run (Reload *self, GError **error)
{
  if (self->read_files && !kms_registry_reload (self->options.registry, error))
    return FALSE;
  g_autoptr (KmsConfigInfo) conf = find_conf (self->options.registry, error);
  if (conf == NULL || !daemon_settings_read (conf, &self->settings, error))
    return FALSE;
  self->options.allow_insecure = self->settings.allow_insecure;
  self->boxes = box_table_new (&self->options, self->old);
  return TRUE;
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
  set_alerts (daemon);
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

static void
start (Daemon *self, gboolean read_files, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);

  daemon_hold (self);
  g_task_set_task_data (task, reload_new (self, read_files), (GDestroyNotify) reload_free);
  g_task_run_in_thread (task, run_in_thread);
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
  daemon_release (self);
  return success;
}

static void
on_reloaded (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (!daemon_reload_finish (data, result, &error))
    g_warning ("the old configuration goes on: %s", error->message);
}

/* Emitted by file monitors here; in a worker thread it is our own reading that notices, which is under way already. */
static void
on_changed (KmsRegistry *registry, gpointer data)
{
  Daemon *self = data;

  if (g_main_context_is_owner (g_main_context_default ()) && !self->closing)
    start (self, FALSE, on_reloaded, self);
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
}
