/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The Vault double as a program, for tests that are not written in C and for trying things out.
 *
 *   kms-test-vault [--tls] [--unix=PATH] [--port=PORT] [--seconds=N]
 *
 * prints one line, "ADDRESS TOKEN CONTROL", and with --tls a second one with the files of the CA, the client's certificate
 * and its key. Ends when its standard input does, or after the seconds (600). CONTROL is the address of
 * vault-control.h. */
#include <gio/gio.h>
#include <stdlib.h>
#include <unistd.h>

#include "vault-control.h"

static gboolean use_tls;
static char *socket_path;
static int port;
static int seconds = 600;

static const GOptionEntry options[] = {
  { "tls", 0, 0, G_OPTION_ARG_NONE, &use_tls, "Speak TLS, and ask for a certificate", NULL },
  { "unix", 0, 0, G_OPTION_ARG_FILENAME, &socket_path, "Listen at a UNIX socket", "PATH" },
  { "port", 0, 0, G_OPTION_ARG_INT, &port, "Listen at this port of 127.0.0.1", "PORT" },
  { "seconds", 0, 0, G_OPTION_ARG_INT, &seconds, "End after this time", "N" },
  G_OPTION_ENTRY_NULL,
};

static gpointer
wait_for_end (gpointer data)
{
  char byte;

  while (read (STDIN_FILENO, &byte, 1) > 0)
    continue;
  g_main_loop_quit (data);
  return NULL;
}

static gboolean
on_second (gpointer data)
{
  vault_double_advance (data, 1);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_end (gpointer data)
{
  g_main_loop_quit (data);
  return G_SOURCE_REMOVE;
}

static TestServer *
start_server (void)
{
  TestServerFlags flags = use_tls ? TEST_SERVER_TLS | TEST_SERVER_ASK_CERTIFICATE : TEST_SERVER_PLAIN;
  TestServer *server = socket_path != NULL ? test_server_new_at_path (flags, socket_path)
                                           : test_server_new_at_port (flags, (guint16) port);

  test_server_set_remember (server, FALSE);
  return server;
}

static void
serve (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (TestServer) server = start_server ();
  g_autoptr (VaultDouble) vault = vault_double_new (server);
  g_autoptr (VaultControl) control = vault_control_new (vault, server);

  g_print ("%s %s %s\n", test_server_get_address (server), VAULT_DOUBLE_ROOT_TOKEN,
           vault_control_get_address (control));
  if (use_tls)
    g_print ("%s %s %s\n", test_server_get_ca_file (server), test_server_get_client_certificate_file (server),
             test_server_get_client_key_file (server));
  g_timeout_add_seconds (1, on_second, vault);
  g_timeout_add_seconds ((guint) seconds, on_end, loop);
  /* It may be waiting still when the program ends. */
  g_thread_unref (g_thread_new ("stdin", wait_for_end, g_main_loop_ref (loop)));
  g_main_loop_run (loop);
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;

  g_option_context_add_main_entries (context, options, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("kms-test-vault: %s\n", error->message);
      return 2;
    }
  if (port < 0 || port > G_MAXUINT16 || seconds <= 0)
    {
      g_printerr ("kms-test-vault: a port is a number up to 65535, and the seconds are more than 0\n");
      return 2;
    }
  serve ();
  return EXIT_SUCCESS;
}
