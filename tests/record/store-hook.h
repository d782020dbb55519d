/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looks at every statement before it reaches the database of the test, and may do anything instead. */
#pragma once

#include "record/kms-store-private.h"

G_BEGIN_DECLS

/* FALSE with an error: the statement fails so. `number` counts from 1. The hook is not called for what it does itself. */
typedef gboolean (*StoreHookFunc) (const char *sql, guint number, gpointer user_data, GError **error);

/* All stores of this store's kind in the process. */
void store_hook_set (KmsStore *store, StoreHookFunc func, gpointer user_data);
void store_hook_clear (KmsStore *store);

G_END_DECLS
