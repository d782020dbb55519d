/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a value through a box costs: single and in batches, on a provider that is given as a key id. */
#include <libkms/kms.h>

#define N_CALLS 300000
#define N_ITEMS 10000

static void
print (const char *what, gint64 started, guint n)
{
  gint64 elapsed = g_get_monotonic_time () - started;
  g_print ("%-24s %8.0f ns  %10.0f a second\n", what, 1000.0 * (double) elapsed / n, 1e6 * n / (double) elapsed);
}

static KmsContext *
make_context (void)
{
  return kms_context_new ("model_name", "User", "model_id", "123", NULL);
}

static char *
bench_encrypt (KmsBox *box, KmsSecret *secret)
{
  char *stored = NULL;
  gint64 started = g_get_monotonic_time ();

  for (guint i = 0; i < N_CALLS; i++)
    {
      g_autoptr (KmsContext) context = make_context ();
      g_free (stored);
      stored = kms_box_encrypt (box, secret, context, NULL, NULL);
    }
  print ("encrypt, single", started, N_CALLS);
  return stored;
}

static void
bench_decrypt (KmsBox *box, const char *stored)
{
  gint64 started = g_get_monotonic_time ();

  for (guint i = 0; i < N_CALLS; i++)
    {
      g_autoptr (KmsContext) context = make_context ();
      g_autoptr (KmsSecret) plain = kms_box_decrypt (box, stored, -1, context, NULL, NULL);
      g_assert_nonnull (plain);
    }
  print ("decrypt, single", started, N_CALLS);
}

static void
bench_batches (KmsBox *box, KmsSecret *secret, const char *stored)
{
  g_autoptr (KmsContext) context = make_context ();
  g_autoptr (KmsBatch) encrypt = kms_batch_new (KMS_OPERATION_ENCRYPT);
  g_autoptr (KmsBatch) decrypt = kms_batch_new (KMS_OPERATION_DECRYPT);

  for (guint i = 0; i < N_ITEMS; i++)
    {
      kms_batch_add_secret (encrypt, secret, context);
      kms_batch_add_stored (decrypt, stored, -1, context, NULL);
    }
  gint64 started = g_get_monotonic_time ();
  for (guint i = 0; i < 10; i++)
    g_assert_true (kms_box_run (box, encrypt, NULL, NULL));
  print ("encrypt, item of 10000", started, 10 * N_ITEMS);
  started = g_get_monotonic_time ();
  for (guint i = 0; i < 10; i++)
    g_assert_true (kms_box_run (box, decrypt, NULL, NULL));
  print ("decrypt, item of 10000", started, 10 * N_ITEMS);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsRegistry) registry = kms_registry_new_default (&error);
  g_autoptr (KmsBox) box =
    registry == NULL ? NULL : kms_box_new_for_key (registry, argc > 1 ? argv[1] : "insecure-test-key", NULL, &error);
  g_autoptr (KmsSecret) secret = kms_secret_new_random (32, NULL);
  g_autofree char *probe = box == NULL ? NULL : kms_box_encrypt (box, secret, NULL, NULL, &error);

  if (probe == NULL)
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  g_autofree char *stored = bench_encrypt (box, secret);
  bench_decrypt (box, stored);
  bench_batches (box, secret, stored);
  return 0;
}
