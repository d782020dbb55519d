/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The provider for tests, byte for byte that of the Ruby gem kms_encrypted: it encrypts nothing, and says so. */
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <libkms/kms-module.h>
#include <string.h>

/* What can be written can be read again: a context that makes the ciphertext larger is refused when it is written. */
#define MAX_PLAINTEXT (1024 * 1024)
#define MAX_CIPHERTEXT (2 * 1024 * 1024)

/* Ruby's encode64 breaks its lines there. */
#define BYTES_PER_LINE 45
#define CHARACTERS_PER_LINE 61

/* What "insecure+data+A" decodes to: 11 bytes, and a colon. */
static const guint8 prefix[] = { 0x8a, 0x7b, 0x1e, 0x72, 0xea, 0xde, 0xf9, 0xd6, 0xad, 0x6b, 0xe0, ':' };

/* Version 0 of the gem wrote a random number behind this, and always meant the same key. */
static const char legacy_prefix[] = "insecure-data-key-";
static const char legacy_data_key[] = "00000000000000000000000000000000";

#define TEST_TYPE_PROVIDER (test_provider_get_type ())
G_DECLARE_FINAL_TYPE (TestProvider, test_provider, TEST, PROVIDER, KmsProvider)

struct _TestProvider
{
  KmsProvider parent_instance;
  gboolean legacy_data_keys;
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

  if (capacity > MAX_CIPHERTEXT)
    {
      kms_item_fail (item, KMS_ERROR_TOO_LARGE,
                     "with a context of %" G_GSIZE_FORMAT " bytes the ciphertext would be larger than the limit of %d",
                     json_length, MAX_CIPHERTEXT);
      return;
    }
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

/* Line by line, so that no copy of the whole is made; every line is looked at, whatever the ones before were. */
static gboolean
is_encoded_as (const char *stored, gsize stored_length, const char *json, gsize json_length)
{
  char line[CHARACTERS_PER_LINE];
  guint differences = 0;

  if (stored_length != kms_base64_lines_size (json_length))
    return FALSE;
  for (gsize at = 0; at < json_length; at += BYTES_PER_LINE)
    {
      gsize n = kms_base64_encode_lines_to ((const guint8 *) json + at, MIN (json_length - at, BYTES_PER_LINE), line);
      differences |= gnutls_memcmp (stored, line, n) != 0;
      stored += n;
    }
  return differences == 0;
}

/* The gem compares the base64 texts of the contexts, so that is compared here. */
static gboolean
context_matches (KmsItem *item, const char *stored, gsize stored_length)
{
  gsize json_length;
  const char *json = kms_item_get_context_json (item, &json_length);

  if (stored == NULL || json == NULL)
    return stored == NULL && json == NULL;
  return is_encoded_as (stored, stored_length, json, json_length);
}

static void
refuse (KmsItem *item)
{
  kms_item_fail (item, KMS_ERROR_INVALID_CIPHERTEXT,
                 "decryption failed: wrong context, or not what this key encrypted");
}

static gsize
length_before (const char *text, const char *end, char separator)
{
  const char *found = memchr (text, separator, (gsize) (end - text));

  return (gsize) ((found == NULL ? end : found) - text);
}

/* As Ruby's split (":"): colons at the end are no parts, and what stands behind the third part is not looked at. */
static void
decrypt_item (KmsItem *item, const char *bytes, gsize length)
{
  if (length < sizeof prefix || memcmp (bytes, prefix, sizeof prefix) != 0)
    {
      refuse (item);
      return;
    }
  const char *encoded = bytes + sizeof prefix, *end = bytes + length;
  while (end > encoded && end[-1] == ':')
    end--;
  gsize encoded_length = length_before (encoded, end, ':');
  const char *context = encoded + encoded_length == end ? NULL : encoded + encoded_length + 1;
  if (!context_matches (item, context, context == NULL ? 0 : length_before (context, end, ':')))
    {
      refuse (item);
      return;
    }
  guint8 *out = kms_item_reserve (item, kms_base64_decoded_max (encoded_length));
  if (out != NULL)
    kms_item_commit (item, kms_base64_decode_lenient_to (encoded, encoded_length, out));
}

static gboolean
is_legacy_data_key (const char *bytes, gsize length)
{
  gsize prefix_length = sizeof legacy_prefix - 1;

  if (length <= prefix_length || memcmp (bytes, legacy_prefix, prefix_length) != 0)
    return FALSE;
  for (gsize i = prefix_length; i < length; i++)
    if (!g_ascii_isdigit (bytes[i]))
      return FALSE;
  return TRUE;
}

static void
decrypt_legacy_data_key (TestProvider *self, KmsItem *item)
{
  gsize length = sizeof legacy_data_key - 1;

  if (!self->legacy_data_keys)
    {
      kms_item_fail (
        item, KMS_ERROR_NOT_SUPPORTED,
        "\"insecure-data-key-\" is what version 0 of kms_encrypted wrote in tests, always for the same key; "
        "set LegacyDataKeys=true in [Settings] of %s.provider to read it",
        kms_provider_get_name (KMS_PROVIDER (self)));
      return;
    }
  guint8 *out = kms_item_reserve (item, length);
  if (out == NULL)
    return;
  memcpy (out, legacy_data_key, length);
  kms_item_set_binding (item, KMS_BINDING_IGNORED);
  kms_item_commit (item, length);
}

static gboolean
test_provider_decrypt (KmsProvider *provider, KmsCall *call, GError **error)
{
  for (guint i = 0; i < kms_call_get_n_items (call); i++)
    {
      KmsItem *item = kms_call_get_item (call, i);
      gsize length;
      const char *bytes = (const char *) kms_item_get_input (item, &length);

      if (strcmp (kms_item_get_key_id (item), "insecure-test-key/encrypt") == 0)
        kms_item_fail (item, KMS_ERROR_NOT_AUTHORIZED, "insecure-test-key/encrypt may encrypt and nothing else");
      else if (is_legacy_data_key (bytes, length))
        decrypt_legacy_data_key (TEST_PROVIDER (provider), item);
      else
        decrypt_item (item, bytes, length);
    }
  return TRUE;
}

static gboolean
test_provider_open (KmsProvider *provider, GError **error)
{
  TEST_PROVIDER (provider)->legacy_data_keys = kms_provider_get_setting_boolean (provider, "LegacyDataKeys");
  return TRUE;
}

static void
test_provider_init (TestProvider *self)
{
  KmsProvider *provider = KMS_PROVIDER (self);

  kms_provider_set_capabilities (provider, KMS_CAPABILITY_ENCRYPT | KMS_CAPABILITY_DECRYPT | KMS_CAPABILITY_INLINE);
  kms_provider_set_limit (provider, KMS_LIMIT_PLAINTEXT, MAX_PLAINTEXT);
  kms_provider_set_limit (provider, KMS_LIMIT_CIPHERTEXT, MAX_CIPHERTEXT);
  kms_provider_set_binding (provider, KMS_BINDING_VERIFIED);
}

static void
test_provider_class_init (TestProviderClass *klass)
{
  KmsProviderClass *provider_class = KMS_PROVIDER_CLASS (klass);

  provider_class->open = test_provider_open;
  provider_class->encrypt = test_provider_encrypt;
  provider_class->decrypt = test_provider_decrypt;
  kms_provider_class_add_setting (provider_class, "LegacyDataKeys", KMS_SETTING_BOOLEAN, "false", NULL,
                                  "decrypt insecure-data-key-NUMBER, which version 0 of kms_encrypted wrote in tests");
}

KMS_MODULE_DEFINE (.id = "test", .type_name = "TestProvider", .get_type = test_provider_get_type,
                   .flags = KMS_MODULE_INLINE, .version = "0.1.0", .license = "LGPL-2.1-or-later", .origin = "libkms");
