/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records on their way into the table, in the gem's order of events: a key that is wrapped eagerly is written with the
 * row; any other is wrapped once the row has its id, and all of them are written in one UPDATE behind it. */
#include "kms-record-statement-private.h"

#include <string.h>

#include "kms-error.h"
#include "kms-row-time-private.h"
#include "kms-secret.h"

/* How often a row whose key changed meanwhile is encrypted again. */
#define MAX_ATTEMPTS 4

typedef struct
{
  KmsRecord *record;
  GArray *assignments; /* of KmsAssignment: what the row gets */
  GArray *sealed;      /* of KmsAttributeCells, to which assignments point */
  gboolean *involved;  /* for each key: whether something is encrypted under it now */
  char now[KMS_ROW_TIME_SIZE];
} Save;

static void
cells_clear (gpointer data)
{
  _kms_attribute_cells_clear (data);
}

static void
save_init (Save *self, KmsRecord *record)
{
  self->record = record;
  self->assignments = g_array_new (FALSE, FALSE, sizeof (KmsAssignment));
  self->sealed = g_array_new (FALSE, FALSE, sizeof (KmsAttributeCells));
  g_array_set_clear_func (self->sealed, cells_clear);
  self->involved = g_new0 (gboolean, record->model->keys->len);
  _kms_row_time_now (self->now);
}

static void
save_clear (Save *self)
{
  g_array_unref (self->assignments);
  g_array_unref (self->sealed);
  g_free (self->involved);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Save, save_clear)

static void
assign (Save *self, const char *column, KmsCell cell)
{
  KmsAssignment assignment = { column, cell };
  g_array_append_val (self->assignments, assignment);
}

static gboolean
is_in_table (const KmsRecord *record)
{
  return record->row != NULL;
}

static gboolean
has_id (const KmsRecord *record)
{
  const KmsRecordColumn *id = _kms_record_find_column (record, record->model->id);
  return is_in_table (record) || (id != NULL && id->text != NULL);
}

/* Of an attribute that was set. */
static gboolean
seal_attribute (Save *self, guint place, GCancellable *cancellable, GError **error)
{
  KmsRecord *record = self->record;
  const KmsModelAttribute *attribute = _kms_record_get_model_attribute (record, place);
  KmsValue *value = record->attributes[place].value;
  KmsSecret *plaintext = value == NULL ? NULL : kms_value_get_plaintext (value), *key = NULL;
  const char *columns[KMS_ATTRIBUTE_MAX_CELLS];
  KmsAttributeCells cells = { 0 };

  if (_kms_attribute_is_stored_encrypted (attribute, plaintext))
    {
      key = _kms_record_prepare_key (record, attribute->key, cancellable, error);
      self->involved[attribute->key] = TRUE;
      if (key == NULL)
        {
          g_prefix_error (error, "%s: ", attribute->name);
          return FALSE;
        }
    }
  if (!_kms_attribute_seal (attribute, key, plaintext, &cells, error))
    {
      _kms_attribute_cells_clear (&cells);
      return FALSE;
    }
  _kms_attribute_get_columns (attribute, columns);
  for (guint i = 0; i < cells.n_cells; i++)
    assign (self, columns[i], cells.cells[i]);
  g_array_append_val (self->sealed, cells);
  return TRUE;
}

/* A key that is renewed is new even where nothing is encrypted under it any more. */
static gboolean
prepare_renewals (Save *self, GCancellable *cancellable, GError **error)
{
  KmsRecord *record = self->record;

  for (guint i = 0; i < record->model->keys->len; i++)
    if (record->keys[i].renew)
      {
        if (!_kms_record_check_renewal (record, i, error)
            || _kms_record_prepare_key (record, i, cancellable, error) == NULL)
          return FALSE;
        self->involved[i] = TRUE;
      }
  return TRUE;
}

static gboolean
seal_attributes (Save *self, GCancellable *cancellable, GError **error)
{
  KmsRecord *record = self->record;

  for (guint i = 0; i < record->model->attributes->len; i++)
    if (record->attributes[i].is_set && !seal_attribute (self, i, cancellable, error))
      return FALSE;
  return TRUE;
}

static KmsCell
text_cell (const char *text)
{
  return (KmsCell){
    .type = text == NULL ? KMS_CELL_NULL : KMS_CELL_TEXT,
    .value.bytes = text,
    .length = text == NULL ? 0 : strlen (text),
  };
}

/* Unless the caller did. */
static void
assign_default (Save *self, const char *column, KmsCell cell)
{
  if (column != NULL && _kms_record_find_column (self->record, column) == NULL)
    assign (self, column, cell);
}

/* Rails counts from 0, and what is NULL as 0. */
static KmsCell
next_lock_version (const KmsRecord *record)
{
  KmsCell cell = { .type = KMS_CELL_INTEGER, .value.integer = 0 };

  if (is_in_table (record))
    {
      const KmsCell *now = &record->row->cells[record->layout->lock_version];
      cell.value.integer = (now->type == KMS_CELL_INTEGER ? now->value.integer : 0) + 1;
    }
  return cell;
}

static void
assign_columns (Save *self)
{
  KmsRecord *record = self->record;
  const KmsModel *model = record->model;

  for (guint i = 0; i < record->columns->len; i++)
    {
      const KmsRecordColumn *column = &g_array_index (record->columns, KmsRecordColumn, i);
      assign (self, column->name, text_cell (column->text));
    }
  assign_default (self, model->updated_at, text_cell (self->now));
  if (model->lock_version != NULL)
    assign (self, model->lock_version, next_lock_version (record));
  if (is_in_table (record))
    return;
  assign_default (self, model->created_at, text_cell (self->now));
  if (model->is_extension)
    assign_default (self, model->type_column, text_cell (model->name));
}

/* With the context of the row that will be. */
static gboolean
wrap_first (Save *self, const KmsRow *next, GCancellable *cancellable, GError **error)
{
  KmsRecord *record = self->record;

  for (guint i = 0; i < record->model->keys->len; i++)
    if (record->keys[i].new_key != NULL && _kms_record_wraps_first (record, i, has_id (record)))
      {
        if (!_kms_record_wrap (record, i, next, cancellable, error))
          return FALSE;
        assign (self, _kms_record_get_model_key (record, i)->column, text_cell (record->keys[i].wrapped));
      }
  return TRUE;
}

static gboolean
is_late (const KmsRecord *record, guint key)
{
  return record->keys[key].new_key != NULL && record->keys[key].wrapped == NULL;
}

/* More than one statement, or one that is looked at before it counts. */
static gboolean
needs_transaction (const KmsRecord *record)
{
  gboolean late = FALSE;

  for (guint i = 0; i < record->model->keys->len; i++)
    late = late || is_late (record, i);
  return (late || record->columns->len > 0 || !is_in_table (record)) && !kms_store_get_in_transaction (record->store);
}

/* A key was wrapped with columns as they were given; the database may have made 5 of "05". */
static gboolean
check_row (Save *self, const KmsRow *next, const KmsRow *row, GError **error)
{
  KmsRecord *record = self->record;

  for (guint i = 0; i < record->model->keys->len; i++)
    {
      if (record->keys[i].wrapped == NULL)
        continue;
      g_autoptr (KmsContext) given = _kms_row_build_context (next, record->layout, i, NULL, error);
      g_autoptr (KmsContext) real = given == NULL ? NULL : _kms_row_build_context (row, record->layout, i, NULL, error);
      if (real == NULL)
        return FALSE;
      if (kms_context_equal (given, real))
        continue;
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                   "%s: the database changed a column that the encryption context depends on; give it as the database "
                   "writes it",
                   _kms_record_get_model_key (record, i)->name);
      return FALSE;
    }
  return TRUE;
}

/* The row as it is in the table behind the first statement; NULL without an error: it is not what it was. */
static KmsRow *
write_row (Save *self, const KmsRow *next, GCancellable *cancellable, GError **error)
{
  KmsRecord *record = self->record;
  g_autoptr (KmsRow) row = NULL;
  gboolean changed = FALSE;

  if (!is_in_table (record))
    row = _kms_record_insert (record, self->assignments, cancellable, error);
  else if (!_kms_record_update (record, self->assignments, self->involved, &changed, cancellable, error) || !changed)
    return NULL;
  else
    row = record->columns->len > 0 ? _kms_record_read_row (record, &record->row->cells[0], cancellable, error)
                                   : _kms_row_new (next->cells, next->n_cells);
  return row != NULL && check_row (self, next, row, error) ? g_steal_pointer (&row) : NULL;
}

/* All of them in one UPDATE. Returns the row as it is then. */
static KmsRow *
write_late_keys (Save *self, const KmsRow *row, GCancellable *cancellable, GError **error)
{
  KmsRecord *record = self->record;

  g_array_set_size (self->assignments, 0);
  for (guint i = 0; i < record->model->keys->len; i++)
    if (is_late (record, i))
      {
        if (!_kms_record_wrap (record, i, row, cancellable, error))
          return NULL;
        assign (self, _kms_record_get_model_key (record, i)->column, text_cell (record->keys[i].wrapped));
      }
  if (self->assignments->len > 0)
    {
      _kms_row_time_now (self->now);
      if (!_kms_record_update_keys (record, row, self->assignments, self->now, cancellable, error))
        return NULL;
    }
  return _kms_record_make_row (record, row, self->assignments);
}

static void
keep (KmsRecord *record, KmsRow *row)
{
  _kms_record_take_row (record, row);
  _kms_record_forget_changes (record);
  for (guint i = 0; i < record->model->keys->len; i++)
    {
      KmsRecordKey *key = &record->keys[i];
      if (key->new_key != NULL)
        {
          g_clear_pointer (&key->data_key, kms_secret_unref);
          key->data_key = g_steal_pointer (&key->new_key);
        }
      g_clear_pointer (&key->wrapped, g_free);
      key->renew = FALSE;
    }
}

static void
forget_new_keys (KmsRecord *record)
{
  for (guint i = 0; i < record->model->keys->len; i++)
    {
      g_clear_pointer (&record->keys[i].new_key, kms_secret_unref);
      g_clear_pointer (&record->keys[i].wrapped, g_free);
    }
}

/* FALSE without an error: the row is not what it was. */
static gboolean
write_all (Save *self, const KmsRow *next, GCancellable *cancellable, GError **error)
{
  KmsRecord *record = self->record;
  gboolean own = needs_transaction (record);

  if (own && !kms_store_begin (record->store, cancellable, error))
    return FALSE;
  g_autoptr (KmsRow) written = write_row (self, next, cancellable, error);
  g_autoptr (KmsRow) row = written == NULL ? NULL : write_late_keys (self, written, cancellable, error);
  if (row != NULL && (!own || kms_store_commit (record->store, cancellable, error)))
    {
      keep (record, g_steal_pointer (&row));
      return TRUE;
    }
  if (own)
    kms_store_rollback (record->store, NULL);
  return FALSE;
}

/* FALSE without an error: the row is not what it was. */
static gboolean
attempt (KmsRecord *record, GCancellable *cancellable, GError **error)
{
  g_auto (Save) save = { 0 };

  forget_new_keys (record);
  save_init (&save, record);
  if (!prepare_renewals (&save, cancellable, error) || !seal_attributes (&save, cancellable, error))
    return FALSE;
  assign_columns (&save);
  g_autoptr (KmsRow) bare = _kms_record_make_row (record, record->row, save.assignments);
  if (!_kms_record_check_contexts (record, bare, error) || !wrap_first (&save, bare, cancellable, error))
    return FALSE;
  g_autoptr (KmsRow) next = _kms_record_make_row (record, record->row, save.assignments);
  return write_all (&save, next, cancellable, error);
}

static gboolean
fail_changed (KmsRecord *record, GError **error)
{
  g_set_error (
    error, KMS_ERROR, KMS_ERROR_CONFLICT,
    "%s: somebody else changed the row with %s %s meanwhile; load it again, and repeat what was to be changed",
    record->model->table, record->model->id, record->id);
  return FALSE;
}

/* A key that was rotated meanwhile is no reason to refuse what was set: it is encrypted again, under the key that the row
 * has now. Where changes are counted, another one is. */
static gboolean
look_again (KmsRecord *record, GCancellable *cancellable, GError **error)
{
  KmsRow *row = _kms_record_read_row (record, &record->row->cells[0], cancellable, error);
  guint lock = record->layout->lock_version;

  if (row == NULL)
    return FALSE;
  gboolean same = lock == KMS_NO_COLUMN
                  || (row->cells[lock].type == record->row->cells[lock].type
                      && (row->cells[lock].type != KMS_CELL_INTEGER
                          || row->cells[lock].value.integer == record->row->cells[lock].value.integer));
  if (!same)
    {
      _kms_row_free (row);
      return fail_changed (record, error);
    }
  _kms_record_take_row (record, row);
  return TRUE;
}

static gboolean
has_changes (const KmsRecord *record)
{
  gboolean changes = !is_in_table (record) || record->columns->len > 0;

  for (guint i = 0; i < record->model->attributes->len; i++)
    changes = changes || record->attributes[i].is_set;
  for (guint i = 0; i < record->model->keys->len; i++)
    changes = changes || record->keys[i].renew;
  return changes;
}

/* Whether something will be encrypted under a key that wants the id first. */
static gboolean
wants_id (const KmsRecord *record)
{
  if (has_id (record))
    return FALSE;
  for (guint i = 0; i < record->model->attributes->len; i++)
    {
      const KmsModelAttribute *attribute = _kms_record_get_model_attribute (record, i);
      const KmsValue *value = record->attributes[i].value;
      if (value != NULL && _kms_record_get_model_key (record, attribute->key)->eager == KMS_EAGER_FETCH_ID
          && _kms_attribute_is_stored_encrypted (attribute, kms_value_get_plaintext ((KmsValue *) value)))
        return TRUE;
    }
  return FALSE;
}

/**
 * kms_record_save:
 * @self: a record
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Writes what was set: inserts the row, or updates it. In a transaction that the caller began, or else, where it takes
 * more than one statement, in its own. A data key that the row lacks is made, and wrapped when the model's `Eager=` says.
 * The time of the change is written, and changes are counted, where the model names columns for that.
 *
 * Where somebody rotated the row's key meanwhile, the values are encrypted under the key that it has now. Blocks.
 *
 * Returns: %TRUE, or %FALSE with @error set, and then nothing is written but by a transaction of the caller, which should
 *   be rolled back: %KMS_ERROR_CONFLICT if the changes are counted and somebody else made one, %KMS_ERROR_NOT_FOUND if the
 *   row is gone, %KMS_ERROR_CONTEXT_REQUIRED if the encryption context needs the id before there is one,
 *   %KMS_ERROR_INVALID_ARGUMENT if attributes would be lost with their key; or an error of the store or the service
 *
 * Since: 1.0
 */
gboolean
kms_record_save (KmsRecord *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (KMS_IS_RECORD (self), FALSE);

  if (!has_changes (self))
    return TRUE;
  if (wants_id (self) && !_kms_record_fetch_id (self, cancellable, error))
    return FALSE;
  for (guint i = 0; i < MAX_ATTEMPTS; i++)
    {
      g_autoptr (GError) local = NULL;
      if (attempt (self, cancellable, &local))
        return TRUE;
      if (local == NULL)
        look_again (self, cancellable, &local);
      if (local == NULL)
        continue;
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  return fail_changed (self, error);
}
