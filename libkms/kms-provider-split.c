/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the items of a run become calls: by provider, operation, and what the provider can take at once. */
#include "kms-provider-dispatch-private.h"
#include "kms-provider-private.h"

#include "kms-context.h"
#include "kms-error.h"

/* A call in the making. */
typedef struct
{
  KmsItem *model; /* its first item, which says what the others must be like */
  GPtrArray *items;
  gint64 n_bytes;
} KmsGroup;

static void
group_free (gpointer data)
{
  KmsGroup *group = data;
  if (group->items != NULL)
    g_ptr_array_unref (group->items);
  g_free (group);
}

gboolean
_kms_dispatch_may_share (const KmsItem *a, const KmsItem *b, KmsCapability capabilities)
{
  if (a->provider != b->provider || a->operation != b->operation)
    return FALSE;
  if ((capabilities & KMS_CAPABILITY_ONE_KEY) != 0
      && (g_strcmp0 (a->key_id, b->key_id) != 0 || g_strcmp0 (a->new_key_id, b->new_key_id) != 0))
    return FALSE;
  if ((capabilities & KMS_CAPABILITY_UNIFORM_CONTEXTS) != 0
      && ((a->context == NULL) != (b->context == NULL) || (a->new_context == NULL) != (b->new_context == NULL)))
    return FALSE;
  return TRUE;
}

gint64
_kms_dispatch_max_items (const KmsItem *first)
{
  const KmsProviderPrivate *priv = _kms_provider_get_private (first->provider);
  gint64 limit = priv->limits[KMS_LIMIT_ITEMS];

  if (first->context != NULL || first->new_context != NULL)
    limit = MIN (limit, priv->limits[KMS_LIMIT_ITEMS_WITH_CONTEXT]);
  return limit;
}

gint64
_kms_dispatch_count_bytes (const KmsItem *item)
{
  gsize n_bytes = item->input_length;
  if (item->context != NULL)
    n_bytes += kms_context_json_max (item->context);
  if (item->new_context != NULL)
    n_bytes += kms_context_json_max (item->new_context);
  return (gint64) n_bytes;
}

static void
group_send (KmsGroup *group, KmsRun *run, GPtrArray *calls)
{
  guint n_items = group->items->len;
  KmsItem **items = (KmsItem **) g_ptr_array_free (g_steal_pointer (&group->items), FALSE);
  g_ptr_array_add (calls, _kms_call_new (group->model->provider, run, group->model->operation, items, n_items));
}

static KmsGroup *
find_group (GPtrArray *groups, KmsItem *item, KmsCapability capabilities)
{
  for (guint i = groups->len; i > 0; i--)
    if (_kms_dispatch_may_share (((KmsGroup *) g_ptr_array_index (groups, i - 1))->model, item, capabilities))
      return g_ptr_array_index (groups, i - 1);

  KmsGroup *group = g_new0 (KmsGroup, 1);
  g_ptr_array_add (groups, group);
  return group;
}

static void
add_item (KmsRun *run, GPtrArray *groups, KmsItem *item, GPtrArray *calls)
{
  KmsProviderPrivate *priv = _kms_provider_get_private (item->provider);
  gint64 n_bytes = _kms_dispatch_count_bytes (item);
  KmsGroup *group = find_group (groups, item, priv->capabilities);

  if (group->items != NULL
      && ((gint64) group->items->len >= _kms_dispatch_max_items (group->model)
          || group->n_bytes + n_bytes > priv->limits[KMS_LIMIT_BYTES]))
    group_send (group, run, calls);
  if (group->items == NULL)
    {
      group->items = g_ptr_array_new ();
      group->model = item;
      group->n_bytes = 0;
    }
  g_ptr_array_add (group->items, item);
  group->n_bytes += n_bytes;
}

void
_kms_dispatch_split (KmsRun *run, GPtrArray *calls)
{
  g_autoptr (GPtrArray) groups = g_ptr_array_new_with_free_func (group_free);

  for (guint i = 0; i < _kms_run_get_n_items (run); i++)
    {
      KmsItem *item = _kms_run_get_item (run, i);
      if (item->state == KMS_ITEM_PENDING && _kms_provider_admit (item->provider, item))
        add_item (run, groups, item, calls);
    }
  for (guint i = 0; i < groups->len; i++)
    group_send (g_ptr_array_index (groups, i), run, calls);
}

gint64
_kms_dispatch_timeout (KmsRun *run)
{
  gint64 milliseconds = 0;

  for (guint i = 0; i < _kms_run_get_n_items (run); i++)
    {
      KmsItem *item = _kms_run_get_item (run, i);
      if (item->state == KMS_ITEM_PENDING)
        milliseconds = MAX (milliseconds, _kms_provider_get_private (item->provider)->limits[KMS_LIMIT_CALL_TIMEOUT]);
    }
  return milliseconds * G_TIME_SPAN_MILLISECOND;
}
