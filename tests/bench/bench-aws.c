/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the AWS module costs above libsoup, signatures included; what a signature costs; and the same of botocore, whose
 * script is the argument. The server is a process of its own, and answers as fast as can be. The best of several turns,
 * the two in turns: wall time, and time of this process's own processor. */
#include <libkms/kms.h>

#include <aws-sign.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../config-root.h"
#include "../servers/test-server.h"
#include "bare-loop.h"

#define TURNS 7
#define IN_FLIGHT 64
#define SIGNATURES 20000
#define ARN "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

/* Of the length that KMS's own have. */
#define ANSWER                                                                                                         \
  "{\"CiphertextBlob\":"                                                                                               \
  "\"AQICAHgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"                 \
  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
  "AA"                                                                                                                 \
  "\",\"KeyId\":\"" ARN "\",\"EncryptionAlgorithm\":\"SYMMETRIC_DEFAULT\"}"

typedef struct
{
  KmsProvider *provider;
  KmsContext *context;
  KmsSecret *secret;
  BareLoop *bare;
} Bench;

typedef void (*BenchFunc) (Bench *bench, guint n);

static void
run_batch (Bench *bench, guint n)
{
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_ENCRYPT);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < n; i++)
    kms_batch_add_secret (batch, bench->secret, bench->context);
  kms_provider_run (bench->provider, ARN, batch, NULL, &error);
  g_assert_no_error (error);
}

static void
run_bare (Bench *bench, guint n)
{
  bare_loop_run (bench->bare, n, IN_FLIGHT);
}

static void
run_singles (Bench *bench, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes)
        ciphertext = kms_provider_encrypt (bench->provider, ARN, bench->secret, bench->context, NULL, &error);
      g_assert_no_error (error);
    }
}

static gint64
get_processor_time (void)
{
  struct rusage usage;

  g_assert_cmpint (getrusage (RUSAGE_SELF, &usage), ==, 0);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * G_USEC_PER_SEC + usage.ru_utime.tv_usec
         + usage.ru_stime.tv_usec;
}

/* Requests a second, and a second of the processor. */
typedef struct
{
  double wall, core;
} Speed;

static void
time_turn (BenchFunc func, Bench *bench, guint n, Speed *best)
{
  gint64 begin = g_get_monotonic_time (), begin_core = get_processor_time ();

  func (bench, n);
  best->wall = MAX (best->wall, (double) n * G_USEC_PER_SEC / (double) (g_get_monotonic_time () - begin));
  best->core = MAX (best->core, (double) n * G_USEC_PER_SEC / (double) (get_processor_time () - begin_core));
}

static void
compare (const char *name, Bench *bench, BenchFunc func, BenchFunc against, guint n)
{
  Speed ours = { 0 }, bare = { 0 };

  for (guint turn = 0; turn < TURNS; turn++)
    {
      time_turn (func, bench, n, &ours);
      time_turn (against, bench, n, &bare);
    }
  g_print ("%-32s %7.0f requests/s, bare libsoup %7.0f, ratio %.2f; a second and core %7.0f, bare %7.0f, ratio %.2f\n",
           name, ours.wall, bare.wall, ours.wall / bare.wall, ours.core, bare.core, ours.core / bare.core);
}

static void
run_bare_singles (Bench *bench, guint n)
{
  bare_loop_run (bench->bare, n, 1);
}

/* With a context, as most have one; of a day's one key, as it is but once a day. */
static void
time_signatures (void)
{
  static const char body[] = "{\"KeyId\":\"" ARN "\",\"Plaintext\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\","
                             "\"EncryptionContext\":{\"model_id\":\"123\",\"model_name\":\"User\"}}";
  g_autoptr (KmsSecret) secret = kms_secret_new ((const guint8 *) "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", 40);
  g_autoptr (AwsKeys) keys = aws_keys_new ("AKIDEXAMPLE", secret, NULL, 0, "bench");
  g_autoptr (AwsSigner) signer = aws_signer_new ();
  char date[AWS_DATE_SIZE];
  AwsHeader headers[] = { { "content-type", "application/x-amz-json-1.1", -1 },
                          { "host", "kms.eu-west-1.amazonaws.com", -1 },
                          { "x-amz-date", date, -1 },
                          { "x-amz-target", "TrentService.Encrypt", -1 } };
  AwsSigning signing = { .method = "POST",
                         .headers = headers,
                         .n_headers = G_N_ELEMENTS (headers),
                         .body = (const guint8 *) body,
                         .body_length = strlen (body),
                         .region = "eu-west-1",
                         .service = "kms",
                         .date = date };
  double best = G_MAXDOUBLE;

  for (guint turn = 0; turn < TURNS; turn++)
    {
      gint64 begin = g_get_monotonic_time ();
      for (guint i = 0; i < SIGNATURES; i++)
        {
          aws_format_date (1440938160, date);
          g_autofree char *authorization = aws_sign (signer, &signing, keys, NULL);
          g_assert_nonnull (authorization);
        }
      best = MIN (best, (double) (g_get_monotonic_time () - begin) / SIGNATURES);
    }
  g_print ("%-32s %7.2f us\n", "a signature", best);
}

static void
answer (const TestRequest *request, TestResponse *response, gpointer data)
{
  test_response_set_json (response, 200, ANSWER);
}

/* It tells its address through the pipe, and ends with its parent. */
static void
serve (int fd, guint delay_ms)
{
  TestServer *server = test_server_new (TEST_SERVER_PLAIN);
  const char *address = test_server_get_address (server);

  prctl (PR_SET_PDEATHSIG, SIGTERM);
  test_server_set_remember (server, FALSE);
  test_server_set_handler (server, answer, NULL);
  if (delay_ms > 0)
    test_server_add_fault (server, NULL, (TestFault){ .kind = TEST_FAULT_NONE, .delay_ms = delay_ms }, 0);
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

static const char body[] = "{\"KeyId\":\"" ARN "\",\"Plaintext\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\","
                           "\"EncryptionContext\":{\"model_id\":\"123\",\"model_name\":\"User\"}}";

/* As many bytes as all that a signed request has more. */
static const char *const header[] = {
  "Authorization",
  "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-west-1/kms/aws4_request, "
  "SignedHeaders=content-type;host;x-amz-date;x-amz-target, "
  "Signature=0b814189edc817f290ea158a7458ab15a7b74345cf40df479ba8b1edb03aae0e, X-Amz-Target: TrentService.Encrypt, "
  "X-Amz-Date: 20150830T123600Z",
};

static void
bench_init (Bench *bench, const char *address, char **root)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *lines = g_strdup_printf ("Fallback=true\n[Settings]\nEndpoint=%s\n", address);

  *root = config_root_new ();
  config_root_add_provider (*root, "aws", "kms-aws.so", lines);
  g_autoptr (KmsRegistry) registry = kms_registry_new (*root, NULL, &error);
  g_assert_no_error (error);
  bench->provider = kms_registry_dup_provider (registry, "aws", &error);
  g_assert_no_error (error);
  bench->bare = bare_loop_new (address, header, body, IN_FLIGHT);
  bench->context = kms_context_new ("model_name", "User", "model_id", "123", NULL);
  bench->secret = kms_secret_new_random (32, NULL);
}

static void
bench_clear (Bench *bench, char *root)
{
  g_object_unref (bench->provider);
  kms_context_unref (bench->context);
  kms_secret_unref (bench->secret);
  bare_loop_free (bench->bare);
  config_root_remove (root);
}

static void
run_botocore (const char *script, const char *address)
{
  const char *argv[] = { "python3", script, address, ARN, NULL };
  g_autoptr (GError) error = NULL;

  if (script == NULL)
    g_print ("no figures of botocore: its script was not named\n");
  else if (!g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_CHILD_INHERITS_STDIN, NULL, NULL,
                          NULL, NULL, NULL, &error))
    g_print ("no figures of botocore: %s\n", error->message);
}

int
main (int argc, char *argv[])
{
  Bench bench = { 0 }, slow = { 0 };
  char *address, *slow_address, *root, *slow_root;
  pid_t server = start_server (0, &address), slow_server = start_server (20, &slow_address);

  g_setenv ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", TRUE);
  g_setenv ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", TRUE);
  g_setenv ("HOME", "/nonexistent", TRUE);
  time_signatures ();
  bench_init (&bench, address, &root);
  bench_init (&slow, slow_address, &slow_root);
  compare ("a batch, 64 in flight", &bench, run_batch, run_bare, 4000);
  compare ("one after the other", &bench, run_singles, run_bare_singles, 2000);
  compare ("a batch of 64, after 20 ms", &slow, run_batch, run_bare, 64);
  compare ("a batch of 640, after 20 ms", &slow, run_batch, run_bare, 640);
  bench_clear (&bench, root);
  bench_clear (&slow, slow_root);
  run_botocore (argc > 1 ? argv[1] : NULL, address);
  kill (server, SIGTERM);
  kill (slow_server, SIGTERM);
  waitpid (server, NULL, 0);
  waitpid (slow_server, NULL, 0);
  g_free (address);
  g_free (slow_address);
  return 0;
}
