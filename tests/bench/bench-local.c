/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The local provider against the bare GnuTLS calls that XAES-256-GCM and its nonce need, in one run. */
#include <glib/gstdio.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>

#include <libkms/kms.h>

#define N_CALLS 20000
#define N_BATCH 10000
#define N_THREADS 8
#define N_THREAD_CALLS 160000
#define N_REPEATS 25
#define PLAINTEXT_SIZE 32

typedef struct
{
  KmsProvider *provider;
  KmsSecret *plaintext;
  GBytes *ciphertext;
  KmsContext *context;
  gnutls_cipher_hd_t block;
} Bench;

typedef void (*BenchFunc) (Bench *bench, guint n);

static void
open_block (Bench *bench)
{
  guint8 zeros[32] = { 0 };
  gnutls_datum_t key = { zeros, 32 }, iv = { zeros, 16 };

  if (gnutls_cipher_init (&bench->block, GNUTLS_CIPHER_AES_256_CBC, &key, &iv) < 0)
    g_error ("GnuTLS has no AES-256-CBC");
}

static void
block_twice (Bench *bench, guint8 *out)
{
  guint8 zeros[16] = { 0 }, in[16] = { 0 };

  for (guint i = 0; i < 2; i++)
    {
      gnutls_cipher_set_iv (bench->block, zeros, sizeof zeros);
      gnutls_cipher_encrypt2 (bench->block, in, sizeof in, out + 16 * i, 16);
    }
}

/* As many bytes of additional data as a header and the usual context have. */
static void
run_bare_seal (Bench *bench, guint n)
{
  guint8 nonce[24], key[32], aad[64] = { 0 }, plaintext[PLAINTEXT_SIZE] = { 0 }, out[PLAINTEXT_SIZE + 16];
  gnutls_datum_t datum = { key, sizeof key };

  for (guint i = 0; i < n; i++)
    {
      gnutls_aead_cipher_hd_t cipher;
      size_t length = sizeof out;

      gnutls_rnd (GNUTLS_RND_NONCE, nonce, sizeof nonce);
      block_twice (bench, key);
      gnutls_aead_cipher_init (&cipher, GNUTLS_CIPHER_AES_256_GCM, &datum);
      gnutls_aead_cipher_encrypt (cipher, nonce, 12, aad, sizeof aad, 16, plaintext, sizeof plaintext, out, &length);
      gnutls_aead_cipher_deinit (cipher);
    }
}

static void
run_bare_open (Bench *bench, guint n)
{
  guint8 nonce[24] = { 0 }, key[32], aad[64] = { 0 }, plaintext[PLAINTEXT_SIZE] = { 0 }, out[PLAINTEXT_SIZE + 16];
  gnutls_datum_t datum = { key, sizeof key };
  gnutls_aead_cipher_hd_t cipher;
  size_t length = sizeof out;

  block_twice (bench, key);
  gnutls_aead_cipher_init (&cipher, GNUTLS_CIPHER_AES_256_GCM, &datum);
  gnutls_aead_cipher_encrypt (cipher, nonce, 12, aad, sizeof aad, 16, plaintext, sizeof plaintext, out, &length);
  gnutls_aead_cipher_deinit (cipher);
  for (guint i = 0; i < n; i++)
    {
      length = sizeof plaintext;
      block_twice (bench, key);
      gnutls_aead_cipher_init (&cipher, GNUTLS_CIPHER_AES_256_GCM, &datum);
      if (gnutls_aead_cipher_decrypt (cipher, nonce, 12, aad, sizeof aad, 16, out, sizeof out, plaintext, &length) < 0)
        g_error ("the bare calls do not decrypt");
      gnutls_aead_cipher_deinit (cipher);
    }
}

static void
run_wrap (Bench *bench, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes)
        out = kms_provider_encrypt (bench->provider, "bench", bench->plaintext, bench->context, NULL, &error);

      if (out == NULL)
        g_error ("%s", error->message);
    }
}

static void
run_unwrap (Bench *bench, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (KmsSecret)
        out = kms_provider_decrypt (bench->provider, "bench", bench->ciphertext, bench->context, NULL, &error);

      if (out == NULL)
        g_error ("%s", error->message);
    }
}

static void
run_batch (Bench *bench, KmsOperation operation, guint n)
{
  for (guint done = 0; done < n; done += N_BATCH)
    {
      g_autoptr (KmsBatch) batch = kms_batch_new (operation);
      g_autoptr (GError) error = NULL;

      for (guint i = 0; i < N_BATCH; i++)
        if (operation == KMS_OPERATION_ENCRYPT)
          kms_batch_add_secret (batch, bench->plaintext, bench->context);
        else
          kms_batch_add_ciphertext (batch, bench->ciphertext, bench->context, NULL);
      if (!kms_provider_run (bench->provider, "bench", batch, NULL, &error))
        g_error ("%s", error->message);
    }
}

static void
run_wrap_batch (Bench *bench, guint n)
{
  run_batch (bench, KMS_OPERATION_ENCRYPT, n);
}

static void
run_unwrap_batch (Bench *bench, guint n)
{
  run_batch (bench, KMS_OPERATION_DECRYPT, n);
}

typedef struct
{
  Bench *bench;
  BenchFunc func;
  guint n;
} Share;

static gpointer
run_share (gpointer data)
{
  Share *share = data;
  Bench own = *share->bench;

  /* A handle of GnuTLS belongs to one thread. */
  open_block (&own);
  share->func (&own, share->n);
  gnutls_cipher_deinit (own.block);
  return NULL;
}

static double
get_seconds (clockid_t clock)
{
  struct timespec now;

  clock_gettime (clock, &now);
  return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

static double
wall_of_threads (Bench *bench, BenchFunc func, guint n_threads)
{
  Share share = { bench, func, N_THREAD_CALLS / n_threads };
  GThread *threads[N_THREADS];
  double start = get_seconds (CLOCK_MONOTONIC);

  for (guint i = 0; i < n_threads; i++)
    threads[i] = g_thread_new ("bench", run_share, &share);
  for (guint i = 0; i < n_threads; i++)
    g_thread_join (threads[i]);
  return get_seconds (CLOCK_MONOTONIC) - start;
}

/* How much more is done by all threads than by one: ours, and the bare calls, which say what the machine can do. */
static void
compare_threads (Bench *bench, const char *name, BenchFunc func, BenchFunc base)
{
  double best = 0, best_base = 0;

  for (guint i = 0; i < N_REPEATS; i++)
    {
      best = MAX (best, wall_of_threads (bench, func, 1) / wall_of_threads (bench, func, N_THREADS));
      best_base = MAX (best_base, wall_of_threads (bench, base, 1) / wall_of_threads (bench, base, N_THREADS));
    }
  g_print ("%-24s %6.2f x    bare %6.2f x\n", name, best, best_base);
}

static double
once (Bench *bench, BenchFunc func)
{
  double start = get_seconds (CLOCK_PROCESS_CPUTIME_ID);

  func (bench, N_CALLS);
  return 1e6 * (get_seconds (CLOCK_PROCESS_CPUTIME_ID) - start) / N_CALLS;
}

/* Processor time, and the best of many short turns, so that a busy machine spoils neither side. */
static void
compare (Bench *bench, const char *name, BenchFunc func, BenchFunc base)
{
  double best = G_MAXDOUBLE, best_base = G_MAXDOUBLE;

  for (guint i = 0; i < N_REPEATS; i++)
    {
      best_base = MIN (best_base, once (bench, base));
      best = MIN (best, once (bench, func));
    }
  g_print ("%-24s %6.3f us   base %6.3f us   ratio %5.2f\n", name, best, best_base, best / best_base);
}

static char *
write_configuration (void)
{
  char *top = g_dir_make_tmp ("kms-bench-XXXXXX", NULL);
  g_autofree char *directory = g_build_filename (top, "package", "providers.d", NULL);
  g_autofree char *file = g_build_filename (directory, "local.provider", NULL);

  g_mkdir_with_parents (directory, 0755);
  g_file_set_contents (file, "[Provider]\nModule=kms-local.so\nAbi=1\nPrefixes=local/\n", -1, NULL);
  return top;
}

static KmsProvider *
open_provider (KmsRegistry *registry)
{
  g_autoptr (GError) error = NULL;
  KmsProvider *provider = kms_registry_dup_provider (registry, "local", &error);
  g_autoptr (GPtrArray) keys = NULL;

  if (provider == NULL)
    g_error ("%s", error->message);
  keys = kms_key_admin_run (KMS_KEY_ADMIN (provider), KMS_KEY_VERB_CREATE, "bench", NULL, NULL, &error);
  if (keys == NULL)
    g_error ("%s", error->message);
  return provider;
}

int
main (void)
{
  g_autofree char *top = write_configuration ();
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsRegistry) registry = kms_registry_new (top, NULL, &error);
  g_autoptr (KmsProvider) provider = open_provider (registry);
  g_autoptr (KmsSecret) plaintext = kms_secret_new_random (PLAINTEXT_SIZE, &error);
  g_autoptr (KmsContext) context = kms_context_new ("model_name", "User", "model_id", "123", NULL);
  g_autoptr (GBytes) ciphertext = kms_provider_encrypt (provider, "bench", plaintext, context, NULL, &error);
  Bench bench = { provider, plaintext, ciphertext, context, NULL };

  open_block (&bench);
  compare (&bench, "wrap", run_wrap, run_bare_seal);
  compare (&bench, "unwrap", run_unwrap, run_bare_open);
  compare (&bench, "wrap, batch / single", run_wrap_batch, run_wrap);
  compare (&bench, "unwrap, batch / single", run_unwrap_batch, run_unwrap);
  compare_threads (&bench, "wrap, 8 threads / 1", run_wrap, run_bare_seal);
  compare_threads (&bench, "unwrap, 8 threads / 1", run_unwrap, run_bare_open);
  gnutls_cipher_deinit (bench.block);
  return 0;
}
