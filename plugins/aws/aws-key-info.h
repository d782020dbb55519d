/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What KMS says of a key. */
#pragma once

#include "aws-exchange.h"
#include "aws-key-id.h"

G_BEGIN_DECLS

typedef struct
{
  char *id;  /* "1234abcd-…" or "mrk-…": the only name that all operations take */
  char *arn; /* nullable */
  char *region;
  char *state, *usage, *spec, *origin, *manager, *description, *material; /* nullable */
  gboolean multi_region;
  gint64 created, deleted; /* seconds since 1970, or -1 */

  gboolean rotation_known;
  gboolean rotates;
  gint64 rotation_days, next_rotation; /* -1: not told */
} AwsKeyInfo;

AwsKeyInfo *aws_key_info_new (const char *region);
void aws_key_info_free (AwsKeyInfo *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AwsKeyInfo, aws_key_info_free)

/* Blocking: where nothing tells a region but the place that credentials come from, these are obtained first. */
AwsKeyAddress *aws_key_address_find (KmsAwsProvider *provider, const char *key_id, GCancellable *cancellable,
                                     GError **error);

/* DescribeKey: any key id, aliases too. */
AwsKeyInfo *aws_key_info_read (KmsAwsProvider *provider, const char *key_id, GCancellable *cancellable, GError **error);

/* Reads the members of an answer that has KeyMetadata; `data` is an AwsKeyInfo. */
void aws_key_info_read_member (KmsHttpJson *json, const char *name, gpointer data);

/* GetKeyRotationStatus; that it may not be asked, or that the key can't rotate, is no error. */
gboolean aws_key_info_read_rotation (AwsKeyInfo *self, KmsAwsProvider *provider, GCancellable *cancellable,
                                     GError **error);

/* Whether it encrypts symmetrically, and so binds contexts. */
gboolean aws_key_info_is_symmetric (const AwsKeyInfo *self);

/* As kmsctl shows it, under `id`. */
KmsKey *aws_key_info_describe (const AwsKeyInfo *self, const char *id, const char *const *aliases);

/* Writes KeyId; `data` is the id. */
void aws_key_id_write (KmsHttpBuffer *body, gboolean *first, gpointer data);

G_END_DECLS
