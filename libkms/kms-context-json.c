/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bytes that a context becomes: JSON as Ruby writes it in its dialects, and a binary form of our own. */
#include "kms-context-private.h"

static char *
put (char *out, const char *bytes, gsize n)
{
  memcpy (out, bytes, n);
  return out + n;
}

static char *
put_control (char *out, guint8 byte)
{
  static const char short_forms[] = "btn\0fr"; /* \b is 8; 11 has none */
  static const char digits[] = "0123456789abcdef";

  if (byte >= 8 && byte <= 13 && byte != 11)
    {
      *out++ = '\\';
      *out++ = short_forms[byte - 8];
      return out;
    }
  out = put (out, "\\u00", 4);
  *out++ = digits[byte >> 4];
  *out++ = digits[byte & 15];
  return out;
}

static char *
put_escaped (char *out, const char *text, gsize length)
{
  for (gsize i = 0; i < length; i++)
    {
      guint8 byte = (guint8) text[i];
      if (byte == '"' || byte == '\\')
        *out++ = '\\';
      if (byte < 0x20)
        out = put_control (out, byte);
      else
        *out++ = (char) byte;
    }
  return out;
}

gsize
_kms_json_write_string (const char *text, gsize length, char *out)
{
  char *start = out;

  *out++ = '"';
  out = put_escaped (out, text, length);
  *out++ = '"';
  return (gsize) (out - start);
}

/* ActiveSupport escapes what HTML or JavaScript would take for its own. These bytes occur in strings only, so whole
 * JSON can be run through here. */
gsize
_kms_json_write_dialect (const char *json, gsize length, KmsJsonDialect dialect, char *out)
{
  char *start = out;

  for (gsize i = 0; i < length; i++)
    {
      const char *left = json + i;
      if (*left == '<' || *left == '>' || *left == '&')
        out = put (out, *left == '<' ? "\\u003c" : *left == '>' ? "\\u003e" : "\\u0026", 6);
      else if (dialect == KMS_JSON_DIALECT_RAILS && i + 2 < length && (guint8) left[0] == 0xe2
               && (guint8) left[1] == 0x80 && ((guint8) left[2] & 0xfe) == 0xa8)
        {
          out = put (out, (guint8) left[2] == 0xa8 ? "\\u2028" : "\\u2029", 6);
          i += 2;
        }
      else
        *out++ = *left;
    }
  return (gsize) (out - start);
}

static char *
put_text (KmsContext *self, char *out, const char *text, gsize length, gboolean quoted)
{
  if (!quoted)
    return put (out, text, length);
  *out++ = '"';
  out = G_LIKELY (!self->has_escapes) ? put (out, text, length) : put_escaped (out, text, length);
  *out++ = '"';
  return out;
}

static char *
put_pair (KmsContext *self, char *out, guint name, guint value, gboolean typed)
{
  const KmsPair *named = &self->pairs[name], *valued = &self->pairs[value];

  out = put_text (self, out, named->name, named->name_length, TRUE);
  *out++ = ':';
  out = put_text (self, out, valued->value, valued->value_length, !(typed && valued->is_integer));
  *out++ = ',';
  return out;
}

static gsize
write_plain_map (KmsContext *self, KmsContextForm form, char *out)
{
  char *start = out;

  *out++ = '{';
  /* The gem's ActiveSupport writes a name twice that was a string and a symbol. */
  if (form == KMS_CONTEXT_FORM_LEGACY)
    for (guint i = 0; i < self->n_pairs; i++)
      out = put_pair (self, out, i, i, TRUE);
  else
    for (guint i = 0; i < self->n_sorted; i++)
      out = put_pair (self, out, self->sorted[i].name, self->sorted[i].value, FALSE);
  if (out[-1] == ',')
    out--;
  *out++ = '}';
  return (gsize) (out - start);
}

/* In the plain dialect. */
static gsize
write_plain (KmsContext *self, KmsContextForm form, char *out)
{
  if (G_LIKELY (self->form == KMS_CONTEXT_FORM_MAP))
    return write_plain_map (self, form, out);
  if (self->form == KMS_CONTEXT_FORM_RAW && form == KMS_CONTEXT_FORM_LEGACY)
    return _kms_json_write_string (self->text, self->text_length, out);
  memcpy (out, self->text, self->text_length);
  return self->text_length;
}

/**
 * kms_context_json_max:
 * @self: (nullable): a context
 *
 * Tells how many bytes kms_context_write_json() writes at most, in any dialect and form.
 *
 * Returns: the number of bytes; 0 for no context
 *
 * Since: 1.0
 */
gsize
kms_context_json_max (KmsContext *self)
{
  return self == NULL ? 0 : self->json_max;
}

/**
 * kms_context_write_json: (skip)
 * @self: (nullable): a context that kms_context_check() found right
 * @dialect: which characters are escaped
 * @form: %KMS_CONTEXT_FORM_LEGACY for data without a version, or the context's own form
 * @out: room for kms_context_json_max() bytes; no NUL is written
 *
 * Writes the bytes that are authenticated: for a map, JSON without blanks, sorted, integers as strings; for the raw
 * form, its bytes. In the legacy form, a map becomes JSON in the order given with integers as they are, and a raw text
 * a JSON string.
 *
 * Returns: the number of bytes written
 *
 * Since: 1.0
 */
gsize
kms_context_write_json (KmsContext *self, KmsJsonDialect dialect, KmsContextForm form, char *out)
{
  if (kms_context_get_form (self) == KMS_CONTEXT_FORM_NONE)
    return 0;
  g_return_val_if_fail (self->error == NULL, 0);

  gboolean as_it_is = self->form == KMS_CONTEXT_FORM_RAW && form != KMS_CONTEXT_FORM_LEGACY;
  if (G_LIKELY (!self->has_dialects || dialect == KMS_JSON_DIALECT_PLAIN || as_it_is))
    return write_plain (self, form, out);
  g_autofree char *plain = g_malloc (self->json_max);
  return _kms_json_write_dialect (plain, write_plain (self, form, plain), dialect, out);
}

/**
 * kms_context_to_json:
 * @self: (nullable): a context
 * @dialect: which characters are escaped
 * @form: %KMS_CONTEXT_FORM_LEGACY for data without a version, or the context's own form
 * @length: (out) (optional): the number of bytes
 * @error: return location for an error
 *
 * Gets what kms_context_write_json() writes, with a NUL behind it.
 *
 * Returns: (transfer full) (nullable): text; %NULL without @error for no context, with @error for what is no context
 *
 * Since: 1.0
 */
char *
kms_context_to_json (KmsContext *self, KmsJsonDialect dialect, KmsContextForm form, gsize *length, GError **error)
{
  if (length != NULL)
    *length = 0;
  if (kms_context_get_form (self) == KMS_CONTEXT_FORM_NONE || !kms_context_check (self, error))
    return NULL;
  char *json = g_malloc (self->json_max + 1);
  gsize written = kms_context_write_json (self, dialect, form, json);
  json[written] = '\0';
  if (length != NULL)
    *length = written;
  return json;
}

static guint8 *
put_number (guint8 *out, gsize number)
{
  guint32 big_endian = GUINT32_TO_BE ((guint32) number);

  memcpy (out, &big_endian, 4);
  return out + 4;
}

static guint8 *
put_counted (guint8 *out, const char *text, gsize length)
{
  out = put_number (out, length);
  memcpy (out, text, length);
  return out + length;
}

/**
 * kms_context_binary_max:
 * @self: (nullable): a context
 *
 * Tells how many bytes kms_context_write_binary() writes at most.
 *
 * Returns: the number of bytes, at least 1
 *
 * Since: 1.0
 */
gsize
kms_context_binary_max (KmsContext *self)
{
  return self == NULL ? 1 : self->binary_max;
}

/* By bytes of the name alone; the canonical order is that already unless names are odd or of two kinds. */
static int
compare_places (gconstpointer a, gconstpointer b, gpointer data)
{
  const KmsPair *first = &((KmsContext *) data)->pairs[((const KmsPairPlace *) a)->name];
  const KmsPair *second = &((KmsContext *) data)->pairs[((const KmsPairPlace *) b)->name];
  int order = memcmp (first->name, second->name, MIN (first->name_length, second->name_length));

  return order != 0 ? order : (int) first->name_length - (int) second->name_length;
}

static gboolean
is_sorted_by_bytes (KmsContext *self)
{
  for (guint i = 1; i < self->n_sorted; i++)
    if (compare_places (&self->sorted[i - 1], &self->sorted[i], self) > 0)
      return FALSE;
  return TRUE;
}

static guint8 *
put_pairs (KmsContext *self, const KmsPairPlace *sorted, guint8 *out)
{
  out = put_number (out, self->n_sorted);
  for (guint i = 0; i < self->n_sorted; i++)
    {
      const KmsPair *named = &self->pairs[sorted[i].name], *valued = &self->pairs[sorted[i].value];
      out = put_counted (out, named->name, named->name_length);
      out = put_counted (out, valued->value, valued->value_length);
    }
  return out;
}

static guint8 *
put_map (KmsContext *self, guint8 *out)
{
  if (G_LIKELY (self->is_plainly_sorted || is_sorted_by_bytes (self)))
    return put_pairs (self, self->sorted, out);
  g_autofree KmsPairPlace *by_bytes = g_memdup2 (self->sorted, self->n_sorted * sizeof *by_bytes);
  g_qsort_with_data (by_bytes, (gint) self->n_sorted, sizeof *by_bytes, compare_places, self);
  return put_pairs (self, by_bytes, out);
}

/**
 * kms_context_write_binary: (skip)
 * @self: (nullable): a context that kms_context_check() found right
 * @out: room for kms_context_binary_max() bytes
 *
 * Writes a form that no dialect, order or kind of name changes, for providers of our own design: a byte for the form
 * (0 none, 1 map, 2 raw, 3 legacy), then, for a map, the number of pairs and every name and value, sorted by the bytes
 * of the names; for the others, their text. Numbers and lengths are 32 bits, big-endian; each text follows its length.
 *
 * Returns: the number of bytes written
 *
 * Since: 1.0
 */
gsize
kms_context_write_binary (KmsContext *self, guint8 *out)
{
  guint8 *start = out;
  KmsContextForm form = kms_context_get_form (self);

  *out++ = (guint8) form;
  if (form == KMS_CONTEXT_FORM_NONE)
    return 1;
  g_return_val_if_fail (self->error == NULL, 0);

  if (form == KMS_CONTEXT_FORM_MAP)
    out = put_map (self, out);
  else
    out = put_counted (out, self->text, self->text_length);
  return (gsize) (out - start);
}
