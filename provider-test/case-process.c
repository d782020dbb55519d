/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs the one case that the command line names, and tells the verdict through the descriptor that it names. */
#include "case-process.h"

#include <fcntl.h>
#include <string.h>

#include "cases.h"
#include "verdict.h"

static const char *
find_message (const GLogField *fields, gsize n_fields)
{
  for (gsize i = 0; i < n_fields; i++)
    if (strcmp (fields[i].key, "MESSAGE") == 0)
      return fields[i].value;
  return "";
}

/* The core says by a critical that a module broke the contract, and GLib that it called something wrong. */
static GLogWriterOutput
hear_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer unused)
{
  if ((level & (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR)) != 0)
    verdict_fail ("critical: %s", find_message (fields, n_fields));
  else if ((level & G_LOG_LEVEL_WARNING) != 0)
    verdict_note ("warning: %s", find_message (fields, n_fields));
  return G_LOG_WRITER_HANDLED;
}

int
case_process_run (const Options *options, const ProviderFile *file)
{
  const TestCase *test = cases_find (options->run_case);
  Fixture fixture;

  if (test == NULL || fcntl (options->verdict_fd, F_SETFD, FD_CLOEXEC) != 0)
    return 1;
  verdict_open (options->verdict_fd);
  g_log_set_writer_func (hear_log, NULL, NULL);
  if (fixture_open (&fixture, options, file, test->needs))
    test->run (&fixture);
  fixture_close (&fixture);
  verdict_end ();
  return 0;
}
