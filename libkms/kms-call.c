/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls: what a provider is handed, and the check of what it made of it. */
#include "kms-call-private.h"

#include "kms-error.h"
#include "kms-provider.h"
#include "kms-provider-dispatch-private.h"
#include "kms-run-private.h"

KmsCall *
_kms_call_new (KmsProvider *provider, KmsRun *run, KmsOperation operation, KmsItem **items, guint n_items)
{
  KmsCall *self = g_new0 (KmsCall, 1);
  g_atomic_ref_count_init (&self->refs);
  self->operation = operation;
  self->provider = g_object_ref (provider);
  self->run = _kms_run_ref (run);
  self->items = items;
  self->n_items = n_items;
  self->cancellable = g_cancellable_new ();
  self->deadline = -1;
  self->bulk = _kms_run_is_bulk (run);
  self->link.data = self;
  return self;
}

/**
 * kms_call_ref: (skip)
 * @self: a call
 *
 * Adds a reference. Only for providers with `submit()`, which may keep a call until they complete it.
 *
 * Returns: (transfer full): the call
 *
 * Since: 1.0
 */
KmsCall *
kms_call_ref (KmsCall *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

/**
 * kms_call_unref:
 * @self: (transfer full): a call
 *
 * Drops a reference.
 *
 * Since: 1.0
 */
void
kms_call_unref (KmsCall *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_object_unref (self->provider);
  g_object_unref (self->cancellable);
  _kms_run_unref (self->run);
  g_free (self->items);
  g_free (self);
}

/**
 * kms_call_get_operation:
 * @self: a call
 *
 * Gets what is to be done to all items.
 *
 * Returns: the operation
 *
 * Since: 1.0
 */
KmsOperation
kms_call_get_operation (KmsCall *self)
{
  return self->operation;
}

/**
 * kms_call_get_n_items:
 * @self: a call
 *
 * Counts the items, which are never more than the provider's limit.
 *
 * Returns: the number of items, at least 1
 *
 * Since: 1.0
 */
guint
kms_call_get_n_items (KmsCall *self)
{
  return self->n_items;
}

/**
 * kms_call_get_item:
 * @self: a call
 * @index: 0 to the number of items less 1
 *
 * Gets an item.
 *
 * Returns: (transfer none): the item, valid as long as the call
 *
 * Since: 1.0
 */
KmsItem *
kms_call_get_item (KmsCall *self, guint index)
{
  g_return_val_if_fail (index < self->n_items, NULL);

  return self->items == NULL ? self->first + index : self->items[index];
}

/**
 * kms_call_get_cancellable:
 * @self: a call
 *
 * Gets what is cancelled when the caller has gone, by itself or because its deadline passed.
 *
 * Returns: (transfer none) (nullable): a #GCancellable
 *
 * Since: 1.0
 */
GCancellable *
kms_call_get_cancellable (KmsCall *self)
{
  return self->cancellable;
}

/**
 * kms_call_get_deadline:
 * @self: a call
 *
 * Gets the time at which the caller goes away: for a call of a large batch, counted from its start.
 *
 * Returns: microseconds of g_get_monotonic_time(); -1 for no deadline
 *
 * Since: 1.0
 */
gint64
kms_call_get_deadline (KmsCall *self)
{
  return self->deadline;
}

/**
 * kms_call_is_cancelled:
 * @self: a call
 *
 * Tells whether nobody waits for the call any more.
 *
 * Returns: %TRUE if the call may be given up
 *
 * Since: 1.0
 */
gboolean
kms_call_is_cancelled (KmsCall *self)
{
  if (self->run != NULL && _kms_run_is_finished (self->run))
    return TRUE;
  return g_cancellable_is_cancelled (self->cancellable);
}

gboolean
_kms_call_mark_completed (KmsCall *self)
{
  return g_atomic_int_compare_and_exchange (&self->completed, FALSE, TRUE);
}

/**
 * kms_call_complete:
 * @self: a call that was handed to `submit()`
 * @error: (transfer full) (nullable): why the call failed as a whole
 *
 * Ends a call, exactly once. Items that are not settled fail with @error.
 *
 * Since: 1.0
 */
void
kms_call_complete (KmsCall *self, GError *error)
{
  g_return_if_fail (self->run != NULL);

  if (!_kms_call_mark_completed (self))
    {
      g_critical ("%s: a call was completed twice; the second time is ignored", kms_provider_get_name (self->provider));
      g_clear_error (&error);
      return;
    }
  _kms_call_check_contract (self, error == NULL, error);
  _kms_provider_call_ended (self->provider, self);
}

static GError *
contract_broken (KmsCall *self, const char *how)
{
  const char *name = kms_provider_get_name (self->provider);
  g_critical ("%s: %s", name, how);
  return g_error_new (KMS_ERROR, KMS_ERROR_MODULE, "%s: %s; this is a bug of its module, please report it there", name,
                      how);
}

void
_kms_call_check_contract (KmsCall *self, gboolean success, GError *error)
{
  g_autoptr (GError) whole = error;

  if (success && whole != NULL)
    {
      g_critical ("%s: a call succeeded and set an error: %s", kms_provider_get_name (self->provider), whole->message);
      g_clear_error (&whole);
    }
  if (!success && whole == NULL)
    whole = contract_broken (self, "a call failed without saying why");

  for (guint i = 0; i < self->n_items; i++)
    {
      KmsItem *item = self->items == NULL ? self->first + i : self->items[i];
      if (G_LIKELY (kms_item_is_settled (item)))
        continue;
      if (whole == NULL)
        whole = contract_broken (self, "a call ended with an item neither done nor failed");
      kms_item_take_error (item, g_error_copy (whole));
    }
}
