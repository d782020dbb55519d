/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a call looks inside: borrowed items in the caller's thread, or items of a run on their way to another. */
#pragma once

#include "kms-call.h"
#include "kms-item-private.h"

G_BEGIN_DECLS

struct _KmsCall
{
  gatomicrefcount refs;
  KmsOperation operation;
  KmsProvider *provider; /* a reference, but borrowed on the stack */
  KmsRun *run;           /* a reference; NULL for borrowed items */
  KmsItem *first;        /* borrowed items stand in a row … */
  KmsItem **items;       /* … those of a run are picked from it */
  guint n_items;
  GCancellable *cancellable; /* the caller's own, borrowed, for borrowed items; else the call's own */
  gint64 deadline;
  gint completed; /* atomic */
  gboolean bulk;
  GList link; /* in the provider's queue */
};

/* Takes the items, which belong to the run. */
KmsCall *_kms_call_new (KmsProvider *provider, KmsRun *run, KmsOperation operation, KmsItem **items, guint n_items);

/* TRUE the first time. */
gboolean _kms_call_mark_completed (KmsCall *self);

/* What the provider made of the call, held against the contract: items that are not settled fail, each with the
 * provider's name in front. Takes the error. */
void _kms_call_check_contract (KmsCall *self, gboolean success, GError *error);

G_END_DECLS
