/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.freedesktop.systemd1.Manager.GetUnitByPID (org.freedesktop.systemd1(5)), which every user may call. */
#include "units.h"

#include <string.h>

#define NAME "org.freedesktop.systemd1"
#define PATH "/org/freedesktop/systemd1"
#define UNIT_PREFIX PATH "/unit/"

/* The first call of a caller waits so long at most. */
#define TIMEOUT_MS 250
#define SILENCE (60 * G_TIME_SPAN_SECOND)

struct _Units
{
  gatomicrefcount refs; /* the owner's and the questions' */
  GDBusConnection *connection;
  GCancellable *cancellable;
  gint64 silent_until; /* monotonic */
};

typedef struct
{
  Units *units;
  Caller *caller;
  UnitsFunc func;
  gpointer user_data;
} Question;

static void
units_unref (Units *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_object_unref (self->connection);
  g_object_unref (self->cancellable);
  g_free (self);
}

Units *
units_new (GDBusConnection *connection)
{
  Units *self = g_new0 (Units, 1);

  g_atomic_ref_count_init (&self->refs);
  self->connection = g_object_ref (connection);
  self->cancellable = g_cancellable_new ();
  return self;
}

void
units_free (Units *self)
{
  g_cancellable_cancel (self->cancellable);
  units_unref (self);
}

/* sd_bus_path_decode(3): "_2e" is a point. */
static char *
unescape (const char *escaped)
{
  GString *name = g_string_new (NULL);

  for (const char *at = escaped; *at != '\0'; at++)
    if (*at == '_' && g_ascii_isxdigit (at[1]) && g_ascii_isxdigit (at[2]))
      {
        g_string_append_c (name, (char) (g_ascii_xdigit_value (at[1]) * 16 + g_ascii_xdigit_value (at[2])));
        at += 2;
      }
    else
      g_string_append_c (name, *at);
  return g_string_free (name, FALSE);
}

/* A process without a unit is an answer; what keeps us waiting is none. */
static gboolean
is_silent (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED);
}

static void
on_answer (GObject *connection, GAsyncResult *result, gpointer data)
{
  g_autofree Question *self = data;
  g_autoptr (Caller) caller = self->caller;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = g_dbus_connection_call_finish (G_DBUS_CONNECTION (connection), result, &error);
  const char *path = NULL;

  if (answer != NULL)
    g_variant_get (answer, "(&o)", &path);
  if (path != NULL && g_str_has_prefix (path, UNIT_PREFIX))
    caller->unit = unescape (path + strlen (UNIT_PREFIX));
  if (is_silent (error))
    {
      g_debug ("systemd does not tell units: %s", error->message);
      self->units->silent_until = g_get_monotonic_time () + SILENCE;
    }
  self->func (caller, self->user_data);
  units_unref (self->units);
}

void
units_ask (Units *self, Caller *caller, UnitsFunc func, gpointer user_data)
{
  if (self == NULL || caller->pid <= 0 || caller->unit != NULL || g_get_monotonic_time () < self->silent_until)
    {
      func (caller, user_data);
      return;
    }
  Question *question = g_new (Question, 1);
  *question = (Question){ self, caller_ref (caller), func, user_data };
  g_atomic_ref_count_inc (&self->refs);
  g_dbus_connection_call (self->connection, NAME, PATH, NAME ".Manager", "GetUnitByPID",
                          g_variant_new ("(u)", (guint32) caller->pid), G_VARIANT_TYPE ("(o)"),
                          G_DBUS_CALL_FLAGS_NO_AUTO_START, TIMEOUT_MS, self->cancellable, on_answer, question);
}
