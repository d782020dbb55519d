/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Contexts that are built pair by pair, and what becomes of a builder that refused something. */
#include <libkms/kms.h>

#include <string.h>

typedef struct
{
  const char *text;
  const char *name; /* NULL: an error */
  KmsNameKind kind;
  const char *value;
  gboolean is_integer;
} Assignment;

static const Assignment assignments[] = {
  { "a=b", "a", KMS_NAME_KIND_UNMARKED, "b", FALSE },
  { "a=", "a", KMS_NAME_KIND_UNMARKED, "", FALSE },
  { "a=b=c", "a", KMS_NAME_KIND_UNMARKED, "b=c", FALSE },
  { "a:=12", "a", KMS_NAME_KIND_UNMARKED, "12", TRUE },
  { "a:=-007", "a", KMS_NAME_KIND_UNMARKED, "-7", TRUE },
  { "a:=+0", "a", KMS_NAME_KIND_UNMARKED, "0", TRUE },
  { "a:=99999999999999999999", "a", KMS_NAME_KIND_UNMARKED, "99999999999999999999", TRUE },
  { ":a=b", "a", KMS_NAME_KIND_SYMBOL, "b", FALSE },
  { ":a:=1", "a", KMS_NAME_KIND_SYMBOL, "1", TRUE },
  { ":app-name=b", "app-name", KMS_NAME_KIND_SYMBOL, "b", FALSE },
  { "\"a\"=b", "a", KMS_NAME_KIND_STRING, "b", FALSE },
  { "\"a\":=1", "a", KMS_NAME_KIND_STRING, "1", TRUE },
  { "\"a=b\"=c", "a=b", KMS_NAME_KIND_STRING, "c", FALSE },
  { "\"\"=c", "", KMS_NAME_KIND_STRING, "c", FALSE },
  { ":\"a=b\":=2", "a=b", KMS_NAME_KIND_SYMBOL, "2", TRUE },
  { "\"a=b", "\"a", KMS_NAME_KIND_UNMARKED, "b", FALSE },
  { "a", NULL, 0, NULL, FALSE },
  { "", NULL, 0, NULL, FALSE },
  { "=b", NULL, 0, NULL, FALSE },
  { ":=1", NULL, 0, NULL, FALSE },
  { ":a", NULL, 0, NULL, FALSE },
  { "a:=", NULL, 0, NULL, FALSE },
  { "a:=1.5", NULL, 0, NULL, FALSE },
  { "a:=0x10", NULL, 0, NULL, FALSE },
  { "a:=1 ", NULL, 0, NULL, FALSE },
  { "a:=b", NULL, 0, NULL, FALSE },
};

static void
test_assignments (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (assignments); i++)
    {
      const Assignment *expected = &assignments[i];
      g_autoptr (KmsContextBuilder) builder = kms_context_builder_new ();
      g_autoptr (GError) error = NULL;
      gboolean taken = kms_context_builder_add_assignment (builder, expected->text, &error);
      KmsNameKind kind;
      gboolean is_integer;

      g_assert_cmpint (taken, ==, expected->name != NULL);
      if (!taken)
        {
          g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
          continue;
        }
      g_autoptr (KmsContext) context = kms_context_builder_end (builder, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (kms_context_get_name (context, 0, NULL, &kind), ==, expected->name);
      g_assert_cmpint (kind, ==, expected->kind);
      g_assert_cmpstr (kms_context_get_value (context, 0, NULL, &is_integer), ==, expected->value);
      g_assert_cmpint (is_integer, ==, expected->is_integer);
    }
}

static void
test_builder (void)
{
  g_autoptr (KmsContextBuilder) builder = kms_context_builder_new ();
  g_autoptr (GError) error = NULL;

  kms_context_builder_add_decimal (builder, KMS_NAME_KIND_UNMARKED, "n", "12a");
  kms_context_builder_add_string (builder, KMS_NAME_KIND_UNMARKED, "a", -1, "x", -1);
  g_assert_null (kms_context_builder_end (builder, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
  g_assert_nonnull (strstr (error->message, "\"n\""));
  g_clear_error (&error);

  /* It is empty after a success, and works again. */
  g_autoptr (KmsContextBuilder) other = kms_context_builder_new ();
  g_autoptr (KmsContext) empty = kms_context_builder_end (other, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (kms_context_get_n_pairs (empty), ==, 0);
  kms_context_builder_add_string (other, KMS_NAME_KIND_UNMARKED, "a\0b", 3, "x\0y", 3);
  g_autoptr (KmsContext) context = kms_context_builder_end (other, &error);
  g_assert_no_error (error);
  g_autofree char *json = kms_context_to_json (context, KMS_JSON_DIALECT_RAILS, KMS_CONTEXT_FORM_MAP, NULL, NULL);
  g_assert_cmpstr (json, ==, "{\"a\\u0000b\":\"x\\u0000y\"}");

  for (guint i = 0; i < 5000; i++)
    {
      g_autofree char *name = g_strdup_printf ("n%u", i);
      kms_context_builder_add_integer (other, KMS_NAME_KIND_UNMARKED, name, i);
    }
  g_assert_null (kms_context_builder_end (other, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
  g_assert_nonnull (strstr (error->message, "limit"));
}

static void
assert_stays_failed (KmsContextBuilder *builder, const char *words)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GError) poison = NULL;
      g_assert_null (kms_context_builder_end (builder, &error));
      g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
      g_assert_nonnull (strstr (error->message, words));
      kms_context_builder_add_string (builder, KMS_NAME_KIND_UNMARKED, "a", -1, "x", -1);

      /* Who does not look gets no context that could pass for none, or for an empty one. */
      g_autoptr (KmsContext) unseen = kms_context_builder_end (builder, NULL);
      g_assert_nonnull (unseen);
      g_assert_false (kms_context_check (unseen, &poison));
      g_assert_cmpstr (poison->message, ==, error->message);
    }
}

static void
test_builder_after_failure (void)
{
  g_autoptr (KmsContextBuilder) assigned = kms_context_builder_new ();
  g_autoptr (KmsContextBuilder) number = kms_context_builder_new ();
  g_autoptr (KmsContextBuilder) twice = kms_context_builder_new ();

  g_assert_false (kms_context_builder_add_assignment (assigned, "no pair", NULL));
  g_assert_false (kms_context_builder_add_assignment (assigned, "n:=second", NULL));
  assert_stays_failed (assigned, "no pair");
  kms_context_builder_add_decimal (number, KMS_NAME_KIND_UNMARKED, "n", "12a");
  assert_stays_failed (number, "\"n\"");
  for (guint i = 0; i < 2; i++)
    kms_context_builder_add_string (twice, KMS_NAME_KIND_UNMARKED, "same", -1, "x", -1);
  assert_stays_failed (twice, "same");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/context-builder/assignments", test_assignments);
  g_test_add_func ("/context-builder/pairs", test_builder);
  g_test_add_func ("/context-builder/after-failure", test_builder_after_failure);
  return g_test_run ();
}
