/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the HTTP base class costs above libsoup, with a provider that does next to nothing: kms-echo.so of the tests. The
 * server is a process of its own. Wall time, best of several turns, the two in turns. */
#include <libkms/kms.h>

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../http/http-fixture.h"
#include "bare-loop.h"

#define TURNS 7
#define CONNECTIONS 8

typedef struct
{
  KmsProvider *provider;
  BareLoop *bare;
  guint n_left, n_running;
} Bench;

typedef void (*BenchFunc) (Bench *bench, guint n, guint in_flight);

static KmsBatch *
make_batch (guint n_items)
{
  KmsBatch *batch = kms_batch_new (KMS_OPERATION_ENCRYPT);
  g_autoptr (KmsSecret) secret = kms_secret_new_random (32, NULL);

  for (guint i = 0; i < n_items; i++)
    kms_batch_add_secret (batch, secret, NULL);
  return batch;
}

static void start_call (Bench *bench);

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  Bench *bench = data;
  g_autoptr (GError) error = NULL;

  kms_provider_run_finish (KMS_PROVIDER (source), result, &error);
  g_assert_no_error (error);
  bench->n_running--;
  if (bench->n_left > 0)
    start_call (bench);
}

static void
start_call (Bench *bench)
{
  g_autoptr (KmsBatch) batch = make_batch (1);
  bench->n_left--;
  bench->n_running++;
  kms_provider_run_async (bench->provider, "k", batch, NULL, on_done, bench);
}

static void
run_async (Bench *bench, guint n, guint in_flight)
{
  bench->n_left = n;
  for (guint i = 0; i < MIN (n, in_flight); i++)
    start_call (bench);
  while (bench->n_running > 0)
    g_main_context_iteration (NULL, TRUE);
}

static void
run_bare (Bench *bench, guint n, guint in_flight)
{
  bare_loop_run (bench->bare, n, in_flight);
}

typedef struct
{
  Bench *bench;
  guint n;
} Share;

static gpointer
run_share (gpointer data)
{
  Share *share = data;
  g_autoptr (KmsSecret) secret = kms_secret_new_random (32, NULL);

  for (guint i = 0; i < share->n; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) back = kms_provider_encrypt (share->bench->provider, "k", secret, NULL, NULL, &error);
      g_assert_no_error (error);
    }
  return NULL;
}

static void
run_threads (Bench *bench, guint n, guint n_threads)
{
  g_autofree GThread **threads = g_new (GThread *, n_threads);
  Share share = { bench, n / n_threads };

  for (guint i = 0; i < n_threads; i++)
    threads[i] = g_thread_new ("caller", run_share, &share);
  for (guint i = 0; i < n_threads; i++)
    g_thread_join (threads[i]);
}

static double
time_turn (BenchFunc func, Bench *bench, guint n, guint in_flight)
{
  gint64 begin = g_get_monotonic_time ();
  func (bench, n, in_flight);
  return (double) n * G_USEC_PER_SEC / (double) (g_get_monotonic_time () - begin);
}

static void
compare (const char *name, Bench *bench, BenchFunc func, guint in_flight, guint bare_in_flight, guint n)
{
  double best = 0, best_bare = 0;

  for (guint turn = 0; turn < TURNS; turn++)
    {
      best = MAX (best, time_turn (func, bench, n, in_flight));
      best_bare = MAX (best_bare, time_turn (run_bare, bench, n, bare_in_flight));
    }
  g_print ("%-34s %8.0f requests/s   bare libsoup %8.0f/s   ratio %.2f\n", name, best, best_bare, best / best_bare);
}

static void
time_batch (Bench *bench, const char *name, guint n_items)
{
  double best = 0;

  for (guint turn = 0; turn < TURNS; turn++)
    {
      g_autoptr (KmsBatch) batch = make_batch (n_items);
      g_autoptr (GError) error = NULL;
      gint64 begin = g_get_monotonic_time ();
      kms_provider_run (bench->provider, "k", batch, NULL, &error);
      g_assert_no_error (error);
      best = MAX (best, (double) n_items * G_USEC_PER_SEC / (double) (g_get_monotonic_time () - begin));
    }
  g_print ("%-34s %8.0f items/s, %.3f s\n", name, best, n_items / best);
}

/* The server's process: it tells its address through the pipe, and ends with its parent. */
static void
serve (int fd, guint delay_ms)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, NULL, NULL);
  const char *address = test_server_get_address (fixture->server);

  prctl (PR_SET_PDEATHSIG, SIGTERM);
  test_server_set_remember (fixture->server, FALSE);
  if (delay_ms > 0)
    test_server_add_fault (fixture->server, NULL, (TestFault){ .kind = TEST_FAULT_NONE, .delay_ms = delay_ms }, 0);
  if (write (fd, address, strlen (address) + 1) < 0)
    _exit (1);
  sleep (600);
  _exit (0);
}

static pid_t
start_server (guint delay_ms, char **address)
{
  char text[64];
  int fds[2];

  g_assert_cmpint (pipe (fds), ==, 0);
  pid_t child = fork ();
  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    serve (fds[1], delay_ms);
  close (fds[1]);
  g_assert_cmpint (read (fds[0], text, sizeof text), >, 0);
  *address = g_strdup (text);
  close (fds[0]);
  return child;
}

static void
bench_init (Bench *bench, const char *address, char **root)
{
  g_autofree char *file = g_strdup_printf ("Prefixes=echo/\n[Settings]\nAddress=%s\n", address);
  g_autofree char *url = g_strconcat (address, "/encrypt/k", NULL);
  g_autoptr (GError) error = NULL;

  *root = config_root_new ();
  config_root_add_provider (*root, "echo", "kms-echo.so", file);
  g_autoptr (KmsRegistry) registry = kms_registry_new (*root, NULL, &error);
  bench->provider = kms_registry_dup_provider (registry, "echo", &error);
  g_assert_no_error (error);
  bench->bare = bare_loop_new (url, "{\"items\":[\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"]}", CONNECTIONS);
}

static void
bench_clear (Bench *bench, char *root)
{
  g_object_unref (bench->provider);
  bare_loop_free (bench->bare);
  config_root_remove (root);
}

int
main (int argc, char *argv[])
{
  g_autofree char *address = NULL, *slow_address = NULL;
  char *root, *slow_root;
  Bench bench = { 0 }, slow = { 0 };
  pid_t server = start_server (0, &address), slow_server = start_server (20, &slow_address);

  bench_init (&bench, address, &root);
  compare ("64 in flight", &bench, run_async, 64, 64, 4000);
  compare ("8 blocking threads", &bench, run_threads, 8, 8, 4000);
  compare ("1 blocking thread", &bench, run_threads, 1, 1, 2000);
  time_batch (&bench, "batch of 100,000", 100000);
  bench_clear (&bench, root);

  bench_init (&slow, slow_address, &slow_root);
  g_print ("a server that answers after 20 ms:\n");
  compare ("64 in flight", &slow, run_async, 64, 64, 400);
  time_batch (&slow, "batch of 10,000", 10000);
  bench_clear (&slow, slow_root);

  kill (server, SIGTERM);
  kill (slow_server, SIGTERM);
  while (wait (NULL) > 0)
    ;
  return 0;
}
