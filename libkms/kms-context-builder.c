/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes contexts of pairs with their kinds and types, one by one or from a variant. */
#include "kms-context-private.h"

#include "kms-error.h"

struct _KmsContextBuilder
{
  gatomicrefcount refs;
  GArray *pairs; /* of KmsPair, with text of their own */
  GError *error; /* the first thing that was wrong */
};

/**
 * KmsContextBuilder:
 *
 * Makes a #KmsContext of pairs that come one by one, that are integers, or whose names have to be marked. What it refused
 * can't be taken back: kms_context_builder_end() tells what was wrong. It belongs to one thread.
 *
 * Since: 1.0
 */
G_DEFINE_BOXED_TYPE (KmsContextBuilder, kms_context_builder, kms_context_builder_ref, kms_context_builder_unref)

static void
pair_clear (gpointer data)
{
  KmsPair *pair = data;

  g_free ((char *) pair->name);
  g_free ((char *) pair->value);
}

/**
 * kms_context_builder_new:
 *
 * Starts a context. The first thing that is wrong is kept and told by kms_context_builder_end(); a builder with an error
 * stays of no use, so that a context never comes out that lacks what was refused.
 *
 * Returns: (transfer full): a builder
 *
 * Since: 1.0
 */
KmsContextBuilder *
kms_context_builder_new (void)
{
  KmsContextBuilder *self = g_new0 (KmsContextBuilder, 1);

  g_atomic_ref_count_init (&self->refs);
  self->pairs = g_array_new (FALSE, TRUE, sizeof (KmsPair));
  g_array_set_clear_func (self->pairs, pair_clear);
  return self;
}

/**
 * kms_context_builder_ref:
 * @self: a builder
 *
 * Adds a reference.
 *
 * Returns: (transfer full): the builder
 *
 * Since: 1.0
 */
KmsContextBuilder *
kms_context_builder_ref (KmsContextBuilder *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->refs);
  return self;
}

/**
 * kms_context_builder_unref:
 * @self: (transfer full): a builder
 *
 * Drops a reference.
 *
 * Since: 1.0
 */
void
kms_context_builder_unref (KmsContextBuilder *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_array_unref (self->pairs);
  g_clear_error (&self->error);
  g_free (self);
}

static char *
dup_text (const char *text, gsize length)
{
  char *copy = g_malloc (length + 1);

  memcpy (copy, text, length);
  copy[length] = '\0';
  return copy;
}

/* Takes the error. The first one is the one to read. */
static void
refuse (KmsContextBuilder *self, GError *error)
{
  if (self->error == NULL)
    self->error = error;
  else
    g_error_free (error);
}

static void
add_pair (KmsContextBuilder *self, KmsNameKind kind, const char *name, gsize name_length, const char *value,
          gsize value_length, gboolean is_integer)
{
  if (name_length > KMS_CONTEXT_MAX_BYTES || value_length > KMS_CONTEXT_MAX_BYTES)
    {
      refuse (self, g_error_new (KMS_ERROR, KMS_ERROR_TOO_LARGE,
                                 "a name or value of the context is larger than the limit of %d bytes",
                                 KMS_CONTEXT_MAX_BYTES));
      return;
    }
  KmsPair pair = { dup_text (name, name_length),
                   dup_text (value, value_length),
                   (guint32) name_length,
                   (guint32) value_length,
                   kind,
                   is_integer };
  g_array_append_val (self->pairs, pair);
}

static gsize
text_length (const char *text, gssize length)
{
  return length < 0 ? strlen (text) : (gsize) length;
}

/**
 * kms_context_builder_add_string:
 * @self: a builder
 * @kind: what the name was in Ruby; %KMS_NAME_KIND_UNMARKED where that does not matter
 * @name: a name
 * @name_length: its length in bytes; -1 if it is NUL-terminated
 * @value: a value
 * @value_length: its length in bytes; -1 if it is NUL-terminated
 *
 * Adds a pair whose value is a string.
 *
 * Since: 1.0
 */
void
kms_context_builder_add_string (KmsContextBuilder *self, KmsNameKind kind, const char *name, gssize name_length,
                                const char *value, gssize value_length)
{
  g_return_if_fail (self != NULL && name != NULL && value != NULL);

  add_pair (self, kind, name, text_length (name, name_length), value, text_length (value, value_length), FALSE);
}

/**
 * kms_context_builder_add_integer:
 * @self: a builder
 * @kind: what the name was in Ruby
 * @name: a name
 * @value: a value
 *
 * Adds a pair whose value is an integer. It is written as a string, but for the legacy form.
 *
 * Since: 1.0
 */
void
kms_context_builder_add_integer (KmsContextBuilder *self, KmsNameKind kind, const char *name, gint64 value)
{
  g_return_if_fail (self != NULL && name != NULL);
  char digits[32];

  g_snprintf (digits, sizeof digits, "%" G_GINT64_FORMAT, value);
  add_pair (self, kind, name, strlen (name), digits, strlen (digits), TRUE);
}

/* As Ruby would write it: no sign before 0, no zeros before other digits. NULL for what is no integer. */
static char *
canonical_integer (const char *digits)
{
  gboolean negative = digits[0] == '-';
  const char *first = digits + (negative || digits[0] == '+' ? 1 : 0);

  if (first[0] == '\0' || strspn (first, "0123456789") != strlen (first))
    return NULL;
  while (first[0] == '0' && first[1] != '\0')
    first++;
  return g_strconcat (negative && strcmp (first, "0") != 0 ? "-" : "", first, NULL);
}

void
_kms_context_builder_add_digits (KmsContextBuilder *self, KmsNameKind kind, const char *name, gsize name_length,
                                 const char *digits)
{
  g_autofree char *canonical = canonical_integer (digits);

  if (canonical != NULL)
    add_pair (self, kind, name, name_length, canonical, strlen (canonical), TRUE);
  else
    refuse (self, g_error_new (KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                               "the context's value of \"%s\" is not an integer; give it as a string", name));
}

/**
 * kms_context_builder_add_decimal:
 * @self: a builder
 * @kind: what the name was in Ruby
 * @name: a name
 * @digits: an integer of any size, in decimal digits with an optional sign
 *
 * Adds a pair whose value is an integer.
 *
 * Since: 1.0
 */
void
kms_context_builder_add_decimal (KmsContextBuilder *self, KmsNameKind kind, const char *name, const char *digits)
{
  g_return_if_fail (self != NULL && name != NULL && digits != NULL);

  _kms_context_builder_add_digits (self, kind, name, strlen (name), digits);
}

typedef struct
{
  KmsNameKind kind;
  const char *name;
  gsize name_length;
  gboolean is_integer;
  const char *value;
} KmsAssignment;

/* NAME, :NAME, "NAME" or :"NAME"; in quotes it may be empty and have "=" in it. FALSE if there is no name. */
static gboolean
parse_assignment (const char *text, KmsAssignment *parsed)
{
  gboolean is_symbol = text[0] == ':' && text[1] != '=';
  const char *name = is_symbol ? text + 1 : text;
  const char *quote = name[0] == '"' ? strstr (name + 1, "\"=") : NULL;
  const char *integer_quote = name[0] == '"' ? strstr (name + 1, "\":=") : NULL;

  if (integer_quote != NULL && (quote == NULL || integer_quote < quote))
    quote = integer_quote;
  parsed->kind = is_symbol ? KMS_NAME_KIND_SYMBOL : quote != NULL ? KMS_NAME_KIND_STRING : KMS_NAME_KIND_UNMARKED;
  const char *equals = strchr (quote != NULL ? quote : name, '=');
  if (equals == NULL || equals == name)
    return FALSE;
  parsed->is_integer = equals[-1] == ':';
  parsed->value = equals + 1;
  parsed->name = quote != NULL ? name + 1 : name;
  parsed->name_length = (gsize) ((quote != NULL ? quote : equals - (parsed->is_integer ? 1 : 0)) - parsed->name);
  return quote != NULL || parsed->name_length > 0;
}

static gboolean
add_assignment (KmsContextBuilder *self, const char *assignment, GError **error)
{
  KmsAssignment parsed;

  if (!parse_assignment (assignment, &parsed))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                   "\"%s\" is not a part of a context; write NAME=VALUE, or NAME:=INTEGER", assignment);
      return FALSE;
    }
  if (!parsed.is_integer)
    {
      add_pair (self, parsed.kind, parsed.name, parsed.name_length, parsed.value, strlen (parsed.value), FALSE);
      return TRUE;
    }
  g_autofree char *canonical = canonical_integer (parsed.value);
  if (canonical == NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                   "\"%s\" in \"%s\" is not an integer; write NAME=VALUE for a string", parsed.value, assignment);
      return FALSE;
    }
  add_pair (self, parsed.kind, parsed.name, parsed.name_length, canonical, strlen (canonical), TRUE);
  return TRUE;
}

/**
 * kms_context_builder_add_assignment:
 * @self: a builder
 * @assignment: `name=value`, or `name:=1` for an integer; the name may be marked: `:name=…` for a symbol, `"name"=…` for
 *   a string, `:"name"=…` for a symbol with an odd name
 * @error: return location for an error
 *
 * Adds a pair as people type it. The first `=` ends a name without quotes. What is refused is not forgotten:
 * kms_context_builder_end() fails, too.
 *
 * Returns: %TRUE, or %FALSE with %KMS_ERROR_INVALID_ARGUMENT
 *
 * Since: 1.0
 */
gboolean
kms_context_builder_add_assignment (KmsContextBuilder *self, const char *assignment, GError **error)
{
  g_return_val_if_fail (self != NULL && assignment != NULL, FALSE);
  g_autoptr (GError) local = NULL;

  if (add_assignment (self, assignment, &local))
    return TRUE;
  refuse (self, g_error_copy (local));
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

KmsContext *
_kms_context_builder_finish (KmsContextBuilder *self, GError **error)
{
  g_autoptr (KmsContext) context = NULL;

  if (self->error == NULL)
    context = _kms_context_new_from_pairs ((const KmsPair *) (gpointer) self->pairs->data, self->pairs->len);
  g_array_set_size (self->pairs, 0);
  if (context != NULL && kms_context_check (context, &self->error))
    return g_steal_pointer (&context);
  g_propagate_error (error, g_error_copy (self->error));
  return NULL;
}

/**
 * kms_context_builder_end:
 * @self: a builder, which is empty afterwards
 * @error: return location for an error
 *
 * Makes the context. A builder to which something was added that is refused makes none, however often it is asked.
 *
 * A %NULL would be no context to who does not look. So where @error is %NULL, too, what comes back is a context that
 * kms_context_check() and every use refuse.
 *
 * Returns: (transfer full): a context, or %NULL with @error set to the first thing that was wrong
 *
 * Since: 1.0
 */
KmsContext *
kms_context_builder_end (KmsContextBuilder *self, GError **error)
{
  g_return_val_if_fail (self != NULL, NULL);
  KmsContext *context = _kms_context_builder_finish (self, error);

  return context == NULL && error == NULL ? _kms_context_new_poisoned (g_error_copy (self->error)) : context;
}

static gint64
get_signed (GVariant *value)
{
  switch (g_variant_classify (value))
    {
    case G_VARIANT_CLASS_BYTE:
      return g_variant_get_byte (value);
    case G_VARIANT_CLASS_INT16:
      return g_variant_get_int16 (value);
    case G_VARIANT_CLASS_UINT16:
      return g_variant_get_uint16 (value);
    case G_VARIANT_CLASS_INT32:
      return g_variant_get_int32 (value);
    case G_VARIANT_CLASS_UINT32:
      return g_variant_get_uint32 (value);
    default:
      return g_variant_get_int64 (value);
    }
}

static gboolean
add_variant (KmsContextBuilder *self, const char *name, GVariant *value, GError **error)
{
  GVariantClass type = g_variant_classify (value);

  if (type == G_VARIANT_CLASS_STRING)
    kms_context_builder_add_string (self, KMS_NAME_KIND_UNMARKED, name, -1, g_variant_get_string (value, NULL), -1);
  else if (type == G_VARIANT_CLASS_UINT64)
    {
      g_autofree char *digits = g_strdup_printf ("%" G_GUINT64_FORMAT, g_variant_get_uint64 (value));
      kms_context_builder_add_decimal (self, KMS_NAME_KIND_UNMARKED, name, digits);
    }
  else if (strchr ("ynqiux", (int) type) != NULL)
    kms_context_builder_add_integer (self, KMS_NAME_KIND_UNMARKED, name, get_signed (value));
  else
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                   "the context's value of \"%s\" must be a string or an integer, not of type %s", name,
                   g_variant_get_type_string (value));
      return FALSE;
    }
  return TRUE;
}

/**
 * kms_context_new_from_variant:
 * @map: an `a{sv}` with strings and integers as values, or an `a{ss}`
 * @error: return location for an error
 *
 * Makes a context of a dictionary.
 *
 * Returns: (transfer full): a context, or %NULL with %KMS_ERROR_INVALID_ARGUMENT
 *
 * Since: 1.0
 */
KmsContext *
kms_context_new_from_variant (GVariant *map, GError **error)
{
  g_return_val_if_fail (map != NULL, NULL);
  g_autoptr (KmsContextBuilder) builder = kms_context_builder_new ();
  gboolean boxed = g_variant_is_of_type (map, G_VARIANT_TYPE_VARDICT);

  if (!boxed && !g_variant_is_of_type (map, G_VARIANT_TYPE ("a{ss}")))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                   "a context is a dictionary of type a{sv} or a{ss}, not %s", g_variant_get_type_string (map));
      return NULL;
    }
  for (gsize i = 0; i < g_variant_n_children (map); i++)
    {
      g_autoptr (GVariant) entry = g_variant_get_child_value (map, i);
      g_autoptr (GVariant) name = g_variant_get_child_value (entry, 0);
      g_autoptr (GVariant) child = g_variant_get_child_value (entry, 1);
      g_autoptr (GVariant) value = boxed ? g_variant_get_variant (child) : g_variant_ref (child);
      if (!add_variant (builder, g_variant_get_string (name, NULL), value, error))
        return NULL;
    }
  return _kms_context_builder_finish (builder, error);
}
