/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Contexts go as maps. The exact bytes go with them where kmsd, which knows neither the caller's dialect nor what names
 * were in Ruby, could make others of the map: else a string would depend on the way that it took. */
#include "entry.h"

#include <string.h>

static const KmsJsonDialect dialects[] = { KMS_JSON_DIALECT_RAILS, KMS_JSON_DIALECT_PLAIN, KMS_JSON_DIALECT_RAILS81 };

static gboolean
becomes (KmsContext *context, KmsJsonDialect dialect, const char *bytes, gsize n_bytes)
{
  gsize length = 0;
  g_autofree char *json = kms_context_to_json (context, dialect, KMS_CONTEXT_FORM_MAP, &length, NULL);

  return json != NULL && length == n_bytes && memcmp (json, bytes, length) == 0;
}

static GVariant *
new_bytes (const void *bytes, gsize length)
{
  return g_variant_ref_sink (g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, bytes, length, 1));
}

static gboolean
describe_map (ContextParts *self, KmsContext *context, const char *json, gsize length, GError **error)
{
  self->map = kms_context_to_variant (context);
  if (self->map == NULL)
    {
      g_set_error_literal (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED,
                           "the context has a name or value with a NUL, which does not go over D-Bus");
      return FALSE;
    }
  /* None where the order depends on what the names were in Ruby. */
  g_autoptr (KmsContext) plain = kms_context_new_from_variant (self->map, NULL);
  if (plain != NULL && !kms_context_depends_on_dialect (context)
      && becomes (plain, KMS_JSON_DIALECT_RAILS, json, length))
    return TRUE;
  self->bytes = new_bytes (json, length);
  for (guint i = 0; i < G_N_ELEMENTS (dialects); i++)
    if (becomes (context, dialects[i], json, length))
      self->dialects |= 1U << dialects[i];
  return TRUE;
}

static gboolean
describe (ContextParts *self, KmsContext *context, KmsContextForm form, const char *json, gsize length, GError **error)
{
  self->form = context == NULL ? KMS_CONTEXT_FORM_NONE : form;
  if (self->form == KMS_CONTEXT_FORM_MAP)
    return describe_map (self, context, json, length, error);
  self->map = g_variant_ref_sink (g_variant_new_array (G_VARIANT_TYPE ("{ss}"), NULL, 0));
  self->bytes = context == NULL ? NULL : new_bytes (json, length);
  return TRUE;
}

static gboolean
is_same (const ContextParts *a, const ContextParts *b)
{
  return a->form == b->form && g_variant_equal (a->map, b->map) && (a->bytes == NULL) == (b->bytes == NULL)
         && (a->bytes == NULL || g_variant_equal (a->bytes, b->bytes));
}

static gboolean
read_version (const char *text, guint32 *version, GError **error)
{
  guint64 number = 0;

  if (text != NULL && !g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT32, &number, NULL))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_ACTIVE, "no box of kmsd has a version %.20s: they go up to %u", text,
                   G_MAXUINT32);
      return FALSE;
    }
  *version = (guint32) number;
  return TRUE;
}

static gboolean
read_new (Entry *self, GError **error)
{
  KmsContext *context = kms_item_get_new_context (self->item);
  gsize length;
  const char *json = kms_item_get_new_context_json (self->item, &length);

  if (!read_version (kms_item_get_new_version (self->item), &self->new_version, error)
      || !describe (&self->new_context, context, context == NULL ? 0 : kms_context_get_form (context), json, length,
                    error))
    return FALSE;
  self->keeps_context = is_same (&self->context, &self->new_context);
  return TRUE;
}

Entry *
entry_new (Shipment *shipment, KmsItem *item, const char *box, GError **error)
{
  g_autoptr (Entry) self = g_new0 (Entry, 1);
  gsize length;
  const char *json = kms_item_get_context_json (item, &length);

  shipment_hold (shipment);
  self->shipment = shipment;
  self->item = item;
  self->box = g_strdup (box);
  if (!read_version (kms_item_get_version (item), &self->version, error)
      || !describe (&self->context, kms_item_get_context (item), kms_item_get_context_form (item), json, length, error)
      || (kms_item_get_operation (item) == KMS_OPERATION_REWRAP && !read_new (self, error)))
    return NULL;
  return g_steal_pointer (&self);
}

static void
parts_clear (ContextParts *self)
{
  g_clear_pointer (&self->map, g_variant_unref);
  g_clear_pointer (&self->bytes, g_variant_unref);
}

void
entry_free (Entry *self)
{
  parts_clear (&self->context);
  parts_clear (&self->new_context);
  g_free (self->box);
  shipment_release (self->shipment);
  g_free (self);
}

void
entry_fail (Entry *self, GError *error)
{
  kms_item_take_error (self->item, error);
}

gboolean
entry_may_join (const Entry *self, const Entry *other)
{
  KmsOperation operation = kms_item_get_operation (self->item);

  if (self->is_alone || other->is_alone || operation != kms_item_get_operation (other->item))
    return FALSE;
  if (operation == KMS_OPERATION_REWRAP && (!self->keeps_context || !other->keeps_context))
    return FALSE;
  return strcmp (self->box, other->box) == 0 && self->version == other->version
         && self->new_version == other->new_version && self->context.form == other->context.form
         && self->context.dialects == other->context.dialects;
}

gsize
entry_get_size (const Entry *self)
{
  gsize length;

  kms_item_get_input (self->item, &length);
  return length + g_variant_get_size (self->context.map)
         + (self->context.bytes == NULL ? 0 : g_variant_get_size (self->context.bytes));
}
