/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stored strings as the Ruby gem wrote them, read and written through boxes. */
#include "vectors.h"

#include <string.h>

#include "../config-root.h"
#include "../hex.h"

#define N_CONTEXTS 15
#define PLAINTEXT "hello"

static KmsRegistry *registry;

static KmsBox *
new_box (KmsJsonDialect dialect)
{
  g_autoptr (KmsBoxBuilder) builder = kms_box_builder_new (registry, "vectors");
  g_autoptr (GError) error = NULL;

  kms_box_builder_set_key (builder, "1", "insecure-test-key", NULL);
  kms_box_builder_set_json_dialect (builder, dialect, FALSE);
  KmsBox *box = kms_box_builder_end (builder, &error);
  g_assert_no_error (error);
  return box;
}

/* Ruby's inspection of a context as JSON: nil, a string, or a hash with symbols. */
static KmsContext *
read_ruby (JsonObject *vector)
{
  g_autoptr (GRegex) symbol = g_regex_new (":(\\w+)=>", 0, 0, NULL);
  g_autoptr (GError) error = NULL;

  if (json_object_get_null_member (vector, "context"))
    return NULL;
  const char *ruby = json_object_get_string_member (vector, "context");
  g_autofree char *json = g_regex_replace (symbol, ruby, -1, 0, "\"\\1\":", 0, &error);
  g_assert_no_error (error);
  KmsContext *context = kms_context_new_from_json (json, -1, &error);
  g_assert_no_error (error);
  return context;
}

static void
assert_decrypts (KmsBox *box, const char *stored, KmsContext *context, const char *expected_hex)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) secret = kms_box_decrypt (box, stored, -1, context, NULL, &error);
  g_assert_no_error (error);
  gsize length;
  const guint8 *data = kms_secret_get_data (secret, &length);
  g_autofree char *hex = hex_encode (data, length);

  g_assert_cmpstr (hex, ==, expected_hex);
}

static void
test_provider_decrypt (JsonObject *vector)
{
  g_autoptr (KmsBox) box = new_box (KMS_JSON_DIALECT_RAILS);
  g_autoptr (KmsContext) context = read_ruby (vector);

  assert_decrypts (box, json_object_get_string_member (vector, "stored"), context,
                   json_object_get_string_member (vector, "plaintext_hex"));
}

static void
test_provider_encrypt (JsonObject *vector)
{
  g_autoptr (KmsBox) box = new_box (KMS_JSON_DIALECT_RAILS);
  g_autoptr (KmsContext) context = read_ruby (vector);
  g_autoptr (GError) error = NULL;
  gsize length;
  g_autofree guint8 *plaintext = hex_decode (json_object_get_string_member (vector, "plaintext_hex"), &length);
  g_autoptr (KmsSecret) secret = kms_secret_new (plaintext, length);
  g_autofree char *stored = kms_box_encrypt (box, secret, context, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (stored, ==, json_object_get_string_member (vector, "stored"));
}

static void
test_provider_prefix (void)
{
  g_autoptr (KmsBox) box = new_box (KMS_JSON_DIALECT_RAILS);
  g_autoptr (KmsSecret) secret = kms_secret_new ((const guint8 *) PLAINTEXT, strlen (PLAINTEXT));
  g_autofree char *stored = kms_box_encrypt (box, secret, NULL, NULL, NULL);
  gsize length;
  g_autofree guchar *bytes = g_base64_decode (stored + strlen ("v1:"), &length);
  g_autofree char *hex = hex_encode (bytes, 11);

  g_assert_cmpstr (hex, ==, json_object_get_string_member (vectors_load (), "test_key_prefix_hex"));
  g_assert_cmpint (bytes[11], ==, ':');
}

/* Made with the context {a: 1} and a box of version 1. */
static void
test_box_parse (JsonObject *vector)
{
  g_autoptr (KmsBox) box = new_box (KMS_JSON_DIALECT_RAILS);
  g_autoptr (KmsContextBuilder) builder = kms_context_builder_new ();
  g_autoptr (GError) error = NULL;
  const char *stored = json_object_get_string_member (vector, "in");

  kms_context_builder_add_integer (builder, KMS_NAME_KIND_SYMBOL, "a", 1);
  g_autoptr (KmsContext) context = kms_context_builder_end (builder, NULL);
  if (json_object_has_member (vector, "ok_hex"))
    {
      assert_decrypts (box, stored, context, json_object_get_string_member (vector, "ok_hex"));
      return;
    }
  g_autoptr (KmsSecret) secret = kms_box_decrypt (box, stored, -1, context, NULL, &error);
  g_autofree char *message = g_utf8_strdown (json_object_get_string_member (vector, "message"), -1);
  gboolean inactive = g_str_equal (json_object_get_string_member (vector, "error"), "KmsEncrypted::Error");
  int code = inactive ? KMS_ERROR_NOT_ACTIVE : KMS_ERROR_INVALID_CIPHERTEXT;
  g_assert_error (error, KMS_ERROR, code);
  if (strstr (error->message, message) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, message);
}

/* What the test key makes of a value and the JSON of its context, put together by hand. */
static char *
seal (const char *json_hex, gboolean with_version)
{
  static const guint8 prefix[] = { 0x8a, 0x7b, 0x1e, 0x72, 0xea, 0xde, 0xf9, 0xd6, 0xad, 0x6b, 0xe0, ':' };
  gsize json_length;
  g_autofree guint8 *json = hex_decode (json_hex, &json_length);
  g_autofree char *lines = vectors_encode_lines (json, json_length);
  g_autofree char *plain = g_base64_encode ((const guchar *) PLAINTEXT, strlen (PLAINTEXT));
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  g_byte_array_append (bytes, prefix, sizeof prefix);
  g_byte_array_append (bytes, (const guint8 *) plain, (guint) strlen (plain));
  g_byte_array_append (bytes, (const guint8 *) ":", 1);
  g_byte_array_append (bytes, (const guint8 *) lines, (guint) strlen (lines));
  g_autofree char *outer = with_version ? g_base64_encode (bytes->data, bytes->len)
                                        : vectors_encode_lines (bytes->data, bytes->len);
  return g_strconcat (with_version ? "v1:" : "", outer, NULL);
}

static void
check_dialect (JsonObject *vector, const char *member, KmsJsonDialect dialect)
{
  g_autoptr (KmsBox) box = new_box (dialect);
  g_autoptr (KmsContext) context = vectors_build_context (vector);
  g_autoptr (KmsSecret) secret = kms_secret_new ((const guint8 *) PLAINTEXT, strlen (PLAINTEXT));
  g_autofree char *expected = seal (json_object_get_string_member (vector, member), TRUE);
  g_autoptr (GError) error = NULL;
  g_autofree char *stored = kms_box_encrypt (box, secret, context, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (stored, ==, expected);
  assert_decrypts (box, expected, context, "68656c6c6f");
}

static void
test_rails (JsonObject *vector)
{
  check_dialect (vector, "aad_rails_hex", KMS_JSON_DIALECT_RAILS);
}

static void
test_plain (JsonObject *vector)
{
  check_dialect (vector, "aad_no_activesupport_json_hex", KMS_JSON_DIALECT_PLAIN);
}

static void
test_rails81 (JsonObject *vector)
{
  check_dialect (vector, "aad_rails81_defaults_hex", KMS_JSON_DIALECT_RAILS81);
}

/* The same context, and a string without a version: the JSON is that of the context as it was given. */
static void
test_legacy_context (JsonObject *vector)
{
  g_autoptr (KmsBox) box = new_box (KMS_JSON_DIALECT_RAILS);
  g_autoptr (KmsContext) context = vectors_build_context (vector);
  g_autofree char *stored = seal (json_object_get_string_member (vector, "legacy_unversioned_aad_rails_hex"), FALSE);

  assert_decrypts (box, stored, context, "68656c6c6f");
}

/* The box's only version is another key's: what stands in the string decides. */
static void
test_google (void)
{
  JsonObject *vector = json_object_get_object_member (vectors_load (), "legacy_gc");
  const char *stored = json_object_get_string_member (vector, "stored");
  const char *key_id = json_object_get_string_member (vector, "restored_key_id");
  g_autoptr (KmsBoxBuilder) builder = kms_box_builder_new (registry, "vectors");
  g_autoptr (GError) error = NULL;

  g_autoptr (KmsInspection) inspection = kms_inspect (stored, -1, &error);
  g_assert_no_error (error);
  g_assert_cmpint (kms_inspection_get_format (inspection), ==, KMS_STORED_FORMAT_LEGACY_GOOGLE);
  g_assert_cmpstr (kms_inspection_get_key_id (inspection), ==, key_id);

  kms_box_builder_set_key (builder, "7", "insecure-test-key", NULL);
  g_autoptr (KmsBox) box = kms_box_builder_end (builder, &error);
  g_autoptr (KmsSecret) secret = kms_box_decrypt (box, stored, -1, NULL, NULL, &error);
  g_assert_no_error (error);
  gsize length, ciphertext_length;
  const char *told = (const char *) kms_secret_get_data (secret, &length);
  g_autofree char *expected = g_strdup_printf ("tells: key=%s form=0 context=(none) input=", key_id);
  const char *encoded = strrchr (stored, '$') + 1;
  g_autofree guchar *ciphertext = g_base64_decode (encoded, &ciphertext_length);
  g_assert_cmpmem (told, strlen (expected), expected, strlen (expected));
  g_assert_cmpmem (told + strlen (expected), length - strlen (expected), ciphertext, ciphertext_length);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_autoptr (ConfigRoot) root = config_root_new ();
  g_autoptr (GError) error = NULL;

  config_root_add_provider (root, "test", "kms-test.so", "Exact=insecure-test-key;insecure-test-key/encrypt");
  config_root_add_provider (root, "tells", "kms-tells.so", "Matches=projects/");
  registry = kms_registry_new (root, NULL, &error);
  g_assert_no_error (error);

  vectors_add ("/vectors/test-provider/encrypt", "test_provider", 8, test_provider_encrypt);
  vectors_add ("/vectors/test-provider/decrypt", "test_provider", 8, test_provider_decrypt);
  g_test_add_func ("/vectors/test-provider/prefix", test_provider_prefix);
  vectors_add ("/vectors/box/parse", "box_parse", 16, test_box_parse);
  vectors_add ("/vectors/box/rails", "contexts", N_CONTEXTS, test_rails);
  vectors_add ("/vectors/box/plain", "contexts", N_CONTEXTS, test_plain);
  vectors_add ("/vectors/box/rails81", "contexts", N_CONTEXTS, test_rails81);
  vectors_add ("/vectors/box/legacy-context", "contexts", N_CONTEXTS, test_legacy_context);
  g_test_add_func ("/vectors/box/google", test_google);
  int result = g_test_run ();
  g_clear_object (&registry);
  return result;
}
