/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* libpq without blocking: who waits for the server can be cancelled. */
#include "pg-connection.h"

#include <libkms/kms-module.h>
#include <string.h>

#include "pg-error.h"
#include "pg-wait.h"

/* Unless connect_timeout says otherwise. */
#define CONNECT_SECONDS 30

/* How long the server has to end a statement that failed or that nobody wants. */
#define SETTLE_SECONDS 10

/* Prepared statements that are kept: of one rotation there are a handful. */
#define MAX_PREPARED 32

/* In which form values come and go. Times stay as they are, since the same session reads and writes them. */
#define SETTINGS                                                                                                       \
  "SET client_encoding = 'UTF8'; SET standard_conforming_strings = on; SET bytea_output = 'hex';"                      \
  "SET extra_float_digits = 1; SET datestyle = 'ISO'; SET intervalstyle = 'postgres'"

typedef struct
{
  char *name;
  guint n_types;
  Oid *types;
} Prepared;

struct _PgConnection
{
  char *uri, *target;
  PGconn *pg;           /* NULL: there is none, or it was lost */
  GHashTable *prepared; /* SQL → Prepared */
  guint n_prepared;     /* ever, for names */
};

static void
prepared_free (gpointer data)
{
  Prepared *self = data;

  g_free (self->name);
  g_free (self->types);
  g_free (self);
}

PgConnection *
pg_connection_new (const char *uri, const char *location)
{
  PgConnection *self = g_new0 (PgConnection, 1);

  self->uri = g_strdup (uri);
  self->target = g_str_has_prefix (location, "//") ? g_strconcat ("postgresql:", location, NULL) : g_strdup (location);
  self->prepared = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, prepared_free);
  return self;
}

static void
lose (PgConnection *self)
{
  g_hash_table_remove_all (self->prepared);
  g_clear_pointer (&self->pg, PQfinish);
}

void
pg_connection_free (PgConnection *self)
{
  lose (self);
  g_hash_table_unref (self->prepared);
  g_free (self->uri);
  g_free (self->target);
  g_free (self);
}

PGconn *
pg_connection_peek (PgConnection *self)
{
  return self->pg;
}

static gboolean
fail (PgConnection *self, const PGresult *result, GError **error)
{
  pg_error_set (error, self->uri, result, self->pg);
  if (PQstatus (self->pg) == CONNECTION_BAD)
    lose (self);
  return FALSE;
}

gboolean
pg_connection_fail (PgConnection *self, GError **error)
{
  return fail (self, NULL, error);
}

/* The server's notices are for people at a terminal, and may have values in them. */
static void
ignore_notice (void *data, const PGresult *result)
{
}

static gboolean
is_copy (const PGresult *result)
{
  ExecStatusType status = PQresultStatus (result);
  return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

/* Whether there is an end before the deadline. What is copied has none, and is nothing that libkms asks for. */
static gboolean
reach_end (PGconn *pg, gint64 deadline)
{
  for (;;)
    {
      while (PQflush (pg) == 1 || PQisBusy (pg))
        if (pg_wait (pg, PQflush (pg) == 1 ? G_IO_IN | G_IO_OUT : G_IO_IN, deadline, NULL) != PG_WAIT_READY
            || !PQconsumeInput (pg))
          return FALSE;
      g_autoptr (PGresult) result = PQgetResult (pg);
      if (result == NULL)
        return PQstatus (pg) == CONNECTION_OK;
      if (is_copy (result))
        return FALSE;
    }
}

/* A pipeline that was not read to its end is not worth the wait. */
static void
settle (PgConnection *self)
{
  if (PQpipelineStatus (self->pg) != PQ_PIPELINE_OFF
      || !reach_end (self->pg, g_get_monotonic_time () + SETTLE_SECONDS * G_USEC_PER_SEC))
    lose (self);
}

void
pg_connection_abandon (PgConnection *self)
{
  PGcancel *cancel = PQgetCancel (self->pg);
  char ignored[256];

  PQcancel (cancel, ignored, sizeof ignored);
  PQfreeCancel (cancel);
  settle (self);
}

/* libpq looks at connect_timeout only where it blocks. */
static gint64
get_deadline (PGconn *pg)
{
  PQconninfoOption *options = PQconninfo (pg);
  guint64 seconds = CONNECT_SECONDS;

  for (PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++)
    if (strcmp (option->keyword, "connect_timeout") == 0 && option->val != NULL)
      g_ascii_string_to_unsigned (option->val, 10, 0, G_MAXINT, &seconds, NULL);
  PQconninfoFree (options);
  return seconds == 0 ? 0 : g_get_monotonic_time () + (gint64) seconds * G_USEC_PER_SEC;
}

static gboolean
wait_for_connection (PgConnection *self, GCancellable *cancellable, GError **error)
{
  gint64 deadline = get_deadline (self->pg);
  PostgresPollingStatusType status = PQstatus (self->pg) == CONNECTION_BAD ? PGRES_POLLING_FAILED
                                                                           : PGRES_POLLING_WRITING;

  while (status == PGRES_POLLING_READING || status == PGRES_POLLING_WRITING)
    {
      PgWait wait = pg_wait (self->pg, status == PGRES_POLLING_READING ? G_IO_IN : G_IO_OUT, deadline, cancellable);
      if (wait == PG_WAIT_CANCELLED)
        return !g_cancellable_set_error_if_cancelled (cancellable, error);
      if (wait == PG_WAIT_LATE)
        {
          g_set_error (error, KMS_ERROR, KMS_ERROR_TIMED_OUT, "%s: the server does not answer", self->uri);
          return FALSE;
        }
      status = PQconnectPoll (self->pg);
    }
  return status == PGRES_POLLING_OK || pg_error_set_connect (error, self->uri, self->pg);
}

/* Statements without rows that matter. */
static gboolean
drain (PgConnection *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (PGresult) result = NULL;

  if (!pg_connection_flush (self, cancellable, error))
    return FALSE;
  do
    {
      g_clear_pointer (&result, PQclear);
      if (!pg_connection_next (self, &result, cancellable, error))
        return FALSE;
    }
  while (result != NULL);
  return TRUE;
}

static gboolean
run_simple (PgConnection *self, const char *sql, GCancellable *cancellable, GError **error)
{
  return PQsendQuery (self->pg, sql) ? drain (self, cancellable, error) : fail (self, NULL, error);
}

/* libpq says of a wrong URI only that there is no connection. */
static gboolean
check_target (PgConnection *self, GError **error)
{
  gboolean is_name = strchr (self->target, '=') == NULL && !g_str_has_prefix (self->target, "postgresql:");
  char *problem = NULL;
  PQconninfoOption *options = is_name ? NULL : PQconninfoParse (self->target, &problem);

  PQconninfoFree (options);
  if (is_name || options != NULL)
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT, "%s: %s", self->uri, g_strchomp (problem));
  PQfreemem (problem);
  return FALSE;
}

static gboolean
make_connection (PgConnection *self, GCancellable *cancellable, GError **error)
{
  const char *const keywords[] = { "fallback_application_name", "dbname", NULL };
  const char *const values[] = { "kms", self->target, NULL };

  if (!check_target (self, error))
    return FALSE;
  self->pg = PQconnectStartParams (keywords, values, 1);
  if (self->pg == NULL)
    g_error ("out of memory");
  PQsetNoticeReceiver (self->pg, ignore_notice, NULL);
  PQsetErrorVerbosity (self->pg, PQERRORS_VERBOSE);
  if (!wait_for_connection (self, cancellable, error))
    {
      lose (self);
      return FALSE;
    }
  PQsetErrorVerbosity (self->pg, PQERRORS_DEFAULT);
  PQsetnonblocking (self->pg, 1);
  if (run_simple (self, SETTINGS, cancellable, error))
    return TRUE;
  lose (self);
  return FALSE;
}

/* A transaction that failed takes no such statement any more; it is made up for after its end. */
static gboolean
make_room (PgConnection *self, GCancellable *cancellable, GError **error)
{
  if (g_hash_table_size (self->prepared) < MAX_PREPARED || PQtransactionStatus (self->pg) == PQTRANS_INERROR)
    return TRUE;
  g_hash_table_remove_all (self->prepared);
  return run_simple (self, "DEALLOCATE ALL", cancellable, error);
}

gboolean
pg_connection_begin (PgConnection *self, gboolean in_transaction, GCancellable *cancellable, GError **error)
{
  if (self->pg == NULL && in_transaction)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_UNAVAILABLE,
                   "%s: the connection was lost within a transaction; roll it back, and begin again", self->uri);
      return FALSE;
    }
  if (self->pg == NULL)
    return make_connection (self, cancellable, error);
  if (PQtransactionStatus (self->pg) != PQTRANS_ACTIVE)
    return make_room (self, cancellable, error);
  g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "%s: the rows of another statement are not all read", self->uri);
  return FALSE;
}

/* How a wait ended that nobody wanted to end so. */
static gboolean
stop (PgConnection *self, GCancellable *cancellable, GError **error)
{
  pg_connection_abandon (self);
  g_cancellable_set_error_if_cancelled (cancellable, error);
  return FALSE;
}

/* The server may want to say something before it reads on, and would otherwise wait for us as we for it. */
gboolean
pg_connection_flush (PgConnection *self, GCancellable *cancellable, GError **error)
{
  int left;

  while ((left = PQflush (self->pg)) == 1)
    {
      if (pg_wait (self->pg, G_IO_IN | G_IO_OUT, 0, cancellable) == PG_WAIT_CANCELLED)
        return stop (self, cancellable, error);
      if (!PQconsumeInput (self->pg))
        return fail (self, NULL, error);
    }
  return left == 0 || fail (self, NULL, error);
}

gboolean
pg_connection_is_error (const PGresult *result)
{
  switch (PQresultStatus (result))
    {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_SINGLE_TUPLE:
    case PGRES_EMPTY_QUERY:
    case PGRES_PIPELINE_SYNC:
      return FALSE;
    default:
      return TRUE;
    }
}

/* "cached plan must not change result type", where a column was changed meanwhile, and "prepared statement does not
 * exist": they are prepared again when they are run again. */
static void
forget_stale (PgConnection *self, const PGresult *failure)
{
  const char *code = PQresultErrorField (failure, PG_DIAG_SQLSTATE);

  if (code != NULL && (g_str_has_prefix (code, "0A") || g_str_has_prefix (code, "26")))
    g_hash_table_remove_all (self->prepared);
}

gboolean
pg_connection_take (PgConnection *self, PGresult **result, GCancellable *cancellable, GError **error)
{
  while (PQisBusy (self->pg))
    {
      if (pg_wait (self->pg, G_IO_IN, 0, cancellable) == PG_WAIT_CANCELLED)
        return stop (self, cancellable, error);
      if (!PQconsumeInput (self->pg))
        return fail (self, NULL, error);
    }
  *result = PQgetResult (self->pg);
  return TRUE;
}

gboolean
pg_connection_explain (PgConnection *self, const PGresult *failure, GError **error)
{
  if (is_copy (failure))
    g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "%s: COPY has no rows to give", self->uri);
  else
    pg_error_set (error, self->uri, failure, self->pg);
  forget_stale (self, failure);
  return FALSE;
}

gboolean
pg_connection_enter_pipeline (PgConnection *self, GError **error)
{
  return PQenterPipelineMode (self->pg) || fail (self, NULL, error);
}

gboolean
pg_connection_leave_pipeline (PgConnection *self, GError **error)
{
  return PQexitPipelineMode (self->pg) || fail (self, NULL, error);
}

gboolean
pg_connection_next (PgConnection *self, PGresult **result, GCancellable *cancellable, GError **error)
{
  if (!pg_connection_take (self, result, cancellable, error))
    return FALSE;
  if (*result == NULL || !pg_connection_is_error (*result))
    return TRUE;
  g_autoptr (PGresult) failure = g_steal_pointer (result);
  pg_connection_explain (self, failure, error);
  settle (self);
  return FALSE;
}

static Prepared *
describe (PgConnection *self, const char *name, GCancellable *cancellable, GError **error)
{
  g_autoptr (PGresult) result = NULL;
  Prepared *prepared;

  if (!PQsendDescribePrepared (self->pg, name))
    {
      fail (self, NULL, error);
      return NULL;
    }
  if (!pg_connection_flush (self, cancellable, error) || !pg_connection_next (self, &result, cancellable, error))
    return NULL;
  prepared = g_new0 (Prepared, 1);
  prepared->name = g_strdup (name);
  prepared->n_types = (guint) PQnparams (result);
  prepared->types = g_new0 (Oid, prepared->n_types);
  for (guint i = 0; i < prepared->n_types; i++)
    prepared->types[i] = PQparamtype (result, (int) i);
  if (drain (self, cancellable, error))
    return prepared;
  prepared_free (prepared);
  return NULL;
}

static Prepared *
prepare (PgConnection *self, const char *sql, GCancellable *cancellable, GError **error)
{
  g_autofree char *name = g_strdup_printf ("kms_%u", ++self->n_prepared);

  if (!PQsendPrepare (self->pg, name, sql, 0, NULL))
    {
      fail (self, NULL, error);
      return NULL;
    }
  return drain (self, cancellable, error) ? describe (self, name, cancellable, error) : NULL;
}

const char *
pg_connection_prepare (PgConnection *self, const char *sql, guint n_parameters, const Oid **types,
                       GCancellable *cancellable, GError **error)
{
  Prepared *prepared = g_hash_table_lookup (self->prepared, sql);

  if (prepared == NULL)
    {
      prepared = prepare (self, sql, cancellable, error);
      if (prepared == NULL)
        return NULL;
      g_hash_table_insert (self->prepared, g_strdup (sql), prepared);
    }
  *types = prepared->types;
  if (prepared->n_types == n_parameters)
    return prepared->name;
  g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT, "%s: the statement takes %u parameters, and has %u",
               self->uri, prepared->n_types, n_parameters);
  return NULL;
}
