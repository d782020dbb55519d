/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* audit tail: records as kmsd writes them. When kmsd goes away it is waited for, and what was missed comes from the log. */
#include <glib-unix.h>
#include <poll.h>
#include <unistd.h>

#include "audit-output.h"
#include "command-groups.h"
#include "daemon.h"
#include "interrupt.h"
#include "kmsd-failure.h"
#include "result.h"

#define NAME "org.libkms.Kms1"
#define BUS "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"
#define BUS_TIMEOUT_MS 25000

/* How often somebody looks whether kmsd is back. */
#define PAUSE_MS 1000

typedef enum {
  TAIL_GOES_ON,
  TAIL_LOST,  /* kmsd, or the bus, is gone */
  TAIL_ENDED, /* interrupted, or nobody reads any more: that is how it ends */
  TAIL_FAILED,
} TailState;

typedef struct
{
  KmsctlAuditOutput output;
  TailState state;
  GError *error;
  char *owner;       /* the unique name of kmsd; NULL at a private socket */
  guint64 last;      /* the highest sequence that was seen */
  guint64 from_log;  /* up to here, records came from the log: what is told of them late is not shown twice */
  gboolean is_known; /* `last` says where to go on */
} Tail;

static gboolean
is_reader_gone (void)
{
  struct pollfd end = { .fd = STDOUT_FILENO };

  return poll (&end, 1, 0) == 1 && (end.revents & (POLLERR | POLLHUP)) != 0;
}

/* Takes the error, which is none where just nobody reads any more. */
static void
fail (Tail *self, GError *error)
{
  if (self->state == TAIL_GOES_ON)
    self->state = is_reader_gone () || g_cancellable_is_cancelled (self->output.kmsctl->cancellable) ? TAIL_ENDED
                                                                                                     : TAIL_FAILED;
  if (self->state == TAIL_FAILED && self->error == NULL)
    self->error = error;
  else
    g_error_free (error);
}

static void
on_event (GDBusConnection *connection, const char *sender, const char *path, const char *interface, const char *signal,
          GVariant *parameters, gpointer data)
{
  Tail *self = data;
  g_autoptr (GVariant) details = NULL;
  const char *json = NULL;
  guint64 sequence;
  GError *error = NULL;

  if (self->state != TAIL_GOES_ON || !g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(ttsssa{sv})")))
    return;
  g_variant_get (parameters, "(ttsss@a{sv})", &sequence, NULL, NULL, NULL, NULL, &details);
  self->last = MAX (self->last, sequence);
  if (sequence <= self->from_log || !g_variant_lookup (details, "json", "&s", &json))
    return;
  if (!kmsctl_audit_output_add (&self->output, json, strlen (json), &error))
    fail (self, error);
}

static void
on_owner_changed (GDBusConnection *connection, const char *sender, const char *path, const char *interface,
                  const char *signal, GVariant *parameters, gpointer data)
{
  Tail *self = data;
  const char *owner;

  g_variant_get (parameters, "(&s&s&s)", NULL, NULL, &owner);
  if (self->state == TAIL_GOES_ON && g_strcmp0 (owner, self->owner) != 0)
    self->state = TAIL_LOST;
}

static void
on_closed (GDBusConnection *connection, gboolean remote, GError *error, gpointer data)
{
  Tail *self = data;

  if (self->state == TAIL_GOES_ON)
    self->state = TAIL_LOST;
}

/* NULL without an error: nobody has the name. Asking starts nobody. */
static char *
find_owner (KmsdLink *link, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
    kmsd_link_get_connection (link), BUS, BUS_PATH, BUS, "GetNameOwner", g_variant_new ("(s)", NAME),
    G_VARIANT_TYPE ("(s)"), G_DBUS_CALL_FLAGS_NONE, BUS_TIMEOUT_MS, cancellable, &local);
  char *owner = NULL;

  if (reply != NULL)
    g_variant_get (reply, "(s)", &owner);
  else if (!g_error_matches (local, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER))
    g_propagate_error (error, g_steal_pointer (&local));
  return owner;
}

/* Where the log ends now: only what comes later is shown. */
static gboolean
find_last (Tail *self, GError **error)
{
  g_autoptr (GVariant) filter = g_variant_ref_sink (g_variant_new_parsed ("@a{sv} {'limit': <@u 1>}"));
  KmsctlAuditOutput silent = { .kmsctl = self->output.kmsctl, .is_stream = TRUE, .is_silent = TRUE };

  if (!kmsctl_audit_print_query (&silent, filter, error))
    return FALSE;
  self->last = MAX (self->last, silent.last);
  self->is_known = TRUE;
  return TRUE;
}

static gboolean
catch_up (Tail *self, GError **error)
{
  g_autoptr (GVariant) filter = g_variant_ref_sink (g_variant_new_parsed ("@a{sv} {'after': <%t>}", self->last));

  self->output.last = self->last;
  if (!kmsctl_audit_print_query (&self->output, filter, error))
    return FALSE;
  self->last = self->from_log = self->output.last;
  return TRUE;
}

static gboolean
subscribe (Tail *self, GError **error)
{
  g_autoptr (GVariant) reply = kmsctl_daemon_call (self->output.kmsctl, KMSCTL_MANAGER, "Audit", "Subscribe",
                                                   g_variant_new ("(@a{sv})", kmsctl_no_options ()), "()", error);

  return reply != NULL && (self->is_known ? catch_up (self, error) : find_last (self, error));
}

static gboolean
on_output (gint fd, GIOCondition condition, gpointer data)
{
  Tail *self = data;

  self->state = TAIL_ENDED;
  return G_SOURCE_REMOVE;
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  Tail *self = data;

  self->state = TAIL_ENDED;
  return G_SOURCE_REMOVE;
}

/* Until something happens. Signals are believed only of the owner that was seen: anybody may send some. */
static void
follow (Tail *self, KmsdLink *link)
{
  GDBusConnection *connection = kmsd_link_get_connection (link);
  GError *error = NULL;
  guint event = g_dbus_connection_signal_subscribe (connection, self->owner, NAME ".Audit", "Event", KMSCTL_MANAGER,
                                                    NULL, G_DBUS_SIGNAL_FLAGS_NO_MATCH_RULE, on_event, self, NULL);
  guint owner = self->owner == NULL
                  ? 0
                  : g_dbus_connection_signal_subscribe (connection, BUS, BUS, "NameOwnerChanged", BUS_PATH, NAME,
                                                        G_DBUS_SIGNAL_FLAGS_NONE, on_owner_changed, self, NULL);
  gulong closed = g_signal_connect (connection, "closed", G_CALLBACK (on_closed), self);

  if (!subscribe (self, &error))
    fail (self, error);
  while (self->state == TAIL_GOES_ON)
    g_main_context_iteration (NULL, TRUE);
  g_signal_handler_disconnect (connection, closed);
  g_dbus_connection_signal_unsubscribe (connection, event);
  if (owner != 0)
    g_dbus_connection_signal_unsubscribe (connection, owner);
}

/* The first time, kmsd is started; later somebody ended it, who may have meant it. FALSE without an error: not there. */
static gboolean
find (Tail *self, gboolean may_start, KmsdLink **link, GError **error)
{
  Kmsctl *kmsctl = self->output.kmsctl;

  g_clear_pointer (&self->owner, g_free);
  *link = kmsctl_daemon_open (kmsctl, error);
  if (*link == NULL || !kmsd_link_is_bus (*link))
    return *link != NULL;
  if (may_start)
    {
      g_autoptr (GVariant) version = kmsctl_daemon_get (kmsctl, KMSCTL_MANAGER, "Manager", "Version", error);
      if (version == NULL)
        return FALSE;
    }
  self->owner = find_owner (*link, kmsctl->cancellable, error);
  return self->owner != NULL;
}

static gboolean
on_timer (gpointer data)
{
  gboolean *is_over = data;

  *is_over = TRUE;
  return G_SOURCE_REMOVE;
}

static void
pause_a_moment (Tail *self)
{
  gboolean is_over = FALSE;
  guint timer = g_timeout_add (PAUSE_MS, on_timer, &is_over);

  while (!is_over && self->state == TAIL_LOST)
    g_main_context_iteration (NULL, TRUE);
  if (!is_over)
    g_source_remove (timer);
}

/* Whatever is said of a kmsd, or of a bus, that is not there: it is not back yet. */
static void
wait_for_return (Tail *self, KmsdLink **link)
{
  kmsctl_note (self->output.kmsctl, _ ("kmsd is gone; waiting for it to come back"));
  while (self->state == TAIL_LOST)
    {
      pause_a_moment (self);
      if (self->state == TAIL_LOST && find (self, FALSE, link, NULL))
        self->state = TAIL_GOES_ON;
    }
  if (self->state == TAIL_GOES_ON)
    kmsctl_note (self->output.kmsctl, _ ("kmsd is back"));
}

static void
run (Tail *self)
{
  KmsdLink *link;
  GError *error = NULL;

  if (!find (self, TRUE, &link, &error))
    {
      fail (self, error != NULL ? error : g_error_new (KMS_ERROR, KMS_ERROR_UNAVAILABLE, _ ("kmsd ended; try again")));
      return;
    }
  while (self->state == TAIL_GOES_ON)
    {
      follow (self, link);
      if (self->state == TAIL_FAILED && kmsd_failure_is_loss (self->error))
        {
          g_clear_error (&self->error);
          self->state = TAIL_LOST;
        }
      if (self->state == TAIL_LOST)
        wait_for_return (self, &link);
    }
}

gboolean
kmsctl_run_audit_tail (Kmsctl *self, GError **error)
{
  Tail tail = { .output = { .kmsctl = self, .is_stream = TRUE },
                .last = kmsctl_count (self, "after", 0),
                .is_known = kmsctl_flag (self, "after") };
  g_autoptr (GSource) cancelled = g_cancellable_source_new (self->cancellable);
  guint output = g_unix_fd_add (STDOUT_FILENO, G_IO_ERR | G_IO_HUP, on_output, &tail);

  g_source_set_callback (cancelled, G_SOURCE_FUNC (on_cancelled), &tail, NULL);
  g_source_attach (cancelled, NULL);
  run (&tail);
  g_source_destroy (cancelled);
  if (g_main_context_find_source_by_id (NULL, output) != NULL)
    g_source_remove (output);
  g_free (tail.owner);
  /* A deadline that passed is told; an interruption is how this command ends. */
  if (tail.error == NULL)
    return !kmsctl_interrupt_is_timed_out () || !g_cancellable_set_error_if_cancelled (self->cancellable, error);
  g_propagate_error (error, tail.error);
  return FALSE;
}
