/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A filter in GDBus's thread takes the calls that are in order; what is not (no such method, other types, no interface named)
 * goes on to GDBus, which answers it. */
#include "arrivals.h"

#include <string.h>

#include "house.h"
#include "methods.h"
#include "object-path.h"
#include "slice.h"

/* Bytes of arguments: what takes longer is not for the thread that reads for everybody. */
#define MAX_SHORT 16384

typedef struct
{
  GDBusMessage *message;
  const Method *method;
} Arrival;

/* Of one caller; not empty. */
typedef struct
{
  char *sender; /* NULL at a private socket, where there is one */
  GQueue queue; /* of Arrival */
} Lane;

/* The door's, and the filter's, which GDBus may still run when it is removed. */
struct _Arrivals
{
  gatomicrefcount refs;
  GDBusConnection *connection;
  guint filter;
  GSource *source; /* in the main thread */
  ArrivalTestFunc is_alone;
  ArrivalFunc func;
  gpointer user_data;

  GMutex lock; /* for all below */
  gboolean is_closed;
  GQueue lanes;        /* of Lane: the first one's turn is next */
  GHashTable *by_name; /* sender → Lane */
};

static void
arrival_free (Arrival *self)
{
  g_object_unref (self->message);
  g_free (self);
}

static void
lane_free (Lane *self)
{
  g_queue_clear_full (&self->queue, (GDestroyNotify) arrival_free);
  g_free (self->sender);
  g_free (self);
}

static void
unref (gpointer data)
{
  Arrivals *self = data;

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_hash_table_unref (self->by_name);
  g_queue_clear_full (&self->lanes, (GDestroyNotify) lane_free);
  g_mutex_clear (&self->lock);
  g_source_unref (self->source);
  g_free (self);
}

static Lane *
find_lane_locked (Arrivals *self, const char *sender)
{
  const char *name = sender == NULL ? "" : sender;
  Lane *lane = g_hash_table_lookup (self->by_name, name);

  if (lane == NULL)
    {
      lane = g_new0 (Lane, 1);
      lane->sender = g_strdup (name);
      g_queue_init (&lane->queue);
      g_queue_push_tail (&self->lanes, lane);
      g_hash_table_insert (self->by_name, lane->sender, lane);
    }
  return lane;
}

/* FALSE if nobody would come for it. The main thread is woken without the lock, which it takes next. */
static gboolean
put (Arrivals *self, GDBusMessage *message, const Method *method)
{
  Arrival *arrival = g_new (Arrival, 1);

  *arrival = (Arrival){ message, method };
  g_mutex_lock (&self->lock);
  gboolean is_taken = !self->is_closed;
  gboolean is_first = g_queue_is_empty (&self->lanes);
  if (is_taken)
    g_queue_push_tail (&find_lane_locked (self, g_dbus_message_get_sender (message))->queue, arrival);
  g_mutex_unlock (&self->lock);
  if (is_taken && is_first)
    g_source_set_ready_time (self->source, 0);
  if (!is_taken)
    g_free (arrival);
  return is_taken;
}

/* NULL when there is none. */
static Arrival *
take (Arrivals *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  Lane *lane = g_queue_pop_head (&self->lanes);

  if (lane == NULL)
    {
      g_source_set_ready_time (self->source, -1);
      return NULL;
    }
  Arrival *arrival = g_queue_pop_head (&lane->queue);
  if (!g_queue_is_empty (&lane->queue))
    {
      g_queue_push_tail (&self->lanes, lane);
      return arrival;
    }
  g_hash_table_remove (self->by_name, lane->sender);
  lane_free (lane);
  return arrival;
}

/* The source stays ready while something is left. */
static gboolean
run_slice (gpointer data)
{
  Arrivals *self = data;
  gint64 end = g_get_monotonic_time () + SLICE_USEC;
  Arrival *arrival;

  g_atomic_ref_count_inc (&self->refs);
  while (!g_source_is_destroyed (self->source) && (arrival = take (self)) != NULL)
    {
      self->func (arrival->message, arrival->method, self->user_data);
      g_free (arrival);
      if (g_get_monotonic_time () >= end)
        break;
    }
  unref (self);
  return G_SOURCE_CONTINUE;
}

static gboolean
has_arguments (const GDBusMethodInfo *info, const char *signature)
{
  for (guint i = 0; info->in_args != NULL && info->in_args[i] != NULL; i++)
    {
      if (!g_str_has_prefix (signature, info->in_args[i]->signature))
        return FALSE;
      signature += strlen (info->in_args[i]->signature);
    }
  return *signature == '\0';
}

/* NULL for what is GDBus's to answer. */
static const Method *
find_method (GDBusMessage *message)
{
  const char *interface = g_dbus_message_get_interface (message);
  const char *path = g_dbus_message_get_path (message), *name = g_dbus_message_get_member (message);

  if (g_dbus_message_get_message_type (message) != G_DBUS_MESSAGE_TYPE_METHOD_CALL
      || g_strcmp0 (interface, METHODS_BOX) != 0 || name == NULL || path == NULL
      || !g_str_has_prefix (path, OBJECT_BOXES "/") || strchr (path + strlen (OBJECT_BOXES "/"), '/') != NULL)
    return NULL;
  const Method *method = methods_find (interface, name);
  const GDBusMethodInfo *info = method == NULL ? NULL : methods_get_info (method);
  return info != NULL && has_arguments (info, g_dbus_message_get_signature (message)) ? method : NULL;
}

static gboolean
is_short (GDBusMessage *message, const Method *method)
{
  GVariant *body = g_dbus_message_get_body (message);

  return method->is_short && body != NULL && g_variant_get_size (body) <= MAX_SHORT;
}

static gboolean
has_none_waiting (Arrivals *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return !self->is_closed && g_queue_is_empty (&self->lanes);
}

/* In GDBus's thread, as a guest of the main thread. FALSE if the message has to wait for that. */
static gboolean
run_at_once (Arrivals *self, GDBusMessage *message, const Method *method)
{
  if (!is_short (message, method) || !house_enter ())
    return FALSE;
  gboolean is_taken = has_none_waiting (self) && self->is_alone (message, self->user_data);
  if (is_taken)
    self->func (message, method, self->user_data);
  house_leave ();
  return is_taken;
}

static GDBusMessage *
filter (GDBusConnection *connection, GDBusMessage *message, gboolean incoming, gpointer data)
{
  const Method *method = incoming ? find_method (message) : NULL;

  if (method == NULL)
    return message;
  return run_at_once (data, message, method) || put (data, message, method) ? NULL : message;
}

static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  return callback (data);
}

Arrivals *
arrivals_new (GDBusConnection *connection, ArrivalTestFunc is_alone, ArrivalFunc func, gpointer user_data)
{
  static GSourceFuncs funcs = { .dispatch = dispatch };
  Arrivals *self = g_new0 (Arrivals, 1);

  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  g_queue_init (&self->lanes);
  self->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  self->connection = connection;
  self->is_alone = is_alone;
  self->func = func;
  self->user_data = user_data;
  self->source = g_source_new (&funcs, sizeof (GSource));
  g_source_set_callback (self->source, run_slice, self, NULL);
  g_source_attach (self->source, NULL);
  g_atomic_ref_count_inc (&self->refs);
  self->filter = g_dbus_connection_add_filter (connection, filter, self, unref);
  return self;
}

void
arrivals_free (Arrivals *self)
{
  g_dbus_connection_remove_filter (self->connection, self->filter);
  g_mutex_lock (&self->lock);
  self->is_closed = TRUE;
  g_mutex_unlock (&self->lock);
  g_source_destroy (self->source);
  unref (self);
}
