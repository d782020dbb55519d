/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the text where it stands, since secrets are in it: only names are copied. */
#include "aws-ini.h"

#include <string.h>

#define BOM "\xef\xbb\xbf"

typedef struct
{
  const char *text;
  gsize length;
} Span;

typedef struct
{
  AwsIniFunc func;
  gpointer data;
  char section[AWS_INI_MAX_NAME + 1];
  char key[AWS_INI_MAX_NAME + 1]; /* the last one that was not indented below another */
  gsize indent;                   /* of it */
  gboolean in_section, has_key, is_empty;
} Parser;

static gboolean
is_blank (char c)
{
  return c == ' ' || c == '\t';
}

static Span
trim (Span span)
{
  while (span.length > 0 && is_blank (span.text[0]))
    span.text++, span.length--;
  while (span.length > 0 && is_blank (span.text[span.length - 1]))
    span.length--;
  return span;
}

static gboolean
fail (GError **error, const char *words)
{
  g_set_error_literal (error, KMS_ERROR, KMS_ERROR_CONFIG, words);
  return FALSE;
}

static gboolean
take_name (Span span, char *name, gboolean small, GError **error)
{
  if (span.length == 0)
    return fail (error, "a name is missing");
  if (span.length > AWS_INI_MAX_NAME)
    return fail (error, "a name is longer than 256 bytes");
  for (gsize i = 0; i < span.length; i++)
    name[i] = small ? g_ascii_tolower (span.text[i]) : span.text[i];
  name[span.length] = '\0';
  return TRUE;
}

static gboolean
begins_comment (Span span)
{
  return span.length > 0 && (span.text[0] == '#' || span.text[0] == ';');
}

static gboolean
tell_section (Parser *self, GError **error)
{
  AwsIniEntry entry = { .section = self->section, .value = "" };
  return self->func (&entry, self->data, error);
}

static gboolean
parse_header (Parser *self, Span line, GError **error)
{
  const char *end = memchr (line.text, ']', line.length);

  if (end == NULL)
    return fail (error, "a section has no \"]\"");
  Span rest = trim ((Span){ end + 1, (gsize) (line.text + line.length - end - 1) });
  if (rest.length > 0 && !begins_comment (rest))
    return fail (error, "something stands behind a section's \"]\"");
  self->in_section = TRUE;
  self->has_key = FALSE;
  return take_name (trim ((Span){ line.text + 1, (gsize) (end - line.text - 1) }), self->section, FALSE, error)
         && tell_section (self, error);
}

/* A comment begins after a blank. A command line may have that inside of quotes, and is left alone. */
static Span
cut_comment (Span value, const char *key)
{
  for (gsize i = 1; i < value.length && strcmp (key, "credential_process") != 0; i++)
    if ((value.text[i] == '#' || value.text[i] == ';') && is_blank (value.text[i - 1]))
      value.length = i;
  return value;
}

static gboolean
tell (Parser *self, const char *nested, const char *key, Span value, gboolean continues, GError **error)
{
  AwsIniEntry entry = { self->section, nested, key, value.text, value.length, continues };

  if (value.length > AWS_INI_MAX_VALUE)
    return fail (error, "a value is longer than 65536 bytes");
  return !self->in_section || self->func (&entry, self->data, error);
}

/* `nested`: the line is one of those below the last key. */
static gboolean
parse_assignment (Parser *self, Span line, gboolean nested, GError **error)
{
  const char *equals = memchr (line.text, '=', line.length);
  char below[AWS_INI_MAX_NAME + 1];
  char *key = nested ? below : self->key;

  if (equals == NULL)
    return fail (error, "this is no \"key = value\", no [section] and no comment");
  if (!take_name (trim ((Span){ line.text, (gsize) (equals - line.text) }), key, TRUE, error))
    return FALSE;
  Span value = { equals + 1, (gsize) (line.text + line.length - equals - 1) };
  value = trim (cut_comment (value, key));
  if (!nested)
    {
      self->has_key = TRUE;
      self->is_empty = value.length == 0;
    }
  return tell (self, nested ? self->key : NULL, key, value, FALSE, error);
}

static gboolean
parse_line (Parser *self, Span whole, GError **error)
{
  Span line = trim (whole);
  gsize indent = (gsize) (line.text - whole.text);

  if (line.length == 0 || begins_comment (line))
    return TRUE;
  if (memchr (line.text, '\0', line.length) != NULL || !g_utf8_validate (line.text, (gssize) line.length, NULL))
    return fail (error, "this is no text in UTF-8");
  if (self->has_key && indent > self->indent)
    return self->is_empty ? parse_assignment (self, line, TRUE, error)
                          : tell (self, NULL, self->key, trim (cut_comment (line, self->key)), TRUE, error);
  if (line.text[0] == '[')
    return parse_header (self, line, error);
  self->indent = indent;
  return parse_assignment (self, line, FALSE, error);
}

gboolean
aws_ini_parse (const char *text, gsize length, AwsIniFunc func, gpointer data, GError **error)
{
  Parser parser = { .func = func, .data = data };
  const char *at = text, *end = text + length;

  if (length >= strlen (BOM) && memcmp (text, BOM, strlen (BOM)) == 0)
    at += strlen (BOM);
  for (guint number = 1; at < end; number++)
    {
      const char *feed = memchr (at, '\n', (gsize) (end - at));
      const char *stop = feed != NULL ? feed : end;
      Span line = { at, (gsize) (stop - at) };
      if (line.length > 0 && stop[-1] == '\r')
        line.length--;
      if (!parse_line (&parser, line, error))
        {
          g_prefix_error (error, "line %u: ", number);
          return FALSE;
        }
      at = feed != NULL ? feed + 1 : end;
    }
  return TRUE;
}
