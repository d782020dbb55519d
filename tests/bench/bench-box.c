/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A row's key through a box on the test provider, its context made inside the loop, as an application does it. The
 * partner does by hand what nobody can do without: the context, its JSON, two layers of base64. */
#include <libkms/kms-module.h>
#include <string.h>

#include "paired.h"

#define N_CALLS 20000
#define N_ITEMS 10000
#define N_THREADS 8
#define N_THREAD_CALLS 400000
#define PREFIX_LENGTH 12

typedef struct
{
  KmsBox *box;
  KmsSecret *secret;
  char *stored;
  KmsBatch *encrypt, *decrypt;
} Bench;

static KmsContext *
make_context (void)
{
  return kms_context_new ("model_name", "User", "model_id", "123", NULL);
}

static void
run_by_hand (gpointer data, guint n)
{
  Bench *bench = data;
  char json[128], bytes[512], *stored;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (KmsContext) context = make_context ();
      gsize json_length, length, written = PREFIX_LENGTH;
      const guint8 *plaintext = kms_secret_get_data (bench->secret, &length);

      json_length = kms_context_write_json (context, KMS_JSON_DIALECT_RAILS, KMS_CONTEXT_FORM_MAP, json);
      memset (bytes, 1, PREFIX_LENGTH);
      written += kms_base64_encode_to (plaintext, length, bytes + written);
      bytes[written++] = ':';
      written += kms_base64_encode_lines_to ((guint8 *) json, json_length, bytes + written);
      stored = g_malloc (3 + kms_base64_encoded_size (written) + 1);
      memcpy (stored, "v1:", 3);
      kms_base64_encode_to ((guint8 *) bytes, written, stored + 3);
      __asm__ volatile("" : : "r"(stored) : "memory");
      g_free (stored);
    }
}

static void
run_encrypt (gpointer data, guint n)
{
  Bench *bench = data;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (KmsContext) context = make_context ();
      g_autofree char *stored = kms_box_encrypt (bench->box, bench->secret, context, NULL, NULL);

      g_assert_nonnull (stored);
    }
}

static void
run_decrypt (gpointer data, guint n)
{
  Bench *bench = data;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (KmsContext) context = make_context ();
      g_autoptr (KmsSecret) plain = kms_box_decrypt (bench->box, bench->stored, -1, context, NULL, NULL);

      g_assert_nonnull (plain);
    }
}

static void
run_encrypt_batch (gpointer data, guint n)
{
  Bench *bench = data;

  for (guint done = 0; done < n; done += N_ITEMS)
    g_assert_true (kms_box_run (bench->box, bench->encrypt, NULL, NULL));
}

static void
run_decrypt_batch (gpointer data, guint n)
{
  Bench *bench = data;

  for (guint done = 0; done < n; done += N_ITEMS)
    g_assert_true (kms_box_run (bench->box, bench->decrypt, NULL, NULL));
}

int
main (void)
{
  g_autofree char *top =
    paired_make_root ("test.provider", "[Provider]\nModule=kms-test.so\nAbi=1\nExact=insecure-test-key\n");
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsRegistry) registry = kms_registry_new (top, NULL, &error);
  g_autoptr (KmsBox) box = registry == NULL ? NULL : kms_box_new_for_key (registry, "insecure-test-key", NULL, &error);
  g_autoptr (KmsSecret) secret = kms_secret_new_random (32, NULL);
  g_autoptr (KmsContext) context = make_context ();
  g_autofree char *stored = box == NULL ? NULL : kms_box_encrypt (box, secret, context, NULL, &error);
  g_autoptr (KmsBatch) encrypt = kms_batch_new (KMS_OPERATION_ENCRYPT);
  g_autoptr (KmsBatch) decrypt = kms_batch_new (KMS_OPERATION_DECRYPT);
  Bench bench = { box, secret, stored, encrypt, decrypt };

  if (stored == NULL)
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  for (guint i = 0; i < N_ITEMS; i++)
    {
      kms_batch_add_secret (encrypt, secret, context);
      kms_batch_add_stored (decrypt, stored, -1, context, NULL);
    }
  paired_compare ("encrypt", run_encrypt, "by hand", run_by_hand, &bench, N_CALLS);
  paired_compare ("decrypt", run_decrypt, "encrypt by hand", run_by_hand, &bench, N_CALLS);
  paired_compare ("encrypt, item of 10000", run_encrypt_batch, "single", run_encrypt, &bench, N_CALLS);
  paired_compare ("decrypt, item of 10000", run_decrypt_batch, "single", run_decrypt, &bench, N_CALLS);
  paired_compare_threads ("encrypt, 8 threads", run_encrypt, "by hand", run_by_hand, &bench, N_THREAD_CALLS, N_THREADS);
  paired_compare_threads ("decrypt, 8 threads", run_decrypt, "by hand", run_by_hand, &bench, N_THREAD_CALLS, N_THREADS);
  return 0;
}
