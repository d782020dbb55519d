/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* One call of a box: a single item, or a batch of items that may go together. */
#pragma once

#include "entry.h"
#include "kmsd-link.h"

G_BEGIN_DECLS

/* Without an error, all items are settled; with one, none is. The array belongs to the caller of it. Never called from
 * within parcel_send(). */
typedef void (*ParcelFunc) (GPtrArray *entries, const GError *error, gpointer user_data);

/* Takes the entries, of which there is one at least. */
void parcel_send (KmsdLink *link, const char *path, gboolean interactive, GPtrArray *entries, ParcelFunc func,
                  gpointer user_data);

G_END_DECLS
