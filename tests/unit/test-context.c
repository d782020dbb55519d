/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Contexts as callers make, ask and write them. Their order is in test-context-order.c, their builder in
 * test-context-builder.c. */
#include <libkms/kms.h>

#include <string.h>

#include "../hex.h"

static char *
to_json (KmsContext *context, KmsContextForm form)
{
  g_autoptr (GError) error = NULL;
  char *json = kms_context_to_json (context, KMS_JSON_DIALECT_RAILS, form, NULL, &error);

  g_assert_no_error (error);
  return json;
}

#define assert_json(context, form, expected)                                                                           \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    g_autofree char *json_ = to_json (context, form);                                                                  \
    g_assert_cmpstr (json_, ==, expected);                                                                             \
  }                                                                                                                    \
  G_STMT_END

static void
test_new (void)
{
  g_autoptr (KmsContext) context = kms_context_new ("model_name", "User", "model_id", "123", NULL);
  gsize length;
  KmsNameKind kind;
  gboolean is_integer;

  g_assert_true (kms_context_check (context, NULL));
  g_assert_cmpint (kms_context_get_form (context), ==, KMS_CONTEXT_FORM_MAP);
  g_assert_cmpuint (kms_context_get_n_pairs (context), ==, 2);
  g_assert_cmpstr (kms_context_get_name (context, 0, &length, &kind), ==, "model_id");
  g_assert_cmpuint (length, ==, 8);
  g_assert_cmpint (kind, ==, KMS_NAME_KIND_UNMARKED);
  g_assert_cmpstr (kms_context_get_value (context, 0, &length, &is_integer), ==, "123");
  g_assert_cmpuint (length, ==, 3);
  g_assert_false (is_integer);
  g_assert_cmpstr (kms_context_lookup (context, "model_name"), ==, "User");
  g_assert_null (kms_context_lookup (context, "model"));
  assert_json (context, KMS_CONTEXT_FORM_MAP, "{\"model_id\":\"123\",\"model_name\":\"User\"}");
  assert_json (context, KMS_CONTEXT_FORM_LEGACY, "{\"model_name\":\"User\",\"model_id\":\"123\"}");
  g_assert_false (kms_context_depends_on_dialect (context));
}

/* More than the constructor has room for on the stack. */
static void
test_new_many (void)
{
  g_autoptr (KmsContext) context = kms_context_new ("a", "1", "b", "2", "c", "3", "d", "4", "e", "5", "f", "6", "g",
                                                    "7", "h", "8", "i", "9", "j", "10", "k", "11", "l", "12", "m", "13",
                                                    "n", "14", "o", "15", "p", "16", "q", "17", "r", "18", NULL);

  g_assert_true (kms_context_check (context, NULL));
  g_assert_cmpuint (kms_context_get_n_pairs (context), ==, 18);
  g_assert_cmpstr (kms_context_lookup (context, "a"), ==, "1");
  g_assert_cmpstr (kms_context_lookup (context, "p"), ==, "16");
  g_assert_cmpstr (kms_context_lookup (context, "q"), ==, "17");
  g_assert_cmpstr (kms_context_lookup (context, "r"), ==, "18");
}

/* What is wrong is kept, and everything refuses it. */
static void
assert_poisoned (KmsContext *context, const char *words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) again = NULL;
  gsize length;

  g_assert_nonnull (context);
  g_assert_false (kms_context_check (context, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
  g_assert_nonnull (strstr (error->message, words));
  g_assert_null (kms_context_to_json (context, KMS_JSON_DIALECT_RAILS, KMS_CONTEXT_FORM_MAP, &length, &again));
  g_assert_error (again, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
  g_assert_false (kms_context_equal (context, context));
}

static void
test_new_wrong (void)
{
  g_autoptr (KmsContext) bad_value = kms_context_new ("a", "\xff", NULL);
  g_autoptr (KmsContext) bad_name = kms_context_new ("ok", "1", "\xc3", "1", NULL);
  g_autoptr (KmsContext) surrogate = kms_context_new ("a", "\xed\xa0\x80", NULL);
  g_autoptr (KmsContext) twice = kms_context_new ("name", "1", "other", "2", "name", "1", NULL);
  g_autoptr (KmsContext) no_value = kms_context_new ("a", NULL, NULL);
  g_autoptr (KmsContext) unclear = kms_context_new ("app", "y", "app-name", "x", NULL);
  g_autofree char *huge = g_strnfill (2 * 1024 * 1024, 'x');
  g_autoptr (KmsContext) too_large = kms_context_new ("a", huge, NULL);

  assert_poisoned (bad_value, "UTF-8");
  assert_poisoned (bad_name, "UTF-8");
  assert_poisoned (surrogate, "UTF-8");
  assert_poisoned (twice, "\"name\" twice");
  assert_poisoned (no_value, "no value");
  assert_poisoned (unclear, "mark each");
  assert_poisoned (too_large, "limit");
}

/* Who says that there is none means what NULL means. */
static void
assert_is_none (KmsContext *none)
{
  g_autoptr (KmsContext) empty = kms_context_new_empty ();
  g_autoptr (GError) error = NULL;
  guint8 bytes[8] = { 0xff };
  gsize length = 1;

  g_assert_cmpint (kms_context_get_form (none), ==, KMS_CONTEXT_FORM_NONE);
  g_assert_true (kms_context_check (none, NULL));
  g_assert_true (kms_context_equal (none, NULL));
  g_assert_true (kms_context_equal (NULL, none));
  g_assert_false (kms_context_equal (none, empty));
  g_assert_cmpuint (kms_context_json_max (none), ==, 0);
  g_assert_cmpuint (kms_context_write_json (none, KMS_JSON_DIALECT_RAILS, KMS_CONTEXT_FORM_LEGACY, NULL), ==, 0);
  g_assert_null (kms_context_to_json (none, KMS_JSON_DIALECT_RAILS, KMS_CONTEXT_FORM_NONE, &length, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (length, ==, 0);
  g_assert_cmpuint (kms_context_binary_max (none), ==, 1);
  g_assert_cmpuint (kms_context_write_binary (none, bytes), ==, 1);
  g_assert_cmpuint (bytes[0], ==, 0);
}

static void
test_none_and_empty (void)
{
  g_autoptr (KmsContext) empty = kms_context_new_empty ();
  g_autoptr (KmsContext) none = kms_context_new_none ();
  guint8 none_bytes[8], empty_bytes[8];
  g_autoptr (GError) error = NULL;
  gsize length = 1;

  g_assert_cmpint (kms_context_get_form (NULL), ==, KMS_CONTEXT_FORM_NONE);
  g_assert_true (kms_context_check (NULL, NULL));
  g_assert_cmpuint (kms_context_get_n_pairs (NULL), ==, 0);
  g_assert_null (kms_context_lookup (NULL, "a"));
  g_assert_cmpuint (kms_context_json_max (NULL), ==, 0);
  g_assert_null (kms_context_to_json (NULL, KMS_JSON_DIALECT_RAILS, KMS_CONTEXT_FORM_NONE, &length, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (length, ==, 0);
  g_assert_false (kms_context_depends_on_dialect (NULL));

  assert_json (empty, KMS_CONTEXT_FORM_MAP, "{}");
  assert_json (empty, KMS_CONTEXT_FORM_LEGACY, "{}");
  g_assert_false (kms_context_equal (NULL, empty));
  g_assert_true (kms_context_equal (NULL, NULL));
  g_assert_cmpuint (kms_context_write_binary (NULL, none_bytes), ==, 1);
  g_assert_cmpuint (kms_context_write_binary (empty, empty_bytes), ==, 5);
  assert_is_none (none);
  g_assert_cmpint (none_bytes[0], !=, empty_bytes[0]);
}

static void
test_variant (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) map = g_variant_ref_sink (g_variant_new_parsed (
    "{'s': <'text'>, 'y': <byte 255>, 'n': <int16 -3>, 'q': <uint16 4>, 'i': <-5>, 'u': <uint32 6>, "
    "'x': <int64 -9223372036854775808>, 't': <uint64 18446744073709551615>}"));
  g_autoptr (KmsContext) context = kms_context_new_from_variant (map, &error);
  g_assert_no_error (error);
  assert_json (context, KMS_CONTEXT_FORM_MAP,
               "{\"i\":\"-5\",\"n\":\"-3\",\"q\":\"4\",\"s\":\"text\",\"t\":\"18446744073709551615\",\"u\":\"6\","
               "\"x\":\"-9223372036854775808\",\"y\":\"255\"}");

  g_autoptr (GVariant) back = kms_context_to_variant (context);
  g_assert_true (g_variant_is_of_type (back, G_VARIANT_TYPE ("a{ss}")));
  g_autoptr (KmsContext) again = kms_context_new_from_variant (back, &error);
  g_assert_no_error (error);
  g_assert_true (kms_context_equal (context, again));
}

/* D-Bus has no string with NUL, and what stands in front of it is another context. */
static void
test_variant_nul (void)
{
  static const char *const texts[] = { "{\"a\\u0000b\":\"c\"}", "{\"a\":\"b\\u0000c\"}" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (KmsContext) context = kms_context_new_from_json (texts[i], -1, &error);

      g_assert_no_error (error);
      g_assert_null (kms_context_to_variant (context));
    }
}

static void
test_variant_wrong (void)
{
  static const char *const wrong[] = { "{'a': <true>}", "{'a': <1.0>}", "{'a': <['b']>}", "{'a': <@mi 1>}", "['a']",
                                       "{'a': 1}",      "'a'",          "{'a': <<'b'>>}" };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) map = g_variant_parse (NULL, wrong[i], NULL, NULL, &error);
      g_assert_no_error (error);
      g_assert_null (kms_context_new_from_variant (map, &error));
      g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
    }
}

static void
test_json (void)
{
  static const char *const pairs[][2] = {
    { "{}", "{}" },
    { " { \"b\" : 1 ,\n\t\"a\" : \"x\" } ", "{\"a\":\"x\",\"b\":\"1\"}" },
    { "{\"a\":-0}", "{\"a\":\"0\"}" },
    { "{\"a\":-123456789012345678901234567890}", "{\"a\":\"-123456789012345678901234567890\"}" },
    { "{\"a\":\"\\u00e9\\ud83d\\ude00\\/\\\"\\\\\\b\\f\\n\\r\\t\"}",
      "{\"a\":\"\xc3\xa9\xf0\x9f\x98\x80/\\\"\\\\\\b\\f\\n\\r\\t\"}" },
    { "{\"\":\"empty\"}", "{\"\":\"empty\"}" },
    { "{\"a\\u0000b\":1}", "{\"a\\u0000b\":\"1\"}" },
    { "{\"a\":\"\\u0000\\u001f\\u007f\"}", "{\"a\":\"\\u0000\\u001f\x7f\"}" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (KmsContext) context = kms_context_new_from_json (pairs[i][0], -1, &error);

      g_assert_no_error (error);
      assert_json (context, KMS_CONTEXT_FORM_MAP, pairs[i][1]);
    }
}

static void
test_json_raw (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsContext) context = kms_context_new_from_json ("\"<tenant> 7\"", -1, &error);

  g_assert_no_error (error);
  g_assert_cmpint (kms_context_get_form (context), ==, KMS_CONTEXT_FORM_RAW);
  assert_json (context, KMS_CONTEXT_FORM_RAW, "<tenant> 7");
}

static void
test_json_wrong (void)
{
  static const char *const wrong[] = {
    "",
    " ",
    "{",
    "}",
    "[]",
    "[\"a\"]",
    "1",
    "null",
    "true",
    "{\"a\":1.0}",
    "{\"a\":1e3}",
    "{\"a\":true}",
    "{\"a\":null}",
    "{\"a\":{}}",
    "{\"a\":[]}",
    "{\"a\":01}",
    "{\"a\":+1}",
    "{\"a\":--1}",
    "{\"a\":-}",
    "{\"a\":1,}",
    "{\"a\" 1}",
    "{\"a\":}",
    "{a:1}",
    "{'a':1}",
    "{\"a\":1}x",
    "{\"a\":1}{}",
    "{\"a\":\"\n\"}",
    "{\"a\":\"\\x\"}",
    "{\"a\":\"\\u12\"}",
    "{\"a\":\"\\ud800\"}",
    "{\"a\":\"\\ud800\\u0041\"}",
    "{\"a\":\"\\udc00\"}",
    "{\"a\":\"b}",
    "{\"a\":\"\\",
    "{\"a\":\"\\u",
    "{\"a\":\"\xff\"}",
    "{\"a\":1,\"a\":1}",
    "{\"a\":NaN}",
    "\xef\xbb\xbf{}",
    "{\"app\":1,\"app-name\":2}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      /* Not a byte behind the text may be read. */
      gsize length = strlen (wrong[i]);
      g_autofree char *exact = g_memdup2 (wrong[i], length);
      g_autoptr (GError) error = NULL;
      g_autoptr (KmsContext) context = kms_context_new_from_json (exact == NULL ? "" : exact, (gssize) length, &error);

      if (context != NULL)
        g_test_message ("%s", wrong[i]);
      g_assert_null (context);
      g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
    }
}

static void
test_raw (void)
{
  static const guint8 bytes[] = { 0xff, 0x00, '<', '"' };
  g_autoptr (KmsContext) context = kms_context_new_raw (bytes, sizeof bytes);
  g_autoptr (KmsContext) other = kms_context_new_raw (bytes, 3);
  g_autoptr (KmsContext) empty = kms_context_new_raw (NULL, 0);
  gsize length;

  g_assert_true (kms_context_check (context, NULL));
  g_assert_cmpint (kms_context_get_form (context), ==, KMS_CONTEXT_FORM_RAW);
  g_autofree char *json = kms_context_to_json (context, KMS_JSON_DIALECT_RAILS, KMS_CONTEXT_FORM_RAW, &length, NULL);
  g_assert_cmpmem (json, length, bytes, sizeof bytes);
  g_assert_false (kms_context_equal (context, other));
  g_assert_false (kms_context_depends_on_dialect (context));
  assert_json (empty, KMS_CONTEXT_FORM_RAW, "");
}

/* The gem calls to_json on whatever the context is where the data has no version; Ruby: '"a<b>\n"'.to_json. */
static void
test_raw_legacy (void)
{
  g_autoptr (KmsContext) context = kms_context_new_raw ((const guint8 *) "\"a<b>\n\"", 7);

  assert_json (context, KMS_CONTEXT_FORM_LEGACY, "\"\\\"a\\u003cb\\u003e\\n\\\"\"");
}

/* Numbers as they stand, order and nesting kept, blanks gone. */
static void
test_legacy (void)
{
  static const char *const pairs[][2] = {
    { " { \"b\" : 1.50 , \"a\" : [ 1e+20 , null , true , false , { } , [ ] ] } ",
      "{\"b\":1.50,\"a\":[1e+20,null,true,false,{},[]]}" },
    { "123", "123" },
    { "\"<\"", "\"\\u003c\"" },
    { "{\"a\":1,\"a\":2}", "{\"a\":1,\"a\":2}" },
    { "\"\\u00e9\\/\\u2028\"", "\"\xc3\xa9/\\u2028\"" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (KmsContext) context = kms_context_new_legacy (pairs[i][0], -1, &error);

      g_assert_no_error (error);
      g_assert_cmpint (kms_context_get_form (context), ==, KMS_CONTEXT_FORM_LEGACY);
      assert_json (context, KMS_CONTEXT_FORM_LEGACY, pairs[i][1]);
    }
}

static void
test_legacy_wrong (void)
{
  g_autofree char *deep = g_strnfill (100000, '[');
  const char *const wrong[] = { "", "[1,]", "{\"a\"}", "nul", "[1 2]", "1.", ".5", "1e", "tru", deep, "{\"a\":1,}" };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (kms_context_new_legacy (wrong[i], -1, &error));
      g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
    }
}

static void
test_dialects (void)
{
  g_autoptr (KmsContext) context = kms_context_new ("k", "<\xe2\x80\xa8>&\xe2\x80\xa9\xe2\x80\xaa", NULL);
  static const char *const expected[] = {
    [KMS_JSON_DIALECT_RAILS] = "{\"k\":\"\\u003c\\u2028\\u003e\\u0026\\u2029\xe2\x80\xaa\"}",
    [KMS_JSON_DIALECT_PLAIN] = "{\"k\":\"<\xe2\x80\xa8>&\xe2\x80\xa9\xe2\x80\xaa\"}",
    [KMS_JSON_DIALECT_RAILS81] = "{\"k\":\"\\u003c\xe2\x80\xa8\\u003e\\u0026\xe2\x80\xa9\xe2\x80\xaa\"}",
  };

  g_assert_true (kms_context_depends_on_dialect (context));
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_autofree char *json = kms_context_to_json (context, (KmsJsonDialect) i, KMS_CONTEXT_FORM_MAP, NULL, NULL);
      g_assert_cmpstr (json, ==, expected[i]);
    }
}

static KmsContext *
from_assignments (const char *const *texts)
{
  g_autoptr (KmsContextBuilder) builder = kms_context_builder_new ();
  g_autoptr (GError) error = NULL;

  for (guint i = 0; texts[i] != NULL; i++)
    g_assert_true (kms_context_builder_add_assignment (builder, texts[i], &error));
  KmsContext *context = kms_context_builder_end (builder, &error);
  g_assert_no_error (error);
  return context;
}

static char *
to_binary (KmsContext *context)
{
  g_autofree guint8 *bytes = g_malloc (kms_context_binary_max (context));
  gsize length = kms_context_write_binary (context, bytes);

  g_assert_cmpuint (length, <=, kms_context_binary_max (context));
  return hex_encode (bytes, length);
}

/* Ciphertexts are bound to these bytes: they may never change. */
static void
test_binary (void)
{
  const char *symbols[] = { ":b!=2", ":b=1", ":app-name:=3", NULL };
  const char *strings[] = { "\"app-name\"=3", "\"b\":=1", "\"b!\"=2", NULL };
  const char *both[] = { ":a=symbol", "\"a\"=string", NULL };
  g_autoptr (KmsContext) as_symbols = from_assignments (symbols);
  g_autoptr (KmsContext) as_strings = from_assignments (strings);
  g_autoptr (KmsContext) collapsed = from_assignments (both);
  g_autoptr (KmsContext) raw = kms_context_new_raw ((const guint8 *) "x", 1);
  g_autoptr (KmsContext) legacy = kms_context_new_legacy ("[ 1 ]", -1, NULL);
  g_autofree char *symbols_hex = to_binary (as_symbols);
  g_autofree char *strings_hex = to_binary (as_strings);
  g_autofree char *collapsed_hex = to_binary (collapsed);
  g_autofree char *raw_hex = to_binary (raw);
  g_autofree char *legacy_hex = to_binary (legacy);
  g_autofree char *none_hex = to_binary (NULL);

  g_assert_cmpstr (symbols_hex, ==,
                   "0100000003"
                   "000000086170702d6e616d650000000133"
                   "00000001620000000131"
                   "0000000262210000000132");
  g_assert_cmpstr (strings_hex, ==, symbols_hex);
  g_assert_cmpstr (collapsed_hex, ==,
                   "01000000010000000161"
                   "0000000673796d626f6c");
  g_assert_cmpstr (raw_hex, ==, "020000000178");
  g_assert_cmpstr (legacy_hex, ==, "03000000035b315d");
  g_assert_cmpstr (none_hex, ==, "00");
}

static void
test_equal (void)
{
  const char *integers[] = { "a:=1", "b=2", NULL };
  const char *reversed[] = { "b=2", "a=1", NULL };
  const char *other[] = { "a=1", "b=3", NULL };
  const char *more[] = { "a=1", "b=2", "c=3", NULL };
  g_autoptr (KmsContext) a = from_assignments (integers);
  g_autoptr (KmsContext) b = from_assignments (reversed);
  g_autoptr (KmsContext) c = from_assignments (other);
  g_autoptr (KmsContext) d = from_assignments (more);

  g_assert_true (kms_context_equal (a, b));
  g_assert_false (kms_context_equal (a, c));
  g_assert_false (kms_context_equal (a, d));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/context/new", test_new);
  g_test_add_func ("/context/new-many", test_new_many);
  g_test_add_func ("/context/new-wrong", test_new_wrong);
  g_test_add_func ("/context/none-and-empty", test_none_and_empty);
  g_test_add_func ("/context/variant", test_variant);
  g_test_add_func ("/context/variant-nul", test_variant_nul);
  g_test_add_func ("/context/variant-wrong", test_variant_wrong);
  g_test_add_func ("/context/json", test_json);
  g_test_add_func ("/context/json-raw", test_json_raw);
  g_test_add_func ("/context/json-wrong", test_json_wrong);
  g_test_add_func ("/context/raw", test_raw);
  g_test_add_func ("/context/raw-legacy", test_raw_legacy);
  g_test_add_func ("/context/legacy", test_legacy);
  g_test_add_func ("/context/legacy-wrong", test_legacy_wrong);
  g_test_add_func ("/context/dialects", test_dialects);
  g_test_add_func ("/context/binary", test_binary);
  g_test_add_func ("/context/equal", test_equal);
  return g_test_run ();
}
