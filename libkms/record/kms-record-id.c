/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ids that no row of a table can have, for the type of the column has no such values. A database that is asked for them
 * calls that an error, which ends a transaction, too. */
#include "kms-record-private.h"

#include <string.h>

#include "kms-error.h"

/* Fits every integer column, of whichever size. */
#define MAX_SMALL_DIGITS 4

#define UUID_DIGITS 32

/* As PostgreSQL calls them. */
static const struct
{
  const char *type;
  gint64 min, max;
} integers[] = {
  { "smallint", G_MININT16, G_MAXINT16 },
  { "integer", G_MININT32, G_MAXINT32 },
  { "bigint", G_MININT64, G_MAXINT64 },
};

static gboolean
is_small_number (const char *id)
{
  gsize length = strlen (id);

  return length > 0 && length <= MAX_SMALL_DIGITS && strspn (id, "0123456789") == length;
}

/* It takes braces, and hyphens or none. */
static gboolean
is_uuid (const char *id)
{
  guint n_digits = 0;

  for (const char *c = id; *c != '\0'; c++)
    {
      if (!g_ascii_isxdigit (*c) && strchr ("-{}", *c) == NULL)
        return FALSE;
      n_digits += g_ascii_isxdigit (*c);
    }
  return n_digits == UUID_DIGITS;
}

static gboolean
fits (const char *id, const char *type)
{
  for (guint i = 0; i < G_N_ELEMENTS (integers); i++)
    if (strcmp (type, integers[i].type) == 0)
      return g_ascii_string_to_signed (id, 10, integers[i].min, integers[i].max, NULL, NULL);
  return strcmp (type, "uuid") != 0 || is_uuid (id);
}

static const char *
find_type (const KmsRecord *self, const GArray *columns)
{
  for (guint i = 0; columns != NULL && i < columns->len; i++)
    if (strcmp (g_array_index (columns, KmsColumn, i).name, self->model->id) == 0)
      return g_array_index (columns, KmsColumn, i).type;
  return NULL;
}

gboolean
_kms_record_check_id (const KmsRecord *self, const char *id, GError **error)
{
  g_autoptr (GArray) columns = _kms_store_list_columns (self->store, self->model->table, NULL);
  const char *type = find_type (self, columns);

  if (type == NULL || fits (id, type))
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND, "%s: there is no row with %s %s: the column is of type %s",
               self->model->table, self->model->id, id, type);
  return FALSE;
}

gboolean
_kms_record_guess_id (const KmsRecord *self, const char *id, GError **error)
{
  return is_small_number (id) || _kms_record_check_id (self, id, error);
}
