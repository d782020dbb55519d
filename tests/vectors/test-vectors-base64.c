/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Base64 as Ruby wrote and read it. */
#include "vectors.h"

#include <string.h>

#include "../hex.h"

static void
test_decode (JsonObject *vector)
{
  const char *text = json_object_get_string_member (vector, "in");
  g_autoptr (GBytes) bytes = kms_base64_decode_lenient (text, -1);
  g_autofree char *hex = hex_encode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));

  g_assert_cmpstr (hex, ==, json_object_get_string_member (vector, "out_hex"));
}

static void
test_encode_lines (JsonObject *vector)
{
  g_autofree char *plain = g_strnfill ((gsize) json_object_get_int_member (vector, "len"), 'a');
  g_autofree char *text = kms_base64_encode_lines ((const guint8 *) plain, strlen (plain));

  g_assert_cmpstr (text, ==, json_object_get_string_member (vector, "out"));
}

/* What the strict reader takes, the strict writer writes; every other text of the vectors it refuses. */
static void
test_strict (JsonObject *vector)
{
  const char *text = json_object_get_string_member (vector, "in");
  g_autoptr (GBytes) strict = kms_base64_decode_strict (text, -1, NULL);
  g_autofree guchar *bytes = NULL;
  gsize length;

  bytes = hex_decode (json_object_get_string_member (vector, "out_hex"), &length);
  g_autofree char *canonical = length == 0 ? g_strdup ("") : g_base64_encode (bytes, length);
  g_assert_cmpint (strict != NULL, ==, g_str_equal (canonical, text));
  if (strict != NULL)
    g_assert_cmpmem (g_bytes_get_data (strict, NULL), g_bytes_get_size (strict), bytes, length);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  vectors_add ("/vectors/base64/decode", "decode64", 26, test_decode);
  vectors_add ("/vectors/base64/strict", "decode64", 26, test_strict);
  vectors_add ("/vectors/base64/encode-lines", "encode64", 7, test_encode_lines);
  return g_test_run ();
}
