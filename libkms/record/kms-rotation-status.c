/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What wrapped keys a table has, counted, without decrypting any of them. */
#include "kms-rotation-private.h"

#include "kms-error.h"
#include "kms-stored-private.h"

/* Rows that have all of this in common. */
typedef struct
{
  const char *form;
  char *version, *key_id, *key_version; /* empty where there is none */
  gboolean is_new;
  guint64 n_rows;
} Group;

typedef struct
{
  KmsRotation *rotation;
  gboolean tells_key_version;
  GHashTable *groups; /* all but the number, as one text → Group */
} Tally;

static void
group_free (gpointer data)
{
  Group *self = data;

  g_free (self->version);
  g_free (self->key_id);
  g_free (self->key_version);
  g_free (self);
}

static const char *
get_form (const KmsCell *cell, KmsStored *stored)
{
  static const char *const names[] = {
    [KMS_STORED_FORMAT_VERSIONED] = "versioned",       [KMS_STORED_FORMAT_LEGACY] = "legacy",
    [KMS_STORED_FORMAT_LEGACY_VAULT] = "legacy-vault", [KMS_STORED_FORMAT_LEGACY_GOOGLE] = "legacy-google",
    [KMS_STORED_FORMAT_LEGACY_TEST] = "legacy-test",
  };

  if (cell->type == KMS_CELL_NULL)
    return "none";
  if ((cell->type != KMS_CELL_TEXT && cell->type != KMS_CELL_BLOB) || cell->length == 0
      || !_kms_stored_parse (cell->value.bytes, cell->length, stored, NULL) || stored->is_damaged)
    return "unreadable";
  return names[stored->format];
}

static void
describe (Tally *self, const KmsCell *cell, Group *group)
{
  KmsStored stored = { 0 };
  const char *key_id = NULL;

  group->form = get_form (cell, &stored);
  group->version = stored.version == NULL ? g_strdup ("") : g_strndup (stored.version, stored.version_length);
  if (stored.version != NULL)
    key_id = kms_box_get_key_id (self->rotation->box, group->version, NULL);
  else if (stored.format == KMS_STORED_FORMAT_LEGACY_GOOGLE)
    group->key_id = _kms_stored_dup_google_key_id (&stored);
  if (group->key_id == NULL)
    group->key_id = g_strdup (key_id == NULL ? "" : key_id);
  if (self->tells_key_version && key_id != NULL)
    group->key_version = _kms_rotation_dup_key_version (self->rotation, cell);
  if (group->key_version == NULL)
    group->key_version = g_strdup ("");
}

static gboolean
count_row (const KmsCell *cells, guint n_cells, gpointer user_data, GError **error)
{
  Tally *self = user_data;
  KmsRotation *rotation = self->rotation;
  g_autoptr (KmsRow) row = _kms_row_new (cells, n_cells);

  if (!_kms_rotation_learn_key_version (rotation, row, error))
    return FALSE;
  Group *group = g_new0 (Group, 1);
  describe (self, &row->cells[rotation->layout->keys[rotation->key]], group);
  group->is_new = !_kms_rotation_wants_row (rotation, row);
  g_autofree char *name = g_strdup_printf ("%s\n%s\n%s\n%s\n%d", group->form, group->version, group->key_id,
                                           group->key_version, group->is_new);
  Group *known = g_hash_table_lookup (self->groups, name);
  if (known == NULL)
    g_hash_table_insert (self->groups, g_steal_pointer (&name), known = group);
  else
    group_free (group);
  known->n_rows++;
  return TRUE;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  const Group *first = *(Group *const *) a, *second = *(Group *const *) b;
  int form = g_strcmp0 (first->form, second->form);
  guint64 one = g_ascii_strtoull (first->version, NULL, 10), two = g_ascii_strtoull (second->version, NULL, 10);

  if (form != 0)
    return form;
  return one == two ? g_strcmp0 (first->key_version, second->key_version) : one < two ? -1 : 1;
}

static GVariant *
to_variant (GHashTable *groups)
{
  g_autoptr (GPtrArray) sorted = g_ptr_array_new ();
  GVariantBuilder builder;
  GHashTableIter iter;
  gpointer found;

  g_hash_table_iter_init (&iter, groups);
  while (g_hash_table_iter_next (&iter, NULL, &found))
    g_ptr_array_add (sorted, found);
  g_ptr_array_sort (sorted, compare);
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a(ssssbt)"));
  for (guint i = 0; i < sorted->len; i++)
    {
      const Group *group = g_ptr_array_index (sorted, i);
      g_variant_builder_add (&builder, "(ssssbt)", group->form, group->version, group->key_id, group->key_version,
                             group->is_new, group->n_rows);
    }
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

static GVariant *
tally (KmsRotation *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GHashTable) groups = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, group_free);
  g_autoptr (KmsStatement) statement = _kms_statement_new (self->store);
  Tally state = { self, _kms_rotation_tells_key_version (self), groups };

  _kms_layout_add_select (self->layout, statement);
  if (self->where != NULL)
    {
      _kms_statement_add_sql (statement, " WHERE (");
      _kms_statement_add_sql (statement, self->where);
      _kms_statement_add_sql (statement, "\n)");
    }
  return _kms_store_run (self->store, statement, count_row, &state, NULL, cancellable, error) ? to_variant (groups)
                                                                                              : NULL;
}

/**
 * kms_rotation_get_status:
 * @self: a rotation
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Counts the rows of the table, or of the condition, by their wrapped keys. Nothing is decrypted. Blocks.
 *
 * Each group of rows is a tuple: the form (`versioned`; `legacy` and others that begin so, from before there were
 * versions; `none` where the column is NULL; `unreadable`), the version, the key id that it means to the box, the version
 * of the master key where the provider tells, whether a rotation would leave the rows alone, and their number. A text is
 * empty where there is nothing to tell.
 *
 * Returns: (transfer full): an `a(ssssbt)`, or %NULL with @error set
 *
 * Since: 1.0
 */
GVariant *
kms_rotation_get_status (KmsRotation *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (KMS_IS_ROTATION (self), NULL);
  gboolean all = self->all;

  self->all = FALSE;
  GVariant *status = _kms_rotation_prepare (self, KMS_ROTATION_REWRAP, error) ? tally (self, cancellable, error) : NULL;
  _kms_rotation_forget (self);
  self->all = all;
  return status;
}
