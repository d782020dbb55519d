/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command: parses, runs one command, and turns its error into words and an exit code. */
#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bytes.h"
#include "daemon.h"
#include "interrupt.h"
#include "kms-directories.h"
#include "kmsctl.h"
#include "result.h"

static const char *
find_field (const GLogField *fields, gsize n_fields, const char *key)
{
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, key))
      return fields[i].value;
  return "";
}

/* The library's warnings are for people who asked. What is wrong with a program is always said, but with --json, where
 * nothing but the error may stand on stderr, unless the process ends by it; what helps to find out why is asked for with a
 * variable. */
static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer kmsctl)
{
  Kmsctl *self = kmsctl;
  const char *domain = find_field (fields, n_fields, "GLIB_DOMAIN");
  const char *debug = g_getenv ("KMS_DEBUG");
  gboolean wants_all = debug != NULL && debug[0] != '\0';

  if (level & G_LOG_LEVEL_CRITICAL && self->json && !wants_all && !(level & G_LOG_FLAG_FATAL))
    return G_LOG_WRITER_HANDLED;
  if (level & (G_LOG_LEVEL_DEBUG | G_LOG_LEVEL_INFO) && wants_all
      && (g_str_equal (domain, "libkms") || g_str_has_prefix (domain, "kms-")))
    return g_log_writer_standard_streams (level, fields, n_fields, NULL);
  if (level & (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR | G_LOG_LEVEL_DEBUG | G_LOG_LEVEL_INFO))
    return g_log_writer_default (level, fields, n_fields, NULL);
  kmsctl_detail (self, _ ("warning: %s"), find_field (fields, n_fields, "MESSAGE"));
  return G_LOG_WRITER_HANDLED;
}

/* Before the command line is understood: an error in it is to be JSON too. */
static gboolean
wants_json (int argc, char **argv)
{
  for (int i = 1; i < argc && !g_str_equal (argv[i], "--"); i++)
    if (g_str_equal (argv[i], "--json"))
      return TRUE;
  return FALSE;
}

static void
read_globals (Kmsctl *self)
{
  const char *no_color = g_getenv ("NO_COLOR");

  self->quiet = kmsctl_flag (self, "quiet");
  self->verbose = kmsctl_flag (self, "verbose");
  self->no_ask = kmsctl_flag (self, "no-ask");
  self->color = !kmsctl_flag (self, "no-color") && (no_color == NULL || no_color[0] == '\0') && isatty (STDOUT_FILENO);
}

/* Cancellation has two reasons, of which one is a deadline. */
static int
finish (Kmsctl *self, GError *error)
{
  int signal_number = kmsctl_interrupt_get_signal ();

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) && kmsctl_interrupt_is_timed_out ())
    {
      g_autoptr (GError) late =
        g_error_new (KMS_ERROR, KMS_ERROR_TIMED_OUT, _ ("not done within %s seconds"), kmsctl_text (self, "timeout"));
      kmsctl_complain (self, late);
      return kms_error_get_exit_code (late);
    }
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) && signal_number != 0)
    {
      g_autoptr (GError) interrupted = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("interrupted"));
      kmsctl_complain (self, interrupted);
      return 128 + signal_number;
    }
  kmsctl_complain (self, error);
  return kms_error_get_exit_code (error);
}

static gboolean
print_version (Kmsctl *self, GError **error)
{
  const char *text = "kmsctl " KMS_VERSION "\n";
  KmsctlFields fields;

  if (!self->json)
    return kmsctl_write_all (self, STDOUT_FILENO, "stdout", text, strlen (text), error);
  kmsctl_fields_init (&fields);
  kmsctl_fields_text (&fields, "version", KMS_VERSION);
  return kmsctl_print (self, kmsctl_fields_end (&fields), error);
}

static gboolean
run (Kmsctl *self, GError **error)
{
  if (kmsctl_flag (self, "version"))
    return print_version (self, error);

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, KMS_LOCALE_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  if (kmsctl_flag (self, "help"))
    return kmsctl_print_usage (self, error);
  if (!(self->command->flags & KMSCTL_COMMAND_QUICK))
    {
      /* stdout is for the answer alone. */
      g_log_writer_default_set_use_stderr (TRUE);
      g_log_set_writer_func (write_log, self, NULL);
      self->cancellable = g_cancellable_new ();
      if (!kmsctl_interrupt_watch (self->cancellable, kmsctl_milliseconds (self, "timeout", -1), error))
        return FALSE;
    }
  return self->command->run (self, error);
}

/* A descriptor that the caller closed would be given to the next file opened: a key file, and stdout would be written
 * into it. What stands there instead can't be used the way that it would be, so that reading and writing fail as on a
 * closed one. */
static void
fill_standard_descriptors (void)
{
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl (fd, F_GETFD) < 0 && open ("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
      abort ();
}

int
main (int argc, char **argv)
{
  fill_standard_descriptors ();
  kmsctl_interrupt_block ();
  g_autoptr (GPtrArray) arguments = g_ptr_array_new ();
  g_autoptr (GArray) given = g_array_new (FALSE, FALSE, sizeof (KmsctlGiven));
  g_autoptr (GError) error = NULL;
  Kmsctl self = { .arguments = arguments, .given = given, .json = wants_json (argc, argv) };
  int code = 0;

  if (kmsctl_parse (&self, argc, argv, &error))
    {
      read_globals (&self);
      if (self.command != NULL && self.command->flags & KMSCTL_COMMAND_QUICK)
        kmsctl_interrupt_unblock_in_child (NULL);
      run (&self, &error);
    }
  if (error != NULL)
    code = finish (&self, error);
  else if (self.negative)
    code = 1;
  kmsctl_daemon_close (&self);
  if (self.registry != NULL)
    kms_registry_close (self.registry);
  g_clear_object (&self.registry);
  g_clear_pointer (&self.probed, g_hash_table_unref);
  /* The thread that waits for signals holds the cancellable until the process ends. */
  g_clear_object (&self.cancellable);
  return code;
}
