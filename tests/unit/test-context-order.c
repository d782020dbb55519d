/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The order of a context's pairs, against Ruby itself with the line that kms_encrypted sorts by. */
#include <libkms/kms.h>

#include <string.h>

#include "../hex.h"
#include "../ruby.h"

#define N_CONTEXTS 20000
#define MAX_PAIRS 7

typedef struct
{
  char name[64];
  gboolean is_symbol;
} TestPair;

typedef struct
{
  TestPair pairs[MAX_PAIRS];
  guint n_pairs;
} TestContext;

/* What Ruby's grammar knows as names of methods, variables and operators, and what it does not. */
static const char *const known_names[] = {
  "a",
  "a?",
  "a!",
  "a=",
  "a?=",
  "a!=",
  "A",
  "A=",
  "A?",
  "_",
  "a b",
  "a-b",
  "a.b",
  "@a",
  "@",
  "@@",
  "@@a",
  "@1",
  "@a=",
  "$a",
  "$",
  "$1",
  "$12",
  "$1a",
  "$-",
  "$-w",
  "$-ww",
  "$-?",
  "$~",
  "$*",
  "$$",
  "$?",
  "$!",
  "$@",
  "$/",
  "$\\",
  "$;",
  "$,",
  "$.",
  "$=",
  "$:",
  "$<",
  "$>",
  "$\"",
  "$&",
  "$`",
  "$'",
  "$+",
  "$0",
  "$_",
  "$_a",
  "$0a",
  "$%",
  "$a=",
  "[]",
  "[]=",
  "[",
  "]",
  "[]==",
  "!",
  "!=",
  "!~",
  "!a",
  "=",
  "==",
  "===",
  "=~",
  "=>",
  "<",
  "<=",
  "<=>",
  "<<",
  "<<=",
  ">",
  ">=",
  ">>",
  ">>>",
  "+",
  "+@",
  "-",
  "-@",
  "*",
  "**",
  "***",
  "/",
  "%",
  "~",
  "~@",
  "!@",
  "^",
  "|",
  "||",
  "&",
  "&&",
  "&.",
  "`",
  "..",
  "...",
  "::",
  ",",
  "",
  "1",
  "1a",
  "é",
  "é?",
  "日本",
  "日=",
  "$é",
  "$-é",
  "@é",
  "\n",
  "\t\r",
  "\x01",
  "\x7f",
  "\x1b\a\b\v\f",
  "\"",
  "\\",
  "#",
  "#{",
  "#{a}",
  "#$",
  "#$a",
  "#@",
  "#@a",
  "##{",
  "a#{",
  "#a",
  "\xc2\x85",
  "\xc2\xa0",
  "\xc2\xad",
  "\xe2\x80\xa8",
  "\xee\x80\x80",
  "\xf0\x9f\x98\x80",
  "\xf3\xa0\x80\x81",
  "\xf4\x8f\xbf\xbe",
  "nil",
  "self",
  "class",
  "a\xc2\xad",
};

static const char characters[] = "aZ_09?!=@$#{}[]<>+-*/%~^|&`'\"\\,.:; \n\t";

static void
make_name (GRand *random, char *name)
{
  if (g_rand_int_range (random, 0, 3) > 0)
    {
      g_strlcpy (name, known_names[g_rand_int_range (random, 0, G_N_ELEMENTS (known_names))], 32);
      if (g_rand_int_range (random, 0, 3) == 0)
        g_strlcat (name, known_names[g_rand_int_range (random, 0, G_N_ELEMENTS (known_names))], 64);
      return;
    }
  int length = g_rand_int_range (random, 0, 6);
  for (int i = 0; i < length; i++)
    name[i] = characters[g_rand_int_range (random, 0, sizeof characters - 1)];
  name[length] = '\0';
}

static gboolean
has_pair (const TestContext *context, const TestPair *pair)
{
  for (guint i = 0; i < context->n_pairs; i++)
    if (g_str_equal (context->pairs[i].name, pair->name) && context->pairs[i].is_symbol == pair->is_symbol)
      return TRUE;
  return FALSE;
}

static void
make_context (GRand *random, TestContext *context)
{
  guint wanted = (guint) g_rand_int_range (random, 1, MAX_PAIRS + 1);

  context->n_pairs = 0;
  while (context->n_pairs < wanted)
    {
      TestPair pair = { .is_symbol = g_rand_boolean (random) };
      make_name (random, pair.name);
      if (!has_pair (context, &pair))
        context->pairs[context->n_pairs++] = pair;
    }
}

/* The value of each pair is its number. */
static KmsContext *
build (const TestContext *from, const KmsNameKind *kinds, GError **error)
{
  g_autoptr (KmsContextBuilder) builder = kms_context_builder_new ();

  for (guint i = 0; i < from->n_pairs; i++)
    kms_context_builder_add_integer (builder, kinds[i], from->pairs[i].name, i);
  return kms_context_builder_end (builder, error);
}

static char *
write_marked (const TestContext *from)
{
  KmsNameKind kinds[MAX_PAIRS];
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < from->n_pairs; i++)
    kinds[i] = from->pairs[i].is_symbol ? KMS_NAME_KIND_SYMBOL : KMS_NAME_KIND_STRING;
  g_autoptr (KmsContext) context = build (from, kinds, &error);
  g_assert_no_error (error);
  char *json = kms_context_to_json (context, KMS_JSON_DIALECT_PLAIN, KMS_CONTEXT_FORM_MAP, NULL, &error);
  g_assert_no_error (error);
  return json;
}

static void
describe (const TestContext *context, GString *out)
{
  for (guint i = 0; i < context->n_pairs; i++)
    {
      g_autofree char *hex = hex_encode (context->pairs[i].name, strlen (context->pairs[i].name));
      g_string_append_printf (out, "%s%s%s", i > 0 ? " " : "", context->pairs[i].is_symbol ? ":" : "'", hex);
    }
  g_string_append_c (out, '\n');
}

/* kms_encrypted 1.8.1, clients/base.rb: context.sort_by { |k| k.to_s }, then all names and values as strings. */
static const char sort_script[] =
  "require 'json'\n"
  "STDIN.each_line do |line|\n"
  "  context = {}\n"
  "  line.chomp.split(' ').each_with_index do |n, i|\n"
  "    name = [n[1..]].pack('H*').force_encoding('UTF-8')\n"
  "    context[n[0] == ':' ? name.to_sym : name] = i\n"
  "  end\n"
  "  puts Hash[context.sort_by { |k| k.to_s }.map { |k, v| [k.to_s, v.to_s] }].to_json.unpack1('H*')\n"
  "end\n";

static void
test_like_ruby (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (12);
  g_autofree TestContext *contexts = g_new0 (TestContext, N_CONTEXTS);
  g_autoptr (GString) input = g_string_new (NULL);

  for (guint i = 0; i < N_CONTEXTS; i++)
    {
      make_context (random, &contexts[i]);
      describe (&contexts[i], input);
    }
  g_auto (GStrv) answers = ruby_answer (sort_script, input->str);
  for (guint i = 0; answers != NULL && i < N_CONTEXTS; i++)
    {
      gsize length;
      g_autofree guint8 *ruby = hex_decode (answers[i], &length);
      g_autofree char *mine = write_marked (&contexts[i]);

      g_assert_cmpstr (mine, ==, (const char *) ruby);
    }
}

static gboolean
is_twice (const TestContext *context, guint index)
{
  for (guint i = 0; i < index; i++)
    if (g_str_equal (context->pairs[i].name, context->pairs[index].name))
      return TRUE;
  return FALSE;
}

/* No name twice, whatever its kind. */
static void
make_distinct (GRand *random, TestContext *context)
{
  make_context (random, context);
  for (guint i = 0; i < context->n_pairs; i++)
    while (is_twice (context, i))
      g_strlcat (context->pairs[i].name, "_", sizeof context->pairs[i].name);
}

static char *
write_all_as (TestContext *context, gboolean is_symbol)
{
  for (guint i = 0; i < context->n_pairs; i++)
    context->pairs[i].is_symbol = is_symbol;
  return write_marked (context);
}

/* Unmarked names are taken exactly where all strings and all symbols give the same. */
static void
test_unmarked (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (13);
  static const KmsNameKind unmarked[MAX_PAIRS] = { KMS_NAME_KIND_UNMARKED };
  guint n_taken = 0, n_refused = 0;

  for (guint i = 0; i < N_CONTEXTS; i++)
    {
      TestContext context;
      g_autoptr (GError) error = NULL;

      make_distinct (random, &context);
      g_autofree char *as_strings = write_all_as (&context, FALSE);
      g_autofree char *as_symbols = write_all_as (&context, TRUE);
      g_autoptr (KmsContext) made = build (&context, unmarked, &error);

      g_assert_cmpint (made != NULL, ==, g_str_equal (as_strings, as_symbols));
      if (made == NULL)
        {
          g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
          g_assert_nonnull (strstr (error->message, "mark each"));
          n_refused++;
          continue;
        }
      g_autofree char *json = kms_context_to_json (made, KMS_JSON_DIALECT_PLAIN, KMS_CONTEXT_FORM_MAP, NULL, &error);
      g_assert_cmpstr (json, ==, as_strings);
      n_taken++;
    }
  g_assert_cmpuint (n_taken, >, N_CONTEXTS / 20);
  g_assert_cmpuint (n_refused, >, N_CONTEXTS / 20);
}

/* A character that Ruby's inspect writes as \u… sorts before "z"; one that it writes as it is sorts behind. */
static void
check_characters (const gunichar *batch, guint n, guint n_printable)
{
  g_autoptr (KmsContextBuilder) builder = kms_context_builder_new ();
  g_autoptr (GError) error = NULL;
  guint n_behind = 0;

  kms_context_builder_add_string (builder, KMS_NAME_KIND_STRING, "z", -1, "", 0);
  for (guint i = 0; i < n; i++)
    {
      char name[8] = "";
      name[g_unichar_to_utf8 (batch[i], name)] = '\0';
      kms_context_builder_add_string (builder, KMS_NAME_KIND_STRING, name, -1, "", 0);
    }
  g_autoptr (KmsContext) context = kms_context_builder_end (builder, &error);
  g_assert_no_error (error);
  while (!g_str_equal (kms_context_get_name (context, n - n_behind, NULL, NULL), "z"))
    n_behind++;
  g_assert_cmpuint (n_behind, ==, n_printable);
}

#define BATCH 256

/* All of Unicode but what the two sides' versions of it disagree on; which of a batch are printable needs no check once
 * their number is right for batches of printable and of other characters apart. */
static void
test_printable (void)
{
  g_auto (GStrv)
    answers = ruby_answer ("(0x80..0x10ffff).each { |c| next if (0xd800..0xdfff) === c; s = [c].pack('U');"
                           " puts \"#{c.to_s(16)} #{s.inspect[1] == '\\\\' ? 0 : 1} #{s =~ /\\p{Cn}/ ? 0 : 1}\" }",
                           "");
  gunichar batch[2][BATCH] = { { 0 } };
  guint n[2] = { 0, 0 };
  guint n_checked = 0;

  for (guint i = 0; answers != NULL && *answers[i] != '\0'; i++)
    {
      char *rest;
      gunichar c = (gunichar) g_ascii_strtoull (answers[i], &rest, 16);
      gboolean printable = rest[1] == '1', assigned = rest[3] == '1';
      if ((g_unichar_type (c) != G_UNICODE_UNASSIGNED) != assigned)
        continue;
      batch[printable][n[printable]++] = c;
      n_checked++;
      if (n[printable] == BATCH)
        {
          check_characters (batch[printable], BATCH, printable ? BATCH : 0);
          n[printable] = 0;
        }
    }
  check_characters (batch[0], n[0], 0);
  check_characters (batch[1], n[1], n[1]);
  g_assert_true (answers == NULL || n_checked > 1000000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/context/order/like-ruby", test_like_ruby);
  g_test_add_func ("/context/order/unmarked", test_unmarked);
  g_test_add_func ("/context/order/printable", test_printable);
  return g_test_run ();
}
