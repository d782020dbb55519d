/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Base64 as Ruby's pack("m"), pack("m0") and unpack1("m") have it: what a Rails application stored must be read, and
 * what it will read must be written, byte for byte. */
#include "kms-base64.h"

#include "kms-error.h"

/* RFC 2045 as Ruby breaks lines: 45 bytes, 60 characters. */
#define BYTES_PER_LINE 45

static const char alphabet[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#define OUTSIDE 0xff
#define PAD 0xfe

#define X OUTSIDE
static const guint8 values[256] = {
  X,  X,  X,  X,   X,  X,  X,  X, X, X, X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
  X,  X,  X,  X,   X,  X,  X,  X, X, X, X,  X,  X,  X,  62, X,  X,  X,  63, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61,
  X,  X,  X,  PAD, X,  X,  X,  0, 1, 2, 3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
  22, 23, 24, 25,  X,  X,  X,  X, X, X, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44,
  45, 46, 47, 48,  49, 50, 51, X, X, X, X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
  X,  X,  X,  X,   X,  X,  X,  X, X, X, X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
  X,  X,  X,  X,   X,  X,  X,  X, X, X, X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
  X,  X,  X,  X,   X,  X,  X,  X, X, X, X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
  X,  X,  X,  X,   X,  X,  X,  X, X, X, X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
};
#undef X

/**
 * kms_base64_encoded_size:
 * @length: a number of bytes
 *
 * Tells how many characters kms_base64_encode_to() writes.
 *
 * Returns: the number of characters, without a NUL
 *
 * Since: 1.0
 */
gsize
kms_base64_encoded_size (gsize length)
{
  return (length + 2) / 3 * 4;
}

/**
 * kms_base64_encode_to: (skip)
 * @data: (array length=length): bytes
 * @length: how many
 * @out: room for kms_base64_encoded_size() characters; no NUL is written
 *
 * Encodes without line breaks, with padding: Ruby's `strict_encode64`.
 *
 * Returns: the number of characters written
 *
 * Since: 1.0
 */
gsize
kms_base64_encode_to (const guint8 *data, gsize length, char *out)
{
  char *start = out;

  for (; length >= 3; length -= 3, data += 3, out += 4)
    {
      guint32 triple = (guint32) data[0] << 16 | (guint32) data[1] << 8 | data[2];
      out[0] = alphabet[triple >> 18];
      out[1] = alphabet[triple >> 12 & 63];
      out[2] = alphabet[triple >> 6 & 63];
      out[3] = alphabet[triple & 63];
    }
  if (length > 0)
    {
      guint32 rest = (guint32) data[0] << 16 | (length > 1 ? (guint32) data[1] << 8 : 0);
      out[0] = alphabet[rest >> 18];
      out[1] = alphabet[rest >> 12 & 63];
      out[2] = length > 1 ? alphabet[rest >> 6 & 63] : '=';
      out[3] = '=';
      out += 4;
    }
  return (gsize) (out - start);
}

/**
 * kms_base64_lines_size:
 * @length: a number of bytes
 *
 * Tells how many characters kms_base64_encode_lines_to() writes.
 *
 * Returns: the number of characters, without a NUL
 *
 * Since: 1.0
 */
gsize
kms_base64_lines_size (gsize length)
{
  return kms_base64_encoded_size (length) + (length + BYTES_PER_LINE - 1) / BYTES_PER_LINE;
}

/**
 * kms_base64_encode_lines_to: (skip)
 * @data: (array length=length): bytes
 * @length: how many
 * @out: room for kms_base64_lines_size() characters; no NUL is written
 *
 * Encodes with a line break after every 60 characters and at the end: Ruby's `encode64`. Nothing becomes nothing.
 *
 * Returns: the number of characters written
 *
 * Since: 1.0
 */
gsize
kms_base64_encode_lines_to (const guint8 *data, gsize length, char *out)
{
  char *start = out;

  while (length > 0)
    {
      gsize n = MIN (length, BYTES_PER_LINE);
      out += kms_base64_encode_to (data, n, out);
      *out++ = '\n';
      data += n;
      length -= n;
    }
  return (gsize) (out - start);
}

/**
 * kms_base64_decoded_max:
 * @length: a number of characters
 *
 * Tells how many bytes the decoders write at most.
 *
 * Returns: the number of bytes
 *
 * Since: 1.0
 */
gsize
kms_base64_decoded_max (gsize length)
{
  return length / 4 * 3 + 3;
}

/* Whole quads without anything odd, the usual case. Returns how many characters were used. */
static gsize
decode_quads (const char *text, gsize length, guint8 *out)
{
  gsize used = 0;

  for (; length - used >= 4; used += 4, out += 3)
    {
      const guint8 *quad = (const guint8 *) text + used;
      guint8 a = values[quad[0]], b = values[quad[1]], c = values[quad[2]], d = values[quad[3]];
      if ((a | b | c | d) & 0xc0)
        break;
      guint32 triple = (guint32) a << 18 | (guint32) b << 12 | (guint32) c << 6 | d;
      out[0] = (guint8) (triple >> 16);
      out[1] = (guint8) (triple >> 8);
      out[2] = (guint8) triple;
    }
  return used;
}

static gsize
flush_quad (const guint8 *quad, guint n, guint8 *out)
{
  if (n > 1)
    out[0] = (guint8) (quad[0] << 2 | quad[1] >> 4);
  if (n > 2)
    out[1] = (guint8) (quad[1] << 4 | quad[2] >> 2);
  if (n > 3)
    out[2] = (guint8) (quad[2] << 6 | quad[3]);
  return n > 1 ? n - 1 : 0;
}

/**
 * kms_base64_decode_lenient_to: (skip)
 * @text: (array length=length): characters
 * @length: how many
 * @out: room for kms_base64_decoded_max() bytes
 *
 * Decodes as Ruby's `unpack1("m")`, which never fails: what is outside the alphabet is skipped, also `-` and `_`; `=` in
 * the first half of a quad is skipped, in the second it ends the text; padding may be missing.
 *
 * Returns: the number of bytes written
 *
 * Since: 1.0
 */
gsize
kms_base64_decode_lenient_to (const char *text, gsize length, guint8 *out)
{
  gsize used = decode_quads (text, length, out);
  gsize written = used / 4 * 3;
  guint8 quad[4];
  guint n = 0;

  for (; used < length; used++)
    {
      guint8 value = values[(guint8) text[used]];
      if (value == PAD && n >= 2)
        break;
      if (value >= 64)
        continue;
      quad[n++] = value;
      if (n < 4)
        continue;
      written += flush_quad (quad, 4, out + written);
      n = 0;
      /* Line breaks are rare: back to the fast way behind each. */
      gsize more = decode_quads (text + used + 1, length - used - 1, out + written);
      written += more / 4 * 3;
      used += more;
    }
  return written + flush_quad (quad, n, out + written);
}

/**
 * kms_base64_decode_strict_to: (skip)
 * @text: (array length=length): characters
 * @length: how many
 * @out: room for kms_base64_decoded_max() bytes
 * @out_length: (out): the number of bytes written
 *
 * Decodes what kms_base64_encode_to() writes, and nothing else: Ruby's `strict_decode64`.
 *
 * Returns: %FALSE for any other text
 *
 * Since: 1.0
 */
gboolean
kms_base64_decode_strict_to (const char *text, gsize length, guint8 *out, gsize *out_length)
{
  gsize used = decode_quads (text, length, out);
  gsize written = used / 4 * 3;
  guint8 quad[4] = { 0 };
  guint n = 0;

  *out_length = written;
  if (used == length)
    return TRUE;
  if (length - used != 4)
    return FALSE;
  while (n < 4 && values[(guint8) text[used + n]] < 64)
    {
      quad[n] = values[(guint8) text[used + n]];
      n++;
    }
  /* Bits that belong to no byte must be zero, or two texts would mean the same bytes. */
  if (n < 2 || n > 3 || text[used + 3] != '=' || (n == 2 && (text[used + 2] != '=' || (quad[1] & 15) != 0))
      || (n == 3 && (quad[2] & 3) != 0))
    return FALSE;
  *out_length = written + flush_quad (quad, n, out + written);
  return TRUE;
}

/**
 * kms_base64_encode:
 * @data: (array length=length): bytes
 * @length: how many
 *
 * Encodes without line breaks. Not for secrets: the text stands in ordinary memory.
 *
 * Returns: (transfer full): text
 *
 * Since: 1.0
 */
char *
kms_base64_encode (const guint8 *data, gsize length)
{
  char *text = g_malloc (kms_base64_encoded_size (length) + 1);

  text[kms_base64_encode_to (data, length, text)] = '\0';
  return text;
}

/**
 * kms_base64_encode_lines:
 * @data: (array length=length): bytes
 * @length: how many
 *
 * Encodes with a line break after every 60 characters. Not for secrets: the text stands in ordinary memory.
 *
 * Returns: (transfer full): text
 *
 * Since: 1.0
 */
char *
kms_base64_encode_lines (const guint8 *data, gsize length)
{
  char *text = g_malloc (kms_base64_lines_size (length) + 1);

  text[kms_base64_encode_lines_to (data, length, text)] = '\0';
  return text;
}

static gsize
text_length (const char *text, gssize length)
{
  return length < 0 ? strlen (text) : (gsize) length;
}

/**
 * kms_base64_decode_lenient:
 * @text: text
 * @length: its length in bytes; -1 if it is NUL-terminated
 *
 * Decodes as kms_base64_decode_lenient_to().
 *
 * Returns: (transfer full): bytes
 *
 * Since: 1.0
 */
GBytes *
kms_base64_decode_lenient (const char *text, gssize length)
{
  g_return_val_if_fail (text != NULL, NULL);
  gsize n = text_length (text, length);
  guint8 *out = g_malloc (kms_base64_decoded_max (n));

  return g_bytes_new_take (out, kms_base64_decode_lenient_to (text, n, out));
}

/**
 * kms_base64_decode_strict:
 * @text: text
 * @length: its length in bytes; -1 if it is NUL-terminated
 * @error: return location for an error
 *
 * Decodes as kms_base64_decode_strict_to().
 *
 * Returns: (transfer full): bytes, or %NULL with %KMS_ERROR_INVALID_ARGUMENT
 *
 * Since: 1.0
 */
GBytes *
kms_base64_decode_strict (const char *text, gssize length, GError **error)
{
  g_return_val_if_fail (text != NULL, NULL);
  gsize n = text_length (text, length);
  gsize written;
  g_autofree guint8 *out = g_malloc (kms_base64_decoded_max (n));

  if (kms_base64_decode_strict_to (text, n, out, &written))
    return g_bytes_new_take (g_steal_pointer (&out), written);
  g_set_error_literal (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                       "this is not base64: letters, digits, \"+\" and \"/\" in groups of four, with \"=\" at the end");
  return NULL;
}
