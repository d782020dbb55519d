/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows as they were read: which columns, where each of them stands, and the context that a row gives. */
#pragma once

#include "kms-attribute-private.h"

G_BEGIN_DECLS

#define KMS_NO_COLUMN G_MAXUINT

/* Where an attribute's cells stand: one behind the other, so that its codec takes the first one's address. */
typedef struct
{
  const KmsModelAttribute *attribute;
  guint first, n_cells;
} KmsLayoutAttribute;

/* Which columns are read, in which order. The id is the first. */
typedef struct
{
  KmsModel *model;
  GPtrArray *columns; /* of names */
  GArray *attributes; /* of KmsLayoutAttribute */
  guint *keys;        /* for each key of the model: where its column stands, or KMS_NO_COLUMN */
  guint type_column, lock_version;
} KmsLayout;

/* One row, in one block. */
typedef struct
{
  guint n_cells;
  KmsCell cells[];
} KmsRow;

/* With id, and what the model has of type and lock_version. */
KmsLayout *_kms_layout_new (KmsModel *model);
void _kms_layout_free (KmsLayout *self);

/* The key's column, and the columns that its contexts take. */
void _kms_layout_add_key (KmsLayout *self, guint key);

/* The attribute's columns. Of a file nothing is added. */
void _kms_layout_add_attribute (KmsLayout *self, const KmsModelAttribute *attribute);

/* Any column, which is read once however often it is added. Returns its place. */
guint _kms_layout_add_column (KmsLayout *self, const char *column);
guint _kms_layout_find_column (const KmsLayout *self, const char *column);
const KmsLayoutAttribute *_kms_layout_find_attribute (const KmsLayout *self, const KmsModelAttribute *attribute);

/* Whether the table has all of them; NOT_FOUND names the model's file and those that are missing. */
gboolean _kms_layout_check (const KmsLayout *self, KmsStore *store, GError **error);

/* SELECT "id", … FROM "table", to which the caller adds the rest. */
void _kms_layout_add_select (const KmsLayout *self, KmsStatement *statement);

KmsRow *_kms_row_new (const KmsCell *cells, guint n_cells);
void _kms_row_free (KmsRow *self);

/* The id as text: what contexts and people see. */
char *_kms_row_dup_id (const KmsRow *self);

/* The context of one of the model's keys in that row, as it is made now (NULL), or was when `version` was the newest. */
KmsContext *_kms_row_build_context (const KmsRow *self, const KmsLayout *layout, guint key, const char *version,
                                    GError **error);

/* The context under which the wrapped key in that row was encrypted; a wrapped key without a version is one of version
 * 1. */
KmsContext *_kms_row_build_stored_context (const KmsRow *self, const KmsLayout *layout, guint key, GError **error);

/* Whether the row has a wrapped key: what is empty is one that can't be read, and not none, as in the gem. */
gboolean _kms_row_has_key (const KmsRow *self, const KmsLayout *layout, guint key);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KmsLayout, _kms_layout_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KmsRow, _kms_row_free)

G_END_DECLS
