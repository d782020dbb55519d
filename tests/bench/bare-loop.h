/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* libsoup with nothing around it: the measure of everything on HTTP. It sends the same bytes with the same flags over as
 * many connections, and reads what comes back. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _BareLoop BareLoop;

/* `header` is a name and a value, or NULL. */
BareLoop *bare_loop_new (const char *url, const char *const *header, const char *body, guint connections);
void bare_loop_free (BareLoop *self);

/* Sends n requests, so many at a time, and returns when all are answered. */
void bare_loop_run (BareLoop *self, guint n, guint in_flight);

G_END_DECLS
