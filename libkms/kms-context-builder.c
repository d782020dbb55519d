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
 * Starts a context. What is wrong is kept and told by kms_context_builder_end().
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

static void
add_pair (KmsContextBuilder *self, KmsNameKind kind, const char *name, gsize name_length, const char *value,
          gsize value_length, gboolean is_integer)
{
  if (name_length > KMS_CONTEXT_MAX_BYTES || value_length > KMS_CONTEXT_MAX_BYTES)
    {
      if (self->error == NULL)
        self->error = g_error_new (KMS_ERROR, KMS_ERROR_TOO_LARGE,
                                   "a name or value of the context is larger than the limit of %d bytes",
                                   KMS_CONTEXT_MAX_BYTES);
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
  g_autofree char *canonical = canonical_integer (digits);

  if (canonical != NULL)
    add_pair (self, kind, name, strlen (name), canonical, strlen (canonical), TRUE);
  else if (self->error == NULL)
    self->error = g_error_new (KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                               "the context's value of \"%s\" is not an integer; give it as a string", name);
}

/* ":name" is a symbol, "\"name\"" a string. */
static KmsNameKind
unmark_name (const char **name, gsize *length)
{
  if (*length > 1 && (*name)[0] == ':')
    {
      *name += 1;
      *length -= 1;
      return KMS_NAME_KIND_SYMBOL;
    }
  if (*length > 1 && (*name)[0] == '"' && (*name)[*length - 1] == '"')
    {
      *name += 1;
      *length -= 2;
      return KMS_NAME_KIND_STRING;
    }
  return KMS_NAME_KIND_UNMARKED;
}

/**
 * kms_context_builder_add_assignment:
 * @self: a builder
 * @assignment: `name=value`, or `name:=1` for an integer; the name may be marked: `:name=…` for a symbol, `"name"=…` for
 *   a string
 * @error: return location for an error
 *
 * Adds a pair as people type it. The first `=` ends the name.
 *
 * Returns: %TRUE, or %FALSE with %KMS_ERROR_INVALID_ARGUMENT
 *
 * Since: 1.0
 */
gboolean
kms_context_builder_add_assignment (KmsContextBuilder *self, const char *assignment, GError **error)
{
  g_return_val_if_fail (self != NULL && assignment != NULL, FALSE);
  const char *equals = strchr (assignment, '=');

  if (equals == NULL || equals == assignment)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                   "\"%s\" is not a part of a context; write NAME=VALUE, or NAME:=INTEGER", assignment);
      return FALSE;
    }
  gboolean is_integer = equals - assignment > 1 && equals[-1] == ':';
  const char *name = assignment;
  gsize length = (gsize) (equals - assignment) - (is_integer ? 1 : 0);
  KmsNameKind kind = unmark_name (&name, &length);
  g_autofree char *owned_name = g_strndup (name, length);

  if (!is_integer)
    {
      kms_context_builder_add_string (self, kind, owned_name, -1, equals + 1, -1);
      return TRUE;
    }
  g_autofree char *canonical = canonical_integer (equals + 1);
  if (canonical == NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                   "\"%s\" is not an integer; write %s=%s for a string", equals + 1, owned_name, equals + 1);
      return FALSE;
    }
  kms_context_builder_add_decimal (self, kind, owned_name, canonical);
  return TRUE;
}

/**
 * kms_context_builder_end:
 * @self: a builder, which is empty afterwards
 * @error: return location for an error
 *
 * Makes the context.
 *
 * Returns: (transfer full): a context, or %NULL with @error set to the first thing that was wrong
 *
 * Since: 1.0
 */
KmsContext *
kms_context_builder_end (KmsContextBuilder *self, GError **error)
{
  g_return_val_if_fail (self != NULL, NULL);

  if (self->error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&self->error));
      return NULL;
    }
  g_autoptr (KmsContext) context =
    _kms_context_new_from_pairs ((const KmsPair *) (gpointer) self->pairs->data, self->pairs->len);
  g_array_set_size (self->pairs, 0);
  return kms_context_check (context, error) ? g_steal_pointer (&context) : NULL;
}

static gboolean
add_variant (KmsContextBuilder *self, const char *name, GVariant *value, GError **error)
{
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    {
      kms_context_builder_add_string (self, KMS_NAME_KIND_UNMARKED, name, -1, g_variant_get_string (value, NULL), -1);
      return TRUE;
    }
  if (strchr ("ynqiuxt", g_variant_get_type_string (value)[0]) == NULL || g_variant_is_container (value))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                   "the context's value of \"%s\" must be a string or an integer", name);
      return FALSE;
    }
  g_autofree char *digits = g_variant_print (value, FALSE);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_BYTE))
    {
      g_free (digits);
      digits = g_strdup_printf ("%u", g_variant_get_byte (value));
    }
  kms_context_builder_add_decimal (self, KMS_NAME_KIND_UNMARKED, name, digits);
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
  return kms_context_builder_end (builder, error);
}
