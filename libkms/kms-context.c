/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Contexts: immutable, reference-counted, in one block of memory. */
#include "kms-context-private.h"

#include "kms-error.h"

G_DEFINE_BOXED_TYPE (KmsContext, kms_context, kms_context_ref, kms_context_unref)

#define MANY_VARARGS 16

/* What a byte means for the JSON that it will stand in. */
enum
{
  BYTE_NAME = 0,   /* of an identifier: any order is the same for it */
  BYTE_OTHER = 1,  /* written as it is */
  BYTE_ESCAPE = 2, /* written with a backslash, always */
  BYTE_DIALECT = 4 /* written so or so */
};

static guint8
classify_byte (guint8 byte)
{
  if (g_ascii_isalnum (byte) || byte == '_')
    return BYTE_NAME;
  if (byte < 0x20 || byte == '"' || byte == '\\')
    return BYTE_ESCAPE | BYTE_OTHER;
  if (byte == '<' || byte == '>' || byte == '&')
    return BYTE_DIALECT | BYTE_OTHER;
  return BYTE_OTHER;
}

static guint8 byte_classes[256];

__attribute__ ((constructor)) static void
fill_byte_classes (void)
{
  for (guint i = 0; i < 256; i++)
    byte_classes[i] = classify_byte ((guint8) i);
}

/* U+2028 and U+2029, which end a line in JavaScript but not in JSON. */
static gboolean
has_line_separator (const char *text, gsize length)
{
  for (gsize i = 0; i + 2 < length; i++)
    if ((guint8) text[i] == 0xe2 && (guint8) text[i + 1] == 0x80 && ((guint8) text[i + 2] & 0xfe) == 0xa8)
      return TRUE;
  return FALSE;
}

/* All classes that occur, or -1 for what is not UTF-8. */
static int
classify_text (const char *text, gsize length)
{
  guint8 classes = 0;
  guint8 high = 0;

  for (gsize i = 0; i < length; i++)
    {
      classes |= byte_classes[(guint8) text[i]];
      high |= (guint8) text[i];
    }
  if (high < 0x80)
    return classes;
  /* g_utf8_validate_len() takes no NUL, which is a character like others here. */
  for (gsize start = 0; start < length;)
    {
      const char *nul = memchr (text + start, '\0', length - start);
      gsize end = nul == NULL ? length : (gsize) (nul - text);
      if (!g_utf8_validate_len (text + start, end - start, NULL))
        return -1;
      start = end + 1;
    }
  return has_line_separator (text, length) ? classes | BYTE_DIALECT : classes;
}

static KmsContext *
context_alloc (KmsContextForm form, guint n_pairs, gsize text_size, char **text)
{
  gsize pairs_size = n_pairs * sizeof (KmsPair);
  gsize sorted_size = n_pairs * sizeof (KmsPairPlace);
  KmsContext *self = g_malloc (sizeof (KmsContext) + pairs_size + sorted_size + text_size);

  memset (self, 0, sizeof *self);
  self->refs = 1;
  self->form = form;
  self->pairs = (KmsPair *) (self + 1);
  self->sorted = (KmsPairPlace *) ((guint8 *) self->pairs + pairs_size);
  *text = (char *) self->sorted + sorted_size;
  return self;
}

static KmsContext *
context_new_poisoned (GError *error)
{
  char *text;
  KmsContext *self = context_alloc (KMS_CONTEXT_FORM_MAP, 0, 0, &text);

  self->error = error;
  return self;
}

static KmsContext *
refuse (const char *format, ...) G_GNUC_PRINTF (1, 2);

static KmsContext *
refuse (const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  GError *error = g_error_new_valist (KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT, format, arguments);
  va_end (arguments);
  return context_new_poisoned (error);
}

static const char *
copy_text (char **text, const char *from, gsize length)
{
  char *copy = *text;

  memcpy (copy, from, length);
  copy[length] = '\0';
  *text = copy + length + 1;
  return copy;
}

static void
copy_pairs (KmsContext *self, const KmsPair *pairs, char *text)
{
  for (guint i = 0; i < self->n_pairs; i++)
    {
      self->pairs[i] = pairs[i];
      self->pairs[i].name = copy_text (&text, pairs[i].name, pairs[i].name_length);
      self->pairs[i].value = copy_text (&text, pairs[i].value, pairs[i].value_length);
    }
}

/* "name":"value", is 6 characters more than its parts, and an escape makes six of one. */
static gsize
count_json_max (const KmsPair *pairs, guint n_pairs, gboolean has_escapes)
{
  gsize n_bytes = 0;

  for (guint i = 0; i < n_pairs; i++)
    n_bytes += (gsize) pairs[i].name_length + pairs[i].value_length;
  return 2 + 6 * (gsize) n_pairs + (has_escapes ? 6 * n_bytes : n_bytes);
}

KmsContext *
_kms_context_new_from_pairs (const KmsPair *pairs, guint n_pairs)
{
  int names = 0, values = 0;
  gsize text_size = 0;
  char *text;

  if (n_pairs > KMS_CONTEXT_MAX_PAIRS)
    return refuse ("a context of %u pairs is larger than the limit of %d", n_pairs, KMS_CONTEXT_MAX_PAIRS);
  for (guint i = 0; i < n_pairs; i++)
    {
      int name = classify_text (pairs[i].name, pairs[i].name_length);
      int value = classify_text (pairs[i].value, pairs[i].value_length);
      if (name < 0 || value < 0)
        return refuse ("pair %u of the context is not UTF-8; contexts are text", i + 1);
      names |= pairs[i].name_length == 0 ? BYTE_OTHER : name;
      values |= value;
      text_size += (gsize) pairs[i].name_length + pairs[i].value_length + 2;
    }
  if (text_size > KMS_CONTEXT_MAX_BYTES)
    return refuse ("a context of %" G_GSIZE_FORMAT " bytes is larger than the limit of %d", text_size,
                   KMS_CONTEXT_MAX_BYTES);

  KmsContext *self = context_alloc (KMS_CONTEXT_FORM_MAP, n_pairs, text_size, &text);
  self->n_pairs = n_pairs;
  self->has_dialects = ((names | values) & BYTE_DIALECT) != 0;
  self->has_escapes = ((names | values) & (BYTE_ESCAPE | BYTE_DIALECT)) != 0;
  self->json_max = count_json_max (pairs, n_pairs, self->has_escapes);
  copy_pairs (self, pairs, text);
  if (n_pairs > 0)
    self->n_sorted = _kms_context_sort (self->pairs, n_pairs, names == BYTE_NAME, self->sorted, &self->error);
  return self;
}

static gboolean
pair_set (KmsPair *pair, const char *name, const char *value)
{
  if (name == NULL || value == NULL)
    return FALSE;
  gsize name_length = strlen (name), value_length = strlen (value);
  if (name_length > KMS_CONTEXT_MAX_BYTES || value_length > KMS_CONTEXT_MAX_BYTES)
    return FALSE;
  *pair = (KmsPair){ name, value, (guint32) name_length, (guint32) value_length, KMS_NAME_KIND_UNMARKED, FALSE };
  return TRUE;
}

/**
 * kms_context_new: (skip)
 * @first_name: (nullable): the first name
 * @...: its value, more names and values, %NULL
 *
 * Makes a context of names and values, all strings. What is wrong (text that is not UTF-8, a name twice, a name whose
 * place in Ruby's order depends on what it was there) is told by kms_context_check() and by every use.
 *
 * Returns: (transfer full): a context
 *
 * Since: 1.0
 */
KmsContext *
kms_context_new (const char *first_name, ...)
{
  KmsPair few[MANY_VARARGS];
  g_autofree KmsPair *many = NULL;
  KmsPair *pairs = few;
  guint n_pairs = 0;
  va_list arguments;

  va_start (arguments, first_name);
  for (const char *name = first_name; name != NULL; name = va_arg (arguments, const char *))
    {
      if (n_pairs >= MANY_VARARGS)
        {
          many = g_renew (KmsPair, many, n_pairs + 1);
          if (n_pairs == MANY_VARARGS)
            memcpy (many, few, sizeof few);
          pairs = many;
        }
      if (!pair_set (&pairs[n_pairs], name, va_arg (arguments, const char *)))
        {
          va_end (arguments);
          return refuse ("name %u of the context has no value, or one larger than the limit of %d bytes", n_pairs + 1,
                         KMS_CONTEXT_MAX_BYTES);
        }
      n_pairs++;
    }
  va_end (arguments);
  return _kms_context_new_from_pairs (pairs, n_pairs);
}

/**
 * kms_context_new_empty:
 *
 * Makes a context of no pairs, which is not the same as no context.
 *
 * Returns: (transfer full): a context
 *
 * Since: 1.0
 */
KmsContext *
kms_context_new_empty (void)
{
  return _kms_context_new_from_pairs (NULL, 0);
}

static KmsContext *
context_new_text (KmsContextForm form, const char *bytes, gsize length)
{
  char *text;

  if (length > KMS_CONTEXT_MAX_BYTES)
    return refuse ("a context of %" G_GSIZE_FORMAT " bytes is larger than the limit of %d", length,
                   KMS_CONTEXT_MAX_BYTES);
  KmsContext *self = context_alloc (form, 0, length + 1, &text);
  self->text = copy_text (&text, bytes, length);
  self->text_length = length;
  self->json_max = length;
  return self;
}

/**
 * kms_context_new_raw:
 * @data: (array length=length) (nullable): bytes
 * @length: how many
 *
 * Makes a context of bytes that are used as they are: what a String was in the Ruby gem.
 *
 * Returns: (transfer full): a context
 *
 * Since: 1.0
 */
KmsContext *
kms_context_new_raw (const guint8 *data, gsize length)
{
  g_return_val_if_fail (data != NULL || length == 0, NULL);

  return context_new_text (KMS_CONTEXT_FORM_RAW, length == 0 ? "" : (const char *) data, length);
}

/**
 * kms_context_new_legacy:
 * @json: any JSON value
 * @length: its length in bytes; -1 if it is NUL-terminated
 * @error: return location for an error
 *
 * Makes a context as data without a version had it: JSON in the order and with the types given, numbers as they stand.
 * A map can be used for that too: see kms_context_write_json().
 *
 * Returns: (transfer full): a context, or %NULL with %KMS_ERROR_INVALID_ARGUMENT
 *
 * Since: 1.0
 */
KmsContext *
kms_context_new_legacy (const char *json, gssize length, GError **error)
{
  g_return_val_if_fail (json != NULL, NULL);
  g_autoptr (GString) compact = g_string_new (NULL);

  if (!_kms_json_compact (json, length < 0 ? strlen (json) : (gsize) length, compact, error))
    return NULL;
  g_autoptr (KmsContext) self = context_new_text (KMS_CONTEXT_FORM_LEGACY, compact->str, compact->len);
  if (!kms_context_check (self, error))
    return NULL;
  self->has_dialects = (classify_text (compact->str, compact->len) & BYTE_DIALECT) != 0;
  self->has_escapes = self->has_dialects;
  self->json_max = self->has_dialects ? 6 * compact->len : compact->len;
  return g_steal_pointer (&self);
}

/**
 * kms_context_new_from_json:
 * @json: a JSON object with strings and integers as values, or a JSON string for the raw form
 * @length: its length in bytes; -1 if it is NUL-terminated
 * @error: return location for an error
 *
 * Makes a context of JSON. Integers may have any size. `{}` is the empty context.
 *
 * Returns: (transfer full): a context, or %NULL with %KMS_ERROR_INVALID_ARGUMENT
 *
 * Since: 1.0
 */
KmsContext *
kms_context_new_from_json (const char *json, gssize length, GError **error)
{
  g_return_val_if_fail (json != NULL, NULL);
  g_autoptr (KmsContext) self = _kms_context_read_json (json, length < 0 ? strlen (json) : (gsize) length, error);

  if (self == NULL || !kms_context_check (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

/**
 * kms_context_ref:
 * @self: a context
 *
 * Adds a reference.
 *
 * Returns: (transfer full): the context
 *
 * Since: 1.0
 */
KmsContext *
kms_context_ref (KmsContext *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_int_inc (&self->refs);
  return self;
}

/**
 * kms_context_unref:
 * @self: (transfer full): a context
 *
 * Drops a reference.
 *
 * Since: 1.0
 */
void
kms_context_unref (KmsContext *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_int_dec_and_test (&self->refs))
    return;
  g_clear_error (&self->error);
  g_free (self);
}

/**
 * kms_context_check:
 * @self: (nullable): a context
 * @error: return location for an error
 *
 * Tells whether what kms_context_new() got was a context at all. %NULL is none, and right.
 *
 * Returns: %TRUE, or %FALSE with @error set
 *
 * Since: 1.0
 */
gboolean
kms_context_check (KmsContext *self, GError **error)
{
  if (G_LIKELY (self == NULL || self->error == NULL))
    return TRUE;
  if (error != NULL)
    *error = g_error_copy (self->error);
  return FALSE;
}
