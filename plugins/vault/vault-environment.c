/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Variables by the clients' rule: OpenBao's name first, Vault's only where that is not set at all. */
#include "vault-environment.h"

#include "vault-values.h"

static char *
read_variable (const char *variable, gpointer data)
{
  return kms_provider_dup_environment (data, variable);
}

void
vault_environment_init (VaultEnvironment *self, KmsProvider *provider)
{
  self->read = read_variable;
  self->data = provider;
}

char *
vault_environment_dup (const VaultEnvironment *self, const char *name, const char **variable)
{
  static const char *const prefixes[] = { "BAO_", "VAULT_" };

  for (guint i = 0; i < G_N_ELEMENTS (prefixes); i++)
    {
      g_autofree char *full = g_strconcat (prefixes[i], name, NULL);
      g_autofree char *value = self->read (full, self->data);
      if (value == NULL)
        continue;
      if (variable != NULL)
        *variable = g_intern_string (full);
      return value[0] != '\0' ? g_steal_pointer (&value) : NULL;
    }
  return NULL;
}

gboolean
vault_environment_get_boolean (const VaultEnvironment *self, const char *name, gboolean *value, const char **variable,
                               GError **error)
{
  const char *found = NULL;
  g_autofree char *text = vault_environment_dup (self, name, &found);

  *value = FALSE;
  if (text == NULL)
    return TRUE;
  if (variable != NULL)
    *variable = found;
  if (vault_parse_boolean (text, value, error))
    return TRUE;
  g_prefix_error (error, "the variable %s ", found);
  return FALSE;
}

gboolean
vault_environment_get_milliseconds (const VaultEnvironment *self, const char *name, gint64 *value, GError **error)
{
  const char *found = NULL;
  g_autofree char *text = vault_environment_dup (self, name, &found);

  *value = -1;
  if (text == NULL || vault_parse_duration (text, value, error))
    return TRUE;
  g_prefix_error (error, "the variable %s ", found);
  return FALSE;
}

gboolean
vault_environment_get_number (const VaultEnvironment *self, const char *name, gint64 max, gint64 *value, GError **error)
{
  const char *found = NULL;
  g_autofree char *text = vault_environment_dup (self, name, &found);

  *value = -1;
  if (text == NULL || (g_ascii_isdigit (text[0]) && g_ascii_string_to_signed (text, 10, 0, max, value, NULL)))
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, "the variable %s must be a number from 0 to %" G_GINT64_FORMAT,
               found, max);
  return FALSE;
}

char *
vault_environment_dup_home (const VaultEnvironment *self)
{
  g_autofree char *home = self->read ("HOME", self->data);
  return home != NULL && g_path_is_absolute (home) ? g_steal_pointer (&home) : NULL;
}
