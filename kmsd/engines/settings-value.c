/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads values of kmsd's groups. */
#include "settings-value.h"

#include "libkms/kms-config-value-private.h"

/* Both NULL where the file says nothing. */
static const char *
find (KmsConfigInfo *info, const char *group, const char *key, const char **origin)
{
  for (guint i = 0; i < kms_config_info_get_n_values (info); i++)
    {
      const char *its_group, *its_key;
      const char *value = kms_config_info_get_nth_value (info, i, &its_group, &its_key, origin);
      if (strcmp (its_group, group) == 0 && strcmp (its_key, key) == 0)
        return value;
    }
  *origin = NULL;
  return NULL;
}

/* Past this, parsing can't fail. FALSE with an error; a value of NULL leaves the default. */
static gboolean
get (KmsConfigInfo *info, const char *group, const char *key, const char **value, GError **error)
{
  const char *origin;

  *value = find (info, group, key, &origin);
  if (*value == NULL || _kms_daemon_value_check (group, key, *value, error))
    return TRUE;
  g_prefix_error (error, "%s: [%s] %s: ", origin, group, key);
  return FALSE;
}

gboolean
settings_read_integer (KmsConfigInfo *info, const char *group, const char *key, gint64 fallback, gint64 *out,
                       GError **error)
{
  const char *value;

  *out = fallback;
  if (!get (info, group, key, &value, error))
    return FALSE;
  return value == NULL || _kms_value_parse_integer (value, G_MININT64, G_MAXINT64, out, error);
}

gboolean
settings_read_boolean (KmsConfigInfo *info, const char *group, const char *key, gboolean fallback, gboolean *out,
                       GError **error)
{
  const char *value;

  *out = fallback;
  if (!get (info, group, key, &value, error))
    return FALSE;
  return value == NULL || _kms_value_parse_boolean (value, out, error);
}

gboolean
settings_read_choice (KmsConfigInfo *info, const char *group, const char *key, const char *choices, int fallback,
                      int *out, GError **error)
{
  const char *value;

  *out = fallback;
  if (!get (info, group, key, &value, error))
    return FALSE;
  if (value != NULL)
    *out = _kms_value_parse_choice (value, choices, error);
  return *out >= 0;
}

char *
settings_dup_path (KmsConfigInfo *info, const char *group, const char *key, GError **error)
{
  const char *value;

  return get (info, group, key, &value, error) ? g_strdup (value) : NULL;
}
