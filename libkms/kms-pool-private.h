/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Threads for the code of blocking providers. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Runs the function in a thread of the core's own, now: who calls bounds how many there are. FALSE: there are no threads
 * to be had, and it will not run. */
gboolean _kms_pool_push (GFunc func, gpointer data, GError **error);

/* The same for what must run some time: where there are no threads to be had, in the next one. */
void _kms_pool_push_some_time (GFunc func, gpointer data);

G_END_DECLS
