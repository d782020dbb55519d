/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The provider for tests, byte for byte that of the Ruby gem kms_encrypted: it encrypts nothing, and says so. */
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <libkms/kms-module.h>
#include <string.h>

/* What "insecure+data+A" decodes to: 11 bytes, and a colon. */
static const guint8 prefix[] = { 0x8a, 0x7b, 0x1e, 0x72, 0xea, 0xde, 0xf9, 0xd6, 0xad, 0x6b, 0xe0, ':' };

#define TEST_TYPE_PROVIDER (test_provider_get_type ())
G_DECLARE_FINAL_TYPE (TestProvider, test_provider, TEST, PROVIDER, KmsProvider)

struct _TestProvider
{
  KmsProvider parent_instance;
};

G_DEFINE_FINAL_TYPE (TestProvider, test_provider, KMS_TYPE_PROVIDER)

/* PREFIX ":" base64 (plaintext) [":" base64 with line breaks (context)] */
static void
encrypt_item (KmsItem *item)
{
  gsize length, json_length;
  const guint8 *plaintext = kms_item_get_input (item, &length);
  const char *json = kms_item_get_context_json (item, &json_length);
  gsize capacity = sizeof prefix + kms_base64_encoded_size (length) + 1 + kms_base64_lines_size (json_length);
  guint8 *start = kms_item_reserve (item, capacity);
  guint8 *out = start;

  memcpy (out, prefix, sizeof prefix);
  out += sizeof prefix;
  out += kms_base64_encode_to (plaintext, length, (char *) out);
  if (json != NULL)
    {
      *out++ = ':';
      out += kms_base64_encode_lines_to ((const guint8 *) json, json_length, (char *) out);
    }
  kms_item_commit (item, (gsize) (out - start));
}

static gboolean
test_provider_encrypt (KmsProvider *provider, KmsCall *call, GError **error)
{
  for (guint i = 0; i < kms_call_get_n_items (call); i++)
    encrypt_item (kms_call_get_item (call, i));
  return TRUE;
}

/* The gem compares the base64 texts of the contexts, so that is compared here. An empty one is none: Ruby's split drops
 * trailing empty fields. */
static gboolean
context_matches (KmsItem *item, const char *stored, gsize stored_length)
{
  gsize json_length;
  const char *json = kms_item_get_context_json (item, &json_length);
  g_autofree char *expected = g_malloc (kms_base64_lines_size (json_length) + 1);
  gsize expected_length = json == NULL ? 0 : kms_base64_encode_lines_to ((const guint8 *) json, json_length, expected);

  if (stored == NULL || stored_length == 0)
    return json == NULL;
  return json != NULL && stored_length == expected_length && gnutls_memcmp (stored, expected, expected_length) == 0;
}

static void
decrypt_item (KmsItem *item)
{
  gsize length;
  const char *bytes = (const char *) kms_item_get_input (item, &length);

  if (length >= sizeof prefix && memcmp (bytes, prefix, sizeof prefix) == 0)
    {
      const char *encoded = bytes + sizeof prefix;
      gsize rest = length - sizeof prefix;
      const char *colon = memchr (encoded, ':', rest);
      gsize encoded_length = colon == NULL ? rest : (gsize) (colon - encoded);
      const char *context = colon == NULL ? NULL : colon + 1;
      if (context_matches (item, context, colon == NULL ? 0 : rest - encoded_length - 1))
        {
          guint8 *out = kms_item_reserve (item, kms_base64_decoded_max (encoded_length));
          if (out != NULL)
            kms_item_commit (item, kms_base64_decode_lenient_to (encoded, encoded_length, out));
          return;
        }
    }
  kms_item_fail (item, KMS_ERROR_INVALID_CIPHERTEXT,
                 "decryption failed: wrong context, or not what this key encrypted");
}

static gboolean
test_provider_decrypt (KmsProvider *provider, KmsCall *call, GError **error)
{
  for (guint i = 0; i < kms_call_get_n_items (call); i++)
    {
      KmsItem *item = kms_call_get_item (call, i);
      if (strcmp (kms_item_get_key_id (item), "insecure-test-key/encrypt") == 0)
        kms_item_fail (item, KMS_ERROR_NOT_AUTHORIZED, "insecure-test-key/encrypt may encrypt and nothing else");
      else
        decrypt_item (item);
    }
  return TRUE;
}

static void
test_provider_init (TestProvider *self)
{
  kms_provider_set_capabilities (KMS_PROVIDER (self),
                                 KMS_CAPABILITY_ENCRYPT | KMS_CAPABILITY_DECRYPT | KMS_CAPABILITY_INLINE);
  kms_provider_set_binding (KMS_PROVIDER (self), KMS_BINDING_VERIFIED);
}

static void
test_provider_class_init (TestProviderClass *klass)
{
  KmsProviderClass *provider_class = KMS_PROVIDER_CLASS (klass);

  provider_class->encrypt = test_provider_encrypt;
  provider_class->decrypt = test_provider_decrypt;
}

KMS_MODULE_DEFINE (.id = "test", .type_name = "TestProvider", .get_type = test_provider_get_type,
                   .flags = KMS_MODULE_INLINE, .version = "0.1.0", .license = "LGPL-2.1-or-later", .origin = "libkms");
