/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* How an item looks inside: on the stack for providers that run in the caller's thread, in a run for all others. */
#pragma once

#include "kms-item.h"

G_BEGIN_DECLS

typedef struct _KmsRun KmsRun;

/* Milliseconds, about 35 years: who means "for ever" gets something that can still be added to a time. */
#define KMS_MAX_TIMEOUT (G_GINT64_CONSTANT (1) << 40)

typedef enum {
  KMS_ITEM_PENDING,
  KMS_ITEM_DONE,
  KMS_ITEM_FAILED,
} KmsItemState;

/* What came out besides; allocated by the first setter, since most providers have nothing to say. Never changed while
 * shared: the items of a batch usually have the same key version. Shared within one batch only, which one thread uses. */
typedef struct
{
  guint refs;
  char *key_version;
  char *used_key_id;
  char *request_id;
  KmsBinding binding;
} KmsItemRemarks;

/* A wrapped key and the JSON of a usual context fit, so that a small value needs no allocation but its result. */
#define KMS_ITEM_OUTPUT_SCRATCH 256
#define KMS_ITEM_JSON_SCRATCH 160

struct _KmsItem
{
  KmsRun *run;           /* NULL: borrowed, nobody else can settle it */
  KmsProvider *provider; /* borrowed from who filled the item in */
  const char *key_id;
  const char *new_key_id;
  const char *version; /* digits; borrowed from the box, or NULL */
  const char *new_version;
  KmsContext *context;
  KmsContext *new_context;
  const guint8 *input;
  gsize input_length;
  guint8 *owned_input;
  char *owned_key_id;
  KmsProvider *owned_provider;
  KmsContext *owned_context;
  KmsSecret *owned_plaintext; /* what `input` stands in, where the caller lets go of it before a late provider does */
  KmsSecret *secret;          /* where plaintext was reserved */
  guint8 *output;
  gsize capacity;
  gsize length;
  char *json;
  char *new_json;
  gsize json_length;
  gsize new_json_length;
  GError *error;
  KmsItemRemarks *remarks;
  const struct _KmsItem *before; /* in the same thread's array: its remarks may be shared */
  gboolean is_single;            /* one value through a simple call: nobody can read the remarks */
  KmsOperation operation;
  KmsItemState state;
  KmsContextForm form;
  KmsJsonDialect dialect;

  /* Not initialised. */
  guint8 output_scratch[KMS_ITEM_OUTPUT_SCRATCH];
  char json_scratch[KMS_ITEM_JSON_SCRATCH];
};

static inline void
_kms_item_init (KmsItem *self, KmsOperation operation)
{
  memset (self, 0, G_STRUCT_OFFSET (KmsItem, output_scratch));
  self->operation = operation;
}

void _kms_item_remarks_unref (KmsItemRemarks *remarks);
void _kms_item_clear (KmsItem *self);

/* Sets context and form together: a NULL context has no form. */
void _kms_item_set_context (KmsItem *self, KmsContext *context, KmsContextForm form, KmsJsonDialect dialect);

/* Room for `length` bytes of input that the item owns: its scratch where they fit (never together with output). */
guint8 *_kms_item_make_input (KmsItem *self, gsize length);

/* Unlocked; for the core alone. */
void _kms_item_settle (KmsItem *self, KmsItemState state, gsize length, GError *error);

/* The plaintext or the ciphertext of an item that is DONE; full transfer. */
KmsSecret *_kms_item_steal_secret (KmsItem *self);
GBytes *_kms_item_dup_ciphertext (KmsItem *self);

G_END_DECLS
