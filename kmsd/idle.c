/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looks now and then whether the daemon has been idle for long enough. */
#include "idle.h"

#include "subscribers.h"

/* Each of these is a reason to stay: NULL if there is none. */
static const char *
find_inhibitor (Daemon *self)
{
  if (self->n_calls > 0)
    return "a call that is not answered";
  if (self->doors->len > 0)
    return "a private connection";
  if (subscribers_has_any (self))
    return "a subscriber to the audit log";
  if (audit_log_get_n_waiting (self->audit) > 0)
    return "records that are not on the disk";
  return NULL;
}

static gboolean
look (gpointer data)
{
  Daemon *self = data;
  guint timeout = self->settings.idle_timeout;
  gint64 idle = g_get_monotonic_time () - self->last_use;

  if (timeout == 0 || self->closing || idle < timeout * G_TIME_SPAN_SECOND)
    return G_SOURCE_CONTINUE;
  const char *inhibitor = find_inhibitor (self);
  if (inhibitor != NULL)
    {
      g_debug ("idle but for %s", inhibitor);
      return G_SOURCE_CONTINUE;
    }
  g_debug ("nobody called for %u seconds", timeout);
  daemon_quit (self, NULL);
  return G_SOURCE_CONTINUE;
}

void
idle_start (Daemon *self)
{
  guint timeout = self->settings.idle_timeout;

  /* A few times within the timeout: waking up each second costs a laptop its sleep. */
  if (self->options->bus == BUS_SESSION)
    self->idle_source = g_timeout_add_seconds (timeout == 0 ? 60 : MAX (timeout / 4, 1), look, self);
}

/* How often is looked depends on the timeout, which may be another one now. */
void
idle_adapt (Daemon *self)
{
  if (self->idle_source == 0)
    return;
  idle_stop (self);
  idle_start (self);
}

void
idle_stop (Daemon *self)
{
  g_clear_handle_id (&self->idle_source, g_source_remove);
}
