/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options and a context as a caller may send them, in GVariant's text format: what is accepted means what was sent. */
#include "fuzz.h"

#include <context-options.h>
#include <options.h>

static const OptionSpec specs[] = {
  { "bare", "b" },         { "version", "u" },        { "timeout", "u" },
  { "context-form", "s" }, { "context-bytes", "ay" }, { "new-context", "a{ss}" },
};

static void
check_accepted (GVariant *options)
{
  GVariantIter iter;
  const char *name;
  GVariant *value;

  g_variant_iter_init (&iter, options);
  while (g_variant_iter_next (&iter, "{&sv}", &name, &value))
    {
      gboolean is_known = g_str_has_prefix (name, "x-");
      for (guint i = 0; i < G_N_ELEMENTS (specs); i++)
        is_known =
          is_known
          || (strcmp (specs[i].name, name) == 0 && g_variant_is_of_type (value, G_VARIANT_TYPE (specs[i].type)));
      FUZZ_CHECK (is_known);
      g_variant_unref (value);
    }
}

/* Exact bytes are what is authenticated, in each of the dialects. */
static void
check_context (const ContextOptions *how, KmsContext *context, guint dialects)
{
  gsize length = 0, n_bytes = 0;
  const char *bytes = how->bytes == NULL ? NULL : g_variant_get_fixed_array (how->bytes, &n_bytes, 1);

  FUZZ_CHECK (kms_context_get_form (context) == how->form);
  FUZZ_CHECK ((dialects != 0) == (how->form == KMS_CONTEXT_FORM_MAP && how->bytes != NULL));
  for (int i = g_bit_nth_lsf (dialects, -1); i >= 0; i = g_bit_nth_lsf (dialects, i))
    {
      g_autofree char *json = kms_context_to_json (context, (KmsJsonDialect) i, KMS_CONTEXT_FORM_MAP, &length, NULL);
      FUZZ_CHECK (json != NULL && length == n_bytes && memcmp (json, bytes, length) == 0);
    }
}

/* GLib's parser wants UTF-8. */
static GVariant *
parse (const char *text, gsize size)
{
  if (!g_utf8_validate_len (text, size, NULL))
    return NULL;
  return g_variant_parse (G_VARIANT_TYPE ("(a{sv}a{ss})"), text, text + size, NULL, NULL);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GVariant) both = size == 0 ? NULL : parse ((const char *) data, size);
  g_autoptr (GError) error = NULL;
  g_auto (ContextOptions) how = { 0 };
  guint dialects = 0;

  if (both == NULL)
    return 0;
  g_autoptr (GVariant) options = g_variant_get_child_value (both, 0);
  g_autoptr (GVariant) map = g_variant_get_child_value (both, 1);
  gboolean ok = options_check (options, specs, G_N_ELEMENTS (specs), &error);
  FUZZ_CHECK_OUTCOME (ok, error);
  if (!ok)
    return 0;
  check_accepted (options);
  ok = context_options_read (options, "", &how, &error);
  FUZZ_CHECK_OUTCOME (ok, error);
  if (!ok)
    return 0;
  g_autoptr (KmsContext) context = context_options_make (&how, map, 0, &dialects, &error);
  FUZZ_CHECK_OUTCOME (context != NULL, error);
  if (context != NULL)
    check_context (&how, context, dialects);
  return 0;
}
