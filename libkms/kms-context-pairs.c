/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands in a context: its form, its pairs in sorted order, and whether two are the same. */
#include "kms-context-private.h"

/**
 * kms_context_get_form:
 * @self: (nullable): a context
 *
 * Gets the form.
 *
 * Returns: the form; %KMS_CONTEXT_FORM_NONE for %NULL and kms_context_new_none()
 *
 * Since: 1.0
 */
KmsContextForm
kms_context_get_form (KmsContext *self)
{
  return self == NULL ? KMS_CONTEXT_FORM_NONE : self->form;
}

/**
 * kms_context_get_n_pairs:
 * @self: (nullable): a context
 *
 * Counts the pairs, each name once.
 *
 * Returns: how many there are; 0 for everything that is no map
 *
 * Since: 1.0
 */
guint
kms_context_get_n_pairs (KmsContext *self)
{
  return self == NULL ? 0 : self->n_sorted;
}

/**
 * kms_context_get_name:
 * @self: a context
 * @index: which pair, in sorted order
 * @length: (out) (optional): the length in bytes; a name may contain NUL
 * @kind: (out) (optional): what it was in Ruby
 *
 * Gets a name.
 *
 * Returns: (transfer none): the name, NUL-terminated
 *
 * Since: 1.0
 */
const char *
kms_context_get_name (KmsContext *self, guint index, gsize *length, KmsNameKind *kind)
{
  g_return_val_if_fail (self != NULL && index < self->n_sorted, NULL);
  KmsPair *pair = &self->pairs[self->sorted[index].name];

  if (length != NULL)
    *length = pair->name_length;
  if (kind != NULL)
    *kind = pair->kind;
  return pair->name;
}

/**
 * kms_context_get_value:
 * @self: a context
 * @index: which pair, in sorted order
 * @length: (out) (optional): the length in bytes; a value may contain NUL
 * @is_integer: (out) (optional): whether it was given as an integer, which matters only to the legacy form
 *
 * Gets a value as text.
 *
 * Returns: (transfer none): the value, NUL-terminated
 *
 * Since: 1.0
 */
const char *
kms_context_get_value (KmsContext *self, guint index, gsize *length, gboolean *is_integer)
{
  g_return_val_if_fail (self != NULL && index < self->n_sorted, NULL);
  KmsPair *pair = &self->pairs[self->sorted[index].value];

  if (length != NULL)
    *length = pair->value_length;
  if (is_integer != NULL)
    *is_integer = pair->is_integer;
  return pair->value;
}

/**
 * kms_context_lookup:
 * @self: (nullable): a context
 * @name: a name
 *
 * Finds the value of a name.
 *
 * Returns: (transfer none) (nullable): the value, or %NULL
 *
 * Since: 1.0
 */
const char *
kms_context_lookup (KmsContext *self, const char *name)
{
  g_return_val_if_fail (name != NULL, NULL);
  gsize length = strlen (name);

  for (guint i = 0; i < kms_context_get_n_pairs (self); i++)
    {
      KmsPair *pair = &self->pairs[self->sorted[i].name];
      if (pair->name_length == length && memcmp (pair->name, name, length) == 0)
        return self->pairs[self->sorted[i].value].value;
    }
  return NULL;
}

static gboolean
same_text (const char *a, gsize a_length, const char *b, gsize b_length)
{
  return a_length == b_length && memcmp (a, b, a_length) == 0;
}

/**
 * kms_context_equal:
 * @a: (nullable): a context
 * @b: (nullable): a context
 *
 * Tells whether two contexts mean the same where they are authenticated: `1` and `"1"` do.
 *
 * Returns: whether they are of one form with the same pairs, or the same text
 *
 * Since: 1.0
 */
gboolean
kms_context_equal (KmsContext *a, KmsContext *b)
{
  if (kms_context_get_form (a) == KMS_CONTEXT_FORM_NONE || kms_context_get_form (b) == KMS_CONTEXT_FORM_NONE)
    return kms_context_get_form (a) == kms_context_get_form (b);
  if (a->error != NULL || b->error != NULL || a->form != b->form || a->n_sorted != b->n_sorted)
    return FALSE;
  if (a->form != KMS_CONTEXT_FORM_MAP)
    return same_text (a->text, a->text_length, b->text, b->text_length);
  for (guint i = 0; i < a->n_sorted; i++)
    {
      KmsPair *a_name = &a->pairs[a->sorted[i].name], *b_name = &b->pairs[b->sorted[i].name];
      KmsPair *a_value = &a->pairs[a->sorted[i].value], *b_value = &b->pairs[b->sorted[i].value];
      if (!same_text (a_name->name, a_name->name_length, b_name->name, b_name->name_length)
          || !same_text (a_value->value, a_value->value_length, b_value->value, b_value->value_length))
        return FALSE;
    }
  return TRUE;
}

/**
 * kms_context_depends_on_dialect:
 * @self: (nullable): a context
 *
 * Tells whether the context becomes other JSON in another dialect.
 *
 * Returns: whether it has one of the characters that the dialects escape
 *
 * Since: 1.0
 */
gboolean
kms_context_depends_on_dialect (KmsContext *self)
{
  return self != NULL && self->has_dialects && self->form != KMS_CONTEXT_FORM_RAW;
}

/**
 * kms_context_to_variant:
 * @self: a context that is a map
 *
 * Makes an `a{ss}` of the pairs, in sorted order.
 *
 * Returns: (transfer full) (nullable): a variant, or %NULL if a name or value has a NUL: D-Bus knows no such strings,
 *   and a part of it would be another context
 *
 * Since: 1.0
 */
GVariant *
kms_context_to_variant (KmsContext *self)
{
  g_return_val_if_fail (self != NULL && self->form == KMS_CONTEXT_FORM_MAP, NULL);
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{ss}"));
  for (guint i = 0; i < self->n_sorted; i++)
    {
      const KmsPair *named = &self->pairs[self->sorted[i].name], *valued = &self->pairs[self->sorted[i].value];

      if (strlen (named->name) != named->name_length || strlen (valued->value) != valued->value_length)
        {
          g_variant_builder_clear (&builder);
          return NULL;
        }
      g_variant_builder_add (&builder, "{ss}", named->name, valued->value);
    }
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}
