/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the HTTP base class and the Vault module cost above libsoup: with kms-echo.so of the tests, a provider that does
 * next to nothing, and with kms-vault.so. The servers are processes of their own. Wall time, the best of several turns, the
 * two in turns. */
#include <libkms/kms.h>

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../http/http-fixture.h"
#include "../servers/test-server.h"
#include "bare-loop.h"

#define TURNS 7
#define CONNECTIONS 8
#define VAULT_TOKEN "hvs.a-token"
/* Of 32 bytes, with nonce and tag. */
#define VAULT_CIPHERTEXT "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

typedef struct
{
  KmsProvider *provider;
  KmsContext *context;
  BareLoop *bare;
  guint n_left, n_running;
} Bench;

typedef void (*BenchFunc) (Bench *bench, guint n, guint in_flight);

static KmsBatch *
make_batch (KmsContext *context, guint n_items)
{
  KmsBatch *batch = kms_batch_new (KMS_OPERATION_ENCRYPT);
  g_autoptr (KmsSecret) secret = kms_secret_new_random (32, NULL);

  for (guint i = 0; i < n_items; i++)
    kms_batch_add_secret (batch, secret, context);
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
  g_autoptr (KmsBatch) batch = make_batch (bench->context, 1);
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
      g_autoptr (GBytes)
        back = kms_provider_encrypt (share->bench->provider, "k", secret, share->bench->context, NULL, &error);
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
      g_autoptr (KmsBatch) batch = make_batch (bench->context, n_items);
      g_autoptr (GError) error = NULL;
      gint64 begin = g_get_monotonic_time ();
      kms_provider_run (bench->provider, "k", batch, NULL, &error);
      g_assert_no_error (error);
      best = MAX (best, (double) n_items * G_USEC_PER_SEC / (double) (g_get_monotonic_time () - begin));
    }
  g_print ("%-34s %8.0f items/s, %.3f s\n", name, best, n_items / best);
}

/* A single call that comes while a bulk is under way. */
static void
on_bulk_done (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  kms_provider_run_finish (KMS_PROVIDER (source), result, &error);
  g_assert_no_error (error);
  *(gboolean *) data = TRUE;
}

static void
time_single_beside_bulk (Bench *bench, guint n_items)
{
  g_autoptr (KmsBatch) bulk = make_batch (bench->context, n_items);
  g_autoptr (KmsSecret) secret = kms_secret_new_random (32, NULL);
  gboolean done = FALSE;
  gint64 longest = 0;
  guint n = 0;

  kms_provider_run_async (bench->provider, "k", bulk, NULL, on_bulk_done, &done);
  for (; !done; n++)
    {
      g_autoptr (GError) error = NULL;
      gint64 begin = g_get_monotonic_time ();
      g_autoptr (GBytes) back = kms_provider_encrypt (bench->provider, "k", secret, bench->context, NULL, &error);
      g_assert_no_error (error);
      longest = MAX (longest, g_get_monotonic_time () - begin);
      while (g_main_context_iteration (NULL, FALSE))
        ;
    }
  g_print ("%-34s %u calls, the longest %.1f ms\n", "single calls beside a bulk", n, (double) longest / 1000.0);
}

typedef void (*ServeFunc) (TestServer *server);

static void
answer_echo (const TestRequest *request, TestResponse *response, gpointer data)
{
  gsize length;
  const guint8 *body = g_bytes_get_data (request->body, &length);

  test_response_set_json (response, 200, "");
  g_byte_array_append (response->body, body, (guint) length);
}

static void
serve_echo (TestServer *server)
{
  test_server_set_handler (server, answer_echo, NULL);
}

/* As fast as can be: the real one and its double in the tests take longer for an item than libkms does. */
static void
append_text (GByteArray *body, const char *text)
{
  g_byte_array_append (body, (const guint8 *) text, (guint) strlen (text));
}

static guint
count_items (const char *body)
{
  guint n = 0;
  for (const char *at = body; (at = strstr (at, "{\"plaintext\"")) != NULL; at++)
    n++;
  return n;
}

static void
answer_vault (const TestRequest *request, TestResponse *response, gpointer data)
{
  static const char result[] = "{\"ciphertext\":\"vault:v1:" VAULT_CIPHERTEXT "\",\"key_version\":1}";
  gsize length;
  const char *data_sent = g_bytes_get_data (request->body, &length);
  g_autofree char *body = g_strndup (length > 0 ? data_sent : "", length);
  gboolean is_batch = strstr (body, "batch_input") != NULL;
  guint n = count_items (body);

  test_response_set_json (response, 200, "{\"request_id\":\"12345678-1234\",\"data\":");
  if (strstr (request->path, "/keys/") != NULL)
    append_text (response->body,
                 "{\"type\":\"aes256-gcm96\",\"derived\":true,\"supports_encryption\":true,\"keys\":{\"1\":1}}");
  else if (!is_batch)
    append_text (response->body, result);
  else
    {
      append_text (response->body, "{\"batch_results\":[");
      for (guint i = 0; i < n; i++)
        {
          append_text (response->body, i > 0 ? "," : "");
          append_text (response->body, result);
        }
      append_text (response->body, "]}");
    }
  append_text (response->body, "}");
}

static void
serve_vault (TestServer *server)
{
  test_server_set_handler (server, answer_vault, NULL);
}

static void
serve_silence (TestServer *server)
{
  test_server_add_fault (server, NULL, (TestFault){ .kind = TEST_FAULT_SILENCE }, 0);
}

/* It tells its address through the pipe, and ends with its parent. */
static void
serve (int fd, guint delay_ms, ServeFunc func)
{
  TestServer *server = test_server_new (TEST_SERVER_PLAIN);
  const char *address = test_server_get_address (server);

  prctl (PR_SET_PDEATHSIG, SIGTERM);
  test_server_set_remember (server, FALSE);
  func (server);
  if (delay_ms > 0)
    test_server_add_fault (server, NULL, (TestFault){ .kind = TEST_FAULT_NONE, .delay_ms = delay_ms }, 0);
  if (write (fd, address, strlen (address) + 1) < 0)
    _exit (1);
  sleep (600);
  _exit (0);
}

static pid_t
start_server (guint delay_ms, ServeFunc func, char **address)
{
  char text[64];
  int fds[2];

  g_assert_cmpint (pipe (fds), ==, 0);
  pid_t child = fork ();
  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    serve (fds[1], delay_ms, func);
  close (fds[1]);
  g_assert_cmpint (read (fds[0], text, sizeof text), >, 0);
  *address = g_strdup (text);
  close (fds[0]);
  return child;
}

/* What differs between the two. */
typedef struct
{
  const char *name, *module, *path, *body;
  const char *const *header;
  ServeFunc serve;
} BenchKind;

static const char *const vault_header[] = { "X-Vault-Token", VAULT_TOKEN };

/* Nearly of the length that the provider's own requests have. */
static const BenchKind kinds[] = {
  { "echo", "kms-echo.so", "/encrypt/k", "{\"items\":[\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"]}", NULL,
    serve_echo },
  { "vault", "kms-vault.so", "/v1/transit/encrypt/k",
    "{\"plaintext\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\\n\","
    "\"context\":\"eyJtb2RlbF9pZCI6IjEyMyIsIm1vZGVsX25hbWUiOiJVc2VyIn0=\\n\"}",
    vault_header, serve_vault },
};

static void
bench_init (Bench *bench, const BenchKind *kind, const char *address, char **root)
{
  g_autofree char *url = g_strconcat (address, kind->path, NULL);
  g_autoptr (GError) error = NULL;

  *root = config_root_new ();
  g_autofree char *token = g_build_filename (*root, "token", NULL);
  g_assert_true (g_file_set_contents_full (token, VAULT_TOKEN, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
  g_autofree char *file = g_strdup_printf ("Prefixes=bench/\n[Settings]\nAddress=%s\n%s%s\n", address,
                                           kind->header != NULL ? "TokenFile=" : "", kind->header != NULL ? token : "");
  config_root_add_provider (*root, kind->name, kind->module, file);
  g_autoptr (KmsRegistry) registry = kms_registry_new (*root, NULL, &error);
  g_assert_no_error (error);
  bench->provider = kms_registry_dup_provider (registry, kind->name, &error);
  g_assert_no_error (error);
  bench->bare = bare_loop_new (url, kind->header, kind->body, CONNECTIONS);
  if (kind->header != NULL)
    bench->context = kms_context_new ("model_name", "User", "model_id", "123", NULL);
}

static void
bench_clear (Bench *bench, char *root)
{
  g_object_unref (bench->provider);
  g_clear_pointer (&bench->context, kms_context_unref);
  bare_loop_free (bench->bare);
  config_root_remove (root);
}

static void
run_kind (const BenchKind *kind, const char *address, const char *slow_address)
{
  Bench bench = { 0 }, slow = { 0 };
  char *root, *slow_root;

  bench_init (&bench, kind, address, &root);
  g_print ("%s:\n", kind->name);
  compare ("64 in flight", &bench, run_async, 64, 64, 4000);
  compare ("8 blocking threads", &bench, run_threads, 8, 8, 4000);
  compare ("1 blocking thread", &bench, run_threads, 1, 1, 2000);
  time_batch (&bench, "batch of 100,000", 100000);
  time_single_beside_bulk (&bench, 100000);
  bench_clear (&bench, root);

  bench_init (&slow, kind, slow_address, &slow_root);
  g_print ("%s, and a server that answers after 20 ms:\n", kind->name);
  compare ("64 in flight", &slow, run_async, 64, 64, 400);
  time_batch (&slow, "batch of 10,000", 10000);
  bench_clear (&slow, slow_root);
}

/* How much longer than wanted a caller waits for a server that says nothing. */
static void
time_deadline (const char *address)
{
  Bench bench = { 0 };
  gint64 least = G_MAXINT64, most = 0;
  char *root;

  bench_init (&bench, &kinds[0], address, &root);
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (KmsBatch) batch = make_batch (NULL, 1);
      g_autoptr (GError) error = NULL;
      gint64 begin = g_get_monotonic_time ();
      kms_batch_set_timeout (batch, 300);
      kms_provider_run (bench.provider, "k", batch, NULL, &error);
      g_assert_error (error, KMS_ERROR, KMS_ERROR_TIMED_OUT);
      least = MIN (least, g_get_monotonic_time () - begin);
      most = MAX (most, g_get_monotonic_time () - begin);
    }
  g_print ("a deadline of 300 ms, of 20: from %.1f to %.1f ms\n", (double) least / 1000.0, (double) most / 1000.0);
  bench_clear (&bench, root);
}

int
main (int argc, char *argv[])
{
  char *silent_address;
  pid_t silent_server = start_server (0, serve_silence, &silent_address);
  char *addresses[2 * G_N_ELEMENTS (kinds)];
  pid_t servers[2 * G_N_ELEMENTS (kinds)];

  /* Before there are threads that a child would miss. */
  for (guint i = 0; i < G_N_ELEMENTS (servers); i++)
    servers[i] = start_server (i % 2 == 0 ? 0 : 20, kinds[i / 2].serve, &addresses[i]);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    run_kind (&kinds[i], addresses[2 * i], addresses[2 * i + 1]);
  time_deadline (silent_address);
  kill (silent_server, SIGTERM);
  waitpid (silent_server, NULL, 0);
  g_free (silent_address);
  for (guint i = 0; i < G_N_ELEMENTS (servers); i++)
    {
      kill (servers[i], SIGTERM);
      waitpid (servers[i], NULL, 0);
      g_free (addresses[i]);
    }
  return 0;
}
