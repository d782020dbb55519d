/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A process that may start no more threads: calls fail and say why, the process lives, and works again afterwards. */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "libkms/kms-deadline-private.h"
#include "libkms/kms-error.h"
#include "libkms/kms-key-admin.h"
#include "libkms/kms-provider-private.h"
#include "libkms/kms-secret.h"

static gint n_threads_left = G_MAXINT; /* atomic */

/* Stands in front of the system's own, also for GLib. */
int
pthread_create (pthread_t *thread, const pthread_attr_t *attributes, void *(*func) (void *), void *data)
{
  int (*real) (pthread_t *, const pthread_attr_t *, void *(*) (void *), void *) = dlsym (RTLD_NEXT, "pthread_create");

  if (g_atomic_int_add (&n_threads_left, -1) > 0)
    return real (thread, attributes, func, data);
  g_atomic_int_inc (&n_threads_left);
  return EAGAIN;
}

typedef KmsProvider PlainProvider;
typedef KmsProviderClass PlainProviderClass;
GType plain_provider_get_type (void);
static void plain_provider_key_admin_init (KmsKeyAdminInterface *iface);
G_DEFINE_TYPE_WITH_CODE (PlainProvider, plain_provider, KMS_TYPE_PROVIDER,
                         G_IMPLEMENT_INTERFACE (KMS_TYPE_KEY_ADMIN, plain_provider_key_admin_init))

typedef KmsProvider SubmitProvider;
typedef KmsProviderClass SubmitProviderClass;
GType submit_provider_get_type (void);
G_DEFINE_TYPE (SubmitProvider, submit_provider, KMS_TYPE_PROVIDER)

static gboolean
echo (KmsProvider *self, KmsCall *call, GError **error)
{
  for (guint i = 0; i < kms_call_get_n_items (call); i++)
    {
      gsize length;
      KmsItem *item = kms_call_get_item (call, i);
      const guint8 *input = kms_item_get_input (item, &length);
      memcpy (kms_item_reserve (item, length), input, length);
      kms_item_commit (item, length);
    }
  return TRUE;
}

static void
submit (KmsProvider *self, KmsCall *call)
{
  echo (self, call, NULL);
  kms_call_complete (call, NULL);
}

static KmsBinding
get_binding (KmsProvider *self, const char *key_id, GCancellable *cancellable, GError **error)
{
  return KMS_BINDING_VERIFIED;
}

static GPtrArray *
list_keys (KmsKeyAdmin *self, GVariant *options, GCancellable *cancellable, GError **error)
{
  return g_ptr_array_new_with_free_func (g_object_unref);
}

static void
plain_provider_key_admin_init (KmsKeyAdminInterface *iface)
{
  iface->list_keys = list_keys;
}

static gboolean
open_provider (KmsProvider *self, GError **error)
{
  kms_provider_set_limit (self, KMS_LIMIT_ITEMS, 1);
  return TRUE;
}

static void
plain_provider_init (PlainProvider *self)
{
}

static void
plain_provider_class_init (PlainProviderClass *klass)
{
  klass->open = open_provider;
  klass->encrypt = echo;
  klass->get_binding = get_binding;
}

static void
submit_provider_init (SubmitProvider *self)
{
}

static void
submit_provider_class_init (SubmitProviderClass *klass)
{
  klass->open = open_provider;
  klass->submit = submit;
}

static KmsProvider *
new_provider (GType type)
{
  KmsProviderConfig *config = _kms_provider_config_new ("plain");
  g_autoptr (GError) error = NULL;
  KmsProvider *provider = _kms_provider_new (type, config, &error);

  g_assert_no_error (error);
  _kms_provider_config_unref (config);
  return provider;
}

static GBytes *
encrypt (KmsProvider *provider, GError **error)
{
  g_autoptr (KmsSecret) secret = kms_secret_new ((const guint8 *) "seven", 5);

  return kms_provider_encrypt (provider, "key", secret, NULL, NULL, error);
}

static void
assert_no_thread (const GError *error)
{
  g_assert_error (error, KMS_ERROR, KMS_ERROR_UNAVAILABLE);
  g_assert_true (g_str_has_prefix (error->message, "plain: no thread could be started: "));
  g_assert_nonnull (strstr (error->message, "TasksMax="));
}

static void
assert_works (KmsProvider *provider)
{
  g_autoptr (GError) error = NULL;

  g_atomic_int_set (&n_threads_left, G_MAXINT);
  g_autoptr (GBytes) bytes = encrypt (provider, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "seven", 5);
}

static void
assert_fails (KmsProvider *provider)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (encrypt (provider, &error));
  assert_no_thread (error);
}

/* No thread at all: nobody could keep the deadline. */
static void
test_deadlines (void)
{
  g_autoptr (KmsProvider) provider = new_provider (plain_provider_get_type ());

  g_atomic_int_set (&n_threads_left, 0);
  assert_fails (provider);
  assert_fails (provider);
  assert_works (provider);
}

/* The deadlines are kept, and the provider's code has no thread; as many calls as a table has rows.
 */
static void
test_calls (gconstpointer type)
{
  g_autoptr (KmsProvider) provider = new_provider (((GType (*) (void)) type) ());
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_ENCRYPT);
  g_autoptr (KmsSecret) secret = kms_secret_new ((const guint8 *) "seven", 5);
  const guint n = 20000;
  g_autoptr (GError) error = NULL;

  g_assert_true (_kms_deadline_prepare (NULL));
  g_atomic_int_set (&n_threads_left, 0);
  assert_fails (provider);
  for (guint i = 0; i < n; i++)
    kms_batch_add_secret (batch, secret, NULL);
  g_assert_false (kms_provider_run (provider, "key", batch, NULL, &error));
  assert_no_thread (error);
  g_assert_cmpuint (kms_batch_get_n_failed (batch), ==, n);
  g_clear_error (&error);

  g_atomic_int_set (&n_threads_left, G_MAXINT);
  kms_provider_run (provider, "key", batch, NULL, &error);
  g_assert_no_error (error);
  assert_works (provider);
}

static void
keep_result (GObject *source, GAsyncResult *result, gpointer kept)
{
  *(GAsyncResult **) kept = g_object_ref (result);
}

static GPtrArray *
list_async (KmsProvider *provider, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  kms_key_admin_run_async (KMS_KEY_ADMIN (provider), KMS_KEY_VERB_LIST, NULL, NULL, NULL, keep_result, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return kms_key_admin_run_finish (KMS_KEY_ADMIN (provider), result, error);
}

/* What is no operation. GLib's first GTask starts a thread of GLib's own, or ends the process: that is over before. */
static void
test_questions (void)
{
  g_autoptr (KmsProvider) provider = new_provider (plain_provider_get_type ());
  g_autoptr (GError) error = NULL;

  g_type_ensure (G_TYPE_TASK);
  g_atomic_int_set (&n_threads_left, 0);
  g_assert_cmpint (kms_provider_get_binding (provider, "key", NULL, &error), ==, KMS_BINDING_UNKNOWN);
  assert_no_thread (error);
  g_clear_error (&error);
  g_assert_null (list_async (provider, &error));
  assert_no_thread (error);
  g_clear_error (&error);

  g_atomic_int_set (&n_threads_left, G_MAXINT);
  g_assert_cmpint (kms_provider_get_binding (provider, "key", NULL, &error), ==, KMS_BINDING_VERIFIED);
  g_autoptr (GPtrArray) keys = list_async (provider, &error);
  g_assert_no_error (error);
  g_assert_nonnull (keys);
}

/* Each in a process of its own, so that no idle thread of another is there to help out. */
static void
run_apart (gconstpointer path)
{
  g_test_trap_subprocess (path, 0, 0);
  g_test_trap_assert_passed ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/no-threads/subprocess/deadlines", test_deadlines);
  g_test_add_data_func ("/no-threads/subprocess/calls", plain_provider_get_type, test_calls);
  g_test_add_data_func ("/no-threads/subprocess/submit", submit_provider_get_type, test_calls);
  g_test_add_func ("/no-threads/subprocess/questions", test_questions);
  g_test_add_data_func ("/no-threads/deadlines", "/no-threads/subprocess/deadlines", run_apart);
  g_test_add_data_func ("/no-threads/calls", "/no-threads/subprocess/calls", run_apart);
  g_test_add_data_func ("/no-threads/submit", "/no-threads/subprocess/submit", run_apart);
  g_test_add_data_func ("/no-threads/questions", "/no-threads/subprocess/questions", run_apart);
  return g_test_run ();
}
