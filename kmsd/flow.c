/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counters by user behind one lock: they are taken in the gates' thread, and given back in GDBus's. */
#include "flow.h"

#include "quota.h"

struct _Flows
{
  gatomicrefcount refs;
  GMutex lock;
  GHashTable *users; /* uid → User */
};

typedef struct
{
  guint32 uid;
  guint n_flows;
  guint n_unanswered;
  gsize n_bytes;      /* of those */
  gsize n_buffers;    /* bytes, that GDBus keeps */
  Flow *large;        /* that has a large message on its way to GDBus */
  GPtrArray *waiting; /* of GSource */
} User;

struct _Flow
{
  gatomicrefcount refs;
  Flows *flows;
  User *user;
  GSource *source;        /* NULL after the end */
  GHashTable *unanswered; /* serial → length */
  guint32 large_serial;
  gsize largest;
};

Flows *
flows_new (void)
{
  Flows *self = g_new0 (Flows, 1);

  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  self->users = g_hash_table_new (NULL, NULL);
  return self;
}

void
flows_unref (Flows *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_hash_table_unref (self->users);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static User *
take_user_locked (Flows *self, guint32 uid)
{
  User *user = g_hash_table_lookup (self->users, GUINT_TO_POINTER (uid));

  if (user == NULL)
    {
      user = g_new0 (User, 1);
      user->uid = uid;
      user->waiting = g_ptr_array_new_with_free_func ((GDestroyNotify) g_source_unref);
      g_hash_table_insert (self->users, GUINT_TO_POINTER (uid), user);
    }
  user->n_flows++;
  return user;
}

static void
give_back_user_locked (Flows *self, User *user)
{
  if (--user->n_flows > 0)
    return;
  g_hash_table_remove (self->users, GUINT_TO_POINTER (user->uid));
  g_ptr_array_unref (user->waiting);
  g_free (user);
}

/* Each of them asks again. */
static void
wake_locked (User *user)
{
  for (guint i = 0; i < user->waiting->len; i++)
    g_source_set_ready_time (g_ptr_array_index (user->waiting, i), 0);
  g_ptr_array_set_size (user->waiting, 0);
}

Flow *
flow_new (Flows *flows, guint32 uid, GSource *source)
{
  Flow *self = g_new0 (Flow, 1);

  g_atomic_ref_count_init (&self->refs);
  g_atomic_ref_count_inc (&flows->refs);
  self->flows = flows;
  self->source = source;
  self->unanswered = g_hash_table_new (NULL, NULL);
  g_mutex_lock (&flows->lock);
  self->user = take_user_locked (flows, uid);
  g_mutex_unlock (&flows->lock);
  return self;
}

Flow *
flow_ref (Flow *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
flow_unref (Flow *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  flow_end (self);
  flows_unref (self->flows);
  g_hash_table_unref (self->unanswered);
  g_free (self);
}

static void
answer_locked (Flow *self, guint32 serial)
{
  gpointer length;

  if (!g_hash_table_steal_extended (self->unanswered, GUINT_TO_POINTER (serial), NULL, &length))
    return;
  self->user->n_unanswered--;
  self->user->n_bytes -= GPOINTER_TO_SIZE (length);
  wake_locked (self->user);
}

void
flow_end (Flow *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->flows->lock);
  GHashTableIter iter;
  gpointer length;

  if (self->source == NULL)
    return;
  g_hash_table_iter_init (&iter, self->unanswered);
  while (g_hash_table_iter_next (&iter, NULL, &length))
    self->user->n_bytes -= GPOINTER_TO_SIZE (length);
  self->user->n_unanswered -= g_hash_table_size (self->unanswered);
  g_hash_table_remove_all (self->unanswered);
  self->user->n_buffers -= self->largest;
  if (self->user->large == self)
    self->user->large = NULL;
  g_ptr_array_remove_fast (self->user->waiting, self->source);
  wake_locked (self->user);
  self->source = NULL;
  give_back_user_locked (self->flows, g_steal_pointer (&self->user));
}

/* A user's large messages go one after the other: so many connections read them at the same time, and GDBus's thread, which
 * has them after each other anyway, is never taken for longer than by one of each user. */
static FlowAnswer
decide_locked (Flow *self, guint32 serial, gsize length)
{
  User *user = self->user;
  gboolean is_large = length > LARGE_MESSAGE;

  if (g_hash_table_contains (self->unanswered, GUINT_TO_POINTER (serial)))
    return FLOW_TWICE;
  if (is_large && length > self->largest && length - self->largest > QUOTA_BUFFERS - user->n_buffers)
    return FLOW_FULL;
  if ((is_large && user->large != NULL) || user->n_unanswered >= MAX_UNANSWERED
      || length > MAX_UNANSWERED_BYTES - user->n_bytes)
    return FLOW_WAIT;
  if (is_large)
    {
      user->large = self;
      self->large_serial = serial;
    }
  return FLOW_TAKEN;
}

FlowAnswer
flow_take (Flow *self, guint32 serial, gsize length)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->flows->lock);
  User *user = self->user;
  FlowAnswer answer = decide_locked (self, serial, length);

  if (answer == FLOW_WAIT && !g_ptr_array_find (user->waiting, self->source, NULL))
    g_ptr_array_add (user->waiting, g_source_ref (self->source));
  if (answer != FLOW_TAKEN)
    return answer;
  g_hash_table_insert (self->unanswered, GUINT_TO_POINTER (serial), GSIZE_TO_POINTER (length));
  user->n_unanswered++;
  user->n_bytes += length;
  if (length > LARGE_MESSAGE && length > self->largest)
    {
      user->n_buffers += length - self->largest;
      self->largest = length;
    }
  return answer;
}

static void
note_parsed_locked (Flow *self, guint32 serial)
{
  if (self->source == NULL || self->user->large != self || self->large_serial != serial)
    return;
  self->user->large = NULL;
  wake_locked (self->user);
}

void
flow_note_parsed (Flow *self, guint32 serial)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->flows->lock);

  note_parsed_locked (self, serial);
}

void
flow_note_answered (Flow *self, guint32 serial)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->flows->lock);

  note_parsed_locked (self, serial);
  if (self->source != NULL)
    answer_locked (self, serial);
}

static GDBusMessage *
filter (GDBusConnection *connection, GDBusMessage *message, gboolean incoming, gpointer data)
{
  Flow *self = data;
  guint32 reply_serial = incoming ? 0 : g_dbus_message_get_reply_serial (message);

  if (incoming)
    flow_note_parsed (self, g_dbus_message_get_serial (message));
  else if (reply_serial != 0)
    flow_note_answered (self, reply_serial);
  return message;
}

void
flow_watch (Flow *self, GDBusConnection *connection)
{
  g_dbus_connection_add_filter (connection, filter, flow_ref (self), (GDestroyNotify) flow_unref);
}
