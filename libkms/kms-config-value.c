/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Strict parsers of configuration values. */
#include "kms-config-value-private.h"

#include "kms-error.h"

gboolean
_kms_value_parse_boolean (const char *value, gboolean *out, GError **error)
{
  int choice = _kms_value_parse_choice (value, "false|true", error);

  *out = choice == 1;
  return choice >= 0;
}

gboolean
_kms_value_parse_integer (const char *value, gint64 min, gint64 max, gint64 *out, GError **error)
{
  /* Neither a sign that says nothing, nor a vertical tab, which GLib's parser skips. */
  if ((value[0] == '-' || g_ascii_isdigit (value[0])) && g_ascii_string_to_signed (value, 10, min, max, out, NULL))
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG,
               "\"%s\" is not a whole number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT
               "; comments stand on lines of their own",
               value, min, max);
  return FALSE;
}

/* "5" behind the point is 500 thousandths. */
static gboolean
parse_thousandths (const char *digits, gint64 *out)
{
  gsize length = digits == NULL ? 0 : strlen (digits);
  gint64 factor[] = { 0, 100, 10, 1 };
  guint64 number;

  *out = 0;
  if (digits == NULL)
    return TRUE;
  if (length < 1 || length > 3 || !g_ascii_isdigit (digits[0])
      || !g_ascii_string_to_unsigned (digits, 10, 0, 999, &number, NULL))
    return FALSE;
  *out = (gint64) number * factor[length];
  return TRUE;
}

gboolean
_kms_value_parse_duration (const char *value, gint64 *out, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (value, ".", 2);
  guint64 seconds;
  gint64 thousandths;

  if (parts[0] != NULL && g_ascii_isdigit (parts[0][0])
      && g_ascii_string_to_unsigned (parts[0], 10, 0, 1000000, &seconds, NULL)
      && parse_thousandths (parts[1], &thousandths))
    {
      *out = (gint64) seconds * 1000 + thousandths;
      return TRUE;
    }
  g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG,
               "\"%s\" is not a number of seconds such as 2 or 0.5; leave the unit out", value);
  return FALSE;
}

char **
_kms_value_parse_list (const char *value)
{
  g_auto (GStrv) parts = g_strsplit (value, ";", -1);
  g_autoptr (GStrvBuilder) list = g_strv_builder_new ();

  for (guint i = 0; parts[i] != NULL; i++)
    if (g_strstrip (parts[i])[0] != '\0')
      g_strv_builder_add (list, parts[i]);
  return g_strv_builder_end (list);
}

int
_kms_value_parse_choice (const char *value, const char *choices, GError **error)
{
  g_auto (GStrv) words = g_strsplit (choices, "|", -1);

  for (int i = 0; words[i] != NULL; i++)
    if (strcmp (words[i], value) == 0)
      return i;
  g_autofree char *listed = g_strjoinv (", ", words);
  g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, "\"%s\" is not one of: %s", value, listed);
  return -1;
}
