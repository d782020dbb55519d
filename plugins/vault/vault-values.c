/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parsers of small texts; none of them looks at anything but its text. */
#include "vault-values.h"

#include <string.h>

#define MAX_KEY_NAME 255
#define MAX_PATH 512
#define MAX_MILLISECONDS (G_GINT64_CONSTANT (365) * 24 * 3600 * 1000)

/* Words of a server's that are shown: at most so many bytes, and none that is longer than a word of prose. */
#define MAX_SHOWN 200
#define MAX_WORD 15

gboolean
vault_parse_boolean (const char *text, gboolean *value, GError **error)
{
  static const char *const yes[] = { "1", "t", "T", "true", "TRUE", "True", NULL };
  static const char *const no[] = { "0", "f", "F", "false", "FALSE", "False", NULL };

  *value = g_strv_contains (yes, text);
  if (*value || g_strv_contains (no, text))
    return TRUE;
  g_set_error_literal (error, KMS_ERROR, KMS_ERROR_CONFIG, "must be true or false");
  return FALSE;
}

typedef struct
{
  const char *name;
  double milliseconds;
} DurationUnit;

static const DurationUnit *
find_unit (const char *text)
{
  static const DurationUnit units[] = {
    { "ns", 1e-6 }, { "us", 1e-3 }, { "\302\265s", 1e-3 }, { "\316\274s", 1e-3 },
    { "ms", 1 },    { "s", 1000 },  { "m", 60000.0 },      { "h", 3600000.0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (units); i++)
    if (g_str_has_prefix (text, units[i].name))
      return &units[i];
  return NULL;
}

/* Digits, at most one point among them; FALSE for what is no number. */
static gboolean
parse_decimal (const char **at, double *value)
{
  const char *p = *at;
  gsize n_digits = 0;
  double place = 1;

  *value = 0;
  for (; g_ascii_isdigit (*p); p++, n_digits++)
    *value = *value * 10 + g_ascii_digit_value (*p);
  if (*p == '.')
    for (p++; g_ascii_isdigit (*p); p++, n_digits++)
      *value += g_ascii_digit_value (*p) * (place /= 10);
  *at = p;
  return n_digits > 0;
}

static gboolean
sum_duration (const char *text, double *total)
{
  const char *at = text;
  double value;

  *total = 0;
  if (*at == '\0')
    return FALSE;
  while (*at != '\0')
    {
      if (!parse_decimal (&at, &value))
        return FALSE;
      const DurationUnit *unit = find_unit (at);
      if (unit == NULL && (at[0] != '\0' || strspn (text, "0123456789") != strlen (text)))
        return FALSE;
      *total += value * (unit != NULL ? unit->milliseconds : 1000);
      at += unit != NULL ? strlen (unit->name) : 0;
    }
  return TRUE;
}

gboolean
vault_parse_duration (const char *text, gint64 *milliseconds, GError **error)
{
  double total;

  if (!sum_duration (text, &total) || total > (double) MAX_MILLISECONDS)
    {
      g_set_error_literal (error, KMS_ERROR, KMS_ERROR_CONFIG,
                           "must be seconds, or a duration such as 1m30s, of at most a year");
      return FALSE;
    }
  *milliseconds = total > 0 ? MAX ((gint64) total, 1) : 0;
  return TRUE;
}

static gboolean
is_word_character (char c)
{
  return g_ascii_isalnum (c) || c == '_';
}

gboolean
vault_check_key_name (const char *name, GError **error)
{
  gsize length = strlen (name);
  gboolean valid = length > 0 && length <= MAX_KEY_NAME && is_word_character (name[0])
                   && is_word_character (name[length - 1]);

  for (gsize i = 0; valid && i < length; i++)
    valid = is_word_character (name[i]) || name[i] == '-' || name[i] == '.';
  if (valid)
    return TRUE;
  g_autofree char *shown = g_strescape (name, NULL);
  g_set_error (
    error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
    "\"%.160s\" can't be the name of a transit key: letters, digits, \"_\", and inside also \"-\" and \".\", at "
    "most %d of them",
    shown, MAX_KEY_NAME);
  return FALSE;
}

static gboolean
is_path_character (char c)
{
  return is_word_character (c) || strchr ("-.~+@:", c) != NULL;
}

static gboolean
is_dots (const char *part, gsize length)
{
  return length == strspn (part, ".") && (length == 1 || length == 2);
}

static gboolean
is_path (const char *path)
{
  gsize length = strlen (path);

  if (length == 0 || length > MAX_PATH)
    return FALSE;
  for (const char *part = path;; part++)
    {
      gsize n = strcspn (part, "/");
      if (n == 0 || is_dots (part, MIN (n, 3)))
        return FALSE;
      for (gsize i = 0; i < n; i++)
        if (!is_path_character (part[i]))
          return FALSE;
      part += n;
      if (*part == '\0')
        return TRUE;
    }
}

gboolean
vault_check_path (const char *what, const char *path, GError **error)
{
  if (is_path (path))
    return TRUE;
  g_autofree char *shown = g_strescape (path, NULL);
  g_set_error (
    error, KMS_ERROR, KMS_ERROR_CONFIG,
    "%s: \"%.160s\" is no path: names of letters, digits, \"-\", \"_\" and \".\" with \"/\" between them, none at "
    "either end",
    what, shown);
  return FALSE;
}

gboolean
vault_check_token (const guint8 *text, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (text[i] <= ' ' || text[i] >= 0x7f)
      return FALSE;
  return length > 0;
}

static gboolean
fail_address (const char *text, GError **error)
{
  g_autofree char *shown = g_strescape (text, NULL);
  g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG,
               "\"%.160s\" is no address of a server; write https://HOST:PORT, or unix:///PATH for a socket", shown);
  return FALSE;
}

static gboolean
is_web_address (GUri *uri)
{
  return uri != NULL && g_uri_get_host (uri) != NULL && g_uri_get_host (uri)[0] != '\0'
         && (g_str_equal (g_uri_get_scheme (uri), "https") || g_str_equal (g_uri_get_scheme (uri), "http"));
}

gboolean
vault_parse_address (const char *text, char **base, char **unix_socket, GError **error)
{
  *base = *unix_socket = NULL;
  if (g_str_has_prefix (text, "unix://"))
    {
      const char *path = text + strlen ("unix://");
      if (path[0] != '/' || path[1] == '\0')
        return fail_address (text, error);
      *unix_socket = g_strdup (path);
      *base = g_strdup ("http://localhost");
      return TRUE;
    }
  g_autoptr (GUri) uri = g_uri_parse (text, G_URI_FLAGS_ENCODED, NULL);
  if (!is_web_address (uri))
    return fail_address (text, error);
  /* A password here would be sent to nobody, and shown in every message. */
  if (g_uri_get_userinfo (uri) != NULL || g_uri_get_query (uri) != NULL || g_uri_get_fragment (uri) != NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG,
                   "the address of %s must have no user, no query and no fragment; write https://HOST:PORT",
                   g_uri_get_host (uri));
      return FALSE;
    }
  *base = g_strdup (text);
  for (gsize length = strlen (*base); length > 0 && (*base)[length - 1] == '/'; length--)
    (*base)[length - 1] = '\0';
  return TRUE;
}

static gboolean
is_value_character (char c)
{
  return g_ascii_isalnum (c) || strchr ("+/=_-", c) != NULL;
}

char *
vault_filter_words (const char *text)
{
  g_autoptr (GString) out = g_string_new (NULL);

  for (const char *at = text; *at != '\0' && out->len < MAX_SHOWN;)
    {
      gsize n = 0;
      while (at[n] != '\0' && is_value_character (at[n]))
        n++;
      if (n > MAX_WORD)
        g_string_append (out, "[...]");
      else
        g_string_append_len (out, at, (gssize) n);
      at += n;
      if (*at == '\0')
        break;
      char c = g_ascii_isprint (*at) ? *at : ' ';
      if (c != ' ' || (out->len > 0 && out->str[out->len - 1] != ' '))
        g_string_append_c (out, c);
      at++;
    }
  return g_strchomp (g_string_free (g_steal_pointer (&out), FALSE));
}
