/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose turn it is: calls of a provider that wait for one of its slots. */
#pragma once

#include "kms-call-private.h"

G_BEGIN_DECLS

typedef struct _KmsProviderQueue KmsProviderQueue;

KmsProviderQueue *_kms_provider_queue_new (guint max_in_flight);
void _kms_provider_queue_free (KmsProviderQueue *self);

/* Adds the call (the queue takes a reference of its own), and returns the next that may start now (a reference), if any. */
KmsCall *_kms_provider_queue_push (KmsProviderQueue *self, KmsCall *call);

/* How many calls wait. */
guint _kms_provider_queue_count (KmsProviderQueue *self);

/* Frees a slot; returns the next call as above. */
KmsCall *_kms_provider_queue_release (KmsProviderQueue *self);

G_END_DECLS
