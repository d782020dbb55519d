/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one way from the core to a provider's code. */
#pragma once

#include "kms-run-private.h"

G_BEGIN_DECLS

/* All pending items have a provider that is INLINE: runs them in this thread, in the order given, skipping what has
 * failed already. */
void _kms_dispatch_inline (KmsItem *items, guint n_items, GCancellable *cancellable);
/* Whether its calls run, or are refused, in the thread that makes them. */
gboolean _kms_provider_is_inline (KmsProvider *self);

/* The longest timeout of the providers that a run goes to, in microseconds. */
gint64 _kms_dispatch_timeout (KmsRun *run);

/* Makes calls of a run's pending items by provider, operation and limits; items that no call may carry fail. */
void _kms_dispatch_split (KmsRun *run, GPtrArray *calls);

/* Whether two items may be in one call of a provider that can do this. */
gboolean _kms_dispatch_may_share (const KmsItem *a, const KmsItem *b, KmsCapability capabilities);
gint64 _kms_dispatch_count_bytes (const KmsItem *item);

/* How many items a call may have that begins with this one. */
gint64 _kms_dispatch_max_items (const KmsItem *first);

void _kms_provider_send_call (KmsProvider *self, KmsCall *call);
void _kms_provider_call_ended (KmsProvider *self, KmsCall *call);
void _kms_provider_cancel_call (KmsCall *call);

/* What the queue does with a call whose turn has come. */
void _kms_provider_start_call (KmsCall *call);

/* Checks of a single item that need no module: form, sizes, capability, binding. FALSE: the item has failed. */
gboolean _kms_provider_admit (KmsProvider *self, KmsItem *item);

G_END_DECLS
