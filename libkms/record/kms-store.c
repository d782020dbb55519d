/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stores: the base class, and how the module for a URI is found. */
#include "kms-store-private.h"

#include <string.h>

#include "kms-error.h"
#include "kms-module-private.h"
#include "kms-registry-object-private.h"

#define MAX_SCHEME 32

typedef struct
{
  char *uri; /* without a password */
  gboolean in_transaction;
} KmsStorePrivate;

/**
 * KmsStore:
 *
 * A connection to a database, over a module of its own. One thread at a time may use it.
 *
 * Since: 1.0
 */
G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (KmsStore, kms_store, G_TYPE_OBJECT)

static void
kms_store_finalize (GObject *object)
{
  KmsStorePrivate *priv = kms_store_get_instance_private (KMS_STORE (object));

  g_free (priv->uri);
  G_OBJECT_CLASS (kms_store_parent_class)->finalize (object);
}

static void
kms_store_class_init (KmsStoreClass *klass)
{
  G_STATIC_ASSERT (sizeof (KmsStoreClass) == sizeof (GObjectClass) + 17 * sizeof (gpointer));
  G_OBJECT_CLASS (klass)->finalize = kms_store_finalize;
  klass->quote = '"';
  klass->equals = "IS";
}

static void
kms_store_init (KmsStore *self)
{
}

/**
 * kms_store_class_set_dialect: (skip)
 * @klass: the class of a module
 * @features: what the database can do
 * @quote: what stands around identifiers, and is doubled within them
 * @equals: the operator to which NULL equals NULL: "IS", "IS NOT DISTINCT FROM", "<=>"
 *
 * Tells how the database wants to be asked. Without it, it is asked as SQLite.
 *
 * Since: 1.0
 */
void
kms_store_class_set_dialect (KmsStoreClass *klass, KmsStoreFeatures features, char quote, const char *equals)
{
  g_return_if_fail (klass != NULL && equals != NULL);

  klass->features = features;
  klass->quote = quote;
  klass->equals = equals;
}

/* "postgres" is what Rails writes. The name becomes part of a file's, so it is taken from a list of characters. */
static char *
get_scheme (const char *uri, GError **error)
{
  const char *colon = strchr (uri, ':');
  gsize length = colon == NULL ? 0 : (gsize) (colon - uri);

  if (length == 0 || length > MAX_SCHEME || strspn (uri, "abcdefghijklmnopqrstuvwxyz0123456789") != length)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                   "a database is named by a URI such as sqlite:shop.sqlite3 or postgresql:///shop");
      return NULL;
    }
  return length == strlen ("postgres") && g_str_has_prefix (uri, "postgres:") ? g_strdup ("postgresql")
                                                                              : g_strndup (uri, length);
}

static KmsStore *
load_store (KmsRegistry *registry, const char *scheme, GError **error)
{
  g_autoptr (KmsSnapshot) snapshot = _kms_registry_get_snapshot (registry);
  g_autoptr (KmsConfigStamps) stamps = _kms_config_stamps_new ();
  g_autofree char *file = g_strconcat ("kms-store-", scheme, ".so", NULL);
  struct stat info;
  g_autofree char *path = _kms_module_find (registry->roots, file, stamps, &info);
  KmsState state;

  if (path == NULL)
    {
      g_autofree char *places = g_strjoinv (", ", registry->roots->module_directories);
      g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND,
                   "there is no module %s in %s; install the package that brings databases of the kind \"%s\"", file,
                   places, scheme);
      return NULL;
    }
  GType type = _kms_module_load (path, KMS_TYPE_STORE, NULL, snapshot->permissions, &state, error);
  return type == 0 ? NULL : g_object_new (type, NULL);
}

/* A password in a URI would be seen in lists of processes and in messages. */
static gboolean
check_password (const char *uri, GError **error)
{
  const char *authority = strstr (uri, "://");
  const char *at = authority == NULL ? NULL : strchr (authority + 3, '@');
  const char *colon = authority == NULL ? NULL : strchr (authority + 3, ':');
  gboolean is_in_authority = at != NULL && colon != NULL && colon < at;

  if (!is_in_authority && strstr (uri, "password=") == NULL)
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
               "a database's URI must not have a password in it; put it where the database's own programs look for it");
  return FALSE;
}

/**
 * kms_store_open:
 * @registry: whose modules are looked at
 * @uri: `sqlite:PATH`, `postgresql:///NAME` or another one for which there is a module `kms-store-SCHEME.so`
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Connects to a database. Blocks.
 *
 * Returns: (transfer full): a store, or %NULL with @error set: %KMS_ERROR_NOT_FOUND if there is no module or no database,
 *   %KMS_ERROR_UNAVAILABLE if it can't be reached
 *
 * Since: 1.0
 */
KmsStore *
kms_store_open (KmsRegistry *registry, const char *uri, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (KMS_IS_REGISTRY (registry), NULL);
  g_return_val_if_fail (uri != NULL, NULL);
  g_autofree char *scheme = get_scheme (uri, error);

  if (scheme == NULL || !check_password (uri, error))
    return NULL;
  g_autoptr (KmsStore) self = load_store (registry, scheme, error);
  if (self == NULL)
    return NULL;
  KmsStorePrivate *priv = kms_store_get_instance_private (self);
  priv->uri = g_strdup (uri);
  if (!KMS_STORE_GET_CLASS (self)->open (self, strchr (uri, ':') + 1, cancellable, error))
    return NULL;
  return g_steal_pointer (&self);
}

/**
 * kms_store_get_uri:
 * @self: a store
 *
 * Gets what it was opened with.
 *
 * Returns: the URI
 *
 * Since: 1.0
 */
const char *
kms_store_get_uri (KmsStore *self)
{
  g_return_val_if_fail (KMS_IS_STORE (self), NULL);
  return ((KmsStorePrivate *) kms_store_get_instance_private (self))->uri;
}

static void
start (KmsStatement *statement, KmsRowFunc on_row, gpointer user_data)
{
  statement->on_row = on_row;
  statement->user_data = user_data;
  statement->n_changed = 0;
  g_array_set_size (statement->cells, 0);
}

gboolean
_kms_store_run (KmsStore *self, KmsStatement *statement, KmsRowFunc on_row, gpointer user_data, gint64 *n_changed,
                GCancellable *cancellable, GError **error)
{
  start (statement, on_row, user_data);
  if (g_cancellable_set_error_if_cancelled (cancellable, error)
      || !KMS_STORE_GET_CLASS (self)->run (self, statement, cancellable, error))
    return FALSE;
  if (n_changed != NULL)
    *n_changed = statement->n_changed;
  return TRUE;
}

gboolean
_kms_store_run_all (KmsStore *self, KmsStatement *const *statements, guint n, GCancellable *cancellable, GError **error)
{
  KmsStoreClass *klass = KMS_STORE_GET_CLASS (self);

  for (guint i = 0; i < n; i++)
    start (statements[i], NULL, NULL);
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  if (klass->run_all != NULL)
    return n == 0 || klass->run_all (self, statements, n, cancellable, error);
  for (guint i = 0; i < n; i++)
    if (!_kms_store_run (self, statements[i], NULL, NULL, NULL, cancellable, error))
      return FALSE;
  return TRUE;
}

gboolean
_kms_store_run_text (KmsStore *self, const char *sql, GCancellable *cancellable, GError **error)
{
  g_autoptr (KmsStatement) statement = _kms_statement_new (self);

  _kms_statement_add_sql (statement, sql);
  return _kms_store_run (self, statement, NULL, NULL, NULL, cancellable, error);
}

static gboolean
set_transaction (KmsStore *self, const char *sql, gboolean in_transaction, GCancellable *cancellable, GError **error)
{
  KmsStorePrivate *priv = kms_store_get_instance_private (self);

  if (priv->in_transaction == in_transaction)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                   in_transaction ? "%s: there is a transaction already" : "%s: there is no transaction",
                   kms_store_get_uri (self));
      return FALSE;
    }
  if (!_kms_store_run_text (self, sql, cancellable, error))
    return FALSE;
  priv->in_transaction = in_transaction;
  return TRUE;
}

/**
 * kms_store_begin:
 * @self: a store
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Begins a transaction, in which all that follows is done as a whole or not at all. Blocks.
 *
 * Returns: %TRUE, or %FALSE with @error set: %KMS_ERROR_INVALID_ARGUMENT within a transaction
 *
 * Since: 1.0
 */
gboolean
kms_store_begin (KmsStore *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (KMS_IS_STORE (self), FALSE);
  return set_transaction (self, "BEGIN", TRUE, cancellable, error);
}

/**
 * kms_store_commit:
 * @self: a store
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Ends a transaction, and keeps what was done. If that fails, roll it back or try again. Blocks.
 *
 * Returns: %TRUE, or %FALSE with @error set: %KMS_ERROR_INVALID_ARGUMENT without a transaction
 *
 * Since: 1.0
 */
gboolean
kms_store_commit (KmsStore *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (KMS_IS_STORE (self), FALSE);
  return set_transaction (self, "COMMIT", FALSE, cancellable, error);
}

/**
 * kms_store_rollback:
 * @self: a store
 * @error: return location for an error
 *
 * Ends a transaction, and undoes what was done. Records that were saved within it must be reloaded. Blocks.
 *
 * Returns: %TRUE, or %FALSE with @error set: the transaction has ended anyway
 *
 * Since: 1.0
 */
gboolean
kms_store_rollback (KmsStore *self, GError **error)
{
  g_return_val_if_fail (KMS_IS_STORE (self), FALSE);
  KmsStorePrivate *priv = kms_store_get_instance_private (self);
  gboolean done = set_transaction (self, "ROLLBACK", FALSE, NULL, error);

  /* A database that ended it by itself, or is gone, has rolled it back. */
  priv->in_transaction = FALSE;
  return done;
}

/**
 * kms_store_get_in_transaction:
 * @self: a store
 *
 * Tells whether there is a transaction.
 *
 * Returns: %TRUE between kms_store_begin() and its end
 *
 * Since: 1.0
 */
gboolean
kms_store_get_in_transaction (KmsStore *self)
{
  g_return_val_if_fail (KMS_IS_STORE (self), FALSE);
  return ((KmsStorePrivate *) kms_store_get_instance_private (self))->in_transaction;
}

static void
column_clear (gpointer data)
{
  KmsColumn *self = data;

  g_free (self->name);
  g_free (self->type);
}

/**
 * kms_columns_add: (skip)
 * @self: what list_columns() got
 * @name: the name of a column
 * @type: (nullable): how it was declared
 * @is_nullable: whether it may be NULL
 *
 * Adds a column.
 *
 * Since: 1.0
 */
void
kms_columns_add (KmsColumns *self, const char *name, const char *type, gboolean is_nullable)
{
  g_return_if_fail (self != NULL && name != NULL);
  KmsColumn column = { g_strdup (name), g_strdup (type), is_nullable };

  g_array_append_val (self->columns, column);
}

GArray *
_kms_store_list_columns (KmsStore *self, const char *table, GError **error)
{
  KmsColumns columns = { g_array_new (FALSE, FALSE, sizeof (KmsColumn)) };
  g_autoptr (GArray) array = columns.columns;

  g_autofree char *schema = NULL;
  g_autofree char *name = NULL;

  g_array_set_clear_func (array, column_clear);
  _kms_table_name_split (table, &schema, &name);
  if (!KMS_STORE_GET_CLASS (self)->list_columns (self, schema, name, &columns, error))
    return NULL;
  if (array->len > 0)
    return g_steal_pointer (&array);
  g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND, "there is no table \"%s\" in %s", table,
               kms_store_get_uri (self));
  return NULL;
}
