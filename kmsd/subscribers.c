/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Event and Alert, unicast. */
#include "subscribers.h"

#include "object-path.h"

#define INTERFACE "org.libkms.Kms1.Audit"
#define MAX_SUBSCRIBERS 64

typedef struct
{
  Caller *caller;
  GDBusConnection *connection;
} Subscriber;

static void
subscriber_free (gpointer data)
{
  Subscriber *self = data;

  caller_unref (self->caller);
  g_object_unref (self->connection);
  g_free (self);
}

static void
forget_gone (Daemon *self)
{
  for (guint i = self->subscribers == NULL ? 0 : self->subscribers->len; i > 0; i--)
    {
      Subscriber *subscriber = g_ptr_array_index (self->subscribers, i - 1);
      if (g_cancellable_is_cancelled (subscriber->caller->gone))
        g_ptr_array_remove_index_fast (self->subscribers, i - 1);
    }
}

gboolean
subscribers_add (Daemon *self, Caller *caller, GDBusConnection *connection, GError **error)
{
  subscribers_remove (self, caller);
  if (self->subscribers == NULL)
    self->subscribers = g_ptr_array_new_with_free_func (subscriber_free);
  if (self->subscribers->len >= MAX_SUBSCRIBERS)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_QUOTA, "%d callers listen to the audit log already", MAX_SUBSCRIBERS);
      return FALSE;
    }
  Subscriber *subscriber = g_new (Subscriber, 1);
  *subscriber = (Subscriber){ caller_ref (caller), g_object_ref (connection) };
  g_ptr_array_add (self->subscribers, subscriber);
  return TRUE;
}

void
subscribers_remove (Daemon *self, Caller *caller)
{
  forget_gone (self);
  for (guint i = 0; self->subscribers != NULL && i < self->subscribers->len; i++)
    if (((Subscriber *) g_ptr_array_index (self->subscribers, i))->caller == caller)
      {
        g_ptr_array_remove_index_fast (self->subscribers, i);
        return;
      }
}

static void
tell (Daemon *self, const char *signal, GVariant *parameters)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (parameters);

  for (guint i = 0; i < self->subscribers->len; i++)
    {
      Subscriber *subscriber = g_ptr_array_index (self->subscribers, i);
      g_dbus_connection_emit_signal (subscriber->connection, subscriber->caller->unique_name, OBJECT_MANAGER, INTERFACE,
                                     signal, owned, NULL);
    }
}

gboolean
subscribers_has_any (Daemon *self)
{
  forget_gone (self);
  return self->subscribers != NULL && self->subscribers->len > 0;
}

/* The line as it stands in the log, so that nothing is told that is not there. */
void
subscribers_tell_record (Daemon *self, const AuditRecord *record)
{
  GVariantBuilder details;

  if (!subscribers_has_any (self))
    return;
  g_autoptr (GString) line = g_string_new (NULL);
  audit_record_write (record, line);
  g_string_append_c (line, '}');
  g_variant_builder_init (&details, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&details, "{sv}", "json", g_variant_new_string (line->str));
  tell (self, "Event",
        g_variant_new ("(ttsss@a{sv})", record->sequence, (guint64) record->time_usec, record->operation,
                       record->box == NULL ? "" : record->box, audit_outcome_to_string (record->outcome),
                       g_variant_builder_end (&details)));
}

void
subscribers_tell_alert (Daemon *self, const AlertEvent *event)
{
  if (!subscribers_has_any (self))
    return;
  tell (self, "Alert",
        g_variant_new ("(tssuus)", (guint64) g_get_real_time (), event->box == NULL ? "" : event->box,
                       operation_to_string (event->operation), event->count, event->window_seconds,
                       alert_action_to_string (event->action)));
}
