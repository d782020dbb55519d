/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errands: what a provider is asked besides its operations (keys, bindings, a diagnosis), so that a caller does not wait
 * for ever for a module that never answers. */
#pragma once

#include "kms-types.h"

G_BEGIN_DECLS

/* Runs in the caller's thread for providers that are pure CPU, else in one of the core's own. The cancellable is the
 * errand's: it is cancelled when nobody waits any more. */
typedef void (*KmsErrandFunc) (KmsProvider *provider, gpointer data, GCancellable *cancellable);

/* Waits for the function's end, the provider's deadline or the caller's cancellation. `data` comes from
 * g_atomic_rc_box_new0() and may be read by the caller only where TRUE comes back; `clear` runs when the last of both
 * has released it. */
gboolean _kms_errand_run (KmsProvider *provider, KmsErrandFunc func, gpointer data, GDestroyNotify clear,
                          GCancellable *cancellable, GError **error);

G_END_DECLS
