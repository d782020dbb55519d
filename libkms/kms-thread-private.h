/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one way to a thread of the core's own. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* NULL where the system has none to give for now: never the end of the process. */
GThread *_kms_thread_start (const char *name, GThreadFunc func, gpointer data, GError **error);

G_END_DECLS
