/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starts the process of a case, reads what it says and prints, and ends it when its time is over. */
#include "case-runner.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "scratch.h"
#include "verdict.h"

/* What the module prints is shown up to here; the rest is read and dropped, so that it never waits for us. */
#define MAX_OUTPUT 2000
/* Where the case has ended, but somebody whom it started still holds its pipes. */
#define GRACE_MILLISECONDS 200

#define VERDICT_FD 3

typedef struct
{
  int fd; /* -1 at its end */
  GString *text;
  gsize max;
} Stream;

typedef struct
{
  GSubprocess *process;
  pid_t group;
  Stream verdict, output, errors;
  gboolean ended;
  gboolean timed_out;
  gboolean grace_over;
} Run;

static void
stream_close (Stream *self)
{
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
}

static gboolean
on_readable (int fd, GIOCondition condition, gpointer data)
{
  Stream *self = data;
  char buffer[4096];
  gssize n = read (fd, buffer, sizeof buffer);

  if (n > 0)
    {
      g_string_append_len (self->text, buffer, MIN (n, (gssize) (self->max - MIN (self->max, self->text->len))));
      return G_SOURCE_CONTINUE;
    }
  if (n < 0 && (errno == EINTR || errno == EAGAIN))
    return G_SOURCE_CONTINUE;
  stream_close (self);
  return G_SOURCE_REMOVE;
}

/* Returns the end that the child writes to. */
static int
stream_open (Stream *self, gsize max, GError **error)
{
  int ends[2];

  self->fd = -1;
  self->text = g_string_new (NULL);
  self->max = max;
  if (!g_unix_open_pipe (ends, FD_CLOEXEC, error))
    return -1;
  self->fd = ends[0];
  return ends[1];
}

/* Of a group of its own, which ends as a whole: nothing that a module starts is left behind. */
static void
prepare_child (gpointer unused)
{
  setpgid (0, 0);
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  signal (SIGPIPE, SIG_DFL);
}

static GSubprocessLauncher *
make_launcher (const CaseRunner *self)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  g_auto (GStrv) environment = g_get_environ ();
  g_autofree char *modules = g_path_get_dirname (self->options->module);

  for (guint i = 0; environment[i] != NULL; i++)
    if (g_str_has_prefix (environment[i], "KMS_"))
      {
        g_autofree char *name = g_strndup (environment[i], strcspn (environment[i], "="));
        g_subprocess_launcher_unsetenv (launcher, name);
      }
  g_subprocess_launcher_setenv (launcher, "KMS_CONFIG_ROOT", self->directory, TRUE);
  g_subprocess_launcher_setenv (launcher, "KMS_MODULE_PATH", modules, TRUE);
  g_subprocess_launcher_set_child_setup (launcher, prepare_child, NULL, NULL);
  return g_steal_pointer (&launcher);
}

static char **
make_arguments (const CaseRunner *self, const TestCase *test)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autofree char *run_case = g_strdup_printf ("--run-case=%s", test->name);
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);

  g_strv_builder_add (builder, program != NULL ? program : self->arguments[0]);
  g_strv_builder_add (builder, run_case);
  g_strv_builder_add (builder, "--verdict-fd=" G_STRINGIFY (VERDICT_FD));
  g_strv_builder_addv (builder, (const char **) self->arguments + 1);
  return g_strv_builder_end (builder);
}

static gboolean
start (const CaseRunner *self, const TestCase *test, Run *run, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher = make_launcher (self);
  g_auto (GStrv) arguments = make_arguments (self, test);
  int verdict = stream_open (&run->verdict, 64 * 1024, error);
  int output = verdict < 0 ? -1 : stream_open (&run->output, MAX_OUTPUT, error);
  int errors = output < 0 ? -1 : stream_open (&run->errors, MAX_OUTPUT, error);

  if (errors < 0)
    return FALSE;
  g_subprocess_launcher_take_fd (launcher, verdict, VERDICT_FD);
  g_subprocess_launcher_take_stdout_fd (launcher, output);
  g_subprocess_launcher_take_stderr_fd (launcher, errors);
  run->process = g_subprocess_launcher_spawnv (launcher, (const char *const *) arguments, error);
  if (run->process == NULL)
    return FALSE;
  const char *pid = g_subprocess_get_identifier (run->process);
  run->group = pid == NULL ? 0 : (pid_t) g_ascii_strtoll (pid, NULL, 10);
  return TRUE;
}

static void
kill_group (Run *run)
{
  if (run->group > 1)
    kill (-run->group, SIGKILL);
}

static gboolean
on_timeout (gpointer data)
{
  Run *run = data;

  run->timed_out = TRUE;
  kill_group (run);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_grace_over (gpointer data)
{
  Run *run = data;

  run->grace_over = TRUE;
  kill_group (run);
  return G_SOURCE_CONTINUE;
}

static void
on_ended (GObject *process, GAsyncResult *result, gpointer data)
{
  Run *run = data;

  g_subprocess_wait_finish (G_SUBPROCESS (process), result, NULL);
  run->ended = TRUE;
}

static gboolean
is_over (const Run *run)
{
  gboolean closed = run->verdict.fd < 0 && run->output.fd < 0 && run->errors.fd < 0;
  return run->ended && (closed || run->grace_over);
}

static void
watch_run (Run *run, guint seconds, const gboolean *interrupted)
{
  guint sources[] = {
    g_unix_fd_add (run->verdict.fd, G_IO_IN | G_IO_HUP, on_readable, &run->verdict),
    g_unix_fd_add (run->output.fd, G_IO_IN | G_IO_HUP, on_readable, &run->output),
    g_unix_fd_add (run->errors.fd, G_IO_IN | G_IO_HUP, on_readable, &run->errors),
    g_timeout_add_seconds (seconds, on_timeout, run),
    0,
  };

  g_subprocess_wait_async (run->process, NULL, on_ended, run);
  while (!is_over (run))
    {
      g_main_context_iteration (NULL, TRUE);
      if (*interrupted)
        kill_group (run);
      if (run->ended && sources[4] == 0)
        sources[4] = g_timeout_add (GRACE_MILLISECONDS, on_grace_over, run);
    }
  /* A stream that came to its end has removed its source. */
  const int fds[] = { run->verdict.fd, run->output.fd, run->errors.fd, 0, 0 };
  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    if (fds[i] >= 0)
      g_source_remove (sources[i]);
}

static void
take_line (Outcome *outcome, const char *line, gboolean *complete)
{
  switch ((VerdictKind) line[0])
    {
    case VERDICT_FAILURE:
      g_ptr_array_add (outcome->failures, g_strdup (line + 1));
      break;
    case VERDICT_NOTE:
      g_ptr_array_add (outcome->notes, g_strdup (line + 1));
      break;
    case VERDICT_SKIP:
      g_free (outcome->skipped);
      outcome->skipped = g_strdup (line + 1);
      break;
    case VERDICT_END:
      *complete = TRUE;
      break;
    default:
      break;
    }
}

static void
judge_end (const Run *run, guint seconds, gboolean complete, Outcome *outcome)
{
  GSubprocess *process = run->process;
  char *text = NULL;

  if (run->timed_out)
    text = g_strdup_printf ("did not end within %u seconds", seconds);
  else if (g_subprocess_get_if_signaled (process))
    text = g_strdup_printf ("died by signal %d (%s)%s", g_subprocess_get_term_sig (process),
                            strsignal (g_subprocess_get_term_sig (process)), complete ? " while it exited" : "");
  else if (g_subprocess_get_exit_status (process) != 0)
    text = g_strdup_printf ("ended with exit code %d%s", g_subprocess_get_exit_status (process),
                            complete ? " after all checks" : "");
  else if (!complete)
    text = g_strdup ("ended in the middle of the case, with exit code 0: the module may not exit");
  else if (run->grace_over)
    text = g_strdup ("left a process behind");
  if (text != NULL)
    g_ptr_array_insert (outcome->failures, 0, text);
}

/* Whatever it is: a module may not print, and a sanitizer has something to say. */
static void
judge_output (const Stream *stream, const char *name, Outcome *outcome)
{
  g_autofree char *valid = g_utf8_make_valid (stream->text->str, (gssize) stream->text->len);
  g_auto (GStrv) lines = g_strsplit (g_strchomp (valid), "\n", -1);

  if (stream->text->len == 0)
    return;
  g_ptr_array_add (outcome->failures, g_strdup_printf ("printed on %s, where a module may not write:", name));
  for (guint i = 0; lines[i] != NULL; i++)
    {
      for (char *c = lines[i]; *c != '\0'; c++)
        *c = g_ascii_iscntrl (*c) ? ' ' : *c;
      g_ptr_array_add (outcome->failures, g_strdup_printf ("    %s", lines[i]));
    }
}

static void
judge (Run *run, guint seconds, Outcome *outcome)
{
  g_auto (GStrv) lines = g_strsplit (run->verdict.text->str, "\n", -1);
  gboolean complete = FALSE;

  for (guint i = 0; lines[i] != NULL; i++)
    take_line (outcome, lines[i], &complete);
  judge_end (run, seconds, complete, outcome);
  judge_output (&run->output, "standard output", outcome);
  judge_output (&run->errors, "standard error", outcome);
}

static void
run_clear (Run *run)
{
  Stream *streams[] = { &run->verdict, &run->output, &run->errors };

  for (guint i = 0; i < G_N_ELEMENTS (streams); i++)
    if (streams[i]->text != NULL)
      {
        stream_close (streams[i]);
        g_string_free (streams[i]->text, TRUE);
      }
  g_clear_object (&run->process);
}

void
case_runner_run (const CaseRunner *self, const TestCase *test, const gboolean *interrupted, Outcome *outcome)
{
  guint seconds = (guint) self->options->timeout;
  g_autoptr (GError) error = NULL;
  Run run = { 0 };

  *outcome =
    (Outcome){ .failures = g_ptr_array_new_with_free_func (g_free), .notes = g_ptr_array_new_with_free_func (g_free) };
  if (start (self, test, &run, &error))
    {
      watch_run (&run, seconds, interrupted);
      judge (&run, seconds, outcome);
    }
  else
    g_ptr_array_add (outcome->failures, g_strdup_printf ("can't be started: %s", error->message));
  run_clear (&run);
  scratch_empty (self->directory);
}

void
outcome_clear (Outcome *self)
{
  g_clear_pointer (&self->failures, g_ptr_array_unref);
  g_clear_pointer (&self->notes, g_ptr_array_unref);
  g_clear_pointer (&self->skipped, g_free);
}
