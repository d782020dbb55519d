/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the core costs without any cryptography: a provider that copies, called one by one and in batches. The partner
 * is what no such call can do without: to allocate, fill and free its result. */
#include <libkms/kms.h>

#include "paired.h"

#define N_CALLS 100000
#define N_BATCH 10000
#define SIZE 32

typedef struct
{
  KmsProvider *provider;
  KmsSecret *plaintext;
  GBytes *ciphertext;
  KmsContext *context;
  KmsBatch *encrypt, *decrypt;
} Bench;

static void
run_bytes (gpointer data, guint n)
{
  Bench *bench = data;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GBytes) out = g_bytes_new (kms_secret_get_data (bench->plaintext, NULL), SIZE);
    }
}

static void
run_secret (gpointer data, guint n)
{
  Bench *bench = data;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (KmsSecret) out = kms_secret_new (g_bytes_get_data (bench->ciphertext, NULL), SIZE);
    }
}

static void
run_encrypt (gpointer data, guint n)
{
  Bench *bench = data;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GBytes)
        out = kms_provider_encrypt (bench->provider, "x", bench->plaintext, bench->context, NULL, NULL);

      g_assert_nonnull (out);
    }
}

static void
run_decrypt (gpointer data, guint n)
{
  Bench *bench = data;

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
run_encrypt_batch (gpointer data, guint n)
{
  Bench *bench = data;

  run_batch (bench->provider, bench->encrypt, n);
}

static void
run_decrypt_batch (gpointer data, guint n)
{
  Bench *bench = data;

  run_batch (bench->provider, bench->decrypt, n);
}

int
main (void)
{
  g_autofree char *top = paired_make_root ("null.provider", "[Provider]\nModule=kms-null.so\nAbi=1\nPrefixes=null/\n");
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
  paired_compare ("encrypt, single", run_encrypt, "a GBytes of the result", run_bytes, &bench, N_CALLS);
  paired_compare ("decrypt, single", run_decrypt, "a secret of the result", run_secret, &bench, N_CALLS);
  paired_compare ("encrypt, item of 10000", run_encrypt_batch, "a GBytes of the result", run_bytes, &bench, N_CALLS);
  paired_compare ("decrypt, item of 10000", run_decrypt_batch, "a secret of the result", run_secret, &bench, N_CALLS);
  return 0;
}
