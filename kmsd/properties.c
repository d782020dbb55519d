/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Properties: all read-only, none of them sensitive, and none that a caller does not see who does not see the object. */
#include "properties.h"

#include <string.h>

#include "interfaces.h"
#include "kms-directories.h"

#define INTERFACE_VERSION 1

typedef GVariant *(*GetFunc) (Call *call);

static GVariant *
get_version (Call *call)
{
  return g_variant_new_string (KMS_VERSION);
}

static GVariant *
get_interface_version (Call *call)
{
  return g_variant_new_uint32 (INTERFACE_VERSION);
}

static GVariant *
get_features (Call *call)
{
  static const char *const features[] = { "sealed-memory", "polkit" };

  return g_variant_new_strv (features, call->caller->access.can_ask ? 2 : 1);
}

static GVariant *
get_box_name (Call *call)
{
  return g_variant_new_string (call->box->name);
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
get_box_state (Call *call)
{
  return g_variant_new_string (box_state_to_string (kms_box_get_state (call->box->box)));
}

static GVariant *
get_primary_version (Call *call)
{
  return g_variant_new_uint32 (call->box->version);
}

static GVariant *
get_required_context (Call *call)
{
  const char *const *names = kms_box_get_any_context (call->box->box) ? NULL
                                                                      : kms_box_get_require_context (call->box->box);
  return g_variant_new_strv (names, names == NULL ? 0 : -1);
}

static GVariant *
get_provider_name (Call *call)
{
  return g_variant_new_string (kms_config_info_get_name (call->provider));
}

/* The module's file without what all of them have: "local". */
static GVariant *
get_provider_kind (Call *call)
{
  const char *module = kms_config_info_get_value (call->provider, "Provider", "Module");
  g_autofree char *base = g_path_get_basename (module == NULL ? "unknown" : module);
  const char *start = g_str_has_prefix (base, "kms-") ? base + strlen ("kms-") : base;
  g_autofree char *kind = g_strndup (start, strcspn (start, "."));

  return g_variant_new_take_string (g_utf8_make_valid (kind, -1));
}

static GVariant *
get_provider_state (Call *call)
{
  return g_variant_new_string (kms_state_to_string (kms_config_info_get_state (call->provider)));
}

/* No module is loaded for a property. */
static GVariant *
get_provider_capabilities (Call *call)
{
  static const struct
  {
    KmsCapability capability;
    const char *word;
  } words[] = {
    { KMS_CAPABILITY_ENCRYPT, "encrypt" },
    { KMS_CAPABILITY_DECRYPT, "decrypt" },
    { KMS_CAPABILITY_REWRAP, "rewrap" },
    { KMS_CAPABILITY_INLINE, "inline" },
  };
  gboolean is_loaded = kms_config_info_get_state (call->provider) == KMS_STATE_LOADED;
  g_autoptr (KmsProvider) provider =
    is_loaded ? kms_registry_dup_provider (call->daemon->registry, kms_config_info_get_name (call->provider), NULL)
              : NULL;
  GVariantBuilder list;

  g_variant_builder_init (&list, G_VARIANT_TYPE_STRING_ARRAY);
  for (guint i = 0; provider != NULL && i < G_N_ELEMENTS (words); i++)
    if (kms_provider_get_capabilities (provider) & words[i].capability)
      g_variant_builder_add (&list, "s", words[i].word);
  if (provider != NULL && KMS_IS_KEY_ADMIN (provider))
    g_variant_builder_add (&list, "s", "keys");
  return g_variant_builder_end (&list);
}

static GVariant *
get_lockdown_mode (Call *call)
{
  g_auto (LockdownState) state = { 0 };

  lockdown_store_get (call->daemon->lockdown, call->box == NULL ? NULL : call->box->name, &state);
  return g_variant_new_string (lockdown_mode_to_string (state.mode));
}

static GVariant *
get_lockdown_since (Call *call)
{
  g_auto (LockdownState) state = { 0 };

  lockdown_store_get (call->daemon->lockdown, call->box == NULL ? NULL : call->box->name, &state);
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
  { "org.libkms.Kms1.Provider", "Name", get_provider_name },
  { "org.libkms.Kms1.Provider", "Kind", get_provider_kind },
  { "org.libkms.Kms1.Provider", "State", get_provider_state },
  { "org.libkms.Kms1.Provider", "Capabilities", get_provider_capabilities },
  { "org.libkms.Kms1.Lockdown", "Mode", get_lockdown_mode },
  { "org.libkms.Kms1.Lockdown", "Since", get_lockdown_since },
};

static GVariant *
get_property (Call *call, const char *interface, const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (properties); i++)
    if (strcmp (properties[i].name, name) == 0 && strcmp (properties[i].interface, interface) == 0)
      return properties[i].get (call);
  return NULL;
}

/* GDBus has looked whether the object has that interface and property. */
void
properties_get (Call *call)
{
  const char *interface, *name;

  g_variant_get (call->parameters, "(&s&s)", &interface, &name);
  GVariant *value = get_property (call, interface, name);
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

  g_variant_get (call->parameters, "(&s)", &interface);
  const GDBusInterfaceInfo *info = interfaces_find (interface);
  g_variant_builder_init (&all, G_VARIANT_TYPE_VARDICT);
  for (guint i = 0; info != NULL && info->properties != NULL && info->properties[i] != NULL; i++)
    {
      GVariant *value = get_property (call, interface, info->properties[i]->name);
      if (value != NULL)
        g_variant_builder_add (&all, "{sv}", info->properties[i]->name, value);
    }
  call_return (call, g_variant_new ("(a{sv})", &all));
}
