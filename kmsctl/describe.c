/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Turns what the library knows of providers, keys, boxes and findings into results. */
#include "describe.h"

GVariantBuilder *
kmsctl_list_new (void)
{
  return g_variant_builder_new (G_VARIANT_TYPE ("aa{sv}"));
}

const char *
kmsctl_nick (GType type, int value)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (type);
  GEnumValue *found = g_enum_get_value (klass, value);

  return found == NULL ? "unknown" : g_intern_string (found->value_nick);
}

const char *
kmsctl_kind_to_string (KmsConfigKind kind)
{
  return kmsctl_nick (KMS_TYPE_CONFIG_KIND, (int) kind);
}

static void
add_error (KmsctlFields *fields, KmsConfigInfo *info)
{
  const GError *error = kms_config_info_get_error (info);

  if (error != NULL)
    kmsctl_fields_text (fields, "error", error->message);
}

GVariant *
kmsctl_describe_provider (KmsConfigInfo *info)
{
  static const char *const keys[][2] = {
    { "Module", "module" }, { "Prefixes", "prefixes" }, { "Matches", "matches" },
    { "Exact", "exact" },   { "Fallback", "fallback" }, { "Description", "description" },
  };
  KmsctlFields fields;

  kmsctl_fields_init (&fields);
  kmsctl_fields_text (&fields, "name", kms_config_info_get_name (info));
  kmsctl_fields_text (&fields, "state", kms_state_to_string (kms_config_info_get_state (info)));
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    kmsctl_fields_text (&fields, keys[i][1], kms_config_info_get_value (info, "Provider", keys[i][0]));
  add_error (&fields, info);
  return kmsctl_fields_end (&fields);
}

static GVariant *
describe_versions (KmsKey *key)
{
  g_autoptr (GVariantBuilder) list = kmsctl_list_new ();

  for (guint i = 0; i < kms_key_get_n_versions (key); i++)
    {
      KmsctlFields fields;
      KmsKeyState state;
      gint64 created;
      const char *version = kms_key_get_nth_version (key, i, &state, &created);
      kmsctl_fields_init (&fields);
      kmsctl_fields_text (&fields, "version", version);
      kmsctl_fields_text (&fields, "state", kmsctl_nick (KMS_TYPE_KEY_STATE, (int) state));
      kmsctl_fields_time (&fields, "created", created);
      g_variant_builder_add_value (list, kmsctl_fields_end (&fields));
    }
  return g_variant_builder_end (list);
}

GVariant *
kmsctl_describe_key (KmsKey *key, gboolean with_versions)
{
  KmsctlFields fields;
  const char *problem;

  kmsctl_fields_init (&fields);
  kmsctl_fields_text (&fields, "id", kms_key_get_id (key));
  kmsctl_fields_text (&fields, "state", kmsctl_nick (KMS_TYPE_KEY_STATE, (int) kms_key_get_state (key)));
  kmsctl_fields_text (&fields, "version", kms_key_get_version (key));
  kmsctl_fields_time (&fields, "created", kms_key_get_creation_time (key));
  kmsctl_fields_time (&fields, "deleted", kms_key_get_deletion_time (key));
  kmsctl_fields_text (&fields, "description", kms_key_get_description (key));
  if (kms_key_get_details (key) != NULL && g_variant_lookup (kms_key_get_details (key), "problem", "&s", &problem))
    kmsctl_fields_text (&fields, "problem", problem);
  if (with_versions)
    {
      kmsctl_fields_text (&fields, "binding", kmsctl_nick (KMS_TYPE_BINDING, (int) kms_key_get_binding (key)));
      kmsctl_fields_variant (&fields, "details", kms_key_get_details (key));
      kmsctl_fields_variant (&fields, "versions", describe_versions (key));
    }
  return kmsctl_fields_end (&fields);
}

static GVariant *
describe_box_versions (KmsBox *box)
{
  g_autoptr (GVariantBuilder) list = kmsctl_list_new ();
  g_auto (GStrv) versions = kms_box_list_versions (box);

  for (guint i = 0; versions[i] != NULL; i++)
    {
      KmsctlFields fields;
      const char *provider = NULL;
      const char *key_id = kms_box_get_key_id (box, versions[i], &provider);
      kmsctl_fields_init (&fields);
      kmsctl_fields_text (&fields, "version", versions[i]);
      kmsctl_fields_flag (&fields, "current", g_str_equal (versions[i], kms_box_get_version (box)));
      kmsctl_fields_text (&fields, "key_id", key_id);
      kmsctl_fields_text (&fields, "provider", provider);
      g_variant_builder_add_value (list, kmsctl_fields_end (&fields));
    }
  return g_variant_builder_end (list);
}

GVariant *
kmsctl_describe_box (KmsConfigInfo *info, KmsBox *box)
{
  KmsctlFields fields;
  const char *const *names = box == NULL ? NULL : kms_box_get_require_context (box);

  kmsctl_fields_init (&fields);
  kmsctl_fields_text (&fields, "name", kms_config_info_get_name (info));
  kmsctl_fields_text (&fields, "state",
                      box == NULL ? kms_state_to_string (kms_config_info_get_state (info))
                                  : kmsctl_nick (KMS_TYPE_BOX_STATE, (int) kms_box_get_state (box)));
  add_error (&fields, info);
  if (box == NULL)
    return kmsctl_fields_end (&fields);
  kmsctl_fields_text (&fields, "version", kms_box_get_version (box));
  kmsctl_fields_text (&fields, "description", kms_box_get_description (box));
  kmsctl_fields_text (&fields, "json_dialect",
                      kmsctl_nick (KMS_TYPE_JSON_DIALECT, (int) kms_box_get_json_dialect (box)));
  if (names != NULL)
    kmsctl_fields_texts (&fields, "require_context", names);
  kmsctl_fields_texts (&fields, "files", kms_config_info_get_files (info));
  kmsctl_fields_variant (&fields, "versions", describe_box_versions (box));
  return kmsctl_fields_end (&fields);
}

GVariant *
kmsctl_describe_report (KmsReport *report, KmsSeverity least)
{
  g_autoptr (GVariantBuilder) list = kmsctl_list_new ();

  for (guint i = 0; i < kms_report_get_n_findings (report); i++)
    {
      const char *topic, *finding, *advice;
      KmsctlFields fields;
      KmsSeverity severity = kms_report_get_finding (report, i, &topic, &finding, &advice);
      if (severity < least)
        continue;
      kmsctl_fields_init (&fields);
      kmsctl_fields_text (&fields, "severity", kmsctl_nick (KMS_TYPE_SEVERITY, (int) severity));
      kmsctl_fields_text (&fields, "topic", topic);
      kmsctl_fields_text (&fields, "finding", finding);
      kmsctl_fields_text (&fields, "advice", advice);
      g_variant_builder_add_value (list, kmsctl_fields_end (&fields));
    }
  return g_variant_builder_end (list);
}

GVariant *
kmsctl_describe_values (KmsConfigInfo *info)
{
  g_autoptr (GVariantBuilder) list = kmsctl_list_new ();

  for (guint i = 0; i < kms_config_info_get_n_values (info); i++)
    {
      const char *group, *key, *origin;
      KmsctlFields fields;
      const char *value = kms_config_info_get_nth_value (info, i, &group, &key, &origin);
      kmsctl_fields_init (&fields);
      kmsctl_fields_text (&fields, "group", group);
      kmsctl_fields_text (&fields, "key", key);
      kmsctl_fields_text (&fields, "value", value);
      kmsctl_fields_text (&fields, "origin", origin);
      g_variant_builder_add_value (list, kmsctl_fields_end (&fields));
    }
  return g_variant_builder_end (list);
}

GVariant *
kmsctl_describe_settings (KmsConfigInfo *info)
{
  g_autoptr (GVariantBuilder) list = kmsctl_list_new ();

  for (guint i = 0; i < kms_config_info_get_n_settings (info); i++)
    {
      KmsSettingType type;
      const char *default_value, *range, *description;
      KmsctlFields fields;
      const char *name = kms_config_info_get_nth_setting (info, i, &type, &default_value, &range, &description);
      kmsctl_fields_init (&fields);
      kmsctl_fields_text (&fields, "name", name);
      kmsctl_fields_text (&fields, "type", kmsctl_nick (KMS_TYPE_SETTING_TYPE, (int) type));
      kmsctl_fields_text (&fields, "description", description);
      kmsctl_fields_text (&fields, "default", default_value);
      kmsctl_fields_text (&fields, "range", range);
      g_variant_builder_add_value (list, kmsctl_fields_end (&fields));
    }
  return g_variant_builder_end (list);
}
