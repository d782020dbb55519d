/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Databases as records see them, and what the author of a module for another one implements. */
#pragma once

#if !defined(KMS_INSIDE) && !defined(KMS_COMPILATION)
#error "Only <libkms/kms.h> and <libkms/kms-module.h> can be included directly"
#endif

#include <libkms/kms-registry.h>

G_BEGIN_DECLS

#define KMS_TYPE_STORE (kms_store_get_type ())
KMS_AVAILABLE_IN_1_0
G_DECLARE_DERIVABLE_TYPE (KmsStore, kms_store, KMS, STORE, GObject)

typedef struct _KmsStatement KmsStatement;
typedef struct _KmsColumns KmsColumns;

/**
 * KmsCellType:
 * @KMS_CELL_NULL: NULL
 * @KMS_CELL_INTEGER: an integer of 64 bits
 * @KMS_CELL_FLOAT: a floating-point number
 * @KMS_CELL_TEXT: text
 * @KMS_CELL_BLOB: bytes
 *
 * What a value is to a database.
 *
 * Since: 1.0
 */
typedef enum {
  KMS_CELL_NULL,
  KMS_CELL_INTEGER,
  KMS_CELL_FLOAT,
  KMS_CELL_TEXT,
  KMS_CELL_BLOB,
} KmsCellType;

/**
 * KmsStoreFeatures:
 * @KMS_STORE_SKIP_LOCKED: SELECT … FOR UPDATE SKIP LOCKED, so that several workers share a table
 * @KMS_STORE_SEQUENCES: SELECT nextval (…), so that a row has an id before it is written
 * @KMS_STORE_NUMBERED: parameters are $1, $2, … and not ?
 *
 * What a database can do, and how it wants to be asked.
 *
 * Since: 1.0
 */
typedef enum /*< flags >*/ {
  KMS_STORE_SKIP_LOCKED = 1 << 0,
  KMS_STORE_SEQUENCES = 1 << 1,
  KMS_STORE_NUMBERED = 1 << 2,
} KmsStoreFeatures;

/**
 * KmsStoreClass:
 * @open: connects; the location is the URI without its scheme and colon. Credentials come from where programs of that
 *   database have them, never from the URI
 * @run: runs one statement: binds its parameters, hands over its rows, and says how many rows it changed. What libkms
 *   writes into the text are names in quotes, keywords and parameters, and nothing else
 * @list_columns: tells the columns of a table, whose schema is %NULL where nobody names it; no columns are told of a
 *   table that is not there
 * @run_all: (nullable): runs statements one after the other, as @run does, but need not wait for each; the first that
 *   fails ends them with its error. %NULL: libkms runs them one by one
 *
 * What a module for a database implements, each function in one thread at a time. Errors: %KMS_ERROR_UNAVAILABLE where
 * the same may succeed later (busy, deadlock, connection lost), %KMS_ERROR_NOT_AUTHORIZED, %KMS_ERROR_NOT_FOUND for a
 * table or column, else %KMS_ERROR_FAILED with the database's own words, which must not have values in them.
 *
 * Since: 1.0
 */
struct _KmsStoreClass
{
  GObjectClass parent_class;

#ifndef __GI_SCANNER__ /* modules are written in C */
  gboolean (*open) (KmsStore *self, const char *location, GCancellable *cancellable, GError **error);
  gboolean (*run) (KmsStore *self, KmsStatement *statement, GCancellable *cancellable, GError **error);
  gboolean (*list_columns) (KmsStore *self, const char *schema, const char *table, KmsColumns *columns, GError **error);
  gboolean (*run_all) (KmsStore *self, KmsStatement *const *statements, guint n_statements, GCancellable *cancellable,
                       GError **error);
#endif

  /*< private >*/
  KmsStoreFeatures features;
  char quote;         /* around identifiers, doubled within */
  const char *equals; /* the operator to which NULL equals NULL */
  gpointer _reserved[11];
};

KMS_AVAILABLE_IN_1_0
KmsStore *kms_store_open (KmsRegistry *registry, const char *uri, GCancellable *cancellable, GError **error);
KMS_AVAILABLE_IN_1_0
const char *kms_store_get_uri (KmsStore *self);

KMS_AVAILABLE_IN_1_0
gboolean kms_store_begin (KmsStore *self, GCancellable *cancellable, GError **error);
KMS_AVAILABLE_IN_1_0
gboolean kms_store_commit (KmsStore *self, GCancellable *cancellable, GError **error);
KMS_AVAILABLE_IN_1_0
gboolean kms_store_rollback (KmsStore *self, GError **error);
KMS_AVAILABLE_IN_1_0
gboolean kms_store_get_in_transaction (KmsStore *self);

/* For modules: in class_init(). */
KMS_AVAILABLE_IN_1_0
void kms_store_class_set_dialect (KmsStoreClass *klass, KmsStoreFeatures features, char quote, const char *equals);

/* For modules: in list_columns(). */
KMS_AVAILABLE_IN_1_0
void kms_columns_add (KmsColumns *self, const char *name, const char *type, gboolean is_nullable);

/* For modules: in run(). */
KMS_AVAILABLE_IN_1_0
const char *kms_statement_get_sql (KmsStatement *self);
KMS_AVAILABLE_IN_1_0
guint kms_statement_get_n_parameters (KmsStatement *self);
KMS_AVAILABLE_IN_1_0
KmsCellType kms_statement_get_parameter_type (KmsStatement *self, guint index);
KMS_AVAILABLE_IN_1_0
gint64 kms_statement_get_parameter_integer (KmsStatement *self, guint index);
KMS_AVAILABLE_IN_1_0
double kms_statement_get_parameter_float (KmsStatement *self, guint index);
KMS_AVAILABLE_IN_1_0
const char *kms_statement_get_parameter_bytes (KmsStatement *self, guint index, gsize *length);
KMS_AVAILABLE_IN_1_0
void kms_statement_add_null (KmsStatement *self);
KMS_AVAILABLE_IN_1_0
void kms_statement_add_integer (KmsStatement *self, gint64 value);
KMS_AVAILABLE_IN_1_0
void kms_statement_add_float (KmsStatement *self, double value);
KMS_AVAILABLE_IN_1_0
void kms_statement_add_bytes (KmsStatement *self, KmsCellType type, const char *bytes, gsize length);
KMS_AVAILABLE_IN_1_0
gboolean kms_statement_end_row (KmsStatement *self, GError **error);
KMS_AVAILABLE_IN_1_0
void kms_statement_set_n_changed (KmsStatement *self, gint64 n_changed);

G_END_DECLS
