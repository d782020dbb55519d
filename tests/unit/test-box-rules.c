/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a box asks of who uses it: state, context, dialect, and values within limits. */
#include "box-fixture.h"

#include <libkms/kms-module.h>

#include <string.h>

#define TEST_KEY "insecure-test-key"
#define MEBIBYTE (1024 * 1024)

static KmsBox *
new_box_in_state (BoxFixture *self, KmsBoxState state)
{
  g_autoptr (KmsBoxBuilder) builder = kms_box_builder_new (self->registry, "orders");

  kms_box_builder_set_key (builder, "1", TEST_KEY, NULL);
  kms_box_builder_set_state (builder, state);
  return box_end (builder);
}

static void
assert_refuses_to_rewrap (KmsBox *box, const char *stored, KmsContext *context, KmsContext *new_context, KmsError code,
                          const char *part)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *made = kms_box_rewrap (box, stored, -1, context, new_context, NULL, &error);

  g_assert_null (made);
  box_assert_error (error, code, part);
}

static void
test_states (BoxFixture *self, gconstpointer data)
{
  g_autofree char *stored = box_seal ("v1:", "hello", NULL);
  g_autoptr (KmsBox) enabled = new_box_in_state (self, KMS_BOX_STATE_ENABLED);
  g_autoptr (KmsBox) encrypts = new_box_in_state (self, KMS_BOX_STATE_ENCRYPT_ONLY);
  g_autoptr (KmsBox) disabled = new_box_in_state (self, KMS_BOX_STATE_DISABLED);
  g_autofree char *first = box_encrypt (enabled, "hello", NULL);
  g_autofree char *second = box_encrypt (encrypts, "hello", NULL);
  g_autofree char *rewrapped = kms_box_rewrap (enabled, stored, -1, NULL, NULL, NULL, NULL);

  g_assert_cmpstr (first, ==, stored);
  g_assert_cmpstr (second, ==, stored);
  g_assert_cmpstr (rewrapped, ==, stored);
  box_assert_decrypts (enabled, stored, NULL, "hello");
  box_assert_refused (encrypts, stored, -1, NULL, KMS_ERROR_KEY_DISABLED, "for encryption only");
  assert_refuses_to_rewrap (encrypts, stored, NULL, NULL, KMS_ERROR_KEY_DISABLED, "for encryption only");
  box_assert_refuses_to_encrypt (disabled, NULL, KMS_ERROR_KEY_DISABLED, "kmsctl box enable orders");
  box_assert_refused (disabled, stored, -1, NULL, KMS_ERROR_KEY_DISABLED, "is disabled");
  assert_refuses_to_rewrap (disabled, stored, NULL, NULL, KMS_ERROR_KEY_DISABLED, "is disabled");
}

static KmsBox *
new_box_with_names (BoxFixture *self, const char *first, const char *second)
{
  const char *const names[] = { first, second, NULL };
  g_autoptr (KmsBoxBuilder) builder = kms_box_builder_new (self->registry, "orders");

  kms_box_builder_set_key (builder, "1", TEST_KEY, NULL);
  kms_box_builder_set_require_context (builder, names);
  return box_end (builder);
}

static void
test_required_context (BoxFixture *self, gconstpointer data)
{
  static const char *const others[] = {
    "{}",         "{\"name\":\"a\"}", "{\"id\":1}", "{\"name\":\"a\",\"ID\":1}", "{\"name\":\"a\",\"id\":1,\"more\":1}",
    "\"name id\""
  };
  g_autoptr (KmsBox) box = new_box_with_names (self, "name", "id");
  g_autoptr (KmsContext) right = box_context ("{\"id\":1,\"name\":\"a\"}");
  g_autoptr (KmsContext) legacy = kms_context_new_legacy ("{\"id\":1,\"name\":\"a\"}", -1, NULL);
  g_autofree char *stored = box_encrypt (box, "hello", right);
  const char *told = "box \"orders\" wants a context of exactly these names: name, id";

  box_assert_decrypts (box, stored, right, "hello");
  box_assert_refused (box, stored, -1, NULL, KMS_ERROR_CONTEXT_REQUIRED, told);
  box_assert_refuses_to_encrypt (box, NULL, KMS_ERROR_CONTEXT_REQUIRED, told);
  box_assert_refused (box, stored, -1, legacy, KMS_ERROR_CONTEXT_REQUIRED, told);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      g_autoptr (KmsContext) other = box_context (others[i]);
      box_assert_refuses_to_encrypt (box, other, KMS_ERROR_CONTEXT_REQUIRED, told);
      box_assert_refused (box, stored, -1, other, KMS_ERROR_CONTEXT_REQUIRED, told);
      assert_refuses_to_rewrap (box, stored, right, other, KMS_ERROR_CONTEXT_REQUIRED, told);
    }
}

/* A name may be a string or a symbol; no names at all is an empty context, or none. */
static void
test_required_names (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsContextBuilder) builder = kms_context_builder_new ();
  g_autoptr (KmsBox) box = new_box_with_names (self, "name", NULL);
  g_autoptr (KmsBox) none = new_box_with_names (self, NULL, NULL);
  g_autoptr (KmsContext) empty = kms_context_new_empty ();
  g_autoptr (KmsContext) raw = kms_context_new_raw (NULL, 0);
  g_autoptr (KmsContext) legacy = kms_context_new_legacy ("{}", -1, NULL);

  kms_context_builder_add_string (builder, KMS_NAME_KIND_SYMBOL, "name", -1, "a", -1);
  kms_context_builder_add_string (builder, KMS_NAME_KIND_STRING, "name", -1, "b", -1);
  g_autoptr (KmsContext) both = kms_context_builder_end (builder, NULL);
  g_autofree char *stored = box_encrypt (box, "hello", both);
  g_autofree char *first = box_encrypt (none, "hello", empty);
  g_autofree char *second = box_encrypt (none, "hello", NULL);

  g_assert_cmpstr (first, !=, second);
  box_assert_refuses_to_encrypt (none, raw, KMS_ERROR_CONTEXT_REQUIRED, "(none)");
  box_assert_refused (none, "v1:AAAA", -1, legacy, KMS_ERROR_CONTEXT_REQUIRED, "(none)");
  box_assert_refuses_to_encrypt (none, both, KMS_ERROR_CONTEXT_REQUIRED, "(none)");
}

static void
test_required_twice (BoxFixture *self, gconstpointer data)
{
  static const char *const names[] = { "id", "name", "id", NULL };
  g_autoptr (KmsBoxBuilder) builder = kms_box_builder_new (self->registry, "orders");
  g_autoptr (GError) error = NULL;

  kms_box_builder_set_key (builder, "1", TEST_KEY, NULL);
  kms_box_builder_set_require_context (builder, names);
  g_autoptr (KmsBox) box = kms_box_builder_end (builder, &error);
  g_assert_null (box);
  box_assert_error (error, KMS_ERROR_INVALID_ARGUMENT,
                    "box \"orders\": the required context has the name \"id\" twice");
}

static KmsBox *
new_box_of_dialect (BoxFixture *self, const char *key_id, KmsJsonDialect dialect, gboolean try_others)
{
  g_autoptr (KmsBoxBuilder) builder = kms_box_builder_new (self->registry, "orders");

  kms_box_builder_set_key (builder, "1", key_id, NULL);
  kms_box_builder_set_json_dialect (builder, dialect, try_others);
  return box_end (builder);
}

static const char *const odd_json[] = {
  [KMS_JSON_DIALECT_RAILS] = "{\"a\":\"\\u003cb\\u003e \\u0026 \\u2028\"}",
  [KMS_JSON_DIALECT_PLAIN] = "{\"a\":\"<b> & \xe2\x80\xa8\"}",
  [KMS_JSON_DIALECT_RAILS81] = "{\"a\":\"\\u003cb\\u003e \\u0026 \xe2\x80\xa8\"}",
};

static void
test_dialects (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsContext) context = kms_context_new ("a", "<b> & \xe2\x80\xa8", NULL);

  for (guint mine = 0; mine < 3; mine++)
    {
      g_autoptr (KmsBox) box = new_box_of_dialect (self, TEST_KEY, (KmsJsonDialect) mine, FALSE);
      g_autoptr (KmsBox) trying = new_box_of_dialect (self, TEST_KEY, (KmsJsonDialect) mine, TRUE);
      g_autofree char *stored = box_encrypt (trying, "hello", context);
      g_assert_cmpint (kms_box_get_json_dialect (box), ==, mine);
      for (guint other = 0; other < 3; other++)
        {
          g_autofree char *sealed = box_seal ("v1:", "hello", odd_json[other]);
          box_assert_decrypts (trying, sealed, context, "hello");
          if (other != mine)
            box_assert_refused (box, sealed, -1, context, KMS_ERROR_INVALID_CIPHERTEXT, NULL);
          else
            g_assert_cmpstr (stored, ==, sealed);
        }
      g_autofree char *wrong = box_seal ("v1:", "hello", "{\"a\":\"b\"}");
      box_assert_refused (trying, wrong, -1, context, KMS_ERROR_INVALID_CIPHERTEXT, NULL);
    }
}

static gint64
count_calls (KmsBox *box, KmsContext *context)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) secret = kms_box_decrypt (box, "v1:Y291bnQ=", -1, context, NULL, &error);
  const char *told = strstr (error->message, "call ");
  gint64 number;

  g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT);
  g_assert_true (g_ascii_string_to_signed (told + strlen ("call "), 10, 0, G_MAXINT32, &number, NULL));
  return number;
}

/* Each further try is a request that costs money: only where it could help. */
static void
test_dialects_cost (BoxFixture *self, gconstpointer data)
{
  static const char *const key_ids[] = { "tells/x", "inline/x" };
  g_autoptr (KmsContext) plain = kms_context_new ("a", "b", NULL);
  g_autoptr (KmsContext) odd = kms_context_new ("<", "b", NULL);
  g_autoptr (KmsContext) raw = kms_context_new_raw ((const guint8 *) "<", 1);

  for (guint i = 0; i < G_N_ELEMENTS (key_ids); i++)
    {
      g_autoptr (KmsBox) box = new_box_of_dialect (self, key_ids[i], KMS_JSON_DIALECT_PLAIN, FALSE);
      g_autoptr (KmsBox) trying = new_box_of_dialect (self, key_ids[i], KMS_JSON_DIALECT_PLAIN, TRUE);
      gint64 before = count_calls (trying, NULL);

      g_assert_cmpint (count_calls (trying, plain), ==, before + 1);
      g_assert_cmpint (count_calls (trying, raw), ==, before + 2);
      g_assert_cmpint (count_calls (box, odd), ==, before + 3);
      g_assert_cmpint (count_calls (trying, odd), ==, before + 6);
      g_assert_cmpint (count_calls (trying, NULL), ==, before + 7);
    }
}

/* None, an empty map, a text: three contexts that the test key tells apart. */
static void
test_forms (BoxFixture *self, gconstpointer data)
{
  static const char *const jsons[] = { NULL, "{}", "abc", "{\"a\":\"1\"}" };
  g_autoptr (KmsContext) empty = kms_context_new_empty ();
  g_autoptr (KmsContext) raw = kms_context_new_raw ((const guint8 *) "abc", 3);
  g_autoptr (KmsContext) map = kms_context_new ("a", "1", NULL);
  KmsContext *const contexts[] = { NULL, empty, raw, map };
  g_autoptr (KmsBox) box = box_new (self, "1", TEST_KEY);

  for (guint i = 0; i < G_N_ELEMENTS (jsons); i++)
    {
      g_autofree char *expected = box_seal ("v1:", "hello", jsons[i]);
      g_autofree char *stored = box_encrypt (box, "hello", contexts[i]);
      g_assert_cmpstr (stored, ==, expected);
      for (guint other = 0; other < G_N_ELEMENTS (jsons); other++)
        if (other == i)
          box_assert_decrypts (box, stored, contexts[other], "hello");
        else
          box_assert_refused (box, stored, -1, contexts[other], KMS_ERROR_INVALID_CIPHERTEXT, "decryption failed");
    }
}

static void
test_legacy_form (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsBox) box = box_new (self, "1", TEST_KEY);
  g_autoptr (KmsContext) legacy = kms_context_new_legacy ("{\"a\":[1.5,null,true]}", -1, NULL);
  g_autoptr (KmsContext) map = kms_context_new ("a", "1", NULL);
  g_autoptr (KmsSecret) secret = box_secret ("hello");
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_ENCRYPT);
  g_autoptr (GError) error = NULL, bare_error = NULL;
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider (self->registry, "test", NULL);

  box_assert_refuses_to_encrypt (box, legacy, KMS_ERROR_INVALID_ARGUMENT, "legacy form only decrypts");
  g_autoptr (GBytes) bare = kms_provider_encrypt (provider, TEST_KEY, secret, legacy, NULL, &bare_error);
  g_assert_null (bare);
  box_assert_error (bare_error, KMS_ERROR_INVALID_ARGUMENT, "legacy form only decrypts");

  kms_batch_add_secret (batch, secret, map);
  kms_batch_set_context_form (batch, KMS_CONTEXT_FORM_LEGACY);
  g_assert_false (kms_box_run (box, batch, NULL, &error));
  box_assert_error (error, KMS_ERROR_INVALID_ARGUMENT, "legacy form only decrypts");
}

static void
test_invalid_utf8 (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsBox) box = box_new (self, "1", TEST_KEY);
  g_autoptr (KmsContext) bad = kms_context_new ("a", "\xff", NULL);
  g_autoptr (KmsContext) raw = kms_context_new_raw ((const guint8 *) "\xff", 1);
  g_autofree char *stored = box_encrypt (box, "hello", raw);

  box_assert_refuses_to_encrypt (box, bad, KMS_ERROR_INVALID_ARGUMENT, "is not UTF-8");
  box_assert_refused (box, stored, -1, bad, KMS_ERROR_INVALID_ARGUMENT, "is not UTF-8");
  box_assert_decrypts (box, stored, raw, "hello");
}

static void
test_empty_plaintext (BoxFixture *self, gconstpointer data)
{
  static const char *const key_ids[] = { TEST_KEY, "local/orders" };
  g_autoptr (KmsContext) context = kms_context_new ("a", "1", NULL);

  box_fixture_add_local_key (self, "orders");
  for (guint i = 0; i < G_N_ELEMENTS (key_ids); i++)
    {
      g_autoptr (KmsBox) box = box_new (self, "1", key_ids[i]);
      g_autofree char *bare = box_encrypt (box, "", NULL);
      g_autofree char *bound = box_encrypt (box, "", context);
      box_assert_decrypts (box, bare, NULL, "");
      box_assert_decrypts (box, bound, context, "");
      box_assert_refused (box, bare, -1, context, KMS_ERROR_INVALID_CIPHERTEXT, NULL);
    }
}

/* The lenient reader skips what is not base64, and a NUL is not. */
static void
test_binary_stored (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsBox) box = box_new (self, "1", TEST_KEY);
  g_autofree char *sealed = box_seal ("", "hello", NULL);
  g_autoptr (GString) odd = g_string_new ("v1:");
  g_autoptr (GError) error = NULL;

  for (guint i = 0; sealed[i] != '\0'; i++)
    {
      g_string_append_c (odd, sealed[i]);
      g_string_append_c (odd, i % 3 == 0 ? '\0' : i % 3 == 1 ? '\xff' : '\n');
    }
  g_autoptr (KmsSecret) secret = kms_box_decrypt (box, odd->str, (gssize) odd->len, NULL, NULL, &error);
  g_autoptr (KmsSecret) expected = box_secret ("hello");
  g_assert_no_error (error);
  g_assert_true (kms_secret_equal (secret, expected));
  box_assert_refused (box, odd->str, -1, NULL, KMS_ERROR_INVALID_CIPHERTEXT, NULL);
}

static void
test_long_stored (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsBox) box = box_new (self, "1", TEST_KEY);
  g_autofree char *sealed = box_seal ("v1:", "hello", NULL);
  g_autofree char *blank = g_strnfill (4 * MEBIBYTE + 1, '\n');
  g_autofree char *refused = NULL;

  memcpy (blank, sealed, strlen (sealed));
  box_assert_refused (box, blank, 4 * MEBIBYTE + 1, NULL, KMS_ERROR_TOO_LARGE,
                      "4194305 bytes is larger than the limit");
  blank[4 * MEBIBYTE] = '\0';
  box_assert_decrypts (box, blank, NULL, "hello");
  box_assert_refused (box, "", -1, NULL, KMS_ERROR_INVALID_CIPHERTEXT, "decryption failed");
}

/* What is encrypted can be decrypted: else it is refused before. */
static void
test_large_values (BoxFixture *self, gconstpointer data)
{
  static const gsize context_sizes[] = { 10, 200 * 1000, 500 * 1000, 700 * 1000, MEBIBYTE - 1 };
  g_autoptr (KmsBox) box = box_new (self, "1", TEST_KEY);
  g_autofree char *text = g_strnfill (MEBIBYTE, 'x');
  guint n_refused = 0;

  for (guint i = 0; i < G_N_ELEMENTS (context_sizes); i++)
    {
      g_autofree char *value = g_strnfill (context_sizes[i], '\\');
      g_autoptr (KmsContext) context = kms_context_new ("a", value, NULL);
      g_autoptr (KmsSecret) secret = box_secret (text);
      g_autoptr (GError) error = NULL;
      g_autofree char *stored = kms_box_encrypt (box, secret, context, NULL, &error);
      if (stored != NULL)
        box_assert_decrypts (box, stored, context, text);
      else
        box_assert_error (error, KMS_ERROR_TOO_LARGE, "the ciphertext would be larger than the limit");
      n_refused += stored == NULL;
    }
  g_assert_cmpuint (n_refused, ==, 3);

  g_autofree char *larger = g_strnfill (MEBIBYTE + 1, 'x');
  g_autoptr (KmsSecret) secret = box_secret (larger);
  g_autoptr (GError) error = NULL;
  g_autofree char *stored = kms_box_encrypt (box, secret, NULL, NULL, &error);
  g_assert_null (stored);
  box_assert_error (error, KMS_ERROR_TOO_LARGE, "1048577 bytes is larger than the limit of 1048576 bytes");
}

static void
test_data_keys (BoxFixture *self, gconstpointer data)
{
  static const gsize lengths[] = { 1, 2, 16, 24, 32, 33, 64, 4096, MEBIBYTE };
  g_autoptr (KmsBox) box = box_new (self, "1", TEST_KEY);
  g_autoptr (KmsContext) context = kms_context_new ("a", "1", NULL);
  KmsSecret *none = (KmsSecret *) 1;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_autoptr (KmsSecret) key = NULL, other = NULL;
      g_autofree char *wrapped = kms_box_generate_data_key (box, lengths[i], context, &key, NULL, &error);
      g_assert_no_error (error);
      g_autofree char *second = kms_box_generate_data_key (box, lengths[i], context, &other, NULL, &error);
      g_assert_no_error (error);
      g_autoptr (KmsSecret) unwrapped = kms_box_decrypt (box, wrapped, -1, context, NULL, &error);
      g_assert_no_error (error);

      g_assert_cmpuint (kms_secret_get_length (key), ==, lengths[i]);
      g_assert_true (kms_secret_equal (key, unwrapped));
      g_assert_true (lengths[i] < 16 || !kms_secret_equal (key, other));
      box_assert_refused (box, wrapped, -1, NULL, KMS_ERROR_INVALID_CIPHERTEXT, NULL);
    }
  g_assert_null (kms_box_generate_data_key (box, MEBIBYTE + 1, context, &none, NULL, &error));
  g_assert_null (none);
  g_assert_error (error, KMS_ERROR, KMS_ERROR_TOO_LARGE);
}

static KmsProvider *
with_limits (BoxFixture *self, const char *name, gint64 plaintext, gint64 ciphertext)
{
  g_autoptr (GError) error = NULL;
  KmsProvider *provider = kms_registry_dup_provider (self->registry, name, &error);

  g_assert_no_error (error);
  kms_provider_set_limit (provider, KMS_LIMIT_PLAINTEXT, plaintext);
  kms_provider_set_limit (provider, KMS_LIMIT_CIPHERTEXT, ciphertext);
  return provider;
}

static void
assert_reads_again (KmsBox *box, gsize length)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) secret = kms_secret_new_random (length, NULL);
  g_autofree char *stored = kms_box_encrypt (box, secret, NULL, NULL, &error);

  g_assert_no_error (error);
  g_autoptr (KmsSecret) read = kms_box_decrypt (box, stored, -1, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (kms_secret_equal (secret, read));
}

static void
assert_writes_nothing (KmsBox *box, gsize length, const char *words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) secret = kms_secret_new_random (length, NULL);
  g_autofree char *stored = kms_box_encrypt (box, secret, NULL, NULL, &error);

  g_assert_null (stored);
  box_assert_error (error, KMS_ERROR_TOO_LARGE, words);
}

/* Whatever is written can be read: a stored string has 4 MiB at most, and a provider's two limits need not fit. */
static void
test_written_is_readable (BoxFixture *self, gconstpointer data)
{
  const gsize most = (4 * 1024 * 1024 - 3) / 4 * 3; /* behind "v1:" */
  const gint64 plenty = 64 * 1024 * 1024;
  g_autoptr (GError) error = NULL;

  config_root_add_provider (self->root, "good", "kms-good.so", "Prefixes=good/");
  kms_registry_reload (self->registry, &error);
  g_assert_no_error (error);
  g_autoptr (KmsBox) box = box_new (self, "1", "good/k");
  g_autoptr (KmsBox) inline_box = box_new (self, "1", "inline/k");
  g_autoptr (KmsProvider) provider = with_limits (self, "good", plenty, plenty);
  assert_reads_again (box, most);
  assert_writes_nothing (box, most + 1, "stored string of 4194307 bytes");
  assert_writes_nothing (box, (gsize) plenty, "encrypt large data with a data key");

  g_autoptr (KmsProvider) uneven = with_limits (self, "good", plenty, 100);
  assert_reads_again (box, 100);
  assert_writes_nothing (box, 101, "ciphertext of 101 bytes, and provider \"good\" decrypts 100 at most");

  /* Its ciphertexts are much longer than its plaintexts. */
  g_autoptr (KmsProvider) longer = with_limits (self, "inline", plenty, 30);
  assert_writes_nothing (inline_box, 1, "provider \"inline\" decrypts 30 at most");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  BOX_TEST ("state", test_states);
  BOX_TEST ("require-context/exactly", test_required_context);
  BOX_TEST ("require-context/names", test_required_names);
  BOX_TEST ("require-context/twice", test_required_twice);
  BOX_TEST ("dialect/others", test_dialects);
  BOX_TEST ("dialect/cost", test_dialects_cost);
  BOX_TEST ("context/forms", test_forms);
  BOX_TEST ("context/legacy-only-decrypts", test_legacy_form);
  BOX_TEST ("context/invalid-utf8", test_invalid_utf8);
  BOX_TEST ("value/empty", test_empty_plaintext);
  BOX_TEST ("value/binary-stored", test_binary_stored);
  BOX_TEST ("value/long-stored", test_long_stored);
  BOX_TEST ("value/large", test_large_values);
  BOX_TEST ("value/written-is-readable", test_written_is_readable);
  BOX_TEST ("data-key/lengths", test_data_keys);
  return g_test_run ();
}
