/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* File monitors for a registry. They start when a source of ours is dispatched, for then a loop runs: a program without
 * one would pay for a thread and inotify, and never hear of anything. Events only say that a look is worth while. */
#include "kms-registry-watch-private.h"

#include "kms-registry-object-private.h"

/* A package manager writes many files in a row. */
#define SETTLE_MS 100

/* Directories that come and go faster than we look; the next event, or the next look-up, goes on from there. */
#define MAX_ROUNDS 16

typedef struct
{
  KmsRegistryWatch *watch;
  char *path;
  GFileMonitor *monitor; /* NULL where there are no more to be had */
  GHashTable *names;     /* NULL: everything in the directory matters */
} Watched;

struct _KmsRegistryWatch
{
  GMainContext *context;
  GWeakRef registry;
  GMutex lock;
  GSource *refresh;     /* waiting for its turn; under the lock */
  gboolean started;     /* a loop has run; under the lock */
  gboolean closed;      /* under the lock */
  GSource *settle;      /* the rest belongs to the context */
  GHashTable *watched;  /* path → Watched */
  gatomicrefcount refs; /* the registry's and the sources' */
};

static void
watch_unref (gpointer data)
{
  KmsRegistryWatch *self = data;

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_hash_table_unref (self->watched);
  g_weak_ref_clear (&self->registry);
  g_main_context_unref (self->context);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static GSource *
attach (KmsRegistryWatch *self, GSource *source, GSourceFunc func)
{
  g_atomic_ref_count_inc (&self->refs);
  g_source_set_callback (source, func, self, watch_unref);
  g_source_attach (source, self->context);
  return source;
}

static void
watched_free (gpointer data)
{
  Watched *self = data;

  if (self->monitor != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->monitor, self);
      g_file_monitor_cancel (self->monitor);
      g_object_unref (self->monitor);
    }
  g_clear_pointer (&self->names, g_hash_table_unref);
  g_free (self->path);
  g_free (self);
}

static gboolean
names_one_of (GFile *file, GHashTable *names)
{
  g_autofree char *name = file == NULL ? NULL : g_file_get_basename (file);

  return name != NULL && g_hash_table_contains (names, name);
}

static gboolean look (gpointer data);

static void
on_event (GFileMonitor *monitor, GFile *file, GFile *other, GFileMonitorEvent event, gpointer data)
{
  Watched *watched = data;
  KmsRegistryWatch *self = watched->watch;
  g_autofree char *path = g_file_get_path (file);
  gboolean is_gone = (event == G_FILE_MONITOR_EVENT_DELETED || event == G_FILE_MONITOR_EVENT_UNMOUNTED)
                     && g_strcmp0 (path, watched->path) == 0;

  if (!is_gone && watched->names != NULL && !names_one_of (file, watched->names)
      && !names_one_of (other, watched->names))
    return;
  if (self->settle == NULL)
    self->settle = attach (self, g_timeout_source_new (SETTLE_MS), look);
  /* A directory of the same name that comes later is another one, which this monitor does not see. */
  if (is_gone)
    g_hash_table_remove (self->watched, path);
}

static gboolean
watch_directory (KmsRegistryWatch *self, const char *path, GHashTable *names)
{
  g_autoptr (GError) error = NULL;
  /* Not the default file system layer of a desktop, which would bring threads and a bus connection with it. */
  g_autoptr (GFile) directory = g_vfs_get_file_for_path (g_vfs_get_local (), path);
  Watched *watched = g_new0 (Watched, 1);

  watched->watch = self;
  watched->path = g_strdup (path);
  watched->names = names == NULL ? NULL : g_hash_table_ref (names);
  watched->monitor = g_file_monitor_directory (directory, G_FILE_MONITOR_WATCH_MOVES, NULL, &error);
  g_hash_table_insert (self->watched, watched->path, watched);
  if (watched->monitor == NULL)
    {
      g_debug ("%s can't be watched: %s; changes are seen when something is looked up", path, error->message);
      return FALSE;
    }
  g_file_monitor_set_rate_limit (watched->monitor, SETTLE_MS);
  g_signal_connect (watched->monitor, "changed", G_CALLBACK (on_event), watched);
  return TRUE;
}

static gboolean
is_unwanted (gpointer path, gpointer watched, gpointer watches)
{
  return !g_hash_table_contains (watches, path);
}

/* Returns whether there is a new monitor: what came before it stood has to be looked for. */
static gboolean
update_monitors (KmsRegistryWatch *self, KmsRegistry *registry)
{
  g_autoptr (GHashTable) watches = _kms_registry_list_watches (registry);
  GHashTableIter iter;
  gpointer path, names;
  gboolean is_new = FALSE;

  g_hash_table_foreach_remove (self->watched, is_unwanted, watches);
  g_hash_table_iter_init (&iter, watches);
  while (g_hash_table_iter_next (&iter, &path, &names))
    {
      Watched *known = g_hash_table_lookup (self->watched, path);
      if (known == NULL)
        {
          is_new = watch_directory (self, path, names) || is_new;
          continue;
        }
      g_clear_pointer (&known->names, g_hash_table_unref);
      known->names = names == NULL ? NULL : g_hash_table_ref (names);
    }
  return is_new;
}

static void
look_until_quiet (KmsRegistryWatch *self)
{
  g_autoptr (KmsRegistry) registry = g_weak_ref_get (&self->registry);

  if (registry == NULL)
    return;
  g_main_context_push_thread_default (self->context);
  for (guint i = 0; i < MAX_ROUNDS && update_monitors (self, registry); i++)
    _kms_registry_look (registry);
  g_main_context_pop_thread_default (self->context);
}

static gboolean
look (gpointer data)
{
  KmsRegistryWatch *self = data;
  g_autoptr (KmsRegistry) registry = g_weak_ref_get (&self->registry);

  g_clear_pointer (&self->settle, g_source_unref);
  if (registry == NULL)
    return G_SOURCE_REMOVE;
  _kms_registry_look (registry);
  look_until_quiet (self);
  return G_SOURCE_REMOVE;
}

static gboolean
refresh (gpointer data)
{
  KmsRegistryWatch *self = data;

  g_mutex_lock (&self->lock);
  g_clear_pointer (&self->refresh, g_source_unref);
  self->started = TRUE;
  g_mutex_unlock (&self->lock);
  look_until_quiet (self);
  return G_SOURCE_REMOVE;
}

KmsRegistryWatch *
_kms_registry_watch_new (KmsRegistry *registry)
{
  KmsRegistryWatch *self = g_new0 (KmsRegistryWatch, 1);

  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  g_weak_ref_init (&self->registry, registry);
  self->watched = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, watched_free);
  self->context = g_main_context_ref_thread_default ();
  _kms_registry_watch_refresh (self);
  return self;
}

void
_kms_registry_watch_refresh (KmsRegistryWatch *self)
{
  g_mutex_lock (&self->lock);
  if (self->refresh == NULL && !self->closed)
    self->refresh = attach (self, g_idle_source_new (), refresh);
  g_mutex_unlock (&self->lock);
}

static gboolean
close_down (gpointer data)
{
  KmsRegistryWatch *self = data;

  g_hash_table_remove_all (self->watched);
  if (self->settle != NULL)
    g_source_destroy (self->settle);
  g_clear_pointer (&self->settle, g_source_unref);
  return G_SOURCE_REMOVE;
}

/* The monitors belong to their context: another thread must not take them away while it delivers an event. */
void
_kms_registry_watch_free (KmsRegistryWatch *self)
{
  g_mutex_lock (&self->lock);
  self->closed = TRUE;
  gboolean started = self->started;
  GSource *waiting = g_steal_pointer (&self->refresh);
  g_mutex_unlock (&self->lock);
  if (waiting != NULL)
    {
      g_source_destroy (waiting);
      g_source_unref (waiting);
    }
  if (started && g_main_context_acquire (self->context))
    {
      close_down (self);
      g_main_context_release (self->context);
    }
  else if (started)
    g_source_unref (attach (self, g_idle_source_new (), close_down));
  watch_unref (self);
}
