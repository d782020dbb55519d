/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many requests at once: connections are shared, cancelled calls hurt nobody, and a stalled connection is got rid of. */
#include "http-fixture.h"

#include <unistd.h>
#include <sys/wait.h>

#define N_REQUESTS 10000
#define IN_FLIGHT 64

typedef struct
{
  HttpFixture *fixture;
  guint n_started, n_wanted, n_running;
  guint n_done, n_cancelled, n_failed;
  gboolean cancels;
  GRand *random;
} Load;

typedef struct
{
  Load *load;
  GCancellable *cancellable;
  guint timer;
} LoadCall;

static void start_calls (Load *load);

static gboolean
on_time_to_cancel (gpointer data)
{
  LoadCall *call = data;
  call->timer = 0;
  g_cancellable_cancel (call->cancellable);
  return G_SOURCE_REMOVE;
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  LoadCall *call = data;
  Load *load = call->load;
  g_autoptr (GError) error = NULL;

  if (kms_provider_run_finish (KMS_PROVIDER (source), result, &error))
    load->n_done++;
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    load->n_cancelled++;
  else
    {
      g_test_message ("%s", error->message);
      load->n_failed++;
    }
  if (call->timer != 0)
    g_source_remove (call->timer);
  g_object_unref (call->cancellable);
  g_free (call);
  load->n_running--;
  start_calls (load);
}

static void
start_call (Load *load)
{
  LoadCall *call = g_new0 (LoadCall, 1);
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_ENCRYPT);
  g_autoptr (KmsSecret) secret = kms_secret_new ((const guint8 *) "hello", 5);

  call->load = load;
  call->cancellable = g_cancellable_new ();
  kms_batch_add_secret (batch, secret, NULL);
  load->n_started++;
  load->n_running++;
  kms_provider_run_async (load->fixture->provider, "k", batch, call->cancellable, on_done, call);
  if (!load->cancels)
    return;
  /* At any moment: before it begins, on its way, and never. */
  switch (g_rand_int_range (load->random, 0, 4))
    {
    case 0:
      g_cancellable_cancel (call->cancellable);
      break;
    case 1:
    case 2:
      call->timer = g_timeout_add ((guint) g_rand_int_range (load->random, 0, 6), on_time_to_cancel, call);
      break;
    default:
      break;
    }
}

static void
start_calls (Load *load)
{
  while (load->n_started < load->n_wanted && load->n_running < IN_FLIGHT)
    start_call (load);
}

static void
run_load (Load *load)
{
  load->random = g_rand_new_with_seed (20261124);
  start_calls (load);
  while (load->n_running > 0)
    g_main_context_iteration (NULL, TRUE);
  g_rand_free (load->random);
}

static void
test_connections (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, NULL, NULL);
  Load load = { .fixture = fixture, .n_wanted = N_REQUESTS };

  run_load (&load);
  g_assert_cmpuint (load.n_done, ==, N_REQUESTS);
  g_assert_cmpuint (test_server_count_requests (fixture->server), ==, N_REQUESTS);
  g_test_message ("%u connections", test_server_count_connections (fixture->server));
  g_assert_cmpuint (test_server_count_connections (fixture->server), <=, 8);
}

/* KMS_TEST_CANCELS=100000 for a long run. */
static guint
count_cancels (void)
{
  const char *text = g_getenv ("KMS_TEST_CANCELS");
  guint64 n = 4000;

  if (text != NULL)
    g_assert_true (g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT, &n, NULL));
  return (guint) n;
}

static void
test_cancels (gconstpointer flags)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new ((TestServerFlags) GPOINTER_TO_UINT (flags), NULL, NULL);
  Load load = { .fixture = fixture, .n_wanted = count_cancels (), .cancels = TRUE };
  TestFault slow = { .kind = TEST_FAULT_NONE, .delay_ms = 2 };
  g_autoptr (GError) error = NULL;

  test_server_set_remember (fixture->server, FALSE);
  test_server_add_fault (fixture->server, NULL, slow, 0);
  run_load (&load);
  g_test_message ("%u done, %u cancelled", load.n_done, load.n_cancelled);
  g_assert_cmpuint (load.n_failed, ==, 0);
  g_assert_cmpuint (load.n_cancelled, >, load.n_wanted / 4);
  g_assert_cmpuint (load.n_done, >, 0);
  g_assert_true (http_fixture_echo (fixture, "k", &error));
  g_assert_no_error (error);
}

static gpointer
echo_many_times (gpointer data)
{
  for (guint i = 0; i < 250; i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_true (http_fixture_echo (data, "k", &error));
      g_assert_no_error (error);
    }
  return NULL;
}

static void
test_blocking_threads (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, NULL, NULL);
  GThread *threads[8];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("caller", echo_many_times, fixture);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (test_server_count_requests (fixture->server), ==, 2000);
  g_assert_cmpuint (test_server_count_connections (fixture->server), <=, 8);
}

/* What hangs is left behind with its session, and the next call goes through. */
static void
test_stalled (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, "Retries=0\nAttemptTimeout=0.3", NULL);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 6; i++)
    {
      test_server_add_fault (fixture->server, NULL, (TestFault){ .kind = TEST_FAULT_SILENCE }, 1);
      http_fixture_assert_fails (fixture, "k", KMS_ERROR_TIMED_OUT);
    }
  g_assert_true (http_fixture_echo (fixture, "k", &error));
  g_assert_no_error (error);
}

/* A child would wait for a thread that stayed with its parent. */
static void
test_fork (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, NULL, NULL);
  g_autoptr (GError) error = NULL;
  int status;

  g_assert_true (http_fixture_echo (fixture, "k", &error));
  pid_t child = fork ();
  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    {
      g_autoptr (GError) forked = NULL;
      gboolean success = http_fixture_echo (fixture, "k", &forked);
      _exit (!success && g_error_matches (forked, KMS_ERROR, KMS_ERROR_FORKED) ? 0 : 1);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
  g_assert_true (http_fixture_echo (fixture, "k", &error));
  g_assert_no_error (error);
}

/* The base's own file takes part of a batch, and the parts come back in their places. */
static void
test_batch (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (TEST_SERVER_PLAIN, NULL, NULL);
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_ENCRYPT);
  g_autoptr (GError) error = NULL;

  for (guint32 i = 0; i < 2500; i++)
    {
      g_autoptr (KmsSecret) secret = kms_secret_new ((const guint8 *) &i, sizeof i);
      kms_batch_add_secret (batch, secret, NULL);
    }
  g_assert_true (kms_provider_run (fixture->provider, "k", batch, NULL, &error));
  g_assert_no_error (error);
  for (guint32 i = 0; i < 2500; i++)
    {
      GBytes *back = kms_batch_get_ciphertext (batch, i);
      g_assert_cmpmem (g_bytes_get_data (back, NULL), g_bytes_get_size (back), &i, sizeof i);
    }
  g_assert_cmpuint (test_server_count_requests (fixture->server), ==, 3);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/load/connections", test_connections);
  g_test_add_func ("/http/load/blocking-threads", test_blocking_threads);
  g_test_add_func ("/http/load/batch", test_batch);
  g_test_add_data_func ("/http/load/cancels", GUINT_TO_POINTER (TEST_SERVER_PLAIN), test_cancels);
  g_test_add_data_func ("/http/load/cancels/tls", GUINT_TO_POINTER (TEST_SERVER_TLS), test_cancels);
  g_test_add_func ("/http/load/stalled", test_stalled);
  g_test_add_func ("/http/load/fork", test_fork);
  return g_test_run ();
}
