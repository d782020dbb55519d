/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A call of the core until its last item is settled. Of the provider's thread. */
#pragma once

#include <libkms/kms-module.h>

G_BEGIN_DECLS

typedef struct _Shipment Shipment;

/* With one hold of who makes it. */
Shipment *shipment_new (KmsCall *call);

/* As many holds as items are on their way; with the last release the call is completed, and the shipment gone. */
void shipment_hold (Shipment *self);
void shipment_release (Shipment *self);

/* Nobody waits any more: what its items' results would be is of no interest. */
gboolean shipment_is_cancelled (Shipment *self);

/* Milliseconds until the caller goes away; -1: never. */
int shipment_get_timeout (Shipment *self);

/* Borrowed: cancelled when the caller goes away. */
GCancellable *shipment_get_cancellable (Shipment *self);

G_END_DECLS
