/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes contexts of maps, forms and exact bytes, and refuses what does not fit together. */
#include "context-options.h"

#include <string.h>

#include "plugins/http/kms-http-json.h"
#include "quota.h"

static const char *const forms[] = {
  [KMS_CONTEXT_FORM_NONE] = "none",
  [KMS_CONTEXT_FORM_MAP] = "map",
  [KMS_CONTEXT_FORM_RAW] = "raw",
  [KMS_CONTEXT_FORM_LEGACY] = "legacy",
};

static const KmsJsonDialect dialects[] = { KMS_JSON_DIALECT_RAILS, KMS_JSON_DIALECT_PLAIN, KMS_JSON_DIALECT_RAILS81 };

static gboolean
parse_form (const char *text, KmsContextForm *form)
{
  for (guint i = 0; i < G_N_ELEMENTS (forms); i++)
    if (strcmp (forms[i], text) == 0)
      {
        *form = (KmsContextForm) i;
        return TRUE;
      }
  return FALSE;
}

gboolean
context_options_read (GVariant *options, const char *prefix, ContextOptions *self, GError **error)
{
  g_autofree char *form_name = g_strconcat (prefix, "context-form", NULL);
  g_autofree char *bytes_name = g_strconcat (prefix, "context-bytes", NULL);
  const char *text = "map";

  g_variant_lookup (options, form_name, "&s", &text);
  if (!parse_form (text, &self->form))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                   "option \"%s\": \"%.32s\" is none of none, map, raw, legacy", form_name, text);
      return FALSE;
    }
  /* Of which type it may be here, the table of methods says. */
  self->bytes = g_variant_lookup_value (options, bytes_name, NULL);
  gboolean takes_bytes = self->form != KMS_CONTEXT_FORM_NONE;
  gboolean needs_bytes = takes_bytes && self->form != KMS_CONTEXT_FORM_MAP;
  if ((self->bytes == NULL || takes_bytes) && (self->bytes != NULL || !needs_bytes))
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT, "option \"%s\" %s where \"%s\" is %s", bytes_name,
               needs_bytes ? "is needed" : "has no place", form_name, text);
  return FALSE;
}

void
context_options_clear (ContextOptions *self)
{
  g_clear_pointer (&self->bytes, g_variant_unref);
}

gsize
context_options_count (const ContextOptions *self)
{
  if (self->bytes == NULL)
    return 0;
  return g_variant_is_of_type (self->bytes, G_VARIANT_TYPE ("aay")) ? g_variant_n_children (self->bytes) : 1;
}

/* NULL where there are none for this context; an empty text is some where it is all there is. */
static GVariant *
dup_bytes (const ContextOptions *self, gsize index)
{
  if (self->bytes == NULL || !g_variant_is_of_type (self->bytes, G_VARIANT_TYPE ("aay")))
    return self->bytes == NULL ? NULL : g_variant_ref (self->bytes);
  gsize n = g_variant_n_children (self->bytes);
  g_autoptr (GVariant) bytes = n == 0 ? NULL : g_variant_get_child_value (self->bytes, n == 1 ? 0 : index);
  if (bytes == NULL || (self->form == KMS_CONTEXT_FORM_MAP && g_variant_n_children (bytes) == 0))
    return NULL;
  return g_steal_pointer (&bytes);
}

static KmsContext *
build (GVariant *map, KmsNameKind kind)
{
  g_autoptr (KmsContextBuilder) builder = kms_context_builder_new ();
  GVariantIter iter;
  const char *name, *value;

  g_variant_iter_init (&iter, map);
  while (g_variant_iter_next (&iter, "{&s&s}", &name, &value))
    kms_context_builder_add_string (builder, kind, name, -1, value, -1);
  return kms_context_builder_end (builder, NULL);
}

static gboolean
becomes (KmsContext *context, KmsJsonDialect dialect, const char *bytes, gsize n_bytes)
{
  gsize length = 0;
  g_autofree char *json = kms_context_to_json (context, dialect, KMS_CONTEXT_FORM_MAP, &length, NULL);

  return json != NULL && length == n_bytes && memcmp (json, bytes, length) == 0;
}

/* Names of an object in their order; as many as there are until it is none. */
static GPtrArray *
list_names (const char *bytes, gsize n_bytes)
{
  g_autofree char *copy = g_strndup (bytes, n_bytes);
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  const char *name;
  KmsHttpJson json;

  kms_http_json_init (&json, (guint8 *) copy, n_bytes);
  if (kms_http_json_enter_object (&json))
    while (kms_http_json_next_member (&json, &name) && kms_http_json_skip (&json))
      g_ptr_array_add (names, g_strdup (name));
  return names;
}

/* Strings come before symbols in Ruby's order, so the first name that is less than the one before it is a symbol, and so
 * are those behind it. */
static KmsContext *
build_mixed (GVariant *map, const char *bytes, gsize n_bytes)
{
  g_autoptr (KmsContextBuilder) builder = kms_context_builder_new ();
  g_autoptr (GPtrArray) names = list_names (bytes, n_bytes);
  g_autoptr (GHashTable) values = g_hash_table_new (g_str_hash, g_str_equal);
  KmsNameKind kind = KMS_NAME_KIND_STRING;
  GVariantIter iter;
  const char *name, *value;

  g_variant_iter_init (&iter, map);
  while (g_variant_iter_next (&iter, "{&s&s}", &name, &value))
    g_hash_table_insert (values, (gpointer) name, (gpointer) value);
  for (guint i = 0; i < names->len; i++)
    {
      name = g_ptr_array_index (names, i);
      value = g_hash_table_lookup (values, name);
      if (value == NULL)
        return NULL;
      if (i > 0 && strcmp (g_ptr_array_index (names, i - 1), name) > 0)
        kind = KMS_NAME_KIND_SYMBOL;
      kms_context_builder_add_string (builder, kind, name, -1, value, -1);
    }
  return names->len == g_hash_table_size (values) ? kms_context_builder_end (builder, NULL) : NULL;
}

/* The context, if it becomes the bytes in any dialect. Takes it, and it may be NULL. */
static KmsContext *
match (KmsContext *context, const char *bytes, gsize n_bytes, guint *found)
{
  g_autoptr (KmsContext) owned = context;

  for (guint i = 0; context != NULL && i < G_N_ELEMENTS (dialects); i++)
    if (becomes (context, dialects[i], bytes, n_bytes))
      *found |= 1U << dialects[i];
  return *found != 0 ? g_steal_pointer (&owned) : NULL;
}

static KmsContext *
find_order (GVariant *map, const char *bytes, gsize n_bytes, guint *found, GError **error)
{
  KmsContext *context = match (build (map, KMS_NAME_KIND_STRING), bytes, n_bytes, found);

  if (context == NULL)
    context = match (build (map, KMS_NAME_KIND_SYMBOL), bytes, n_bytes, found);
  if (context == NULL)
    context = match (build_mixed (map, bytes, n_bytes), bytes, n_bytes, found);
  if (context != NULL)
    return context;
  g_set_error_literal (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                       "\"context-bytes\" are not what the context becomes in any dialect; send the bytes that were "
                       "authenticated with exactly this map, or leave them out");
  return NULL;
}

KmsContext *
context_options_make (const ContextOptions *self, GVariant *map, gsize index, guint *found, GError **error)
{
  gsize length = 0;
  g_autoptr (GVariant) text = dup_bytes (self, index);
  const char *bytes = text == NULL ? NULL : g_variant_get_fixed_array (text, &length, 1);

  *found = 0;
  if (g_variant_get_size (map) > MAX_CONTEXT || length > MAX_CONTEXT)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_TOO_LARGE, "the context is larger than the limit of %d bytes",
                   MAX_CONTEXT);
      return NULL;
    }
  if (self->form != KMS_CONTEXT_FORM_MAP && g_variant_n_children (map) > 0)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                   "the context must be empty where \"context-form\" is %s", forms[self->form]);
      return NULL;
    }
  if (self->form == KMS_CONTEXT_FORM_NONE)
    return kms_context_new_none ();
  if (self->form == KMS_CONTEXT_FORM_RAW)
    return kms_context_new_raw ((const guint8 *) bytes, length);
  if (self->form == KMS_CONTEXT_FORM_LEGACY)
    return kms_context_new_legacy (length == 0 ? "" : bytes, (gssize) length, error);
  if (text == NULL)
    return kms_context_new_from_variant (map, error);
  return find_order (map, length == 0 ? "" : bytes, length, found, error);
}
