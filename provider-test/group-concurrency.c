/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* concurrency: many threads, both ways of calling, two registries, and who changes his mind. */
#include "cases.h"
#include "operations.h"
#include "verdict.h"

#define N_THREADS 8
#define ROUNDS_INLINE 200
#define ROUNDS_ELSE 20
#define N_ASYNC 40

typedef struct
{
  KmsProvider *provider;
  const char *key_id;
  KmsContext *context; /* NULL: none, whatever the round */
  guint number;
  guint n_rounds;
} Worker;

/* Each round has a context of its own, so that mixed-up items would not decrypt. */
static gpointer
work (gpointer data)
{
  Worker *self = data;

  for (guint round = 0; round < self->n_rounds; round++)
    {
      g_autofree char *what = g_strdup_printf ("in thread %u, round %u, it", self->number, round);
      g_autoptr (KmsContext) own = self->context == NULL ? NULL : make_context ("round", self->number * 100000 + round);
      g_autoptr (KmsSecret) secret = make_secret (1 + (self->number + round) % 64);
      if (!check_round_trip (self->provider, self->key_id, secret, own, what))
        break;
    }
  return NULL;
}

static guint
count_rounds (Fixture *fixture)
{
  gboolean is_inline = (kms_provider_get_capabilities (fixture->provider) & KMS_CAPABILITY_INLINE) != 0;
  return is_inline ? ROUNDS_INLINE : ROUNDS_ELSE;
}

static void
start_workers (Fixture *fixture, Worker *workers, GThread **threads, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      workers[i] = (Worker){ fixture->provider, fixture->key_id, fixture->context, i, count_rounds (fixture) };
      threads[i] = g_thread_new ("worker", work, &workers[i]);
    }
}

static void
join_workers (GThread **threads, guint n)
{
  for (guint i = 0; i < n; i++)
    g_thread_join (threads[i]);
}

static void
check_threads (Fixture *fixture)
{
  Worker workers[N_THREADS];
  GThread *threads[N_THREADS];

  start_workers (fixture, workers, threads, N_THREADS);
  join_workers (threads, N_THREADS);
}

/* The provider is not there yet when all ask for it. */
static gpointer
open_and_work (gpointer data)
{
  Worker *self = data;
  g_autoptr (KmsRegistry) registry = KMS_REGISTRY (g_steal_pointer (&self->provider));
  g_autoptr (GError) error = NULL;
  g_autofree char *key_id = NULL;
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider_for_key (registry, self->key_id, NULL, &key_id, &error);
  Worker inner = { provider, key_id, self->context, self->number, self->n_rounds };

  if (verdict_check (provider != NULL, "in thread %u, it does not open: %s", self->number,
                     error == NULL ? "" : error->message))
    work (&inner);
  return NULL;
}

static void
check_first_use (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsRegistry) registry = kms_registry_new_default (&error);
  Worker workers[N_THREADS];
  GThread *threads[N_THREADS];

  if (!verdict_check (registry != NULL, "%s", error == NULL ? "" : error->message))
    return;
  for (guint i = 0; i < N_THREADS; i++)
    {
      workers[i] = (Worker){ .key_id = fixture->file->key_id, .context = fixture->context, .number = i, .n_rounds = 5 };
      workers[i].provider = (gpointer) g_object_ref (registry);
      threads[i] = g_thread_new ("worker", open_and_work, &workers[i]);
    }
  join_workers (threads, N_THREADS);
}

typedef struct
{
  guint n_left;
  guint n_done;
  guint n_cancelled;
} Tally;

static void
on_done (GObject *provider, GAsyncResult *result, gpointer data)
{
  Tally *tally = data;
  g_autoptr (GError) error = NULL;

  if (kms_provider_run_finish (KMS_PROVIDER (provider), result, &error))
    tally->n_done++;
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    tally->n_cancelled++;
  else
    verdict_fail ("an asynchronous run: %s", error->message);
  tally->n_left--;
}

static void
check_mixed (Fixture *fixture)
{
  g_autoptr (GPtrArray) batches = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) secrets = make_secrets (N_ASYNC, 32);
  Tally tally = { .n_left = N_ASYNC };
  Worker workers[4];
  GThread *threads[4];

  start_workers (fixture, workers, threads, G_N_ELEMENTS (threads));
  for (guint i = 0; i < N_ASYNC; i++)
    {
      KmsBatch *batch = kms_batch_new (KMS_OPERATION_ENCRYPT);
      kms_batch_add_secret (batch, g_ptr_array_index (secrets, i), fixture->context);
      g_ptr_array_add (batches, batch);
      kms_provider_run_async (fixture->provider, fixture->key_id, batch, NULL, on_done, &tally);
    }
  while (tally.n_left > 0)
    g_main_context_iteration (NULL, TRUE);
  join_workers (threads, G_N_ELEMENTS (threads));
  for (guint i = 0; i < N_ASYNC && tally.n_done == N_ASYNC; i++)
    check_decrypts (fixture->provider, fixture->key_id, kms_batch_get_ciphertext (g_ptr_array_index (batches, i), 0),
                    fixture->context, g_ptr_array_index (secrets, i), "encrypted beside other threads, it");
}

/* Whether it is stopped in time is a matter of luck; that each item is done or cancelled, and nothing else, is not. */
static void
check_cancel (Fixture *fixture)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_ENCRYPT);
  g_autoptr (GPtrArray) secrets = make_secrets (2000, 16);
  g_autoptr (KmsSecret) secret = make_secret (32);
  Tally tally = { .n_left = 1 };

  for (guint i = 0; i < secrets->len; i++)
    kms_batch_add_secret (batch, g_ptr_array_index (secrets, i), fixture->context);
  kms_provider_run_async (fixture->provider, fixture->key_id, batch, cancellable, on_done, &tally);
  g_cancellable_cancel (cancellable);
  while (tally.n_left > 0)
    g_main_context_iteration (NULL, TRUE);
  for (guint i = 0; i < secrets->len; i++)
    {
      const GError *error = kms_batch_get_error (batch, i);
      gboolean settled = error == NULL ? kms_batch_get_ciphertext (batch, i) != NULL
                                       : g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      verdict_check (settled, "item %u of a cancelled run: %s", i, error == NULL ? "neither" : error->message);
    }
  check_round_trip (fixture->provider, fixture->key_id, secret, fixture->context, "after a cancelled run, it");
}

static void
check_registries (Fixture *fixture)
{
  g_autoptr (KmsProvider) other = fixture_open_another (fixture, fixture->name);
  g_autoptr (KmsSecret) secret = make_secret (32);
  Worker second = { other, fixture->key_id, fixture->context, 2, count_rounds (fixture) };
  Worker first = { fixture->provider, fixture->key_id, fixture->context, 1, count_rounds (fixture) };

  if (other == NULL)
    return;
  GThread *thread = g_thread_new ("second", work, &second);
  work (&first);
  g_thread_join (thread);
  g_autoptr (GBytes)
    ciphertext = encrypt_value (other, fixture->key_id, secret, fixture->context, "with another registry, it");
  if (ciphertext != NULL)
    check_decrypts (fixture->provider, fixture->key_id, ciphertext, fixture->context, secret,
                    "encrypted through another registry, it");
}

static void
check_rotation (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  Worker workers[4];
  GThread *threads[4];

  start_workers (fixture, workers, threads, G_N_ELEMENTS (threads));
  for (guint i = 0; i < 5 && error == NULL; i++)
    {
      g_autoptr (GPtrArray) rotated =
        kms_key_admin_run (KMS_KEY_ADMIN (fixture->provider), KMS_KEY_VERB_ROTATE, fixture->key_id, NULL, NULL, &error);
    }
  join_workers (threads, G_N_ELEMENTS (threads));
  if (g_error_matches (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED))
    verdict_skip ("the provider can't rotate a key");
  else
    verdict_check (error == NULL, "a rotation beside other threads: %s", error == NULL ? "" : error->message);
}

const TestCase cases_concurrency[] = {
  { "concurrency/threads", "eight threads encrypt and decrypt their own at once", check_threads, FIXTURE_ROUND_TRIP },
  { "concurrency/first-use", "eight threads open it at once", check_first_use, FIXTURE_ROUND_TRIP },
  { "concurrency/mixed", "threads that wait and runs that do not go side by side", check_mixed, FIXTURE_ROUND_TRIP },
  { "concurrency/cancel", "cancelling in the middle leaves every item done or cancelled, and the provider usable",
    check_cancel, FIXTURE_ROUND_TRIP },
  { "concurrency/registries", "two registries in one process work beside each other", check_registries,
    FIXTURE_ROUND_TRIP },
  { "concurrency/rotation", "a rotation disturbs nobody", check_rotation, FIXTURE_ROUND_TRIP | FIXTURE_KEY_ADMIN },
  { NULL },
};
