/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Contexts: immutable, reference-counted, in one block of memory. */
#include "kms-context-private.h"

#include "kms-error.h"

/**
 * KmsContext:
 *
 * What a ciphertext belongs to: names and values that are authenticated together with it, and stand nowhere in it. To
 * decrypt takes the same context. Wherever one is taken, %NULL is no context, which is not the same as an empty one.
 *
 * A context does not change, and may be used by several threads.
 *
 * Since: 1.0
 */
G_DEFINE_BOXED_TYPE (KmsContext, kms_context, kms_context_ref, kms_context_unref)

#define MANY_VARARGS 16

/* What a byte means for the JSON that it will stand in; 0 is of an identifier, in any order the same. */
enum {
  BYTE_OTHER = 1,  /* written as it is */
  BYTE_ESCAPE = 2, /* written with a backslash, always */
  BYTE_DIALECT = 4 /* written so or so */
};

#define OTHER BYTE_OTHER
#define ESCAPE (BYTE_OTHER | BYTE_ESCAPE)
#define DIALECT (BYTE_OTHER | BYTE_DIALECT)

static const guint8 byte_classes[256] = {
  [0x00 ... 0x1f] = ESCAPE, [' ' ... '!'] = OTHER, ['"'] = ESCAPE,  ['#' ... '%'] = OTHER, ['&'] = DIALECT,
  ['\'' ... '/'] = OTHER,   [':' ... ';'] = OTHER, ['<'] = DIALECT, ['='] = OTHER,         ['>'] = DIALECT,
  ['?' ... '@'] = OTHER,    ['['] = OTHER,         ['\\'] = ESCAPE, [']' ... '^'] = OTHER, ['`'] = OTHER,
  ['{' ... 0xff] = OTHER,
};

/* U+2028 and U+2029, which end a line in JavaScript but not in JSON. */
static gboolean
has_line_separator (const char *text, gsize length)
{
  for (gsize i = 0; i + 2 < length; i++)
    if ((guint8) text[i] == 0xe2 && (guint8) text[i + 1] == 0x80 && ((guint8) text[i + 2] & 0xfe) == 0xa8)
      return TRUE;
  return FALSE;
}

static gboolean
is_utf8 (const char *text, gsize length)
{
  /* g_utf8_validate_len() takes no NUL, which is a character like others here. */
  for (gsize start = 0; start < length;)
    {
      const char *nul = memchr (text + start, '\0', length - start);
      gsize end = nul == NULL ? length : (gsize) (nul - text);
      if (!g_utf8_validate_len (text + start, end - start, NULL))
        return FALSE;
      start = end + 1;
    }
  return TRUE;
}

/* Copies, as the text is looked at byte by byte anyway. All classes that occur, or -1 for what is not UTF-8. */
static inline int
copy_text (char *out, const char *text, gsize length)
{
  guint8 classes = 0, high = 0;

  for (gsize i = 0; i < length; i++)
    {
      guint8 byte = (guint8) text[i];
      classes |= byte_classes[byte];
      high |= byte;
      out[i] = (char) byte;
    }
  out[length] = '\0';
  if (G_LIKELY (high < 0x80))
    return classes;
  if (!is_utf8 (text, length))
    return -1;
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
  self->binary_max = 1;
  self->pairs = (KmsPair *) (self + 1);
  self->sorted = (KmsPairPlace *) ((guint8 *) self->pairs + pairs_size);
  *text = (char *) self->sorted + sorted_size;
  return self;
}

KmsContext *
_kms_context_new_poisoned (GError *error)
{
  char *text;
  KmsContext *self = context_alloc (KMS_CONTEXT_FORM_MAP, 0, 0, &text);

  self->error = error;
  return self;
}

static KmsContext *refuse (const char *format, ...) G_GNUC_PRINTF (1, 2);

static KmsContext *
refuse (const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  GError *error = g_error_new_valist (KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT, format, arguments);
  va_end (arguments);
  return _kms_context_new_poisoned (error);
}

/* All classes of names and values, or an error for what is not UTF-8. */
static void
copy_pairs (KmsContext *self, const KmsPair *pairs, char *text, int *names, int *values)
{
  for (guint i = 0; i < self->n_pairs; i++)
    {
      KmsPair *pair = &self->pairs[i];
      *pair = pairs[i];
      int name = copy_text (text, pair->name, pair->name_length);
      pair->name = text;
      text += pair->name_length + 1;
      int value = copy_text (text, pair->value, pair->value_length);
      pair->value = text;
      text += pair->value_length + 1;
      if (G_UNLIKELY (name < 0 || value < 0) && self->error == NULL)
        self->error = g_error_new (KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                                   "pair %u of the context is not UTF-8; contexts are text", i + 1);
      *names |= pair->name_length == 0 ? BYTE_OTHER : name;
      *values |= value;
    }
}

KmsContext *
_kms_context_new_from_pairs (const KmsPair *pairs, guint n_pairs)
{
  int names = 0, values = 0;
  gboolean any_marked = FALSE;
  gsize n_bytes = 0;
  char *text;

  if (n_pairs > KMS_CONTEXT_MAX_PAIRS)
    return refuse ("a context of %u pairs is larger than the limit of %d", n_pairs, KMS_CONTEXT_MAX_PAIRS);
  for (guint i = 0; i < n_pairs; i++)
    {
      n_bytes += (gsize) pairs[i].name_length + pairs[i].value_length;
      any_marked = any_marked || pairs[i].kind != KMS_NAME_KIND_UNMARKED;
    }
  if (n_bytes > KMS_CONTEXT_MAX_BYTES)
    return refuse ("a context of %" G_GSIZE_FORMAT " bytes is larger than the limit of %d", n_bytes,
                   KMS_CONTEXT_MAX_BYTES);

  KmsContext *self = context_alloc (KMS_CONTEXT_FORM_MAP, n_pairs, n_bytes + 2 * n_pairs, &text);
  self->n_pairs = n_pairs;
  copy_pairs (self, pairs, text, &names, &values);
  if (G_UNLIKELY (self->error != NULL))
    return self;
  self->has_dialects = ((names | values) & BYTE_DIALECT) != 0;
  self->has_escapes = ((names | values) & (BYTE_ESCAPE | BYTE_DIALECT)) != 0;
  /* "name":"value", is 6 characters more than its parts, and an escape makes six of one. */
  self->json_max = 2 + 6 * (gsize) n_pairs + (self->has_escapes ? 6 * n_bytes : n_bytes);
  self->binary_max = 1 + 4 + 8 * (gsize) n_pairs + n_bytes;
  if (n_pairs > 0)
    /* Looks at the texts given: reading the copies right behind their writing stalls the processor. */
    self->n_sorted = _kms_context_sort (pairs, n_pairs, names == 0, self->sorted, &self->error);
  self->is_plainly_sorted = names == 0 && !any_marked;
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

/**
 * kms_context_new_none:
 *
 * Says that there is no context. Everything takes %NULL for the same, but for the new context of a rewrap, where %NULL keeps
 * the old one: this takes it away.
 *
 * Returns: (transfer full): no context, as one
 *
 * Since: 1.0
 */
KmsContext *
kms_context_new_none (void)
{
  char *text;

  return context_alloc (KMS_CONTEXT_FORM_NONE, 0, 0, &text);
}

static KmsContext *
context_new_text (KmsContextForm form, const char *bytes, gsize length)
{
  char *text;

  if (length > KMS_CONTEXT_MAX_BYTES)
    return refuse ("a context of %" G_GSIZE_FORMAT " bytes is larger than the limit of %d", length,
                   KMS_CONTEXT_MAX_BYTES);
  KmsContext *self = context_alloc (form, 0, length + 1, &text);
  int classes = copy_text (text, bytes, length);
  self->text = text;
  self->text_length = length;
  self->has_dialects = classes > 0 && (classes & BYTE_DIALECT) != 0;
  self->has_escapes = classes < 0 || (classes & (BYTE_ESCAPE | BYTE_DIALECT)) != 0;
  /* In the legacy form, a raw text has quotes and escapes. */
  self->json_max = (self->has_escapes ? 6 * length : length) + 2;
  self->binary_max = 1 + 4 + length;
  return self;
}

/**
 * kms_context_new_raw:
 * @data: (array length=length) (nullable): bytes
 * @length: how many
 *
 * Makes a context of bytes that are used as they are: what a String was in the Ruby gem. Only with data without a
 * version they become a JSON string.
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

  gsize n = length < 0 ? strlen (json) : (gsize) length;

  if (!_kms_json_compact (KMS_CONTEXT_JSON, json, n, KMS_CONTEXT_MAX_BYTES, compact, error))
    return NULL;
  g_autoptr (KmsContext) self = context_new_text (KMS_CONTEXT_FORM_LEGACY, compact->str, compact->len);
  if (!kms_context_check (self, error))
    return NULL;
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
  if (G_UNLIKELY (self->error != NULL))
    g_error_free (self->error);
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
  g_propagate_error (error, g_error_copy (self->error));
  return FALSE;
}
