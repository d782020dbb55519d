/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a rotation would ask of the KMS, and what that would cost. */
#include "kms-rotation-private.h"

#include "kms-box-private.h"
#include "kms-provider-class.h"

/* As aws.amazon.com/kms/pricing, cloud.google.com/kms/pricing and AWS's "Request quotas" had them in 2026: for keys that
 * are not in hardware of their own, and the quota of most regions. Google's quotas follow the use of a project, so there
 * is no number of everybody. */
static const struct
{
  const char *module;
  double price;         /* US dollars of 10,000 values */
  guint64 n_per_second; /* values that are allowed by default; 0: as many as there can be */
} services[] = {
  { "kms-aws.so", 0.03, 5500 }, { "kms-google.so", 0.03, 0 }, { "kms-vault.so", 0, 0 },
  { "kms-local.so", 0, 0 },     { "kms-test.so", 0, 0 },
};

static const char *
get_module (KmsRotation *self, KmsProvider *provider)
{
  g_autoptr (KmsConfigInfo)
    info = kms_registry_lookup (self->box->registry, KMS_CONFIG_KIND_PROVIDER, kms_provider_get_name (provider), NULL);
  const char *module = info == NULL ? NULL : kms_config_info_get_value (info, "Provider", "Module");

  for (guint i = 0; module != NULL && i < G_N_ELEMENTS (services); i++)
    if (g_str_has_suffix (module, services[i].module))
      return services[i].module;
  return NULL;
}

static void
add_price (GVariantDict *dict, const char *module, guint64 n_values)
{
  for (guint i = 0; module != NULL && i < G_N_ELEMENTS (services); i++)
    {
      if (g_strcmp0 (services[i].module, module) != 0)
        continue;
      g_variant_dict_insert (dict, "price", "d", services[i].price * (double) n_values / 10000);
      if (services[i].n_per_second > 0)
        g_variant_dict_insert (dict, "values-per-second", "t", services[i].n_per_second);
    }
}

/* One value where the service wraps anew within itself, else two: one is decrypted, one encrypted. */
static guint64
count_values (KmsProvider *provider, guint64 n_rows, gboolean rekey)
{
  gboolean rewraps = (kms_provider_get_capabilities (provider) & KMS_CAPABILITY_REWRAP) != 0;

  return rekey || !rewraps ? 2 * n_rows : n_rows;
}

static guint64
count_calls (KmsProvider *provider, guint64 n_values)
{
  gint64 n_items = MIN (kms_provider_get_limit (provider, KMS_LIMIT_ITEMS),
                        kms_provider_get_limit (provider, KMS_LIMIT_ITEMS_WITH_CONTEXT));

  return n_items <= 1 ? n_values : (n_values + (guint64) n_items - 1) / (guint64) n_items;
}

static GVariant *
estimate (KmsRotation *self, gboolean rekey, GCancellable *cancellable, GError **error)
{
  g_autofree char *condition = _kms_rotation_make_condition (self);
  const char *key_id;
  KmsProvider *provider = _kms_box_resolve (self->box, self->box->encrypting, &key_id, error);
  guint64 n_rows = 0;
  GVariantDict dict;

  if (provider == NULL || !_kms_rotation_count_rows (self, condition, &n_rows, cancellable, error))
    return NULL;
  guint64 n_values = count_values (provider, n_rows, rekey);
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "rows", "t", n_rows);
  g_variant_dict_insert (&dict, "provider", "s", kms_provider_get_name (provider));
  g_variant_dict_insert (&dict, "values", "t", n_values);
  g_variant_dict_insert (&dict, "calls", "t", count_calls (provider, n_values));
  add_price (&dict, get_module (self, provider), n_values);
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

/**
 * kms_rotation_estimate:
 * @self: a rotation
 * @rekey: whether the rows are to get new data keys
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Tells what kms_rotation_rewrap() or kms_rotation_rekey() would do, and does nothing. What the latter refuses is refused
 * here, too. Blocks.
 *
 * Returns: (transfer full): an `a{sv}`, or %NULL with @error set: `rows` (`t`), the `provider` (`s`), `values` and `calls`
 *   that it is asked for (`t`), and where the service is known, the `price` (`d`) in US dollars and, where there is such
 *   a quota, `values-per-second` (`t`), both as the service has them for everybody
 *
 * Since: 1.0
 */
GVariant *
kms_rotation_estimate (KmsRotation *self, gboolean rekey, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (KMS_IS_ROTATION (self), NULL);
  GVariant *answer = NULL;

  if (_kms_rotation_prepare (self, rekey ? KMS_ROTATION_REKEY : KMS_ROTATION_REWRAP, error)
      && (!rekey || _kms_rotation_check_rekey (self, cancellable, error)))
    answer = estimate (self, rekey, cancellable, error);
  _kms_rotation_forget (self);
  return answer;
}
