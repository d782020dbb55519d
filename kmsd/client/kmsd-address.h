/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where to connect to for a place. */
#pragma once

#include "kmsd-place.h"

G_BEGIN_DECLS

typedef struct
{
  char *address; /* as D-Bus writes it */
  gboolean is_bus;
} KmsdAddress;

void kmsd_address_free (KmsdAddress *self);

/* Of KmsdAddress, in the order in which they are tried: a bus, and what stands in for it where there is none. */
GPtrArray *kmsd_address_list (const KmsdPlace *place);

/* Whether nobody is at an address: only then the next one is tried. A bus that refuses somebody is there. */
gboolean kmsd_address_is_vacant (const GError *error);

G_END_DECLS
