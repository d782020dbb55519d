/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* limits: what the provider says that it takes, it takes, and nothing larger reaches it. */
#include "cases.h"
#include "operations.h"
#include "spy.h"
#include "verdict.h"

/* What is larger than this says that there is no limit. */
#define LARGEST_PLAINTEXT (16 * 1024 * 1024)
#define LARGEST_BATCH 20000
#define LARGE_BATCH 2000

static void
check_plaintext (Fixture *fixture)
{
  gint64 limit = kms_provider_get_limit (fixture->provider, KMS_LIMIT_PLAINTEXT);
  g_autofree char *what = g_strdup_printf ("a plaintext of %" G_GINT64_FORMAT " bytes, the limit,", limit);

  if (limit > LARGEST_PLAINTEXT)
    {
      verdict_skip ("the limit of %" G_GINT64_FORMAT " bytes is too large to be tried", limit);
      return;
    }
  g_autoptr (KmsSecret) secret = make_secret ((gsize) limit);
  g_autoptr (GBytes) ciphertext = encrypt_value (fixture->provider, fixture->key_id, secret, fixture->context, what);
  if (ciphertext == NULL)
    return;
  verdict_check ((gint64) g_bytes_get_size (ciphertext)
                   <= kms_provider_get_limit (fixture->provider, KMS_LIMIT_CIPHERTEXT),
                 "%s becomes a ciphertext of %zu bytes, which is above the limit of ciphertexts, %" G_GINT64_FORMAT,
                 what, g_bytes_get_size (ciphertext), kms_provider_get_limit (fixture->provider, KMS_LIMIT_CIPHERTEXT));
  check_decrypts (fixture->provider, fixture->key_id, ciphertext, fixture->context, secret, what);
}

static void
check_too_large (const GError *error, const char *what)
{
  verdict_check (g_error_matches (error, KMS_ERROR, KMS_ERROR_TOO_LARGE), "%s above the limit: %s", what,
                 error == NULL ? "is taken" : error->message);
  verdict_check (spy_get_n_calls () == 0, "%s above the limit reaches the module", what);
}

static void
check_above_plaintext (Fixture *fixture)
{
  gint64 limit = kms_provider_get_limit (fixture->provider, KMS_LIMIT_PLAINTEXT);
  g_autoptr (GError) error = NULL;

  if (limit > LARGEST_PLAINTEXT)
    {
      verdict_skip ("the limit of %" G_GINT64_FORMAT " bytes is too large to be tried", limit);
      return;
    }
  spy_attach (fixture->provider);
  g_autoptr (KmsSecret) secret = make_secret ((gsize) limit + 1);
  g_autoptr (GBytes)
    ciphertext = kms_provider_encrypt (fixture->provider, fixture->key_id, secret, fixture->context, NULL, &error);
  check_too_large (error, "a plaintext");
}

static void
check_ciphertext (Fixture *fixture)
{
  gint64 limit = kms_provider_get_limit (fixture->provider, KMS_LIMIT_CIPHERTEXT);
  g_autoptr (GError) error = NULL;

  if (limit > LARGEST_PLAINTEXT)
    {
      verdict_skip ("the limit of %" G_GINT64_FORMAT " bytes is too large to be tried", limit);
      return;
    }
  gpointer zeros = g_malloc0 ((gsize) limit + 1);
  g_autoptr (GBytes) above = g_bytes_new_take (zeros, (gsize) limit + 1);
  g_autoptr (GBytes) largest = g_bytes_new_from_bytes (above, 0, (gsize) limit);
  check_refused (fixture->provider, fixture->key_id, largest, fixture->context, "zeros, as many as the limit,");
  spy_attach (fixture->provider);
  g_autoptr (KmsSecret)
    plaintext = kms_provider_decrypt (fixture->provider, fixture->key_id, above, fixture->context, NULL, &error);
  check_too_large (error, "a ciphertext");
}

static void
run_many (Fixture *fixture, guint n)
{
  g_autofree char *what = g_strdup_printf ("%u items", n);
  g_autoptr (GPtrArray) secrets = make_secrets (n, 16);
  g_autoptr (KmsBatch) encrypted = encrypt_all (fixture->provider, fixture->key_id, secrets, fixture->context, what);

  if (encrypted != NULL)
    check_all_decrypt (fixture->provider, fixture->key_id, encrypted, secrets, fixture->context, what);
}

static void
check_items (Fixture *fixture)
{
  gint64 limit = kms_provider_get_limit (fixture->provider, KMS_LIMIT_ITEMS);

  if (fixture->context != NULL)
    limit = MIN (limit, kms_provider_get_limit (fixture->provider, KMS_LIMIT_ITEMS_WITH_CONTEXT));
  if (limit > LARGEST_BATCH)
    {
      verdict_skip ("the provider takes any number of items a call");
      return;
    }
  spy_attach (fixture->provider);
  run_many (fixture, (guint) limit + 1);
  verdict_check (spy_get_largest_call () <= limit, "a call had %u items, above the limit of %" G_GINT64_FORMAT,
                 spy_get_largest_call (), limit);
  verdict_check (spy_get_n_calls () >= 4, "%u calls for two times one item more than the limit", spy_get_n_calls ());
}

static void
check_uniform (Fixture *fixture)
{
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_ENCRYPT);
  g_autoptr (GPtrArray) secrets = make_secrets (10, 16);
  g_autoptr (GError) error = NULL;

  if ((kms_provider_get_capabilities (fixture->provider) & KMS_CAPABILITY_UNIFORM_CONTEXTS) == 0)
    {
      verdict_skip ("the provider takes items with and without a context in one call");
      return;
    }
  spy_attach (fixture->provider);
  for (guint i = 0; i < secrets->len; i++)
    kms_batch_add_secret (batch, g_ptr_array_index (secrets, i), i % 2 == 0 ? fixture->context : NULL);
  verdict_check (kms_provider_run (fixture->provider, fixture->key_id, batch, NULL, &error),
                 "a batch with and without contexts: %s", error == NULL ? "" : error->message);
  verdict_check (!spy_get_mixed_contexts (), "a call had items with and without a context");
}

static void
check_batch (Fixture *fixture)
{
  run_many (fixture, LARGE_BATCH);
}

/* Somebody's limit of context is not declared: then it is the provider that says so. */
static void
check_context (Fixture *fixture)
{
  g_autofree char *value = g_strnfill (100 * 1000, 'v');
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsContext) context = kms_context_new ("name", value, NULL);
  g_autoptr (KmsSecret) secret = make_secret (32);
  g_autoptr (GBytes)
    ciphertext = kms_provider_encrypt (fixture->provider, fixture->key_id, secret, context, NULL, &error);

  if (ciphertext != NULL)
    check_decrypts (fixture->provider, fixture->key_id, ciphertext, context, secret, "with a context of 100 kB, it");
  else if (check_error (fixture->provider, error, "a context of 100 kB"))
    verdict_check (error_is_one_of (error, KMS_ERROR_TOO_LARGE, KMS_ERROR_INVALID_ARGUMENT, -1),
                   "a context of 100 kB: the code is %s: %s", kms_error_get_id (error), error->message);
}

const TestCase cases_limits[] = {
  { "limits/plaintext", "a plaintext of the limit's size comes back", check_plaintext, FIXTURE_ROUND_TRIP },
  { "limits/above-plaintext", "a larger one is too large before anything is done", check_above_plaintext,
    FIXTURE_ENCRYPTION },
  { "limits/ciphertext", "a ciphertext of the limit's size is looked at, a larger one is not", check_ciphertext,
    FIXTURE_ROUND_TRIP },
  { "limits/items", "a batch above the limit of items comes in several calls", check_items, FIXTURE_ROUND_TRIP },
  { "limits/uniform-contexts", "a batch with and without contexts comes in several calls, if it has to", check_uniform,
    FIXTURE_ROUND_TRIP | FIXTURE_BINDING },
  { "limits/batch", "2000 items come back", check_batch, FIXTURE_ROUND_TRIP },
  { "limits/context", "a context of 100 kB works, or is too large", check_context,
    FIXTURE_ROUND_TRIP | FIXTURE_BINDING },
  { NULL },
};
