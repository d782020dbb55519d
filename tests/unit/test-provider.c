/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The edges of a provider's public functions: nothing, everything, for ever, and what a module says in its own words. */
#include <sys/wait.h>
#include <unistd.h>

#include "libkms/kms-context.h"
#include "libkms/kms-error.h"
#include "libkms/kms-provider-private.h"
#include "libkms/kms-secret.h"

typedef KmsProvider EdgeProvider;
typedef KmsProviderClass EdgeProviderClass;
GType edge_provider_get_type (void);
G_DEFINE_TYPE (EdgeProvider, edge_provider, KMS_TYPE_PROVIDER)

static gboolean is_inline;
static gint n_loaded, is_loading, n_too_early; /* atomic */
static gboolean asks_itself;
static GError *told_itself;

static gboolean
copy (KmsProvider *provider, KmsCall *call, GError **error)
{
  if (g_atomic_int_get (&is_loading))
    g_atomic_int_inc (&n_too_early);
  for (guint i = 0; i < kms_call_get_n_items (call); i++)
    {
      KmsItem *item = kms_call_get_item (call, i);
      gsize length;
      const guint8 *input = kms_item_get_input (item, &length);
      if (input == NULL)
        {
          kms_item_fail (item, KMS_ERROR_FAILED, "no input");
          continue;
        }
      memcpy (kms_item_reserve (item, length), input, length);
      kms_item_commit (item, length);
    }
  return TRUE;
}

static gboolean
open_provider (KmsProvider *self, GError **error)
{
  KmsCapability capabilities = KMS_CAPABILITY_ENCRYPT | KMS_CAPABILITY_DECRYPT;

  kms_provider_set_capabilities (self, is_inline ? capabilities | KMS_CAPABILITY_INLINE : capabilities);
  kms_provider_set_limit (self, KMS_LIMIT_CALL_TIMEOUT, G_MAXINT64);
  return TRUE;
}

static GVariant *
inspect (KmsProvider *self, const char *key_id, GBytes *ciphertext, GCancellable *cancellable, GError **error)
{
  if (g_bytes_get_size (ciphertext) > 0)
    return NULL;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "nothing to see");
  return NULL;
}

/* Takes its time, so that others come meanwhile. */
static void
after_fork (KmsProvider *self)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);

  g_atomic_int_set (&is_loading, TRUE);
  if (asks_itself)
    g_assert_null (kms_provider_decrypt (self, "key", bytes, NULL, NULL, &told_itself));
  g_usleep (50 * 1000);
  g_atomic_int_inc (&n_loaded);
  g_atomic_int_set (&is_loading, FALSE);
}

static void
edge_provider_init (EdgeProvider *self)
{
}

static void
edge_provider_class_init (EdgeProviderClass *klass)
{
  klass->open = open_provider;
  klass->encrypt = copy;
  klass->decrypt = copy;
  klass->inspect = inspect;
  klass->after_fork = after_fork;
}

static KmsProvider *
new_provider (gboolean inline_)
{
  KmsProviderConfig *config = _kms_provider_config_new ("edge");
  g_autoptr (GError) error = NULL;

  is_inline = inline_;
  KmsProvider *provider = _kms_provider_new (edge_provider_get_type (), config, &error);
  g_assert_no_error (error);
  _kms_provider_config_unref (config);
  return provider;
}

/* Empty bytes are bytes. */
static void
test_empty_ciphertext (gconstpointer inline_)
{
  g_autoptr (KmsProvider) provider = new_provider (inline_ != NULL);
  g_autoptr (GBytes) empty = g_bytes_new (NULL, 0);
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) plaintext = kms_provider_decrypt (provider, "key", empty, NULL, NULL, &error);
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_DECRYPT);

  g_assert_no_error (error);
  g_assert_cmpuint (kms_secret_get_length (plaintext), ==, 0);
  kms_batch_add_ciphertext (batch, empty, NULL, NULL);
  kms_provider_run (provider, "key", batch, NULL, &error);
  g_assert_no_error (error);
}

/* Who means "for ever" by the largest number must not get a deadline that has passed. */
static void
test_longest_timeout (void)
{
  g_autoptr (KmsProvider) provider = new_provider (FALSE);
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_DECRYPT);
  g_autoptr (GError) error = NULL;

  kms_batch_add_ciphertext (batch, bytes, NULL, NULL);
  kms_provider_run (provider, "key", batch, NULL, &error);
  g_assert_no_error (error);
  kms_batch_set_timeout (batch, G_MAXINT64);
  kms_provider_run (provider, "key", batch, NULL, &error);
  g_assert_no_error (error);
}

static void
test_inspect_names_provider (void)
{
  g_autoptr (KmsProvider) provider = new_provider (TRUE);
  g_autoptr (GBytes) empty = g_bytes_new (NULL, 0), bytes = g_bytes_new_static ("x", 1);
  g_autoptr (GError) error = NULL;

  g_assert_null (kms_provider_inspect (provider, "key", bytes, NULL, &error));
  g_assert_no_error (error);
  g_assert_null (kms_provider_inspect (provider, "key", empty, NULL, NULL));
  g_assert_null (kms_provider_inspect (provider, "key", empty, NULL, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_FAILED);
  g_assert_cmpstr (error->message, ==, "edge: nothing to see");
  g_assert_cmpstr (kms_error_get_provider (error), ==, "edge");
}

static void
keep_result (GObject *source, GAsyncResult *result, gpointer kept)
{
  *(GAsyncResult **) kept = g_object_ref (result);
}

/* A result of another function is told apart, not read as if it were one of this. */
static void
test_foreign_result (void)
{
  g_autoptr (KmsProvider) provider = new_provider (TRUE);
  g_autoptr (GTask) foreign = g_task_new (provider, NULL, NULL, NULL);
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_DECRYPT);
  g_autoptr (GAsyncResult) own = NULL;
  g_autoptr (GError) error = NULL;

  g_task_set_source_tag (foreign, test_foreign_result);
  g_test_expect_message ("libkms", G_LOG_LEVEL_CRITICAL, "*g_async_result_is_tagged*");
  g_assert_false (kms_provider_run_finish (provider, G_ASYNC_RESULT (foreign), NULL));
  g_test_assert_expected_messages ();
  g_task_return_boolean (foreign, TRUE);

  kms_provider_run_async (provider, "key", batch, NULL, keep_result, &own);
  while (own == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (kms_provider_run_finish (provider, own, &error));
  g_assert_no_error (error);
}

static gpointer
decrypt_in_thread (gpointer provider)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);
  g_autoptr (KmsSecret) plaintext = kms_provider_decrypt (provider, "key", bytes, NULL, NULL, NULL);

  return GINT_TO_POINTER (plaintext != NULL);
}

/* The child's exit code: 0 is what is wanted. */
static int
decrypt_in_threads (KmsProvider *provider)
{
  GThread *threads[8];
  gboolean all_right = TRUE;

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("decrypts", decrypt_in_thread, provider);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    all_right = g_thread_join (threads[i]) != NULL && all_right;
  return !all_right ? 1 : g_atomic_int_get (&n_loaded) != 1 ? 2 : g_atomic_int_get (&n_too_early) != 0 ? 3 : 0;
}

static int
decrypt_in_circle (KmsProvider *provider)
{
  asks_itself = TRUE;
  if (decrypt_in_thread (provider) == NULL)
    return 1;
  return g_error_matches (told_itself, KMS_ERROR, KMS_ERROR_MODULE) ? 0 : 2;
}

/* The child has ten seconds: what waits for itself ends by a signal. */
static void
assert_in_child (int (*func) (KmsProvider *provider))
{
#if defined(__SANITIZE_THREAD__)
  g_test_skip ("ThreadSanitizer gives up on a child that starts threads");
  return;
#elif defined(__SANITIZE_ADDRESS__)
  g_test_skip (
    "the locks of AddressSanitizer's allocator are not taken around fork(): a child that starts threads may hang");
  return;
#endif
  g_autoptr (KmsProvider) provider = new_provider (TRUE);
  pid_t child = fork ();
  int status;

  if (child == 0)
    {
      alarm (10);
      _exit (func (provider));
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
}

/* Keys are loaded once in a child, and nobody sees them half loaded. */
static void
test_fork_loads_once (void)
{
  assert_in_child (decrypt_in_threads);
}

/* A module that uses itself meanwhile is told so; no lock of ours is held then. */
static void
test_fork_asks_itself (void)
{
  assert_in_child (decrypt_in_circle);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/provider/empty-ciphertext/inline", GINT_TO_POINTER (TRUE), test_empty_ciphertext);
  g_test_add_data_func ("/provider/empty-ciphertext/threads", NULL, test_empty_ciphertext);
  g_test_add_func ("/provider/longest-timeout", test_longest_timeout);
  g_test_add_func ("/provider/inspect-names-provider", test_inspect_names_provider);
  g_test_add_func ("/provider/foreign-result", test_foreign_result);
  g_test_add_func ("/provider/fork/loads-once", test_fork_loads_once);
  g_test_add_func ("/provider/fork/asks-itself", test_fork_asks_itself);
  return g_test_run ();
}
