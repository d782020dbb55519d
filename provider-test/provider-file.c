/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds the provider's file, or makes one, and the key ids that belong to it. */
#include "provider-file.h"

#include <glib/gstdio.h>
#include <string.h>

#define PROVIDER "Provider"
#define SETTINGS "Settings"
#define SUFFIX ".provider"
#define KEY_NAME "conformance"

/* Who says where the provider is used does not mean here. */
static const char *const left_out[] = { "Enabled", "EnableIn", "DisableIn", "Critical", "Fallback" };

static char *
find_file (const Options *options)
{
  g_autofree char *directory = g_path_get_dirname (options->module);
  g_autofree char *base = g_strconcat (options->id, SUFFIX, NULL);
  g_autofree char *beside = g_build_filename (directory, base, NULL);

  if (options->provider_file != NULL)
    return g_strdup (options->provider_file);
  return g_file_test (beside, G_FILE_TEST_EXISTS) ? g_steal_pointer (&beside) : NULL;
}

static GKeyFile *
read_values (const char *path, GError **error)
{
  g_autoptr (GKeyFile) values = g_key_file_new ();

  if (g_key_file_load_from_file (values, path, G_KEY_FILE_NONE, error))
    return g_steal_pointer (&values);
  g_prefix_error (error, "%s: ", path);
  return NULL;
}

static gboolean
take_name (ProviderFile *self, const Options *options, GError **error)
{
  if (self->path == NULL)
    {
      self->name = g_strdup (options->id);
      return TRUE;
    }
  g_autofree char *base = g_path_get_basename (self->path);
  if (!g_str_has_suffix (base, SUFFIX) || strlen (base) == strlen (SUFFIX))
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s: a provider's file is called NAME" SUFFIX,
                   self->path);
      return FALSE;
    }
  self->name = g_strndup (base, strlen (base) - strlen (SUFFIX));
  return TRUE;
}

static void
complete_values (ProviderFile *self, const Options *options)
{
  for (guint i = 0; i < G_N_ELEMENTS (left_out); i++)
    g_key_file_remove_key (self->values, PROVIDER, left_out[i], NULL);
  /* Exactly this file, wherever else there is one of its name. */
  g_key_file_set_string (self->values, PROVIDER, "Module", options->module);
  if (self->path == NULL)
    {
      g_autofree char *prefix = g_strconcat (self->name, "/", NULL);
      g_key_file_set_string (self->values, PROVIDER, "Abi", "1");
      g_key_file_set_string (self->values, PROVIDER, "Prefixes", prefix);
    }
  for (guint i = 0; options->settings != NULL && options->settings[i] != NULL; i++)
    {
      const char *equals = strchr (options->settings[i], '=');
      g_autofree char *name = g_strndup (options->settings[i], (gsize) (equals - options->settings[i]));
      g_key_file_set_value (self->values, SETTINGS, name, equals + 1);
    }
}

static char *
get_first (GKeyFile *values, const char *key)
{
  g_auto (GStrv) list = g_key_file_get_string_list (values, PROVIDER, key, NULL, NULL);
  return list != NULL && list[0] != NULL && list[0][0] != '\0' ? g_strdup (list[0]) : NULL;
}

static gboolean
take_keys (ProviderFile *self, const Options *options, GError **error)
{
  self->prefix = get_first (self->values, "Prefixes");
  if (options->key_id != NULL)
    {
      self->key_id = g_strdup (options->key_id);
      self->second_key_id = g_strdup (options->second_key_id);
    }
  else if (self->prefix != NULL)
    {
      self->key_id = g_strconcat (self->prefix, KEY_NAME, NULL);
      self->second_key_id = options->second_key_id != NULL ? g_strdup (options->second_key_id)
                                                           : g_strconcat (self->prefix, KEY_NAME, "-2", NULL);
    }
  else
    {
      self->key_id = get_first (self->values, "Exact");
      self->second_key_id = g_strdup (options->second_key_id);
    }
  if (self->key_id != NULL)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
               "%s: names no prefix of key ids: say with --key-id which key may be used", self->path);
  return FALSE;
}

/* A provider that takes what nobody claims takes the keys that were named. */
static void
claim_keys (ProviderFile *self)
{
  static const char *const claims[] = { "Prefixes", "Matches", "Exact" };
  const char *const keys[] = { self->key_id, self->second_key_id };

  for (guint i = 0; i < G_N_ELEMENTS (claims); i++)
    if (g_key_file_has_key (self->values, PROVIDER, claims[i], NULL))
      return;
  g_key_file_set_string_list (self->values, PROVIDER, "Exact", keys, self->second_key_id != NULL ? 2 : 1);
}

ProviderFile *
provider_file_load (const Options *options, GError **error)
{
  g_autoptr (ProviderFile) self = g_new0 (ProviderFile, 1);

  self->path = find_file (options);
  if (!take_name (self, options, error))
    return NULL;
  self->values = self->path == NULL ? g_key_file_new () : read_values (self->path, error);
  self->given = self->path == NULL || self->values == NULL ? NULL : read_values (self->path, error);
  if (self->values == NULL)
    return NULL;
  complete_values (self, options);
  if (!take_keys (self, options, error))
    return NULL;
  claim_keys (self);
  return g_steal_pointer (&self);
}

void
provider_file_free (ProviderFile *self)
{
  g_free (self->name);
  g_free (self->path);
  g_clear_pointer (&self->given, g_key_file_unref);
  g_clear_pointer (&self->values, g_key_file_unref);
  g_free (self->prefix);
  g_free (self->key_id);
  g_free (self->second_key_id);
  g_free (self);
}

static GKeyFile *
copy_values (GKeyFile *values)
{
  g_autoptr (GKeyFile) copy = g_key_file_new ();
  gsize length;
  g_autofree char *text = g_key_file_to_data (values, &length, NULL);

  g_key_file_load_from_data (copy, text, length, G_KEY_FILE_NONE, NULL);
  return g_steal_pointer (&copy);
}

static void
rename_keys (GKeyFile *values, const char *name)
{
  g_autofree char *prefix = g_strconcat (name, "/", NULL);

  g_key_file_remove_key (values, PROVIDER, "Exact", NULL);
  g_key_file_remove_key (values, PROVIDER, "Matches", NULL);
  g_key_file_set_string (values, PROVIDER, "Prefixes", prefix);
}

gboolean
provider_file_install (const ProviderFile *self, const char *root, const char *name, const char *setting,
                       const char *value, GError **error)
{
  g_autoptr (GKeyFile) values = copy_values (self->values);
  g_autofree char *directory = g_build_filename (root, "admin", "providers.d", NULL);
  g_autofree char *base = g_strconcat (name, SUFFIX, NULL);
  g_autofree char *path = g_build_filename (directory, base, NULL);

  if (strcmp (name, self->name) != 0)
    rename_keys (values, name);
  if (setting != NULL)
    g_key_file_set_value (values, SETTINGS, setting, value);
  g_mkdir_with_parents (directory, 0755);
  return g_key_file_save_to_file (values, path, error);
}
