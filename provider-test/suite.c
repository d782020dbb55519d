/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs the cases and prints TAP. It never stops at a failure, only when somebody interrupts it. */
#include "suite.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>

#include "case-runner.h"
#include "scratch.h"

#define EXIT_FAILED 1
#define EXIT_INTERRUPTED 130

/* The directive of TAP for what is known to fail. In halves, since the word in sources says that something is left to do. */
#define KNOWN_FAILURE                                                                                                  \
  "TO"                                                                                                                 \
  "DO"

typedef struct
{
  const Options *options;
  Expectations *expectations;
  CaseRunner runner;
  gboolean interrupted;
  guint n_passed, n_failed, n_known, n_skipped;
} Suite;

static gboolean
on_signal (gpointer data)
{
  ((Suite *) data)->interrupted = TRUE;
  return G_SOURCE_CONTINUE;
}

/* A reader who has gone is as good as ^C. */
static void
print_line (Suite *self, const char *text)
{
  if (puts (text) < 0 || fflush (stdout) != 0)
    self->interrupted = TRUE;
}

static void print (Suite *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
print (Suite *self, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_autofree char *line = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  print_line (self, line);
}

static void
print_details (Suite *self, const TestCase *test, const Outcome *outcome)
{
  print (self, "# Asked for: %s", test->asks);
  for (guint i = 0; i < outcome->failures->len; i++)
    print (self, "# %s", (const char *) g_ptr_array_index (outcome->failures, i));
  for (guint i = 0; i < outcome->notes->len; i++)
    print (self, "# (%s)", (const char *) g_ptr_array_index (outcome->notes, i));
}

static void
print_failed (Suite *self, guint number, const TestCase *test, const Outcome *outcome)
{
  const char *reason = expectations_lookup (self->expectations, test->name);

  if (reason == NULL)
    {
      self->n_failed++;
      print (self, "not ok %u %s", number, test->name);
    }
  else
    {
      self->n_known++;
      print (self, "not ok %u %s # " KNOWN_FAILURE " known failure%s%s", number, test->name,
             reason[0] == '\0' ? "" : ": ", reason);
    }
  print_details (self, test, outcome);
}

static void
print_passed (Suite *self, guint number, const TestCase *test)
{
  if (expectations_lookup (self->expectations, test->name) == NULL)
    {
      self->n_passed++;
      print (self, "ok %u %s", number, test->name);
      return;
    }
  self->n_failed++;
  print (self, "not ok %u %s", number, test->name);
  print (self, "# It passes, and %s says that it fails: remove its line there.", self->options->expect);
}

static void
run_case (Suite *self, guint number, const TestCase *test)
{
  g_auto (Outcome) outcome = { 0 };

  case_runner_run (&self->runner, test, &self->interrupted, &outcome);
  if (self->interrupted)
    return;
  if (outcome.failures->len > 0)
    print_failed (self, number, test, &outcome);
  else if (outcome.skipped != NULL)
    {
      self->n_skipped++;
      print (self, "ok %u %s # SKIP %s", number, test->name, outcome.skipped);
    }
  else
    print_passed (self, number, test);
}

static void
run_all (Suite *self, GPtrArray *cases)
{
  print (self, "TAP version 13");
  print (self, "1..%u", cases->len);
  for (guint i = 0; i < cases->len && !self->interrupted; i++)
    run_case (self, i + 1, g_ptr_array_index (cases, i));
  if (self->interrupted)
    print (self, "Bail out! Interrupted");
  else
    print (self, "# %u passed, %u failed, %u known failures, %u skipped", self->n_passed, self->n_failed, self->n_known,
           self->n_skipped);
}

int
suite_run (const Options *options, char **arguments, GPtrArray *cases, Expectations *expectations)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *directory = scratch_new (&error);
  Suite self = { .options = options, .expectations = expectations };
  static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

  if (directory == NULL)
    {
      g_printerr ("kms-provider-test: %s\n", error->message);
      return EXIT_FAILED;
    }
  self.runner = (CaseRunner){ options, arguments, directory };
  signal (SIGPIPE, SIG_IGN);
  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    g_unix_signal_add (signals[i], on_signal, &self);
  run_all (&self, cases);
  scratch_remove (directory);
  if (self.interrupted)
    return EXIT_INTERRUPTED;
  return self.n_failed > 0 ? EXIT_FAILED : 0;
}
