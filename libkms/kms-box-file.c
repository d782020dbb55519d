/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A box as its file describes it. */
#include "kms-config-info-private.h"
#include "kms-config-value-private.h"
#include "kms-daemon-values-private.h"
#include "kms-error.h"
#include "kms-registry-private.h"

typedef struct
{
  KmsConfigInfo *info;
  KmsBoxBuilder *builder;
} KmsBoxReader;

static const char *
get (KmsBoxReader *self, const char *group, const char *key)
{
  return kms_config_info_get_value (self->info, group, key);
}

/* The place of the word among the choices; `fallback` if the file does not say, -1 with an error. */
static int
read_choice (KmsBoxReader *self, const char *key, const char *choices, int fallback, GError **error)
{
  const char *value = get (self, "Box", key);
  int choice = value == NULL ? fallback : _kms_value_parse_choice (value, choices, error);

  if (choice < 0)
    _kms_config_info_prefix_error (self->info, "Box", key, error);
  return choice;
}

static gboolean
read_options (KmsBoxReader *self, GError **error)
{
  int dialect = read_choice (self, "JsonDialect", "rails|plain|rails81", KMS_JSON_DIALECT_RAILS, error);
  int state = dialect < 0 ? -1
                          : read_choice (self, "State", "enabled|encrypt-only|disabled", KMS_BOX_STATE_ENABLED, error);
  const char *names = get (self, "Box", "RequireContext");

  if (state < 0)
    return FALSE;
  kms_box_builder_set_json_dialect (self->builder, (KmsJsonDialect) dialect, FALSE);
  kms_box_builder_set_state (self->builder, (KmsBoxState) state);
  kms_box_builder_set_description (self->builder, get (self, "Box", "Description"));
  if (names != NULL)
    {
      g_auto (GStrv) list = _kms_value_parse_list (names);
      kms_box_builder_set_require_context (self->builder, (const char *const *) list);
    }
  return TRUE;
}

/* "[Version 2]" → "2" */
static const char *
version_of_group (const char *group)
{
  return g_str_has_prefix (group, "Version ") ? group + strlen ("Version ") : NULL;
}

static gboolean
is_known (const char *group, const char *key)
{
  static const char *const box_keys[] = { "Description", "Version", "RequireContext", "JsonDialect", "State" };

  if (g_str_has_prefix (group, "X-") || g_str_has_prefix (key, "X-") || _kms_daemon_key_is_known (TRUE, group, key))
    return TRUE;
  if (version_of_group (group) != NULL)
    return strcmp (key, "KeyId") == 0 || strcmp (key, "Provider") == 0;
  if (strcmp (group, "Box") != 0)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (box_keys); i++)
    if (strcmp (box_keys[i], key) == 0)
      return TRUE;
  return FALSE;
}

static void
read_versions (KmsBoxReader *self, const char *current)
{
  for (guint i = 0; i < kms_config_info_get_n_values (self->info); i++)
    {
      const char *group, *key;
      const char *value = kms_config_info_get_nth_value (self->info, i, &group, &key, NULL);
      const char *version = version_of_group (group);
      if (version == NULL || strcmp (key, "KeyId") != 0)
        continue;
      if (strcmp (version, current) == 0)
        kms_box_builder_set_key (self->builder, version, value, get (self, group, "Provider"));
      else
        kms_box_builder_add_previous (self->builder, version, value, get (self, group, "Provider"));
    }
}

static void
warn_of_unknown (KmsConfigInfo *info)
{
  for (guint i = 0; i < kms_config_info_get_n_values (info); i++)
    {
      const char *group, *key;
      kms_config_info_get_nth_value (info, i, &group, &key, NULL);
      if (!is_known (group, key))
        _kms_config_info_warn_of (info, group, key, "is not known and has no effect");
    }
}

void
_kms_box_check_config (KmsRegistry *registry, KmsConfigInfo *info)
{
  GError *error = NULL;

  warn_of_unknown (info);
  g_autoptr (KmsBox) box = _kms_box_new_from_config (registry, info, &error);
  if (box == NULL)
    _kms_config_info_fail (info, KMS_STATE_CONFIG_ERROR, error);
}

static gboolean
check_value (KmsConfigInfo *info, guint index, GError **error)
{
  const char *group, *key, *origin;
  const char *value = kms_config_info_get_nth_value (info, index, &group, &key, &origin);
  const char *version = version_of_group (group);

  if (version != NULL && (version[0] == '\0' || strspn (version, "0123456789") != strlen (version)))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, "%s: [%s] is not a version; write [Version 1]", origin, group);
      return FALSE;
    }
  if (!_kms_daemon_key_is_known (TRUE, group, key) || _kms_daemon_value_check (group, key, value, error))
    return TRUE;
  _kms_config_info_prefix_error (info, group, key, error);
  return FALSE;
}

KmsBox *
_kms_box_new_from_config (KmsRegistry *registry, KmsConfigInfo *info, GError **error)
{
  g_autoptr (KmsBoxBuilder) builder = kms_box_builder_new (registry, kms_config_info_get_name (info));
  KmsBoxReader self = { info, builder };
  const char *const *files = kms_config_info_get_files (info);
  const char *current = kms_config_info_get_value (info, "Box", "Version");
  g_autofree char *group = current == NULL ? NULL : g_strconcat ("Version ", current, NULL);

  const char *file = files[0] == NULL ? info->name : files[0];
  if (current == NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG,
                   "%s: [Box] Version= is missing; it names the version that encrypts", file);
      return NULL;
    }
  for (guint i = 0; i < kms_config_info_get_n_values (info); i++)
    if (!check_value (info, i, error))
      return NULL;
  if (kms_config_info_get_value (info, group, "KeyId") == NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, "%s: [Box] Version=%s, but there is no KeyId= in a group [%s]",
                   file, current, group);
      return NULL;
    }
  if (!read_options (&self, error))
    return NULL;
  read_versions (&self, current);
  return kms_box_builder_end (builder, error);
}
