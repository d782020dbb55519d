/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The providers that are configured, as objects. */
#include "providers.h"

#include <string.h>

#include "methods.h"
#include "object-path.h"

static GVariant *
describe_provider (KmsConfigInfo *info)
{
  const char *description = kms_config_info_get_value (info, "Provider", "Description");
  GVariantBuilder fields;

  g_variant_builder_init (&fields, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&fields, "{sv}", "name", g_variant_new_string (kms_config_info_get_name (info)));
  if (description != NULL && g_utf8_validate (description, -1, NULL))
    g_variant_builder_add (&fields, "{sv}", "description", g_variant_new_string (description));
  g_variant_builder_add (&fields, "{sv}", "state",
                         g_variant_new_string (kms_state_to_string (kms_config_info_get_state (info))));
  return g_variant_builder_end (&fields);
}

void
manager_list_providers (Call *call)
{
  g_autoptr (GPtrArray) infos = kms_registry_list (call->daemon->registry, KMS_CONFIG_KIND_PROVIDER);
  GVariantBuilder list;

  g_variant_builder_init (&list, G_VARIANT_TYPE ("a{oa{sv}}"));
  for (guint i = 0; i < infos->len; i++)
    {
      KmsConfigInfo *info = g_ptr_array_index (infos, i);
      g_autofree char *path = object_path_new (OBJECT_PROVIDERS, kms_config_info_get_name (info));
      if (kms_config_info_get_state (info) != KMS_STATE_MASKED)
        g_variant_builder_add (&list, "{o@a{sv}}", path, describe_provider (info));
    }
  call_return (call, g_variant_new ("(a{oa{sv}})", &list));
}

KmsConfigInfo *
providers_find (Daemon *daemon, const char *path)
{
  g_autoptr (GPtrArray) infos = kms_registry_list (daemon->registry, KMS_CONFIG_KIND_PROVIDER);

  for (guint i = 0; i < infos->len; i++)
    {
      KmsConfigInfo *info = g_ptr_array_index (infos, i);
      g_autofree char *its_path = object_path_new (OBJECT_PROVIDERS, kms_config_info_get_name (info));
      if (strcmp (its_path, path) == 0 && kms_config_info_get_state (info) != KMS_STATE_MASKED)
        return kms_config_info_ref (info);
    }
  return NULL;
}
