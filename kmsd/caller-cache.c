/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who stands behind a unique name, asked of the bus daemon once. A unique name is never given to another process, so what
 * is known stays true until the name goes away. */
#include "caller.h"

#include <string.h>

#include "units.h"

/* The bus daemon answers from memory. */
#define ASK_TIMEOUT_MS 10000

typedef struct
{
  CallerFunc func;
  gpointer user_data;
} Waiter;

typedef struct
{
  CallerCache *cache;
  char *unique_name;
  Caller *caller;  /* NULL while others are asked */
  GArray *waiters; /* of Waiter */
} Entry;

struct _CallerCache
{
  GDBusConnection *connection;
  BusKind bus;
  Units *units;        /* borrowed, or NULL */
  GHashTable *entries; /* unique name → Entry */
  GCancellable *cancellable;
  guint subscription;
};

static void
tell (GArray *waiters, Caller *caller, const GError *error)
{
  for (guint i = 0; i < waiters->len; i++)
    {
      Waiter *waiter = &g_array_index (waiters, Waiter, i);
      waiter->func (caller, error, waiter->user_data);
    }
}

static void
entry_free (gpointer data)
{
  Entry *self = data;
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "the caller left the bus");

  if (self->caller != NULL)
    {
      g_cancellable_cancel (self->caller->gone);
      caller_unref (self->caller);
    }
  tell (self->waiters, NULL, error);
  g_array_unref (self->waiters);
  g_free (self->unique_name);
  g_free (self);
}

static void
on_owner_changed (GDBusConnection *connection, const char *sender, const char *path, const char *interface,
                  const char *signal, GVariant *parameters, gpointer data)
{
  CallerCache *self = data;
  const char *name, *old_owner, *new_owner;

  g_variant_get (parameters, "(&s&s&s)", &name, &old_owner, &new_owner);
  if (new_owner[0] == '\0')
    g_hash_table_remove (self->entries, name);
}

CallerCache *
caller_cache_new (GDBusConnection *connection, BusKind bus, Units *units)
{
  CallerCache *self = g_new0 (CallerCache, 1);

  self->connection = g_object_ref (connection);
  self->bus = bus;
  self->units = units;
  self->entries = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, entry_free);
  self->cancellable = g_cancellable_new ();
  /* One for all: a bus daemon lets a connection have so many, and does not say when it has more callers than that. */
  self->subscription = g_dbus_connection_signal_subscribe (connection, "org.freedesktop.DBus", "org.freedesktop.DBus",
                                                           "NameOwnerChanged", "/org/freedesktop/DBus", NULL,
                                                           G_DBUS_SIGNAL_FLAGS_NONE, on_owner_changed, self, NULL);
  return self;
}

void
caller_cache_free (CallerCache *self)
{
  g_dbus_connection_signal_unsubscribe (self->connection, self->subscription);
  g_cancellable_cancel (self->cancellable);
  g_hash_table_unref (self->entries);
  g_object_unref (self->cancellable);
  g_object_unref (self->connection);
  g_free (self);
}

static void
tell_waiters (Entry *entry, const GError *error)
{
  g_autoptr (GArray) waiters = g_steal_pointer (&entry->waiters);
  g_autoptr (Caller) caller = entry->caller == NULL ? NULL : caller_ref (entry->caller);

  entry->waiters = g_array_new (FALSE, FALSE, sizeof (Waiter));
  if (caller == NULL)
    g_hash_table_remove (entry->cache->entries, entry->unique_name);
  tell (waiters, caller, error);
}

static char *
dup_label (GVariantDict *credentials)
{
  g_autoptr (GVariant)
    label = g_variant_dict_lookup_value (credentials, "LinuxSecurityLabel", G_VARIANT_TYPE_BYTESTRING);
  return label == NULL ? NULL : g_strdup (g_variant_get_bytestring (label));
}

/* A bus daemon that does not tell the groups leaves a caller without any: lists of groups let nobody in then. */
static Caller *
make_caller (CallerCache *cache, const char *unique_name, GVariant *answer, GError **error)
{
  g_autoptr (GVariant) dictionary = g_variant_get_child_value (answer, 0);
  g_auto (GVariantDict) credentials = G_VARIANT_DICT_INIT (dictionary);
  g_autoptr (GVariant) groups = g_variant_dict_lookup_value (&credentials, "UnixGroupIDs", G_VARIANT_TYPE ("au"));
  guint32 uid, pid;
  gsize n_gids = 0;

  if (!g_variant_dict_lookup (&credentials, "UnixUserID", "u", &uid) || uid == G_MAXUINT32)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_AUTHORIZED, "the bus daemon does not tell the user of %s",
                   unique_name);
      return NULL;
    }
  Caller *self = g_new0 (Caller, 1);
  g_ref_count_init (&self->refs);
  self->bus = cache->bus;
  self->unique_name = g_strdup (unique_name);
  self->pid = g_variant_dict_lookup (&credentials, "ProcessID", "u", &pid) ? (gint64) pid : -1;
  self->label = dup_label (&credentials);
  self->gone = g_cancellable_new ();
  if (groups != NULL)
    {
      const guint32 *gids = g_variant_get_fixed_array (groups, &n_gids, sizeof (guint32));
      self->gids = g_memdup2 (gids, n_gids * sizeof (guint32));
    }
  self->access =
    (AccessCaller){ .uid = uid, .gids = self->gids, .n_gids = n_gids, .can_ask = cache->bus == BUS_SYSTEM };
  return self;
}

typedef struct
{
  CallerCache *cache; /* not to be touched once its cancellable is */
  GCancellable *cancellable;
  char *unique_name;
} Question;

static void
question_free (Question *self)
{
  g_object_unref (self->cancellable);
  g_free (self->unique_name);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Question, question_free)

/* NULL if nobody wants to know any more. */
static Entry *
find_asked (const Question *question)
{
  Entry *entry = g_cancellable_is_cancelled (question->cancellable)
                   ? NULL
                   : g_hash_table_lookup (question->cache->entries, question->unique_name);
  return entry == NULL || entry->caller != NULL ? NULL : entry;
}

static void
on_unit (Caller *caller, gpointer data)
{
  g_autoptr (Question) question = data;
  Entry *entry = find_asked (question);

  if (entry == NULL)
    return;
  entry->caller = caller_ref (caller);
  tell_waiters (entry, NULL);
}

static void
on_credentials (GObject *connection, GAsyncResult *result, gpointer data)
{
  g_autoptr (Question) question = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = g_dbus_connection_call_finish (G_DBUS_CONNECTION (connection), result, &error);

  Entry *entry = find_asked (question);
  if (entry == NULL)
    return;
  g_autoptr (Caller) caller = answer == NULL ? NULL : make_caller (entry->cache, question->unique_name, answer, &error);
  if (caller == NULL)
    tell_waiters (entry, error);
  else
    units_ask (entry->cache->units, caller, on_unit, g_steal_pointer (&question));
}

static Entry *
ask (CallerCache *self, const char *unique_name)
{
  Entry *entry = g_new0 (Entry, 1);
  Question *question = g_new (Question, 1);

  entry->cache = self;
  entry->unique_name = g_strdup (unique_name);
  entry->waiters = g_array_new (FALSE, FALSE, sizeof (Waiter));
  g_hash_table_insert (self->entries, entry->unique_name, entry);
  *question = (Question){ self, g_object_ref (self->cancellable), g_strdup (unique_name) };
  g_dbus_connection_call (self->connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                          "GetConnectionCredentials", g_variant_new ("(s)", unique_name), G_VARIANT_TYPE ("(a{sv})"),
                          G_DBUS_CALL_FLAGS_NONE, ASK_TIMEOUT_MS, self->cancellable, on_credentials, question);
  return entry;
}

const Caller *
caller_cache_find (CallerCache *self, const char *unique_name)
{
  const Entry *entry = unique_name == NULL ? NULL : g_hash_table_lookup (self->entries, unique_name);

  return entry == NULL ? NULL : entry->caller;
}

void
caller_cache_identify (CallerCache *self, const char *unique_name, CallerFunc func, gpointer user_data)
{
  Entry *entry = g_hash_table_lookup (self->entries, unique_name);

  if (entry != NULL && entry->caller != NULL)
    {
      g_autoptr (Caller) caller = caller_ref (entry->caller);
      func (caller, NULL, user_data);
      return;
    }
  if (entry == NULL)
    entry = ask (self, unique_name);
  Waiter waiter = { func, user_data };
  g_array_append_val (entry->waiters, waiter);
}
