/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows: their columns by place, copies in one block, and contexts. */
#include "kms-row-private.h"

#include <string.h>

#include "kms-error.h"
#include "kms-stored-private.h"

#define ID_PLACE 0

/* Of wrapped keys that do not tell theirs. */
#define FIRST_VERSION "1"

KmsLayout *
_kms_layout_new (KmsModel *model)
{
  KmsLayout *self = g_new0 (KmsLayout, 1);

  self->model = g_object_ref (model);
  self->columns = g_ptr_array_new_with_free_func (g_free);
  self->attributes = g_array_new (FALSE, FALSE, sizeof (KmsLayoutAttribute));
  self->keys = g_new (guint, MAX (model->keys->len, 1));
  for (guint i = 0; i < model->keys->len; i++)
    self->keys[i] = KMS_NO_COLUMN;
  _kms_layout_add_column (self, model->id);
  self->type_column = model->type_column == NULL ? KMS_NO_COLUMN : _kms_layout_add_column (self, model->type_column);
  self->lock_version = model->lock_version == NULL ? KMS_NO_COLUMN : _kms_layout_add_column (self, model->lock_version);
  return self;
}

void
_kms_layout_free (KmsLayout *self)
{
  g_object_unref (self->model);
  g_ptr_array_unref (self->columns);
  g_array_unref (self->attributes);
  g_free (self->keys);
  g_free (self);
}

static guint
append_column (KmsLayout *self, const char *column)
{
  g_ptr_array_add (self->columns, g_strdup (column));
  return self->columns->len - 1;
}

guint
_kms_layout_find_column (const KmsLayout *self, const char *column)
{
  for (guint i = 0; i < self->columns->len; i++)
    if (strcmp (g_ptr_array_index (self->columns, i), column) == 0)
      return i;
  return KMS_NO_COLUMN;
}

guint
_kms_layout_add_column (KmsLayout *self, const char *column)
{
  guint place = _kms_layout_find_column (self, column);
  return place == KMS_NO_COLUMN ? append_column (self, column) : place;
}

static void
add_context_column (gpointer column, gpointer layout)
{
  _kms_layout_add_column (layout, column);
}

void
_kms_layout_add_key (KmsLayout *self, guint key)
{
  const KmsModelKey *model_key = g_ptr_array_index (self->model->keys, key);

  self->keys[key] = _kms_layout_add_column (self, model_key->column);
  _kms_context_template_foreach_column (model_key->context, add_context_column, self);
  for (guint i = 0; i < model_key->contexts->len; i++)
    _kms_context_template_foreach_column (g_array_index (model_key->contexts, KmsModelContext, i).context,
                                          add_context_column, self);
}

const KmsLayoutAttribute *
_kms_layout_find_attribute (const KmsLayout *self, const KmsModelAttribute *attribute)
{
  for (guint i = 0; i < self->attributes->len; i++)
    {
      const KmsLayoutAttribute *found = &g_array_index (self->attributes, KmsLayoutAttribute, i);
      if (found->attribute == attribute)
        return found;
    }
  return NULL;
}

void
_kms_layout_add_attribute (KmsLayout *self, const KmsModelAttribute *attribute)
{
  const char *columns[KMS_ATTRIBUTE_MAX_CELLS];
  KmsLayoutAttribute place = { attribute, self->columns->len, _kms_attribute_get_columns (attribute, columns) };

  if (place.n_cells == 0 || _kms_layout_find_attribute (self, attribute) != NULL)
    return;
  for (guint i = 0; i < place.n_cells; i++)
    append_column (self, columns[i]);
  g_array_append_val (self->attributes, place);
}

static gboolean
has_column (GArray *columns, const char *name)
{
  for (guint i = 0; i < columns->len; i++)
    if (strcmp (g_array_index (columns, KmsColumn, i).name, name) == 0)
      return TRUE;
  return FALSE;
}

gboolean
_kms_layout_check (const KmsLayout *self, KmsStore *store, GError **error)
{
  g_autoptr (GArray) columns = _kms_store_list_columns (store, self->model->table, error);
  g_autoptr (GString) missing = g_string_new (NULL);

  if (columns == NULL)
    return FALSE;
  for (guint i = 0; i < self->columns->len; i++)
    {
      const char *name = g_ptr_array_index (self->columns, i);
      if (!has_column (columns, name))
        g_string_append_printf (missing, "%s\"%s\"", missing->len == 0 ? "" : ", ", name);
    }
  if (missing->len == 0)
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND,
               "the table \"%s\" lacks columns that the model \"%s\" declares: %s; add them, or mend the model's file",
               self->model->table, self->model->file_name, missing->str);
  return FALSE;
}

void
_kms_layout_add_select (const KmsLayout *self, KmsStatement *statement)
{
  for (guint i = 0; i < self->columns->len; i++)
    {
      _kms_statement_add_sql (statement, i == 0 ? "SELECT " : ", ");
      _kms_statement_add_identifier (statement, g_ptr_array_index (self->columns, i));
    }
  _kms_statement_add_sql (statement, " FROM ");
  _kms_statement_add_table (statement, self->model->table);
}

static gboolean
has_bytes (const KmsCell *cell)
{
  return cell->type == KMS_CELL_TEXT || cell->type == KMS_CELL_BLOB;
}

KmsRow *
_kms_row_new (const KmsCell *cells, guint n_cells)
{
  gsize head = sizeof (KmsRow) + n_cells * sizeof (KmsCell), size = head;

  for (guint i = 0; i < n_cells; i++)
    size += has_bytes (&cells[i]) ? cells[i].length : 0;
  KmsRow *self = g_malloc (size);
  char *bytes = (char *) self + head;
  self->n_cells = n_cells;
  for (guint i = 0; i < n_cells; i++)
    {
      self->cells[i] = cells[i];
      if (!has_bytes (&cells[i]))
        continue;
      if (cells[i].length > 0)
        memcpy (bytes, cells[i].value.bytes, cells[i].length);
      self->cells[i].value.bytes = bytes;
      bytes += cells[i].length;
    }
  return self;
}

void
_kms_row_free (KmsRow *self)
{
  g_free (self);
}

static char *
dup_text (const KmsCell *cell)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  switch (cell->type)
    {
    case KMS_CELL_INTEGER:
      return g_strdup_printf ("%" G_GINT64_FORMAT, cell->value.integer);
    case KMS_CELL_FLOAT:
      return g_strdup (g_ascii_dtostr (number, sizeof number, cell->value.number));
    case KMS_CELL_TEXT:
    case KMS_CELL_BLOB:
      return g_strndup (cell->value.bytes, cell->length);
    case KMS_CELL_NULL:
    default:
      return NULL;
    }
}

char *
_kms_row_dup_id (const KmsRow *self)
{
  return dup_text (&self->cells[ID_PLACE]);
}

/* What a context asks of the row at hand. */
typedef struct
{
  const KmsRow *row;
  const KmsLayout *layout;
  char *number; /* the text of a column that holds a number */
} Lookup;

static KmsContextValue
get_column (const char *column, gpointer user_data)
{
  Lookup *lookup = user_data;
  guint place = _kms_layout_find_column (lookup->layout, column);
  const KmsCell *cell = place < lookup->row->n_cells ? &lookup->row->cells[place] : NULL;

  if (cell == NULL || cell->type == KMS_CELL_NULL)
    return (KmsContextValue){ NULL };
  if (has_bytes (cell))
    return (KmsContextValue){ cell->value.bytes, cell->length, FALSE };
  g_free (lookup->number);
  lookup->number = dup_text (cell);
  return (KmsContextValue){ lookup->number, strlen (lookup->number), cell->type == KMS_CELL_INTEGER };
}

/* With single-table inheritance, the row's own class; a blank type is the model's, as it is to Rails. */
static char *
dup_model_name (const KmsRow *self, const KmsLayout *layout)
{
  char *type = layout->type_column == KMS_NO_COLUMN ? NULL : dup_text (&self->cells[layout->type_column]);

  if (type != NULL && type[0] != '\0')
    return type;
  g_free (type);
  return g_strdup (layout->model->name);
}

KmsContext *
_kms_row_build_context (const KmsRow *self, const KmsLayout *layout, guint key, const char *version, GError **error)
{
  g_autofree char *name = dup_model_name (self, layout), *id = _kms_row_dup_id (self);
  Lookup lookup = { self, layout, NULL };
  const KmsContextRow row = { name, id, self->cells[ID_PLACE].type == KMS_CELL_INTEGER, get_column, &lookup };
  const KmsModelKey *model_key = g_ptr_array_index (layout->model->keys, key);
  KmsContext *context = _kms_context_template_build (_kms_model_key_get_context (model_key, version), &row, error);

  g_free (lookup.number);
  return context;
}

gboolean
_kms_row_has_key (const KmsRow *self, const KmsLayout *layout, guint key)
{
  return self->cells[layout->keys[key]].type != KMS_CELL_NULL;
}

KmsContext *
_kms_row_build_stored_context (const KmsRow *self, const KmsLayout *layout, guint key, GError **error)
{
  const KmsCell *cell = &self->cells[layout->keys[key]];
  KmsStored stored = { 0 };

  if (has_bytes (cell) && !_kms_stored_parse (cell->value.bytes, cell->length, &stored, error))
    return NULL;
  g_autofree char *version = stored.version == NULL ? g_strdup (FIRST_VERSION)
                                                    : g_strndup (stored.version, stored.version_length);
  return _kms_row_build_context (self, layout, key, version, error);
}
