/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* kmsd: holds the credentials of key management services, and decides who may use which key. */
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon.h"
#include "house.h"
#include "kms-directories.h"
#include "quota.h"
#include "readiness.h"

#define EXIT_USAGE 2

/* A call that waits may hold one; systemd's default of 1024 is for programs that use select(). */
#define DESCRIPTORS 65536

typedef struct
{
  gboolean system, session, version;
  char *private_socket, *config_root, *state_directory, *journal_socket;
} Arguments;

static void
arguments_clear (Arguments *self)
{
  g_free (self->private_socket);
  g_free (self->config_root);
  g_free (self->state_directory);
  g_free (self->journal_socket);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Arguments, arguments_clear)

/* Also one that was opened by whoever started us, for a descriptor that is closed: a key file would get its number. */
static void
fill_standard_descriptors (void)
{
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl (fd, F_GETFD) < 0 && open ("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
      abort ();
}

static void
allow_descriptors (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= DESCRIPTORS)
    return;
  limit.rlim_cur = MIN (DESCRIPTORS, limit.rlim_max);
  (void) setrlimit (RLIMIT_NOFILE, &limit);
}

/* GDBus dumps a message that it can't parse, with all that a caller put into it: such a thing is not for a log. */
static void
log_first_line (const char *domain, GLogLevelFlags level, const char *text, gpointer unused)
{
  g_autofree char *line = g_strndup (text, strcspn (text, "\n"));
  g_log_default_handler (domain, level, line, NULL);
}

/* As kmsctl does, and for the same reason: who looks for what is wrong need not know the names of GLib's domains. */
static void
allow_debug_messages (void)
{
  const char *debug = g_getenv ("KMS_DEBUG");

  if (debug != NULL && debug[0] != '\0')
    g_log_set_debug_enabled (TRUE);
}

/* What is in memory stays there, whoever starts us. */
static void
protect_process (void)
{
  const struct rlimit none = { 0, 0 };

  umask (0077);
  /* A pipe that nobody reads, and a file that may not grow, are errors of write(). */
  signal (SIGPIPE, SIG_IGN);
  signal (SIGXFSZ, SIG_IGN);
  (void) setrlimit (RLIMIT_CORE, &none);
  (void) prctl (PR_SET_DUMPABLE, 0);
  /* Where the process's limit is lower, less can be locked, and callers are told. */
  kms_secret_set_memory_policy (LOCKED_MEMORY, TRUE);
}

/* The environment of a service is its unit's; whoever starts the session's daemon by hand is not to redirect it. */
static void
forget_environment (void)
{
  g_auto (GStrv) names = g_listenv ();

  for (guint i = 0; names[i] != NULL; i++)
    if (g_str_has_prefix (names[i], "KMS_") && strcmp (names[i], "KMS_DEBUG") != 0)
      g_unsetenv (names[i]);
}

static gboolean
check_arguments (const Arguments *arguments, int argc, GError **error)
{
  if (argc > 1)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "kmsd takes options only");
  else if (arguments->system && arguments->session)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "--system and --session exclude each other");
  else if (!arguments->system && !arguments->session && arguments->private_socket == NULL)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                 "say where to serve: --system, --session or --private-socket=PATH");
  else
    return TRUE;
  return FALSE;
}

static gboolean
parse (Arguments *arguments, int argc, char **argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "system", 0, 0, G_OPTION_ARG_NONE, &arguments->system, "Serve the system bus", NULL },
    { "session", 0, 0, G_OPTION_ARG_NONE, &arguments->session, "Serve the session bus", NULL },
    { "private-socket", 0, 0, G_OPTION_ARG_FILENAME, &arguments->private_socket,
      "Serve a socket, too, or alone without a bus", "PATH" },
    { "config-root", 0, 0, G_OPTION_ARG_FILENAME, &arguments->config_root,
      "Read DIR/package, DIR/admin, DIR/user instead", "DIR" },
    { "state-directory", 0, 0, G_OPTION_ARG_FILENAME, &arguments->state_directory, "Keep lockdown and audit log there",
      "DIR" },
    { "journal-socket", 0, 0, G_OPTION_ARG_FILENAME, &arguments->journal_socket, "Tell the journal that listens there",
      "PATH" },
    { "version", 0, 0, G_OPTION_ARG_NONE, &arguments->version, "Tell the version", NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  g_option_context_set_summary (context, "Key management services on D-Bus.");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, error))
    return FALSE;
  return arguments->version || check_arguments (arguments, argc, error);
}

static char *
choose_state_directory (const Arguments *arguments)
{
  const char *from_unit = g_getenv ("STATE_DIRECTORY");

  if (arguments->state_directory != NULL)
    return g_canonicalize_filename (arguments->state_directory, NULL);
  if (arguments->config_root != NULL)
    return g_build_filename (arguments->config_root, "state", NULL);
  /* systemd lists several with colons. */
  if (from_unit != NULL && g_path_is_absolute (from_unit))
    return g_strndup (from_unit, strcspn (from_unit, ":"));
  if (arguments->system)
    return g_strdup (KMS_DAEMON_STATE_DIR);
  return g_build_filename (g_get_user_state_dir (), "kmsd", NULL);
}

/* The home of the system's user is not a place for configuration, and its keys are in its state directory. */
static void
set_system (const char *state_directory)
{
  g_setenv ("KMS_NO_USER_CONFIG", "1", TRUE);
  g_setenv ("STATE_DIRECTORY", state_directory, TRUE);
}

static gboolean
on_terminate (gpointer data)
{
  daemon_quit (data, NULL);
  return G_SOURCE_CONTINUE;
}

static void
on_reloaded (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  daemon_reload_finish (data, result, &error);
  daemon_note_reload (data, "SIGHUP", error);
  readiness_tell ("READY=1");
}

static gboolean
on_hangup (gpointer data)
{
  readiness_tell ("RELOADING=1");
  daemon_reload_async (data, on_reloaded, data);
  return G_SOURCE_CONTINUE;
}

static int
complain (const GError *error)
{
  g_printerr ("kmsd: %s\n", error->message);
  return error->domain == G_OPTION_ERROR ? EXIT_USAGE : kms_error_get_exit_code (error);
}

static int
serve (const DaemonOptions *options)
{
  g_auto (Daemon) self = { 0 };
  g_autoptr (GError) error = NULL;

  if (!daemon_start (&self, options, &error))
    return complain (error);
  g_unix_signal_add (SIGTERM, on_terminate, &self);
  g_unix_signal_add (SIGINT, on_terminate, &self);
  g_unix_signal_add (SIGHUP, on_hangup, &self);
  readiness_tell ("READY=1");
  house_open ();
  g_main_loop_run (self.loop);
  house_close ();
  return self.failure == NULL ? EXIT_SUCCESS : complain (self.failure);
}

int
main (int argc, char **argv)
{
  g_auto (Arguments) arguments = { FALSE };
  g_autoptr (GError) error = NULL;

  fill_standard_descriptors ();
  protect_process ();
  allow_descriptors ();
  forget_environment ();
  allow_debug_messages ();
  g_log_set_handler ("GLib-GIO", G_LOG_LEVEL_WARNING, log_first_line, NULL);
  setlocale (LC_ALL, "");
  if (!parse (&arguments, argc, argv, &error))
    return complain (error);
  if (arguments.version)
    {
      g_print ("kmsd " KMS_VERSION "\n");
      return EXIT_SUCCESS;
    }
  g_autofree char *state_directory = choose_state_directory (&arguments);
  const DaemonOptions options = {
    .bus = arguments.system    ? BUS_SYSTEM
           : arguments.session ? BUS_SESSION
                               : BUS_PRIVATE,
    .private_socket = arguments.private_socket,
    .config_root = arguments.config_root,
    .state_directory = state_directory,
    .journal_socket = arguments.journal_socket,
  };
  if (arguments.system)
    set_system (state_directory);
  return serve (&options);
}
