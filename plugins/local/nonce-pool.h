/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random nonces in stock: asking GnuTLS for many at once costs a quarter of asking for each. */
#pragma once

#include <glib.h>

#include "xaes.h"

G_BEGIN_DECLS

#define NONCE_POOL_SIZE 16

/* One thread at a time. All zeros is an empty pool. */
typedef struct
{
  guint n_left;
  guint generation;
  guint8 nonces[NONCE_POOL_SIZE * XAES_NONCE_SIZE];
} NoncePool;

gboolean nonce_pool_take (NoncePool *self, guint8 *nonce, GError **error);

G_END_DECLS
