/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A connection to a server, which is made again when it was lost, and the statements that are prepared on it. */
#pragma once

#include <gio/gio.h>
#include <libpq-fe.h>

G_BEGIN_DECLS

typedef struct _PgConnection PgConnection;

/* The URI is for messages; the location is what libpq is told: a URI's rest, or "service=…". */
PgConnection *pg_connection_new (const char *uri, const char *location);
void pg_connection_free (PgConnection *self);
PGconn *pg_connection_peek (PgConnection *self);

/* Connects where there is no connection, but not within a transaction, which is lost with it: what follows would be done
 * for itself. Refuses while a statement runs: its rows are not all read. */
gboolean pg_connection_begin (PgConnection *self, gboolean in_transaction, GCancellable *cancellable, GError **error);

/* Takes what the statement's text is prepared as, until the next begin. The types are those of its parameters, as many
 * as there are. */
const char *pg_connection_prepare (PgConnection *self, const char *sql, guint n_parameters, const Oid **types,
                                   GCancellable *cancellable, GError **error);

/* Sends what libpq was told. */
gboolean pg_connection_flush (PgConnection *self, GCancellable *cancellable, GError **error);

/* The next result, which is NULL at the end. One that is an error ends the statement. */
gboolean pg_connection_next (PgConnection *self, PGresult **result, GCancellable *cancellable, GError **error);

/* The same, but errors of statements are results as others are: of a pipeline, all are taken. */
gboolean pg_connection_take (PgConnection *self, PGresult **result, GCancellable *cancellable, GError **error);
gboolean pg_connection_is_error (const PGresult *result);
gboolean pg_connection_explain (PgConnection *self, const PGresult *failure, GError **error); /* returns FALSE */

/* Begins and ends a pipeline, whose results are all taken. */
gboolean pg_connection_enter_pipeline (PgConnection *self, GError **error);
gboolean pg_connection_leave_pipeline (PgConnection *self, GError **error);

/* Ends the statement that runs, whose rows nobody wants. */
void pg_connection_abandon (PgConnection *self);

/* What libpq said when it was told something. Returns FALSE. */
gboolean pg_connection_fail (PgConnection *self, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PGresult, PQclear)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PgConnection, pg_connection_free)

G_END_DECLS
