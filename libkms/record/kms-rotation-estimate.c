/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a rotation would ask of the KMS, and what that would cost. */
#include "kms-rotation-private.h"

#include "kms-box-private.h"
#include "kms-item-private.h"
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

/* What one provider is asked for. */
typedef struct
{
  KmsProvider *provider;
  guint64 n_values[KMS_OPERATION_REWRAP + 1];
} Usage;

typedef struct
{
  KmsRotation *rotation;
  gboolean rekey;
  KmsProvider *target; /* of the box's newest version: borrowed */
  GPtrArray *usages;   /* of Usage: the target's is the first */
  guint64 n_rows;
} Plan;

static void
usage_free (gpointer data)
{
  Usage *self = data;

  g_object_unref (self->provider);
  g_free (self);
}

static Usage *
get_usage (Plan *self, KmsProvider *provider)
{
  for (guint i = 0; i < self->usages->len; i++)
    if (((Usage *) g_ptr_array_index (self->usages, i))->provider == provider)
      return g_ptr_array_index (self->usages, i);
  Usage *usage = g_new0 (Usage, 1);
  usage->provider = g_object_ref (provider);
  g_ptr_array_add (self->usages, usage);
  return usage;
}

/* The KMS is not asked for what can't be read. */
static gboolean
add_values (Plan *self, const KmsRow *row, const KmsCell *cell, GError **error)
{
  KmsRotation *rotation = self->rotation;
  g_autoptr (KmsContext) context = _kms_row_build_stored_context (row, rotation->layout, rotation->key, error);
  g_autoptr (KmsContext)
    new_context = context == NULL ? NULL : _kms_row_build_context (row, rotation->layout, rotation->key, NULL, error);
  KmsItem item;

  if (new_context == NULL)
    return FALSE;
  gboolean done =
    _kms_box_fill_move (rotation->box, &item, cell->value.bytes, cell->length, context, new_context, error);
  if (done && !self->rekey && item.operation == KMS_OPERATION_REWRAP)
    get_usage (self, item.provider)->n_values[KMS_OPERATION_REWRAP]++;
  else if (done)
    {
      get_usage (self, item.provider)->n_values[KMS_OPERATION_DECRYPT]++;
      get_usage (self, self->target)->n_values[KMS_OPERATION_ENCRYPT]++;
    }
  _kms_item_clear (&item);
  return done;
}

static gboolean
plan_row (const KmsCell *cells, guint n_cells, gpointer user_data, GError **error)
{
  Plan *self = user_data;
  g_autoptr (KmsRow) row = _kms_row_new (cells, n_cells);
  const KmsCell *cell = &row->cells[self->rotation->layout->keys[self->rotation->key]];
  g_autoptr (GError) local = NULL;

  if (!_kms_rotation_learn_key_version (self->rotation, row, error))
    return FALSE;
  if (!_kms_rotation_wants_row (self->rotation, row))
    return TRUE;
  self->n_rows++;
  if ((cell->type != KMS_CELL_TEXT && cell->type != KMS_CELL_BLOB) || add_values (self, row, cell, &local)
      || _kms_rotation_is_of_row (local))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

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

static guint64
count_calls (KmsProvider *provider, guint64 n_values)
{
  gint64 n_items = MIN (kms_provider_get_limit (provider, KMS_LIMIT_ITEMS),
                        kms_provider_get_limit (provider, KMS_LIMIT_ITEMS_WITH_CONTEXT));

  return n_items <= 1 ? n_values : (n_values + (guint64) n_items - 1) / (guint64) n_items;
}

/* All of them together, as far as it goes: where one price is not known, neither is the sum. */
typedef struct
{
  guint64 n_values, n_calls;
  double price;
  gboolean is_priced;
} Sum;

static void
add_price (Plan *self, GVariantDict *dict, KmsProvider *provider, guint64 n_values, Sum *sum)
{
  const char *module = get_module (self->rotation, provider);
  guint i = 0;

  while (i < G_N_ELEMENTS (services) && g_strcmp0 (services[i].module, module) != 0)
    i++;
  if (i == G_N_ELEMENTS (services))
    {
      sum->is_priced = FALSE;
      return;
    }
  double price = services[i].price * (double) n_values / 10000;
  sum->price += price;
  g_variant_dict_insert (dict, "price", "d", price);
  if (services[i].n_per_second > 0)
    g_variant_dict_insert (dict, "values-per-second", "t", services[i].n_per_second);
}

static GVariant *
describe (Plan *self, const Usage *usage, Sum *sum)
{
  guint64 n_values = 0, n_calls = 0;
  GVariantDict dict;

  for (guint i = 0; i < G_N_ELEMENTS (usage->n_values); i++)
    {
      n_values += usage->n_values[i];
      n_calls += count_calls (usage->provider, usage->n_values[i]);
    }
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "provider", "s", kms_provider_get_name (usage->provider));
  g_variant_dict_insert (&dict, "values", "t", n_values);
  g_variant_dict_insert (&dict, "calls", "t", n_calls);
  add_price (self, &dict, usage->provider, n_values, sum);
  sum->n_values += n_values;
  sum->n_calls += n_calls;
  return g_variant_dict_end (&dict);
}

static GVariant *
to_variant (Plan *self)
{
  g_autoptr (GVariantBuilder) providers = g_variant_builder_new (G_VARIANT_TYPE ("aa{sv}"));
  Sum sum = { .is_priced = TRUE };
  GVariantDict dict;

  for (guint i = 0; i < self->usages->len; i++)
    g_variant_builder_add_value (providers, describe (self, g_ptr_array_index (self->usages, i), &sum));
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "rows", "t", self->n_rows);
  g_variant_dict_insert (&dict, "values", "t", sum.n_values);
  g_variant_dict_insert (&dict, "calls", "t", sum.n_calls);
  if (sum.is_priced)
    g_variant_dict_insert (&dict, "price", "d", sum.price);
  g_variant_dict_insert_value (&dict, "providers", g_variant_builder_end (providers));
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

static GVariant *
estimate (KmsRotation *self, gboolean rekey, GCancellable *cancellable, GError **error)
{
  g_autofree char *condition = _kms_rotation_make_condition (self);
  g_autoptr (KmsStatement) statement = _kms_statement_new (self->store);
  g_autoptr (GPtrArray) usages = g_ptr_array_new_with_free_func (usage_free);
  const char *key_id;
  Plan plan = { self, rekey, _kms_box_resolve (self->box, self->box->encrypting, &key_id, error), usages, 0 };

  if (plan.target == NULL)
    return NULL;
  get_usage (&plan, plan.target);
  _kms_layout_add_select (self->layout, statement);
  _kms_statement_add_sql (statement, " WHERE (");
  _kms_statement_add_sql (statement, condition);
  _kms_statement_add_sql (statement, "\n)");
  return _kms_store_run (self->store, statement, plan_row, &plan, NULL, cancellable, error) ? to_variant (&plan) : NULL;
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
 * Returns: (transfer full): an `a{sv}`, or %NULL with @error set: `rows` (`t`); `values` and `calls` that are asked for (`t`), and
 *   the `price` (`d`) in US dollars, if it is known of all services; and `providers` (`aa{sv}`), that of the box's newest version
 *   first, of which each has `provider` (`s`), `values`, `calls`, and where the service is known, `price` and, where there is
 *   such a quota, `values-per-second` (`t`), both as the service has them for everybody. What is decrypted by one service and
 *   encrypted by another one counts with both.
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
