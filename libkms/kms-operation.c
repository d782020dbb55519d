/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tells the registry of a provider what was done with it. */
#include "kms-operation-private.h"

#include "kms-provider-private.h"
#include "kms-registry-private.h"

gint _kms_n_reporting_registries;

void
_kms_operation_report_slow (KmsProvider *provider, const char *key_id, KmsOperation operation, guint n_items,
                            const GError *error, gint64 started)
{
  g_autoptr (KmsRegistry) registry = _kms_provider_config_dup_registry (_kms_provider_get_config (provider));

  if (registry == NULL || !_kms_registry_wants_operations (registry))
    return;
  g_autofree char *prefix = _kms_provider_config_dup_prefix (_kms_provider_get_config (provider));
  g_autofree char *full_id = g_strconcat (prefix == NULL ? "" : prefix, key_id, NULL);
  _kms_registry_report_operation (registry, kms_provider_get_name (provider), full_id, operation, n_items, error,
                                  g_get_monotonic_time () - started);
}
