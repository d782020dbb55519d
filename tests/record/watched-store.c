/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The order of statements, as tests want to see it. */
#include "watched-store.h"

#include "record/kms-store-private.h"

struct _WatchedStore
{
  KmsStore parent_instance;
  KmsStore *inner;
  GString *log;
  char *prefix, *sql;
};

G_DEFINE_FINAL_TYPE (WatchedStore, watched_store, KMS_TYPE_STORE)

static gboolean
watched_store_run (KmsStore *store, KmsStatement *statement, GCancellable *cancellable, GError **error)
{
  WatchedStore *self = WATCHED_STORE (store);
  const char *sql = kms_statement_get_sql (statement);

  if (self->prefix != NULL && g_str_has_prefix (sql, self->prefix))
    {
      g_clear_pointer (&self->prefix, g_free);
      g_autoptr (GError) local = NULL;
      _kms_store_run_text (self->inner, self->sql, NULL, &local);
      g_assert_no_error (local);
    }
  if (!g_str_has_prefix (sql, "SELECT"))
    g_string_append_printf (self->log, "%s\n", sql);
  return KMS_STORE_GET_CLASS (self->inner)->run (self->inner, statement, cancellable, error);
}

static gboolean
watched_store_list_columns (KmsStore *store, const char *schema, const char *table, KmsColumns *columns, GError **error)
{
  KmsStore *inner = WATCHED_STORE (store)->inner;
  return KMS_STORE_GET_CLASS (inner)->list_columns (inner, schema, table, columns, error);
}

static void
watched_store_finalize (GObject *object)
{
  WatchedStore *self = WATCHED_STORE (object);

  g_object_unref (self->inner);
  g_string_free (self->log, TRUE);
  g_free (self->prefix);
  g_free (self->sql);
  G_OBJECT_CLASS (watched_store_parent_class)->finalize (object);
}

static void
watched_store_class_init (WatchedStoreClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = watched_store_finalize;
  KMS_STORE_CLASS (klass)->run = watched_store_run;
  KMS_STORE_CLASS (klass)->list_columns = watched_store_list_columns;
}

static void
watched_store_init (WatchedStore *self)
{
  self->log = g_string_new (NULL);
}

KmsStore *
watched_store_new (KmsStore *inner)
{
  WatchedStore *self = g_object_new (WATCHED_TYPE_STORE, NULL);
  const KmsStoreClass *dialect = KMS_STORE_GET_CLASS (inner);

  kms_store_class_set_dialect (KMS_STORE_GET_CLASS (self), dialect->features, dialect->quote, dialect->equals);
  self->inner = g_object_ref (inner);
  return KMS_STORE (self);
}

char *
watched_store_steal_log (KmsStore *store)
{
  WatchedStore *self = WATCHED_STORE (store);
  GString *log = self->log;

  self->log = g_string_new (NULL);
  return g_string_free (log, FALSE);
}

void
watched_store_interfere (KmsStore *store, const char *prefix, const char *sql)
{
  WatchedStore *self = WATCHED_STORE (store);

  g_free (self->prefix);
  g_free (self->sql);
  self->prefix = g_strdup (prefix);
  self->sql = g_strdup (sql);
}
