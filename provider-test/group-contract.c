/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* contract: what every call and every question must come to. */
#include <dlfcn.h>
#include <string.h>

#include "cases.h"
#include "operations.h"
#include "verdict.h"

static void
check_capabilities (Fixture *fixture)
{
  KmsProviderClass *klass = KMS_PROVIDER_GET_CLASS (fixture->provider);
  KmsCapability has = kms_provider_get_capabilities (fixture->provider);
  const struct
  {
    KmsCapability capability;
    gboolean implemented;
    const char *name;
  } operations[] = {
    { KMS_CAPABILITY_ENCRYPT, klass->encrypt != NULL, "encrypt" },
    { KMS_CAPABILITY_DECRYPT, klass->decrypt != NULL, "decrypt" },
    { KMS_CAPABILITY_REWRAP, klass->rewrap != NULL, "rewrap" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (operations) && klass->submit == NULL; i++)
    {
      gboolean declared = (has & operations[i].capability) != 0;
      verdict_check (declared || !operations[i].implemented, "it implements %s() and does not declare it",
                     operations[i].name);
      verdict_check (!declared || operations[i].implemented, "it declares %s and does not implement it",
                     operations[i].name);
    }
  verdict_check (klass->after_fork == NULL || (has & KMS_CAPABILITY_INLINE) != 0,
                 "after_fork() is called only where INLINE is declared");
}

/* A fork is survived by who keeps neither threads nor connections: both say so, or none. */
static void
check_inline (Fixture *fixture)
{
  gpointer handle = dlopen (fixture->options->module, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
  const KmsModuleInfo *info = handle == NULL ? NULL : dlsym (handle, KMS_MODULE_SYMBOL);
  KmsCapability has = kms_provider_get_capabilities (fixture->provider);

  if (info != NULL && (has & KMS_CAPABILITY_INLINE) != 0)
    verdict_check ((info->flags & KMS_MODULE_INLINE) != 0,
                   "the provider says KMS_CAPABILITY_INLINE, its module does not say KMS_MODULE_INLINE");
}

static void
check_settles (Fixture *fixture)
{
  static const guint sizes[] = { 1, 2, 3, 65 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *what = g_strdup_printf ("all items of a batch of %u", sizes[i]);
      g_autoptr (GPtrArray) secrets = make_secrets (sizes[i], 32);
      g_autoptr (KmsBatch)
        encrypted = encrypt_all (fixture->provider, fixture->key_id, secrets, fixture->context, what);
      if (encrypted != NULL)
        check_all_decrypt (fixture->provider, fixture->key_id, encrypted, secrets, fixture->context, what);
    }
}

static void
check_empty_batch (Fixture *fixture)
{
  static const KmsOperation operations[] = { KMS_OPERATION_ENCRYPT, KMS_OPERATION_DECRYPT, KMS_OPERATION_REWRAP };

  for (guint i = 0; i < G_N_ELEMENTS (operations); i++)
    {
      g_autoptr (KmsBatch) batch = kms_batch_new (operations[i]);
      g_autoptr (GError) error = NULL;
      verdict_check (kms_provider_run (fixture->provider, fixture->key_id, batch, NULL, &error),
                     "a batch without items fails: %s", error == NULL ? "" : error->message);
    }
}

/* Every third item of the decryption is no ciphertext. */
static KmsBatch *
make_partly_bad (Fixture *fixture, KmsBatch *encrypted)
{
  KmsBatch *batch = kms_batch_new (KMS_OPERATION_DECRYPT);
  g_autoptr (GBytes) garbage = g_bytes_new_static ("this is no ciphertext at all", 28);

  for (guint i = 0; i < kms_batch_get_n_items (encrypted); i++)
    kms_batch_add_ciphertext (batch, i % 3 == 1 ? garbage : kms_batch_get_ciphertext (encrypted, i), fixture->context,
                              NULL);
  return batch;
}

static void
check_bad_items (Fixture *fixture)
{
  g_autoptr (GPtrArray) secrets = make_secrets (9, 32);
  g_autoptr (KmsBatch)
    encrypted = encrypt_all (fixture->provider, fixture->key_id, secrets, fixture->context, "nine plaintexts");
  if (encrypted == NULL)
    return;
  g_autoptr (KmsBatch) batch = make_partly_bad (fixture, encrypted);
  gboolean all = kms_provider_run (fixture->provider, fixture->key_id, batch, NULL, NULL);

  verdict_check (!all && kms_batch_get_n_failed (batch) == 3, "of nine ciphertexts, three are bad, and %u failed",
                 kms_batch_get_n_failed (batch));
  for (guint i = 0; i < secrets->len; i++)
    {
      const GError *error = kms_batch_get_error (batch, i);
      g_autofree char *what = g_strdup_printf ("item %u, which is no ciphertext,", i);
      if (i % 3 == 1)
        check_refusal (fixture->provider, error, what);
      else if (verdict_check (error == NULL, "item %u fails because of its neighbours: %s", i,
                              error == NULL ? "" : error->message))
        verdict_check (kms_secret_equal (kms_batch_get_secret (batch, i), g_ptr_array_index (secrets, i)),
                       "item %u between bad ones came back as something else", i);
    }
}

typedef struct
{
  gboolean done;
  gboolean succeeded;
  GError *error;
} Answer;

static void
on_answer (GObject *provider, GAsyncResult *result, gpointer data)
{
  Answer *answer = data;

  answer->succeeded = kms_provider_run_finish (KMS_PROVIDER (provider), result, &answer->error);
  answer->done = TRUE;
}

static void
check_async (Fixture *fixture)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_ENCRYPT);
  g_autoptr (KmsSecret) secret = make_secret (32);
  Answer answer = { 0 };

  g_main_context_push_thread_default (context);
  kms_batch_add_secret (batch, secret, fixture->context);
  kms_provider_run_async (fixture->provider, fixture->key_id, batch, NULL, on_answer, &answer);
  verdict_check (!answer.done, "the callback ran before the function returned");
  while (!answer.done)
    g_main_context_iteration (context, TRUE);
  g_main_context_pop_thread_default (context);
  if (verdict_check (answer.succeeded, "an asynchronous run fails: %s",
                     answer.error == NULL ? "" : answer.error->message))
    check_decrypts (fixture->provider, fixture->key_id, kms_batch_get_ciphertext (batch, 0), fixture->context, secret,
                    "what was encrypted asynchronously");
  g_clear_error (&answer.error);
}

static void
check_is_cancelled (const GError *error, const char *what)
{
  verdict_check (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED), "%s: %s", what,
                 error == NULL ? "was done" : error->message);
}

static void
check_cancelled (Fixture *fixture)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_ENCRYPT);
  g_autoptr (KmsSecret) secret = make_secret (32);
  g_autoptr (GError) error = NULL;
  Answer answer = { 0 };

  g_cancellable_cancel (cancellable);
  g_autoptr (GBytes)
    none = kms_provider_encrypt (fixture->provider, fixture->key_id, secret, fixture->context, cancellable, &error);
  check_is_cancelled (error, "one value, cancelled beforehand");
  kms_batch_add_secret (batch, secret, fixture->context);
  kms_batch_add_secret (batch, secret, fixture->context);
  kms_provider_run (fixture->provider, fixture->key_id, batch, cancellable, NULL);
  check_is_cancelled (kms_batch_get_error (batch, 1), "a batch, cancelled beforehand");
  kms_provider_run_async (fixture->provider, fixture->key_id, batch, cancellable, on_answer, &answer);
  while (!answer.done)
    g_main_context_iteration (NULL, TRUE);
  check_is_cancelled (answer.error, "an asynchronous batch, cancelled beforehand");
  g_clear_error (&answer.error);
}

static void
check_not_supported (Fixture *fixture)
{
  static const struct
  {
    KmsOperation operation;
    KmsCapability capability;
    const char *what;
  } operations[] = {
    { KMS_OPERATION_ENCRYPT, KMS_CAPABILITY_ENCRYPT, "encrypting" },
    { KMS_OPERATION_DECRYPT, KMS_CAPABILITY_DECRYPT, "decrypting" },
    { KMS_OPERATION_REWRAP, KMS_CAPABILITY_REWRAP, "rewrapping" },
  };
  KmsCapability has = kms_provider_get_capabilities (fixture->provider);
  g_autoptr (KmsSecret) secret = make_secret (32);
  g_autoptr (GBytes) bytes = g_bytes_new_static ("something", 9);

  for (guint i = 0; i < G_N_ELEMENTS (operations); i++)
    {
      g_autoptr (KmsBatch) batch = kms_batch_new (operations[i].operation);
      if ((has & operations[i].capability) != 0)
        continue;
      if (operations[i].operation == KMS_OPERATION_ENCRYPT)
        kms_batch_add_secret (batch, secret, NULL);
      else
        kms_batch_add_ciphertext (batch, bytes, NULL, NULL);
      kms_provider_run (fixture->provider, fixture->key_id, batch, NULL, NULL);
      verdict_check (g_error_matches (kms_batch_get_error (batch, 0), KMS_ERROR, KMS_ERROR_NOT_SUPPORTED),
                     "%s, which it can't, is not answered with not-supported", operations[i].what);
    }
}

static void
check_binding (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsContext) context = kms_context_new ("a", "b", NULL);
  g_autoptr (KmsSecret) secret = make_secret (32);
  KmsBinding binding = kms_provider_get_binding (fixture->provider, fixture->key_id, NULL, &error);

  if (!verdict_check (error == NULL, "it can't say how the key binds the context: %s",
                      error == NULL ? "" : error->message))
    return;
  if (binding != KMS_BINDING_IGNORED || kms_provider_get_allow_unbound_context (fixture->provider))
    return;
  g_autoptr (GBytes)
    ciphertext = kms_provider_encrypt (fixture->provider, fixture->key_id, secret, context, NULL, &error);
  verdict_check (g_error_matches (error, KMS_ERROR, KMS_ERROR_CONTEXT_UNBOUND),
                 "it ignores the context, and encrypts with one all the same");
}

const TestCase cases_contract[] = {
  { "contract/capabilities", "it declares what it implements, and implements what it declares", check_capabilities,
    FIXTURE_PROVIDER },
  { "contract/inline", "module and provider agree on being pure computation", check_inline, FIXTURE_PROVIDER },
  { "contract/settles", "every item of a call is done or failed", check_settles, FIXTURE_ROUND_TRIP },
  { "contract/empty-batch", "a batch without items succeeds", check_empty_batch, FIXTURE_PROVIDER },
  { "contract/bad-items", "bad items fail, and nothing else with them", check_bad_items, FIXTURE_ROUND_TRIP },
  { "contract/async", "the asynchronous way works as the blocking one does", check_async, FIXTURE_ROUND_TRIP },
  { "contract/cancelled", "what was cancelled beforehand is not done", check_cancelled, FIXTURE_ENCRYPTION },
  { "contract/not-supported", "what it does not implement is answered with not-supported", check_not_supported,
    FIXTURE_PROVIDER },
  { "contract/binding", "it says how a key binds the context, and keeps to it", check_binding, FIXTURE_ENCRYPTION },
  { NULL },
};
