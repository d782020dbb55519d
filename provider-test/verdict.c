/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The case's side of the pipe. */
#include "verdict.h"

#include <string.h>
#include <unistd.h>

/* Below PIPE_BUF, so that lines of two threads are never mixed. */
#define MAX_LINE 2000
/* Who tampers with 300 bytes need not read 300 times that it was not noticed. */
#define MAX_FAILURES 8

static int verdict_fd = -1;
static int n_failures;

void
verdict_open (int fd)
{
  verdict_fd = fd;
}

static void
say (VerdictKind kind, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_autoptr (GString) line = g_string_new (NULL);

  g_string_append_c (line, (char) kind);
  g_string_append (line, valid);
  g_string_truncate (line, MIN (line->len, MAX_LINE));
  /* A module's text may hold anything; a terminal, or who reads the report by lines, need not take it. */
  for (gsize i = 0; i < line->len; i++)
    if (g_ascii_iscntrl (line->str[i]))
      line->str[i] = ' ';
  g_string_append_c (line, '\n');
  /* Nobody reads any more: then this process is about to be killed. */
  if (write (verdict_fd, line->str, line->len) < 0)
    _exit (1);
}

void
verdict_fail (const char *format, ...)
{
  va_list arguments;

  if (g_atomic_int_add (&n_failures, 1) >= MAX_FAILURES)
    return;
  va_start (arguments, format);
  g_autofree char *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  say (VERDICT_FAILURE, text);
}

void
verdict_note (const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_autofree char *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  say (VERDICT_NOTE, text);
}

void
verdict_skip (const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_autofree char *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  say (VERDICT_SKIP, text);
}

gboolean
verdict_has_failed (void)
{
  return g_atomic_int_get (&n_failures) > 0;
}

void
verdict_end (void)
{
  int n = g_atomic_int_get (&n_failures);

  if (n > MAX_FAILURES)
    {
      g_autofree char *more = g_strdup_printf ("and %d more of these", n - MAX_FAILURES);
      say (VERDICT_FAILURE, more);
    }
  say (VERDICT_END, "");
}
