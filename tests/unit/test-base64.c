/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Base64: RFC 4648's vectors, and random text against Ruby, which wrote what is to be read. */
#include <libkms/kms.h>

#include <string.h>

#include "../hex.h"
#include "../ruby.h"

#define N_TEXTS 20000
#define MAX_TEXT 90

/* RFC 4648, section 10. */
static const char *const rfc_vectors[][2] = {
  { "", "" },
  { "f", "Zg==" },
  { "fo", "Zm8=" },
  { "foo", "Zm9v" },
  { "foob", "Zm9vYg==" },
  { "fooba", "Zm9vYmE=" },
  { "foobar", "Zm9vYmFy" },
};

static void
test_rfc (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rfc_vectors); i++)
    {
      const char *plain = rfc_vectors[i][0], *encoded = rfc_vectors[i][1];
      g_autofree char *text = kms_base64_encode ((const guint8 *) plain, strlen (plain));
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) strict = kms_base64_decode_strict (encoded, -1, &error);
      g_autoptr (GBytes) lenient = kms_base64_decode_lenient (encoded, -1);

      g_assert_cmpstr (text, ==, encoded);
      g_assert_cmpuint (kms_base64_encoded_size (strlen (plain)), ==, strlen (encoded));
      g_assert_no_error (error);
      g_assert_cmpmem (g_bytes_get_data (strict, NULL), g_bytes_get_size (strict), plain, strlen (plain));
      g_assert_cmpmem (g_bytes_get_data (lenient, NULL), g_bytes_get_size (lenient), plain, strlen (plain));
    }
}

static void
test_strict_refuses (void)
{
  static const char *const wrong[] = { "Z",    "Zg",   "Zg=",    "Zg==\n", "Zg==Zg==", " Zg==",
                                       "Zh==", "Zm9=", "====",   "Z===",   "=g==",     "Z=g=",
                                       "Zm-v", "Zm_v", "Zm9v\n", "Zm9v=",  "Zm9v====", "Zm\xc3\xa9" };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) bytes = kms_base64_decode_strict (wrong[i], -1, &error);

      g_assert_null (bytes);
      g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
    }
}

/* Mostly of the alphabet, with everything else in between; some of it whole and padded. */
static void
make_text (GRand *random, char *text, gsize *length)
{
  static const char common[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  int odd = g_rand_int_range (random, 0, 4);

  *length = (gsize) g_rand_int_range (random, 0, MAX_TEXT);
  for (gsize i = 0; i < *length; i++)
    {
      int choice = g_rand_int_range (random, 0, 40);
      text[i] = common[g_rand_int_range (random, 0, 64)];
      if (odd > 0 && choice < odd)
        text[i] = '=';
      else if (odd > 0 && choice < odd * 2)
        text[i] = '\n';
      else if (odd > 1 && choice < odd * 3)
        text[i] = (char) g_rand_int_range (random, 0, 256);
    }
  if (odd == 0 && *length >= 4)
    {
      *length -= *length % 4;
      memcpy (text + *length - 2, g_rand_boolean (random) ? "==" : "A=", 2);
    }
}

static void
check_decoded (const char *hex, const char *lenient, const char *strict)
{
  g_autoptr (GError) error = NULL;
  gsize length;
  g_autofree guint8 *text = hex_decode (hex, &length);
  g_autoptr (GBytes) mine = kms_base64_decode_lenient ((const char *) text, (gssize) length);
  g_autofree char *mine_hex = hex_encode (g_bytes_get_data (mine, NULL), g_bytes_get_size (mine));
  g_assert_cmpstr (mine_hex, ==, lenient);
  g_assert_cmpuint (g_bytes_get_size (mine), <=, kms_base64_decoded_max (length));

  g_autoptr (GBytes) mine_strict = kms_base64_decode_strict ((const char *) text, (gssize) length, &error);
  if (g_str_equal (strict, "!"))
    g_assert_null (mine_strict);
  else
    {
      g_autofree char *strict_hex = hex_encode (g_bytes_get_data (mine_strict, NULL), g_bytes_get_size (mine_strict));
      g_assert_no_error (error);
      g_assert_cmpstr (strict_hex, ==, strict);
    }
}

static void
test_decode_like_ruby (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (20261124);
  g_autoptr (GString) input = g_string_new (NULL);
  char text[MAX_TEXT];
  gsize length;

  for (guint i = 0; i < N_TEXTS; i++)
    {
      make_text (random, text, &length);
      g_autofree char *hex = hex_encode (text, length);
      g_string_append_printf (input, "%s\n", hex);
    }
  g_auto (GStrv) answers = ruby_answer (
    "STDIN.each_line { |l| t = [l.chomp].pack('H*'); s = begin; t.unpack1('m0').unpack1('H*'); rescue; '!'; end; "
    "puts t.unpack1('m').unpack1('H*') + ' ' + s }",
    input->str);
  if (answers == NULL)
    return;
  g_auto (GStrv) lines = g_strsplit_set (input->str, "\n", -1);
  guint n_strict = 0;
  for (guint i = 0; i < N_TEXTS; i++)
    {
      g_auto (GStrv) answer = g_strsplit (answers[i], " ", 2);
      check_decoded (lines[i], answer[0], answer[1]);
      n_strict += !g_str_equal (answer[1], "!");
    }
  /* Or the texts were too odd to test the strict reader. */
  g_assert_cmpuint (n_strict, >, N_TEXTS / 50);
}

static void
test_encode_like_ruby (void)
{
  guint8 bytes[300];
  g_auto (GStrv) answers = ruby_answer ("300.times { |n| t = n.times.map { |i| (i * 167 + n) % 256 }.pack('C*'); "
                                        "puts [t].pack('m0'); puts [t].pack('m').unpack1('H*') }",
                                        "");

  if (answers == NULL)
    return;
  for (guint n = 0; n < 300; n++)
    {
      for (guint i = 0; i < n; i++)
        bytes[i] = (guint8) (i * 167 + n);
      g_autofree char *plain = kms_base64_encode (bytes, n);
      g_autofree char *lines = kms_base64_encode_lines (bytes, n);
      g_autofree char *lines_hex = hex_encode (lines, strlen (lines));

      g_assert_cmpstr (plain, ==, answers[2 * n]);
      g_assert_cmpstr (lines_hex, ==, answers[2 * n + 1]);
      g_assert_cmpuint (kms_base64_lines_size (n), ==, strlen (lines));
    }
}

/* The functions that write into room of the caller's write no more than they say: no NUL, nothing beyond. */
static void
test_no_more_than_said (void)
{
  for (guint n = 0; n < 100; n++)
    {
      guint8 bytes[100] = { 0 };
      char out[256];

      memset (out, '#', sizeof out);
      g_assert_cmpuint (kms_base64_encode_to (bytes, n, out), ==, kms_base64_encoded_size (n));
      g_assert_cmpint (out[kms_base64_encoded_size (n)], ==, '#');
      memset (out, '#', sizeof out);
      g_assert_cmpuint (kms_base64_encode_lines_to (bytes, n, out), ==, kms_base64_lines_size (n));
      g_assert_cmpint (out[kms_base64_lines_size (n)], ==, '#');
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base64/rfc", test_rfc);
  g_test_add_func ("/base64/strict-refuses", test_strict_refuses);
  g_test_add_func ("/base64/decode-like-ruby", test_decode_like_ruby);
  g_test_add_func ("/base64/encode-like-ruby", test_encode_like_ruby);
  g_test_add_func ("/base64/no-more-than-said", test_no_more_than_said);
  return g_test_run ();
}
