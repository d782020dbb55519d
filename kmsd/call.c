/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Method calls: what they came with, and how they are answered. */
#include "call.h"

#include <stdarg.h>
#include <unistd.h>

#include "turns.h"
#include "unsaved.h"

Call *
call_new (Daemon *daemon, GDBusConnection *connection, GDBusMessage *message, const Method *method)
{
  GVariant *body = g_dbus_message_get_body (message);
  Call *self = g_new0 (Call, 1);

  self->daemon = daemon;
  self->connection = g_object_ref (connection);
  self->message = message;
  self->parameters = body != NULL ? g_variant_ref (body) : g_variant_ref_sink (g_variant_new_tuple (NULL, 0));
  self->method = method;
  self->started = g_get_monotonic_time ();
  self->may_interact = (g_dbus_message_get_flags (message) & G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION) != 0;
  daemon_hold (daemon);
  return self;
}

static void
call_free (Call *self)
{
  Daemon *daemon = self->daemon;

  if (self->free_data != NULL)
    self->free_data (self->data);
  if (self->caller != NULL)
    {
      quotas_give_back_many (daemon->quotas, self->caller->access.uid, QUOTA_KIND_BYTES, self->n_bytes);
      quotas_give_back (daemon->quotas, self->caller->access.uid, QUOTA_KIND_CALL);
      if (self->n_locked > 0)
        quotas_give_back_many (daemon->quotas, self->caller->access.uid, QUOTA_KIND_LOCKED, self->n_locked);
      if (self->has_worker)
        quotas_give_back (daemon->quotas, self->caller->access.uid, QUOTA_KIND_WORKER);
      if (self->has_turn)
        turns_give_back (self->caller);
      caller_unref (self->caller);
    }
  g_clear_pointer (&self->box, box_entry_unref);
  g_clear_pointer (&self->provider, kms_config_info_unref);
  g_clear_pointer (&self->options, g_variant_unref);
  g_variant_unref (self->parameters);
  g_object_unref (self->message);
  g_object_unref (self->connection);
  g_clear_pointer (&self->intents, g_ptr_array_unref);
  g_clear_pointer (&self->audit, audit_log_unref);
  g_free (self);
  daemon_release (daemon);
}

/* A call that waits holds its message. */
static gboolean
take_place (Call *self, guint32 uid, GError **error)
{
  gsize n_bytes = g_variant_get_size (self->parameters);
  Quotas *quotas = self->daemon->quotas;

  if (n_bytes > MAX_MESSAGE)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_TOO_LARGE,
                   "the arguments have more than the limit of %d bytes; send several calls", MAX_MESSAGE);
      return FALSE;
    }
  self->n_bytes = (guint) n_bytes;
  if (!quotas_take (quotas, uid, QUOTA_KIND_CALL, error))
    return FALSE;
  if (quotas_take_many (quotas, uid, QUOTA_KIND_BYTES, self->n_bytes, error))
    return TRUE;
  quotas_give_back (quotas, uid, QUOTA_KIND_CALL);
  return FALSE;
}

gboolean
call_set_caller (Call *self, Caller *caller)
{
  GError *error = NULL;

  if (!take_place (self, caller->access.uid, &error))
    {
      call_fail (self, error);
      return FALSE;
    }
  self->caller = caller_ref (caller);
  return TRUE;
}

gboolean
call_take_locked (Call *self, gsize n_bytes, GError **error)
{
  guint n = (guint) MIN (n_bytes, G_MAXUINT / 2);

  if (!quotas_take_many (self->daemon->quotas, self->caller->access.uid, QUOTA_KIND_LOCKED, n, error))
    return FALSE;
  self->n_locked += n;
  return TRUE;
}

gboolean
call_take_room (gsize n_bytes, gpointer call, GError **error)
{
  return call_take_locked (call, n_bytes, error);
}

gboolean
call_take_worker (Call *self, GError **error)
{
  Quotas *quotas = self->daemon->quotas;

  if (self->has_worker)
    return TRUE;
  if (quotas_count (quotas, QUOTA_KIND_WORKER) >= MAX_WORKERS)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_THROTTLED,
                   "kmsd works at %d calls of administration already; wait for one of them to end, then try again",
                   MAX_WORKERS);
      return FALSE;
    }
  self->has_worker = quotas_take (quotas, self->caller->access.uid, QUOTA_KIND_WORKER, error);
  return self->has_worker;
}

gboolean
call_has_too_many_descriptors (Call *self)
{
  GUnixFDList *list = g_dbus_message_get_unix_fd_list (self->message);

  return list != NULL && g_unix_fd_list_get_length (list) > 1;
}

GVariant *
call_dup_argument (Call *self, guint index)
{
  return g_variant_get_child_value (self->parameters, index);
}

int
call_take_descriptor (Call *self, guint index, GError **error)
{
  GUnixFDList *list = g_dbus_message_get_unix_fd_list (self->message);
  g_autoptr (GVariant) handle = call_dup_argument (self, index);
  gint32 at = g_variant_get_handle (handle);
  int n;

  if (list == NULL || at < 0 || at >= g_unix_fd_list_get_length (list))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                   "the message carries no descriptor %d; send the reading end of a pipe with it", at);
      return -1;
    }
  g_autofree int *all = g_unix_fd_list_steal_fds (list, &n);
  for (int i = 0; i < n; i++)
    if (i != at)
      close (all[i]);
  return all[at];
}

/* Takes the reply over. Who left, or wants none, gets none. */
static void
send (GDBusConnection *connection, GDBusMessage *message, GDBusMessage *reply)
{
  g_autoptr (GError) error = NULL;

  if ((g_dbus_message_get_flags (message) & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED) == 0
      && !g_dbus_connection_send_message (connection, reply, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, &error)
      && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    g_warning ("an answer can't be sent: %s", error->message);
  g_object_unref (reply);
}

static void
answer (Call *self, GDBusMessage *reply)
{
  send (self->connection, self->message, reply);
  call_free (self);
}

void
call_turn_away (GDBusConnection *connection, GDBusMessage *message, const char *name, const char *text)
{
  send (connection, message, g_dbus_message_new_method_error_literal (message, name, text));
}

static void
return_with (Call *self, GVariant *parameters, GUnixFDList *descriptors)
{
  GDBusMessage *reply = g_dbus_message_new_method_reply (self->message);

  if (parameters != NULL)
    g_dbus_message_set_body (reply, parameters);
  if (descriptors != NULL)
    g_dbus_message_set_unix_fd_list (reply, descriptors);
  answer (self, reply);
}

void
call_return (Call *self, GVariant *parameters)
{
  return_with (self, parameters, NULL);
}

void
call_return_descriptor (Call *self, GVariant *parameters, int fd)
{
  g_autoptr (GUnixFDList) list = g_unix_fd_list_new_from_array (&fd, 1);

  return_with (self, parameters, list);
}

void
call_fail (Call *self, GError *error)
{
  if (!unsaved_postpone (self, error))
    call_refuse (self, error);
}

void
call_refuse (Call *self, GError *error)
{
  g_autoptr (GError) owned = error;
  g_autofree char *message = g_utf8_make_valid (error->message, -1);

  answer (self, g_dbus_message_new_method_error_literal (self->message, kms_error_get_dbus_name (error), message));
}

void
call_fail_new (Call *self, KmsError code, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  GError *error = g_error_new_valist (KMS_ERROR, (int) code, format, arguments);
  va_end (arguments);
  call_fail (self, error);
}
