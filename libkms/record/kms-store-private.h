/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Statements on their way to a database, and rows on their way back. */
#pragma once

#include "kms-store.h"

G_BEGIN_DECLS

/* A value of a column. Text and bytes live as long as the row that they came in, or as the caller who bound them says. */
typedef struct
{
  KmsCellType type;
  union
  {
    gint64 integer;
    double number;
    const char *bytes;
  } value;
  gsize length;
} KmsCell;

/* FALSE with an error ends the statement. */
typedef gboolean (*KmsRowFunc) (const KmsCell *cells, guint n_cells, gpointer user_data, GError **error);

struct _KmsStatement
{
  GString *sql;
  GArray *parameters; /* of KmsCell */
  GArray *cells;      /* of KmsCell: the row at hand */
  KmsRowFunc on_row;
  gpointer user_data;
  gint64 n_changed;
  const KmsStoreClass *dialect;
};

typedef struct
{
  char *name, *type;
  gboolean is_nullable;
} KmsColumn;

struct _KmsColumns
{
  GArray *columns; /* of KmsColumn */
};

KmsStatement *_kms_statement_new (KmsStore *store);
void _kms_statement_free (KmsStatement *self);

/* Text is SQL as it is; identifiers are quoted. */
void _kms_statement_add_sql (KmsStatement *self, const char *text);
void _kms_statement_add_identifier (KmsStatement *self, const char *name);

/* A table as models name it, perhaps with a schema: "schema"."table". */
void _kms_statement_add_table (KmsStatement *self, const char *name);
void _kms_table_name_split (const char *name, char **schema, char **table);

/* Parameters become what the database has for them. Bound bytes are borrowed until the statement has run. */
void _kms_statement_bind (KmsStatement *self, const KmsCell *cell);
void _kms_statement_bind_text (KmsStatement *self, const char *text, gssize length);
void _kms_statement_bind_integer (KmsStatement *self, gint64 value);

/* "name IS ?": also where both are NULL. */
void _kms_statement_add_same (KmsStatement *self, const char *name, const KmsCell *cell);

/* Runs it, as often as is wanted. `n_changed` may be NULL. */
gboolean _kms_store_run (KmsStore *self, KmsStatement *statement, KmsRowFunc on_row, gpointer user_data,
                         gint64 *n_changed, GCancellable *cancellable, GError **error);
gboolean _kms_store_run_text (KmsStore *self, const char *sql, GCancellable *cancellable, GError **error);

/* Statements that have no rows, in that order; of each, `n_changed` says what it did. Those behind the first that fails are
 * not run. To be called within a transaction: what is kept of those before it, databases do not agree on. Over a network
 * this takes one round trip, where each for itself would take one. */
gboolean _kms_store_run_all (KmsStore *self, KmsStatement *const *statements, guint n, GCancellable *cancellable,
                             GError **error);

/* The columns of a table, of which there is one at least. */
GArray *_kms_store_list_columns (KmsStore *self, const char *table, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KmsStatement, _kms_statement_free)

G_END_DECLS
