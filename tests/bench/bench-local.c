/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The local provider against the bare GnuTLS calls that XAES-256-GCM and its nonce need, in one run. */
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include <libkms/kms.h>

#include "paired.h"

#define N_CALLS 20000
#define N_BATCH 10000
#define N_THREADS 8
#define N_THREAD_CALLS 160000
#define PLAINTEXT_SIZE 32
/* The header of a ciphertext, and the context below in its binary form. */
#define AAD_SIZE (21 + 46)

typedef struct
{
  KmsProvider *provider;
  KmsSecret *plaintext;
  GBytes *ciphertext;
  KmsContext *context;
} Bench;

/* A handle of GnuTLS belongs to one thread. */
static gnutls_cipher_hd_t
open_block (void)
{
  guint8 zeros[32] = { 0 };
  gnutls_datum_t key = { zeros, 32 }, iv = { zeros, 16 };
  gnutls_cipher_hd_t block;

  if (gnutls_cipher_init (&block, GNUTLS_CIPHER_AES_256_CBC, &key, &iv) < 0)
    g_error ("GnuTLS has no AES-256-CBC");
  return block;
}

static void
block_twice (gnutls_cipher_hd_t block, guint8 *out)
{
  guint8 zeros[16] = { 0 }, in[16] = { 0 };

  for (guint i = 0; i < 2; i++)
    {
      gnutls_cipher_set_iv (block, zeros, sizeof zeros);
      gnutls_cipher_encrypt2 (block, in, sizeof in, out + 16 * i, 16);
    }
}

static void
run_bare_seal (gpointer data, guint n)
{
  guint8 nonce[24], key[32], aad[AAD_SIZE] = { 0 }, plaintext[PLAINTEXT_SIZE] = { 0 }, out[PLAINTEXT_SIZE + 16];
  gnutls_datum_t datum = { key, sizeof key };
  gnutls_cipher_hd_t block = open_block ();

  for (guint i = 0; i < n; i++)
    {
      gnutls_aead_cipher_hd_t cipher;
      size_t length = sizeof out;

      gnutls_rnd (GNUTLS_RND_NONCE, nonce, sizeof nonce);
      block_twice (block, key);
      gnutls_aead_cipher_init (&cipher, GNUTLS_CIPHER_AES_256_GCM, &datum);
      gnutls_aead_cipher_encrypt (cipher, nonce, 12, aad, sizeof aad, 16, plaintext, sizeof plaintext, out, &length);
      gnutls_aead_cipher_deinit (cipher);
    }
  gnutls_cipher_deinit (block);
}

static void
run_bare_open (gpointer data, guint n)
{
  guint8 nonce[24] = { 0 }, key[32], aad[AAD_SIZE] = { 0 }, plaintext[PLAINTEXT_SIZE] = { 0 }, out[PLAINTEXT_SIZE + 16];
  gnutls_datum_t datum = { key, sizeof key };
  gnutls_cipher_hd_t block = open_block ();
  gnutls_aead_cipher_hd_t cipher;
  size_t length = sizeof out;

  block_twice (block, key);
  gnutls_aead_cipher_init (&cipher, GNUTLS_CIPHER_AES_256_GCM, &datum);
  gnutls_aead_cipher_encrypt (cipher, nonce, 12, aad, sizeof aad, 16, plaintext, sizeof plaintext, out, &length);
  gnutls_aead_cipher_deinit (cipher);
  for (guint i = 0; i < n; i++)
    {
      length = sizeof plaintext;
      block_twice (block, key);
      gnutls_aead_cipher_init (&cipher, GNUTLS_CIPHER_AES_256_GCM, &datum);
      if (gnutls_aead_cipher_decrypt (cipher, nonce, 12, aad, sizeof aad, 16, out, sizeof out, plaintext, &length) < 0)
        g_error ("the bare calls do not decrypt");
      gnutls_aead_cipher_deinit (cipher);
    }
  gnutls_cipher_deinit (block);
}

static void
run_wrap (gpointer data, guint n)
{
  Bench *bench = data;

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
run_unwrap (gpointer data, guint n)
{
  Bench *bench = data;

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
run_wrap_batch (gpointer data, guint n)
{
  run_batch (data, KMS_OPERATION_ENCRYPT, n);
}

static void
run_unwrap_batch (gpointer data, guint n)
{
  run_batch (data, KMS_OPERATION_DECRYPT, n);
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
  g_autofree char *top =
    paired_make_root ("local.provider", "[Provider]\nModule=kms-local.so\nAbi=1\nPrefixes=local/\n");
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsRegistry) registry = kms_registry_new (top, NULL, &error);
  g_autoptr (KmsProvider) provider = open_provider (registry);
  g_autoptr (KmsSecret) plaintext = kms_secret_new_random (PLAINTEXT_SIZE, &error);
  g_autoptr (KmsContext) context = kms_context_new ("model_name", "User", "model_id", "123", NULL);
  g_autoptr (GBytes) ciphertext = kms_provider_encrypt (provider, "bench", plaintext, context, NULL, &error);
  Bench bench = { provider, plaintext, ciphertext, context };

  paired_compare ("wrap", run_wrap, "XAES and a nonce, bare", run_bare_seal, &bench, N_CALLS);
  paired_compare ("unwrap", run_unwrap, "XAES and a nonce, bare", run_bare_seal, &bench, N_CALLS);
  paired_compare ("unwrap", run_unwrap, "XAES alone, bare", run_bare_open, &bench, N_CALLS);
  paired_compare ("wrap, item of 10000", run_wrap_batch, "single", run_wrap, &bench, N_CALLS);
  paired_compare ("unwrap, item of 10000", run_unwrap_batch, "single", run_unwrap, &bench, N_CALLS);
  paired_compare_threads ("wrap, 8 threads", run_wrap, "bare", run_bare_seal, &bench, N_THREAD_CALLS, N_THREADS);
  paired_compare_threads ("unwrap, 8 threads", run_unwrap, "bare", run_bare_open, &bench, N_THREAD_CALLS, N_THREADS);
  return 0;
}
