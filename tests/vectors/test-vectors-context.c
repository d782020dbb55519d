/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bytes of contexts, in every dialect and in the legacy form, as the Ruby gem wrote them. */
#include "vectors.h"

#include <string.h>

#include "../hex.h"

#define N_CONTEXTS 15

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

static void
check (JsonObject *vector, const char *member, KmsJsonDialect dialect, KmsContextForm form)
{
  g_autoptr (KmsContext) context = vectors_build_context (vector);
  g_autofree char *hex = write_hex (context, dialect, form);

  g_assert_cmpstr (hex, ==, json_object_get_string_member (vector, member));
}

static void
test_rails (JsonObject *vector)
{
  check (vector, "aad_rails_hex", KMS_JSON_DIALECT_RAILS, KMS_CONTEXT_FORM_MAP);
}

static void
test_plain (JsonObject *vector)
{
  check (vector, "aad_no_activesupport_json_hex", KMS_JSON_DIALECT_PLAIN, KMS_CONTEXT_FORM_MAP);
}

static void
test_rails81 (JsonObject *vector)
{
  check (vector, "aad_rails81_defaults_hex", KMS_JSON_DIALECT_RAILS81, KMS_CONTEXT_FORM_MAP);
}

static void
test_legacy (JsonObject *vector)
{
  check (vector, "legacy_unversioned_aad_rails_hex", KMS_JSON_DIALECT_RAILS, KMS_CONTEXT_FORM_LEGACY);
}

static void
test_depends_on_dialect (JsonObject *vector)
{
  g_autoptr (KmsContext) context = vectors_build_context (vector);
  const char *rails = json_object_get_string_member (vector, "aad_rails_hex");
  const char *plain = json_object_get_string_member (vector, "aad_no_activesupport_json_hex");

  g_assert_cmpint (kms_context_depends_on_dialect (context), ==, !g_str_equal (rails, plain));
}

static void
check_lines (JsonObject *vector, const char *member, KmsContextForm form)
{
  g_autoptr (KmsContext) context = vectors_build_context (vector);
  gsize length;
  g_autofree char *json = kms_context_to_json (context, KMS_JSON_DIALECT_RAILS, form, &length, NULL);
  g_autofree char *lines = kms_base64_encode_lines ((const guint8 *) json, length);

  g_assert_cmpstr (lines, ==, json_object_get_string_member (vector, member));
}

static void
test_vault_parameter (JsonObject *vector)
{
  check_lines (vector, "vault_context_param", KMS_CONTEXT_FORM_MAP);
}

static void
test_hash_input (JsonObject *vector)
{
  check_lines (vector, "gem_context_hash_input", KMS_CONTEXT_FORM_LEGACY);
}

/* What was written without a version can be given as the JSON that it was, too. */
static void
test_legacy_json (JsonObject *vector)
{
  const char *expected = json_object_get_string_member (vector, "legacy_unversioned_aad_rails_hex");
  g_autoptr (GError) error = NULL;
  gsize length;
  g_autofree guint8 *json = hex_decode (expected, &length);
  g_autoptr (KmsContext) context = kms_context_new_legacy ((const char *) json, (gssize) length, &error);
  g_assert_no_error (error);
  g_autofree char *hex = write_hex (context, KMS_JSON_DIALECT_RAILS, KMS_CONTEXT_FORM_LEGACY);

  g_assert_cmpstr (hex, ==, expected);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, test) vectors_add ("/vectors/context/" name, "contexts", N_CONTEXTS, test)
  ADD ("rails", test_rails);
  ADD ("plain", test_plain);
  ADD ("rails81", test_rails81);
  ADD ("legacy", test_legacy);
  ADD ("legacy-json", test_legacy_json);
  ADD ("depends-on-dialect", test_depends_on_dialect);
  ADD ("vault-parameter", test_vault_parameter);
  ADD ("hash-input", test_hash_input);
  return g_test_run ();
}
