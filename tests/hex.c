/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes as hexadecimal digits. */
#include "hex.h"

#include <string.h>

char *
hex_encode (gconstpointer data, gsize length)
{
  GString *out = g_string_sized_new (2 * length);

  for (gsize i = 0; i < length; i++)
    g_string_append_printf (out, "%02x", ((const guint8 *) data)[i]);
  return g_string_free (out, FALSE);
}

guint8 *
hex_decode (const char *text, gsize *length)
{
  gsize n = strlen (text);
  guint8 *bytes = g_malloc0 (n / 2 + 1);

  g_assert_cmpuint (n % 2, ==, 0);
  for (gsize i = 0; i < n; i += 2)
    {
      g_assert_true (g_ascii_isxdigit (text[i]) && g_ascii_isxdigit (text[i + 1]));
      bytes[i / 2] = (guint8) (g_ascii_xdigit_value (text[i]) << 4 | g_ascii_xdigit_value (text[i + 1]));
    }
  *length = n / 2;
  return bytes;
}
