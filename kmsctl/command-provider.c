/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* provider list, show and check. */
#include "command-groups.h"
#include "describe.h"
#include "probe.h"

gboolean
kmsctl_run_provider_list (Kmsctl *self, GError **error)
{
  g_autoptr (GVariantBuilder) list = kmsctl_list_new ();

  if (kmsctl_open (self, error) == NULL)
    return FALSE;
  g_autoptr (GPtrArray) infos = kms_registry_list (self->registry, KMS_CONFIG_KIND_PROVIDER);
  for (guint i = 0; i < infos->len; i++)
    g_variant_builder_add_value (list, kmsctl_describe_provider (g_ptr_array_index (infos, i)));
  return kmsctl_print_list (self, "providers", g_variant_builder_end (list), error);
}

static void
add_capabilities (KmsctlFields *fields, KmsCapability capabilities)
{
  g_autoptr (GFlagsClass) klass = g_type_class_ref (KMS_TYPE_CAPABILITY);
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  for (guint i = 0; i < klass->n_values; i++)
    if (capabilities & klass->values[i].value)
      g_ptr_array_add (names, (gpointer) klass->values[i].value_nick);
  g_ptr_array_add (names, NULL);
  kmsctl_fields_texts (fields, "capabilities", (const char *const *) names->pdata);
}

gboolean
kmsctl_run_provider_show (Kmsctl *self, GError **error)
{
  const char *name = kmsctl_argument (self, 0);
  g_autoptr (GError) local = NULL;
  KmsctlFields fields;

  if (kmsctl_open (self, error) == NULL)
    return FALSE;
  g_autoptr (KmsConfigInfo) before = kms_registry_lookup (self->registry, KMS_CONFIG_KIND_PROVIDER, name, error);
  if (before == NULL)
    return FALSE;
  /* Loads the module, after which the state is known for certain. */
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider (self->registry, name, &local);
  g_autoptr (KmsConfigInfo) info = kms_registry_lookup (self->registry, KMS_CONFIG_KIND_PROVIDER, name, error);
  if (info == NULL)
    return FALSE;

  kmsctl_fields_init (&fields);
  kmsctl_fields_text (&fields, "name", name);
  kmsctl_fields_text (&fields, "state", kms_state_to_string (kms_config_info_get_state (info)));
  kmsctl_fields_text (&fields, "description", kms_config_info_get_value (info, "Provider", "Description"));
  kmsctl_fields_text (&fields, "module", kms_config_info_get_module_path (info));
  if (local != NULL)
    kmsctl_fields_text (&fields, "error", local->message);
  if (provider != NULL)
    {
      g_autofree char *root = KMS_IS_KEY_STORE (provider)
                                ? kms_key_store_describe_root (KMS_KEY_STORE (provider), self->cancellable, NULL)
                                : NULL;
      add_capabilities (&fields, kms_provider_get_capabilities (provider));
      kmsctl_fields_flag (&fields, "administers_keys", KMS_IS_KEY_ADMIN (provider));
      kmsctl_fields_text (&fields, "root", root);
    }
  kmsctl_fields_texts (&fields, "files", kms_config_info_get_files (info));
  kmsctl_fields_texts (&fields, "warnings", kms_config_info_get_warnings (info));
  kmsctl_fields_variant (&fields, "values", kmsctl_describe_values (info));
  kmsctl_fields_variant (&fields, "settings", kmsctl_describe_settings (info));
  return kmsctl_print (self, kmsctl_fields_end (&fields), error);
}

static void
check_provider (Kmsctl *self, const char *name, KmsReport *report)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (KmsProvider) provider = NULL;
  guint before = kms_report_get_n_findings (report);

  if (!kmsctl_probe (self, name, &local))
    {
      g_autoptr (KmsConfigInfo) info = kms_registry_lookup (self->registry, KMS_CONFIG_KIND_PROVIDER, name, NULL);
      g_autofree char *advice = info == NULL ? NULL : kmsctl_probe_advise (info);
      kms_report_add (report, KMS_SEVERITY_ERROR, name, local->message, advice);
      return;
    }
  provider = kms_registry_dup_provider (self->registry, name, &local);
  if (provider == NULL)
    {
      g_autofree char *advice = g_strdup_printf ("kmsctl provider show %s", name);
      kms_report_add (report, KMS_SEVERITY_ERROR, name, local->message, advice);
      return;
    }
  kms_provider_diagnose (provider, NULL, report, self->cancellable);
  if (kms_report_get_n_findings (report) == before)
    kms_report_add (report, KMS_SEVERITY_OK, name, _ ("the module works; it reports nothing more"), NULL);
}

static void
add_names (Kmsctl *self, GPtrArray *names)
{
  g_autoptr (GPtrArray) infos = kms_registry_list (self->registry, KMS_CONFIG_KIND_PROVIDER);

  for (guint i = 0; i < self->arguments->len; i++)
    g_ptr_array_add (names, g_strdup (kmsctl_argument (self, i)));
  for (guint i = 0; self->arguments->len == 0 && i < infos->len; i++)
    {
      KmsConfigInfo *info = g_ptr_array_index (infos, i);
      KmsState state = kms_config_info_get_state (info);
      if (state != KMS_STATE_DISABLED && state != KMS_STATE_MASKED)
        g_ptr_array_add (names, g_strdup (kms_config_info_get_name (info)));
    }
}

gboolean
kmsctl_run_provider_check (Kmsctl *self, GError **error)
{
  g_autoptr (KmsReport) report = kms_report_new ();
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  if (kmsctl_open (self, error) == NULL)
    return FALSE;
  for (guint i = 0; i < self->arguments->len; i++)
    {
      g_autoptr (KmsConfigInfo)
        info = kms_registry_lookup (self->registry, KMS_CONFIG_KIND_PROVIDER, kmsctl_argument (self, i), error);
      if (info == NULL)
        return FALSE;
    }
  add_names (self, names);
  for (guint i = 0; i < names->len; i++)
    {
      check_provider (self, g_ptr_array_index (names, i), report);
      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;
    }
  self->negative = kms_report_get_worst (report) == KMS_SEVERITY_ERROR;
  return kmsctl_print_list (self, "findings", kmsctl_describe_report (report, KMS_SEVERITY_OK), error);
}
