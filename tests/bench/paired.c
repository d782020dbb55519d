/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clocks, turns and lines of the benchmarks. */
#include "paired.h"

#include <glib/gstdio.h>
#include <time.h>

#define N_TURNS 25
#define N_THREAD_TURNS 7
#define MAX_THREADS 64

static double
get_nanoseconds (clockid_t clock)
{
  struct timespec now;

  clock_gettime (clock, &now);
  return (double) now.tv_sec * 1e9 + (double) now.tv_nsec;
}

static double
time_turn (PairedFunc func, gpointer data, guint n)
{
  double start = get_nanoseconds (CLOCK_PROCESS_CPUTIME_ID);

  func (data, n);
  return (get_nanoseconds (CLOCK_PROCESS_CPUTIME_ID) - start) / n;
}

void
paired_compare (const char *name, PairedFunc func, const char *partner_name, PairedFunc partner, gpointer data, guint n)
{
  double best = G_MAXDOUBLE, best_partner = G_MAXDOUBLE;

  for (guint i = 0; i < N_TURNS; i++)
    {
      best_partner = MIN (best_partner, time_turn (partner, data, n));
      best = MIN (best, time_turn (func, data, n));
    }
  g_print ("%-26s %8.1f ns %10.0f /s   %-26s %8.1f ns   ratio %5.2f\n", name, best, 1e9 / best, partner_name,
           best_partner, best / best_partner);
}

typedef struct
{
  PairedFunc func;
  gpointer data;
  guint n;
} Share;

static gpointer
run_share (gpointer data)
{
  Share *share = data;

  share->func (share->data, share->n);
  return NULL;
}

static double
time_threads (PairedFunc func, gpointer data, guint n, guint n_threads)
{
  Share share = { func, data, n / n_threads };
  GThread *threads[MAX_THREADS];
  double start = get_nanoseconds (CLOCK_MONOTONIC);

  for (guint i = 0; i < n_threads; i++)
    threads[i] = g_thread_new ("bench", run_share, &share);
  for (guint i = 0; i < n_threads; i++)
    g_thread_join (threads[i]);
  return get_nanoseconds (CLOCK_MONOTONIC) - start;
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  double first = *(const double *) a, second = *(const double *) b;

  return (first > second) - (first < second);
}

static double
get_median (double *values)
{
  qsort (values, N_THREAD_TURNS, sizeof *values, compare_doubles);
  return values[N_THREAD_TURNS / 2];
}

void
paired_compare_threads (const char *name, PairedFunc func, const char *partner_name, PairedFunc partner, gpointer data,
                        guint n, guint n_threads)
{
  double gain[N_THREAD_TURNS], partner_gain[N_THREAD_TURNS];

  g_return_if_fail (n_threads >= 1 && n_threads <= MAX_THREADS);
  for (guint i = 0; i < N_THREAD_TURNS; i++)
    {
      gain[i] = time_threads (func, data, n, 1) / time_threads (func, data, n, n_threads);
      partner_gain[i] = time_threads (partner, data, n, 1) / time_threads (partner, data, n, n_threads);
    }
  g_print ("%-26s %8.2f x (median)              %-26s %8.2f x\n", name, get_median (gain), partner_name,
           get_median (partner_gain));
}

char *
paired_make_root (const char *name, const char *provider_file)
{
  char *top = g_dir_make_tmp ("kms-bench-XXXXXX", NULL);
  g_autofree char *directory = g_build_filename (top, "package", "providers.d", NULL);
  g_autofree char *file = g_build_filename (directory, name, NULL);

  if (g_mkdir_with_parents (directory, 0755) != 0 || !g_file_set_contents (file, provider_file, -1, NULL))
    g_error ("can't write %s", file);
  return top;
}

double
paired_run_ruby (const char *script, const char *database)
{
  const char *argv[] = { "ruby", script, database, NULL };
  g_autofree char *out = NULL, *err = NULL;
  int status;

  if (!g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err, &status, NULL)
      || status != 0)
    return 0;
  return g_ascii_strtod (out, NULL);
}
