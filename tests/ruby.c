/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs Ruby scripts for tests. */
#include "ruby.h"

#include <gio/gio.h>

char **
ruby_answer (const char *script, const char *input)
{
  g_autofree char *ruby = g_find_program_in_path ("ruby");
  g_autoptr (GError) error = NULL;
  g_autofree char *output = NULL;

  if (ruby == NULL)
    {
      g_test_skip ("Ruby is not installed");
      return NULL;
    }
  g_autoptr (GSubprocess)
    process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, ruby,
                                "-EUTF-8:UTF-8", "--disable=gems", "-e", script, NULL);
  g_assert_no_error (error);
  g_subprocess_communicate_utf8 (process, input, NULL, &output, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_successful (process));
  /* Not g_strsplit(), whose strstr() makes sanitizers look at the whole rest for every line. */
  return g_strsplit_set (output, "\n", -1);
}
