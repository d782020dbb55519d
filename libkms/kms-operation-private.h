/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What happened, told to who listens to a registry: nothing is measured while nobody does. */
#pragma once

#include "kms-provider.h"

G_BEGIN_DECLS

/* How many registries report operations; kept by the registry's property. */
extern gint _kms_n_reporting_registries;

/* The time to hand to the report; 0 while nobody listens. */
static inline gint64
_kms_operation_start (void)
{
  return G_LIKELY (g_atomic_int_get (&_kms_n_reporting_registries) == 0) ? 0 : g_get_monotonic_time ();
}

/* The key id stands without the provider's prefix, which is put back: who listens hears of one key by one name. */
void _kms_operation_report_slow (KmsProvider *provider, const char *key_id, KmsOperation operation, guint n_items,
                                 const GError *error, gint64 started);

static inline void
_kms_operation_report (KmsProvider *provider, const char *key_id, KmsOperation operation, guint n_items,
                       const GError *error, gint64 started)
{
  if (G_UNLIKELY (started != 0))
    _kms_operation_report_slow (provider, key_id, operation, n_items, error, started);
}

G_END_DECLS
