/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looks at all places at once, each in a thread of its own, and gives up what has not answered at the deadline. */
#include "daemon-status.h"

#include "daemon-choice.h"
#include "daemon.h"
#include "describe.h"
#include "kmsd-address.h"
#include "kmsd-link.h"

#define NAME "org.libkms.Kms1"
#define BUS "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"

/* For all places together. */
#define DEADLINE_MS 1000

typedef struct
{
  KmsdPlace place;
  const char *name;
  GAsyncQueue *done;
  GCancellable *cancellable;
  GThread *thread;
  GVariant *answer;
} Look;

static GVariant *
call (GDBusConnection *connection, const char *to, const char *path, const char *interface, const char *method,
      GVariant *parameters, GCancellable *cancellable, GError **error)
{
  return g_dbus_connection_call_sync (connection, to, path, interface, method, parameters, NULL,
                                      G_DBUS_CALL_FLAGS_NO_AUTO_START, DEADLINE_MS, cancellable, error);
}

static char *
find_owner (GDBusConnection *connection, GCancellable *cancellable, GError **error)
{
  g_autoptr (GVariant)
    reply = call (connection, BUS, BUS_PATH, BUS, "GetNameOwner", g_variant_new ("(s)", NAME), cancellable, error);
  char *owner = NULL;

  if (reply != NULL && g_variant_is_of_type (reply, G_VARIANT_TYPE ("(s)")))
    g_variant_get (reply, "(s)", &owner);
  return owner;
}

static gboolean
is_activatable (GDBusConnection *connection, GCancellable *cancellable)
{
  g_autoptr (GVariant) reply = call (connection, BUS, BUS_PATH, BUS, "ListActivatableNames", NULL, cancellable, NULL);
  g_autofree const char **names = NULL;

  if (reply == NULL || !g_variant_is_of_type (reply, G_VARIANT_TYPE ("(as)")))
    return FALSE;
  g_variant_get (reply, "(^a&s)", &names);
  return g_strv_contains (names, NAME);
}

static char *
get_text (GDBusConnection *connection, const char *owner, const char *interface, const char *property,
          GCancellable *cancellable)
{
  g_autoptr (GVariant) reply = call (connection, owner, KMSCTL_MANAGER, "org.freedesktop.DBus.Properties", "Get",
                                     g_variant_new ("(ss)", interface, property), cancellable, NULL);
  g_autoptr (GVariant) value = NULL;

  if (reply == NULL || !g_variant_is_of_type (reply, G_VARIANT_TYPE ("(v)")))
    return NULL;
  g_variant_get (reply, "(v)", &value);
  return g_variant_is_of_type (value, G_VARIANT_TYPE_STRING) ? g_variant_dup_string (value, NULL) : NULL;
}

static void
add_boxes (GDBusConnection *connection, const char *owner, GCancellable *cancellable, KmsctlFields *fields)
{
  g_autoptr (GVariant) reply = call (connection, owner, KMSCTL_MANAGER, NAME ".Manager", "ListBoxes",
                                     g_variant_new ("(@a{sv})", kmsctl_no_options ()), cancellable, NULL);
  g_autoptr (GVariant) boxes = reply == NULL ? NULL : g_variant_get_child_value (reply, 0);

  if (boxes != NULL)
    kmsctl_fields_number (fields, "boxes", (gint64) g_variant_n_children (boxes));
}

static void
describe_running (GDBusConnection *connection, const char *owner, GCancellable *cancellable, KmsctlFields *fields)
{
  g_autofree char *version = get_text (connection, owner, NAME ".Manager", "Version", cancellable);
  g_autofree char *lockdown = get_text (connection, owner, NAME ".Lockdown", "Mode", cancellable);

  kmsctl_fields_text (fields, "state", version == NULL ? "no-answer" : "running");
  kmsctl_fields_text (fields, "version", version);
  kmsctl_fields_text (fields, "lockdown", lockdown);
  if (version != NULL)
    add_boxes (connection, owner, cancellable, fields);
}

static void
describe_on_bus (GDBusConnection *connection, GCancellable *cancellable, KmsctlFields *fields)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *owner = find_owner (connection, cancellable, &error);

  if (owner != NULL)
    describe_running (connection, owner, cancellable, fields);
  else if (!g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER))
    kmsctl_fields_text (fields, "state", "no-answer");
  else
    kmsctl_fields_text (fields, "state", is_activatable (connection, cancellable) ? "activatable" : "not-installed");
}

/* Who connects to a socket of the service manager starts kmsd. Only the system's has one. */
static gboolean
would_start (const KmsdPlace *place, const KmsdAddress *address)
{
  return place->bus == KMSD_BUS_SYSTEM && !address->is_bus;
}

/* FALSE: nobody is there. */
static gboolean
describe_address (const Look *look, const KmsdAddress *address, KmsctlFields *fields)
{
  GDBusConnectionFlags flags = G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT;
  g_autoptr (GError) error = NULL;

  if (would_start (&look->place, address))
    return FALSE;
  if (address->is_bus)
    flags |= G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION;
  g_autoptr (GDBusConnection)
    connection = g_dbus_connection_new_for_address_sync (address->address, flags, NULL, look->cancellable, &error);
  if (connection == NULL && kmsd_address_is_vacant (error))
    return FALSE;
  if (connection == NULL)
    kmsctl_fields_text (fields, "state", "no-answer");
  else if (address->is_bus)
    describe_on_bus (connection, look->cancellable, fields);
  else
    describe_running (connection, NULL, look->cancellable, fields);
  return TRUE;
}

static gpointer
look_in_thread (gpointer data)
{
  Look *look = data;
  g_autoptr (GPtrArray) addresses = kmsd_address_list (&look->place);
  gboolean is_found = FALSE;
  KmsctlFields fields;

  kmsctl_fields_init (&fields);
  kmsctl_fields_text (&fields, "name", look->name);
  for (guint i = 0; i < addresses->len && !is_found; i++)
    is_found = describe_address (look, g_ptr_array_index (addresses, i), &fields);
  if (!is_found)
    kmsctl_fields_text (&fields, "state", look->place.bus == KMSD_BUS_SOCKET ? "not-running" : "no-bus");
  look->answer = g_variant_ref_sink (kmsctl_fields_end (&fields));
  g_async_queue_push (look->done, look);
  return NULL;
}

/* Where no thread can be started, the others' answers are what there is. */
static guint
start (Look *looks, guint n, GAsyncQueue *done, GCancellable *cancellable)
{
  guint n_started = 0;

  for (guint i = 0; i < n; i++)
    {
      looks[i].done = done;
      looks[i].cancellable = cancellable;
      looks[i].thread = g_thread_try_new ("kmsctl-daemons", look_in_thread, &looks[i], NULL);
      n_started += looks[i].thread != NULL;
    }
  return n_started;
}

static void
run (Look *looks, guint n, GVariantBuilder *list)
{
  g_autoptr (GAsyncQueue) done = g_async_queue_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  gint64 end = g_get_monotonic_time () + DEADLINE_MS * 1000;
  guint n_missing = start (looks, n, done, cancellable);

  while (n_missing > 0 && g_async_queue_timeout_pop (done, (guint64) MAX (end - g_get_monotonic_time (), 0)) != NULL)
    n_missing--;
  g_cancellable_cancel (cancellable);
  for (guint i = 0; i < n; i++)
    {
      if (looks[i].thread != NULL)
        g_thread_join (looks[i].thread);
      if (looks[i].answer != NULL)
        g_variant_builder_add_value (list, looks[i].answer);
      g_clear_pointer (&looks[i].answer, g_variant_unref);
    }
}

GVariant *
kmsctl_daemon_status (Kmsctl *self)
{
  g_autoptr (GVariantBuilder) list = kmsctl_list_new ();
  Look both[] = { { .place = { KMSD_BUS_SYSTEM, NULL }, .name = "system" },
                  { .place = { KMSD_BUS_SESSION, NULL }, .name = "session" } };
  g_auto (KmsdPlace) place = { 0 };
  KmsctlChoice choice = kmsctl_get_choice (self);

  if (choice == KMSCTL_DIRECT)
    run (both, G_N_ELEMENTS (both), list);
  else
    {
      kmsctl_daemon_get_place (self, &place);
      Look one = { .place = place, .name = place.socket };
      if (choice != KMSCTL_SOCKET)
        one.name = choice == KMSCTL_SYSTEM ? "system" : "session";
      run (&one, 1, list);
    }
  return g_variant_ref_sink (g_variant_builder_end (list));
}

typedef struct
{
  const char *state;
  KmsSeverity severity;
  const char *finding, *advice;
} Finding;

static const Finding findings[] = {
  { "no-bus", KMS_SEVERITY_INFO, N_ ("there is no bus to find it on"), NULL },
  { "not-installed", KMS_SEVERITY_INFO, N_ ("not installed; keys are used without it"), NULL },
  { "not-running", KMS_SEVERITY_WARNING, N_ ("nobody listens at this socket"),
    N_ ("start kmsd with --private-socket=") },
  { "activatable", KMS_SEVERITY_OK, N_ ("not running; the first call starts it"), NULL },
  { "no-answer", KMS_SEVERITY_WARNING, N_ ("the bus, or kmsd, does not answer"), "journalctl -u kmsd" },
};

static void
diagnose_running (GVariant *daemon, const char *topic, KmsReport *report)
{
  const char *version = "", *lockdown = "normal";

  g_variant_lookup (daemon, "version", "&s", &version);
  g_variant_lookup (daemon, "lockdown", "&s", &lockdown);
  g_autofree char *finding = g_strdup_printf (_ ("version %s runs, lockdown: %s"), version, lockdown);
  if (!g_str_equal (version, kms_get_version ()))
    kms_report_add (report, KMS_SEVERITY_WARNING, topic, finding,
                    _ ("another version than this program; restart it: systemctl try-restart kmsd"));
  else if (!g_str_equal (lockdown, "normal"))
    kms_report_add (report, KMS_SEVERITY_WARNING, topic, finding, "kmsctl lockdown status");
  else
    kms_report_add (report, KMS_SEVERITY_OK, topic, finding, NULL);
}

void
kmsctl_daemon_diagnose (Kmsctl *self, KmsReport *report)
{
  g_autoptr (GVariant) daemons = kmsctl_daemon_status (self);
  GVariantIter iter;
  GVariant *daemon;

  g_variant_iter_init (&iter, daemons);
  while (g_variant_iter_loop (&iter, "@a{sv}", &daemon))
    {
      const char *name = "", *state = "";
      g_variant_lookup (daemon, "name", "&s", &name);
      g_variant_lookup (daemon, "state", "&s", &state);
      g_autofree char *topic = g_strdup_printf ("kmsd (%s)", name);
      if (g_str_equal (state, "running"))
        diagnose_running (daemon, topic, report);
      for (gsize i = 0; i < G_N_ELEMENTS (findings); i++)
        if (g_str_equal (state, findings[i].state))
          kms_report_add (report, findings[i].severity, topic, _ (findings[i].finding),
                          findings[i].advice == NULL ? NULL : _ (findings[i].advice));
    }
}
