/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading, rewrapping and rekeying a table with two Lockbox attributes, on SQLite, or on PostgreSQL under with-postgres:
 * bench-rotation [ROWS [SCRIPT]]. The script, bench-rotation.rb, is the partner for rekeying on SQLite. Without it, and for
 * reading, the partner's figures are those of ActiveRecord with the gems, measured once on another machine:
 * find_each(&:rotate_kms_key!) and reading both attributes of each row. */
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "../record/shop.h"
#include "paired.h"
#include "record/kms-row-batch-private.h"

#define RAILS_REKEY 600.0
#define RAILS_READ 5400.0
#define BATCH_SIZE 1000

static double
get_processor_seconds (void)
{
  struct timespec now;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

static void
open_row (Shop *self, const KmsLayout *layout, const KmsRowBatch *rows, guint index)
{
  const KmsRow *row = _kms_row_batch_get_row (rows, index);

  for (guint i = 0; i < layout->attributes->len; i++)
    {
      const KmsLayoutAttribute *place = &g_array_index (layout->attributes, KmsLayoutAttribute, i);
      KmsSecret *plaintext = NULL, *key = _kms_row_batch_get_data_key (rows, index, 0);
      if (!_kms_attribute_open (place->attribute, key, &row->cells[place->first], &plaintext, NULL))
        g_error ("a value does not open");
      kms_secret_unref (plaintext);
    }
}

static gboolean
read_all (Shop *self, GError **error)
{
  g_autoptr (KmsLayout) layout = _kms_layout_new (self->model);
  g_autoptr (KmsBox) box = _kms_model_dup_box (self->model, g_ptr_array_index (self->model->keys, 0), error);

  _kms_layout_add_key (layout, 0);
  _kms_layout_add_attribute (layout, _kms_model_find_attribute (self->model, "city"));
  _kms_layout_add_attribute (layout, _kms_model_find_attribute (self->model, "phone"));
  g_autoptr (KmsRowBatch) rows = _kms_row_batch_new (self->store, layout, BATCH_SIZE);
  while (_kms_row_batch_read (rows, NULL, error) && _kms_row_batch_get_n_rows (rows) > 0)
    {
      if (!_kms_row_batch_unwrap (rows, 0, box, NULL, error))
        return FALSE;
      for (guint i = 0; i < _kms_row_batch_get_n_rows (rows); i++)
        open_row (self, layout, rows, i);
    }
  return TRUE;
}

static KmsRotation *
make (Shop *self, GError **error)
{
  KmsRotation *rotation = kms_rotation_new (self->model, "kms_key", self->store, error);

  kms_rotation_set_all (rotation, TRUE);
  return rotation;
}

static gboolean
rewrap_all (Shop *self, GError **error)
{
  g_autoptr (KmsRotation) rotation = make (self, error);
  return kms_rotation_rewrap (rotation, NULL, error);
}

static gboolean
rekey_all (Shop *self, GError **error)
{
  g_autoptr (KmsRotation) rotation = make (self, error);
  return kms_rotation_rekey (rotation, NULL, error);
}

static void
measure (Shop *self, const char *name, gboolean (*func) (Shop *self, GError **error), guint n_rows, double rails)
{
  g_autoptr (GError) error = NULL;
  double processor = get_processor_seconds ();
  gint64 started = g_get_monotonic_time ();

  if (!func (self, &error))
    g_error ("%s: %s", name, error->message);
  double seconds = (double) (g_get_monotonic_time () - started) / G_USEC_PER_SEC;
  processor = get_processor_seconds () - processor;
  g_print ("%-8s %9.0f rows/s, %9.0f rows a second of this process's processor time", name, n_rows / seconds,
           n_rows / processor);
  if (rails > 0)
    g_print ("; %.0f and %.0f times ActiveRecord's %.0f", n_rows / seconds / rails, n_rows / processor / rails, rails);
  g_print ("\n");
}

int
main (int argc, char *argv[])
{
  guint n_rows = argc > 1 ? (guint) strtoul (argv[1], NULL, 10) : 100000;
  struct rusage usage;
  Shop shop = { 0 };

  shop_setup (&shop, NULL);
  shop_fill (&shop, 1, n_rows);
  measure (&shop, "read", read_all, n_rows, RAILS_READ);
  measure (&shop, "rewrap", rewrap_all, n_rows, 0);
  double ruby = argc > 2 ? paired_run_ruby (argv[2], shop.path) : 0;
  g_print (ruby > 0 ? "ActiveRecord and Lockbox rekey %.0f rows/s here\n"
                    : "no ActiveRecord with Lockbox here: the partner for rekeying is from another machine (%.0f)\n",
           ruby > 0 ? ruby : RAILS_REKEY);
  measure (&shop, "rekey", rekey_all, n_rows, ruby > 0 ? ruby : RAILS_REKEY);
  getrusage (RUSAGE_SELF, &usage);
  g_print ("memory at most: %.1f MB\n", (double) usage.ru_maxrss / 1024);
  shop_teardown (&shop, NULL);
  return 0;
}
