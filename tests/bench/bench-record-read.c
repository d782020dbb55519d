/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two attributes of each of many rows, read from SQLite through the test provider; the partner is ActiveRecord with
 * Lockbox, on the same database. Processor time of both: a busy machine spoils neither. */
#include <libkms/kms.h>

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "paired.h"

#define N_ROWS 100000
#define N_TURNS 3

static const char model_text[] =
  "[Model]\nName=User\nTable=users\n[Key kms_key]\nKeyId=insecure-test-key\nEager=try\n"
  "[Attribute city]\nKey=kms_key\nFormat=lockbox\n[Attribute phone]\nKey=kms_key\nFormat=lockbox\n";

static void
must (gboolean done, const GError *error)
{
  if (!done)
    g_error ("%s", error == NULL ? "failed" : error->message);
}

static void
make_table (const char *path)
{
  sqlite3 *database;

  must (sqlite3_open (path, &database) == SQLITE_OK, NULL);
  must (sqlite3_exec (database,
                      "CREATE TABLE users (id INTEGER PRIMARY KEY, encrypted_kms_key TEXT, city_ciphertext TEXT, "
                      "phone_ciphertext TEXT)",
                      NULL, NULL, NULL)
          == SQLITE_OK,
        NULL);
  sqlite3_close (database);
}

static void
set (KmsRecord *record, const char *attribute, guint number)
{
  g_autofree char *text = g_strdup_printf ("%s of row %u", attribute, number);
  g_autoptr (KmsSecret) secret = kms_secret_new ((const guint8 *) text, strlen (text));
  g_autoptr (KmsValue) value = NULL;
  g_autoptr (GError) error = NULL;

  must (kms_value_parse (KMS_VALUE_TYPE_TEXT, secret, &value, &error), error);
  must (kms_record_set (record, attribute, value, &error), error);
}

static void
fill (KmsModel *model, KmsStore *store)
{
  g_autoptr (GError) error = NULL;

  must (kms_store_begin (store, NULL, &error), error);
  for (guint i = 1; i <= N_ROWS; i++)
    {
      g_autoptr (KmsRecord) record = kms_record_new (model, store);
      g_autofree char *id = g_strdup_printf ("%u", i);
      must (kms_record_set_column (record, "id", id, &error), error);
      set (record, "city", i);
      set (record, "phone", i);
      must (kms_record_save (record, NULL, &error), error);
    }
  must (kms_store_commit (store, NULL, &error), error);
}

static double
get_processor_time (void)
{
  struct timespec now;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

/* Rows a second. */
static double
read_all (KmsModel *model, KmsStore *store)
{
  static const char *const names[] = { "city", "phone", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsRecordReader) reader = kms_record_reader_new (model, store, names, &error);
  double started = get_processor_time ();
  guint n = 0;

  must (reader != NULL, error);
  for (; kms_record_reader_next (reader, NULL, &error); n++)
    for (guint i = 0; i < 2; i++)
      {
        g_autoptr (KmsValue) value = NULL;
        must (kms_record_reader_get (reader, i, &value, &error) && value != NULL, error);
      }
  must (error == NULL && n == N_ROWS, error);
  return n / (get_processor_time () - started);
}

static double
get_best (KmsModel *model, KmsStore *store)
{
  double best = 0;

  for (guint i = 0; i < N_TURNS; i++)
    best = MAX (best, read_all (model, store));
  return best;
}

int
main (int argc, char *argv[])
{
  g_autofree char *root = paired_make_root ("test.provider", "[Provider]\nModule=kms-test.so\nAbi=1\n"
                                                             "Exact=insecure-test-key\n");
  g_autofree char *path = g_build_filename (root, "bench.sqlite3", NULL), *uri = g_strconcat ("sqlite:", path, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsRegistry) registry = kms_registry_new (root, NULL, &error);
  struct rusage usage;

  must (registry != NULL, error);
  make_table (path);
  g_autoptr (KmsModel) model = kms_model_new_from_data (registry, "user", model_text, -1, &error);
  must (model != NULL, error);
  g_autoptr (KmsStore) store = kms_store_open (registry, uri, NULL, &error);
  must (store != NULL, error);
  double started = get_processor_time ();
  fill (model, store);
  g_print ("%-32s %8.0f rows/s\n", "records created", N_ROWS / (get_processor_time () - started));
  double best = get_best (model, store), ruby = argc > 1 ? paired_run_ruby (argv[1], path) : 0;
  getrusage (RUSAGE_SELF, &usage);
  g_print ("%-32s %8.0f rows/s, %ld MiB at most\n", "two attributes of each row read", best, usage.ru_maxrss / 1024);
  if (ruby > 0)
    g_print ("%-32s %8.0f rows/s: %.1f times as many\n", "ActiveRecord and Lockbox", ruby, best / ruby);
  else
    g_print ("no ActiveRecord with Lockbox here: no figure of it\n");
  g_unlink (path);
  return 0;
}
