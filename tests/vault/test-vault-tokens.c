/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where tokens come from besides logins: files, and the programs that the clients' configuration names. */
#include <vault-secret-file.h>
#include <vault-token-command.h>

#include <glib/gstdio.h>
#include <string.h>

#include "../config-root.h"

static void
test_parse (void)
{
  static const struct
  {
    const char *text;
    const char *program; /* NULL: none; "": refused */
  } cases[] = {
    { "", NULL },
    { "# token_helper = \"/bin/x\"\n", NULL },
    { "token_helper = \"/usr/bin/helper\"\n", "/usr/bin/helper" },
    { "\n  token_helper=\"/usr/bin/helper -a 'b c'\" # ours\r\n", "/usr/bin/helper" },
    { "token_helper_other = \"x\"\n", NULL },
    { "token_helper = \"\"\n", NULL },
    { "token_helper = /usr/bin/helper\n", "" },
    { "token_helper \"/usr/bin/helper\"\n", "" },
    { "token_helper = \"helper\"\n", "" },
    { "token_helper = \"/usr/bin/helper\n", "" },
    { "token_helper = \"/usr/bin/helper\" \"x\"\n", "" },
    { "token_helper = \"/usr/bin/hel\\\"per\"\n", "" },
    { "token_helper = \"/usr/bin/helper 'x\"\n", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_auto (GStrv) argv = vault_token_command_parse (cases[i].text, strlen (cases[i].text), &error);
      g_test_message ("%s", cases[i].text);
      if (cases[i].program == NULL)
        g_assert_true (argv == NULL && error == NULL);
      else if (cases[i].program[0] == '\0')
        g_assert_error (error, KMS_ERROR, KMS_ERROR_CONFIG);
      else
        g_assert_cmpstr (argv[0], ==, cases[i].program);
    }
  g_autoptr (GError) error = NULL;
  g_assert_null (vault_token_command_parse ("a\0b", 3, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_CONFIG);
}

/* A configuration in `root` that names a program with this text. */
static char *
make_program (const char *root, const char *script)
{
  g_autofree char *program = g_build_filename (root, "program", NULL);
  g_autofree char *line = g_strdup_printf ("token_helper = \"%s\"\n", program);

  config_root_write (root, "program", script);
  config_root_write (root, "config", line);
  g_assert_cmpint (g_chmod (program, 0755), ==, 0);
  return g_build_filename (root, "config", NULL);
}

static void
assert_token (KmsSecret *token, const char *expected)
{
  gsize length;
  const guint8 *data = kms_secret_get_data (token, &length);
  g_assert_cmpmem (data, length, expected, strlen (expected));
}

static void
test_run (void)
{
  g_autoptr (ConfigRoot) root = config_root_new ();
  g_autofree char *config = make_program (root, "#!/bin/sh\n[ \"$*\" = get ] && printf ' a-token\\n'\n");
  g_autoptr (KmsSecret) token = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (vault_token_command_get (config, &token, NULL, &error));
  g_assert_no_error (error);
  assert_token (token, "a-token");
}

static void
test_run_empty (void)
{
  g_autoptr (ConfigRoot) root = config_root_new ();
  g_autofree char *config = make_program (root, "#!/bin/sh\n");
  g_autofree char *missing = g_build_filename (root, "missing", NULL);
  KmsSecret *token = NULL;

  g_assert_true (vault_token_command_get (config, &token, NULL, NULL));
  g_assert_null (token);
  g_assert_true (vault_token_command_get (missing, &token, NULL, NULL));
  g_assert_null (token);
}

/* What it prints must not be in the message: it may be half a token. */
static void
test_run_failing (void)
{
  static const char *const scripts[] = {
    "#!/bin/sh\necho half-a-token; exit 1\n",
    "#!/bin/sh\nkill -9 $$\n",
    "#!/bin/sh\nhead -c 1000000 /dev/zero | tr '\\0' t\n",
    "#!/nowhere/sh\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (scripts); i++)
    {
      g_autoptr (ConfigRoot) root = config_root_new ();
      g_autofree char *config = make_program (root, scripts[i]);
      g_autoptr (GError) error = NULL;
      KmsSecret *token = NULL;
      g_assert_false (vault_token_command_get (config, &token, NULL, &error));
      g_assert_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS);
      g_assert_null (strstr (error->message, "half"));
      g_assert_null (token);
    }
}

static gpointer
cancel_soon (gpointer data)
{
  g_usleep (100 * 1000);
  g_cancellable_cancel (data);
  return NULL;
}

static void
test_run_cancelled (void)
{
  g_autoptr (ConfigRoot) root = config_root_new ();
  g_autofree char *config = make_program (root, "#!/bin/sh\nexec sleep 300\n");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GThread) thread = g_thread_new ("cancel", cancel_soon, cancellable);
  g_autoptr (GError) error = NULL;
  KmsSecret *token = NULL;

  g_assert_false (vault_token_command_get (config, &token, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_thread_join (g_steal_pointer (&thread));
}

static void
test_files (void)
{
  g_autoptr (ConfigRoot) root = config_root_new ();
  g_autofree char *path = g_build_filename (root, "secret", NULL), *missing = g_build_filename (root, "none", NULL);
  g_autoptr (KmsSecret) secret = NULL;
  g_autoptr (GError) error = NULL;
  KmsSecret *none = NULL;
  g_autofree char *large = g_strnfill (VAULT_MAX_SECRET + 1, 'x');

  config_root_write (root, "secret", "\n hvs.abc \r\n");
  g_assert_true (vault_secret_file_read (path, &secret, NULL, &error));
  assert_token (secret, "hvs.abc");
  g_assert_true (vault_secret_file_read (missing, &none, NULL, &error));
  g_assert_null (none);
  g_assert_false (vault_secret_file_read (root, &none, NULL, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS);
  g_clear_error (&error);
  config_root_write (root, "secret", large);
  g_assert_false (vault_secret_file_read (path, &none, NULL, &error));
  g_assert_nonnull (strstr (error->message, path));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vault/tokens/parse", test_parse);
  g_test_add_func ("/vault/tokens/run", test_run);
  g_test_add_func ("/vault/tokens/run-empty", test_run_empty);
  g_test_add_func ("/vault/tokens/run-failing", test_run_failing);
  g_test_add_func ("/vault/tokens/run-cancelled", test_run_cancelled);
  g_test_add_func ("/vault/tokens/files", test_files);
  return g_test_run ();
}
