/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* round-trip: rewrapping, where the provider does that itself. */
#include "cases.h"
#include "operations.h"
#include "verdict.h"

static GBytes *
rewrap (Fixture *fixture, GBytes *ciphertext, KmsContext *context, KmsContext *new_context, GError **error)
{
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_REWRAP);

  kms_batch_add_ciphertext (batch, ciphertext, context, new_context);
  return kms_provider_run (fixture->provider, fixture->key_id, batch, NULL, error)
           ? g_bytes_ref (kms_batch_get_ciphertext (batch, 0))
           : NULL;
}

static void
check_rewrap (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) secret = make_secret (32);
  g_autoptr (GBytes)
    ciphertext = encrypt_value (fixture->provider, fixture->key_id, secret, fixture->context, "a plaintext");
  g_autoptr (GBytes) rewrapped = ciphertext == NULL ? NULL
                                                    : rewrap (fixture, ciphertext, fixture->context, NULL, &error);

  if (verdict_check (rewrapped != NULL, "it does not rewrap: %s", error == NULL ? "" : error->message))
    check_decrypts (fixture->provider, fixture->key_id, rewrapped, fixture->context, secret, "a rewrapped ciphertext");
}

static void
check_new_context (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsContext) other = kms_context_new ("purpose", "another", NULL);
  g_autoptr (KmsSecret) secret = make_secret (32);
  g_autoptr (GBytes)
    ciphertext = encrypt_value (fixture->provider, fixture->key_id, secret, fixture->context, "a plaintext");
  g_autoptr (GBytes) rewrapped = ciphertext == NULL ? NULL
                                                    : rewrap (fixture, ciphertext, fixture->context, other, &error);

  if (g_error_matches (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED))
    {
      verdict_skip ("the provider does not change the context while it rewraps");
      return;
    }
  if (!verdict_check (rewrapped != NULL, "it does not rewrap to another context: %s",
                      error == NULL ? "" : error->message))
    return;
  check_decrypts (fixture->provider, fixture->key_id, rewrapped, other, secret, "rewrapped, with the new context, it");
  check_refused (fixture->provider, fixture->key_id, rewrapped, fixture->context,
                 "rewrapped, with the old context, it");
}

static void
check_wrong (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) of_context = NULL;
  g_autoptr (KmsContext) other = kms_context_new ("purpose", "another", NULL);
  g_autoptr (KmsSecret) secret = make_secret (32);
  g_autoptr (GBytes) garbage = g_bytes_new_static ("this is no ciphertext at all", 28);
  g_autoptr (GBytes)
    ciphertext = encrypt_value (fixture->provider, fixture->key_id, secret, fixture->context, "a plaintext");
  g_autoptr (GBytes) of_garbage = rewrap (fixture, garbage, fixture->context, NULL, &error);
  g_autoptr (GBytes)
    with_other = ciphertext == NULL ? NULL : rewrap (fixture, ciphertext, other, fixture->context, &of_context);

  check_refusal (fixture->provider, error, "garbage, to be rewrapped,");
  if (ciphertext != NULL)
    check_refusal (fixture->provider, of_context, "a ciphertext, to be rewrapped with a wrong context,");
}

const TestCase cases_rewrap[] = {
  { "round-trip/rewrap", "a rewrapped ciphertext decrypts to the same", check_rewrap,
    FIXTURE_ROUND_TRIP | FIXTURE_REWRAP },
  { "round-trip/rewrap-context", "rewrapping can change the context", check_new_context,
    FIXTURE_ROUND_TRIP | FIXTURE_REWRAP | FIXTURE_BINDING },
  { "round-trip/rewrap-wrong", "what would not decrypt is not rewrapped", check_wrong,
    FIXTURE_ROUND_TRIP | FIXTURE_REWRAP | FIXTURE_BINDING },
  { NULL },
};
