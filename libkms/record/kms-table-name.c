/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of tables, which may have a schema in front: users, shop.users, "odd.name", shop."odd.name". */
#include "kms-store-private.h"

#include <string.h>

/* What stands in double quotes at the beginning, where two of them are one; NULL if it has no end. */
static char *
take_quoted (const char **text)
{
  g_autoptr (GString) name = g_string_new (NULL);

  for (const char *c = *text + 1; *c != '\0'; c++)
    {
      if (*c == '"' && c[1] != '"')
        {
          *text = c + 1;
          return g_string_free (g_steal_pointer (&name), FALSE);
        }
      if (*c == '"')
        c++;
      g_string_append_c (name, *c);
    }
  return NULL;
}

static char *
take_part (const char **text)
{
  gsize length = strcspn (*text, ".");

  if (**text == '"')
    return take_quoted (text);
  *text += length;
  return g_strndup (*text - length, length);
}

void
_kms_table_name_split (const char *name, char **schema, char **table)
{
  const char *rest = name;
  g_autofree char *first = take_part (&rest);
  gboolean has_schema = first != NULL && first[0] != '\0' && *rest == '.' && *++rest != '\0';
  g_autofree char *second = has_schema ? take_part (&rest) : NULL;

  *schema = NULL;
  if (has_schema && second != NULL && *rest == '\0')
    {
      *schema = g_steal_pointer (&first);
      *table = g_steal_pointer (&second);
    }
  else if (!has_schema && first != NULL && *rest == '\0' && first[0] != '\0')
    *table = g_steal_pointer (&first);
  else /* no such notation: it is the name as it stands */
    *table = g_strdup (name);
}

void
_kms_statement_add_table (KmsStatement *self, const char *name)
{
  g_autofree char *schema = NULL;
  g_autofree char *table = NULL;

  _kms_table_name_split (name, &schema, &table);
  if (schema != NULL)
    {
      _kms_statement_add_identifier (self, schema);
      _kms_statement_add_sql (self, ".");
    }
  _kms_statement_add_identifier (self, table);
}
