/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The AWS double as a program, for tests that are not written in C and for trying things out.
 *
 *   kms-test-aws [--tls] [--port=PORT] [--seconds=N]
 *
 * prints one line, "ADDRESS ID SECRET CONTROL", and with --tls a second one with the file of the CA. ID and SECRET are
 * keys that may do everything. Ends when its standard input does, or after the seconds (600). CONTROL is the address of
 * aws-control.h. */
#include <gio/gio.h>
#include <stdlib.h>
#include <unistd.h>

#include "aws-control.h"

static gboolean use_tls;
static int port;
static int seconds = 600;

static const GOptionEntry options[] = {
  { "tls", 0, 0, G_OPTION_ARG_NONE, &use_tls, "Speak TLS", NULL },
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
on_end (gpointer data)
{
  g_main_loop_quit (data);
  return G_SOURCE_REMOVE;
}

static TestServer *
start_server (void)
{
  TestServer *server = test_server_new_at_port (use_tls ? TEST_SERVER_TLS : TEST_SERVER_PLAIN, (guint16) port);

  test_server_set_remember (server, FALSE);
  return server;
}

static void
serve (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (TestServer) server = start_server ();
  g_autoptr (AwsDouble) aws = aws_double_new (server);
  g_autoptr (AwsControl) control = aws_control_new (aws, server);

  g_print ("%s %s %s %s\n", test_server_get_address (server), AWS_DOUBLE_ADMIN, AWS_DOUBLE_ADMIN_SECRET,
           aws_control_get_address (control));
  if (use_tls)
    g_print ("%s\n", test_server_get_ca_file (server));
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
      g_printerr ("kms-test-aws: %s\n", error->message);
      return 2;
    }
  if (port < 0 || port > G_MAXUINT16 || seconds <= 0)
    {
      g_printerr ("kms-test-aws: a port is a number up to 65535, and the seconds are more than 0\n");
      return 2;
    }
  serve ();
  return EXIT_SUCCESS;
}
