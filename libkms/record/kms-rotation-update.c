/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The UPDATE of each row. Its WHERE names every cell that was read, also those that stay what they are: a value that came
 * meanwhile is under the old data key. Those of many rows go to the database at once, which may be far away. */
#include "kms-rotation-private.h"

#include <string.h>

#include "kms-error.h"
#include "kms-row-time-private.h"

struct _KmsRotationUpdate
{
  KmsRotation *rotation;
  GPtrArray *pending;      /* of KmsStatement: what was added */
  KmsStatement *statement; /* the one that is made: borrowed from them */
  char *sql;               /* the text, which is the same for all rows, once it is known; then only parameters change */
  GArray *sealed;          /* of KmsAttributeCells, for each attribute of each row: the parameters borrow them */
  GArray *cells;           /* of KmsCell: what each attribute's cells become, in the layout's order */
  char now[KMS_ROW_TIME_SIZE];
};

static void
cells_clear (gpointer data)
{
  _kms_attribute_cells_clear (data);
}

KmsRotationUpdate *
_kms_rotation_update_new (KmsRotation *rotation)
{
  KmsRotationUpdate *self = g_new0 (KmsRotationUpdate, 1);

  self->rotation = rotation;
  self->pending = g_ptr_array_new_with_free_func ((GDestroyNotify) _kms_statement_free);
  self->sealed = g_array_new (FALSE, TRUE, sizeof (KmsAttributeCells));
  self->cells = g_array_new (FALSE, FALSE, sizeof (KmsCell));
  g_array_set_clear_func (self->sealed, cells_clear);
  return self;
}

void
_kms_rotation_update_free (KmsRotationUpdate *self)
{
  g_ptr_array_unref (self->pending);
  g_free (self->sql);
  g_array_unref (self->sealed);
  g_array_unref (self->cells);
  g_free (self);
}

/* What an attribute's cells become: what was sealed, and behind it what stays. */
static void
take (KmsRotationUpdate *self, const KmsLayoutAttribute *place, const KmsCell *cells, const KmsAttributeCells *sealed)
{
  g_array_append_vals (self->sealed, sealed, 1);
  g_array_append_vals (self->cells, sealed->cells, sealed->n_cells);
  g_array_append_vals (self->cells, cells + sealed->n_cells, place->n_cells - sealed->n_cells);
}

/* One attribute under the new key. Where there was nothing to decrypt, its cells stay. */
static gboolean
reseal (KmsRotationUpdate *self, const KmsLayoutAttribute *place, const KmsCell *cells, KmsSecret *old_key,
        KmsSecret *new_key, GError **error)
{
  KmsAttributeCells sealed = { 0 };
  KmsSecret *plaintext = NULL;

  if (_kms_attribute_is_encrypted (place->attribute, cells))
    {
      if (!_kms_attribute_open (place->attribute, old_key, cells, &plaintext, error))
        return FALSE;
      gboolean done = _kms_attribute_seal (place->attribute, new_key, plaintext, &sealed, error);
      kms_secret_unref (plaintext);
      if (!done)
        return FALSE;
    }
  take (self, place, cells, &sealed);
  return TRUE;
}

/* The same, but what opens with the new key stays. */
static gboolean
mend (KmsRotationUpdate *self, const KmsLayoutAttribute *place, const KmsCell *cells, KmsSecret *old_key,
      KmsSecret *new_key, GError **error)
{
  const KmsAttributeCells nothing = { 0 };
  KmsSecret *plaintext = NULL;

  if (!_kms_attribute_open (place->attribute, new_key, cells, &plaintext, NULL))
    return reseal (self, place, cells, old_key, new_key, error);
  g_clear_pointer (&plaintext, kms_secret_unref);
  take (self, place, cells, &nothing);
  return TRUE;
}

typedef gboolean (*ResealFunc) (KmsRotationUpdate *self, const KmsLayoutAttribute *place, const KmsCell *cells,
                                KmsSecret *old_key, KmsSecret *new_key, GError **error);

static gboolean
reseal_all (KmsRotationUpdate *self, ResealFunc func, const KmsRow *row, KmsSecret *old_key, KmsSecret *new_key,
            GError **error)
{
  const KmsLayout *layout = self->rotation->layout;

  g_array_set_size (self->cells, 0);
  for (guint i = 0; new_key != NULL && i < layout->attributes->len; i++)
    {
      const KmsLayoutAttribute *place = &g_array_index (layout->attributes, KmsLayoutAttribute, i);
      if (!func (self, place, &row->cells[place->first], old_key, new_key, error))
        return FALSE;
    }
  return TRUE;
}

static void
add_sql (KmsRotationUpdate *self, const char *sql)
{
  if (self->sql == NULL)
    _kms_statement_add_sql (self->statement, sql);
}

static void
add_name (KmsRotationUpdate *self, const char *name)
{
  if (self->sql == NULL)
    _kms_statement_add_identifier (self->statement, name);
}

static void
bind (KmsRotationUpdate *self, const KmsCell *cell)
{
  if (self->sql != NULL)
    g_array_append_val (self->statement->parameters, *cell);
  else
    _kms_statement_bind (self->statement, cell);
}

static void
add_assignment (KmsRotationUpdate *self, const char *column, const KmsCell *cell)
{
  add_name (self, column);
  add_sql (self, " = ");
  bind (self, cell);
}

static void
add_guard (KmsRotationUpdate *self, const char *column, const KmsCell *cell)
{
  add_sql (self, " AND ");
  if (self->sql != NULL)
    bind (self, cell);
  else
    _kms_statement_add_same (self->statement, column, cell);
}

/* Rails counts a lock that is NULL as 0. */
static KmsCell
next_lock (const KmsCell *lock)
{
  return (KmsCell){ .type = KMS_CELL_INTEGER,
                    .value.integer = lock->type == KMS_CELL_INTEGER ? lock->value.integer + 1 : 1 };
}

/* The columns of all attributes, in the layout's order, with these cells. */
static void
add_attributes (KmsRotationUpdate *self, const KmsCell *cells,
                void (*add) (KmsRotationUpdate *self, const char *column, const KmsCell *cell))
{
  const KmsLayout *layout = self->rotation->layout;

  for (guint i = 0; i < layout->attributes->len; i++)
    {
      const KmsLayoutAttribute *place = &g_array_index (layout->attributes, KmsLayoutAttribute, i);
      for (guint j = 0; j < place->n_cells; j++)
        add (self, g_ptr_array_index (layout->columns, place->first + j), cells++);
    }
}

static void
add_other_assignment (KmsRotationUpdate *self, const char *column, const KmsCell *cell)
{
  add_sql (self, ", ");
  add_assignment (self, column, cell);
}

/* What only a new data key changes. */
static void
add_rekeyed (KmsRotationUpdate *self, const KmsRow *row, const KmsCell *now)
{
  const KmsModel *model = self->rotation->model;
  const KmsLayout *layout = self->rotation->layout;

  add_attributes (self, (const KmsCell *) (gpointer) self->cells->data, add_other_assignment);
  if (model->updated_at != NULL)
    add_other_assignment (self, model->updated_at, now);
  if (layout->lock_version == KMS_NO_COLUMN)
    return;
  const KmsCell lock = next_lock (&row->cells[layout->lock_version]);
  add_other_assignment (self, model->lock_version, &lock);
}

static void
add_guards (KmsRotationUpdate *self, const KmsRow *row, gboolean is_rekeyed)
{
  const KmsLayout *layout = self->rotation->layout;

  add_sql (self, " WHERE ");
  add_assignment (self, self->rotation->model->id, &row->cells[0]);
  add_guard (self, _kms_rotation_get_key (self->rotation)->column, &row->cells[layout->keys[self->rotation->key]]);
  if (!is_rekeyed)
    return;
  for (guint i = 0; i < layout->attributes->len; i++)
    {
      const KmsLayoutAttribute *place = &g_array_index (layout->attributes, KmsLayoutAttribute, i);
      for (guint j = 0; j < place->n_cells; j++)
        add_guard (self, g_ptr_array_index (layout->columns, place->first + j), &row->cells[place->first + j]);
    }
  if (layout->lock_version != KMS_NO_COLUMN)
    add_guard (self, self->rotation->model->lock_version, &row->cells[layout->lock_version]);
}

/* The text is the same for all rows, since the layout is; and so is the time of those that go together. */
static void
add (KmsRotationUpdate *self, const KmsRow *row, const KmsCell *key, gboolean is_rekeyed)
{
  if (self->pending->len == 0)
    _kms_row_time_now (self->now);
  const KmsCell now = { .type = KMS_CELL_TEXT, .value.bytes = self->now, .length = strlen (self->now) };

  self->statement = _kms_statement_new (self->rotation->store);
  g_ptr_array_add (self->pending, self->statement);
  _kms_statement_add_sql (self->statement, self->sql == NULL ? "UPDATE " : self->sql);
  if (self->sql == NULL)
    _kms_statement_add_table (self->statement, self->rotation->model->table);
  add_sql (self, " SET ");
  add_assignment (self, _kms_rotation_get_key (self->rotation)->column, key);
  if (is_rekeyed)
    add_rekeyed (self, row, &now);
  add_guards (self, row, is_rekeyed);
  if (self->sql == NULL)
    self->sql = g_strdup (kms_statement_get_sql (self->statement));
}

void
_kms_rotation_update_clear (KmsRotationUpdate *self)
{
  g_ptr_array_set_size (self->pending, 0);
  g_array_set_size (self->sealed, 0);
}

gboolean
_kms_rotation_update_add (KmsRotationUpdate *self, const KmsRow *row, const char *wrapped, KmsSecret *old_key,
                          KmsSecret *new_key, GError **error)
{
  const KmsCell key = { .type = KMS_CELL_TEXT, .value.bytes = wrapped, .length = strlen (wrapped) };

  if (!reseal_all (self, reseal, row, old_key, new_key, error))
    return FALSE;
  add (self, row, &key, new_key != NULL);
  return TRUE;
}

gboolean
_kms_rotation_update_run (KmsRotationUpdate *self, GError **error)
{
  return _kms_store_run_all (self->rotation->store, (KmsStatement *const *) self->pending->pdata, self->pending->len,
                             NULL, error);
}

gint64
_kms_rotation_update_get_n_changed (KmsRotationUpdate *self, guint index)
{
  return ((KmsStatement *) g_ptr_array_index (self->pending, index))->n_changed;
}

gboolean
_kms_rotation_update_repair (KmsRotationUpdate *self, const KmsRow *row, KmsSecret *data_key, KmsSecret *old_key,
                             gint64 *n_changed, GError **error)
{
  const KmsCell *key = &row->cells[self->rotation->layout->keys[self->rotation->key]];

  _kms_rotation_update_clear (self);
  if (!reseal_all (self, mend, row, old_key, data_key, error))
    return FALSE;
  add (self, row, key, TRUE);
  if (!_kms_rotation_update_run (self, error))
    return FALSE;
  *n_changed = _kms_rotation_update_get_n_changed (self, 0);
  return TRUE;
}
