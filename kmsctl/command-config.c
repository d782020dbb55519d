/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* config show and check. */
#include "command-groups.h"
#include "config-report.h"
#include "describe.h"
#include "probe.h"

static const KmsConfigKind kinds[] = { KMS_CONFIG_KIND_GLOBAL, KMS_CONFIG_KIND_PROVIDER, KMS_CONFIG_KIND_BOX,
                                       KMS_CONFIG_KIND_MODEL };

static gboolean
is_wanted (KmsConfigInfo *info, const char *name)
{
  g_autofree char *file =
    g_strdup_printf ("%s.%s", kms_config_info_get_name (info), kmsctl_kind_to_string (kms_config_info_get_kind (info)));

  return name == NULL || g_str_equal (name, kms_config_info_get_name (info)) || g_str_equal (name, file);
}

/* A model is read when somebody wants it, and so are the boxes that it names. */
static gboolean
check_model (Kmsctl *self, const char *name, GError **error)
{
  g_autoptr (KmsModel) model = kms_registry_dup_model (self->registry, name, error);
  g_auto (GStrv) keys = model == NULL ? NULL : kms_model_list_keys (model);

  for (guint i = 0; keys != NULL && keys[i] != NULL; i++)
    {
      g_autoptr (KmsBox) box = kms_model_dup_key_box (model, keys[i], error);
      if (box == NULL)
        return FALSE;
    }
  return model != NULL;
}

static GVariant *
describe (Kmsctl *self, KmsConfigInfo *info)
{
  KmsctlFields fields;
  const GError *wrong = kms_config_info_get_error (info);
  KmsState state = kms_config_info_get_state (info);
  g_autoptr (GError) wrong_model = NULL;

  if (kms_config_info_get_kind (info) == KMS_CONFIG_KIND_MODEL && wrong == NULL
      && !check_model (self, kms_config_info_get_name (info), &wrong_model))
    {
      wrong = wrong_model;
      state = KMS_STATE_CONFIG_ERROR;
    }
  kmsctl_fields_init (&fields);
  kmsctl_fields_text (&fields, "name", kms_config_info_get_name (info));
  kmsctl_fields_text (&fields, "kind", kmsctl_kind_to_string (kms_config_info_get_kind (info)));
  kmsctl_fields_text (&fields, "state", kms_state_to_string (state));
  kmsctl_fields_text (&fields, "error", wrong == NULL ? NULL : wrong->message);
  kmsctl_fields_texts (&fields, "files", kms_config_info_get_files (info));
  kmsctl_fields_texts (&fields, "warnings", kms_config_info_get_warnings (info));
  kmsctl_fields_variant (&fields, "values", kmsctl_describe_values (info));
  return kmsctl_fields_end (&fields);
}

gboolean
kmsctl_run_config_show (Kmsctl *self, GError **error)
{
  const char *name = kmsctl_argument (self, 0);
  g_autoptr (GVariantBuilder) list = kmsctl_list_new ();
  guint n_shown = 0;

  if (kmsctl_open (self, error) == NULL)
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (GPtrArray) infos = kms_registry_list (self->registry, kinds[i]);
      for (guint j = 0; j < infos->len; j++)
        if (is_wanted (g_ptr_array_index (infos, j), name))
          {
            g_variant_builder_add_value (list, describe (self, g_ptr_array_index (infos, j)));
            n_shown++;
          }
    }
  if (name == NULL || n_shown > 0)
    return kmsctl_print_list (self, "configuration", g_variant_builder_end (list), error);
  g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND,
               _ ("there is no provider, box or model \"%s\"; \"kmsctl config show -q\" lists what there is"), name);
  return FALSE;
}

static void
report_values (KmsReport *report, KmsConfigInfo *info, const char *topic)
{
  const char *const *warnings = kms_config_info_get_warnings (info);

  for (guint i = 0; warnings != NULL && warnings[i] != NULL; i++)
    kms_report_add (report, KMS_SEVERITY_WARNING, topic, warnings[i], NULL);
}

/* The command that mends a state, where there is one. */
static char *
advise (KmsConfigInfo *info)
{
  const char *name = kms_config_info_get_name (info);

  if (kms_config_info_get_kind (info) == KMS_CONFIG_KIND_BOX)
    return g_strdup_printf ("kmsctl box edit %s", name);
  if (kms_config_info_get_state (info) == KMS_STATE_NOT_INSTALLED)
    return g_strdup_printf (_ ("install the package that ships %s"),
                            kms_config_info_get_value (info, "Provider", "Module"));
  const char *const *files = kms_config_info_get_files (info);
  return files == NULL || files[0] == NULL ? NULL : g_strdup_printf (_ ("correct %s"), files[0]);
}

static void
report_info (Kmsctl *self, KmsConfigInfo *info, gboolean load, KmsReport *report)
{
  const char *name = kms_config_info_get_name (info);
  KmsConfigKind kind = kms_config_info_get_kind (info);
  KmsState state = kms_config_info_get_state (info);
  g_autofree char *topic = kind == KMS_CONFIG_KIND_GLOBAL
                             ? g_strdup ("kms.conf")
                             : g_strdup_printf ("%s.%s", name, kmsctl_kind_to_string (kind));
  g_autofree char *advice = advise (info);
  g_autoptr (GError) wrong = NULL;

  if (state == KMS_STATE_DISABLED || state == KMS_STATE_MASKED)
    {
      report_values (report, info, topic);
      kms_report_add (report, KMS_SEVERITY_INFO, topic, kms_state_to_string (state), NULL);
      return;
    }
  if (kms_config_info_get_error (info) != NULL)
    wrong = g_error_copy (kms_config_info_get_error (info));
  else if (kind == KMS_CONFIG_KIND_PROVIDER && load && !kmsctl_probe (self, name, &wrong))
    {
      g_free (advice);
      advice = kmsctl_probe_advise (info);
    }
  else if (kind == KMS_CONFIG_KIND_PROVIDER && load)
    {
      /* Only the module knows its settings. */
      g_autoptr (KmsProvider) provider = kms_registry_dup_provider (self->registry, name, &wrong);
    }
  else if (kind == KMS_CONFIG_KIND_BOX)
    {
      g_autoptr (KmsBox) box = kms_registry_dup_box (self->registry, name, &wrong);
    }
  else if (kind == KMS_CONFIG_KIND_MODEL)
    check_model (self, name, &wrong);
  /* After the loading, which adds what the module alone knows. */
  report_values (report, info, topic);
  if (wrong != NULL)
    kms_report_add (report, KMS_SEVERITY_ERROR, topic, wrong->message, advice);
  else
    kms_report_add (report, KMS_SEVERITY_OK, topic, _ ("right"), NULL);
}

gboolean
kmsctl_report_config (Kmsctl *self, gboolean load, KmsReport *report, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (GPtrArray) infos = kms_registry_list (self->registry, kinds[i]);
      for (guint j = 0; j < infos->len; j++)
        {
          report_info (self, g_ptr_array_index (infos, j), load, report);
          if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
            return FALSE;
        }
    }
  return TRUE;
}

gboolean
kmsctl_run_config_check (Kmsctl *self, GError **error)
{
  g_autoptr (KmsReport) report = kms_report_new ();

  if (kmsctl_open (self, error) == NULL || !kmsctl_report_config (self, !kmsctl_flag (self, "no-load"), report, error))
    return FALSE;
  self->negative = kms_report_get_worst (report) == KMS_SEVERITY_ERROR;
  return kmsctl_print_list (self, "findings", kmsctl_describe_report (report, KMS_SEVERITY_OK), error);
}
