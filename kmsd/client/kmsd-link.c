/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls over a link. They go to the name of the daemon, so that a bus starts it; who answered is seen in the answer. */
#include "kmsd-link-private.h"

#include "kmsd-failure.h"

#define NAME "org.libkms.Kms1"

KmsdLink *
kmsd_link_new (const KmsdPlace *place, GDBusConnection *connection, gboolean is_bus)
{
  KmsdLink *self = g_new0 (KmsdLink, 1);

  g_atomic_ref_count_init (&self->refs);
  kmsd_place_copy (place, &self->place);
  self->connection = connection;
  self->is_bus = is_bus;
  self->boxes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

KmsdLink *
kmsd_link_ref (KmsdLink *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
kmsd_link_unref (KmsdLink *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_object_unref (self->connection);
  g_hash_table_unref (self->boxes);
  kmsd_place_clear (&self->place);
  g_free (self->daemon);
  g_free (self);
}

const KmsdPlace *
kmsd_link_get_place (KmsdLink *self)
{
  return &self->place;
}

gboolean
kmsd_link_is_bus (KmsdLink *self)
{
  return self->is_bus;
}

gboolean
kmsd_link_is_closed (KmsdLink *self)
{
  return g_dbus_connection_is_closed (self->connection);
}

GDBusConnection *
kmsd_link_get_connection (KmsdLink *self)
{
  return self->connection;
}

/* Consumes the parameters. */
static GDBusMessage *
make_message (KmsdLink *self, const KmsdCall *call)
{
  GDBusMessage *message =
    g_dbus_message_new_method_call (self->is_bus ? NAME : NULL, call->path, call->interface, call->method);

  if (call->parameters != NULL)
    g_dbus_message_set_body (message, call->parameters);
  if (call->descriptors != NULL)
    g_dbus_message_set_unix_fd_list (message, call->descriptors);
  if (call->interactive)
    g_dbus_message_set_flags (message, G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION);
  return message;
}

static int
get_timeout (const KmsdCall *call)
{
  return call->timeout_ms < 0 ? G_MAXINT : call->timeout_ms;
}

/* Another daemon than before may call its boxes otherwise. */
static void
note_daemon (KmsdLink *self, GDBusMessage *reply)
{
  const char *sender = g_dbus_message_get_sender (reply);

  if (sender == NULL || sender[0] != ':' || g_strcmp0 (sender, self->daemon) == 0)
    return;
  g_hash_table_remove_all (self->boxes);
  g_free (self->daemon);
  self->daemon = g_strdup (sender);
}

/* NULL with an error of GIO's. */
static GVariant *
read_reply (KmsdLink *self, GDBusMessage *reply, const GVariantType *type, GUnixFDList **out, GError **error)
{
  GVariant *body = g_dbus_message_get_body (reply);
  GUnixFDList *descriptors = g_dbus_message_get_unix_fd_list (reply);

  note_daemon (self, reply);
  if (g_dbus_message_to_gerror (reply, error))
    return NULL;
  g_autoptr (GVariant) answer = g_variant_ref_sink (body != NULL ? body : g_variant_new_tuple (NULL, 0));
  if (type != NULL && !g_variant_is_of_type (answer, type))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED,
                   "it answered with type %.64s: it has another version than this library",
                   g_variant_get_type_string (answer));
      return NULL;
    }
  if (out != NULL)
    *out = descriptors == NULL ? NULL : g_object_ref (descriptors);
  return g_steal_pointer (&answer);
}

/* Takes the error of GIO's. */
static void
fail (KmsdLink *self, GError *local, GError **error)
{
  if (local->domain == KMS_ERROR)
    g_propagate_error (error, local);
  else
    g_propagate_error (error, kmsd_failure_of_call (&self->place, local));
}

GVariant *
kmsd_link_call_sync (KmsdLink *self, const KmsdCall *call, GUnixFDList **out, GCancellable *cancellable, GError **error)
{
  g_autoptr (GDBusMessage) message = make_message (self, call);
  GError *local = NULL;
  g_autoptr (GDBusMessage) reply = g_dbus_connection_send_message_with_reply_sync (
    self->connection, message, G_DBUS_SEND_MESSAGE_FLAGS_NONE, get_timeout (call), NULL, cancellable, &local);
  GVariant *answer = reply == NULL ? NULL : read_reply (self, reply, call->reply, out, &local);

  if (answer == NULL)
    fail (self, local, error);
  return answer;
}

typedef struct
{
  KmsdLink *link;
  GVariantType *reply;
  GUnixFDList *descriptors; /* of the answer */
} Pending;

static void
pending_free (gpointer data)
{
  Pending *self = data;

  kmsd_link_unref (self->link);
  g_clear_pointer (&self->reply, g_variant_type_free);
  g_clear_object (&self->descriptors);
  g_free (self);
}

static void
on_reply (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Pending *self = g_task_get_task_data (task);
  GError *local = NULL;
  GError *error = NULL;
  g_autoptr (GDBusMessage)
    reply = g_dbus_connection_send_message_with_reply_finish (G_DBUS_CONNECTION (source), result, &local);
  GVariant *answer = reply == NULL ? NULL : read_reply (self->link, reply, self->reply, &self->descriptors, &local);

  if (answer != NULL)
    {
      g_task_return_pointer (task, answer, (GDestroyNotify) g_variant_unref);
      return;
    }
  fail (self->link, local, &error);
  g_task_return_error (task, error);
}

void
kmsd_link_call (KmsdLink *self, const KmsdCall *call, GCancellable *cancellable, GAsyncReadyCallback callback,
                gpointer user_data)
{
  g_autoptr (GDBusMessage) message = make_message (self, call);
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  Pending *pending = g_new0 (Pending, 1);

  pending->link = kmsd_link_ref (self);
  pending->reply = call->reply == NULL ? NULL : g_variant_type_copy (call->reply);
  g_task_set_source_tag (task, kmsd_link_call);
  g_task_set_task_data (task, pending, pending_free);
  /* What came is kept, even where somebody cancels at the same moment. */
  g_task_set_check_cancellable (task, FALSE);
  g_dbus_connection_send_message_with_reply (self->connection, message, G_DBUS_SEND_MESSAGE_FLAGS_NONE,
                                             get_timeout (call), NULL, cancellable, on_reply, task);
}

GVariant *
kmsd_link_call_finish (GAsyncResult *result, GUnixFDList **out, GError **error)
{
  Pending *pending = g_task_get_task_data (G_TASK (result));
  GVariant *answer = g_task_propagate_pointer (G_TASK (result), error);

  if (answer != NULL && out != NULL)
    *out = g_steal_pointer (&pending->descriptors);
  return answer;
}
