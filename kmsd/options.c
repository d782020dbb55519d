/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looks at dictionaries of options before anything else is done. */
#include "options.h"

#include <string.h>

/* Enough for every option there is, and for what callers add. */
#define MAX_OPTIONS 64

static const OptionSpec *
find_spec (const char *name, const OptionSpec *specs, guint n_specs)
{
  for (guint i = 0; i < n_specs; i++)
    if (strcmp (specs[i].name, name) == 0)
      return &specs[i];
  return NULL;
}

static gboolean
check_option (const char *name, GVariant *value, const OptionSpec *specs, guint n_specs, GError **error)
{
  const OptionSpec *spec = find_spec (name, specs, n_specs);

  if (spec == NULL && g_str_has_prefix (name, "x-"))
    return TRUE;
  if (spec == NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                   "unknown option \"%.64s\"; leave it out, or begin its name with \"x-\" if nothing is to heed it",
                   name);
      return FALSE;
    }
  if (g_variant_is_of_type (value, G_VARIANT_TYPE (spec->type)))
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT, "option \"%s\" has type %.16s; send it as %s", name,
               g_variant_get_type_string (value), spec->type);
  return FALSE;
}

gboolean
options_check (GVariant *options, const OptionSpec *specs, guint n_specs, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  GVariantIter iter;
  const char *name;
  GVariant *value;

  if (g_variant_n_children (options) > MAX_OPTIONS)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT, "more than %d options", MAX_OPTIONS);
      return FALSE;
    }
  g_variant_iter_init (&iter, options);
  while (g_variant_iter_next (&iter, "{&sv}", &name, &value))
    {
      g_autoptr (GVariant) owned = value;
      if (!g_hash_table_add (seen, (gpointer) name))
        {
          g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT, "option \"%.64s\" is there twice", name);
          return FALSE;
        }
      if (!check_option (name, value, specs, n_specs, error))
        return FALSE;
    }
  return TRUE;
}
