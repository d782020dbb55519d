/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* One table of what buses say, and kmsd for itself and not for a service, with what it means here and what to do about it. */
#include "kmsd-failure.h"

#include <string.h>

#define BUS "org.freedesktop.DBus.Error."
#define ENDING "org.libkms.Kms1.Error.Unavailable.Ending"

typedef struct
{
  const char *name;
  KmsError code;
  gboolean is_loss;
  const char *text; /* "kmsd at PLACE …" */
} Failure;

static const Failure failures[] = {
  { BUS "ServiceUnknown", KMS_ERROR_UNAVAILABLE, FALSE,
    "does not run, and the bus does not start it; is it installed?" },
  { BUS "NameHasNoOwner", KMS_ERROR_UNAVAILABLE, FALSE, "does not run; is it installed?" },
  { BUS "NoReply", KMS_ERROR_UNAVAILABLE, TRUE, "ended before it answered; try again" },
  { BUS "Disconnected", KMS_ERROR_UNAVAILABLE, TRUE, "is gone: the bus ended the connection; try again" },
  { ENDING, KMS_ERROR_UNAVAILABLE, TRUE, "is ending; try again" },
  { BUS "Timeout", KMS_ERROR_TIMED_OUT, FALSE, "did not answer in time" },
  { BUS "TimedOut", KMS_ERROR_TIMED_OUT, FALSE, "did not start or answer in time; its journal may say why" },
  { BUS "AccessDenied", KMS_ERROR_NOT_AUTHORIZED, FALSE, "can't be called: the policy of the bus forbids it" },
  { BUS "AuthFailed", KMS_ERROR_NOT_AUTHORIZED, FALSE, "can't be called: the bus does not know this user" },
  { BUS "LimitsExceeded", KMS_ERROR_QUOTA, FALSE,
    "can't be called: a limit of the bus is reached; end other programs" },
  { BUS "NoMemory", KMS_ERROR_QUOTA, FALSE, "can't be called: the bus has no memory left" },
  { BUS "UnknownObject", KMS_ERROR_NOT_FOUND, FALSE, "has no such object any more; try again" },
  { BUS "UnknownMethod", KMS_ERROR_NOT_SUPPORTED, FALSE, "can't do that: it has another version than this library" },
  { BUS "UnknownInterface", KMS_ERROR_NOT_SUPPORTED, FALSE, "can't do that: it has another version than this library" },
  { BUS "InvalidArgs", KMS_ERROR_NOT_SUPPORTED, FALSE, "can't do that: it has another version than this library" },
  { BUS "InteractiveAuthorizationRequired", KMS_ERROR_NOT_AUTHORIZED_CAN_OBTAIN, FALSE,
    "would ask for a password first, which this program does not allow" },
};

/* What GIO says itself, where nobody on the other side said anything. */
static const struct
{
  GIOErrorEnum code;
  const char *name;
} local_names[] = {
  { G_IO_ERROR_TIMED_OUT, BUS "Timeout" },
  { G_IO_ERROR_CLOSED, BUS "Disconnected" },
  { G_IO_ERROR_BROKEN_PIPE, BUS "Disconnected" },
  { G_IO_ERROR_NOT_CONNECTED, BUS "Disconnected" },
};

static const Failure *
find_failure (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (failures); i++)
    if (g_strcmp0 (failures[i].name, name) == 0)
      return &failures[i];
  return NULL;
}

static char *
dup_name (const GError *error)
{
  if (g_dbus_error_is_remote_error (error))
    return g_dbus_error_get_remote_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (local_names); i++)
    if (g_error_matches (error, G_IO_ERROR, (int) local_names[i].code))
      return g_strdup (local_names[i].name);
  return NULL;
}

static GError *
explain (const KmsdPlace *place, const char *name, const GError *error)
{
  const Failure *failure = find_failure (name);
  g_autofree char *where = kmsd_place_describe (place);

  if (failure != NULL)
    return g_error_new (KMS_ERROR, (int) failure->code, "kmsd at %s %s (%s)", where, failure->text, error->message);
  /* A unit that does not start, a helper that is not there, and what else activation may say. */
  if (name != NULL && g_str_has_prefix (name, BUS "Spawn."))
    return g_error_new (KMS_ERROR, KMS_ERROR_UNAVAILABLE, "kmsd at %s can't be started: %s; its journal may say why",
                        where, error->message);
  return g_error_new (KMS_ERROR, KMS_ERROR_FAILED, "kmsd at %s: %s", where, error->message);
}

GError *
kmsd_failure_of_call (const KmsdPlace *place, GError *error)
{
  g_autoptr (GError) owned = error;
  g_autofree char *name = dup_name (error);
  GError *meant;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return g_steal_pointer (&owned);
  g_dbus_error_strip_remote_error (error);
  meant = name == NULL ? NULL : kms_error_new_named (name, error->message);
  if (meant == NULL)
    meant = explain (place, name, error);
  if (meant->domain == KMS_ERROR)
    kms_error_set_service (meant, 0, name, NULL);
  return meant;
}

GError *
kmsd_failure_of_connection (const KmsdPlace *place, GError *error)
{
  static const char *const advice[] = {
    [KMSD_BUS_SYSTEM] = "is kmsd installed, and does \"systemctl status kmsd.socket\" say that it listens?",
    [KMSD_BUS_SESSION] = "is there a session bus, or without one a kmsd at $XDG_RUNTIME_DIR/kmsd/private?",
    [KMSD_BUS_SOCKET] = "is it the path that kmsd was started with in --private-socket=?",
  };
  g_autoptr (GError) owned = error;
  g_autofree char *where = kmsd_place_describe (place);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return g_steal_pointer (&owned);
  return g_error_new (KMS_ERROR, KMS_ERROR_UNAVAILABLE, "%s can't be reached: %s; %s", where, error->message,
                      advice[place->bus]);
}

gboolean
kmsd_failure_is_loss (const GError *error)
{
  const Failure *failure = find_failure (kms_error_get_service_code (error));
  return failure != NULL && failure->is_loss;
}

gboolean
kmsd_failure_is_ending (const GError *error)
{
  return g_strcmp0 (kms_error_get_service_code (error), ENDING) == 0;
}

gboolean
kmsd_failure_is_no_object (const GError *error)
{
  return g_strcmp0 (kms_error_get_service_code (error), BUS "UnknownObject") == 0;
}
