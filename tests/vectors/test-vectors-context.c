/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Contexts and base64 as the Ruby gem wrote them: fixtures/gem-vectors.json, made by kms_encrypted 1.8.1. */
#include <libkms/kms.h>

#include <json-glib/json-glib.h>
#include <string.h>

#include "../hex.h"

static JsonObject *vectors;

static KmsContext *
build (JsonArray *pairs)
{
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

static char *
write_hex (KmsContext *context, KmsJsonDialect dialect, KmsContextForm form)
{
  g_autoptr (GError) error = NULL;
  gsize length;
  g_autofree char *json = kms_context_to_json (context, dialect, form, &length, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (length, <=, kms_context_json_max (context));
  return hex_encode (json, length);
}

static char *
write_lines (KmsContext *context, KmsContextForm form)
{
  gsize length;
  g_autofree char *json = kms_context_to_json (context, KMS_JSON_DIALECT_RAILS, form, &length, NULL);

  return kms_base64_encode_lines ((const guint8 *) json, length);
}

typedef struct
{
  const char *member;
  KmsJsonDialect dialect;
  KmsContextForm form;
} Written;

static const Written written[] = {
  { "aad_rails_hex", KMS_JSON_DIALECT_RAILS, KMS_CONTEXT_FORM_MAP },
  { "aad_no_activesupport_json_hex", KMS_JSON_DIALECT_PLAIN, KMS_CONTEXT_FORM_MAP },
  { "aad_rails81_defaults_hex", KMS_JSON_DIALECT_RAILS81, KMS_CONTEXT_FORM_MAP },
  { "legacy_unversioned_aad_rails_hex", KMS_JSON_DIALECT_RAILS, KMS_CONTEXT_FORM_LEGACY },
};

static void
check_context (JsonObject *vector)
{
  g_autoptr (KmsContext) context = build (json_object_get_array_member (vector, "pairs"));

  for (guint i = 0; i < G_N_ELEMENTS (written); i++)
    {
      g_autofree char *hex = write_hex (context, written[i].dialect, written[i].form);
      g_assert_cmpstr (hex, ==, json_object_get_string_member (vector, written[i].member));
    }
  gboolean depends = !g_str_equal (json_object_get_string_member (vector, "aad_rails_hex"),
                                   json_object_get_string_member (vector, "aad_no_activesupport_json_hex"));
  g_assert_cmpint (kms_context_depends_on_dialect (context), ==, depends);
}

static void
test_contexts (void)
{
  JsonArray *all = json_object_get_array_member (vectors, "contexts");

  g_assert_cmpuint (json_array_get_length (all), ==, 15);
  for (guint i = 0; i < json_array_get_length (all); i++)
    check_context (json_array_get_object_element (all, i));
}

static void
test_parameters (void)
{
  JsonArray *all = json_object_get_array_member (vectors, "contexts");

  for (guint i = 0; i < json_array_get_length (all); i++)
    {
      JsonObject *vector = json_array_get_object_element (all, i);
      g_autoptr (KmsContext) context = build (json_object_get_array_member (vector, "pairs"));
      g_autofree char *vault = write_lines (context, KMS_CONTEXT_FORM_MAP);
      g_autofree char *hashed = write_lines (context, KMS_CONTEXT_FORM_LEGACY);

      g_assert_cmpstr (vault, ==, json_object_get_string_member (vector, "vault_context_param"));
      g_assert_cmpstr (hashed, ==, json_object_get_string_member (vector, "gem_context_hash_input"));
    }
}

/* What was written without a version can be given as the JSON that it was, too. */
static void
test_legacy_json (void)
{
  JsonArray *all = json_object_get_array_member (vectors, "contexts");

  for (guint i = 0; i < json_array_get_length (all); i++)
    {
      JsonObject *vector = json_array_get_object_element (all, i);
      const char *expected = json_object_get_string_member (vector, "legacy_unversioned_aad_rails_hex");
      g_autoptr (GError) error = NULL;
      gsize length;
      g_autofree guint8 *json = hex_decode (expected, &length);
      g_autoptr (KmsContext) context = kms_context_new_legacy ((const char *) json, (gssize) length, &error);
      g_assert_no_error (error);
      g_autofree char *hex = write_hex (context, KMS_JSON_DIALECT_RAILS, KMS_CONTEXT_FORM_LEGACY);

      g_assert_cmpstr (hex, ==, expected);
    }
}

static void
test_decode (void)
{
  JsonArray *all = json_object_get_array_member (vectors, "decode64");

  g_assert_cmpuint (json_array_get_length (all), ==, 26);
  for (guint i = 0; i < json_array_get_length (all); i++)
    {
      JsonObject *vector = json_array_get_object_element (all, i);
      g_autoptr (GBytes) bytes = kms_base64_decode_lenient (json_object_get_string_member (vector, "in"), -1);
      g_autofree char *hex = hex_encode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));

      g_assert_cmpstr (hex, ==, json_object_get_string_member (vector, "out_hex"));
    }
}

static void
test_encode (void)
{
  JsonArray *all = json_object_get_array_member (vectors, "encode64");

  g_assert_cmpuint (json_array_get_length (all), ==, 7);
  for (guint i = 0; i < json_array_get_length (all); i++)
    {
      JsonObject *vector = json_array_get_object_element (all, i);
      g_autofree char *plain = g_strnfill ((gsize) json_object_get_int_member (vector, "len"), 'a');
      g_autofree char *text = kms_base64_encode_lines ((const guint8 *) plain, strlen (plain));

      g_assert_cmpstr (text, ==, json_object_get_string_member (vector, "out"));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "fixtures", "gem-vectors.json", NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;

  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  vectors = json_node_get_object (json_parser_get_root (parser));

  g_test_add_func ("/vectors/context/json", test_contexts);
  g_test_add_func ("/vectors/context/parameters", test_parameters);
  g_test_add_func ("/vectors/context/legacy-json", test_legacy_json);
  g_test_add_func ("/vectors/base64/decode", test_decode);
  g_test_add_func ("/vectors/base64/encode", test_encode);
  return g_test_run ();
}
