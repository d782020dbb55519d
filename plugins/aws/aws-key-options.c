/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* One table of options. Values come as text from a command line, or as what they are from a program. */
#include "aws-key-options.h"

#include <string.h>

#define MAX_ALIAS 256

typedef enum {
  KIND_TEXT,
  KIND_BOOLEAN,
  KIND_DAYS,
  KIND_ALIAS,
} Kind;

static const struct
{
  const char *name;
  Kind kind;
  AwsOptionsUse uses;
} known[] = {
  { "description", KIND_TEXT, AWS_OPTIONS_CREATE | AWS_OPTIONS_CONFIGURE },
  { "rotation-days", KIND_DAYS, AWS_OPTIONS_CREATE | AWS_OPTIONS_CONFIGURE },
  { "multi-region", KIND_BOOLEAN, AWS_OPTIONS_CREATE },
  { "policy", KIND_TEXT, AWS_OPTIONS_CREATE },
  { "tags", KIND_TEXT, AWS_OPTIONS_CREATE },
  { "add-alias", KIND_ALIAS, AWS_OPTIONS_CONFIGURE },
  { "move-alias", KIND_ALIAS, AWS_OPTIONS_CONFIGURE },
  { "remove-alias", KIND_ALIAS, AWS_OPTIONS_CONFIGURE },
};

gboolean
aws_alias_check (const char *alias, GError **error)
{
  gsize length = strlen (alias);
  gboolean good = length > strlen ("alias/") && length <= MAX_ALIAS && g_str_has_prefix (alias, "alias/")
                  && !g_str_has_prefix (alias, "alias/aws/");

  for (gsize i = 0; good && i < length; i++)
    good = g_ascii_isalnum (alias[i]) || strchr (":/_-", alias[i]) != NULL;
  if (good)
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
               "\"%.80s\" is no name for a key of one's own; write alias/NAME, with letters, digits, \"/\", \"_\" and "
               "\"-\", and not alias/aws/",
               alias);
  return FALSE;
}

static char *
dup_value (GVariant *value)
{
  switch (g_variant_classify (value))
    {
    case G_VARIANT_CLASS_STRING:
      return g_variant_dup_string (value, NULL);
    case G_VARIANT_CLASS_BOOLEAN:
    case G_VARIANT_CLASS_UINT32:
    case G_VARIANT_CLASS_INT32:
    case G_VARIANT_CLASS_INT64:
    case G_VARIANT_CLASS_UINT64:
      return g_variant_print (value, FALSE);
    default:
      return NULL;
    }
}

char *
aws_key_options_dup (GVariant *options, const char *name)
{
  g_autoptr (GVariant) value = options != NULL ? g_variant_lookup_value (options, name, NULL) : NULL;
  return value != NULL ? dup_value (value) : NULL;
}

/* 0 turns it off; else what KMS takes. */
static gboolean
parse_days (const char *text, gint64 *days)
{
  return g_ascii_isdigit (text[0]) && g_ascii_string_to_signed (text, 10, 0, 2560, days, NULL)
         && (*days == 0 || *days >= 90);
}

gboolean
aws_key_options_get_number (GVariant *options, const char *name, gint64 *value)
{
  g_autofree char *text = aws_key_options_dup (options, name);
  return text != NULL && parse_days (text, value);
}

static gboolean
check_value (Kind kind, const char *text, GError **error)
{
  const char *wanted = NULL;
  gint64 days;

  if (kind == KIND_ALIAS && text != NULL)
    return aws_alias_check (text, error);
  if (text == NULL || !g_utf8_validate (text, -1, NULL))
    wanted = "text";
  else if (kind == KIND_BOOLEAN && strcmp (text, "true") != 0 && strcmp (text, "false") != 0)
    wanted = "true or false";
  else if (kind == KIND_DAYS && !parse_days (text, &days))
    wanted = "90 to 2560 days, or 0 for never";
  if (wanted == NULL)
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT, "it must be %s", wanted);
  return FALSE;
}

static gboolean
check_option (const char *name, GVariant *value, AwsOptionsUse use, GError **error)
{
  g_autoptr (GString) names = g_string_new (NULL);
  g_autofree char *text = dup_value (value);

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    {
      if ((known[i].uses & use) == 0)
        continue;
      g_string_append_printf (names, "%s%s", names->len > 0 ? ", " : "", known[i].name);
      if (strcmp (known[i].name, name) != 0)
        continue;
      if (check_value (known[i].kind, text, error))
        return TRUE;
      g_prefix_error (error, "option \"%s\": ", name);
      return FALSE;
    }
  g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT, "there is no option \"%.60s\" here; there are %s", name,
               names->str);
  return FALSE;
}

gboolean
aws_key_options_check (GVariant *options, AwsOptionsUse use, GError **error)
{
  GVariantIter iter;
  const char *name;
  GVariant *value;

  if (options == NULL)
    return TRUE;
  g_variant_iter_init (&iter, options);
  while (g_variant_iter_next (&iter, "{&sv}", &name, &value))
    {
      g_autoptr (GVariant) owned = value;
      if (!check_option (name, owned, use, error))
        return FALSE;
    }
  return TRUE;
}
