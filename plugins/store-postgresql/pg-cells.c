/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text and bytes go to the server as they are. Everything else goes as text, which the server parses as the type that
 * it wants, and comes as text. */
#include "pg-cells.h"

#include <string.h>

/* From catalog/pg_type_d.h of the server, where they are fixed. */
enum {
  OID_BOOL = 16,
  OID_BYTEA = 17,
  OID_INT8 = 20,
  OID_INT2 = 21,
  OID_INT4 = 23,
  OID_TEXT = 25,
  OID_OID = 26,
  OID_FLOAT4 = 700,
  OID_FLOAT8 = 701,
  OID_BPCHAR = 1042,
  OID_VARCHAR = 1043,
};

#define FORMAT_TEXT 0
#define FORMAT_BINARY 1

/* Types whose binary form is the bytes themselves. */
static gboolean
is_plain (Oid type)
{
  return type == OID_BYTEA || type == OID_TEXT || type == OID_VARCHAR || type == OID_BPCHAR;
}

static void
take_text (PgParameters *self, guint index, char *text)
{
  g_ptr_array_add (self->texts, text);
  self->values[index] = text;
  self->formats[index] = FORMAT_TEXT;
}

static gboolean
set_bytes (PgParameters *self, guint index, Oid type, KmsCellType cell_type, const char *bytes, gsize length,
           GError **error)
{
  if (length > G_MAXINT)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_TOO_LARGE,
                   "a value has %" G_GSIZE_FORMAT " bytes; PostgreSQL takes 1 GiB", length);
      return FALSE;
    }
  if (is_plain (type))
    {
      self->values[index] = bytes;
      self->lengths[index] = (int) length;
      self->formats[index] = FORMAT_BINARY;
      return TRUE;
    }
  /* As text, it would end at a NUL, and bytes would be taken for a number's or a date's characters. */
  if (cell_type == KMS_CELL_BLOB || memchr (bytes, '\0', length) != NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                   "parameter %u has bytes, and its column has a type that is neither bytea nor text", index + 1);
      return FALSE;
    }
  take_text (self, index, g_strndup (bytes, length));
  return TRUE;
}

static gboolean
set_parameter (PgParameters *self, KmsStatement *statement, guint index, Oid type, GError **error)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  KmsCellType cell_type = kms_statement_get_parameter_type (statement, index);
  gsize length;
  const char *bytes = kms_statement_get_parameter_bytes (statement, index, &length);

  switch (cell_type)
    {
    case KMS_CELL_INTEGER:
      take_text (self, index,
                 g_strdup_printf ("%" G_GINT64_FORMAT, kms_statement_get_parameter_integer (statement, index)));
      return TRUE;
    case KMS_CELL_FLOAT:
      g_ascii_dtostr (number, sizeof number, kms_statement_get_parameter_float (statement, index));
      take_text (self, index, g_strdup (number));
      return TRUE;
    case KMS_CELL_TEXT:
    case KMS_CELL_BLOB:
      return set_bytes (self, index, type, cell_type, bytes, length, error);
    case KMS_CELL_NULL:
    default:
      return TRUE; /* as it was made */
    }
}

gboolean
pg_parameters_init (PgParameters *self, KmsStatement *statement, const Oid *types, GError **error)
{
  guint n = kms_statement_get_n_parameters (statement);

  self->n = (int) n;
  self->values = g_new0 (const char *, n);
  self->lengths = g_new0 (int, n);
  self->formats = g_new0 (int, n);
  self->texts = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < n; i++)
    if (!set_parameter (self, statement, i, types[i], error))
      return FALSE;
  return TRUE;
}

void
pg_parameters_clear (PgParameters *self)
{
  g_free (self->values);
  g_free (self->lengths);
  g_free (self->formats);
  g_clear_pointer (&self->texts, g_ptr_array_unref);
}

/* Of a hexadecimal digit, of which the server sends no other characters. */
static inline guint8
get_digit (char c)
{
  return (guint8) ((c & 0xf) + (c >> 6) * 9);
}

/* "\x00ff", as the connection asked for it. */
static void
add_bytea (KmsStatement *statement, const char *text, gsize length, GPtrArray *decoded)
{
  gsize n_bytes = length < 2 ? 0 : (length - 2) / 2;
  char *bytes = g_malloc (n_bytes + 1);

  for (gsize i = 0; i < n_bytes; i++)
    bytes[i] = (char) (get_digit (text[2 + 2 * i]) << 4 | get_digit (text[3 + 2 * i]));
  g_ptr_array_add (decoded, bytes);
  kms_statement_add_bytes (statement, KMS_CELL_BLOB, bytes, n_bytes);
}

static void
add_cell (KmsStatement *statement, Oid type, const char *text, gsize length, GPtrArray *decoded)
{
  switch (type)
    {
    case OID_BOOL:
      kms_statement_add_integer (statement, text[0] == 't');
      break;
    case OID_INT2:
    case OID_INT4:
    case OID_INT8:
    case OID_OID:
      kms_statement_add_integer (statement, g_ascii_strtoll (text, NULL, 10));
      break;
    case OID_FLOAT4:
    case OID_FLOAT8:
      kms_statement_add_float (statement, g_ascii_strtod (text, NULL));
      break;
    case OID_BYTEA:
      add_bytea (statement, text, length, decoded);
      break;
    default:
      kms_statement_add_bytes (statement, KMS_CELL_TEXT, text, length);
    }
}

void
pg_row_add (const PGresult *result, int row, KmsStatement *statement, GPtrArray *decoded)
{
  g_ptr_array_set_size (decoded, 0);
  for (int i = 0; i < PQnfields (result); i++)
    if (PQgetisnull (result, row, i))
      kms_statement_add_null (statement);
    else
      add_cell (statement, PQftype (result, i), PQgetvalue (result, row, i), (gsize) PQgetlength (result, row, i),
                decoded);
}
