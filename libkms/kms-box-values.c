/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* One value through a box: in the caller's thread without an allocation but the result where the provider is pure CPU,
 * else as a batch of one. */
#include "kms-box-private.h"
#include "kms-box-run-private.h"

#include "kms-context.h"
#include "kms-error.h"
#include "kms-operation-private.h"
#include "kms-provider-dispatch-private.h"
#include "kms-provider-private.h"
#include "kms-secret.h"

static KmsBatch *
make_batch (KmsOperation operation, KmsSecret *plaintext, const char *stored, gssize length, KmsContext *context,
            KmsContext *new_context)
{
  KmsBatch *batch = kms_batch_new (operation);

  if (plaintext != NULL)
    kms_batch_add_secret (batch, plaintext, context);
  else
    kms_batch_add_stored (batch, stored, length, context, new_context);
  return batch;
}

static gboolean
finish_item (KmsItem *item, gint64 started, GError **error)
{
  if (G_LIKELY (item->state == KMS_ITEM_DONE))
    {
      _kms_operation_report (item->provider, item->key_id, item->operation, 1, NULL, started);
      return TRUE;
    }
  GError *failure = _kms_item_steal_error (item);
  _kms_operation_report (item->provider, item->key_id, item->operation, 1, failure, started);
  g_propagate_error (error, failure);
  return FALSE;
}

/**
 * kms_box_encrypt:
 * @self: a box
 * @plaintext: the value
 * @context: (nullable): what is authenticated with it, and needed to decrypt it
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Encrypts a small value under the box's current version, and blocks until it is done.
 *
 * Returns: (transfer full): a stored string such as `v2:…`, or %NULL with @error set
 *
 * Since: 1.0
 */
char *
kms_box_encrypt (KmsBox *self, KmsSecret *plaintext, KmsContext *context, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (KMS_IS_BOX (self), NULL);
  g_return_val_if_fail (plaintext != NULL, NULL);
  gint64 started = _kms_operation_start ();
  KmsItem item;

  if (!_kms_box_fill_encrypt (self, &item, plaintext, context, error))
    {
      _kms_item_clear (&item);
      return NULL;
    }
  if (_kms_provider_is_inline (item.provider))
    {
      item.is_single = TRUE;
      _kms_dispatch_inline (&item, 1, cancellable);
      char *stored = finish_item (&item, started, error) ? _kms_box_make_stored (self, &item, error) : NULL;
      _kms_item_clear (&item);
      return stored;
    }
  _kms_item_clear (&item);
  g_autoptr (KmsBatch) batch = make_batch (KMS_OPERATION_ENCRYPT, plaintext, NULL, 0, context, NULL);
  if (!kms_box_run (self, batch, cancellable, error))
    return NULL;
  return g_steal_pointer (&_kms_batch_get_entry (batch, 0)->new_stored);
}

static KmsSecret *
decrypt_inline (KmsItem *item, GCancellable *cancellable, gint64 started, GError **error)
{
  item->is_single = TRUE;
  _kms_dispatch_inline (item, 1, cancellable);
  return finish_item (item, started, error) ? _kms_item_steal_secret (item) : NULL;
}

/**
 * kms_box_decrypt:
 * @self: a box
 * @stored: (array length=length) (element-type guint8): a stored string; may contain NUL if @length says so
 * @length: its length in bytes; -1 if it is NUL-terminated
 * @context: (nullable): the context with which it was encrypted
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Decrypts a small value of any of the box's versions, and blocks until it is done.
 *
 * Returns: (transfer full): the plaintext, or %NULL with @error set: %KMS_ERROR_INVALID_CIPHERTEXT for a wrong key,
 *   context or byte, without telling which
 *
 * Since: 1.0
 */
KmsSecret *
kms_box_decrypt (KmsBox *self, const char *stored, gssize length, KmsContext *context, GCancellable *cancellable,
                 GError **error)
{
  g_return_val_if_fail (KMS_IS_BOX (self), NULL);
  g_return_val_if_fail (stored != NULL, NULL);
  gint64 started = _kms_operation_start ();
  gsize stored_length = length < 0 ? strlen (stored) : (gsize) length;
  KmsItem item;

  if (!_kms_box_fill_decrypt (self, &item, stored, stored_length, context, error))
    {
      _kms_item_clear (&item);
      return NULL;
    }
  if (_kms_provider_is_inline (item.provider) && !self->try_other_dialects)
    {
      KmsSecret *plaintext = decrypt_inline (&item, cancellable, started, error);
      _kms_item_clear (&item);
      return plaintext;
    }
  _kms_item_clear (&item);
  g_autoptr (KmsBatch) batch = make_batch (KMS_OPERATION_DECRYPT, NULL, stored, (gssize) stored_length, context, NULL);
  if (!kms_box_run (self, batch, cancellable, error))
    return NULL;
  return kms_secret_ref (kms_batch_get_secret (batch, 0));
}

/**
 * kms_box_rewrap:
 * @self: a box
 * @stored: (array length=length) (element-type guint8): a stored string; may contain NUL if @length says so
 * @length: its length in bytes; -1 if it is NUL-terminated
 * @context: (nullable): the context with which it was encrypted
 * @new_context: (nullable): the context from now on; %NULL keeps @context, kms_context_new_none() takes it away
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Encrypts the same value again, under the box's current version and the newest version of its master key. Where the
 * service can do that within itself, the plaintext never comes here.
 *
 * Returns: (transfer full): the new stored string, or %NULL with @error set
 *
 * Since: 1.0
 */
char *
kms_box_rewrap (KmsBox *self, const char *stored, gssize length, KmsContext *context, KmsContext *new_context,
                GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (KMS_IS_BOX (self), NULL);
  g_return_val_if_fail (stored != NULL, NULL);
  g_autoptr (KmsBatch) batch = make_batch (KMS_OPERATION_REWRAP, NULL, stored, length, context, new_context);

  if (!kms_box_run (self, batch, cancellable, error))
    return NULL;
  return g_steal_pointer (&_kms_batch_get_entry (batch, 0)->new_stored);
}

/**
 * kms_box_generate_data_key:
 * @self: a box
 * @length: how many random bytes; usually 32
 * @context: (nullable): what is authenticated with the key, and needed to unwrap it
 * @data_key: (out) (transfer full): the data key
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Makes a random key for data of any size, and wraps it. kms_box_decrypt() unwraps it.
 *
 * Returns: (transfer full): the wrapped key as a stored string, or %NULL with @error set
 *
 * Since: 1.0
 */
char *
kms_box_generate_data_key (KmsBox *self, gsize length, KmsContext *context, KmsSecret **data_key,
                           GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (KMS_IS_BOX (self), NULL);
  g_return_val_if_fail (length > 0 && data_key != NULL, NULL);

  *data_key = NULL;
  g_autoptr (KmsSecret) made = kms_secret_new_random (length, error);
  if (made == NULL)
    return NULL;
  char *wrapped = kms_box_encrypt (self, made, context, cancellable, error);
  if (wrapped != NULL)
    *data_key = g_steal_pointer (&made);
  return wrapped;
}
