/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What PostgreSQL and libpq answer when something is wrong, as errors without values in them. */
#pragma once

#include <gio/gio.h>
#include <libpq-fe.h>

G_BEGIN_DECLS

/* Of a statement that failed. The result may be NULL: then the connection says what is wrong. Returns FALSE. */
gboolean pg_error_set (GError **error, const char *uri, const PGresult *result, PGconn *pg);

/* Of a connection that did not come about, whose messages were asked to be verbose. Returns FALSE. */
gboolean pg_error_set_connect (GError **error, const char *uri, PGconn *pg);

G_END_DECLS
