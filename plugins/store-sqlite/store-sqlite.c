/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* SQLite as a store: sqlite:PATH. */
#include <libkms/kms-module.h>

#include <sqlite3.h>
#include <string.h>

/* How long another program may hold the database. */
#define BUSY_TIMEOUT_MS 5000

/* Prepared statements that are kept: of one rotation there are a handful. */
#define MAX_PREPARED 32

#define PROGRESS_INTERVAL 10000 /* instructions of SQLite's machine between two looks at the cancellable */

#define STORE_TYPE_SQLITE (store_sqlite_get_type ())
G_DECLARE_FINAL_TYPE (StoreSqlite, store_sqlite, STORE, SQLITE, KmsStore)

struct _StoreSqlite
{
  KmsStore parent_instance;
  sqlite3 *database;
  GHashTable *prepared; /* SQL → sqlite3_stmt */
};

G_DEFINE_FINAL_TYPE (StoreSqlite, store_sqlite, KMS_TYPE_STORE)

static void
free_prepared (gpointer data)
{
  sqlite3_finalize (data);
}

static void
store_sqlite_init (StoreSqlite *self)
{
  self->prepared = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_prepared);
}

static void
store_sqlite_finalize (GObject *object)
{
  StoreSqlite *self = STORE_SQLITE (object);

  g_hash_table_unref (self->prepared);
  sqlite3_close (self->database);
  G_OBJECT_CLASS (store_sqlite_parent_class)->finalize (object);
}

static KmsError
get_error (int code)
{
  switch (code & 0xff)
    {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_IOERR:
      return KMS_ERROR_UNAVAILABLE;
    case SQLITE_FULL:
      return KMS_ERROR_QUOTA;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return KMS_ERROR_NOT_AUTHORIZED;
    case SQLITE_CANTOPEN:
      return KMS_ERROR_NOT_FOUND;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return KMS_ERROR_INTEGRITY;
    default:
      return KMS_ERROR_FAILED;
    }
}

/* SQLite's messages name tables and columns, and no values. */
static gboolean
fail (StoreSqlite *self, GCancellable *cancellable, GError **error)
{
  int code = sqlite3_extended_errcode (self->database);
  const char *advice = (code & 0xff) == SQLITE_BUSY   ? "; another program holds it: try again"
                       : (code & 0xff) == SQLITE_FULL ? "; make room, then go on"
                                                      : "";

  if ((code & 0xff) == SQLITE_INTERRUPT && g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  g_set_error (error, KMS_ERROR, (int) get_error (code), "%s: %s%s", kms_store_get_uri (KMS_STORE (self)),
               sqlite3_errmsg (self->database), advice);
  return FALSE;
}

/* "sqlite:PATH", "sqlite:///PATH" */
static const char *
get_path (const char *location)
{
  return g_str_has_prefix (location, "///") ? location + 2 : location;
}

static gboolean
store_sqlite_open (KmsStore *store, const char *location, GCancellable *cancellable, GError **error)
{
  StoreSqlite *self = STORE_SQLITE (store);
  const char *path = get_path (location);
  int code;

  if (path[0] == '\0' || g_str_has_prefix (path, "//"))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                   "%s: a database of SQLite is a file; write sqlite:PATH or sqlite:///PATH",
                   kms_store_get_uri (store));
      return FALSE;
    }
  code = sqlite3_open_v2 (path, &self->database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
  if (code == SQLITE_OK)
    {
      sqlite3_extended_result_codes (self->database, 1);
      sqlite3_busy_timeout (self->database, BUSY_TIMEOUT_MS);
      /* Else a column that is not there would be read as a text, its name. */
      sqlite3_db_config (self->database, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
      return TRUE;
    }
  g_set_error (error, KMS_ERROR, (int) get_error (code), "%s: %s", kms_store_get_uri (store), sqlite3_errstr (code));
  return FALSE;
}

static sqlite3_stmt *
prepare (StoreSqlite *self, const char *sql, GError **error)
{
  sqlite3_stmt *prepared = g_hash_table_lookup (self->prepared, sql);
  const char *rest;

  if (prepared != NULL)
    return prepared;
  if (sqlite3_prepare_v3 (self->database, sql, -1, SQLITE_PREPARE_PERSISTENT, &prepared, &rest) != SQLITE_OK)
    {
      fail (self, NULL, error);
      return NULL;
    }
  /* SQLite would leave it out without a word, with all conditions that stand there. */
  if (rest[strspn (rest, " \t\r\n")] != '\0')
    {
      sqlite3_finalize (prepared);
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT, "%s: a condition must not end the statement (\";\")",
                   kms_store_get_uri (KMS_STORE (self)));
      return NULL;
    }
  if (g_hash_table_size (self->prepared) >= MAX_PREPARED)
    g_hash_table_remove_all (self->prepared);
  g_hash_table_insert (self->prepared, g_strdup (sql), prepared);
  return prepared;
}

/* Parameters live as long as the statement runs, so SQLite need not copy them. */
static int
bind_parameter (sqlite3_stmt *prepared, KmsStatement *statement, guint index)
{
  int place = (int) index + 1;
  KmsCellType type = kms_statement_get_parameter_type (statement, index);
  gsize length;
  const char *bytes = kms_statement_get_parameter_bytes (statement, index, &length);

  switch (type)
    {
    case KMS_CELL_INTEGER:
      return sqlite3_bind_int64 (prepared, place, kms_statement_get_parameter_integer (statement, index));
    case KMS_CELL_FLOAT:
      return sqlite3_bind_double (prepared, place, kms_statement_get_parameter_float (statement, index));
    case KMS_CELL_TEXT:
      return sqlite3_bind_text64 (prepared, place, bytes, length, SQLITE_STATIC, SQLITE_UTF8);
    case KMS_CELL_BLOB:
      return sqlite3_bind_blob64 (prepared, place, bytes, length, SQLITE_STATIC);
    case KMS_CELL_NULL:
    default:
      return sqlite3_bind_null (prepared, place);
    }
}

static gboolean
bind (StoreSqlite *self, sqlite3_stmt *prepared, KmsStatement *statement, GError **error)
{
  for (guint i = 0; i < kms_statement_get_n_parameters (statement); i++)
    if (bind_parameter (prepared, statement, i) != SQLITE_OK)
      return fail (self, NULL, error);
  return TRUE;
}

static void
add_cell (sqlite3_stmt *prepared, int column, KmsStatement *statement)
{
  switch (sqlite3_column_type (prepared, column))
    {
    case SQLITE_INTEGER:
      kms_statement_add_integer (statement, sqlite3_column_int64 (prepared, column));
      break;
    case SQLITE_FLOAT:
      kms_statement_add_float (statement, sqlite3_column_double (prepared, column));
      break;
      case SQLITE_TEXT: {
        const char *text = (const char *) sqlite3_column_text (prepared, column);
        kms_statement_add_bytes (statement, KMS_CELL_TEXT, text, (gsize) sqlite3_column_bytes (prepared, column));
        break;
      }
      case SQLITE_BLOB: {
        const char *blob = sqlite3_column_blob (prepared, column);
        kms_statement_add_bytes (statement, KMS_CELL_BLOB, blob, (gsize) sqlite3_column_bytes (prepared, column));
        break;
      }
    default:
      kms_statement_add_null (statement);
    }
}

static gboolean
step (StoreSqlite *self, sqlite3_stmt *prepared, KmsStatement *statement, GCancellable *cancellable, GError **error)
{
  int code;

  while ((code = sqlite3_step (prepared)) == SQLITE_ROW)
    {
      for (int i = 0; i < sqlite3_column_count (prepared); i++)
        add_cell (prepared, i, statement);
      if (!kms_statement_end_row (statement, error))
        return FALSE;
    }
  if (code != SQLITE_DONE)
    return fail (self, cancellable, error);
  kms_statement_set_n_changed (statement, sqlite3_changes64 (self->database));
  return TRUE;
}

static int
on_progress (void *data)
{
  return g_cancellable_is_cancelled (data);
}

static gboolean
store_sqlite_run (KmsStore *store, KmsStatement *statement, GCancellable *cancellable, GError **error)
{
  StoreSqlite *self = STORE_SQLITE (store);
  sqlite3_stmt *prepared = prepare (self, kms_statement_get_sql (statement), error);

  if (prepared == NULL)
    return FALSE;
  sqlite3_progress_handler (self->database, PROGRESS_INTERVAL, cancellable == NULL ? NULL : on_progress, cancellable);
  gboolean done = bind (self, prepared, statement, error) && step (self, prepared, statement, cancellable, error);
  sqlite3_reset (prepared);
  sqlite3_clear_bindings (prepared);
  sqlite3_progress_handler (self->database, 0, NULL, NULL);
  return done;
}

static gboolean
store_sqlite_list_columns (KmsStore *store, const char *schema, const char *table, KmsColumns *columns, GError **error)
{
  StoreSqlite *self = STORE_SQLITE (store);
  sqlite3_stmt *prepared = prepare (self, "SELECT name, type, \"notnull\" FROM pragma_table_info(?, ?)", error);
  int code;

  if (prepared == NULL)
    return FALSE;
  sqlite3_bind_text (prepared, 2, schema, -1, SQLITE_STATIC);
  code = sqlite3_bind_text (prepared, 1, table, -1, SQLITE_STATIC);
  while (code == SQLITE_OK && (code = sqlite3_step (prepared)) == SQLITE_ROW)
    {
      kms_columns_add (columns, (const char *) sqlite3_column_text (prepared, 0),
                       (const char *) sqlite3_column_text (prepared, 1), sqlite3_column_int (prepared, 2) == 0);
      code = SQLITE_OK;
    }
  gboolean done = code == SQLITE_DONE || fail (self, NULL, error);
  sqlite3_reset (prepared);
  sqlite3_clear_bindings (prepared);
  return done;
}

static void
store_sqlite_class_init (StoreSqliteClass *klass)
{
  KmsStoreClass *store_class = KMS_STORE_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = store_sqlite_finalize;
  store_class->open = store_sqlite_open;
  store_class->run = store_sqlite_run;
  store_class->list_columns = store_sqlite_list_columns;
  kms_store_class_set_dialect (store_class, 0, '"', "IS");
}

KMS_MODULE_DEFINE (.id = "store-sqlite", .type_name = "StoreSqlite", .get_type = store_sqlite_get_type,
                   .version = PACKAGE_VERSION, .license = "LGPL-2.1-or-later", .origin = "libkms");
