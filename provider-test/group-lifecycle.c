/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* lifecycle: opening and closing the provider, again and again, twice at once, and while it works. */
#include "cases.h"
#include "operations.h"
#include "process-state.h"
#include "verdict.h"

#define WARM_UP_ROUNDS 5
#define ROUNDS 40
/* The pool's and GLib's own threads come and go; a leak of one a round is far above this. */
#define TOLERANCE 3
#define SETTLE_MILLISECONDS 3000

static void
check_opens (Fixture *fixture)
{
  verdict_check (kms_provider_get_capabilities (fixture->provider) != 0, "it opens, and can do nothing");
}

static gboolean
use_once (Fixture *fixture)
{
  g_autoptr (KmsProvider) provider = fixture_open_another (fixture, fixture->name);
  g_autoptr (KmsSecret) secret = make_secret (32);

  return provider != NULL
         && check_round_trip (provider, fixture->key_id, secret, fixture->context, "a plaintext of the next round");
}

/* A thread that was told to end needs a moment. */
static void
wait_until_below (guint (*count) (void), guint limit)
{
  for (guint waited = 0; count () > limit && waited < SETTLE_MILLISECONDS; waited += 10)
    g_usleep (10 * 1000);
}

static void
check_many_times (Fixture *fixture)
{
  for (guint i = 0; i < WARM_UP_ROUNDS; i++)
    if (!use_once (fixture))
      return;
  guint descriptors = process_count_descriptors (), threads = process_count_threads ();
  for (guint i = 0; i < ROUNDS; i++)
    if (!use_once (fixture))
      return;
  wait_until_below (process_count_descriptors, descriptors + TOLERANCE);
  wait_until_below (process_count_threads, threads + TOLERANCE);
  verdict_check (process_count_descriptors () <= descriptors + TOLERANCE,
                 "%u descriptors were open, and %u after the provider was opened and dropped %d times more",
                 descriptors, process_count_descriptors (), ROUNDS);
  verdict_check (process_count_threads () <= threads + TOLERANCE,
                 "%u threads ran, and %u after the provider was opened and dropped %d times more", threads,
                 process_count_threads (), ROUNDS);
}

static void
check_unused (Fixture *fixture)
{
  for (guint i = 0; i < WARM_UP_ROUNDS; i++)
    {
      g_autoptr (KmsProvider) provider = fixture_open_another (fixture, fixture->name);
    }
}

static void
check_two_providers (Fixture *fixture)
{
  g_autofree char *name = g_strconcat (fixture->name, "-2", NULL);
  g_autoptr (KmsProvider) other = fixture_open_another (fixture, name);
  g_autoptr (KmsSecret) secret = make_secret (32);

  if (other == NULL)
    return;
  verdict_check (other != fixture->provider, "two files made one provider object");
  verdict_check (G_OBJECT_TYPE (other) == G_OBJECT_TYPE (fixture->provider), "two files made two types");
  g_autoptr (GBytes) ciphertext =
    encrypt_value (fixture->provider, fixture->key_id, secret, fixture->context, "beside another provider, it");
  check_round_trip (other, fixture->key_id, secret, fixture->context, "with the second provider, it");
  g_clear_object (&other);
  if (ciphertext != NULL)
    check_decrypts (fixture->provider, fixture->key_id, ciphertext, fixture->context, secret,
                    "after the second provider went, it");
}

static void
on_done (GObject *provider, GAsyncResult *result, gpointer data)
{
  kms_provider_run_finish (KMS_PROVIDER (provider), result, NULL);
  *(gboolean *) data = TRUE;
}

static void
check_dropped_while_busy (Fixture *fixture)
{
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_ENCRYPT);
  g_autoptr (GPtrArray) secrets = make_secrets (300, 32);
  gboolean done = FALSE;

  for (guint i = 0; i < secrets->len; i++)
    kms_batch_add_secret (batch, g_ptr_array_index (secrets, i), fixture->context);
  kms_provider_run_async (fixture->provider, fixture->key_id, batch, NULL, on_done, &done);
  fixture_drop_provider (fixture);
  while (!done)
    g_main_context_iteration (NULL, TRUE);
  for (guint i = 0; i < secrets->len; i++)
    {
      const GError *error = kms_batch_get_error (batch, i);
      verdict_check (kms_batch_get_ciphertext (batch, i) != NULL,
                     "item %u of a call in flight, when the provider went: %s", i,
                     error == NULL ? "neither done nor failed" : error->message);
    }
}

const TestCase cases_lifecycle[] = {
  { "lifecycle/opens", "the provider opens with what its file says", check_opens, FIXTURE_PROVIDER },
  { "lifecycle/unused", "it can be dropped without having been used", check_unused, FIXTURE_PROVIDER },
  { "lifecycle/many-times", "opening and dropping it leaves no descriptors and no threads", check_many_times,
    FIXTURE_ROUND_TRIP },
  { "lifecycle/two-providers", "two files of one module are two providers that don't know each other",
    check_two_providers, FIXTURE_ROUND_TRIP },
  { "lifecycle/dropped-while-busy", "what is in flight when the provider is dropped is still done",
    check_dropped_while_busy, FIXTURE_ENCRYPTION },
  { NULL },
};
