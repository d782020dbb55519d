/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a box looks inside: its versions, each with the provider that it was resolved to. */
#pragma once

#include "kms-batch-private.h"
#include "kms-box.h"
#include "kms-item-private.h"
#include "kms-stored-private.h"

G_BEGIN_DECLS

typedef struct
{
  char *version; /* digits; NULL for a key that is not the box's own version: see `google` */
  gsize version_length;
  char *prefix; /* "v2:" */
  gsize prefix_length;
  char *key_id;
  char *provider_name; /* nullable: whoever claims the key id */

  /* Resolved at first use and kept: a box never changes. `provider` is published last. */
  char *provider_key_id;
  KmsProvider *provider; /* atomic */
} KmsBoxVersion;

struct _KmsBox
{
  GObject parent_instance;
  KmsRegistry *registry;
  char *name;
  char *description;
  KmsBoxState state;
  char **require_context;
  guint n_require_context;
  KmsJsonDialect dialect;
  gboolean try_other_dialects;
  gboolean upgrade_context;
  gboolean any_version;
  gboolean is_key;     /* made of a bare key id, which is its name */
  GMutex lock;         /* for what is resolved */
  GPtrArray *versions; /* of KmsBoxVersion, previous ones first: the first match decrypts */
  KmsBoxVersion *encrypting;
};

KmsBoxVersion *_kms_box_version_new (const char *version, const char *key_id, const char *provider_name);
void _kms_box_version_free (KmsBoxVersion *version);

/* The same box, to which strings without a version have the empty context. */
KmsBox *_kms_box_dup_upgrading (KmsBox *self, GError **error);

/* Its provider and the key id that the provider knows; both borrowed from the box. Loads the module if need be. */
KmsProvider *_kms_box_resolve (KmsBox *self, KmsBoxVersion *version, const char **key_id, GError **error);

/* "box" or "key", for messages about it. */
const char *_kms_box_get_noun (KmsBox *self);

/* The version that a stored string names; NOT_ACTIVE if there is none. */
KmsBoxVersion *_kms_box_find_version (KmsBox *self, const char *digits, gsize length, GError **error);

/* State and required context, for an operation. */
gboolean _kms_box_check (KmsBox *self, KmsOperation operation, KmsContext *context, GError **error);

/* Fill an item that is then ready for the dispatcher, or FALSE with an error. */
gboolean _kms_box_fill_encrypt (KmsBox *self, KmsItem *item, KmsSecret *plaintext, KmsContext *context, GError **error);
gboolean _kms_box_fill_decrypt (KmsBox *self, KmsItem *item, const char *stored, gsize length, KmsContext *context,
                                GError **error);
gboolean _kms_box_fill_rewrap (KmsBox *self, KmsItem *item, const char *stored, gsize length, KmsContext *context,
                               KmsContext *new_context, GError **error);

/* The same, and the choice between the two ways: the item is of a decryption where an encryption has to follow. */
gboolean _kms_box_fill_move (KmsBox *self, KmsItem *item, const char *stored, gsize length, KmsContext *context,
                             KmsContext *new_context, GError **error);

/* What an item that is DONE becomes: "vN:" and base64. NULL where that could not be read again. */
char *_kms_box_make_stored (KmsBox *self, KmsItem *item, GError **error);

/* A failed decryption may be tried in the other dialects, where that could help: attempts count from 0. */
#define KMS_N_OTHER_DIALECTS 2
gboolean _kms_box_wants_other_dialects (KmsBox *self, KmsContext *context, const GError *error);
KmsJsonDialect _kms_box_other_dialect (KmsJsonDialect first, guint attempt);

/* Where every version that a batch may touch runs in the caller's thread. */
gboolean _kms_box_is_inline (KmsBox *self);

G_END_DECLS
