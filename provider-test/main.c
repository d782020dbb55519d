/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* kms-provider-test: for who writes a provider. */
#include <locale.h>

#include "case-process.h"
#include "cases.h"
#include "expectations.h"
#include "provider-file.h"
#include "suite.h"

#define EXIT_USAGE 2

static int
list (GPtrArray *cases)
{
  for (guint i = 0; i < cases->len; i++)
    {
      const TestCase *test = g_ptr_array_index (cases, i);
      g_print ("%-40s %s\n", test->name, test->asks);
    }
  return 0;
}

static int
run (const Options *options, char **arguments, GError **error)
{
  g_autoptr (GPtrArray) cases = cases_select (options, error);
  if (cases == NULL)
    return EXIT_USAGE;
  if (options->list)
    return list (cases);
  if (options->version)
    {
      g_print ("kms-provider-test %s\n", kms_get_version ());
      return 0;
    }
  g_autoptr (Expectations) expectations = expectations_load (options->expect, error);
  /* Read here so that a mistake is told once, and again by each case. */
  g_autoptr (ProviderFile) file = expectations == NULL ? NULL : provider_file_load (options, error);
  if (file == NULL)
    return EXIT_USAGE;
  if (options->run_case != NULL)
    return case_process_run (options, file);
  return suite_run (options, arguments, cases, expectations);
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  g_auto (Options) options = { 0 };
  g_auto (GStrv) arguments = g_strdupv (argv);
  g_auto (GStrv) parsed = g_strdupv (argv);
  g_autoptr (GError) error = NULL;
  int code = EXIT_USAGE;

  if (options_parse (&options, &parsed, &error))
    code = run (&options, arguments, &error);
  if (error != NULL)
    g_printerr ("kms-provider-test: %s\n", error->message);
  return code;
}
