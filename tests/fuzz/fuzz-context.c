/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Contexts from JSON and from assignments, and back, in every dialect. */
#include "fuzz.h"

#include <json-glib/json-glib.h>
#include <libkms/kms.h>

static const KmsJsonDialect dialects[] = { KMS_JSON_DIALECT_RAILS, KMS_JSON_DIALECT_PLAIN, KMS_JSON_DIALECT_RAILS81 };

static gboolean
has_nul (KmsContext *context)
{
  for (guint i = 0; i < kms_context_get_n_pairs (context); i++)
    {
      gsize name_length, value_length;
      const char *name = kms_context_get_name (context, i, &name_length, NULL);
      const char *value = kms_context_get_value (context, i, &value_length, NULL);
      if (strlen (name) != name_length || strlen (value) != value_length)
        return TRUE;
    }
  return FALSE;
}

static gboolean
has_marks (KmsContext *context)
{
  for (guint i = 0; i < kms_context_get_n_pairs (context); i++)
    {
      KmsNameKind kind;
      kms_context_get_name (context, i, NULL, &kind);
      if (kind != KMS_NAME_KIND_UNMARKED)
        return TRUE;
    }
  return FALSE;
}

/* What another parser finds in our JSON is what we say the context holds. */
static void
check_with_json_glib (KmsContext *context, const char *json, gsize length)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  guint n = kms_context_get_n_pairs (context);

  /* json-glib has no strings with NUL. */
  if (has_nul (context))
    return;
  FUZZ_CHECK (json_parser_load_from_data (parser, json, (gssize) length, NULL));
  JsonNode *root = json_parser_get_root (parser);
  FUZZ_CHECK (root != NULL && JSON_NODE_HOLDS_OBJECT (root));
  JsonObject *object = json_node_get_object (root);
  for (guint i = 0; i < n; i++)
    {
      const char *name = kms_context_get_name (context, i, NULL, NULL);
      const char *found;

      FUZZ_CHECK (json_object_has_member (object, name));
      found = json_object_get_string_member (object, name);
      FUZZ_CHECK (g_strcmp0 (found, kms_context_lookup (context, name)) == 0);
    }
}

static void
check_dialect (KmsContext *context, KmsJsonDialect dialect)
{
  g_autoptr (GError) error = NULL;
  KmsContextForm form = kms_context_get_form (context);
  gsize length;
  g_autofree char *json = kms_context_to_json (context, dialect, form, &length, &error);

  FUZZ_CHECK (json != NULL && error == NULL);
  FUZZ_CHECK (length <= kms_context_json_max (context));
  if (form != KMS_CONTEXT_FORM_MAP)
    return;
  FUZZ_CHECK (g_utf8_validate (json, (gssize) length, NULL));
  if (dialect != KMS_JSON_DIALECT_PLAIN)
    FUZZ_CHECK (strpbrk (json, "<>&") == NULL);
  if (dialect == KMS_JSON_DIALECT_RAILS)
    FUZZ_CHECK (strstr (json, "\u2028") == NULL && strstr (json, "\u2029") == NULL);
  check_with_json_glib (context, json, length);

  /* Without their marks, names that the two kinds sort apart are refused, or mean something else. */
  if (has_marks (context))
    return;
  g_autoptr (KmsContext) again = kms_context_new_from_json (json, (gssize) length, &error);
  FUZZ_CHECK_OUTCOME (again != NULL, error);
  FUZZ_CHECK (again != NULL && kms_context_equal (context, again));
  gsize length_again;
  g_autofree char *json_again = kms_context_to_json (again, dialect, form, &length_again, NULL);
  FUZZ_CHECK (length_again == length && memcmp (json, json_again, length) == 0);
}

static GBytes *
binary_of (KmsContext *context)
{
  gsize max = kms_context_binary_max (context);
  guint8 *out = g_malloc (max);
  gsize length = kms_context_write_binary (context, out);

  FUZZ_CHECK (length > 0 && length <= max);
  return g_bytes_new_take (out, length);
}

static void
check_variant (KmsContext *context)
{
  g_autoptr (GVariant) variant = kms_context_to_variant (context);
  g_autoptr (GError) error = NULL;

  FUZZ_CHECK ((variant == NULL) == has_nul (context));
  if (variant == NULL || has_marks (context))
    return;
  FUZZ_CHECK (g_variant_is_normal_form (variant));
  g_autoptr (KmsContext) again = kms_context_new_from_variant (variant, &error);
  FUZZ_CHECK_OUTCOME (again != NULL, error);
  if (again == NULL)
    return;
  g_autoptr (GBytes) binary = binary_of (context);
  g_autoptr (GBytes) binary_again = binary_of (again);
  FUZZ_CHECK (g_bytes_equal (binary, binary_again));
}

static void
check_context (KmsContext *context)
{
  g_autofree char *legacy = NULL;
  gsize length;

  FUZZ_CHECK (kms_context_check (context, NULL));
  FUZZ_CHECK (kms_context_equal (context, context));
  g_bytes_unref (binary_of (context));
  for (guint i = 0; i < G_N_ELEMENTS (dialects); i++)
    check_dialect (context, dialects[i]);
  legacy = kms_context_to_json (context, KMS_JSON_DIALECT_RAILS, KMS_CONTEXT_FORM_LEGACY, &length, NULL);
  FUZZ_CHECK (legacy != NULL && length <= kms_context_json_max (context));
  if (kms_context_get_form (context) == KMS_CONTEXT_FORM_MAP)
    check_variant (context);
}

static void
check_assignments (const char *text)
{
  g_autoptr (KmsContextBuilder) builder = kms_context_builder_new ();
  g_auto (GStrv) lines = g_strsplit (text, "\n", 64);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; lines[i] != NULL; i++)
    {
      gboolean ok = kms_context_builder_add_assignment (builder, lines[i], &error);
      FUZZ_CHECK_OUTCOME (ok, error);
      g_clear_error (&error);
    }
  g_autoptr (KmsContext) context = kms_context_builder_end (builder, &error);
  FUZZ_CHECK_OUTCOME (context != NULL, error);
  if (context != NULL)
    check_context (context);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) legacy_error = NULL;
  g_autoptr (KmsContext) context = kms_context_new_from_json ((const char *) data, (gssize) size, &error);
  g_autoptr (KmsContext) legacy = kms_context_new_legacy ((const char *) data, (gssize) size, &legacy_error);
  g_autoptr (KmsContext) raw = kms_context_new_raw (data, size);
  g_autofree char *text = g_strndup ((const char *) data, size);

  FUZZ_CHECK_OUTCOME (context != NULL, error);
  FUZZ_CHECK_OUTCOME (legacy != NULL, legacy_error);
  if (context != NULL)
    check_context (context);
  if (legacy != NULL)
    check_context (legacy);
  if (kms_context_check (raw, NULL))
    check_context (raw);
  check_assignments (text);
  return 0;
}
