/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the core costs without any cryptography: a provider that copies, called one by one and in batches. The partner
 * is what no such call can do without: to allocate, fill and free its result. */
#include <glib/gstdio.h>
#include <string.h>
#include <time.h>

#include <libkms/kms.h>

#define N_CALLS 100000
#define N_BATCH 10000
#define N_REPEATS 25
#define SIZE 32

typedef struct
{
  KmsProvider *provider;
  KmsSecret *plaintext;
  GBytes *ciphertext;
  KmsContext *context;
  KmsBatch *encrypt, *decrypt;
} Bench;

typedef void (*BenchFunc) (Bench *bench, guint n);

static void
run_bytes (Bench *bench, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GBytes) out = g_bytes_new (kms_secret_get_data (bench->plaintext, NULL), SIZE);
    }
}

static void
run_secret (Bench *bench, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (KmsSecret) out = kms_secret_new (g_bytes_get_data (bench->ciphertext, NULL), SIZE);
    }
}

static void
run_encrypt (Bench *bench, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GBytes)
        out = kms_provider_encrypt (bench->provider, "x", bench->plaintext, bench->context, NULL, NULL);

      g_assert_nonnull (out);
    }
}

static void
run_decrypt (Bench *bench, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (KmsSecret)
        out = kms_provider_decrypt (bench->provider, "x", bench->ciphertext, bench->context, NULL, NULL);

      g_assert_nonnull (out);
    }
}

static void
run_batch (KmsProvider *provider, KmsBatch *batch, guint n)
{
  for (guint done = 0; done < n; done += N_BATCH)
    g_assert_true (kms_provider_run (provider, "x", batch, NULL, NULL));
}

static void
run_encrypt_batch (Bench *bench, guint n)
{
  run_batch (bench->provider, bench->encrypt, n);
}

static void
run_decrypt_batch (Bench *bench, guint n)
{
  run_batch (bench->provider, bench->decrypt, n);
}

static double
once (Bench *bench, BenchFunc func)
{
  struct timespec start, end;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &start);
  func (bench, N_CALLS);
  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &end);
  return ((double) (end.tv_sec - start.tv_sec) * 1e9 + (double) (end.tv_nsec - start.tv_nsec)) / N_CALLS;
}

static void
compare (Bench *bench, const char *name, BenchFunc func, BenchFunc base)
{
  double best = G_MAXDOUBLE, best_base = G_MAXDOUBLE;

  for (guint i = 0; i < N_REPEATS; i++)
    {
      best_base = MIN (best_base, once (bench, base));
      best = MIN (best, once (bench, func));
    }
  g_print ("%-24s %6.1f ns   result alone %6.1f ns   ratio %5.2f\n", name, best, best_base, best / best_base);
}

static char *
write_configuration (void)
{
  char *top = g_dir_make_tmp ("kms-bench-XXXXXX", NULL);
  g_autofree char *directory = g_build_filename (top, "package", "providers.d", NULL);
  g_autofree char *file = g_build_filename (directory, "null.provider", NULL);

  g_mkdir_with_parents (directory, 0755);
  g_file_set_contents (file, "[Provider]\nModule=kms-null.so\nAbi=1\nPrefixes=null/\n", -1, NULL);
  return top;
}

int
main (void)
{
  g_autofree char *top = write_configuration ();
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsRegistry) registry = kms_registry_new (top, NULL, &error);
  g_autoptr (KmsProvider) provider = registry == NULL ? NULL : kms_registry_dup_provider (registry, "null", &error);
  g_autoptr (KmsSecret) plaintext = kms_secret_new_random (SIZE, NULL);
  g_autoptr (GBytes) ciphertext = g_bytes_new (kms_secret_get_data (plaintext, NULL), SIZE);
  g_autoptr (KmsContext) context = kms_context_new ("model_name", "User", "model_id", "123", NULL);
  g_autoptr (KmsBatch) encrypt = kms_batch_new (KMS_OPERATION_ENCRYPT);
  g_autoptr (KmsBatch) decrypt = kms_batch_new (KMS_OPERATION_DECRYPT);
  Bench bench = { provider, plaintext, ciphertext, context, encrypt, decrypt };

  if (provider == NULL)
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  for (guint i = 0; i < N_BATCH; i++)
    {
      kms_batch_add_secret (encrypt, plaintext, context);
      kms_batch_add_ciphertext (decrypt, ciphertext, context, NULL);
    }
  compare (&bench, "encrypt, single", run_encrypt, run_bytes);
  compare (&bench, "decrypt, single", run_decrypt, run_secret);
  compare (&bench, "encrypt, item of 10000", run_encrypt_batch, run_bytes);
  compare (&bench, "decrypt, item of 10000", run_decrypt_batch, run_secret);
  return 0;
}
