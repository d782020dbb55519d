/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The JSON reader, against json-glib: they agree on what is JSON, and on what it says. */
#include "json-copy.h"

#include <json-glib/json-glib.h>
#include <string.h>

static void
test_valid (void)
{
  static const char *const texts[][2] = {
    { "{}", "{}" },
    { " [ ] ", "[]" },
    { "\t{ \"a\" : [ 1 , -2 , 0 ] , \"b\" : { \"c\" : null } }\r\n", "{\"a\":[1,-2,0],\"b\":{\"c\":null}}" },
    { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\"" },
    { "\"\\u0041\\u00e9\\u20AC\"", "\"A\xc3\xa9\xe2\x82\xac\"" },
    { "\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\"" },
    { "\"\\u0001\"", "\"\\u0001\"" },
    { "9223372036854775807", "9223372036854775807" },
    { "-9223372036854775808", "-9223372036854775808" },
    { "true", "true" },
    { "[false,\"\xc3\xa9\\n\"]", "[false,\"\xc3\xa9\\n\"]" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autofree char *copy = json_copy_text (texts[i][0], strlen (texts[i][0]));
      g_assert_cmpstr (copy, ==, texts[i][1]);
    }
}

static void
test_invalid (void)
{
  static const char *const texts[] = {
    "",
    "{",
    "[",
    "[1",
    "[1,",
    "[1,]",
    "[,1]",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{a:1}",
    "{1:1}",
    "\"",
    "\"\\",
    "\"\\x\"",
    "\"\\u12\"",
    "\"\\ud800\"",
    "\"\\udc00\"",
    "\"\\ud800\\u0041\"",
    "\"\\u0000\"",
    "\"\n\"",
    "\"\xff\"",
    "\"a\\n\xff\"",
    "01",
    "-",
    "1.",
    "1e",
    "1e+",
    ".5",
    "+1",
    "tru",
    "nul",
    "truex",
    "[1 2]",
    "1 2",
    "{} x",
    "[}",
    "{]",
    "'a'",
    "NaN",
    "[\"\\\"\xc3\"]",
    "\x01",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autofree char *printable = g_strescape (texts[i], NULL);
      g_test_message ("%s", printable);
      g_assert_false (json_skips (texts[i], strlen (texts[i])));
      g_assert_null (json_copy_text (texts[i], strlen (texts[i])));
    }
  g_assert_false (json_skips ("1\0", 2));
  g_assert_false (json_skips ("\"a\0b\"", 5));
}

static void
test_numbers (void)
{
  static const char *const skipped[] = { "1.5", "-0.25e-3", "1E9", "9223372036854775808", "0.0" };

  for (guint i = 0; i < G_N_ELEMENTS (skipped); i++)
    {
      g_assert_true (json_skips (skipped[i], strlen (skipped[i])));
      g_assert_null (json_copy_text (skipped[i], strlen (skipped[i])));
    }
}

static void
test_depth (void)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < 64; i++)
    g_string_append_c (text, '[');
  for (guint i = 0; i < 64; i++)
    g_string_append_c (text, ']');
  g_assert_true (json_skips (text->str, text->len));
  g_string_prepend_c (text, '[');
  g_string_append_c (text, ']');
  g_assert_false (json_skips (text->str, text->len));
  g_string_truncate (text, 0);
  for (guint i = 0; i < 100000; i++)
    g_string_append_c (text, '[');
  g_assert_false (json_skips (text->str, text->len));
}

/* What is not asked for is passed over, and reading goes on in the right place. */
static void
test_selective (void)
{
  char text[] = "{\"x\":{\"data\":[1,{\"data\":\"no\"}]},\"data\":{\"a\":\"\\u0079es\"},\"y\":[[]]}";
  KmsHttpJson json;
  const char *name, *value = NULL;

  kms_http_json_init (&json, (guint8 *) text, strlen (text));
  g_assert_true (kms_http_json_enter_object (&json));
  while (kms_http_json_next_member (&json, &name))
    if (strcmp (name, "data") == 0)
      {
        g_assert_true (kms_http_json_enter_object (&json));
        while (kms_http_json_next_member (&json, &name))
          g_assert_true (kms_http_json_read_string (&json, &value, NULL));
      }
  g_assert_true (kms_http_json_finish (&json));
  g_assert_cmpstr (value, ==, "yes");
}

static void
append_random_value (GRand *random, GString *text, guint depth)
{
  static const char *const scalars[] = { "null", "true", "false", "0", "-17", "123456789012", "\"\"", "\"plain\"" };
  guint n = (guint) g_rand_int_range (random, 0, 4);

  switch (g_rand_int_range (random, 0, depth > 0 ? 4 : 2))
    {
    case 0:
      g_string_append (text, scalars[g_rand_int_range (random, 0, G_N_ELEMENTS (scalars))]);
      break;
    case 1:
      g_string_append_c (text, '"');
      for (guint i = 0; i < n; i++)
        g_string_append_printf (text, "\\u%04x\xc3\xa9", g_rand_int_range (random, 1, 0xd800));
      g_string_append_c (text, '"');
      break;
    case 2:
      g_string_append_c (text, '[');
      for (guint i = 0; i < n; i++)
        {
          g_string_append (text, i > 0 ? " ," : "");
          append_random_value (random, text, depth - 1);
        }
      g_string_append_c (text, ']');
      break;
    default:
      g_string_append_c (text, '{');
      for (guint i = 0; i < n; i++)
        {
          g_string_append_printf (text, "%s\"m%u\":", i > 0 ? "," : "", i);
          append_random_value (random, text, depth - 1);
        }
      g_string_append_c (text, '}');
      break;
    }
}

/* Sound texts, and texts with a byte changed: json-glib is laxer than RFC 8259, so that what we read it must read,
 * too, and as the same. */
static void
test_like_json_glib (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (8259);
  guint n_valid = 0, n_invalid = 0;

  for (guint i = 0; i < 20000; i++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      g_autoptr (JsonParser) parser = json_parser_new (), again = json_parser_new ();
      append_random_value (random, text, 4);
      if (i % 2 == 1)
        text->str[g_rand_int_range (random, 0, (gint32) text->len)] = (char) g_rand_int_range (random, 1, 127);

      g_autofree char *copy = json_copy_text (text->str, text->len);
      g_assert_true (i % 2 == 1 || copy != NULL);
      /* json-glib leaks nodes where it refuses. */
      n_invalid += copy == NULL;
      if (copy == NULL)
        continue;
      n_valid++;
      g_assert_true (json_parser_load_from_data (parser, text->str, (gssize) text->len, NULL));
      g_assert_true (json_parser_load_from_data (again, copy, -1, NULL));
      g_assert_true (json_node_equal (json_parser_get_root (parser), json_parser_get_root (again)));
    }
  g_test_message ("%u valid, %u invalid", n_valid, n_invalid);
  g_assert_cmpuint (n_valid, >, 10000);
  g_assert_cmpuint (n_invalid, >, 1000);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/json/valid", test_valid);
  g_test_add_func ("/http/json/invalid", test_invalid);
  g_test_add_func ("/http/json/numbers", test_numbers);
  g_test_add_func ("/http/json/depth", test_depth);
  g_test_add_func ("/http/json/selective", test_selective);
  g_test_add_func ("/http/json/like-json-glib", test_like_json_glib);
  return g_test_run ();
}
