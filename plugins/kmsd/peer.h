/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* One kmsd, as the provider knows it: the link, and the items that wait for it. Of the provider's thread. */
#pragma once

#include "kmsd-link.h"
#include "shipment.h"

G_BEGIN_DECLS

typedef struct _Peer Peer;

Peer *peer_new (const KmsdPlace *place);
void peer_free (Peer *self);
const KmsdPlace *peer_get_place (Peer *self);

/* Whether polkit may ask the user, from the next call on; at first not. */
void peer_set_interactive (Peer *self, gboolean interactive);

/* Has an item wait; it holds the shipment until it is settled. */
void peer_add (Peer *self, Shipment *shipment, KmsItem *item, const char *box);

/* Sends what can be sent, in as few calls as it fits into. */
void peer_send (Peer *self);

G_END_DECLS
