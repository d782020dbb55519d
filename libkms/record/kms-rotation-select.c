/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which rows a rotation is about. The database leaves out what it can see to be new enough; what it can't see is looked at
 * when it was read. */
#include "kms-rotation-private.h"

#include <string.h>

#include "kms-box-private.h"
#include "kms-error.h"
#include "kms-provider-class.h"

#define FIRST_VERSION "1"

/* What the details of an inspection call it. */
#define KEY_VERSION "key-version"

static gboolean
is_verifying (const KmsRotation *self)
{
  return self->kind == KMS_ROTATION_VERIFY || self->kind == KMS_ROTATION_REPAIR;
}

gboolean
_kms_rotation_tells_key_version (KmsRotation *self)
{
  const char *key_id;
  KmsProvider *provider = _kms_box_resolve (self->box, self->box->encrypting, &key_id, NULL);

  return provider != NULL && KMS_PROVIDER_GET_CLASS (provider)->inspect != NULL;
}

/* LIKE would not tell "v2:" from "V2:" everywhere. Versions have digits only. */
static void
add_version_test (KmsStatement *statement, const char *column, const char *operator, const char * version)
{
  g_autofree char *test =
    g_strdup_printf (", 1, %" G_GSIZE_FORMAT ") %s 'v%s:'", strlen (version) + 2, operator, version);

  _kms_statement_add_sql (statement, " AND substr(");
  _kms_statement_add_identifier (statement, column);
  _kms_statement_add_sql (statement, test);
}

/* What has no version is one of the first, and has no prefix. */
static void
add_version_tests (KmsRotation *self, KmsStatement *statement)
{
  const char *column = _kms_rotation_get_key (self)->column;
  const char *version = self->from_version;

  if (version != NULL && strcmp (version, FIRST_VERSION) != 0)
    add_version_test (statement, column, "=", version);
  if (!self->all && !_kms_rotation_tells_key_version (self))
    add_version_test (statement, column, "<>", kms_box_get_version (self->box));
}

char *
_kms_rotation_make_condition (KmsRotation *self)
{
  g_autoptr (KmsStatement) statement = _kms_statement_new (self->store);

  if (is_verifying (self))
    return g_strdup (self->where);
  _kms_statement_add_identifier (statement, _kms_rotation_get_key (self)->column);
  _kms_statement_add_sql (statement, " IS NOT NULL");
  add_version_tests (self, statement);
  if (self->where != NULL)
    {
      _kms_statement_add_sql (statement, " AND (");
      _kms_statement_add_sql (statement, self->where);
      _kms_statement_add_sql (statement, "\n)");
    }
  return g_strdup (kms_statement_get_sql (statement));
}

static gboolean
keep_count (const KmsCell *cells, guint n_cells, gpointer n_rows, GError **error)
{
  *(guint64 *) n_rows = cells[0].type == KMS_CELL_INTEGER ? (guint64) cells[0].value.integer : 0;
  return TRUE;
}

gboolean
_kms_rotation_count_rows (KmsRotation *self, const char *condition, guint64 *n_rows, GCancellable *cancellable,
                          GError **error)
{
  g_autoptr (KmsStatement) statement = _kms_statement_new (self->store);

  _kms_statement_add_sql (statement, "SELECT count(*) FROM ");
  _kms_statement_add_table (statement, self->model->table);
  if (condition != NULL)
    {
      _kms_statement_add_sql (statement, " WHERE (");
      _kms_statement_add_sql (statement, condition);
      _kms_statement_add_sql (statement, "\n)");
    }
  return _kms_store_run (self->store, statement, keep_count, n_rows, NULL, cancellable, error);
}

char *
_kms_rotation_dup_key_version (KmsRotation *self, const KmsCell *cell)
{
  g_autoptr (KmsInspection)
    inspection = kms_box_inspect (self->box, cell->value.bytes, (gssize) cell->length, NULL, NULL);
  GVariant *details = inspection == NULL ? NULL : kms_inspection_get_details (inspection);
  const char *version = NULL;

  if (details != NULL)
    g_variant_lookup (details, KEY_VERSION, "&s", &version);
  return g_strdup (version);
}

static gboolean
version_is (const KmsStored *stored, const char *version)
{
  return stored->version != NULL && stored->version_length == strlen (version)
         && memcmp (stored->version, version, stored->version_length) == 0;
}

/* By the box; what the provider tells is another matter. */
static gboolean
is_of_newest_version (KmsRotation *self, const KmsCell *cell)
{
  KmsStored stored;

  return (cell->type == KMS_CELL_TEXT || cell->type == KMS_CELL_BLOB)
         && _kms_stored_parse (cell->value.bytes, cell->length, &stored, NULL)
         && stored.format == KMS_STORED_FORMAT_VERSIONED && !stored.is_damaged
         && version_is (&stored, kms_box_get_version (self->box));
}

static gboolean
is_writing (const KmsRotation *self)
{
  return self->update != NULL;
}

/* What wraps now is known of what it has wrapped. Who wraps anew may perhaps do that and nothing else, so the row's own key
 * is wrapped anew; else something is wrapped for nobody. */
static KmsBatch *
make_probe (KmsRotation *self, const KmsRow *row, const KmsCell *cell, GError **error)
{
  g_autoptr (KmsContext) context = _kms_row_build_context (row, self->layout, self->key, NULL, error);
  gboolean is_rewrap = self->kind == KMS_ROTATION_REWRAP && is_writing (self);
  g_autoptr (KmsBatch) batch = kms_batch_new (is_rewrap ? KMS_OPERATION_REWRAP : KMS_OPERATION_ENCRYPT);

  if (context == NULL)
    return NULL;
  if (is_rewrap)
    {
      kms_batch_add_stored (batch, cell->value.bytes, (gssize) cell->length, context, NULL);
      return g_steal_pointer (&batch);
    }
  g_autoptr (KmsSecret) nothing = kms_secret_new_random (KMS_LOCKBOX_KEY_SIZE, error);
  if (nothing == NULL)
    return NULL;
  kms_batch_add_secret (batch, nothing, context);
  return g_steal_pointer (&batch);
}

/* Who only counts rows need not be allowed to wrap. FALSE: whether rows are old can't be known, which is not that they are
 * new. */
static gboolean
take_probe (KmsRotation *self, KmsBatch *batch, GError **error)
{
  const GError *found = kms_batch_get_error (batch, 0);

  self->knows_key_version = found == NULL
                            || (!is_writing (self) && g_error_matches (found, KMS_ERROR, KMS_ERROR_NOT_AUTHORIZED));
  if (found == NULL)
    self->key_version = g_strdup (kms_batch_get_key_version (batch, 0));
  if (self->knows_key_version || _kms_rotation_is_of_row (found))
    return TRUE;
  g_propagate_prefixed_error (error, g_error_copy (found),
                              "which version of the master key is the newest is not known: ");
  return FALSE;
}

gboolean
_kms_rotation_learn_key_version (KmsRotation *self, const KmsRow *row, GError **error)
{
  const KmsCell *cell = &row->cells[self->layout->keys[self->key]];

  if (self->knows_key_version || self->all || is_verifying (self) || !_kms_rotation_tells_key_version (self)
      || !is_of_newest_version (self, cell))
    return TRUE;
  g_autoptr (KmsBatch) batch = make_probe (self, row, cell, NULL);
  /* What is wrong with this row need not be with the next one. */
  return batch == NULL || (_kms_rotation_ask (self, batch, error) && take_probe (self, batch, error));
}

static gboolean
has_old_key_version (KmsRotation *self, const KmsCell *cell)
{
  if (self->key_version == NULL)
    return FALSE;
  g_autofree char *version = _kms_rotation_dup_key_version (self, cell);
  return version != NULL && strcmp (version, self->key_version) != 0;
}

/* What can't be read is wanted, so that it is told with its reason. */
gboolean
_kms_rotation_wants_row (KmsRotation *self, const KmsRow *row)
{
  const KmsCell *cell = &row->cells[self->layout->keys[self->key]];
  KmsStored stored;

  if (is_verifying (self))
    return TRUE;
  if (cell->type == KMS_CELL_NULL)
    return FALSE;
  if (cell->type == KMS_CELL_INTEGER || cell->type == KMS_CELL_FLOAT
      || !_kms_stored_parse (cell->value.bytes, cell->length, &stored, NULL))
    return TRUE;
  if (self->from_version != NULL && !version_is (&stored, self->from_version))
    return FALSE;
  return self->all || !is_of_newest_version (self, cell) || has_old_key_version (self, cell);
}
