/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A strict reader of JSON (RFC 8259) for contexts. json-glib would lose what matters here: integers of any size, the
 * text of numbers, names that occur twice. */
#include "kms-context-private.h"

#include <gnutls/gnutls.h>

#include "kms-error.h"

typedef struct
{
  const char *start;
  const char *at;
  const char *end;
  const char *noun; /* whose JSON it is, for errors */
  GString *scratch; /* of who compacts: as large as the input, so that it never moves */
  guint depth;
  GError *error;
} KmsJsonReader;

static gboolean
fail (KmsJsonReader *self, const char *what)
{
  if (self->error == NULL)
    self->error = g_error_new (KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT, "%s is wrong at byte %td: %s", self->noun,
                               self->at - self->start, what);
  return FALSE;
}

static void
skip_blanks (KmsJsonReader *self)
{
  while (self->at < self->end && strchr (" \t\r\n", *self->at) != NULL && *self->at != '\0')
    self->at++;
}

static char
peek (KmsJsonReader *self)
{
  return self->at < self->end ? *self->at : '\0';
}

static gboolean
expect (KmsJsonReader *self, char c, const char *what)
{
  skip_blanks (self);
  if (peek (self) != c)
    return fail (self, what);
  self->at++;
  return TRUE;
}

static gboolean
read_hex (KmsJsonReader *self, gunichar *unit)
{
  *unit = 0;
  for (guint i = 0; i < 4; i++, self->at++)
    {
      if (!g_ascii_isxdigit (peek (self)))
        return fail (self, "four hexadecimal digits must follow \\u");
      *unit = *unit << 4 | (gunichar) g_ascii_xdigit_value (*self->at);
    }
  return TRUE;
}

static gboolean
read_unicode_escape (KmsJsonReader *self, GString *out)
{
  gunichar unit, low;

  if (!read_hex (self, &unit))
    return FALSE;
  if (unit >= 0xdc00 && unit <= 0xdfff)
    return fail (self, "half of a surrogate pair stands alone");
  if (unit >= 0xd800 && unit <= 0xdbff)
    {
      if (self->end - self->at < 6 || self->at[0] != '\\' || self->at[1] != 'u')
        return fail (self, "half of a surrogate pair stands alone");
      self->at += 2;
      if (!read_hex (self, &low))
        return FALSE;
      if (low < 0xdc00 || low > 0xdfff)
        return fail (self, "half of a surrogate pair stands alone");
      unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    }
  g_string_append_unichar (out, unit);
  return TRUE;
}

static gboolean
read_escape (KmsJsonReader *self, GString *out)
{
  static const char letters[] = "\"\\/bfnrt";
  static const char bytes[] = "\"\\/\b\f\n\r\t";
  char letter = peek (self);
  const char *found = letter == '\0' ? NULL : strchr (letters, letter);

  self->at++;
  if (letter == 'u')
    return read_unicode_escape (self, out);
  if (found == NULL)
    return fail (self, "no such escape in a string");
  g_string_append_c (out, bytes[found - letters]);
  return TRUE;
}

/* The text of a string, without quotes and escapes. */
static gboolean
read_string (KmsJsonReader *self, GString *out)
{
  if (!expect (self, '"', "a string in double quotes was expected"))
    return FALSE;
  while (self->at < self->end && *self->at != '"')
    {
      const char *plain = self->at;
      while (self->at < self->end && *self->at != '"' && *self->at != '\\' && (guint8) *self->at >= 0x20)
        self->at++;
      g_string_append_len (out, plain, self->at - plain);
      if (self->at == self->end || *self->at == '"')
        break;
      if ((guint8) *self->at < 0x20)
        return fail (self, "a control character in a string must be escaped");
      self->at++;
      if (!read_escape (self, out))
        return FALSE;
    }
  return expect (self, '"', "a string does not end");
}

static gboolean
skip_digits (KmsJsonReader *self)
{
  if (!g_ascii_isdigit (peek (self)))
    return fail (self, "a digit was expected");
  while (g_ascii_isdigit (peek (self)))
    self->at++;
  return TRUE;
}

static gboolean
read_number (KmsJsonReader *self, GString *out, gboolean *is_integer)
{
  const char *start = self->at;

  *is_integer = TRUE;
  if (peek (self) == '-')
    self->at++;
  if (peek (self) == '0' && self->at + 1 < self->end && g_ascii_isdigit (self->at[1]))
    return fail (self, "a number must not begin with zeros");
  if (!skip_digits (self))
    return FALSE;
  if (peek (self) == '.')
    {
      *is_integer = FALSE;
      self->at++;
      if (!skip_digits (self))
        return FALSE;
    }
  if (peek (self) == 'e' || peek (self) == 'E')
    {
      *is_integer = FALSE;
      self->at++;
      if (peek (self) == '+' || peek (self) == '-')
        self->at++;
      if (!skip_digits (self))
        return FALSE;
    }
  g_string_append_len (out, start, self->at - start);
  return TRUE;
}

static gboolean
read_word (KmsJsonReader *self, GString *out)
{
  static const char *const words[] = { "true", "false", "null" };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    {
      gsize length = strlen (words[i]);
      if ((gsize) (self->end - self->at) >= length && memcmp (self->at, words[i], length) == 0)
        {
          self->at += length;
          g_string_append (out, words[i]);
          return TRUE;
        }
    }
  return fail (self, "a value was expected");
}

static gboolean compact_value (KmsJsonReader *self, GString *out);

/* Written again, a string is never longer than it was. */
static gboolean
compact_string (KmsJsonReader *self, GString *out)
{
  const char *before = self->at;
  gsize start = out->len;

  g_string_truncate (self->scratch, 0);
  if (!read_string (self, self->scratch))
    return FALSE;
  g_string_set_size (out, start + (gsize) (self->at - before));
  g_string_set_size (out, start + _kms_json_write_string (self->scratch->str, self->scratch->len, out->str + start));
  return TRUE;
}

static gboolean
compact_member (KmsJsonReader *self, GString *out, gboolean is_object)
{
  if (is_object)
    {
      if (!compact_string (self, out) || !expect (self, ':', "\":\" was expected behind a name"))
        return FALSE;
      g_string_append_c (out, ':');
    }
  return compact_value (self, out);
}

static gboolean
compact_container (KmsJsonReader *self, GString *out)
{
  gboolean is_object = *self->at == '{';
  char close = is_object ? '}' : ']';

  if (++self->depth > KMS_CONTEXT_MAX_DEPTH)
    return fail (self, "it is nested more than " G_STRINGIFY (KMS_CONTEXT_MAX_DEPTH) " deep");
  g_string_append_c (out, *self->at++);
  skip_blanks (self);
  while (peek (self) != close)
    {
      if (!compact_member (self, out, is_object))
        return FALSE;
      skip_blanks (self);
      if (peek (self) == close)
        break;
      if (!expect (self, ',', "\",\" or the end of the object or list was expected"))
        return FALSE;
      g_string_append_c (out, ',');
      skip_blanks (self);
      if (peek (self) == close)
        return fail (self, "a value was expected behind \",\"");
    }
  self->at++;
  self->depth--;
  g_string_append_c (out, close);
  return TRUE;
}

static gboolean
compact_value (KmsJsonReader *self, GString *out)
{
  gboolean is_integer;

  skip_blanks (self);
  char c = peek (self);
  if (c == '{' || c == '[')
    return compact_container (self, out);
  if (c == '"')
    return compact_string (self, out);
  if (c == '-' || g_ascii_isdigit (c))
    return read_number (self, out, &is_integer);
  return read_word (self, out);
}

static gboolean
reader_open (KmsJsonReader *self, const char *noun, const char *json, gsize length, gsize max_length)
{
  *self = (KmsJsonReader){ .start = json, .at = json, .end = json + length, .noun = noun };
  if (length > max_length)
    return fail (self, "it is larger than the limit");
  if (!g_utf8_validate_len (json, length, NULL))
    return fail (self, "it is not UTF-8");
  return TRUE;
}

static gboolean
reader_close (KmsJsonReader *self, GError **error)
{
  if (self->error == NULL)
    {
      skip_blanks (self);
      if (self->at < self->end)
        fail (self, "something follows the value");
    }
  if (self->error == NULL)
    return TRUE;
  g_propagate_error (error, self->error);
  return FALSE;
}

gboolean
_kms_json_compact (const char *noun, const char *json, gsize length, gsize max_length, GString *out, GError **error)
{
  KmsJsonReader reader;

  if (!reader_open (&reader, noun, json, length, max_length))
    return reader_close (&reader, error);
  reader.scratch = g_string_sized_new (length);
  compact_value (&reader, out);
  gnutls_memset (reader.scratch->str, 0, reader.scratch->allocated_len);
  g_string_free (reader.scratch, TRUE);
  return reader_close (&reader, error);
}

static gboolean
read_pair (KmsJsonReader *self, KmsContextBuilder *builder)
{
  g_autoptr (GString) name = g_string_new (NULL);
  g_autoptr (GString) value = g_string_new (NULL);
  gboolean is_integer = FALSE;

  if (!read_string (self, name) || !expect (self, ':', "\":\" was expected behind a name"))
    return FALSE;
  skip_blanks (self);
  if (peek (self) == '"')
    {
      if (!read_string (self, value))
        return FALSE;
      kms_context_builder_add_string (builder, KMS_NAME_KIND_UNMARKED, name->str, (gssize) name->len, value->str,
                                      (gssize) value->len);
      return TRUE;
    }
  if (peek (self) != '-' && !g_ascii_isdigit (peek (self)))
    return fail (self, "context values must be strings or integers");
  if (!read_number (self, value, &is_integer))
    return FALSE;
  if (!is_integer)
    return fail (self, "context values must be strings or integers, not fractions");
  _kms_context_builder_add_digits (builder, KMS_NAME_KIND_UNMARKED, name->str, name->len, value->str);
  return TRUE;
}

static gboolean
read_pairs (KmsJsonReader *self, KmsContextBuilder *builder)
{
  self->at++;
  skip_blanks (self);
  if (peek (self) == '}')
    {
      self->at++;
      return TRUE;
    }
  for (;;)
    {
      if (!read_pair (self, builder))
        return FALSE;
      skip_blanks (self);
      if (peek (self) != ',')
        return expect (self, '}', "\",\" or \"}\" was expected");
      self->at++;
    }
}

KmsContext *
_kms_context_read_json (const char *json, gsize length, GError **error)
{
  g_autoptr (KmsContextBuilder) builder = kms_context_builder_new ();
  g_autoptr (GString) raw = g_string_new (NULL);
  gboolean is_raw = FALSE;
  KmsJsonReader reader;

  if (reader_open (&reader, KMS_CONTEXT_JSON, json, length, KMS_CONTEXT_MAX_BYTES))
    {
      skip_blanks (&reader);
      is_raw = peek (&reader) == '"';
      if (is_raw)
        read_string (&reader, raw);
      else if (peek (&reader) == '{')
        read_pairs (&reader, builder);
      else
        fail (&reader, "a context is an object such as {\"model_name\":\"User\",\"model_id\":1}, or a string");
    }
  if (!reader_close (&reader, error))
    return NULL;
  if (is_raw)
    return kms_context_new_raw ((const guint8 *) raw->str, raw->len);
  return _kms_context_builder_finish (builder, error);
}
