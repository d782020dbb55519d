/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys of the AWS double, their aliases, and what they encrypt. */
#pragma once

#include "aws-double-state.h"

G_BEGIN_DECLS

#define AWS_DOUBLE_KEY_SIZE 32

typedef struct
{
  char *id;
  char *arn;
  char *region;
  char *spec;
  char *state;
  char *description;
  gboolean multi_region;
  gint64 created;
  gint64 deletion; /* 0: none */
  guint window;
  GPtrArray *materials; /* of AWS_DOUBLE_KEY_SIZE bytes each; the last one encrypts */
  gboolean rotates;
  guint period;
  guint rotations; /* on demand */
  gint64 rotated;
  GHashTable *tags;
} AwsDoubleKey;

typedef struct
{
  char *name; /* "alias/NAME" */
  char *region;
  char *target; /* an ARN; NULL for those of AWS that were never used */
  gint64 created;
} AwsDoubleAlias;

AwsDoubleKey *aws_double_key_new (AwsDouble *aws, const AwsDoubleKeyOptions *options);
void aws_double_key_free (AwsDoubleKey *self);
gboolean aws_double_key_is_symmetric (const AwsDoubleKey *self);
void aws_double_key_rotate (AwsDoubleKey *self);
char *aws_double_key_get_material_id (const AwsDoubleKey *self, guint material);
/* Its aliases as a set; free with g_hash_table_unref(). */
GHashTable *aws_double_key_list_aliases (AwsDouble *aws, const AwsDoubleKey *self);

void aws_double_alias_free (AwsDoubleAlias *self);
AwsDoubleAlias *aws_double_find_alias_of (AwsDouble *aws, const char *region, const char *name);
/* Replaces one of this name. */
void aws_double_put_alias (AwsDouble *aws, const char *region, const char *name, const char *arn);
void aws_double_remove_alias (AwsDouble *aws, const AwsDoubleAlias *alias);

/* Contexts are authenticated with lengths, so that no two of them are the same. The ciphertext tells the key. */
GBytes *aws_double_key_encrypt (const AwsDoubleKey *self, JsonObject *context, const guint8 *data, gsize length);
/* The key that a ciphertext names: an ARN, to be freed; NULL for what is no ciphertext. */
char *aws_double_ciphertext_get_arn (GBytes *ciphertext);
/* NULL for what does not decrypt with this context. */
GBytes *aws_double_key_decrypt (const AwsDoubleKey *self, JsonObject *context, GBytes *ciphertext, guint *material);

G_END_DECLS
