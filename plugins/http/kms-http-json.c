/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON (RFC 8259) read from front to back, in place. Strings lose their escapes where they stand, and a NUL takes the
 * place of the closing quote. Numbers with fractions can be skipped, not read; U+0000 in a string is refused, since
 * what stands behind it would be overlooked. */
#include "kms-http-json.h"

#include <string.h>

#define MAX_DEPTH G_N_ELEMENTS (((KmsHttpJson *) NULL)->open)

enum {
  JSON_BAD = 1 << 0,   /* and nothing is read any more */
  JSON_FIRST = 1 << 1, /* a container was entered, and no comma stands before what comes */
  JSON_VALUE = 1 << 2, /* a value comes, and was not read yet */
};

/**
 * kms_http_json_init: (skip)
 * @self: (out caller-allocates): a reader
 * @text: (array length=length): JSON, which reading changes; one byte behind it must be writable
 * @length: its number of bytes
 *
 * Begins at a text's start.
 *
 * Since: 1.0
 */
void
kms_http_json_init (KmsHttpJson *self, guint8 *text, gsize length)
{
  memset (self, 0, sizeof *self);
  self->at = (char *) text;
  self->end = (char *) text + length;
  self->flags = JSON_VALUE;
}

static gboolean
fail (KmsHttpJson *self)
{
  self->flags = JSON_BAD;
  return FALSE;
}

/* The next byte that is no white space; NUL at the end, which no JSON holds. */
static char
look (KmsHttpJson *self)
{
  if (G_UNLIKELY ((self->flags & JSON_BAD) != 0))
    return '\0';
  while (self->at < self->end && (*self->at == ' ' || *self->at == '\n' || *self->at == '\t' || *self->at == '\r'))
    self->at++;
  return self->at < self->end ? *self->at : '\0';
}

/**
 * kms_http_json_is_good: (skip)
 * @self: a reader
 *
 * Tells whether all that was read so far was JSON, and what it was read as.
 *
 * Returns: %FALSE for ever after the first read that failed
 *
 * Since: 1.0
 */
gboolean
kms_http_json_is_good (KmsHttpJson *self)
{
  return (self->flags & JSON_BAD) == 0;
}

/**
 * kms_http_json_finish: (skip)
 * @self: a reader
 *
 * Tells whether the text held one value, which was read to its end, and nothing else.
 *
 * Returns: %TRUE if so
 *
 * Since: 1.0
 */
gboolean
kms_http_json_finish (KmsHttpJson *self)
{
  if (look (self) != '\0' || self->at != self->end || self->depth != 0 || (self->flags & JSON_VALUE) != 0)
    return fail (self);
  return kms_http_json_is_good (self);
}

/**
 * kms_http_json_peek: (skip)
 * @self: a reader
 *
 * Tells what the next value is, by its first byte.
 *
 * Returns: its type; %KMS_HTTP_JSON_NONE where no value comes
 *
 * Since: 1.0
 */
KmsHttpJsonType
kms_http_json_peek (KmsHttpJson *self)
{
  char c = (self->flags & JSON_VALUE) != 0 ? look (self) : '\0';

  switch (c)
    {
    case '{':
      return KMS_HTTP_JSON_OBJECT;
    case '[':
      return KMS_HTTP_JSON_ARRAY;
    case '"':
      return KMS_HTTP_JSON_STRING;
    case 't':
    case 'f':
      return KMS_HTTP_JSON_BOOLEAN;
    case 'n':
      return KMS_HTTP_JSON_NULL;
    default:
      return c == '-' || g_ascii_isdigit (c) ? KMS_HTTP_JSON_NUMBER : KMS_HTTP_JSON_NONE;
    }
}

static gboolean
enter (KmsHttpJson *self, KmsHttpJsonType type)
{
  if (kms_http_json_peek (self) != type || self->depth == MAX_DEPTH)
    return fail (self);
  self->open[self->depth++] = (guint8) *self->at++;
  self->flags = JSON_FIRST;
  return TRUE;
}

/* Whether one more comes in the container that was entered last. */
static gboolean
next (KmsHttpJson *self, char opened)
{
  if ((self->flags & JSON_VALUE) != 0)
    kms_http_json_skip (self);
  if ((self->flags & JSON_BAD) != 0 || self->depth == 0 || self->open[self->depth - 1] != (guint8) opened)
    return fail (self);

  char c = look (self);
  if (c == (opened == '{' ? '}' : ']'))
    {
      self->at++;
      self->depth--;
      self->flags = 0;
      return FALSE;
    }
  if ((self->flags & JSON_FIRST) == 0)
    {
      if (c != ',')
        return fail (self);
      self->at++;
    }
  self->flags = JSON_VALUE;
  return TRUE;
}

/**
 * kms_http_json_enter_object: (skip)
 * @self: a reader
 *
 * Enters the object that comes next.
 *
 * Returns: %FALSE if none comes
 *
 * Since: 1.0
 */
gboolean
kms_http_json_enter_object (KmsHttpJson *self)
{
  return enter (self, KMS_HTTP_JSON_OBJECT);
}

/**
 * kms_http_json_enter_array: (skip)
 * @self: a reader
 *
 * Enters the array that comes next.
 *
 * Returns: %FALSE if none comes
 *
 * Since: 1.0
 */
gboolean
kms_http_json_enter_array (KmsHttpJson *self)
{
  return enter (self, KMS_HTTP_JSON_ARRAY);
}

/**
 * kms_http_json_next_element: (skip)
 * @self: a reader in an array
 *
 * Goes on to the next element; what was not read of the one before is skipped.
 *
 * Returns: %FALSE at the array's end, which is left then, and where the text is no JSON
 *
 * Since: 1.0
 */
gboolean
kms_http_json_next_element (KmsHttpJson *self)
{
  return next (self, '[');
}

static gboolean
read_hex4 (const char *text, gunichar *value)
{
  *value = 0;
  for (int i = 0; i < 4; i++)
    {
      if (!g_ascii_isxdigit (text[i]))
        return FALSE;
      *value = *value << 4 | (gunichar) g_ascii_xdigit_value (text[i]);
    }
  return TRUE;
}

/* The escape behind a backslash, at most 12 bytes of it; never longer than what it stands for is in UTF-8. */
static gboolean
read_escape (const char **in, const char *end, char **out)
{
  static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
  const char *at = *in;
  gunichar c, low;

  if (at == end)
    return FALSE;
  const char *letter = *at != '\0' ? strchr (letters, *at) : NULL;
  if (letter != NULL)
    {
      *(*out)++ = meanings[letter - letters];
      *in = at + 1;
      return TRUE;
    }
  if (*at != 'u' || end - at < 5 || !read_hex4 (at + 1, &c) || c == 0)
    return FALSE;
  at += 5;
  if (c >= 0xd800 && c < 0xdc00)
    {
      if (end - at < 6 || at[0] != '\\' || at[1] != 'u' || !read_hex4 (at + 2, &low) || low < 0xdc00 || low > 0xdfff)
        return FALSE;
      c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
      at += 6;
    }
  if (!g_unichar_validate (c))
    return FALSE;
  *out += g_unichar_to_utf8 (c, *out);
  *in = at;
  return TRUE;
}

/* From the first backslash on: what is read runs ahead of what is written. */
static gboolean
unescape (KmsHttpJson *self, char *out, char **text_end)
{
  const char *in = out;

  while (in < self->end && *in != '"')
    {
      if ((guchar) *in < 0x20)
        return FALSE;
      if (*in != '\\')
        *out++ = *in++;
      else
        {
          in++;
          if (!read_escape (&in, self->end, &out))
            return FALSE;
        }
    }
  *text_end = out;
  self->at = (char *) in;
  return in < self->end;
}

static gboolean
read_text (KmsHttpJson *self, const char **text, gsize *length)
{
  char *start = self->at + 1, *at = start, *text_end;
  guchar seen = 0;

  while (at < self->end && *at != '"' && *at != '\\' && (guchar) *at >= 0x20)
    seen |= (guchar) *at++;
  self->at = text_end = at;
  gboolean whole = at < self->end && *at == '"';
  if (!whole && !unescape (self, at, &text_end))
    return fail (self);
  if ((seen >= 0x80 || !whole) && !g_utf8_validate_len (start, (gsize) (text_end - start), NULL))
    return fail (self);
  self->at++;
  *text_end = '\0';
  *text = start;
  if (length != NULL)
    *length = (gsize) (text_end - start);
  return TRUE;
}

/**
 * kms_http_json_next_member: (skip)
 * @self: a reader in an object
 * @name: (out) (transfer none): the member's name
 *
 * Goes on to the next member; what was not read of the one before is skipped.
 *
 * Returns: %FALSE at the object's end, which is left then, and where the text is no JSON
 *
 * Since: 1.0
 */
gboolean
kms_http_json_next_member (KmsHttpJson *self, const char **name)
{
  if (!next (self, '{'))
    return FALSE;
  if (look (self) != '"' || !read_text (self, name, NULL) || look (self) != ':')
    return fail (self);
  self->at++;
  return TRUE;
}

/**
 * kms_http_json_read_string: (skip)
 * @self: a reader
 * @text: (out) (transfer none): the text, which ends in NUL
 * @length: (out) (optional): its length in bytes
 *
 * Reads a string. The text stands where the JSON stood, and lives as long.
 *
 * Returns: %FALSE if something else comes
 *
 * Since: 1.0
 */
gboolean
kms_http_json_read_string (KmsHttpJson *self, const char **text, gsize *length)
{
  if (kms_http_json_peek (self) != KMS_HTTP_JSON_STRING || !read_text (self, text, length))
    return fail (self);
  self->flags = 0;
  return TRUE;
}

static gsize
skip_digits (KmsHttpJson *self)
{
  const char *start = self->at;
  while (self->at < self->end && g_ascii_isdigit (*self->at))
    self->at++;
  return (gsize) (self->at - start);
}

/* What stands behind the whole part of a number. */
static gboolean
skip_fraction (KmsHttpJson *self)
{
  if (self->at < self->end && *self->at == '.')
    {
      self->at++;
      if (skip_digits (self) == 0)
        return FALSE;
    }
  if (self->at < self->end && (*self->at == 'e' || *self->at == 'E'))
    {
      self->at++;
      if (self->at < self->end && (*self->at == '+' || *self->at == '-'))
        self->at++;
      if (skip_digits (self) == 0)
        return FALSE;
    }
  return TRUE;
}

/* Leaves the reader behind the whole part. */
static gboolean
skip_whole (KmsHttpJson *self)
{
  if (*self->at == '-')
    self->at++;
  const char *digits = self->at;
  gsize n = skip_digits (self);
  return n > 0 && (n == 1 || digits[0] != '0');
}

static gboolean
skip_number (KmsHttpJson *self)
{
  if (!skip_whole (self) || !skip_fraction (self))
    return fail (self);
  self->flags = 0;
  return TRUE;
}

/**
 * kms_http_json_read_integer: (skip)
 * @self: a reader
 * @value: (out): the number
 *
 * Reads a number that is whole and fits.
 *
 * Returns: %FALSE if something else comes
 *
 * Since: 1.0
 */
gboolean
kms_http_json_read_integer (KmsHttpJson *self, gint64 *value)
{
  char digits[24];

  if (kms_http_json_peek (self) != KMS_HTTP_JSON_NUMBER)
    return fail (self);
  const char *start = self->at;
  if (!skip_whole (self) || (gsize) (self->at - start) >= sizeof digits)
    return fail (self);
  const char *whole_end = self->at;
  if (!skip_fraction (self) || self->at != whole_end)
    return fail (self);
  memcpy (digits, start, (gsize) (whole_end - start));
  digits[whole_end - start] = '\0';
  if (!g_ascii_string_to_signed (digits, 10, G_MININT64, G_MAXINT64, value, NULL))
    return fail (self);
  self->flags = 0;
  return TRUE;
}

static gboolean
read_word (KmsHttpJson *self, const char *word)
{
  gsize length = strlen (word);

  if ((gsize) (self->end - self->at) < length || memcmp (self->at, word, length) != 0)
    return fail (self);
  self->at += length;
  self->flags = 0;
  return TRUE;
}

/**
 * kms_http_json_read_number: (skip)
 * @self: a reader
 * @value: (out): the number
 *
 * Reads a number of any kind, as precisely as a double holds it.
 *
 * Returns: %FALSE if something else comes
 *
 * Since: 1.0
 */
gboolean
kms_http_json_read_number (KmsHttpJson *self, double *value)
{
  char digits[64];

  if (kms_http_json_peek (self) != KMS_HTTP_JSON_NUMBER)
    return fail (self);
  const char *start = self->at;
  if (!skip_whole (self) || !skip_fraction (self) || (gsize) (self->at - start) >= sizeof digits)
    return fail (self);
  memcpy (digits, start, (gsize) (self->at - start));
  digits[self->at - start] = '\0';
  *value = g_ascii_strtod (digits, NULL);
  self->flags = 0;
  return TRUE;
}

/**
 * kms_http_json_read_boolean: (skip)
 * @self: a reader
 * @value: (out): the value
 *
 * Reads `true` or `false`.
 *
 * Returns: %FALSE if something else comes
 *
 * Since: 1.0
 */
gboolean
kms_http_json_read_boolean (KmsHttpJson *self, gboolean *value)
{
  if (kms_http_json_peek (self) != KMS_HTTP_JSON_BOOLEAN)
    return fail (self);
  *value = *self->at == 't';
  return read_word (self, *value ? "true" : "false");
}

/**
 * kms_http_json_read_null: (skip)
 * @self: a reader
 *
 * Reads `null`.
 *
 * Returns: %FALSE if something else comes
 *
 * Since: 1.0
 */
gboolean
kms_http_json_read_null (KmsHttpJson *self)
{
  return kms_http_json_peek (self) == KMS_HTTP_JSON_NULL ? read_word (self, "null") : fail (self);
}

/**
 * kms_http_json_skip: (skip)
 * @self: a reader
 *
 * Reads a value of any type, and forgets it.
 *
 * Returns: %FALSE if none comes
 *
 * Since: 1.0
 */
gboolean
kms_http_json_skip (KmsHttpJson *self)
{
  gboolean boolean;
  const char *text;

  switch (kms_http_json_peek (self))
    {
    case KMS_HTTP_JSON_NULL:
      return kms_http_json_read_null (self);
    case KMS_HTTP_JSON_BOOLEAN:
      return kms_http_json_read_boolean (self, &boolean);
    case KMS_HTTP_JSON_NUMBER:
      return skip_number (self);
    case KMS_HTTP_JSON_STRING:
      return kms_http_json_read_string (self, &text, NULL);
    case KMS_HTTP_JSON_ARRAY:
      kms_http_json_enter_array (self);
      while (kms_http_json_next_element (self))
        ; /* which skips */
      return kms_http_json_is_good (self);
    case KMS_HTTP_JSON_OBJECT:
      kms_http_json_enter_object (self);
      while (kms_http_json_next_member (self, &text))
        ;
      return kms_http_json_is_good (self);
    case KMS_HTTP_JSON_NONE:
    default:
      return fail (self);
    }
}
