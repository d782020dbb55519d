/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a case says of the module, told line by line to the process that runs the cases: a crash later loses nothing. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The first letter of each line. */
typedef enum {
  VERDICT_FAILURE = 'F',
  VERDICT_SKIP = 'S',
  VERDICT_NOTE = 'N',
  VERDICT_END = 'E',
} VerdictKind;

void verdict_open (int fd);

/* The case goes on. Any thread. */
void verdict_fail (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* A note is printed only if the case fails. */
void verdict_note (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* If nothing failed, the case counts as skipped. */
void verdict_skip (const char *format, ...) G_GNUC_PRINTF (1, 2);
gboolean verdict_has_failed (void);
/* Nothing is lost if it is not said: the case did not end. */
void verdict_end (void);

/* Fails where a condition does not hold, and tells whether it does. */
#define verdict_check(condition, ...) ((condition) ? TRUE : (verdict_fail (__VA_ARGS__), FALSE))

G_END_DECLS
