/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Lockbox wrote, with the nonces that it was given for that: 01 02 03 …. */
#include "vectors.h"

#include <string.h>

#include "../hex.h"
#include "record/kms-lockbox-cipher-private.h"

typedef struct
{
  KmsLockboxFormat format;
  gsize key_length, length, sealed_length;
  guint8 *key, *plaintext, *sealed;
} Sample;

static void
sample_clear (Sample *self)
{
  g_free (self->key);
  g_free (self->plaintext);
  g_free (self->sealed);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Sample, sample_clear)

static KmsLockboxAlgorithm
read_algorithm (JsonObject *options)
{
  const char *name = json_object_get_string_member_with_default (options, "algorithm", "aes-gcm");

  if (g_str_equal (name, "xchacha20"))
    return KMS_LOCKBOX_ALGORITHM_XCHACHA20;
  if (g_str_equal (name, "xsalsa20"))
    return KMS_LOCKBOX_ALGORITHM_XSALSA20;
  g_assert_cmpstr (name, ==, "aes-gcm");
  return KMS_LOCKBOX_ALGORITHM_AES_GCM;
}

/* true is a size of its own. */
static guint
read_padding (JsonObject *options)
{
  JsonNode *padding = json_object_get_member (options, "padding");

  if (padding == NULL)
    return 0;
  if (json_node_get_value_type (padding) == G_TYPE_BOOLEAN)
    return KMS_LOCKBOX_DEFAULT_PADDING;
  return (guint) json_node_get_int (padding);
}

static void
sample_read (Sample *self, JsonObject *vector)
{
  JsonObject *options = json_object_get_object_member (vector, "options");
  const char *associated_data = json_object_get_string_member_with_default (options, "associated_data", "");

  self->format = (KmsLockboxFormat){ read_algorithm (options), read_padding (options), (const guint8 *) associated_data,
                                     strlen (associated_data) };
  self->key = hex_decode (json_object_get_string_member (vector, "key"), &self->key_length);
  self->plaintext = hex_decode (json_object_get_string_member (vector, "plaintext_hex"), &self->length);
  self->sealed = g_base64_decode (json_object_get_string_member (vector, "ciphertext"), &self->sealed_length);
}

static KmsLockbox *
sample_make_lockbox (Sample *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) key = kms_secret_new (self->key, self->key_length);
  g_autoptr (GBytes)
    associated_data = self->format.associated_data_length == 0
                        ? NULL
                        : g_bytes_new (self->format.associated_data, self->format.associated_data_length);
  KmsLockbox *lockbox = kms_lockbox_new (key, self->format.algorithm, self->format.padding, associated_data, &error);

  g_assert_no_error (error);
  return lockbox;
}

static void
assert_plaintext (Sample *self, KmsSecret *secret)
{
  gsize length;
  const guint8 *data = kms_secret_get_data (secret, &length);

  g_assert_cmpmem (data, length, self->plaintext, self->length);
}

static void
test_seal (JsonObject *vector)
{
  g_auto (Sample) sample = { 0 };
  g_autoptr (GError) error = NULL;

  sample_read (&sample, vector);
  gsize size = _kms_lockbox_sealed_size (&sample.format, sample.length);
  g_autofree guint8 *out = g_malloc (size);
  gboolean done =
    _kms_lockbox_seal (&sample.format, sample.key, sample.sealed, sample.plaintext, sample.length, out, &error);
  if (g_error_matches (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED))
    {
      g_test_skip (error->message);
      return;
    }
  g_assert_no_error (error);
  g_assert_true (done);
  g_assert_cmpmem (out, size, sample.sealed, sample.sealed_length);
}

static void
test_open (JsonObject *vector)
{
  g_auto (Sample) sample = { 0 };
  g_autoptr (GError) error = NULL;

  sample_read (&sample, vector);
  g_autoptr (KmsLockbox) lockbox = sample_make_lockbox (&sample);
  g_autoptr (GBytes) sealed = g_bytes_new (sample.sealed, sample.sealed_length);
  g_autoptr (KmsSecret) secret = kms_lockbox_decrypt (lockbox, sealed, &error);
  if (g_error_matches (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED))
    {
      g_test_skip (error->message);
      return;
    }
  g_assert_no_error (error);
  assert_plaintext (&sample, secret);
}

/* Every byte counts, and so does every byte that is missing. */
static void
test_changed (JsonObject *vector)
{
  g_auto (Sample) sample = { 0 };

  sample_read (&sample, vector);
  g_autoptr (KmsLockbox) lockbox = sample_make_lockbox (&sample);
  for (gsize i = 0; i < 2 * sample.sealed_length; i++)
    {
      gsize at = i / 2;
      g_autoptr (GError) error = NULL;
      g_autofree guint8 *changed = g_memdup2 (sample.sealed, sample.sealed_length);
      changed[at] ^= 0x40;
      g_autoptr (GBytes) bytes = g_bytes_new (changed, i % 2 == 0 ? sample.sealed_length : at);
      g_autoptr (KmsSecret) secret = kms_lockbox_decrypt (lockbox, bytes, &error);
      g_assert_null (secret);
      if (!g_error_matches (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED))
        g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT);
    }
}

static void
test_round_trip (JsonObject *vector)
{
  g_auto (Sample) sample = { 0 };
  g_autoptr (GError) error = NULL;

  sample_read (&sample, vector);
  g_autoptr (KmsLockbox) lockbox = sample_make_lockbox (&sample);
  g_autoptr (KmsSecret) plaintext = kms_secret_new (sample.plaintext, sample.length);
  g_autoptr (GBytes) sealed = kms_lockbox_encrypt (lockbox, plaintext, &error);
  if (g_error_matches (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED))
    {
      g_test_skip (error->message);
      return;
    }
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (sealed), ==, sample.sealed_length);
  g_autoptr (KmsSecret) secret = kms_lockbox_decrypt (lockbox, sealed, &error);
  g_assert_no_error (error);
  assert_plaintext (&sample, secret);
}

static KmsSecret *
secret_from_hex (const char *hex)
{
  gsize length;
  g_autofree guint8 *bytes = hex_decode (hex, &length);

  return kms_secret_new (bytes, length);
}

static void
test_attribute_key (JsonObject *vector)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) master = secret_from_hex (json_object_get_string_member (vector, "master_key"));
  g_autoptr (KmsSecret) key = kms_lockbox_derive_key (master, json_object_get_string_member (vector, "table"),
                                                      json_object_get_string_member (vector, "attribute"), &error);

  g_assert_no_error (error);
  g_autoptr (KmsSecret) expected = secret_from_hex (json_object_get_string_member (vector, "key"));
  g_assert_true (kms_secret_equal (key, expected));
}

static KmsLockbox *
make_hybrid (JsonObject *vector, const char *member)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) key = secret_from_hex (json_object_get_string_member (vector, member));
  KmsLockbox *lockbox = kms_lockbox_new (key, KMS_LOCKBOX_ALGORITHM_HYBRID, 0, NULL, &error);

  g_assert_no_error (error);
  return lockbox;
}

static void
test_hybrid (void)
{
  g_autoptr (GError) error = NULL;
  JsonObject *vector = json_object_get_object_member (vectors_load (), "lockbox_hybrid");
  g_autoptr (KmsLockbox) writer = make_hybrid (vector, "encryption_key");
  g_autoptr (KmsLockbox) reader = make_hybrid (vector, "decryption_key");
  g_autoptr (KmsSecret) plaintext = secret_from_hex (json_object_get_string_member (vector, "plaintext_hex"));
  g_autoptr (GBytes) theirs = kms_base64_decode_strict (json_object_get_string_member (vector, "ciphertext"), -1, NULL);

  g_autoptr (KmsSecret) secret = kms_lockbox_decrypt (reader, theirs, &error);
  if (g_error_matches (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED))
    {
      g_test_skip (error->message);
      return;
    }
  g_assert_no_error (error);
  g_assert_true (kms_secret_equal (secret, plaintext));
  g_autoptr (GBytes) ours = kms_lockbox_encrypt (writer, plaintext, &error);
  g_assert_no_error (error);
  g_autoptr (KmsSecret) again = kms_lockbox_decrypt (reader, ours, &error);
  g_assert_no_error (error);
  g_assert_true (kms_secret_equal (again, plaintext));
  g_autoptr (KmsSecret) wrong = kms_lockbox_decrypt (writer, ours, &error);
  g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT);
  g_assert_null (wrong);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  vectors_add ("/vectors/lockbox/seal", "lockbox", 10, test_seal);
  vectors_add ("/vectors/lockbox/open", "lockbox", 10, test_open);
  vectors_add ("/vectors/lockbox/changed", "lockbox", 10, test_changed);
  vectors_add ("/vectors/lockbox/round-trip", "lockbox", 10, test_round_trip);
  vectors_add ("/vectors/lockbox/attribute-key", "lockbox_attribute_key", 4, test_attribute_key);
  g_test_add_func ("/vectors/lockbox/hybrid", test_hybrid);
  return g_test_run ();
}
