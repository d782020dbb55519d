/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Statements: text in which no value ever stands, parameters, and the row at hand. */
#include "kms-store-private.h"

#include <string.h>

KmsStatement *
_kms_statement_new (KmsStore *store)
{
  KmsStatement *self = g_new0 (KmsStatement, 1);

  self->sql = g_string_new (NULL);
  self->parameters = g_array_new (FALSE, FALSE, sizeof (KmsCell));
  self->cells = g_array_new (FALSE, FALSE, sizeof (KmsCell));
  self->dialect = KMS_STORE_GET_CLASS (store);
  return self;
}

void
_kms_statement_free (KmsStatement *self)
{
  g_string_free (self->sql, TRUE);
  g_array_unref (self->parameters);
  g_array_unref (self->cells);
  g_free (self);
}

void
_kms_statement_add_sql (KmsStatement *self, const char *text)
{
  g_string_append (self->sql, text);
}

void
_kms_statement_add_identifier (KmsStatement *self, const char *name)
{
  g_string_append_c (self->sql, self->dialect->quote);
  for (const char *c = name; *c != '\0'; c++)
    {
      if (*c == self->dialect->quote)
        g_string_append_c (self->sql, *c);
      g_string_append_c (self->sql, *c);
    }
  g_string_append_c (self->sql, self->dialect->quote);
}

void
_kms_statement_bind (KmsStatement *self, const KmsCell *cell)
{
  g_array_append_vals (self->parameters, cell, 1);
  if ((self->dialect->features & KMS_STORE_NUMBERED) != 0)
    g_string_append_printf (self->sql, "$%u", self->parameters->len);
  else
    g_string_append_c (self->sql, '?');
}

void
_kms_statement_bind_text (KmsStatement *self, const char *text, gssize length)
{
  const KmsCell cell = {
    .type = text == NULL ? KMS_CELL_NULL : KMS_CELL_TEXT,
    .value.bytes = text,
    .length = text == NULL ? 0
              : length < 0 ? strlen (text)
                           : (gsize) length,
  };
  _kms_statement_bind (self, &cell);
}

void
_kms_statement_bind_integer (KmsStatement *self, gint64 value)
{
  const KmsCell cell = { .type = KMS_CELL_INTEGER, .value.integer = value };
  _kms_statement_bind (self, &cell);
}

void
_kms_statement_add_same (KmsStatement *self, const char *name, const KmsCell *cell)
{
  _kms_statement_add_identifier (self, name);
  g_string_append_c (self->sql, ' ');
  g_string_append (self->sql, self->dialect->equals);
  g_string_append_c (self->sql, ' ');
  _kms_statement_bind (self, cell);
}

/**
 * kms_statement_get_sql: (skip)
 * @self: a statement
 *
 * Gets the text, in which parameters stand for all values.
 *
 * Returns: the text
 *
 * Since: 1.0
 */
const char *
kms_statement_get_sql (KmsStatement *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return self->sql->str;
}

/**
 * kms_statement_get_n_parameters: (skip)
 * @self: a statement
 *
 * Tells how many parameters there are.
 *
 * Returns: how many
 *
 * Since: 1.0
 */
guint
kms_statement_get_n_parameters (KmsStatement *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return self->parameters->len;
}

static const KmsCell *
get_parameter (KmsStatement *self, guint index)
{
  static const KmsCell null = { KMS_CELL_NULL };

  g_return_val_if_fail (self != NULL && index < self->parameters->len, &null);
  return &g_array_index (self->parameters, KmsCell, index);
}

/**
 * kms_statement_get_parameter_type: (skip)
 * @self: a statement
 * @index: which parameter, counted from 0
 *
 * Tells what a parameter is.
 *
 * Returns: its type
 *
 * Since: 1.0
 */
KmsCellType
kms_statement_get_parameter_type (KmsStatement *self, guint index)
{
  return get_parameter (self, index)->type;
}

/**
 * kms_statement_get_parameter_integer: (skip)
 * @self: a statement
 * @index: which parameter, of type %KMS_CELL_INTEGER
 *
 * Gets an integer.
 *
 * Returns: its value
 *
 * Since: 1.0
 */
gint64
kms_statement_get_parameter_integer (KmsStatement *self, guint index)
{
  const KmsCell *cell = get_parameter (self, index);
  return cell->type == KMS_CELL_INTEGER ? cell->value.integer : 0;
}

/**
 * kms_statement_get_parameter_float: (skip)
 * @self: a statement
 * @index: which parameter, of type %KMS_CELL_FLOAT
 *
 * Gets a number.
 *
 * Returns: its value
 *
 * Since: 1.0
 */
double
kms_statement_get_parameter_float (KmsStatement *self, guint index)
{
  const KmsCell *cell = get_parameter (self, index);
  return cell->type == KMS_CELL_FLOAT ? cell->value.number : 0;
}

/**
 * kms_statement_get_parameter_bytes: (skip)
 * @self: a statement
 * @index: which parameter, of type %KMS_CELL_TEXT or %KMS_CELL_BLOB
 * @length: (out): how many bytes
 *
 * Gets text, which need not end with NUL, or bytes. They stay as long as the statement runs.
 *
 * Returns: (transfer none): the bytes
 *
 * Since: 1.0
 */
const char *
kms_statement_get_parameter_bytes (KmsStatement *self, guint index, gsize *length)
{
  const KmsCell *cell = get_parameter (self, index);
  gboolean has_bytes = cell->type == KMS_CELL_TEXT || cell->type == KMS_CELL_BLOB;

  *length = has_bytes ? cell->length : 0;
  return has_bytes && cell->value.bytes != NULL ? cell->value.bytes : "";
}

static void
add_cell (KmsStatement *self, KmsCell cell)
{
  g_array_append_val (self->cells, cell);
}

/**
 * kms_statement_add_null: (skip)
 * @self: a statement
 *
 * Adds NULL as the next cell of the row at hand.
 *
 * Since: 1.0
 */
void
kms_statement_add_null (KmsStatement *self)
{
  add_cell (self, (KmsCell){ .type = KMS_CELL_NULL });
}

/**
 * kms_statement_add_integer: (skip)
 * @self: a statement
 * @value: an integer
 *
 * Adds an integer as the next cell of the row at hand.
 *
 * Since: 1.0
 */
void
kms_statement_add_integer (KmsStatement *self, gint64 value)
{
  add_cell (self, (KmsCell){ .type = KMS_CELL_INTEGER, .value.integer = value });
}

/**
 * kms_statement_add_float: (skip)
 * @self: a statement
 * @value: a number
 *
 * Adds a number as the next cell of the row at hand.
 *
 * Since: 1.0
 */
void
kms_statement_add_float (KmsStatement *self, double value)
{
  add_cell (self, (KmsCell){ .type = KMS_CELL_FLOAT, .value.number = value });
}

/**
 * kms_statement_add_bytes: (skip)
 * @self: a statement
 * @type: %KMS_CELL_TEXT or %KMS_CELL_BLOB
 * @bytes: text or bytes, which stay until kms_statement_end_row() returns
 * @length: how many bytes
 *
 * Adds text or bytes as the next cell of the row at hand.
 *
 * Since: 1.0
 */
void
kms_statement_add_bytes (KmsStatement *self, KmsCellType type, const char *bytes, gsize length)
{
  add_cell (self, (KmsCell){ .type = type, .value.bytes = bytes == NULL ? "" : bytes, .length = length });
}

/**
 * kms_statement_end_row: (skip)
 * @self: a statement
 * @error: return location for an error
 *
 * Hands over the row at hand, and begins the next one.
 *
 * Returns: %TRUE to go on; %FALSE with @error set to end the statement with that error
 *
 * Since: 1.0
 */
gboolean
kms_statement_end_row (KmsStatement *self, GError **error)
{
  g_return_val_if_fail (self != NULL, FALSE);
  gboolean go_on =
    self->on_row == NULL
    || self->on_row ((const KmsCell *) (gpointer) self->cells->data, self->cells->len, self->user_data, error);

  g_array_set_size (self->cells, 0);
  return go_on;
}

/**
 * kms_statement_set_n_changed: (skip)
 * @self: a statement
 * @n_changed: how many rows were inserted, updated or deleted
 *
 * Tells what a statement did.
 *
 * Since: 1.0
 */
void
kms_statement_set_n_changed (KmsStatement *self, gint64 n_changed)
{
  g_return_if_fail (self != NULL);
  self->n_changed = n_changed;
}
