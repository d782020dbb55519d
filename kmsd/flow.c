/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A bus daemon bounds what its clients may queue; at a private socket there is none. GDBus reads as fast as a peer writes,
 * and keeps all answers that the peer does not read. So calls are counted when they come, and answers when they begin to
 * be written, both in GDBus's own thread; who is too far behind is disconnected. */
#include "flow.h"

#include "quota.h"

struct _Flows
{
  grefcount refs;
  GHashTable *users; /* uid → User */
};

/* Made and freed in the main thread; the number belongs to all threads. */
typedef struct
{
  guint32 uid;
  guint n_connections;
  int n_unanswered; /* atomic */
} User;

/* Of one connection; GDBus's thread's, until there is nothing more to come. */
typedef struct
{
  Flows *flows;
  User *user;
  int n_unanswered;
  gboolean is_closing;
} Flow;

Flows *
flows_new (void)
{
  Flows *self = g_new (Flows, 1);

  g_ref_count_init (&self->refs);
  self->users = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  return self;
}

void
flows_unref (Flows *self)
{
  if (!g_ref_count_dec (&self->refs))
    return;
  g_hash_table_unref (self->users);
  g_free (self);
}

static User *
take_user (Flows *self, guint32 uid)
{
  User *user = g_hash_table_lookup (self->users, GUINT_TO_POINTER (uid));

  if (user == NULL)
    {
      user = g_new0 (User, 1);
      user->uid = uid;
      g_hash_table_insert (self->users, GUINT_TO_POINTER (uid), user);
    }
  user->n_connections++;
  return user;
}

/* What was not answered is dropped with the connection. */
static void
flow_free (gpointer data)
{
  Flow *self = data;
  User *user = self->user;

  g_atomic_int_add (&user->n_unanswered, -self->n_unanswered);
  if (--user->n_connections == 0)
    g_hash_table_remove (self->flows->users, GUINT_TO_POINTER (user->uid));
  flows_unref (self->flows);
  g_free (self);
}

static void
count (Flow *self, int by)
{
  self->n_unanswered += by;
  g_atomic_int_add (&self->user->n_unanswered, by);
}

static void
end (Flow *self, GDBusConnection *connection)
{
  if (self->is_closing)
    return;
  self->is_closing = TRUE;
  g_warning (
    "a private connection of uid %u is closed: more than %d calls wait to be answered, or for the caller to read "
    "the answers",
    self->user->uid, MAX_UNANSWERED);
  g_dbus_connection_close (connection, NULL, NULL, NULL);
}

/* Each is answered, also where nobody wants to know, so that the numbers are right. */
static GDBusMessage *
want_answer (GDBusMessage *message)
{
  GDBusMessageFlags flags = g_dbus_message_get_flags (message);

  if ((flags & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED) == 0)
    return message;
  GDBusMessage *copy = g_dbus_message_copy (message, NULL);
  if (copy != NULL)
    g_dbus_message_set_flags (copy, flags & ~(guint) G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED);
  g_object_unref (message);
  return copy;
}

/* Only calls mean anything here. */
static GDBusMessage *
receive (Flow *self, GDBusConnection *connection, GDBusMessage *message)
{
  gboolean is_call = g_dbus_message_get_message_type (message) == G_DBUS_MESSAGE_TYPE_METHOD_CALL;

  if (is_call && g_atomic_int_get (&self->user->n_unanswered) >= MAX_UNANSWERED)
    end (self, connection);
  if (!is_call || self->is_closing)
    {
      g_object_unref (message);
      return NULL;
    }
  GDBusMessage *wanted = want_answer (message);
  count (self, wanted == NULL ? 0 : 1);
  return wanted;
}

static GDBusMessage *
filter (GDBusConnection *connection, GDBusMessage *message, gboolean incoming, gpointer data)
{
  Flow *self = data;

  if (incoming)
    return receive (self, connection, message);
  if (g_dbus_message_get_reply_serial (message) != 0)
    count (self, -1);
  return message;
}

void
flows_limit (Flows *self, GDBusConnection *connection, guint32 uid)
{
  Flow *flow = g_new0 (Flow, 1);

  g_ref_count_inc (&self->refs);
  flow->flows = self;
  flow->user = take_user (self, uid);
  g_dbus_connection_add_filter (connection, filter, flow, flow_free);
}
