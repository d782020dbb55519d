/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stored strings, the test key's bytes and contexts as JSON, at random, against what Ruby itself makes of them. */
#include "box-fixture.h"

#include <string.h>

#include "../hex.h"
#include "../ruby.h"

#define N_TEXTS 20000
#define N_CONTEXTS 3000
#define MAX_TOKENS 8

static void
append_tokens (GString *text, GRand *random, const char *const *tokens, guint n_tokens)
{
  for (gint n = g_rand_int_range (random, 0, MAX_TOKENS); n > 0; n--)
    g_string_append (text, tokens[g_rand_int_range (random, 0, (gint32) n_tokens)]);
}

/* What stored strings begin with, and what looks so. Neither has a line of its own in the answer. */
static char *
make_stored (GRand *random)
{
  static const char *const starts[] = {
    "v1:",  "v2:", "v0:",  "v01:",     "v12345678901234567890123:", "V1:",    "v:", "v-1:",
    " v1:", "v1",  "$gc$", "$gc$cC9s", "$gc$cC9sL3Ivay8z\n$",       "vault:", "",   "v\xd9\xa1:"
  };
  static const char *const tokens[] = { "QUJD", "cC9s", "L3Iv", "ay8z", "QQ==", "=",  "$",    "$", "\n",
                                        ":",    "v1:",  "-_",   "\xff", " ",    "/w", "////", "x", "vault:" };
  GString *text = g_string_new (starts[g_rand_int_range (random, 0, G_N_ELEMENTS (starts))]);

  append_tokens (text, random, tokens, G_N_ELEMENTS (tokens));
  return g_string_free (text, FALSE);
}

/* Version or key id, and the provider's bytes. A version with leading zeros is never decrypted: no bytes. */
static const char grammar_script[] =
  "STDIN.each_line do |line|\n"
  "  text = [line.chomp].pack('H*')\n"
  "  if (m = /\\Av(\\d+):/n.match(text))\n"
  "    version = m[1].to_i\n"
  "    cut = text.sub(\"v#{version}:\", '')\n"
  "    puts \"#{version} #{m[0] == \"v#{version}:\" ? cut.unpack1('m').unpack1('H*') : '!'}\"\n"
  "  elsif text.start_with?('$gc$')\n"
  "    _, _, id, rest = text.split('$', 4)\n"
  "    id = (id || '').unpack1('m')\n"
  "    parts = id.split('/')[0..3]\n"
  "    valid = rest && parts.size == 4 && parts.none?(&:empty?) && id.dup.force_encoding('UTF-8').valid_encoding?\n"
  "    key = valid ? parts.join('/').unpack1('H*') : '-'\n"
  "    puts \"$#{key} #{(rest || '').unpack1('m').unpack1('H*')}\"\n"
  "  else\n"
  "    text = [text].pack('m') if text.start_with?('vault:')\n"
  "    puts \"1 #{text.unpack1('m').unpack1('H*')}\"\n"
  "  end\n"
  "end\n";

static char *
hex_of_short_key_id (const char *key_id)
{
  if (key_id == NULL)
    return g_strdup ("$-");
  /* projects/P/locations/L/keyRings/R/cryptoKeys/K */
  g_auto (GStrv) parts = g_strsplit (key_id, "/", 8);
  g_assert_cmpuint (g_strv_length (parts), ==, 8);
  g_autofree char *joined = g_strjoin ("/", parts[1], parts[3], parts[5], parts[7], NULL);
  g_autofree char *hex = hex_encode (joined, strlen (joined));
  return g_strconcat ("$", hex, NULL);
}

static void
check_stored (const char *stored, const char *answer)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) expected = g_strsplit (answer, " ", 2);
  g_autoptr (KmsInspection) inspection = kms_inspect (stored, -1, &error);
  g_assert_no_error (error);
  GBytes *bytes = kms_inspection_get_ciphertext (inspection);
  g_autofree char *hex = hex_encode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_autofree char *key = hex_of_short_key_id (kms_inspection_get_key_id (inspection));
  gboolean google = kms_inspection_get_format (inspection) == KMS_STORED_FORMAT_LEGACY_GOOGLE;

  g_assert_cmpstr (google ? key : kms_inspection_get_version (inspection), ==, expected[0]);
  if (!g_str_equal (expected[1], "!"))
    g_assert_cmpstr (hex, ==, expected[1]);
}

static void
test_grammar (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (20261124);
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GString) input = g_string_new (NULL);

  for (guint i = 0; i < N_TEXTS; i++)
    {
      char *text = make_stored (random);
      g_autofree char *hex = hex_encode (text, strlen (text));
      g_ptr_array_add (texts, text);
      g_string_append_printf (input, "%s\n", hex);
    }
  g_auto (GStrv) answers = ruby_answer (grammar_script, input->str);
  for (guint i = 0; answers != NULL && i < N_TEXTS; i++)
    check_stored (g_ptr_array_index (texts, i), answers[i]);
}

/* The bytes of the test key: right ones, and such with too many or too few colons. */
static char *
make_bytes (GRand *random, const char *context)
{
  static const char *const tokens[] = { "aGVs", "bG8=", ":", ":", ":", "\n", "=", "eA==\n", "eHl6\n", "-" };
  GString *bytes = g_string_new (
    g_rand_int_range (random, 0, 20) == 0 ? "\x8a\x7b:" : "\x8a\x7b\x1e\x72\xea\xde\xf9\xd6\xad\x6b\xe0:");

  append_tokens (bytes, random, tokens, G_N_ELEMENTS (tokens));
  if (context != NULL && g_rand_boolean (random))
    {
      g_autofree char *encoded = g_base64_encode ((const guchar *) context, strlen (context));
      g_string_append_printf (bytes, ":%s\n", context[0] == '\0' ? "" : encoded);
    }
  return g_string_free (bytes, FALSE);
}

/* "nil" where Ruby has no second part: the gem raises NoMethodError, and libkms takes it for an empty plaintext. */
static const char test_key_script[] =
  "STDIN.each_line do |line|\n"
  "  bytes, given = line.chomp.split(' ').map { |h| h == '-' ? nil : [h[1..]].pack('H*') }\n"
  "  prefix, plaintext, stored = bytes.split(':')\n"
  "  given = [given].pack('m') if given\n"
  "  right = prefix == 'insecure+data+A'.unpack1('m') && given == stored\n"
  "  puts right ? (plaintext ? plaintext.unpack1('m').unpack1('H*') : 'nil') : '!'\n"
  "end\n";

static const char *const raw_contexts[] = { NULL, "", "x", "xyz", "y" };

static void
check_bytes (KmsBox *box, const char *line, const char *context_text, const char *answer)
{
  gsize length;
  g_auto (GStrv) words = g_strsplit (line, " ", 2);
  g_autofree guint8 *bytes = hex_decode (words[0] + 1, &length);
  g_autofree char *stored = box_store ("v1:", (const char *) bytes);
  g_autoptr (KmsContext)
    context = context_text == NULL ? NULL : kms_context_new_raw ((const guint8 *) context_text, strlen (context_text));
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) secret = kms_box_decrypt (box, stored, -1, context, NULL, &error);

  if (g_str_equal (answer, "!"))
    {
      g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT);
      return;
    }
  g_assert_no_error (error);
  const guint8 *data = kms_secret_get_data (secret, &length);
  g_autofree char *hex = hex_encode (data, length);
  g_assert_cmpstr (hex, ==, g_str_equal (answer, "nil") ? "" : answer);
}

static void
test_test_key (BoxFixture *self, gconstpointer data)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (11);
  g_autoptr (KmsBox) box = box_new (self, "1", "insecure-test-key");
  g_autoptr (GString) input = g_string_new (NULL);
  guint n_right = 0;

  for (guint i = 0; i < N_TEXTS; i++)
    {
      const char *context = raw_contexts[i % G_N_ELEMENTS (raw_contexts)];
      g_autofree char *bytes = make_bytes (random, context);
      g_autofree char *hex = hex_encode (bytes, strlen (bytes));
      g_autofree char *context_hex = context == NULL ? NULL : hex_encode (context, strlen (context));
      g_string_append_printf (input, "=%s %s%s\n", hex, context == NULL ? "-" : "=",
                              context == NULL ? "" : context_hex);
    }
  g_auto (GStrv) answers = ruby_answer (test_key_script, input->str);
  if (answers == NULL)
    return;
  g_auto (GStrv) lines = g_strsplit_set (input->str, "\n", -1);
  for (guint i = 0; i < N_TEXTS; i++)
    {
      check_bytes (box, lines[i], raw_contexts[i % G_N_ELEMENTS (raw_contexts)], answers[i]);
      n_right += !g_str_equal (answers[i], "!");
    }
  /* Or nothing was read at all. */
  g_assert_cmpuint (n_right, >, N_TEXTS / 20);
}

static char *
make_text (GRand *random)
{
  static const char *const tokens[] = { "a",
                                        "z",
                                        "<",
                                        ">",
                                        "&",
                                        "'",
                                        "\"",
                                        "\\",
                                        "/",
                                        "\b",
                                        "\t",
                                        "\n",
                                        "\f",
                                        "\r",
                                        "\v",
                                        "\x01",
                                        "\x1f",
                                        "\x7f",
                                        " ",
                                        "\xc3\xa9",
                                        "\xc2\x80",
                                        "\xe2\x80\xa7",
                                        "\xe2\x80\xa8",
                                        "\xe2\x80\xa9",
                                        "\xe2\x80\xaa",
                                        "\xf0\x9f\x98\x80",
                                        "\\u003c",
                                        "e2",
                                        "\xef\xbf\xbf" };
  GString *text = g_string_new (NULL);

  append_tokens (text, random, tokens, G_N_ELEMENTS (tokens));
  return g_string_free (text, FALSE);
}

/* One name and one value: the canonical and the legacy JSON, inside Rails and outside. */
static const char json_script[] =
  "require 'rubygems'\n"
  "begin\n"
  "  require 'active_support'\n"
  "  require 'active_support/json'\n"
  "rescue LoadError\n"
  "  exit\n"
  "end\n"
  "STDIN.each_line do |line|\n"
  "  name, value, number = line.chomp.split(' ').map { |h| [h[1..]].pack('H*').force_encoding('UTF-8') }\n"
  "  map = { name => value }\n"
  "  legacy = { name + 'z' => value, name => number.to_i }\n"
  "  puts [map.to_json, JSON.generate(map), legacy.to_json, value.to_json].map { |j| j.unpack1('H*') }.join(' ')\n"
  "end\n";

static void
assert_json (KmsContext *context, KmsJsonDialect dialect, KmsContextForm form, const char *expected)
{
  g_autoptr (GError) error = NULL;
  gsize length;
  g_autofree char *json = kms_context_to_json (context, dialect, form, &length, &error);
  g_assert_no_error (error);
  g_autofree char *hex = hex_encode (json, length);

  g_assert_cmpstr (hex, ==, expected);
}

typedef struct
{
  char *name;
  char *value;
  char *number;
} Pair;

static void
pair_clear (gpointer data)
{
  Pair *self = data;

  g_free (self->name);
  g_free (self->value);
  g_free (self->number);
}

static void
check_pair (const Pair *pair, const char *answer)
{
  g_auto (GStrv) expected = g_strsplit (answer, " ", 4);
  g_autoptr (KmsContext) map = kms_context_new (pair->name, pair->value, NULL);
  g_autoptr (KmsContext) raw = kms_context_new_raw ((const guint8 *) pair->value, strlen (pair->value));
  g_autoptr (KmsContextBuilder) builder = kms_context_builder_new ();
  g_autofree char *longer = g_strconcat (pair->name, "z", NULL);
  g_autoptr (GError) error = NULL;

  assert_json (map, KMS_JSON_DIALECT_RAILS, KMS_CONTEXT_FORM_MAP, expected[0]);
  assert_json (map, KMS_JSON_DIALECT_PLAIN, KMS_CONTEXT_FORM_MAP, expected[1]);
  kms_context_builder_add_string (builder, KMS_NAME_KIND_STRING, longer, -1, pair->value, -1);
  kms_context_builder_add_decimal (builder, KMS_NAME_KIND_STRING, pair->name, pair->number);
  g_autoptr (KmsContext) legacy = kms_context_builder_end (builder, &error);
  g_assert_no_error (error);
  assert_json (legacy, KMS_JSON_DIALECT_RAILS, KMS_CONTEXT_FORM_LEGACY, expected[2]);
  assert_json (raw, KMS_JSON_DIALECT_RAILS, KMS_CONTEXT_FORM_LEGACY, expected[3]);
}

static void
make_pairs (GRand *random, GArray *pairs, GString *input)
{
  for (guint i = 0; i < N_CONTEXTS; i++)
    {
      guint32 high = g_rand_int (random), low = g_rand_int (random);
      Pair pair = { make_text (random), make_text (random), NULL };
      pair.number = g_strdup_printf ("%s%u%010u%u", i % 2 == 0 ? "-" : "", high, low, high);
      g_autofree char *name = hex_encode (pair.name, strlen (pair.name));
      g_autofree char *value = hex_encode (pair.value, strlen (pair.value));
      g_autofree char *number = hex_encode (pair.number, strlen (pair.number));
      g_array_append_val (pairs, pair);
      g_string_append_printf (input, "=%s =%s =%s\n", name, value, number);
    }
}

static void
test_json (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (15);
  g_autoptr (GArray) pairs = g_array_new (FALSE, FALSE, sizeof (Pair));
  g_autoptr (GString) input = g_string_new (NULL);

  g_array_set_clear_func (pairs, pair_clear);
  make_pairs (random, pairs, input);
  g_auto (GStrv) answers = ruby_answer (json_script, input->str);
  if (answers == NULL)
    return;
  if (answers[0] == NULL || answers[0][0] == '\0')
    {
      g_test_skip ("Ruby's ActiveSupport is not installed");
      return;
    }
  for (guint i = 0; i < N_CONTEXTS; i++)
    check_pair (&g_array_index (pairs, Pair, i), answers[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/box/like-ruby/grammar", test_grammar);
  BOX_TEST ("like-ruby/test-key", test_test_key);
  g_test_add_func ("/box/like-ruby/json", test_json);
  return g_test_run ();
}
