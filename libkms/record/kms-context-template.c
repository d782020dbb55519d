/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads templates of contexts, and fills them with what a row has. */
#include "kms-context-template-private.h"

#include <string.h>

#include "kms-config-value-private.h"
#include "kms-error.h"

#define MODEL_NAME "model_name"
#define MODEL_ID "model_id"

static void
part_clear (gpointer data)
{
  KmsContextPart *self = data;

  g_free (self->name);
  g_free (self->text);
}

static gboolean
refuse (GError **error, const char *text)
{
  g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG,
               "\"%s\" is no part of a context; write model_name, model_id, NAME=TEXT, NAME=#INTEGER or NAME=@COLUMN; "
               "a name may be marked: :NAME=… was a symbol in Ruby, \"NAME\"=… a string",
               text);
  return FALSE;
}

/* Where the name ends and what follows begins; NULL where there is no name, or a quote is missing. */
static const char *
take_name (const char *text, KmsContextPart *part)
{
  gboolean is_symbol = text[0] == ':';
  const char *name = is_symbol ? text + 1 : text;
  gboolean is_quoted = name[0] == '"';
  const char *end = is_quoted ? strchr (++name, '"') : name + strcspn (name, "=");

  if (end == NULL || (end == name && !is_quoted))
    return NULL;
  part->kind = is_symbol ? KMS_NAME_KIND_SYMBOL : is_quoted ? KMS_NAME_KIND_STRING : KMS_NAME_KIND_UNMARKED;
  part->name = g_strndup (name, (gsize) (end - name));
  return is_quoted ? end + 1 : end;
}

static gboolean
is_integer (const char *digits)
{
  const char *first = digits + (digits[0] == '-');
  return first[0] != '\0' && strspn (first, "0123456789") == strlen (first);
}

/* Without a value, it is the default context's of that name. */
static gboolean
take_source (const char *rest, KmsContextPart *part)
{
  if (rest[0] == '\0')
    {
      part->source = strcmp (part->name, MODEL_ID) == 0 ? KMS_CONTEXT_PART_MODEL_ID : KMS_CONTEXT_PART_MODEL_NAME;
      return strcmp (part->name, MODEL_ID) == 0 || strcmp (part->name, MODEL_NAME) == 0;
    }
  if (rest[0] != '=')
    return FALSE;
  gboolean is_marked = rest[1] == '@' || rest[1] == '#';
  part->source = rest[1] == '@'   ? KMS_CONTEXT_PART_COLUMN
                 : rest[1] == '#' ? KMS_CONTEXT_PART_INTEGER
                                  : KMS_CONTEXT_PART_LITERAL;
  part->text = g_strdup (rest + (is_marked ? 2 : 1));
  if (part->source == KMS_CONTEXT_PART_INTEGER)
    return is_integer (part->text);
  return part->source == KMS_CONTEXT_PART_LITERAL || part->text[0] != '\0';
}

static gboolean
add_part (KmsContextTemplate *self, const char *text, GError **error)
{
  KmsContextPart part = { KMS_NAME_KIND_UNMARKED, NULL, KMS_CONTEXT_PART_LITERAL, NULL };
  const char *rest = take_name (text, &part);

  if (rest != NULL && take_source (rest, &part))
    {
      g_array_append_val (self->parts, part);
      return TRUE;
    }
  part_clear (&part);
  return refuse (error, text);
}

KmsContextTemplate *
_kms_context_template_new (const char *text, GError **error)
{
  g_auto (GStrv) parts = _kms_value_parse_list (text);
  g_autoptr (KmsContextTemplate) self = g_new0 (KmsContextTemplate, 1);

  g_atomic_ref_count_init (&self->refs);
  self->parts = g_array_new (FALSE, FALSE, sizeof (KmsContextPart));
  g_array_set_clear_func (self->parts, part_clear);
  for (guint i = 0; parts[i] != NULL; i++)
    if (!add_part (self, parts[i], error))
      return NULL;
  return g_steal_pointer (&self);
}

KmsContextTemplate *
_kms_context_template_ref (KmsContextTemplate *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
_kms_context_template_unref (KmsContextTemplate *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_array_unref (self->parts);
  g_free (self);
}

gboolean
_kms_context_template_needs_id (const KmsContextTemplate *self)
{
  for (guint i = 0; i < self->parts->len; i++)
    if (g_array_index (self->parts, KmsContextPart, i).source == KMS_CONTEXT_PART_MODEL_ID)
      return TRUE;
  return FALSE;
}

void
_kms_context_template_foreach_column (const KmsContextTemplate *self, GFunc func, gpointer user_data)
{
  for (guint i = 0; i < self->parts->len; i++)
    {
      const KmsContextPart *part = &g_array_index (self->parts, KmsContextPart, i);
      if (part->source == KMS_CONTEXT_PART_COLUMN)
        func (part->text, user_data);
    }
}

static KmsContextValue
make_value (const char *text, gboolean is_integer)
{
  return (KmsContextValue){ text, text == NULL ? 0 : strlen (text), is_integer };
}

static KmsContextValue
get_value (const KmsContextPart *part, const KmsContextRow *row)
{
  switch (part->source)
    {
    case KMS_CONTEXT_PART_MODEL_NAME:
      return make_value (row->model_name, FALSE);
    case KMS_CONTEXT_PART_MODEL_ID:
      return make_value (row->model_id, row->is_id_integer);
    case KMS_CONTEXT_PART_COLUMN:
      return row->get_column (part->text, row->user_data);
    case KMS_CONTEXT_PART_LITERAL:
    case KMS_CONTEXT_PART_INTEGER:
    default:
      return make_value (part->text, part->source == KMS_CONTEXT_PART_INTEGER);
    }
}

static gboolean
add_to (KmsContextBuilder *builder, const KmsContextPart *part, const KmsContextRow *row, GError **error)
{
  KmsContextValue value = get_value (part, row);

  if (value.text == NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CONTEXT_REQUIRED,
                   part->source == KMS_CONTEXT_PART_MODEL_ID
                     ? "the encryption context needs the row's id (\"%s\"), which it does not have yet"
                     : "the encryption context needs a value for \"%s\", which is NULL in this row",
                   part->name);
      return FALSE;
    }
  if (value.is_integer)
    kms_context_builder_add_decimal (builder, part->kind, part->name, value.text);
  else
    kms_context_builder_add_string (builder, part->kind, part->name, -1, value.text, (gssize) value.length);
  return TRUE;
}

KmsContext *
_kms_context_template_build (const KmsContextTemplate *self, const KmsContextRow *row, GError **error)
{
  g_autoptr (KmsContextBuilder) builder = kms_context_builder_new ();

  for (guint i = 0; i < self->parts->len; i++)
    if (!add_to (builder, &g_array_index (self->parts, KmsContextPart, i), row, error))
      return NULL;
  return kms_context_builder_end (builder, error);
}
