/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* How long kmsctl takes to start, against a bare program that links GIO and GnuTLS: whole processes, in turns. */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gio/gio.h>

#define N_RUNS 101

extern char **environ;

static gint64
run_once (const char *const *argv, const char *input)
{
  posix_spawn_file_actions_t actions;
  pid_t pid;
  int status;
  gint64 start = g_get_monotonic_time ();

  posix_spawn_file_actions_init (&actions);
  posix_spawn_file_actions_addopen (&actions, 0, input, O_RDONLY, 0);
  posix_spawn_file_actions_addopen (&actions, 1, "/dev/null", O_WRONLY, 0);
  if (posix_spawn (&pid, argv[0], &actions, NULL, (char **) argv, environ) != 0)
    g_error ("can't start %s", argv[0]);
  while (waitpid (pid, &status, 0) < 0 && errno == EINTR)
    ;
  posix_spawn_file_actions_destroy (&actions);
  if (!WIFEXITED (status) || WEXITSTATUS (status) != 0)
    g_error ("%s %s failed", argv[0], argv[1]);
  return g_get_monotonic_time () - start;
}

static int
compare_times (gconstpointer a, gconstpointer b)
{
  gint64 first = *(const gint64 *) a, second = *(const gint64 *) b;

  return (first > second) - (first < second);
}

static double
median (gint64 *times)
{
  qsort (times, N_RUNS, sizeof *times, compare_times);
  return (double) times[N_RUNS / 2] / 1000.0;
}

static void
compare (const char *name, const char *const *argv, const char *input, const char *bare)
{
  gint64 times[N_RUNS], bare_times[N_RUNS];
  const char *const bare_argv[] = { bare, NULL };

  for (guint i = 0; i < N_RUNS; i++)
    {
      bare_times[i] = run_once (bare_argv, input);
      times[i] = run_once (argv, input);
    }
  double middle = median (times), bare_middle = median (bare_times);
  g_print ("%-32s median %6.2f ms  bare %6.2f ms  ratio %4.2f   least %6.2f / %6.2f = %4.2f\n", name, middle,
           bare_middle, middle / bare_middle, (double) times[0] / 1000.0, (double) bare_times[0] / 1000.0,
           (double) times[0] / (double) bare_times[0]);
}

static char *
make_root (const char *kmsctl)
{
  char *top = g_dir_make_tmp ("kms-bench-XXXXXX", NULL);
  g_autofree char *directory = g_build_filename (top, "package", "providers.d", NULL);
  g_autofree char *local = g_build_filename (directory, "local.provider", NULL);
  g_autofree char *test = g_build_filename (directory, "test.provider", NULL);
  const char *const create[] = { kmsctl, "key", "create", "local/bench", NULL };

  g_mkdir_with_parents (directory, 0755);
  g_file_set_contents (local, "[Provider]\nModule=kms-local.so\nAbi=1\nPrefixes=local/\n", -1, NULL);
  g_file_set_contents (test, "[Provider]\nModule=kms-test.so\nAbi=1\nExact=insecure-test-key\n", -1, NULL);
  g_setenv ("KMS_CONFIG_ROOT", top, TRUE);
  run_once (create, "/dev/null");
  return top;
}

int
main (int argc, char **argv)
{
  if (argc != 3)
    {
      g_printerr ("Usage: bench-start KMSCTL BARE-GIO   (KMS_MODULE_PATH names the folders of the modules)\n");
      return 2;
    }
  g_autofree char *top = make_root (argv[1]);
  g_autofree char *input = g_build_filename (top, "input", NULL);
  const char *const version[] = { argv[1], "--version", NULL };
  const char *const with_local[] = { argv[1], "encrypt", "local/bench", "-c", "a=b", NULL };
  const char *const with_test[] = { argv[1], "encrypt", "insecure-test-key", "-c", "a=b", NULL };

  g_file_set_contents (input, "secret", -1, NULL);
  compare ("kmsctl --version", version, input, argv[2]);
  compare ("kmsctl encrypt, local", with_local, input, argv[2]);
  compare ("kmsctl encrypt, test", with_test, input, argv[2]);
  return 0;
}
