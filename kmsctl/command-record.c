/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* record get and list: attributes of one row, and of many. */
#include <string.h>
#include <unistd.h>

#include "bytes.h"
#include "command-groups.h"
#include "record-output.h"
#include "record-target.h"
#include "result.h"

/* The attributes that are named behind MODEL and ID, or all that stand in the row. */
static char **
choose_attributes (Kmsctl *self, KmsModel *model, guint first)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  g_auto (GStrv) all = kms_model_list_attributes (model, NULL);

  for (guint i = first; i < self->arguments->len; i++)
    g_strv_builder_add (names, kmsctl_argument (self, i));
  for (guint i = 0; self->arguments->len <= first && all[i] != NULL; i++)
    if (kms_model_get_attribute_column (model, all[i]) != NULL)
      g_strv_builder_add (names, all[i]);
  return g_strv_builder_end (names);
}

static GArray *
make_cells (void)
{
  GArray *cells = g_array_new (FALSE, TRUE, sizeof (KmsctlCell));

  g_array_set_clear_func (cells, kmsctl_cell_clear);
  return cells;
}

static gboolean
read_cells (Kmsctl *self, KmsRecord *record, char **names, GArray *cells, GError **error)
{
  for (guint i = 0; names[i] != NULL; i++)
    {
      KmsctlCell cell = { names[i], NULL, NULL };
      if (!kms_record_get (record, names[i], &cell.value, self->cancellable, error))
        return FALSE;
      g_array_append_val (cells, cell);
    }
  return TRUE;
}

static gboolean
write_newline (Kmsctl *self, GError **error)
{
  const char *newline = kmsctl_text (self, "newline");
  gboolean to_terminal = kmsctl_text (self, "out") == NULL && isatty (STDOUT_FILENO);

  if (newline == NULL || g_str_equal (newline, "auto") ? !to_terminal : !g_str_equal (newline, "yes"))
    return TRUE;
  return kmsctl_write_all (self, STDOUT_FILENO, _ ("stdout"), "\n", 1, error);
}

/* The text of a value, or its bytes where it has no text. */
static gboolean
print_alone (Kmsctl *self, const KmsctlCell *cell, GError **error)
{
  g_autoptr (KmsSecret) text = cell->value == NULL ? NULL : kms_value_to_text (cell->value);
  gsize length = 0;
  const guint8 *data = text == NULL ? (const guint8 *) "" : kms_secret_get_data (text, &length);

  if (cell->value == NULL)
    kmsctl_note (self, _ ("%s is NULL"), cell->name);
  return kmsctl_write_output (self, data, length, error) && (cell->value == NULL || write_newline (self, error));
}

static gboolean
print_record (Kmsctl *self, KmsRecord *record, char **names, GArray *cells, GError **error)
{
  g_auto (KmsctlRecordOutput) output = { .is_list = FALSE };

  if (!kmsctl_record_output_begin (&output, self, FALSE, (const char *const *) names, error))
    return FALSE;
  kmsctl_record_output_add (&output, kms_record_get_id (record), kms_record_get_is_id_integer (record), cells);
  return kmsctl_record_output_end (&output, error);
}

gboolean
kmsctl_run_record_get (Kmsctl *self, GError **error)
{
  gboolean is_alone = self->arguments->len == 3 && !self->json && !kmsctl_flag (self, "csv");
  g_auto (KmsctlRecordTarget) target = { NULL };

  if (!is_alone && (kmsctl_flag (self, "out") || kmsctl_flag (self, "newline")))
    return kmsctl_usage_error (error,
                               _ ("--out and --newline are for one attribute as it is, without --json and --csv"));
  if (!kmsctl_record_target_open (self, &target, error))
    return FALSE;
  g_auto (GStrv) names = choose_attributes (self, target.model, 2);
  g_autoptr (GArray) cells = make_cells ();
  g_autoptr (KmsRecord)
    record = kms_record_load (target.model, target.store, kmsctl_argument (self, 1), self->cancellable, error);
  if (record == NULL || !read_cells (self, record, names, cells, error))
    return FALSE;
  return is_alone ? print_alone (self, &g_array_index (cells, KmsctlCell, 0), error)
                  : print_record (self, record, names, cells, error);
}

static gboolean
read_row (KmsRecordReader *reader, GArray *cells)
{
  gboolean whole = TRUE;

  g_array_set_size (cells, 0);
  for (guint i = 0; i < kms_record_reader_get_n_attributes (reader); i++)
    {
      KmsctlCell cell = { kms_record_reader_get_name (reader, i), NULL, NULL };
      whole = kms_record_reader_get (reader, i, &cell.value, &cell.error) && whole;
      g_array_append_val (cells, cell);
    }
  return whole;
}

/* On stderr at once, as the table may be long; with --json it stands in the row. */
static void
complain (Kmsctl *self, const char *id, GArray *cells)
{
  for (guint i = 0; i < cells->len && !self->json; i++)
    {
      const KmsctlCell *cell = &g_array_index (cells, KmsctlCell, i);
      g_autoptr (GError) named = cell->error == NULL ? NULL : g_error_copy (cell->error);
      g_prefix_error (&named, "%s: ", id);
      if (named != NULL)
        kmsctl_complain (self, named);
    }
}

static gboolean
print_rows (Kmsctl *self, KmsRecordReader *reader, KmsctlRecordOutput *output, guint64 *n_broken, GError **error)
{
  g_autoptr (GArray) cells = make_cells ();
  g_autoptr (GError) local = NULL;
  guint64 limit = kmsctl_flag (self, "limit") ? kmsctl_number (self, "limit", 0) : G_MAXUINT64;

  while (output->n_rows < limit && output->output.error == NULL
         && kms_record_reader_next (reader, self->cancellable, &local))
    {
      const char *id = kms_record_reader_get_id (reader);
      if (!read_row (reader, cells))
        {
          complain (self, id, cells);
          *n_broken += 1;
        }
      kmsctl_record_output_add (output, id, kms_record_reader_get_is_id_integer (reader), cells);
    }
  if (local == NULL)
    return kmsctl_record_output_end (output, error);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

gboolean
kmsctl_run_record_list (Kmsctl *self, GError **error)
{
  g_auto (KmsctlRecordTarget) target = { NULL };
  g_auto (KmsctlRecordOutput) output = { .is_list = TRUE };
  guint64 n_broken = 0;

  if (!kmsctl_record_target_open (self, &target, error))
    return FALSE;
  g_auto (GStrv) names = choose_attributes (self, target.model, 1);
  g_autoptr (KmsRecordReader)
    reader = kms_record_reader_new (target.model, target.store, (const char *const *) names, error);
  if (reader == NULL || !kmsctl_record_output_begin (&output, self, TRUE, (const char *const *) names, error))
    return FALSE;
  kms_record_reader_set_condition (reader, kmsctl_text (self, "where"));
  if (!print_rows (self, reader, &output, &n_broken, error))
    return FALSE;
  if (n_broken == 0)
    return TRUE;
  g_autofree char *broken = g_strdup_printf ("%" G_GUINT64_FORMAT, n_broken);
  g_autofree char *all = g_strdup_printf ("%" G_GUINT64_FORMAT, output.n_rows);
  g_set_error (error, KMS_ERROR, KMS_ERROR_PARTIAL, _ ("%s of %s rows could not be read"), broken, all);
  return FALSE;
}
