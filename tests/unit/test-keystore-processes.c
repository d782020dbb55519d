/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many processes on one keystore, and processes that are killed at any moment. */
#include "keystore-fixture.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define N_PROCESSES 8
#define N_ROUNDS 8
#define N_KILLS 40

static pid_t
start (Fixture *fixture, ChildFunc func, gpointer data)
{
  pid_t pid = fork ();

  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    _exit (func (fixture, data));
  return pid;
}

static int
rotate_and_create (Fixture *fixture, gpointer data)
{
  g_autoptr (Keystore) keystore = fixture_open (fixture, NULL);

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      g_autofree char *name = g_strdup_printf ("p%u-%u", GPOINTER_TO_UINT (data), i);
      LocalKey *rotated = keystore_change_key (keystore, "shared", rotate_change, NULL, NULL, NULL);
      LocalKey *created = keystore_create_key (keystore, name, NULL, NULL, NULL);

      if (rotated == NULL || created == NULL)
        return 1;
    }
  return 0;
}

static void
test_writers (void)
{
  g_auto (Fixture) fixture = { 0 };
  g_autoptr (Keystore) keystore = NULL;
  g_autoptr (GPtrArray) keys = NULL;
  g_autoptr (LocalKey) shared = NULL;
  g_autoptr (GError) error = NULL;
  pid_t pids[N_PROCESSES];
  FileStamp stamp;

  fixture_init (&fixture);
  keystore = fixture_open (&fixture, NULL);
  local_key_unref (keystore_create_key (keystore, "shared", NULL, NULL, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < N_PROCESSES; i++)
    pids[i] = start (&fixture, rotate_and_create, GUINT_TO_POINTER (i));
  for (guint i = 0; i < N_PROCESSES; i++)
    {
      int status;

      g_assert_cmpint (waitpid (pids[i], &status, 0), ==, pids[i]);
      g_assert_cmpint (status, ==, 0);
    }
  keys = keystore_list_keys (keystore, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (keys->len, ==, 1 + N_PROCESSES * N_ROUNDS);
  shared = keystore_read_key (keystore, "shared", &stamp, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (shared->versions->len, ==, 1 + N_PROCESSES * N_ROUNDS);
}

static int
create_first (Fixture *fixture, gpointer data)
{
  g_autoptr (Keystore) keystore = fixture_open (fixture, NULL);
  g_autofree char *name = g_strdup_printf ("first-%u", GPOINTER_TO_UINT (data));

  return keystore_create_key (keystore, name, NULL, NULL, NULL) != NULL ? 0 : 1;
}

/* A keystore that nobody made yet gets one root, not eight. */
static void
test_first_keys (void)
{
  g_auto (Fixture) fixture = { 0 };
  g_autoptr (Keystore) keystore = NULL;
  g_autoptr (GPtrArray) keys = NULL;
  g_autoptr (GError) error = NULL;
  pid_t pids[N_PROCESSES];

  fixture_init (&fixture);
  for (guint i = 0; i < N_PROCESSES; i++)
    pids[i] = start (&fixture, create_first, GUINT_TO_POINTER (i));
  for (guint i = 0; i < N_PROCESSES; i++)
    {
      int status;

      g_assert_cmpint (waitpid (pids[i], &status, 0), ==, pids[i]);
      g_assert_cmpint (status, ==, 0);
    }
  keystore = fixture_open (&fixture, NULL);
  keys = keystore_list_keys (keystore, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (keys->len, ==, N_PROCESSES);
}

/* Changes until it is killed. */
static int
change_for_ever (Fixture *fixture, gpointer data)
{
  const char *const roots[] = { "file", "credential:c" };
  g_autoptr (Keystore) keystore = fixture_open (fixture, NULL);

  for (guint i = 0;; i++)
    if (!keystore_change_root (keystore, roots[i % 2], NULL, NULL)
        || keystore_change_key (keystore, "orders", rotate_change, NULL, NULL, NULL) == NULL)
      return 1;
}

static void
kill_one (Fixture *fixture, LocalKey *original)
{
  pid_t pid = start (fixture, change_for_ever, NULL);
  g_autoptr (Keystore) keystore = NULL;
  g_autoptr (GPtrArray) keys = NULL;
  g_autoptr (LocalKey) key = NULL;
  g_autoptr (GError) error = NULL;
  FileStamp stamp;
  int status;

  g_usleep ((gulong) g_test_rand_int_range (0, 30000));
  g_assert_cmpint (kill (pid, SIGKILL), ==, 0);
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFSIGNALED (status));

  keystore = fixture_open (fixture, NULL);
  key = keystore_read_key (keystore, "orders", &stamp, NULL, &error);
  g_assert_no_error (error);
  assert_same_versions (original, key, 1);
  keys = keystore_list_keys (keystore, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (keys->len, ==, 4);
}

static void
test_killed (void)
{
  const char *const names[] = { "orders", "a", "b", "z" };
  g_auto (Fixture) fixture = { 0 };
  g_autoptr (Keystore) keystore = NULL;
  g_autoptr (LocalKey) original = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *credential = NULL;

  fixture_init (&fixture);
  credential = g_build_filename (fixture.top, "c", NULL);
  g_assert_true (g_file_set_contents (credential, "0123456789abcdef0123456789abcdef", -1, NULL));
  g_setenv ("CREDENTIALS_DIRECTORY", fixture.top, TRUE);
  keystore = fixture_open (&fixture, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      LocalKey *key = keystore_create_key (keystore, names[i], NULL, NULL, &error);

      g_assert_no_error (error);
      if (i == 0)
        original = local_key_ref (key);
      local_key_unref (key);
    }
  for (guint i = 0; i < N_KILLS; i++)
    kill_one (&fixture, original);

  /* And the next change goes on where the last one was killed. */
  local_key_unref (keystore_change_key (keystore, "orders", rotate_change, NULL, NULL, &error));
  g_assert_no_error (error);
  g_unsetenv ("CREDENTIALS_DIRECTORY");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/keystore/processes/writers", test_writers);
  g_test_add_func ("/keystore/processes/first-keys", test_first_keys);
  g_test_add_func ("/keystore/processes/killed", test_killed);
  return g_test_run ();
}
