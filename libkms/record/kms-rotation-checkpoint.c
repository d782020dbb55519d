/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* How far a rotation is, in a file. It is no more than a hint where to go on: who loses it begins at the first row, and
 * does nothing twice that can be seen to be done. */
#include "kms-rotation-private.h"

#include <glib/gstdio.h>
#include <string.h>

#include "kms-error.h"

#define GROUP "Rotation"
#define AFTER "After"
#define AFTER_TYPE "AfterType"

#define SAVE_INTERVAL G_TIME_SPAN_SECOND

static const struct
{
  KmsCellType type;
  const char *name;
} types[] = {
  { KMS_CELL_INTEGER, "integer" },
  { KMS_CELL_FLOAT, "float" },
  { KMS_CELL_TEXT, "text" },
  { KMS_CELL_BLOB, "blob" },
};

/* What must be the same for one run to go on where another was. */
static void
describe (KmsRotation *self, GKeyFile *file)
{
  static const char *const kinds[] = { "rewrap", "rekey", "verify", "repair" };

  g_key_file_set_string (file, GROUP, "Kind", kinds[self->kind]);
  g_key_file_set_string (file, GROUP, "Database", kms_store_get_uri (self->store));
  g_key_file_set_string (file, GROUP, "Table", self->model->table);
  g_key_file_set_string (file, GROUP, "Column", _kms_rotation_get_key (self)->column);
  g_key_file_set_string (file, GROUP, "Version", kms_box_get_version (self->box));
  g_key_file_set_string (file, GROUP, "Where", self->where == NULL ? "" : self->where);
  g_key_file_set_string (file, GROUP, "FromVersion", self->from_version == NULL ? "" : self->from_version);
  g_key_file_set_boolean (file, GROUP, "All", self->all);
}

static gboolean
is_same (KmsRotation *self, GKeyFile *found, GError **error)
{
  g_autoptr (GKeyFile) wanted = g_key_file_new ();

  describe (self, wanted);
  g_auto (GStrv) keys = g_key_file_get_keys (wanted, GROUP, NULL, NULL);
  for (guint i = 0; keys[i] != NULL; i++)
    {
      g_autofree char *here = g_key_file_get_string (wanted, GROUP, keys[i], NULL);
      g_autofree char *there = g_key_file_get_string (found, GROUP, keys[i], NULL);
      if (g_strcmp0 (here, there) == 0)
        continue;
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                   "the checkpoint %s is of other work: %s is \"%s\" there and \"%s\" here; begin without it",
                   self->checkpoint, keys[i], there == NULL ? "" : there, here);
      return FALSE;
    }
  return TRUE;
}

static const char *
get_type_name (KmsCellType type)
{
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (types[i].type == type)
      return types[i].name;
  return "null";
}

/* The id is written as text, bytes in base64: a key file has none. */
static void
put_id (GKeyFile *file, const KmsRow *row)
{
  const KmsCell *cell = &row->cells[0];
  g_autofree char *text = cell->type == KMS_CELL_TEXT || cell->type == KMS_CELL_BLOB
                            ? g_base64_encode ((const guchar *) cell->value.bytes, cell->length)
                            : _kms_row_dup_id (row);

  g_key_file_set_string (file, GROUP, AFTER_TYPE, get_type_name (cell->type));
  g_key_file_set_string (file, GROUP, AFTER, text == NULL ? "" : text);
}

static gboolean
seek (KmsRowBatch *rows, const char *type, const char *text)
{
  KmsCell cell = { .type = KMS_CELL_NULL };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (strcmp (types[i].name, type) == 0)
      cell.type = types[i].type;
  g_autofree guchar *bytes = g_base64_decode (text, &cell.length);
  if (cell.type == KMS_CELL_INTEGER)
    cell.value.integer = g_ascii_strtoll (text, NULL, 10);
  else if (cell.type == KMS_CELL_FLOAT)
    cell.value.number = g_ascii_strtod (text, NULL);
  else
    cell.value.bytes = (const char *) bytes;
  _kms_row_batch_seek (rows, &cell);
  return cell.type != KMS_CELL_NULL;
}

static gboolean
read_checkpoint (KmsRotation *self, KmsRowBatch *rows, GKeyFile *file, GError **error)
{
  if (!is_same (self, file, error))
    return FALSE;
  g_autofree char *type = g_key_file_get_string (file, GROUP, AFTER_TYPE, NULL);
  g_autofree char *text = g_key_file_get_string (file, GROUP, AFTER, NULL);
  if (type != NULL && text != NULL && seek (rows, type, text))
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
               "the checkpoint %s does not say where to go on; begin without it", self->checkpoint);
  return FALSE;
}

gboolean
_kms_rotation_checkpoint_load (KmsRotation *self, KmsRowBatch *rows, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) local = NULL;

  self->saved = g_get_monotonic_time ();
  if (!self->resume)
    return TRUE;
  if (g_key_file_load_from_file (file, self->checkpoint, G_KEY_FILE_NONE, &local))
    return read_checkpoint (self, rows, file, error);
  if (g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND,
                 "there is no checkpoint %s: nothing was stopped, or it was finished; begin without it",
                 self->checkpoint);
  else
    g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT, "the checkpoint %s can't be read: %s", self->checkpoint,
                 local->message);
  return FALSE;
}

gboolean
_kms_rotation_checkpoint_save (KmsRotation *self, const KmsRow *last, gboolean now, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) local = NULL;
  gint64 time = g_get_monotonic_time ();

  if (self->checkpoint == NULL || last == NULL || (!now && time - self->saved < SAVE_INTERVAL))
    return TRUE;
  self->saved = time;
  describe (self, file);
  put_id (file, last);
  g_autofree char *directory = g_path_get_dirname (self->checkpoint);
  g_mkdir_with_parents (directory, 0700);
  if (g_key_file_save_to_file (file, self->checkpoint, &local))
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "the checkpoint can't be written: %s", local->message);
  return FALSE;
}

void
_kms_rotation_checkpoint_remove (KmsRotation *self)
{
  if (self->checkpoint != NULL)
    g_unlink (self->checkpoint);
}
