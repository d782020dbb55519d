/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.freedesktop.PolicyKit1.Authority, by plain D-Bus calls that nobody waits for. The subject is the bus name: polkit
 * asks the bus daemon who that is, so that no process can slip in between, as one can with a pid. */
#include "polkit.h"

#include <string.h>

#define NAME "org.freedesktop.PolicyKit1"
#define PATH "/org/freedesktop/PolicyKit1/Authority"
#define INTERFACE "org.freedesktop.PolicyKit1.Authority"

#define FLAG_ALLOW_USER_INTERACTION 1

/* A person may look for a password; a polkitd that hangs is another matter. */
#define TIMEOUT_MS 10000
#define INTERACTIVE_TIMEOUT_MS (5 * 60 * 1000)

typedef struct
{
  Call *call;
  GDBusConnection *connection;
  char *action;
  char *cancellation_id;
  PolkitFunc func;
} Question;

static void
question_free (Question *self)
{
  g_object_unref (self->connection);
  g_free (self->action);
  g_free (self->cancellation_id);
  g_free (self);
}

/* The dialogue of who left, or waited too long, is not to stay on the screen. */
static void
withdraw (Question *self)
{
  g_dbus_connection_call (self->connection, NAME, PATH, INTERFACE, "CancelCheckAuthorization",
                          g_variant_new ("(s)", self->cancellation_id), NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START,
                          TIMEOUT_MS, NULL, NULL, NULL);
}

static GError *
explain_refusal (Question *self, gboolean is_challenge, GVariant *details)
{
  guint32 uid = self->call->caller->access.uid;
  const char *dismissed = NULL;

  if (g_variant_lookup (details, "polkit.dismissed", "&s", &dismissed) && strcmp (dismissed, "true") == 0)
    return g_error_new (KMS_ERROR, KMS_ERROR_NOT_AUTHORIZED_DISMISSED, "the authentication for %s was dismissed",
                        self->action);
  if (is_challenge)
    return g_error_new (KMS_ERROR, KMS_ERROR_NOT_AUTHORIZED_CAN_OBTAIN,
                        "uid %u has to authenticate for %s; allow interactive authorization in the message", uid,
                        self->action);
  return g_error_new (KMS_ERROR, KMS_ERROR_NOT_AUTHORIZED, "polkit does not allow uid %u %s", uid, self->action);
}

static GError *
read_answer (Question *self, GVariant *answer, const GError *problem)
{
  gboolean is_authorized = FALSE, is_challenge = FALSE;
  g_autoptr (GVariant) details = NULL;

  if (answer == NULL)
    return g_error_new (KMS_ERROR, KMS_ERROR_NOT_AUTHORIZED, "polkit can't be asked for %s: %s", self->action,
                        problem->message);
  g_variant_get (answer, "((bb@a{ss}))", &is_authorized, &is_challenge, &details);
  return is_authorized ? NULL : explain_refusal (self, is_challenge, details);
}

static void
on_answer (GObject *connection, GAsyncResult *result, gpointer data)
{
  Question *self = data;
  g_autoptr (GError) problem = NULL;
  g_autoptr (GVariant) answer = g_dbus_connection_call_finish (G_DBUS_CONNECTION (connection), result, &problem);
  g_autoptr (GError) error = read_answer (self, answer, problem);

  if (g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_CANCELLED)
      || g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    withdraw (self);
  self->func (self->call, error);
  question_free (self);
}

void
polkit_check (Call *call, const char *action, GVariant *details, PolkitFunc func)
{
  static guint64 last_id = 0;
  Question *self = g_new0 (Question, 1);
  GVariantBuilder subject;

  self->call = call;
  self->connection = g_object_ref (call->connection);
  self->action = g_strdup (action);
  self->cancellation_id = g_strdup_printf ("kmsd-%" G_GUINT64_FORMAT, ++last_id);
  self->func = func;
  g_variant_builder_init (&subject, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&subject, "{sv}", "name", g_variant_new_string (call->caller->unique_name));
  g_dbus_connection_call (
    self->connection, NAME, PATH, INTERFACE, "CheckAuthorization",
    g_variant_new ("((s@a{sv})s@a{ss}us)", "system-bus-name", g_variant_builder_end (&subject), action, details,
                   call->may_interact ? FLAG_ALLOW_USER_INTERACTION : 0, self->cancellation_id),
    G_VARIANT_TYPE ("((bba{ss}))"), G_DBUS_CALL_FLAGS_NONE, call->may_interact ? INTERACTIVE_TIMEOUT_MS : TIMEOUT_MS,
    call->caller->gone, on_answer, self);
}
