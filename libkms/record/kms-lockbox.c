/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A Lockbox: how values are sealed now, and how they were before. */
#include "kms-lockbox-cipher-private.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "kms-error.h"
#include "kms-secret.h"

/**
 * KmsLockbox: (ref-func kms_lockbox_ref) (unref-func kms_lockbox_unref)
 *
 * Encrypts and decrypts bytes with a key that is at hand, exactly as the Ruby gem Lockbox does: attributes (before
 * base64) and files. It may be used by several threads at once.
 *
 * Nothing binds a ciphertext to its column or row but associated data: without, who can write the table can swap the
 * values of two columns that have one key.
 *
 * Since: 1.0
 */
struct _KmsLockbox
{
  gatomicrefcount refs;
  KmsSecret *key;
  GBytes *associated_data; /* or NULL */
  KmsLockboxFormat format;
  GPtrArray *previous; /* of KmsLockbox; or NULL */
};

G_DEFINE_BOXED_TYPE (KmsLockbox, kms_lockbox, kms_lockbox_ref, kms_lockbox_unref)

/**
 * kms_lockbox_new:
 * @key: 32 bytes; for %KMS_LOCKBOX_ALGORITHM_HYBRID 64: what Lockbox calls the encryption key to encrypt, the decryption
 *   key to decrypt
 * @algorithm: the algorithm
 * @padding: the size in bytes of the blocks to which plaintexts are padded, so that ciphertexts tell less of their
 *   lengths; 0 for none, %KMS_LOCKBOX_DEFAULT_PADDING for what Lockbox takes by itself
 * @associated_data: (nullable): bytes that are authenticated with each value
 * @error: return location for an error
 *
 * Makes a Lockbox.
 *
 * Returns: (transfer full): a Lockbox, or %NULL with @error set: %KMS_ERROR_INVALID_ARGUMENT if the parts do not fit
 *   together
 *
 * Since: 1.0
 */
KmsLockbox *
kms_lockbox_new (KmsSecret *key, KmsLockboxAlgorithm algorithm, guint padding, GBytes *associated_data, GError **error)
{
  g_return_val_if_fail (key != NULL, NULL);
  KmsLockboxFormat format = { .algorithm = algorithm, .padding = padding };

  if (associated_data != NULL)
    format.associated_data = g_bytes_get_data (associated_data, &format.associated_data_length);
  if (!_kms_lockbox_format_check (&format, kms_secret_get_length (key), error))
    return NULL;
  KmsLockbox *self = g_new0 (KmsLockbox, 1);
  g_atomic_ref_count_init (&self->refs);
  self->key = kms_secret_ref (key);
  self->associated_data = associated_data == NULL ? NULL : g_bytes_ref (associated_data);
  self->format = format;
  return self;
}

/**
 * kms_lockbox_ref:
 * @self: a Lockbox
 *
 * Takes a reference. May be called from any thread.
 *
 * Returns: (transfer full): @self
 *
 * Since: 1.0
 */
KmsLockbox *
kms_lockbox_ref (KmsLockbox *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->refs);
  return self;
}

/**
 * kms_lockbox_unref:
 * @self: (transfer full): a Lockbox
 *
 * Drops a reference. The key goes with the last one that holds it.
 *
 * Since: 1.0
 */
void
kms_lockbox_unref (KmsLockbox *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  kms_secret_unref (self->key);
  g_clear_pointer (&self->associated_data, g_bytes_unref);
  g_clear_pointer (&self->previous, g_ptr_array_unref);
  g_free (self);
}

/**
 * kms_lockbox_add_previous:
 * @self: a Lockbox to which nobody else holds a reference yet
 * @previous: one with which values were encrypted before
 *
 * Lets @self decrypt what @previous encrypted. They are tried in the order in which they are added, after @self. In the
 * gem, a previous version takes over nothing but the key: say padding and associated data of @previous, too.
 *
 * Since: 1.0
 */
void
kms_lockbox_add_previous (KmsLockbox *self, KmsLockbox *previous)
{
  g_return_if_fail (self != NULL && previous != NULL && previous != self);

  if (self->previous == NULL)
    self->previous = g_ptr_array_new_with_free_func ((GDestroyNotify) kms_lockbox_unref);
  g_ptr_array_add (self->previous, kms_lockbox_ref (previous));
}

static const guint8 *
get_key (KmsLockbox *self, GError **error)
{
  const guint8 *key = kms_secret_get_data (self->key, NULL);

  if (key == NULL)
    g_set_error (error, KMS_ERROR, KMS_ERROR_FORKED, "the key of the Lockbox did not come along into this process");
  return key;
}

/**
 * kms_lockbox_encrypt:
 * @self: a Lockbox
 * @plaintext: what to encrypt; may be empty
 * @error: return location for an error
 *
 * Encrypts with a new random nonce.
 *
 * Returns: (transfer full): the ciphertext, not in base64, or %NULL with @error set
 *
 * Since: 1.0
 */
GBytes *
kms_lockbox_encrypt (KmsLockbox *self, KmsSecret *plaintext, GError **error)
{
  g_return_val_if_fail (self != NULL && plaintext != NULL, NULL);
  gsize length;
  const guint8 *data = kms_secret_get_data (plaintext, &length);
  gsize size = _kms_lockbox_sealed_size (&self->format, length);
  const guint8 *key = get_key (self, error);
  g_autofree guint8 *out = key == NULL ? NULL : g_malloc (size);

  if (key == NULL || !_kms_lockbox_seal (&self->format, key, NULL, data, length, out, error))
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&out), size);
}

static KmsSecret *
open_one (KmsLockbox *self, const guint8 *data, gsize length, GError **error)
{
  const guint8 *key = get_key (self, error);
  return key == NULL ? NULL : _kms_lockbox_open (&self->format, key, data, length, error);
}

/**
 * kms_lockbox_decrypt:
 * @self: a Lockbox
 * @ciphertext: the ciphertext, not in base64
 * @error: return location for an error
 *
 * Decrypts what @self or one of its previous Lockboxes encrypted.
 *
 * Returns: (transfer full): the plaintext, or %NULL with @error set: %KMS_ERROR_INVALID_CIPHERTEXT if none of them opens
 *   it
 *
 * Since: 1.0
 */
KmsSecret *
kms_lockbox_decrypt (KmsLockbox *self, GBytes *ciphertext, GError **error)
{
  g_return_val_if_fail (self != NULL && ciphertext != NULL, NULL);
  gsize length;
  const guint8 *data = g_bytes_get_data (ciphertext, &length);
  g_autoptr (GError) local = NULL;
  KmsSecret *plaintext = open_one (self, data, length, &local);

  for (guint i = 0; plaintext == NULL && self->previous != NULL && i < self->previous->len
                    && g_error_matches (local, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT);
       i++)
    {
      g_clear_error (&local);
      plaintext = open_one (g_ptr_array_index (self->previous, i), data, length, &local);
    }
  if (plaintext == NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return plaintext;
}

static gsize
get_key_size (KmsLockboxAlgorithm algorithm)
{
  return algorithm == KMS_LOCKBOX_ALGORITHM_HYBRID ? KMS_LOCKBOX_HYBRID_KEY_SIZE : KMS_LOCKBOX_KEY_SIZE;
}

static KmsSecret *
parse_hex (const char *text, gsize size)
{
  guint8 *bytes;
  KmsSecret *key = kms_secret_reserve (size, &bytes);

  for (gsize i = 0; key != NULL && i < size; i++)
    {
      int high = g_ascii_xdigit_value (text[2 * i]), low = g_ascii_xdigit_value (text[2 * i + 1]);
      if (high < 0 || low < 0)
        {
          kms_secret_unref (key);
          return NULL;
        }
      bytes[i] = (guint8) (high << 4 | low);
    }
  if (key != NULL)
    kms_secret_commit (key, size);
  return key;
}

/**
 * kms_lockbox_parse_key:
 * @text: hexadecimal digits of either case, or the bytes themselves
 * @algorithm: the algorithm that the key is for
 * @error: return location for an error
 *
 * Reads a key as it stands in settings of Rails applications. Lockbox refuses 32 bytes that are text, since those are
 * passwords more often than keys; here, as there, 32 bytes are a key only if not all of them are ASCII.
 *
 * Returns: (transfer full): the key, or %NULL with @error set: %KMS_ERROR_INVALID_ARGUMENT for anything else
 *
 * Since: 1.0
 */
KmsSecret *
kms_lockbox_parse_key (KmsSecret *text, KmsLockboxAlgorithm algorithm, GError **error)
{
  g_return_val_if_fail (text != NULL, NULL);
  gsize length, size = get_key_size (algorithm);
  const char *data = (const char *) kms_secret_get_data (text, &length);
  gboolean is_ascii = TRUE;

  for (gsize i = 0; i < length; i++)
    is_ascii = is_ascii && ((guchar) data[i] & 0x80) == 0;
  if (length == size && !is_ascii)
    return kms_secret_ref (text);
  KmsSecret *key = length == 2 * size ? parse_hex (data, size) : NULL;
  if (key == NULL)
    g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                 "a key of a Lockbox is %" G_GSIZE_FORMAT " hexadecimal digits, or %" G_GSIZE_FORMAT
                 " bytes that are no text",
                 2 * size, size);
  return key;
}

/**
 * kms_lockbox_derive_key:
 * @master_key: 32 bytes
 * @table: the table; "_uploader" for what CarrierWave mounts without a model
 * @attribute: for a column, the name of the column that holds the ciphertext ("email_ciphertext"); for a file, the name
 *   of the attachment
 * @error: return location for an error
 *
 * Makes the key of one attribute of Lockbox's master key (HKDF-SHA384).
 *
 * Returns: (transfer full): 32 bytes, or %NULL with @error set
 *
 * Since: 1.0
 */
KmsSecret *
kms_lockbox_derive_key (KmsSecret *master_key, const char *table, const char *attribute, GError **error)
{
  g_return_val_if_fail (master_key != NULL && table != NULL && attribute != NULL, NULL);
  gsize length, label_length = strlen (attribute);
  const guint8 *data = kms_secret_get_data (master_key, &length);
  g_autofree guint8 *info = g_malloc (label_length + 1 + KMS_LOCKBOX_KEY_SIZE);
  guint8 pseudorandom[48]; /* SHA-384 */
  guint8 *bytes;

  if (length != KMS_LOCKBOX_KEY_SIZE || data == NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                   "Lockbox's master key has %d bytes, not %" G_GSIZE_FORMAT, KMS_LOCKBOX_KEY_SIZE, length);
      return NULL;
    }
  g_autoptr (KmsSecret) key = kms_secret_reserve (KMS_LOCKBOX_KEY_SIZE, &bytes);
  memset (info, 0xb4, KMS_LOCKBOX_KEY_SIZE);
  memcpy (info + KMS_LOCKBOX_KEY_SIZE, attribute, label_length);
  const gnutls_datum_t ikm = { (guint8 *) data, (guint) length };
  const gnutls_datum_t salt = { (guint8 *) table, (guint) strlen (table) };
  const gnutls_datum_t prk = { pseudorandom, sizeof pseudorandom };
  const gnutls_datum_t label = { info, (guint) (KMS_LOCKBOX_KEY_SIZE + label_length) };
  int code = key == NULL ? GNUTLS_E_MEMORY_ERROR : gnutls_hkdf_extract (GNUTLS_MAC_SHA384, &ikm, &salt, pseudorandom);
  if (code >= 0)
    code = gnutls_hkdf_expand (GNUTLS_MAC_SHA384, &prk, &label, bytes, KMS_LOCKBOX_KEY_SIZE);
  gnutls_memset (pseudorandom, 0, sizeof pseudorandom);
  if (code < 0)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "the key can't be derived: %s", gnutls_strerror (code));
      return NULL;
    }
  kms_secret_commit (key, KMS_LOCKBOX_KEY_SIZE);
  return g_steal_pointer (&key);
}
