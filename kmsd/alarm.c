/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* An alert is told to the log, the journal and subscribers, and may stop decryption, for the call that raised it, too. */
#include "alarm.h"

#include "subscribers.h"
#include "trail.h"
#include "unsaved.h"

static void
on_engaged (GObject *source, GAsyncResult *result, gpointer data)
{
  Daemon *self = data;
  g_autoptr (GError) error = NULL;

  if (!lockdown_store_set_finish (self->lockdown, result, &error))
    g_warning ("the lockdown after an alert is not on the disk: %s", error->message);
  unsaved_end (self);
  daemon_release (self);
}

/* It is in force when this returns. What is stricter already stays. */
static void
engage (Daemon *self, const AlertEvent *event, LockdownMode mode, const char *reason)
{
  g_auto (LockdownState) now = { 0 };

  lockdown_store_get (self->lockdown, event->box, &now);
  if (now.mode >= mode)
    return;
  daemon_hold (self);
  unsaved_begin (self);
  lockdown_store_set_async (self->lockdown, event->box, mode, reason, "alert", on_engaged, self);
}

void
alarm_raise (const AlertEvent *event, gpointer data)
{
  static const LockdownMode modes[] = {
    [ALERT_SIGNAL] = LOCKDOWN_NORMAL,
    [ALERT_ENCRYPT_ONLY] = LOCKDOWN_ENCRYPT_ONLY,
    [ALERT_SEALED] = LOCKDOWN_SEALED,
  };
  Daemon *self = data;
  AuditRecord *record = audit_record_new ("alert", AUDIT_OUTCOME_DONE);
  g_autofree char *reason =
    g_strdup_printf ("alert: %s %u times within %u seconds%s", operation_to_string (event->operation), event->count,
                     event->window_seconds, event->is_refused ? ", by who may not" : "");

  g_warning ("%s: %s; action: %s", event->box == NULL ? "all boxes together" : event->box, reason,
             alert_action_to_string (event->action));
  if (modes[event->action] != LOCKDOWN_NORMAL)
    engage (self, event, modes[event->action], reason);
  record->box = g_strdup (event->box);
  record->detail = g_strdup_printf ("%s; action: %s", reason, alert_action_to_string (event->action));
  trail_note (self, record);
  subscribers_tell_alert (self, event);
}
