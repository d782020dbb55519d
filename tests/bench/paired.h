/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times two things in turns, so that what is printed is a ratio of one machine in one minute. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Does it n times. */
typedef void (*PairedFunc) (gpointer data, guint n);

/* Processor time an operation, of both the best of many short turns: a busy machine spoils neither. Prints a line. */
void paired_compare (const char *name, PairedFunc func, const char *partner_name, PairedFunc partner, gpointer data,
                     guint n);

/* How many times as much is done by n_threads than by one, in wall time; the partner says what the machine can do. Each
 * function is called once in each thread. */
void paired_compare_threads (const char *name, PairedFunc func, const char *partner_name, PairedFunc partner,
                             gpointer data, guint n, guint n_threads);

/* A configuration root of its own with these provider files; the caller names modules by KMS_MODULE_PATH. */
char *paired_make_root (const char *name, const char *provider_file);

/* Runs a script that prints one number; 0 where there is no Ruby, ActiveRecord or Lockbox. */
double paired_run_ruby (const char *script, const char *database);

G_END_DECLS
