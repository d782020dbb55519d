/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls to the kmsd that the command line names. */
#include "daemon.h"

#include "agent.h"
#include "daemon-choice.h"
#include "kmsd-link.h"
#include "result.h"

#define PREFIX "org.libkms.Kms1."

/* kmsd answers within its own limits; a person may look for a password. */
#define TIMEOUT_MS 60000
#define INTERACTIVE_TIMEOUT_MS (6 * 60 * 1000)

GVariant *
kmsctl_no_options (void)
{
  return g_variant_new_array (G_VARIANT_TYPE ("{sv}"), NULL, 0);
}

void
kmsctl_daemon_get_place (Kmsctl *self, KmsdPlace *place)
{
  static const KmsdBus buses[] = {
    [KMSCTL_DIRECT] = KMSD_BUS_SYSTEM,
    [KMSCTL_SYSTEM] = KMSD_BUS_SYSTEM,
    [KMSCTL_SESSION] = KMSD_BUS_SESSION,
    [KMSCTL_SOCKET] = KMSD_BUS_SOCKET,
  };

  *place = (KmsdPlace){ buses[kmsctl_get_choice (self)], g_strdup (kmsctl_text (self, "socket")) };
}

KmsdLink *
kmsctl_daemon_open (Kmsctl *self, GError **error)
{
  g_auto (KmsdPlace) place = { 0 };

  if (self->link != NULL && !kmsd_link_is_closed (self->link))
    return self->link;
  if (kmsctl_get_choice (self) == KMSCTL_DIRECT)
    {
      kmsctl_usage_error (error, _ ("--direct: \"kmsctl %s\" is about kmsd: --system, --user or --socket=PATH"),
                          self->command->name);
      return NULL;
    }
  g_clear_pointer (&self->link, kmsd_link_unref);
  kmsctl_daemon_get_place (self, &place);
  self->link = kmsd_link_open (&place, self->cancellable, error);
  return self->link;
}

void
kmsctl_daemon_close (Kmsctl *self)
{
  kmsctl_agent_stop (self);
  g_clear_pointer (&self->link, kmsd_link_unref);
}

gboolean
kmsctl_may_interact (Kmsctl *self)
{
  return !self->no_ask && !self->json;
}

/* A desktop's agent asks at once. Where there is none, polkit says that it would ask, and it gets the one of the
 * terminal. */
static GVariant *
call (Kmsctl *self, KmsdCall *what, GUnixFDList **descriptors, GError **error)
{
  g_autoptr (GVariant) parameters = g_variant_ref_sink (what->parameters);
  g_autoptr (GError) local = NULL;
  KmsdLink *link = kmsctl_daemon_open (self, error);

  if (link == NULL)
    return NULL;
  what->interactive = kmsctl_may_interact (self);
  what->timeout_ms = what->interactive ? INTERACTIVE_TIMEOUT_MS : TIMEOUT_MS;
  GVariant *reply = kmsd_link_call_sync (link, what, descriptors, self->cancellable, &local);
  if (reply == NULL && g_error_matches (local, KMS_ERROR, KMS_ERROR_NOT_AUTHORIZED_CAN_OBTAIN)
      && kmsctl_agent_start (self))
    {
      g_clear_error (&local);
      reply = kmsd_link_call_sync (link, what, descriptors, self->cancellable, &local);
    }
  if (reply == NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return reply;
}

GVariant *
kmsctl_daemon_call (Kmsctl *self, const char *path, const char *interface, const char *method, GVariant *parameters,
                    const char *reply_type, GError **error)
{
  g_autofree char *full = g_strconcat (PREFIX, interface, NULL);
  KmsdCall what = { .path = path,
                    .interface = full,
                    .method = method,
                    .parameters = parameters,
                    .reply = (const GVariantType *) reply_type };

  return call (self, &what, NULL, error);
}

int
kmsctl_daemon_call_for_pipe (Kmsctl *self, const char *path, const char *interface, const char *method,
                             GVariant *parameters, GError **error)
{
  g_autofree char *full = g_strconcat (PREFIX, interface, NULL);
  g_autoptr (GUnixFDList) descriptors = NULL;
  KmsdCall what = {
    .path = path, .interface = full, .method = method, .parameters = parameters, .reply = G_VARIANT_TYPE ("(h)")
  };
  g_autoptr (GVariant) reply = call (self, &what, &descriptors, error);
  gint32 handle;

  if (reply == NULL)
    return -1;
  g_variant_get (reply, "(h)", &handle);
  if (descriptors != NULL && handle >= 0 && handle < g_unix_fd_list_get_length (descriptors))
    return g_unix_fd_list_get (descriptors, handle, error);
  g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED, _ ("kmsd answered %s without a descriptor"), method);
  return -1;
}

GVariant *
kmsctl_daemon_get (Kmsctl *self, const char *path, const char *interface, const char *property, GError **error)
{
  g_autofree char *full = g_strconcat (PREFIX, interface, NULL);
  KmsdCall what = { .path = path,
                    .interface = "org.freedesktop.DBus.Properties",
                    .method = "Get",
                    .parameters = g_variant_new ("(ss)", full, property),
                    .reply = G_VARIANT_TYPE ("(v)") };
  g_autoptr (GVariant) reply = call (self, &what, NULL, error);
  GVariant *value = NULL;

  if (reply != NULL)
    g_variant_get (reply, "(v)", &value);
  return value;
}

char *
kmsctl_daemon_find_box (Kmsctl *self, const char *name, GError **error)
{
  if (name == NULL)
    return g_strdup (KMSCTL_MANAGER);
  KmsdLink *link = kmsctl_daemon_open (self, error);
  if (link == NULL)
    return NULL;
  if (!g_utf8_validate (name, -1, NULL))
    {
      kmsctl_usage_error (error, _ ("the name of a box is UTF-8"));
      return NULL;
    }
  return g_strdup (kmsd_link_lookup_box_sync (link, name, TIMEOUT_MS, self->cancellable, error));
}

GVariant *
kmsctl_daemon_get_box (Kmsctl *self, const char *name, GError **error)
{
  g_autofree char *path = kmsctl_daemon_find_box (self, name, error);
  g_autoptr (GVariant) reply = NULL;

  if (path != NULL)
    reply = kmsctl_daemon_call (self, path, "Box", "GetInfo", g_variant_new ("(@a{sv})", kmsctl_no_options ()),
                                "(a{sv})", error);
  return reply == NULL ? NULL : g_variant_get_child_value (reply, 0);
}
