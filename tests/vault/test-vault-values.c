/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small texts: what Go's clients and servers take, and what nobody should. */
#include <vault-environment.h>
#include <vault-values.h>

#include <string.h>

static void
test_durations (void)
{
  /* As Go's time.ParseDuration() and strconv.Atoi() read them. */
  static const struct
  {
    const char *text;
    gint64 milliseconds; /* -1: refused */
  } cases[] = {
    { "60", 60000 },  { "1m30s", 90000 }, { "250ms", 250 },   { "1.5h", 5400000 }, { "2h45m", 9900000 },
    { "0", 0 },       { "1us", 1 },       { "90m", 5400000 }, { ".5s", 500 },      { "", -1 },
    { "s", -1 },      { "1.5", -1 },      { "1m30", -1 },     { "-5s", -1 },       { " 5s", -1 },
    { "5 s", -1 },    { "5S", -1 },       { "1d", -1 },       { "1e3s", -1 },      { "99999999999999999999", -1 },
    { "1m 30s", -1 }, { "0x10", -1 },     { "+5", -1 },       { "876001h", -1 },   { "1..5s", -1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      gint64 milliseconds = 0;
      gboolean ok = vault_parse_duration (cases[i].text, &milliseconds, &error);
      g_test_message ("\"%s\"", cases[i].text);
      g_assert_cmpint (ok, ==, cases[i].milliseconds >= 0);
      if (ok)
        g_assert_cmpint (milliseconds, ==, cases[i].milliseconds);
      else
        g_assert_error (error, KMS_ERROR, KMS_ERROR_CONFIG);
    }
}

static void
test_booleans (void)
{
  static const char *const yes[] = { "1", "t", "T", "true", "TRUE", "True" };
  static const char *const no[] = { "0", "f", "F", "false", "FALSE", "False" };
  static const char *const neither[] = { "", "yes", "on", "tRUE", "true ", "2", "no" };
  gboolean value;

  for (guint i = 0; i < G_N_ELEMENTS (yes); i++)
    g_assert_true (vault_parse_boolean (yes[i], &value, NULL) && value);
  for (guint i = 0; i < G_N_ELEMENTS (no); i++)
    g_assert_true (vault_parse_boolean (no[i], &value, NULL) && !value);
  for (guint i = 0; i < G_N_ELEMENTS (neither); i++)
    g_assert_false (vault_parse_boolean (neither[i], &value, NULL));
}

static void
test_key_names (void)
{
  static const char *const good[] = { "a", "orders", "my-key", "my.key", "_", "A1_b", "a--b..c" };
  static const char *const bad[] = { "",      "-a",  "a-",    ".a",       "a.",   "a/b",     "../x", "a b",
                                     "a?b=c", "a#b", "a%2fb", "\303\251", "a\nb", "vault/x", "a\\b" };
  g_autofree char *long_name = g_strnfill (256, 'a');

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    g_assert_true (vault_check_key_name (good[i], NULL));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      g_test_message ("\"%s\"", bad[i]);
      g_assert_false (vault_check_key_name (bad[i], &error));
      g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
    }
  g_assert_false (vault_check_key_name (long_name, NULL));
}

static void
test_paths (void)
{
  static const char *const good[] = { "transit", "team/transit", "a.b/c-d_e", "user@example.org" };
  static const char *const bad[] = {
    "", "/", "transit/", "/transit", "a//b", "a/../b", ".", "a/.", "a b", "a?b", "a%2e"
  };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    g_assert_true (vault_check_path ("x", good[i], NULL));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_test_message ("\"%s\"", bad[i]);
      g_assert_false (vault_check_path ("x", bad[i], NULL));
    }
}

static void
test_addresses (void)
{
  static const struct
  {
    const char *text, *base, *unix_socket;
  } cases[] = {
    { "https://vault.example.org:8200", "https://vault.example.org:8200", NULL },
    { "https://vault.example.org/", "https://vault.example.org", NULL },
    { "http://127.0.0.1:8200/prefix/x//", "http://127.0.0.1:8200/prefix/x", NULL },
    { "https://[::1]:8200", "https://[::1]:8200", NULL },
    { "unix:///run/vault/agent.sock", "http://localhost", "/run/vault/agent.sock" },
    { "vault.example.org:8200", NULL, NULL },
    { "ftp://vault.example.org", NULL, NULL },
    { "https://", NULL, NULL },
    { "unix://agent.sock", NULL, NULL },
    { "unix:///", NULL, NULL },
    { "https://user:secret@vault.example.org", NULL, NULL },
    { "https://vault.example.org?x=y", NULL, NULL },
    { "https://vault.example.org#x", NULL, NULL },
    { "", NULL, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *base = NULL, *unix_socket = NULL;
      gboolean ok = vault_parse_address (cases[i].text, &base, &unix_socket, &error);
      g_test_message ("\"%s\"", cases[i].text);
      g_assert_cmpint (ok, ==, cases[i].base != NULL);
      g_assert_cmpstr (base, ==, cases[i].base);
      g_assert_cmpstr (unix_socket, ==, cases[i].unix_socket);
      g_assert_true (ok || strstr (error->message, "secret") == NULL);
    }
}

static void
test_words (void)
{
  g_autofree char *plain = vault_filter_words ("2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n");
  g_autofree char *secret =
    vault_filter_words ("bad value \"c2VjcmV0IHNlY3JldCBzZWNyZXQ=\" in hvs.CAESIJ123456789012345");
  g_autofree char *control = vault_filter_words ("a\033[31mb\a\302\233c");

  g_assert_cmpstr (plain, ==, "2 errors occurred: * permission denied * invalid token");
  g_assert_null (strstr (secret, "c2Vj"));
  g_assert_null (strstr (secret, "CAES"));
  for (const char *c = control; *c != '\0'; c++)
    g_assert_true (g_ascii_isprint (*c));
}

static char *
read_fake (const char *variable, gpointer data)
{
  return g_strdup (g_hash_table_lookup (data, variable));
}

static void
test_environment (void)
{
  g_autoptr (GHashTable) variables = g_hash_table_new (g_str_hash, g_str_equal);
  VaultEnvironment environment = { read_fake, variables };
  const char *found = NULL;
  g_autoptr (GError) error = NULL;
  gboolean flag;
  gint64 number;

  g_assert_null (vault_environment_dup (&environment, "ADDR", NULL));
  g_hash_table_insert (variables, (gpointer) "VAULT_ADDR", (gpointer) "https://vault");
  g_autofree char *vault = vault_environment_dup (&environment, "ADDR", &found);
  g_assert_cmpstr (vault, ==, "https://vault");
  g_assert_cmpstr (found, ==, "VAULT_ADDR");
  g_hash_table_insert (variables, (gpointer) "BAO_ADDR", (gpointer) "https://bao");
  g_autofree char *bao = vault_environment_dup (&environment, "ADDR", &found);
  g_assert_cmpstr (bao, ==, "https://bao");
  g_assert_cmpstr (found, ==, "BAO_ADDR");
  /* Set, though empty: then VAULT_ADDR is not looked at. */
  g_hash_table_insert (variables, (gpointer) "BAO_ADDR", (gpointer) "");
  g_assert_null (vault_environment_dup (&environment, "ADDR", NULL));

  g_hash_table_insert (variables, (gpointer) "VAULT_SKIP_VERIFY", (gpointer) "perhaps");
  g_assert_false (vault_environment_get_boolean (&environment, "SKIP_VERIFY", &flag, NULL, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_CONFIG);
  g_assert_nonnull (strstr (error->message, "VAULT_SKIP_VERIFY"));
  g_clear_error (&error);
  g_hash_table_insert (variables, (gpointer) "VAULT_MAX_RETRIES", (gpointer) "7");
  g_assert_true (vault_environment_get_number (&environment, "MAX_RETRIES", 100, &number, NULL));
  g_assert_cmpint (number, ==, 7);
  g_hash_table_insert (variables, (gpointer) "VAULT_MAX_RETRIES", (gpointer) "-1");
  g_assert_false (vault_environment_get_number (&environment, "MAX_RETRIES", 100, &number, NULL));
  g_hash_table_insert (variables, (gpointer) "VAULT_CLIENT_TIMEOUT", (gpointer) "2m");
  g_assert_true (vault_environment_get_milliseconds (&environment, "CLIENT_TIMEOUT", &number, NULL));
  g_assert_cmpint (number, ==, 120000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vault/values/durations", test_durations);
  g_test_add_func ("/vault/values/booleans", test_booleans);
  g_test_add_func ("/vault/values/key-names", test_key_names);
  g_test_add_func ("/vault/values/paths", test_paths);
  g_test_add_func ("/vault/values/addresses", test_addresses);
  g_test_add_func ("/vault/values/words", test_words);
  g_test_add_func ("/vault/values/environment", test_environment);
  return g_test_run ();
}
