/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The context of a row, as the file of its model describes it: "model_name;model_id;version=#2;:tenant=@tenant_id". */
#pragma once

#include "kms-context.h"

G_BEGIN_DECLS

typedef enum {
  KMS_CONTEXT_PART_MODEL_NAME,
  KMS_CONTEXT_PART_MODEL_ID,
  KMS_CONTEXT_PART_LITERAL,
  KMS_CONTEXT_PART_INTEGER,
  KMS_CONTEXT_PART_COLUMN,
} KmsContextSource;

typedef struct
{
  KmsNameKind kind;
  char *name;
  KmsContextSource source;
  char *text; /* the literal, the digits, or the name of the column */
} KmsContextPart;

/* Immutable. */
typedef struct
{
  gatomicrefcount refs;
  GArray *parts; /* of KmsContextPart */
} KmsContextTemplate;

/* A value of the row at hand. That it is an integer matters only to stored strings without a version: their contexts are
 * authenticated as they were given. */
typedef struct
{
  const char *text; /* NULL: the row does not have it */
  gsize length;
  gboolean is_integer;
} KmsContextValue;

/* What a column of the row at hand holds. */
typedef KmsContextValue (*KmsContextColumnFunc) (const char *column, gpointer user_data);

/* What the default context has. */
typedef struct
{
  const char *model_name;
  const char *model_id; /* NULL: the row has no id yet */
  gboolean is_id_integer;
  KmsContextColumnFunc get_column;
  gpointer user_data;
} KmsContextRow;

/* The empty text is the empty context. */
KmsContextTemplate *_kms_context_template_new (const char *text, GError **error);
KmsContextTemplate *_kms_context_template_ref (KmsContextTemplate *self);
void _kms_context_template_unref (KmsContextTemplate *self);

/* Whether it can be made only of rows that have an id. */
gboolean _kms_context_template_needs_id (const KmsContextTemplate *self);

/* Calls back for each column of the row that the context takes. */
void _kms_context_template_foreach_column (const KmsContextTemplate *self, GFunc func, gpointer user_data);

/* CONTEXT_REQUIRED where the row lacks a value that the context needs. */
KmsContext *_kms_context_template_build (const KmsContextTemplate *self, const KmsContextRow *row, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KmsContextTemplate, _kms_context_template_unref)

G_END_DECLS
