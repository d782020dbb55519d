/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a model knows of its table, once its file was read. */
#pragma once

#include "kms-attr-encrypted-private.h"
#include "kms-box.h"
#include "kms-context-template-private.h"
#include "kms-lockbox-cipher-private.h"
#include "kms-model.h"
#include "kms-value.h"

G_BEGIN_DECLS

/* When a data key is made and encrypted. */
typedef enum {
  KMS_EAGER_FALSE,    /* once the row is saved, and so has an id */
  KMS_EAGER_TRUE,     /* at its first use */
  KMS_EAGER_TRY,      /* at its first use if the row has an id, else once it is saved */
  KMS_EAGER_FETCH_ID, /* the same, with an id taken from the sequence first */
} KmsEager;

/* How contexts of one version were made. */
typedef struct
{
  char *version;
  KmsContextTemplate *context;
} KmsModelContext;

typedef struct
{
  char *name;     /* "kms_key_street" */
  char *column;   /* "encrypted_kms_key_street" */
  char *box_name; /* NULL: the box is made of the key ids of the model's own file */
  KmsBox *box;    /* as far as the model's file describes it; else NULL: see _kms_model_dup_box() */
  KmsEager eager;
  gboolean upgrade_context, complete;
  KmsContextTemplate *context; /* of the newest version */
  GArray *contexts;            /* of KmsModelContext: where a version has another */
} KmsModelKey;

typedef enum {
  KMS_ATTRIBUTE_LOCKBOX,
  KMS_ATTRIBUTE_LOCKBOX_FILE,
  KMS_ATTRIBUTE_ATTR_ENCRYPTED,
  KMS_ATTRIBUTE_RAW,
} KmsAttributeFormat;

typedef struct
{
  char *name;
  guint key; /* its place among the keys */
  KmsAttributeFormat format;
  KmsValueType type;
  char *column, *iv_column, *salt_column; /* the last two: NULL unless the format has them */
  KmsLockboxFormat lockbox;
  GBytes *associated_data;
  gboolean encode; /* base64 in the column */
  KmsAttrFormat attr;
} KmsModelAttribute;

struct _KmsModel
{
  GObject parent_instance;
  KmsRegistry *registry;
  char *file_name; /* the stem */
  char *name, *table, *id, *type_column, *created_at, *updated_at, *lock_version, *database;
  gboolean is_extension; /* of another model: with a type column, its rows say so */
  GPtrArray
    *base_names;   /* of char *: the models that it extends, if they have a table; Rails calls rows by the first */
  GPtrArray *keys; /* of KmsModelKey */
  GPtrArray *attributes; /* of KmsModelAttribute */
};

KmsModelKey *_kms_model_find_key (KmsModel *self, const char *name, guint *place);
KmsModelAttribute *_kms_model_find_attribute (KmsModel *self, const char *name);

/* The key's box, be it of the registry or of the model's own. */
KmsBox *_kms_model_dup_box (KmsModel *self, const KmsModelKey *key, GError **error);

/* How the context of that version was made; of a NULL version, how it is made now. */
KmsContextTemplate *_kms_model_key_get_context (const KmsModelKey *self, const char *version);

GArray *_kms_model_contexts_new (void);
void _kms_model_key_free (KmsModelKey *self);
void _kms_model_attribute_free (KmsModelAttribute *self);

G_END_DECLS
