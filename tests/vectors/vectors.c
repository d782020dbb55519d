/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the vectors, and makes a case of each. */
#include "vectors.h"

#define BYTES_PER_LINE 45

typedef struct
{
  VectorsTest test;
  JsonObject *vector;
} Case;

static JsonParser *parser;

JsonObject *
vectors_load (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "gem-vectors.json", NULL);
  g_autoptr (GError) error = NULL;

  if (parser == NULL)
    {
      parser = json_parser_new ();
      json_parser_load_from_file (parser, path, &error);
      g_assert_no_error (error);
    }
  return json_node_get_object (json_parser_get_root (parser));
}

static void
run_case (gconstpointer data)
{
  const Case *self = data;
  self->test (self->vector);
}

void
vectors_add (const char *path, const char *group, guint expected, VectorsTest test)
{
  JsonArray *all = json_object_get_array_member (vectors_load (), group);

  g_assert_cmpuint (json_array_get_length (all), ==, expected);
  for (guint i = 0; i < expected; i++)
    {
      g_autofree char *name = g_strdup_printf ("%s/%02u", path, i);
      Case *self = g_new (Case, 1);
      *self = (Case){ test, json_array_get_object_element (all, i) };
      g_test_add_data_func_full (name, self, run_case, g_free);
    }
}

KmsContext *
vectors_build_context (JsonObject *vector)
{
  JsonArray *pairs = json_object_get_array_member (vector, "pairs");
  g_autoptr (KmsContextBuilder) builder = kms_context_builder_new ();
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < json_array_get_length (pairs); i++)
    {
      JsonObject *pair = json_array_get_object_element (pairs, i);
      const char *name = json_object_get_string_member (pair, "key");
      const char *value = json_object_get_string_member (pair, "value");
      gboolean is_symbol = g_str_equal (json_object_get_string_member (pair, "kind"), "symbol");
      KmsNameKind kind = is_symbol ? KMS_NAME_KIND_SYMBOL : KMS_NAME_KIND_STRING;

      if (g_str_equal (json_object_get_string_member (pair, "value_kind"), "integer"))
        kms_context_builder_add_decimal (builder, kind, name, value);
      else
        kms_context_builder_add_string (builder, kind, name, -1, value, -1);
    }
  KmsContext *context = kms_context_builder_end (builder, &error);
  g_assert_no_error (error);
  return context;
}

char *
vectors_encode_lines (gconstpointer data, gsize length)
{
  GString *text = g_string_new (NULL);

  for (gsize at = 0; at < length; at += BYTES_PER_LINE)
    {
      g_autofree char *line = g_base64_encode ((const guint8 *) data + at, MIN (length - at, BYTES_PER_LINE));
      g_string_append_printf (text, "%s\n", line);
    }
  return g_string_free (text, FALSE);
}
