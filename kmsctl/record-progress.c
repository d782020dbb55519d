/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Progress on a terminal, in a log, and as lines of JSON. */
#include "record-progress.h"

#include <unistd.h>

#include "bytes.h"
#include "result.h"

#define LINE_INTERVAL (G_TIME_SPAN_SECOND / 5)
#define LOG_INTERVAL (10 * G_TIME_SPAN_SECOND)

/* Who has a million bad rows wants to know the first of them. With --json all are told. */
#define MAX_FAILED_TOLD 1000

static double
get_seconds (const KmsctlRecordProgress *self)
{
  return MAX ((double) (g_get_monotonic_time () - self->started) / G_USEC_PER_SEC, 0.001);
}

static guint64
count_all (const KmsRotationCounts *counts)
{
  return counts->n_done + counts->n_skipped + counts->n_failed;
}

/* Seconds; -1 where it is too early to tell. */
static gint64
guess_left (const KmsctlRecordProgress *self, const KmsRotationCounts *counts)
{
  double all = (double) count_all (counts);

  if (all <= 0 || count_all (counts) > counts->n_rows)
    return -1;
  return (gint64) (((double) counts->n_rows - all) * get_seconds (self) / all);
}

GVariant *
kmsctl_record_progress_describe (KmsctlRecordProgress *self, KmsRotation *rotation, const char *state)
{
  KmsRotationCounts counts;
  KmsctlFields fields;

  kms_rotation_get_counts (rotation, &counts);
  kmsctl_fields_init (&fields);
  kmsctl_fields_text (&fields, "key", self->key);
  kmsctl_fields_text (&fields, "state", state);
  kmsctl_fields_number (&fields, "rows", (gint64) counts.n_rows);
  kmsctl_fields_number (&fields, "done", (gint64) counts.n_done);
  kmsctl_fields_number (&fields, "skipped", (gint64) counts.n_skipped);
  kmsctl_fields_number (&fields, "failed", (gint64) counts.n_failed);
  if (counts.n_repaired > 0)
    kmsctl_fields_number (&fields, "repaired", (gint64) counts.n_repaired);
  if (counts.n_pruned > 0)
    kmsctl_fields_number (&fields, "pruned", (gint64) counts.n_pruned);
  kmsctl_fields_number (&fields, "per_second", (gint64) ((double) count_all (&counts) / get_seconds (self)));
  if (self->kmsctl->json && guess_left (self, &counts) >= 0)
    kmsctl_fields_number (&fields, "seconds_left", guess_left (self, &counts));
  return kmsctl_fields_end (&fields);
}

static char *
make_line (KmsctlRecordProgress *self, const KmsRotationCounts *counts)
{
  gint64 left = guess_left (self, counts);
  g_autofree char *all = g_strdup_printf ("%" G_GUINT64_FORMAT, count_all (counts));
  g_autofree char *rows = g_strdup_printf ("%" G_GUINT64_FORMAT, counts->n_rows);
  g_autofree char *failed = g_strdup_printf ("%" G_GUINT64_FORMAT, counts->n_failed);
  g_autofree char *time = left < 0 ? g_strdup ("-:--")
                                   : g_strdup_printf ("%" G_GINT64_FORMAT ":%02d", left / 60, (int) (left % 60));

  return g_strdup_printf (_ ("%s: %s of %s rows, %s failed, %.0f a second, %s left"), self->key, all, rows, failed,
                          (double) count_all (counts) / get_seconds (self), time);
}

static void
clear_line (KmsctlRecordProgress *self)
{
  if (self->has_line)
    g_printerr ("\r\033[K");
  self->has_line = FALSE;
}

static void
tell (KmsctlRecordProgress *self, KmsRotation *rotation)
{
  KmsRotationCounts counts;

  if (self->kmsctl->json)
    {
      kmsctl_print (self->kmsctl, kmsctl_record_progress_describe (self, rotation, "running"), NULL);
      return;
    }
  kms_rotation_get_counts (rotation, &counts);
  g_autofree char *line = make_line (self, &counts);
  if (self->is_line)
    g_printerr ("\r\033[K%s", line);
  else
    kmsctl_note (self->kmsctl, "%s", line);
  self->has_line = self->is_line;
}

static void
on_progress (KmsRotation *rotation, KmsctlRecordProgress *self)
{
  gint64 now = g_get_monotonic_time ();

  if (now - self->told < (self->is_line ? LINE_INTERVAL : LOG_INTERVAL))
    return;
  self->told = now;
  tell (self, rotation);
}

static void
tell_waiting (KmsctlRecordProgress *self, guint milliseconds, const GError *error)
{
  double seconds = (double) milliseconds / 1000;
  KmsctlFields fields;

  if (self->kmsctl->json)
    {
      kmsctl_fields_init (&fields);
      kmsctl_fields_text (&fields, "key", self->key);
      kmsctl_fields_text (&fields, "state", "waiting");
      kmsctl_fields_variant (&fields, "seconds", g_variant_new_double (seconds));
      kmsctl_fields_text (&fields, "error", kms_error_get_id (error));
      kmsctl_fields_text (&fields, "message", error->message);
      kmsctl_print (self->kmsctl, kmsctl_fields_end (&fields), NULL);
      return;
    }
  g_autofree char *line = g_strdup_printf (_ ("%s: waits %.1f s for the KMS: %s"), self->key, seconds, error->message);
  if (self->is_line)
    g_printerr ("\r\033[K%s", line);
  else
    kmsctl_note (self->kmsctl, "%s", line);
  self->has_line = self->is_line;
}

/* A log is told of the first pause, and from then on as often as of progress. */
static void
on_waiting (KmsRotation *rotation, guint milliseconds, const GError *error, KmsctlRecordProgress *self)
{
  gint64 now = g_get_monotonic_time ();

  if (!self->is_line && self->told_waiting != 0 && now - self->told_waiting < LOG_INTERVAL)
    return;
  self->told_waiting = now;
  tell_waiting (self, milliseconds, error);
}

static void
on_row_failed (KmsRotation *rotation, const char *id, const GError *error, KmsctlRecordProgress *self)
{
  KmsctlFields fields;

  if (self->kmsctl->json)
    {
      kmsctl_fields_init (&fields);
      kmsctl_fields_text (&fields, "key", self->key);
      kmsctl_fields_text (&fields, "row", id);
      kmsctl_fields_text (&fields, "error", kms_error_get_id (error));
      kmsctl_fields_text (&fields, "message", error->message);
      kmsctl_print (self->kmsctl, kmsctl_fields_end (&fields), NULL);
      return;
    }
  if (self->n_failed_told++ >= MAX_FAILED_TOLD)
    return;
  g_autoptr (GError) named = g_error_copy (error);
  g_prefix_error (&named, _ ("row %s: "), id);
  clear_line (self);
  kmsctl_complain (self->kmsctl, named);
}

void
kmsctl_record_progress_watch (KmsctlRecordProgress *self, Kmsctl *kmsctl, KmsRotation *rotation, const char *key)
{
  *self = (KmsctlRecordProgress){ .kmsctl = kmsctl, .key = key };
  self->is_line = !kmsctl->json && !kmsctl->quiet && isatty (STDERR_FILENO);
  self->started = g_get_monotonic_time ();
  self->told = self->is_line ? 0 : self->started;
  g_signal_connect (rotation, "progress", G_CALLBACK (on_progress), self);
  g_signal_connect (rotation, "waiting", G_CALLBACK (on_waiting), self);
  g_signal_connect (rotation, "row-failed", G_CALLBACK (on_row_failed), self);
}

void
kmsctl_record_progress_end (KmsctlRecordProgress *self)
{
  clear_line (self);
  if (self->n_failed_told > MAX_FAILED_TOLD)
    kmsctl_note (self->kmsctl, _ ("… and %u more; --json tells all of them"), self->n_failed_told - MAX_FAILED_TOLD);
}
