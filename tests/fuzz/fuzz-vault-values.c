/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What users write into the environment of Vault's and OpenBao's clients, and into their configuration. */
#include "fuzz.h"

#include <vault-answer.h>
#include <vault-token-command.h>
#include <vault-values.h>

static void
check_numbers (const char *text)
{
  g_autoptr (GError) duration_error = NULL;
  g_autoptr (GError) boolean_error = NULL;
  gint64 milliseconds = 0;
  gboolean value;
  gboolean ok = vault_parse_duration (text, &milliseconds, &duration_error);

  FUZZ_CHECK_OUTCOME (ok, duration_error);
  FUZZ_CHECK (!ok || milliseconds >= 0);
  ok = vault_parse_boolean (text, &value, &boolean_error);
  FUZZ_CHECK_OUTCOME (ok, boolean_error);
}

static void
check_names (const char *text)
{
  g_autoptr (GError) name_error = NULL;
  g_autoptr (GError) path_error = NULL;
  gboolean ok = vault_check_key_name (text, &name_error);

  FUZZ_CHECK_OUTCOME (ok, name_error);
  FUZZ_CHECK (!ok || strpbrk (text, "/?#% \n") == NULL);
  ok = vault_check_path ("x", text, &path_error);
  FUZZ_CHECK_OUTCOME (ok, path_error);
  FUZZ_CHECK (!ok || (strpbrk (text, "?#% \n") == NULL && strstr (text, "//") == NULL));
}

static void
check_address (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *base = NULL, *unix_socket = NULL;
  gboolean ok = vault_parse_address (text, &base, &unix_socket, &error);

  FUZZ_CHECK_OUTCOME (ok, error);
  FUZZ_CHECK (!ok || (base != NULL && !g_str_has_suffix (base, "/") && strchr (base, '#') == NULL));
}

static void
check_words (const char *text)
{
  g_autofree char *shown = vault_filter_words (text);

  FUZZ_CHECK (strlen (shown) < 300);
  for (const char *c = shown; *c != '\0'; c++)
    FUZZ_CHECK (g_ascii_isprint (*c));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) argv = vault_token_command_parse ((const char *) data, size, &error);
  guint64 version;

  FUZZ_CHECK (argv == NULL || (error == NULL && g_path_is_absolute (argv[0])));
  check_numbers (text);
  check_names (text);
  check_address (text);
  check_words (text);
  FUZZ_CHECK (!vault_ciphertext_parse ((const char *) data, size, &version) || version > 0);
  vault_check_token (data, size);
  return 0;
}
