/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads a file of known failures. A name that no case has is an error: else the list would outlive what it lists. */
#include "expectations.h"

#include <string.h>

#include "cases.h"

struct _Expectations
{
  GHashTable *reasons; /* case name → reason */
};

static gboolean
take_line (Expectations *self, const char *path, guint number, char *line, GError **error)
{
  char *comment = strchr (line, '#');
  const char *reason = "";

  if (comment != NULL)
    {
      *comment = '\0';
      reason = g_strstrip (comment + 1);
    }
  const char *name = g_strstrip (line);
  if (name[0] == '\0')
    return TRUE;
  if (cases_find (name) == NULL)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s:%u: no case is called \"%s\"; see --list", path,
                   number, name);
      return FALSE;
    }
  g_hash_table_replace (self->reasons, g_strdup (name), g_strdup (reason));
  return TRUE;
}

Expectations *
expectations_load (const char *path, GError **error)
{
  g_autoptr (Expectations) self = g_new0 (Expectations, 1);
  g_autofree char *text = NULL;

  self->reasons = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  if (path == NULL)
    return g_steal_pointer (&self);
  if (!g_file_get_contents (path, &text, NULL, error))
    return NULL;
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    if (!take_line (self, path, i + 1, lines[i], error))
      return NULL;
  return g_steal_pointer (&self);
}

void
expectations_free (Expectations *self)
{
  g_hash_table_unref (self->reasons);
  g_free (self);
}

const char *
expectations_lookup (Expectations *self, const char *case_name)
{
  return g_hash_table_lookup (self->reasons, case_name);
}
