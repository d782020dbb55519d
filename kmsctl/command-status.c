/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* status: everything in one screen. */
#include "command-groups.h"
#include "daemon-status.h"
#include "describe.h"

static GVariant *
describe_memory (void)
{
  gsize locked, limit;
  gboolean unlocked;
  KmsctlFields fields;
  /* Nothing is locked before the first secret. */
  g_autoptr (KmsSecret) probe = kms_secret_new_random (32, NULL);

  kms_secret_get_memory (&locked, &limit, &unlocked);
  kmsctl_fields_init (&fields);
  kmsctl_fields_number (&fields, "locked_bytes", (gint64) locked);
  kmsctl_fields_number (&fields, "limit_bytes", (gint64) limit);
  kmsctl_fields_flag (&fields, "unlocked_in_use", unlocked);
  return kmsctl_fields_end (&fields);
}

static GVariant *
describe_directories (Kmsctl *self)
{
  static const KmsConfigKind kinds[] = { KMS_CONFIG_KIND_PROVIDER, KMS_CONFIG_KIND_BOX };
  KmsctlFields fields;

  kmsctl_fields_init (&fields);
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *directory = kms_registry_dup_directory (self->registry, kinds[i]);
      kmsctl_fields_text (&fields, kmsctl_kind_to_string (kinds[i]), directory);
    }
  return kmsctl_fields_end (&fields);
}

/* Only providers that hold keys themselves have a root; to know that, modules that say so must be loaded, and the
 * embedded one is the only one that costs nothing. */
static GVariant *
describe_roots (Kmsctl *self, GPtrArray *infos)
{
  g_autoptr (GVariantBuilder) list = kmsctl_list_new ();

  for (guint i = 0; i < infos->len; i++)
    {
      KmsConfigInfo *info = g_ptr_array_index (infos, i);
      const char *module = kms_config_info_get_value (info, "Provider", "Module");
      KmsState state = kms_config_info_get_state (info);
      if (g_strcmp0 (module, "kms-local.so") != 0 || (state != KMS_STATE_AVAILABLE && state != KMS_STATE_LOADED))
        continue;
      g_autoptr (GError) local = NULL;
      g_autoptr (KmsProvider)
        provider = kms_registry_dup_provider (self->registry, kms_config_info_get_name (info), &local);
      g_autofree char *words = provider == NULL || !KMS_IS_KEY_STORE (provider)
                                 ? NULL
                                 : kms_key_store_describe_root (KMS_KEY_STORE (provider), self->cancellable, &local);
      KmsctlFields fields;
      kmsctl_fields_init (&fields);
      kmsctl_fields_text (&fields, "provider", kms_config_info_get_name (info));
      kmsctl_fields_text (&fields, "root", words != NULL ? words : local != NULL ? local->message : NULL);
      g_variant_builder_add_value (list, kmsctl_fields_end (&fields));
    }
  return g_variant_builder_end (list);
}

static GVariant *
describe_providers (GPtrArray *infos)
{
  g_autoptr (GVariantBuilder) list = kmsctl_list_new ();

  for (guint i = 0; i < infos->len; i++)
    {
      KmsConfigInfo *info = g_ptr_array_index (infos, i);
      const GError *wrong = kms_config_info_get_error (info);
      KmsctlFields fields;
      kmsctl_fields_init (&fields);
      kmsctl_fields_text (&fields, "name", kms_config_info_get_name (info));
      kmsctl_fields_text (&fields, "state", kms_state_to_string (kms_config_info_get_state (info)));
      kmsctl_fields_text (&fields, "description",
                          wrong != NULL ? wrong->message : kms_config_info_get_value (info, "Provider", "Description"));
      g_variant_builder_add_value (list, kmsctl_fields_end (&fields));
    }
  return g_variant_builder_end (list);
}

gboolean
kmsctl_run_status (Kmsctl *self, GError **error)
{
  g_autofree char *abi = g_strdup_printf ("%d.%d", KMS_ABI_MAJOR, KMS_ABI_MINOR);
  KmsctlFields fields;

  if (kmsctl_open (self, error) == NULL)
    return FALSE;
  g_autoptr (GPtrArray) boxes = kms_registry_list (self->registry, KMS_CONFIG_KIND_BOX);
  /* Loaded first, so that the states below are what they are after a use. */
  g_autoptr (GPtrArray) before = kms_registry_list (self->registry, KMS_CONFIG_KIND_PROVIDER);
  g_autoptr (GVariant) roots = g_variant_ref_sink (describe_roots (self, before));
  g_autoptr (GPtrArray) providers = kms_registry_list (self->registry, KMS_CONFIG_KIND_PROVIDER);
  g_autoptr (GVariant) daemons = kmsctl_daemon_status (self);

  kmsctl_fields_init (&fields);
  kmsctl_fields_text (&fields, "library", kms_get_version ());
  kmsctl_fields_text (&fields, "abi", abi);
  kmsctl_fields_number (&fields, "boxes", boxes->len);
  kmsctl_fields_variant (&fields, "daemons", daemons);
  kmsctl_fields_variant (&fields, "memory", describe_memory ());
  kmsctl_fields_variant (&fields, "directories", describe_directories (self));
  kmsctl_fields_variant (&fields, "providers", describe_providers (providers));
  kmsctl_fields_variant (&fields, "roots", roots);
  return kmsctl_print (self, kmsctl_fields_end (&fields), error);
}
