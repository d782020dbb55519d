/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Turns the command line into what it means, once. */
#include "options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_TIMEOUT 60
#define MAX_TIMEOUT 86400

static const char summary[] =
  "Checks a provider's module against the contract of libkms and reports in TAP: every case in a process of its own.";

static GOptionContext *
make_context (Options *self, char ***rest)
{
  const GOptionEntry entries[] = {
    { "provider", 0, 0, G_OPTION_ARG_FILENAME, &self->provider_file, "The module's configuration file", "FILE" },
    { "setting", 0, 0, G_OPTION_ARG_STRING_ARRAY, &self->settings, "One of its [Settings], besides the file's",
      "NAME=VALUE" },
    { "key-id", 0, 0, G_OPTION_ARG_STRING, &self->key_id, "A key that exists and may be used", "KEYID" },
    { "second-key-id", 0, 0, G_OPTION_ARG_STRING, &self->second_key_id, "Another one", "KEYID" },
    { "group", 0, 0, G_OPTION_ARG_STRING_ARRAY, &self->groups, "Only the cases of this group", "NAME" },
    { "case", 0, 0, G_OPTION_ARG_STRING_ARRAY, &self->patterns, "Only the cases of this name; * and ? match",
      "PATTERN" },
    { "list", 0, 0, G_OPTION_ARG_NONE, &self->list, "Print the cases and what each asks for", NULL },
    { "expect", 0, 0, G_OPTION_ARG_FILENAME, &self->expect, "Names of the cases that are known to fail", "FILE" },
    { "timeout", 0, 0, G_OPTION_ARG_INT, &self->timeout, "Seconds that a case may take (60)", "SECONDS" },
    { "version", 0, 0, G_OPTION_ARG_NONE, &self->version, "Print the version", NULL },
    { "run-case", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING, &self->run_case, NULL, NULL },
    { "verdict-fd", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_INT, &self->verdict_fd, NULL, NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, rest, NULL, "kms-ID.so" },
    { NULL },
  };
  GOptionContext *context = g_option_context_new (NULL);

  g_option_context_set_summary (context, summary);
  g_option_context_add_main_entries (context, entries, NULL);
  return context;
}

static gboolean fail (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
fail (GError **error, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  *error = g_error_new_valist (G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, format, arguments);
  va_end (arguments);
  return FALSE;
}

static gboolean
take_module (Options *self, const char *path, GError **error)
{
  g_autofree char *base = g_path_get_basename (path);
  gsize length = strlen (base);

  if (!g_str_has_prefix (base, "kms-") || !g_str_has_suffix (base, ".so") || length < strlen ("kms-?.so"))
    return fail (error, "%s: a module's file is called kms-ID.so", path);
  self->id = g_strndup (base + 4, length - 7);
  self->module = realpath (path, NULL);
  if (self->module == NULL)
    return fail (error, "%s: %s", path, g_strerror (errno));
  /* A link's name says another id than the file that it leads to, which is the one that the library goes by. */
  g_autofree char *real_base = g_path_get_basename (self->module);
  if (strcmp (base, real_base) != 0)
    return fail (error, "%s: is a link to %s; name that", path, self->module);
  return TRUE;
}

static gboolean
check_values (Options *self, GError **error)
{
  for (guint i = 0; self->settings != NULL && self->settings[i] != NULL; i++)
    if (strchr (self->settings[i], '=') == NULL || self->settings[i][0] == '=')
      return fail (error, "--setting=%s: is not NAME=VALUE", self->settings[i]);
  if (self->timeout < 1 || self->timeout > MAX_TIMEOUT)
    return fail (error, "--timeout=%d: is not a number of seconds from 1 to %d", self->timeout, MAX_TIMEOUT);
  return TRUE;
}

gboolean
options_parse (Options *self, char ***arguments, GError **error)
{
  g_auto (GStrv) rest = NULL;
  g_autoptr (GOptionContext) context = make_context (self, &rest);
  guint n_rest;

  self->timeout = DEFAULT_TIMEOUT;
  self->verdict_fd = -1;
  if (!g_option_context_parse_strv (context, arguments, error) || !check_values (self, error))
    return FALSE;
  n_rest = rest == NULL ? 0 : g_strv_length (rest);
  if (n_rest == 0 && (self->list || self->version))
    return TRUE;
  if (n_rest != 1)
    return fail (error, "name one module: kms-provider-test [OPTIONS] kms-ID.so");
  return take_module (self, rest[0], error);
}

void
options_clear (Options *self)
{
  free (self->module);
  g_free (self->id);
  g_free (self->provider_file);
  g_strfreev (self->settings);
  g_free (self->key_id);
  g_free (self->second_key_id);
  g_strfreev (self->groups);
  g_strfreev (self->patterns);
  g_free (self->expect);
  g_free (self->run_case);
}
