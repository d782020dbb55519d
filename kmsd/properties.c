/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Properties: all read-only, none of them sensitive, and none that a caller does not see who does not see the object. */
#include "properties.h"

#include <string.h>

#include "interfaces.h"
#include "kms-directories.h"

#define INTERFACE_VERSION 1

typedef GVariant *(*GetFunc) (Daemon *daemon, BoxEntry *box);

static GVariant *
get_version (Daemon *daemon, BoxEntry *box)
{
  return g_variant_new_string (KMS_VERSION);
}

static GVariant *
get_interface_version (Daemon *daemon, BoxEntry *box)
{
  return g_variant_new_uint32 (INTERFACE_VERSION);
}

static GVariant *
get_features (Daemon *daemon, BoxEntry *box)
{
  return g_variant_new_strv (NULL, 0);
}

static GVariant *
get_box_name (Daemon *daemon, BoxEntry *box)
{
  return g_variant_new_string (box->name);
}

const char *
box_state_to_string (KmsBoxState state)
{
  static const char *const words[] = {
    [KMS_BOX_STATE_ENABLED] = "enabled",
    [KMS_BOX_STATE_ENCRYPT_ONLY] = "encrypt-only",
    [KMS_BOX_STATE_DISABLED] = "disabled",
  };

  return words[state];
}

static GVariant *
get_box_state (Daemon *daemon, BoxEntry *box)
{
  return g_variant_new_string (box_state_to_string (kms_box_get_state (box->box)));
}

static GVariant *
get_primary_version (Daemon *daemon, BoxEntry *box)
{
  return g_variant_new_uint32 (box->version);
}

static GVariant *
get_required_context (Daemon *daemon, BoxEntry *box)
{
  const char *const *names = kms_box_get_any_context (box->box) ? NULL : kms_box_get_require_context (box->box);
  return g_variant_new_strv (names, names == NULL ? 0 : -1);
}

static GVariant *
get_lockdown_mode (Daemon *daemon, BoxEntry *box)
{
  g_auto (LockdownState) state = { 0 };

  lockdown_store_get (daemon->lockdown, box == NULL ? NULL : box->name, &state);
  return g_variant_new_string (lockdown_mode_to_string (state.mode));
}

static GVariant *
get_lockdown_since (Daemon *daemon, BoxEntry *box)
{
  g_auto (LockdownState) state = { 0 };

  lockdown_store_get (daemon->lockdown, box == NULL ? NULL : box->name, &state);
  return g_variant_new_uint64 ((guint64) state.since_usec);
}

static const struct
{
  const char *interface;
  const char *name;
  GetFunc get;
} properties[] = {
  { "org.libkms.Kms1.Manager", "Version", get_version },
  { "org.libkms.Kms1.Manager", "InterfaceVersion", get_interface_version },
  { "org.libkms.Kms1.Manager", "Features", get_features },
  { "org.libkms.Kms1.Box", "Name", get_box_name },
  { "org.libkms.Kms1.Box", "State", get_box_state },
  { "org.libkms.Kms1.Box", "PrimaryVersion", get_primary_version },
  { "org.libkms.Kms1.Box", "RequiredContext", get_required_context },
  { "org.libkms.Kms1.Lockdown", "Mode", get_lockdown_mode },
  { "org.libkms.Kms1.Lockdown", "Since", get_lockdown_since },
};

GVariant *
property_get (Daemon *daemon, BoxEntry *box, const char *interface, const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (properties); i++)
    if (strcmp (properties[i].name, name) == 0 && strcmp (properties[i].interface, interface) == 0)
      return properties[i].get (daemon, box);
  return NULL;
}

/* GDBus has looked whether the object has that interface and property. */
void
properties_get (Call *call)
{
  const char *interface, *name;

  g_variant_get (g_dbus_method_invocation_get_parameters (call->invocation), "(&s&s)", &interface, &name);
  GVariant *value = property_get (call->daemon, call->box, interface, name);
  if (value == NULL)
    call_fail_new (call, KMS_ERROR_NOT_SUPPORTED, "there is no property %s.%s", interface, name);
  else
    call_return (call, g_variant_new ("(v)", value));
}

void
properties_get_all (Call *call)
{
  const char *interface;
  GVariantBuilder all;

  g_variant_get (g_dbus_method_invocation_get_parameters (call->invocation), "(&s)", &interface);
  const GDBusInterfaceInfo *info = interfaces_find (interface);
  g_variant_builder_init (&all, G_VARIANT_TYPE_VARDICT);
  for (guint i = 0; info != NULL && info->properties != NULL && info->properties[i] != NULL; i++)
    {
      GVariant *value = property_get (call->daemon, call->box, interface, info->properties[i]->name);
      if (value != NULL)
        g_variant_builder_add (&all, "{sv}", info->properties[i]->name, value);
    }
  call_return (call, g_variant_new ("(a{sv})", &all));
}
