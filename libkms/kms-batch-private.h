/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What boxes and providers read from a batch and put into it. */
#pragma once

#include "kms-batch.h"
#include "kms-item-private.h"

G_BEGIN_DECLS

typedef struct
{
  /* in: one of secret, stored and ciphertext */
  KmsSecret *secret;
  char *stored;
  gsize stored_length;
  GBytes *ciphertext;
  KmsContext *context;
  KmsContext *new_context; /* NULL keeps the context */
  /* out: one of these, or an error */
  KmsSecret *plaintext;
  char *new_stored;
  GBytes *new_ciphertext;
  GError *error;
  KmsItemRemarks *remarks;
  KmsBinding binding;
} KmsBatchEntry;

KmsBatchEntry *_kms_batch_get_entry (KmsBatch *self, guint index);

/* What a rewrap encrypts with; NULL for no context. */
KmsContext *_kms_batch_entry_get_new_context (const KmsBatchEntry *entry);

/* Microseconds; -1 takes what the providers say. */
gint64 _kms_batch_get_timeout (KmsBatch *self);

/* FALSE: the caller did not choose. */
gboolean _kms_batch_get_json_dialect (KmsBatch *self, KmsJsonDialect *dialect);
gboolean _kms_batch_get_context_form (KmsBatch *self, KmsContextForm *form);

/* Before a run: forgets what an earlier one left. */
void _kms_batch_reset (KmsBatch *self);

/* Some of the entries as a batch of their own, with the same options; and back from there what came out of them. */
KmsBatch *_kms_batch_new_slice (KmsBatch *self, const guint *indices, guint n);
void _kms_batch_take_slice (KmsBatch *self, const guint *indices, KmsBatch *slice);

/* TRUE if no entry failed; else the first error, with the number of the item and the counts behind it. */
gboolean _kms_batch_conclude (KmsBatch *self, GError **error);

G_END_DECLS
