/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The decoders of base64 against a model that is as slow and plain as can be. */
#include "fuzz.h"

#include <libkms/kms.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Ruby's unpack1("m") in words: characters of the alphabet are six bits each; "=" in the second half of a group of four
 * ends it all; everything else is not there. Bits that make no whole byte are dropped. */
static GByteArray *
model_lenient (const char *text, gsize length)
{
  GByteArray *out = g_byte_array_new ();
  guint32 bits = 0;
  guint n_bits = 0, in_group = 0;

  for (gsize i = 0; i < length; i++)
    {
      const char *found = text[i] == '\0' ? NULL : strchr (alphabet, text[i]);

      if (text[i] == '=' && in_group >= 2)
        break;
      if (found == NULL)
        continue;
      bits = bits << 6 | (guint32) (found - alphabet);
      n_bits += 6;
      in_group = (in_group + 1) % 4;
      if (in_group == 0)
        {
          const guint8 bytes[] = { (guint8) (bits >> 16), (guint8) (bits >> 8), (guint8) bits };
          g_byte_array_append (out, bytes, 3);
          bits = n_bits = 0;
        }
    }
  for (; n_bits >= 8; n_bits -= 8)
    {
      guint8 byte = (guint8) (bits >> (n_bits - 8));
      g_byte_array_append (out, &byte, 1);
    }
  return out;
}

static void
check_lenient (const char *text, gsize length)
{
  g_autoptr (GByteArray) expected = model_lenient (text, length);
  g_autofree guint8 *out = g_malloc (kms_base64_decoded_max (length));
  gsize written = kms_base64_decode_lenient_to (text, length, out);

  FUZZ_CHECK (written <= kms_base64_decoded_max (length));
  FUZZ_CHECK (written == expected->len);
  FUZZ_CHECK (written == 0 || memcmp (out, expected->data, written) == 0);
}

/* Strict is what encoding gives back, and nothing else. */
static void
check_strict (const char *text, gsize length)
{
  g_autofree guint8 *out = g_malloc (kms_base64_decoded_max (length));
  gsize written = 0;
  gboolean ok = kms_base64_decode_strict_to (text, length, out, &written);
  g_autoptr (GByteArray) lenient = model_lenient (text, length);
  g_autofree char *again = kms_base64_encode (ok ? out : lenient->data, ok ? written : lenient->len);
  gboolean is_canonical = strlen (again) == length && memcmp (again, text, length) == 0;

  FUZZ_CHECK (ok == is_canonical);
}

static void
check_encoders (const guint8 *data, gsize length)
{
  g_autofree char *strict = kms_base64_encode (data, length);
  g_autofree char *lines = kms_base64_encode_lines (data, length);
  g_autoptr (GBytes) from_strict = kms_base64_decode_strict (strict, -1, NULL);
  g_autoptr (GBytes) from_lines = kms_base64_decode_lenient (lines, -1);
  g_autoptr (GBytes) expected = g_bytes_new (data, length);

  FUZZ_CHECK (strlen (strict) == kms_base64_encoded_size (length));
  FUZZ_CHECK (strlen (lines) == kms_base64_lines_size (length));
  FUZZ_CHECK (from_strict != NULL && g_bytes_equal (from_strict, expected));
  FUZZ_CHECK (g_bytes_equal (from_lines, expected));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  check_lenient ((const char *) data, size);
  check_strict ((const char *) data, size);
  check_encoders (data, size);
  return 0;
}
