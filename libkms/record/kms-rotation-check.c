/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What new data keys would lose: everything under a key that is not declared, or can't be written again. */
#include "kms-rotation-private.h"

#include <string.h>

#include "kms-error.h"

#define BLIND_INDEX "_bidx"
#define ATTACHMENTS "active_storage_attachments"

static gboolean refuse (KmsRotation *self, GError **error, const char *format, ...) G_GNUC_PRINTF (3, 4);

static gboolean
refuse (KmsRotation *self, GError **error, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_autofree char *reason = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED, "%s of model \"%s\" gets no new data keys: %s; rewrap works",
               _kms_rotation_get_key (self)->name, self->model->file_name, reason);
  return FALSE;
}

static gboolean
check_words (KmsRotation *self, GError **error)
{
  const KmsModelKey *key = _kms_rotation_get_key (self);

  if (!key->complete)
    return refuse (self, error,
                   "its model does not say that everything under it is declared, and what is not would become "
                   "unreadable; add Complete=true to [Key %s] if it is",
                   key->name);
  if (self->model->lock_version == NULL && !self->offline)
    return refuse (self, error,
                   "without a column for optimistic locking (LockVersion=), an application that has a row in memory "
                   "would write with the old key; stop all applications and say so (--offline)");
  return TRUE;
}

static gboolean
can_write (const KmsModelAttribute *attribute)
{
  gboolean is_single =
    attribute->format == KMS_ATTRIBUTE_ATTR_ENCRYPTED
    && (attribute->attr.mode == KMS_ATTR_MODE_SINGLE_GCM || attribute->attr.mode == KMS_ATTR_MODE_SINGLE_CBC);

  return attribute->format != KMS_ATTRIBUTE_LOCKBOX_FILE && !is_single;
}

static gboolean
check_attributes (KmsRotation *self, GError **error)
{
  for (guint i = 0; i < self->model->attributes->len; i++)
    {
      const KmsModelAttribute *attribute = g_ptr_array_index (self->model->attributes, i);
      if (attribute->key == self->key && !can_write (attribute))
        return refuse (self, error, "\"%s\" is %s, which can't be encrypted again here", attribute->name,
                       attribute->format == KMS_ATTRIBUTE_LOCKBOX_FILE ? "a file" : "in an old format");
    }
  return TRUE;
}

/* "email_bidx" is of "email", and "email_ci_bidx" may be. */
static gboolean
is_declared (KmsRotation *self, const char *column)
{
  gsize length = strlen (column) - strlen (BLIND_INDEX);

  for (guint i = 0; i < self->model->attributes->len; i++)
    {
      const char *name = ((const KmsModelAttribute *) g_ptr_array_index (self->model->attributes, i))->name;
      gsize name_length = strlen (name);
      if (name_length <= length && strncmp (name, column, name_length) == 0
          && (name_length == length || column[name_length] == '_'))
        return TRUE;
    }
  return FALSE;
}

/* Where there is a blind index, there is an encrypted attribute. */
static gboolean
check_blind_indexes (KmsRotation *self, GError **error)
{
  g_autoptr (GArray) columns = _kms_store_list_columns (self->store, self->model->table, error);

  for (guint i = 0; columns != NULL && i < columns->len; i++)
    {
      const char *name = g_array_index (columns, KmsColumn, i).name;
      if (g_str_has_suffix (name, BLIND_INDEX) && !is_declared (self, name))
        return refuse (self, error, "the table has a blind index \"%s\", and the model no such attribute", name);
    }
  return columns != NULL;
}

/* Files of attributes under other keys are no concern of this one. */
static void
add_other_files (KmsRotation *self, KmsStatement *statement)
{
  for (guint i = 0; i < self->model->attributes->len; i++)
    {
      const KmsModelAttribute *attribute = g_ptr_array_index (self->model->attributes, i);
      if (attribute->format != KMS_ATTRIBUTE_LOCKBOX_FILE || attribute->key == self->key)
        continue;
      _kms_statement_add_sql (statement, " AND name <> ");
      _kms_statement_bind_text (statement, attribute->name, -1);
    }
}

/* Rails writes the name of the class at the base of a table's classes; who sets it otherwise, that of the row's own. */
static KmsStatement *
make_search (KmsRotation *self)
{
  KmsStatement *statement = _kms_statement_new (self->store);

  _kms_statement_add_sql (statement, "SELECT count(*) FROM " ATTACHMENTS " WHERE (record_type = ");
  _kms_statement_bind_text (statement, self->model->name, -1);
  for (guint i = 0; i < self->model->base_names->len; i++)
    {
      _kms_statement_add_sql (statement, " OR record_type = ");
      _kms_statement_bind_text (statement, g_ptr_array_index (self->model->base_names, i), -1);
    }
  if (self->model->type_column != NULL)
    {
      _kms_statement_add_sql (statement, " OR record_type IN (SELECT ");
      _kms_statement_add_identifier (statement, self->model->type_column);
      _kms_statement_add_sql (statement, " FROM ");
      _kms_statement_add_table (statement, self->model->table);
      _kms_statement_add_sql (statement, ")");
    }
  _kms_statement_add_sql (statement, ")");
  add_other_files (self, statement);
  return statement;
}

static gboolean
keep_count (const KmsCell *cells, guint n_cells, gpointer count, GError **error)
{
  *(gint64 *) count = cells[0].type == KMS_CELL_INTEGER ? cells[0].value.integer : 0;
  return TRUE;
}

static gboolean
check_attachments (KmsRotation *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GArray) columns = _kms_store_list_columns (self->store, ATTACHMENTS, NULL);
  g_autoptr (KmsStatement) search = make_search (self);
  gint64 n_files = 0;

  if (columns == NULL || self->ignore_attachments)
    return TRUE;
  if (!_kms_store_run (self->store, search, keep_count, &n_files, NULL, cancellable, error))
    return FALSE;
  return n_files == 0
         || refuse (
           self, error,
           "Active Storage has %" G_GINT64_FORMAT
           " files of it, which may be encrypted with the key and can't be encrypted again here; say so if they "
           "are not (--ignore-attachments)",
           n_files);
}

gboolean
_kms_rotation_check_rekey (KmsRotation *self, GCancellable *cancellable, GError **error)
{
  return check_words (self, error) && check_attributes (self, error) && check_blind_indexes (self, error)
         && check_attachments (self, cancellable, error);
}

gboolean
_kms_rotation_check_prune (KmsRotation *self, GError **error)
{
  const char *reason = !self->prune_journal                      ? NULL
                       : self->where != NULL                     ? "with a condition, rows are left out"
                       : self->resume                            ? "what was looked at before may have changed since"
                       : !_kms_rotation_get_key (self)->complete ? "its model does not say that it declares everything "
                                                                   "under the key (Complete=true)"
                                                                 : NULL;

  if (reason == NULL)
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED,
               "the journal of %s of model \"%s\" is not pruned unless everything under the key is seen to open: %s",
               _kms_rotation_get_key (self)->name, self->model->file_name, reason);
  return FALSE;
}
