/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What becomes of modules that load and then break the contract: the caller gets an error that blames the module, the log
 * gets a critical, and the process goes on. */
#include <libkms/kms-module.h>
#include <string.h>

#include "../config-root.h"

typedef struct
{
  char *root;
  KmsRegistry *registry;
} Fixture;

static gint n_criticals;

/* g_test_expect_message() does not see structured messages. */
static GLogWriterOutput
count_criticals (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  if ((level & G_LOG_LEVEL_CRITICAL) == 0)
    return g_log_writer_default (level, fields, n_fields, data);
  g_atomic_int_inc (&n_criticals);
  return G_LOG_WRITER_HANDLED;
}

static void
setup (Fixture *self, gconstpointer id)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *module = g_strdup_printf ("kms-%s.so", (const char *) id);

  self->root = config_root_new ();
  config_root_add_provider (self->root, id, module, "Prefixes=mock/");
  self->registry = kms_registry_new (self->root, NULL, &error);
  g_assert_no_error (error);
  g_atomic_int_set (&n_criticals, 0);
}

static void
teardown (Fixture *self, gconstpointer id)
{
  g_clear_object (&self->registry);
  g_clear_pointer (&self->root, config_root_remove);
}

static KmsProvider *
load (Fixture *self, const char *id)
{
  g_autoptr (GError) error = NULL;
  KmsProvider *provider = kms_registry_dup_provider (self->registry, id, &error);

  g_assert_no_error (error);
  return provider;
}

static KmsBatch *
run (KmsProvider *provider, guint n_items, gint64 timeout, GError **error)
{
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_ENCRYPT);

  for (guint i = 0; i < n_items; i++)
    {
      g_autoptr (KmsSecret) secret = kms_secret_new ((const guint8 *) "seven", 5);
      kms_batch_add_secret (batch, secret, NULL);
    }
  if (timeout > 0)
    kms_batch_set_timeout (batch, timeout);
  kms_provider_run (provider, "k", batch, NULL, error);
  return g_steal_pointer (&batch);
}

static void
assert_item_is_right (KmsBatch *batch, guint index)
{
  GBytes *bytes = kms_batch_get_ciphertext (batch, index);

  g_assert_no_error (kms_batch_get_error (batch, index));
  g_assert_nonnull (bytes);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "seven", 5);
}

static void
test_no_gerror (Fixture *self, gconstpointer id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsProvider) provider = load (self, id);
  g_autoptr (KmsBatch) batch = run (provider, 3, 0, &error);

  g_assert_error (error, KMS_ERROR, KMS_ERROR_MODULE);
  g_assert_true (g_str_has_prefix (error->message, "no-gerror: "));
  g_assert_nonnull (strstr (error->message, "bug of its module"));
  g_assert_cmpuint (kms_batch_get_n_failed (batch), ==, 3);
  g_assert_cmpint (g_atomic_int_get (&n_criticals), >=, 1);
}

static void
test_open_no_gerror (Fixture *self, gconstpointer id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider (self->registry, id, &error);

  g_assert_null (provider);
  g_assert_error (error, KMS_ERROR, KMS_ERROR_MODULE);
  g_assert_true (g_str_has_prefix (error->message, "open-no-gerror: "));
  g_assert_cmpint (g_atomic_int_get (&n_criticals), ==, 1);
}

static void
test_forgets_items (Fixture *self, gconstpointer id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsProvider) provider = load (self, id);
  g_autoptr (KmsBatch) batch = run (provider, 3, 0, &error);

  g_assert_nonnull (error);
  assert_item_is_right (batch, 0);
  assert_item_is_right (batch, 1);
  g_assert_error (kms_batch_get_error (batch, 2), KMS_ERROR, KMS_ERROR_MODULE);
  g_assert_null (kms_batch_get_ciphertext (batch, 2));
  g_assert_cmpuint (kms_batch_get_n_failed (batch), ==, 1);
  g_assert_cmpint (g_atomic_int_get (&n_criticals), >=, 1);
}

static void
test_completes_twice (Fixture *self, gconstpointer id)
{
  g_autoptr (KmsProvider) provider = load (self, id);

  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (KmsBatch) batch = run (provider, 2, 0, &error);
      g_assert_no_error (error);
      assert_item_is_right (batch, 0);
      assert_item_is_right (batch, 1);
    }
  /* Each second completion is told off in the provider's thread, after the caller has its result. */
  g_clear_object (&self->registry);
  g_clear_object (&provider);
  while (g_atomic_int_get (&n_criticals) < 20)
    g_thread_yield ();
  g_assert_cmpint (g_atomic_int_get (&n_criticals), ==, 20);
}

static void
test_completes_late (Fixture *self, gconstpointer id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsProvider) provider = load (self, id);
  g_autoptr (KmsBatch) late = run (provider, 1, 0, &error);

  g_assert_error (error, KMS_ERROR, KMS_ERROR_TIMED_OUT);
  g_assert_null (kms_batch_get_ciphertext (late, 0));
  g_clear_error (&error);

  /* With time enough it is right, and the late answer has not got into it. */
  g_autoptr (KmsBatch) patient = run (provider, 1, 60 * 1000, &error);
  g_assert_no_error (error);
  assert_item_is_right (patient, 0);
  g_assert_cmpstr (kms_batch_get_request_id (patient, 0), ==, "late");
  g_assert_null (kms_batch_get_ciphertext (late, 0));
  g_assert_null (kms_batch_get_request_id (late, 0));
  g_assert_cmpint (g_atomic_int_get (&n_criticals), ==, 0);
}

static void
test_hangs (Fixture *self, gconstpointer id)
{
  g_autoptr (KmsProvider) provider = load (self, id);

  /* More calls than the provider has slots: the queue has its deadlines too. */
  for (guint i = 0; i < 12; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (KmsBatch) batch = run (provider, 1, 20, &error);
      g_assert_error (error, KMS_ERROR, KMS_ERROR_TIMED_OUT);
      g_assert_true (g_str_has_prefix (error->message, "hangs: "));
    }
}

static gpointer
cancel_soon (gpointer cancellable)
{
  g_usleep (20 * 1000);
  g_cancellable_cancel (cancellable);
  return NULL;
}

/* What is no operation has the provider's deadline as well, and a caller that is cancelled leaves at once. */
static void
test_hangs_asked (Fixture *self, gconstpointer id)
{
  g_autoptr (KmsProvider) provider = load (self, id);
  g_autoptr (KmsReport) report = kms_report_new ();
  g_autoptr (GError) error = NULL;
  const char *finding;

  kms_provider_set_limit (provider, KMS_LIMIT_CALL_TIMEOUT, 20);
  g_assert_null (kms_key_admin_run (KMS_KEY_ADMIN (provider), KMS_KEY_VERB_LIST, NULL, NULL, NULL, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_TIMED_OUT);
  g_assert_true (g_str_has_prefix (error->message, "hangs: no answer within 0.02 s"));
  g_clear_error (&error);

  g_assert_cmpint (kms_provider_get_binding (provider, "key", NULL, &error), ==, KMS_BINDING_UNKNOWN);
  g_assert_error (error, KMS_ERROR, KMS_ERROR_TIMED_OUT);
  g_clear_error (&error);

  kms_provider_diagnose (provider, "key", report, NULL);
  g_assert_cmpuint (kms_report_get_n_findings (report), ==, 1);
  kms_report_get_finding (report, 0, NULL, &finding, NULL);
  g_assert_true (g_str_has_prefix (finding, "hangs: no answer within"));

  kms_provider_set_limit (provider, KMS_LIMIT_CALL_TIMEOUT, 60 * 1000);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GThread *thread = g_thread_new ("cancel", cancel_soon, cancellable);
  g_assert_null (kms_key_admin_run (KMS_KEY_ADMIN (provider), KMS_KEY_VERB_LIST, NULL, NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_thread_join (thread);
}

#define ASSERT_TIMED_OUT(answer)                                                                                       \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    g_autoptr (GError) error = NULL;                                                                                   \
    g_assert_true (!(answer));                                                                                         \
    g_assert_error (error, KMS_ERROR, KMS_ERROR_TIMED_OUT);                                                            \
    g_assert_true (g_str_has_prefix (error->message, "hangs: no answer within 0.02 s"));                               \
  }                                                                                                                    \
  G_STMT_END

/* So has what a provider that holds its keys itself is asked. */
static void
test_hangs_key_store (Fixture *self, gconstpointer id)
{
  g_autoptr (KmsProvider) provider = load (self, id);
  g_autoptr (KmsSecret) passphrase = kms_secret_new ((const guint8 *) "seven", 5);
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);
  KmsKeyStore *store = KMS_KEY_STORE (provider);

  kms_provider_set_limit (provider, KMS_LIMIT_CALL_TIMEOUT, 20);
  ASSERT_TIMED_OUT (kms_key_store_export_key (store, "key", passphrase, NULL, &error));
  ASSERT_TIMED_OUT (kms_key_store_import_key (store, "key", bytes, passphrase, NULL, &error));
  ASSERT_TIMED_OUT (kms_key_store_change_root (store, "file", NULL, &error));
  ASSERT_TIMED_OUT (kms_key_store_describe_root (store, NULL, &error));
  ASSERT_TIMED_OUT (kms_provider_inspect (provider, "key", bytes, NULL, &error));
}

static void
assert_cancelled (GError **error)
{
  g_assert_error (*error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (error);
}

static void
test_hangs_cancelled (Fixture *self, gconstpointer id)
{
  g_autoptr (KmsProvider) provider = load (self, id);
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  GThread *thread = g_thread_new ("cancel", cancel_soon, cancellable);

  g_assert_null (kms_provider_inspect (provider, "key", bytes, cancellable, &error));
  assert_cancelled (&error);
  g_assert_null (kms_key_store_describe_root (KMS_KEY_STORE (provider), cancellable, &error));
  assert_cancelled (&error);
  g_thread_join (thread);
}

static void
test_prints (Fixture *self, gconstpointer id)
{
  if (g_test_subprocess ())
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (KmsProvider) provider = load (self, id);
      g_autoptr (KmsBatch) batch = run (provider, 1, 0, &error);
      g_assert_no_error (error);
      assert_item_is_right (batch, 0);
      return;
    }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr ("*mock: here I am*mock: look at me*");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_log_set_always_fatal (G_LOG_FATAL_MASK);
  g_log_set_writer_func (count_criticals, NULL, NULL);
#define ADD(id, function) g_test_add ("/modules/contract/" id, Fixture, id, setup, function, teardown)
  ADD ("no-gerror", test_no_gerror);
  ADD ("open-no-gerror", test_open_no_gerror);
  ADD ("forgets-items", test_forgets_items);
  ADD ("completes-twice", test_completes_twice);
  ADD ("completes-late", test_completes_late);
  ADD ("prints", test_prints);
  ADD ("hangs", test_hangs);
  g_test_add ("/modules/contract/hangs/asked", Fixture, "hangs", setup, test_hangs_asked, teardown);
  g_test_add ("/modules/contract/hangs/key-store", Fixture, "hangs", setup, test_hangs_key_store, teardown);
  g_test_add ("/modules/contract/hangs/cancelled", Fixture, "hangs", setup, test_hangs_cancelled, teardown);
  return g_test_run ();
}
