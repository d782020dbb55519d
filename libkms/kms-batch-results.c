/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What came out of each value of a batch. */
#include "kms-batch-private.h"

static KmsBatchEntry *
get_entry (KmsBatch *self, guint index)
{
  g_return_val_if_fail (KMS_IS_BATCH (self), NULL);
  g_return_val_if_fail (index < kms_batch_get_n_items (self), NULL);

  return _kms_batch_get_entry (self, index);
}

/**
 * kms_batch_get_error:
 * @self: a batch that was run
 * @index: which value
 *
 * Gets why a value failed.
 *
 * Returns: (transfer none) (nullable): its error, or %NULL if it is done
 *
 * Since: 1.0
 */
const GError *
kms_batch_get_error (KmsBatch *self, guint index)
{
  KmsBatchEntry *entry = get_entry (self, index);
  return entry == NULL ? NULL : entry->error;
}

/**
 * kms_batch_get_secret:
 * @self: a batch that decrypted
 * @index: which value
 *
 * Gets a plaintext.
 *
 * Returns: (transfer none) (nullable): the plaintext, or %NULL if the value failed
 *
 * Since: 1.0
 */
KmsSecret *
kms_batch_get_secret (KmsBatch *self, guint index)
{
  KmsBatchEntry *entry = get_entry (self, index);
  return entry == NULL ? NULL : entry->plaintext;
}

/**
 * kms_batch_get_stored:
 * @self: a batch that a box encrypted or rewrapped
 * @index: which value
 *
 * Gets a stored string.
 *
 * Returns: (transfer none) (nullable): the string, or %NULL if the value failed
 *
 * Since: 1.0
 */
const char *
kms_batch_get_stored (KmsBatch *self, guint index)
{
  KmsBatchEntry *entry = get_entry (self, index);
  return entry == NULL ? NULL : entry->new_stored;
}

/**
 * kms_batch_get_ciphertext:
 * @self: a batch that a provider encrypted or rewrapped
 * @index: which value
 *
 * Gets a provider's bytes.
 *
 * Returns: (transfer none) (nullable): the ciphertext, or %NULL if the value failed
 *
 * Since: 1.0
 */
GBytes *
kms_batch_get_ciphertext (KmsBatch *self, guint index)
{
  KmsBatchEntry *entry = get_entry (self, index);
  return entry == NULL ? NULL : entry->new_ciphertext;
}

static KmsItemRemarks *
get_remarks (KmsBatch *self, guint index)
{
  KmsBatchEntry *entry = get_entry (self, index);
  return entry == NULL ? NULL : entry->remarks;
}

/**
 * kms_batch_get_key_version:
 * @self: a batch that was run
 * @index: which value
 *
 * Gets the version of the master key that was used.
 *
 * Returns: (transfer none) (nullable): the version as the service names it, or %NULL if it did not say
 *
 * Since: 1.0
 */
const char *
kms_batch_get_key_version (KmsBatch *self, guint index)
{
  KmsItemRemarks *remarks = get_remarks (self, index);
  return remarks == NULL ? NULL : remarks->key_version;
}

/**
 * kms_batch_get_key_id:
 * @self: a batch that was run
 * @index: which value
 *
 * Gets the master key that was used, where the service names it otherwise than the caller did.
 *
 * Returns: (transfer none) (nullable): the key id, or %NULL if the service did not say
 *
 * Since: 1.0
 */
const char *
kms_batch_get_key_id (KmsBatch *self, guint index)
{
  KmsItemRemarks *remarks = get_remarks (self, index);
  return remarks == NULL ? NULL : remarks->used_key_id;
}

/**
 * kms_batch_get_request_id:
 * @self: a batch that was run
 * @index: which value
 *
 * Gets the service's name for the request, by which its own log can be searched.
 *
 * Returns: (transfer none) (nullable): the request id, or %NULL if the service did not say
 *
 * Since: 1.0
 */
const char *
kms_batch_get_request_id (KmsBatch *self, guint index)
{
  KmsItemRemarks *remarks = get_remarks (self, index);
  return remarks == NULL ? NULL : remarks->request_id;
}

/**
 * kms_batch_get_binding:
 * @self: a batch that was run
 * @index: which value
 *
 * Gets how strongly the context of a value is bound.
 *
 * Returns: the binding
 *
 * Since: 1.0
 */
KmsBinding
kms_batch_get_binding (KmsBatch *self, guint index)
{
  KmsBatchEntry *entry = get_entry (self, index);
  return entry == NULL ? KMS_BINDING_UNKNOWN : entry->binding;
}
