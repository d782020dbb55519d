/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* PostgreSQL as a store: postgresql:///DATABASE, and everything else that libpq takes. */
#include <libkms/kms-module.h>

#include <string.h>

#include "pg-cells.h"
#include "pg-connection.h"

#define STORE_TYPE_POSTGRESQL (store_postgresql_get_type ())
G_DECLARE_FINAL_TYPE (StorePostgresql, store_postgresql, STORE, POSTGRESQL, KmsStore)

struct _StorePostgresql
{
  KmsStore parent_instance;
  PgConnection *connection;
};

G_DEFINE_FINAL_TYPE (StorePostgresql, store_postgresql, KMS_TYPE_STORE)

static void
store_postgresql_init (StorePostgresql *self)
{
}

static void
store_postgresql_finalize (GObject *object)
{
  g_clear_pointer (&STORE_POSTGRESQL (object)->connection, pg_connection_free);
  G_OBJECT_CLASS (store_postgresql_parent_class)->finalize (object);
}

static gboolean
begin (StorePostgresql *self, GCancellable *cancellable, GError **error)
{
  gboolean in_transaction = kms_store_get_in_transaction (KMS_STORE (self));
  return pg_connection_begin (self->connection, in_transaction, cancellable, error);
}

static gboolean
store_postgresql_open (KmsStore *store, const char *location, GCancellable *cancellable, GError **error)
{
  StorePostgresql *self = STORE_POSTGRESQL (store);

  self->connection = pg_connection_new (kms_store_get_uri (store), location);
  return begin (self, cancellable, error);
}

/* A statement that is ready to be sent. */
typedef struct
{
  const char *sql;
  const char *name; /* NULL: it is not prepared */
  PgParameters parameters;
} Outgoing;

static void
outgoing_clear (gpointer data)
{
  pg_parameters_clear (&((Outgoing *) data)->parameters);
}

/* A statement without parameters is BEGIN, COMMIT or one that is run once: it is not prepared. */
static gboolean
outgoing_init (Outgoing *outgoing, StorePostgresql *self, KmsStatement *statement, GCancellable *cancellable,
               GError **error)
{
  guint n = kms_statement_get_n_parameters (statement);
  const Oid *types = NULL;

  outgoing->sql = kms_statement_get_sql (statement);
  if (n == 0)
    return TRUE;
  outgoing->name = pg_connection_prepare (self->connection, outgoing->sql, n, &types, cancellable, error);
  if (outgoing->name == NULL)
    return FALSE;
  if (pg_parameters_init (&outgoing->parameters, statement, types, error))
    return TRUE;
  g_prefix_error (error, "%s: ", kms_store_get_uri (KMS_STORE (self)));
  return FALSE;
}

static gboolean
outgoing_send (const Outgoing *outgoing, StorePostgresql *self, GError **error)
{
  const PgParameters *parameters = &outgoing->parameters;
  PGconn *pg = pg_connection_peek (self->connection);
  int sent = outgoing->name == NULL ? PQsendQueryParams (pg, outgoing->sql, 0, NULL, NULL, NULL, NULL, 0)
                                    : PQsendQueryPrepared (pg, outgoing->name, parameters->n, parameters->values,
                                                           parameters->lengths, parameters->formats, 0);

  return sent || pg_connection_fail (self->connection, error);
}

/* One row a result, so that a large table needs no more memory than its largest row. */
static gboolean
send (StorePostgresql *self, KmsStatement *statement, GCancellable *cancellable, GError **error)
{
  Outgoing outgoing = { NULL };
  gboolean is_sent = outgoing_init (&outgoing, self, statement, cancellable, error)
                     && outgoing_send (&outgoing, self, error);

  outgoing_clear (&outgoing);
  if (!is_sent)
    return FALSE;
  PQsetSingleRowMode (pg_connection_peek (self->connection));
  return pg_connection_flush (self->connection, cancellable, error);
}

/* Of a transaction in which a statement failed, COMMIT does the contrary, and the server calls that a success. */
static gboolean
check_commit (KmsStore *store, KmsStatement *statement, const char *status, GError **error)
{
  if (strcmp (status, "ROLLBACK") != 0 || strcmp (kms_statement_get_sql (statement), "COMMIT") != 0)
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED,
               "%s: the transaction was rolled back, because one of its statements had failed",
               kms_store_get_uri (store));
  return FALSE;
}

/* libpq counts the rows of a SELECT, too, which changes nothing. */
static gboolean
end (KmsStore *store, PGresult *result, KmsStatement *statement, GError **error)
{
  const char *status = PQcmdStatus (result);

  if (!g_str_has_prefix (status, "SELECT"))
    kms_statement_set_n_changed (statement, g_ascii_strtoll (PQcmdTuples (result), NULL, 10));
  return check_commit (store, statement, status, error);
}

static gboolean
take (KmsStore *store, PGresult *result, KmsStatement *statement, GPtrArray *decoded, GError **error)
{
  for (int row = 0; row < PQntuples (result); row++)
    {
      pg_row_add (result, row, statement, decoded);
      if (!kms_statement_end_row (statement, error))
        return FALSE;
    }
  return PQresultStatus (result) == PGRES_SINGLE_TUPLE || end (store, result, statement, error);
}

/* The rest of the rows is not wanted. To cancel the statement would end the transaction that it is in, so there they are
 * read, and thrown away. */
static void
leave (StorePostgresql *self, GCancellable *cancellable)
{
  if (!kms_store_get_in_transaction (KMS_STORE (self)))
    {
      pg_connection_abandon (self->connection);
      return;
    }
  for (gboolean is_over = FALSE; !is_over;)
    {
      g_autoptr (PGresult) result = NULL;
      is_over = !pg_connection_next (self->connection, &result, cancellable, NULL) || result == NULL;
    }
}

static gboolean
store_postgresql_run (KmsStore *store, KmsStatement *statement, GCancellable *cancellable, GError **error)
{
  StorePostgresql *self = STORE_POSTGRESQL (store);
  g_autoptr (GPtrArray) decoded = g_ptr_array_new_with_free_func (g_free);

  if (!begin (self, cancellable, error) || !send (self, statement, cancellable, error))
    return FALSE;
  for (;;)
    {
      g_autoptr (PGresult) result = NULL;
      if (!pg_connection_next (self->connection, &result, cancellable, error))
        return FALSE;
      if (result == NULL)
        return TRUE;
      if (!take (store, result, statement, decoded, error))
        {
          leave (self, cancellable);
          return FALSE;
        }
    }
}

/* All are made ready before the first is sent: preparing takes round trips, for which a pipeline does not stop. */
static gboolean
send_all (StorePostgresql *self, KmsStatement *const *statements, guint n, GCancellable *cancellable, GError **error)
{
  g_autoptr (GArray) all = g_array_sized_new (FALSE, TRUE, sizeof (Outgoing), n);

  g_array_set_clear_func (all, outgoing_clear);
  g_array_set_size (all, n);
  for (guint i = 0; i < n; i++)
    if (!outgoing_init (&g_array_index (all, Outgoing, i), self, statements[i], cancellable, error))
      return FALSE;
  if (!pg_connection_enter_pipeline (self->connection, error))
    return FALSE;
  for (guint i = 0; i < n; i++)
    if (!outgoing_send (&g_array_index (all, Outgoing, i), self, error))
      return FALSE;
  if (!PQpipelineSync (pg_connection_peek (self->connection)))
    return pg_connection_fail (self->connection, error);
  return pg_connection_flush (self->connection, cancellable, error);
}

static gboolean
take_one (StorePostgresql *self, PGresult *result, KmsStatement *statement, GPtrArray *decoded, GError **error)
{
  if (PQresultStatus (result) == PGRES_PIPELINE_ABORTED)
    return TRUE; /* behind the one that failed */
  if (pg_connection_is_error (result))
    return pg_connection_explain (self->connection, result, error);
  return take (KMS_STORE (self), result, statement, decoded, error);
}

/* All results are taken, whatever they are: each statement's end with NULL, and all of them with the synchronization. The
 * first error is the one. */
static gboolean
take_all (StorePostgresql *self, KmsStatement *const *statements, guint n, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) decoded = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) first = NULL;

  for (guint i = 0;;)
    {
      g_autoptr (PGresult) result = NULL;
      if (!pg_connection_take (self->connection, &result, cancellable, error))
        return FALSE;
      if (result == NULL)
        i++;
      else if (PQresultStatus (result) == PGRES_PIPELINE_SYNC)
        break;
      else if (first == NULL && i < n)
        take_one (self, result, statements[i], decoded, &first);
    }
  if (first == NULL)
    return pg_connection_leave_pipeline (self->connection, error);
  g_propagate_error (error, g_steal_pointer (&first));
  pg_connection_leave_pipeline (self->connection, NULL);
  return FALSE;
}

static gboolean
store_postgresql_run_all (KmsStore *store, KmsStatement *const *statements, guint n, GCancellable *cancellable,
                          GError **error)
{
  StorePostgresql *self = STORE_POSTGRESQL (store);

  return begin (self, cancellable, error) && send_all (self, statements, n, cancellable, error)
         && take_all (self, statements, n, cancellable, error);
}

/* A name that is not there gives no rows; one that may not be looked at is an error. */
static const char columns_sql[] =
  "SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), NOT a.attnotnull FROM pg_catalog.pg_attribute a "
  "WHERE a.attrelid = pg_catalog.to_regclass(coalesce(pg_catalog.quote_ident($1) || '.', '') || "
  "pg_catalog.quote_ident($2)) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";

static gboolean
store_postgresql_list_columns (KmsStore *store, const char *schema, const char *table, KmsColumns *columns,
                               GError **error)
{
  StorePostgresql *self = STORE_POSTGRESQL (store);
  const char *const values[] = { schema, table };

  if (!begin (self, NULL, error))
    return FALSE;
  if (!PQsendQueryParams (pg_connection_peek (self->connection), columns_sql, G_N_ELEMENTS (values), NULL, values, NULL,
                          NULL, 0))
    return pg_connection_fail (self->connection, error);
  if (!pg_connection_flush (self->connection, NULL, error))
    return FALSE;
  for (;;)
    {
      g_autoptr (PGresult) result = NULL;
      if (!pg_connection_next (self->connection, &result, NULL, error))
        return FALSE;
      if (result == NULL)
        return TRUE;
      for (int i = 0; i < PQntuples (result); i++)
        kms_columns_add (columns, PQgetvalue (result, i, 0), PQgetvalue (result, i, 1),
                         PQgetvalue (result, i, 2)[0] == 't');
    }
}

static void
store_postgresql_class_init (StorePostgresqlClass *klass)
{
  KmsStoreClass *store_class = KMS_STORE_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = store_postgresql_finalize;
  store_class->open = store_postgresql_open;
  store_class->run = store_postgresql_run;
  store_class->run_all = store_postgresql_run_all;
  store_class->list_columns = store_postgresql_list_columns;
  kms_store_class_set_dialect (store_class, KMS_STORE_SKIP_LOCKED | KMS_STORE_SEQUENCES | KMS_STORE_NUMBERED, '"',
                               "IS NOT DISTINCT FROM");
}

KMS_MODULE_DEFINE (.id = "store-postgresql", .type_name = "StorePostgresql", .get_type = store_postgresql_get_type,
                   .version = PACKAGE_VERSION, .license = "LGPL-2.1-or-later", .origin = "libkms");
