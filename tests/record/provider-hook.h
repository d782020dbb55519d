/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looks at every call of the provider for tests before it is answered, and may let it fail instead. */
#pragma once

#include <libkms/kms-module.h>

G_BEGIN_DECLS

/* FALSE with an error: the call fails so, with all its values. `number` counts calls from 1. */
typedef gboolean (*ProviderHookFunc) (guint n_values, guint number, gpointer user_data, GError **error);

/* The module must have been loaded. */
void provider_hook_set (ProviderHookFunc func, gpointer user_data);
void provider_hook_clear (void);

G_END_DECLS
