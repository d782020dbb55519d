/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which cases there are, and which of them were asked for. */
#include "cases.h"

#include <string.h>

static const TestCase *const tables[] = {
  cases_load,       cases_type,   cases_lifecycle, cases_settings, cases_contract,    cases_errors, cases_keys,
  cases_round_trip, cases_rewrap, cases_tamper,    cases_limits,   cases_concurrency, cases_fork,
};

const TestCase *
cases_find (const char *name)
{
  for (guint t = 0; t < G_N_ELEMENTS (tables); t++)
    for (const TestCase *test = tables[t]; test->name != NULL; test++)
      if (strcmp (test->name, name) == 0)
        return test;
  return NULL;
}

static gboolean
is_of_group (const TestCase *test, const char *group)
{
  gsize length = strlen (group);
  return strncmp (test->name, group, length) == 0 && test->name[length] == '/';
}

static gboolean
is_chosen (const TestCase *test, const Options *options)
{
  gboolean chosen = options->groups == NULL && options->patterns == NULL;

  for (guint i = 0; !chosen && options->groups != NULL && options->groups[i] != NULL; i++)
    chosen = is_of_group (test, options->groups[i]);
  for (guint i = 0; !chosen && options->patterns != NULL && options->patterns[i] != NULL; i++)
    chosen = g_pattern_match_simple (options->patterns[i], test->name);
  return chosen;
}

/* A typing error must not make a run of no cases, which would pass. */
static gboolean
check_chosen (const Options *options, GError **error)
{
  for (guint i = 0; options->groups != NULL && options->groups[i] != NULL; i++)
    {
      const Options one = { .groups = (char *[]){ options->groups[i], NULL } };
      g_autoptr (GPtrArray) found = cases_select (&one, NULL);
      if (found->len > 0)
        continue;
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--group=%s: there is no such group; see --list",
                   options->groups[i]);
      return FALSE;
    }
  for (guint i = 0; options->patterns != NULL && options->patterns[i] != NULL; i++)
    {
      const Options one = { .patterns = (char *[]){ options->patterns[i], NULL } };
      g_autoptr (GPtrArray) found = cases_select (&one, NULL);
      if (found->len > 0)
        continue;
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--case=%s: no case is called so; see --list",
                   options->patterns[i]);
      return FALSE;
    }
  return TRUE;
}

GPtrArray *
cases_select (const Options *options, GError **error)
{
  g_autoptr (GPtrArray) chosen = g_ptr_array_new ();

  if (error != NULL && !check_chosen (options, error))
    return NULL;
  for (guint t = 0; t < G_N_ELEMENTS (tables); t++)
    for (const TestCase *test = tables[t]; test->name != NULL; test++)
      if (is_chosen (test, options))
        g_ptr_array_add (chosen, (gpointer) test);
  return g_steal_pointer (&chosen);
}
