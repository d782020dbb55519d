/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way of a call: splitting, slots, fairness, deadlines, cancellation, and what is made of a provider's mistakes. */
#include "libkms/kms-batch-private.h"
#include "libkms/kms-context.h"
#include "libkms/kms-error.h"
#include "libkms/kms-provider-private.h"
#include "libkms/kms-secret.h"

typedef enum {
  ECHO,         /* the output is the input */
  FAIL_ODD,     /* items whose first byte is odd fail */
  FAIL_WHOLE,   /* the call fails */
  NO_GERROR,    /* the call fails without saying why */
  FORGET,       /* the second item is not settled */
  SETTLE_TWICE, /* the first item is committed twice */
  HANG,         /* blocks until the test lets it go */
  SLOW_FIRST,   /* settles the first item, then blocks as HANG */
  SUCCEED_WITH_ERROR,
} Behaviour;

typedef struct
{
  KmsProvider parent_instance;
  Behaviour behaviour;
  GMutex lock;
  GCond changed;
  guint n_calls, n_running, n_most_running, largest_call;
  gboolean let_go;
  GPtrArray *hanging; /* of KmsCall, of a provider with submit() */
  GString *order;     /* 's' for a single call, 'b' for one of more */
} FakeProvider;

typedef KmsProviderClass FakeProviderClass;

GType fake_provider_get_type (void);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FakeProvider, g_object_unref)
G_DEFINE_TYPE (FakeProvider, fake_provider, KMS_TYPE_PROVIDER)

static void
fake_provider_init (FakeProvider *self)
{
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->order = g_string_new (NULL);
  self->hanging = g_ptr_array_new_with_free_func ((GDestroyNotify) kms_call_unref);
}

static void
fake_provider_finalize (GObject *object)
{
  FakeProvider *self = (FakeProvider *) object;

  g_string_free (self->order, TRUE);
  g_ptr_array_unref (self->hanging);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  G_OBJECT_CLASS (fake_provider_parent_class)->finalize (object);
}

static void
echo_item (KmsItem *item)
{
  gsize length;
  const guint8 *input = kms_item_get_input (item, &length);
  guint8 *out = kms_item_reserve (item, length);

  memcpy (out, input, length);
  kms_item_commit (item, length);
}

static void
wait_until_let_go (FakeProvider *self)
{
  g_mutex_lock (&self->lock);
  while (!self->let_go)
    g_cond_wait (&self->changed, &self->lock);
  g_mutex_unlock (&self->lock);
}

static void
note_start (FakeProvider *self, KmsCall *call)
{
  g_mutex_lock (&self->lock);
  self->n_calls++;
  self->n_running++;
  self->n_most_running = MAX (self->n_most_running, self->n_running);
  self->largest_call = MAX (self->largest_call, kms_call_get_n_items (call));
  g_string_append_c (self->order, kms_call_get_n_items (call) == 1 ? 's' : 'b');
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

static void
note_end (FakeProvider *self)
{
  g_mutex_lock (&self->lock);
  self->n_running--;
  g_mutex_unlock (&self->lock);
}

static void
settle_one (FakeProvider *self, KmsItem *item, guint index)
{
  gsize length;
  gboolean odd = kms_item_get_input (item, &length)[0] % 2 == 1;

  if (self->behaviour == FAIL_ODD && odd)
    kms_item_fail (item, KMS_ERROR_INVALID_CIPHERTEXT, "odd");
  else if (!(self->behaviour == FORGET && index == 1))
    echo_item (item);
  if (self->behaviour == SETTLE_TWICE && index == 0)
    kms_item_fail (item, KMS_ERROR_FAILED, "second thoughts");
}

static gboolean
work (KmsProvider *provider, KmsCall *call, GError **error)
{
  FakeProvider *self = (FakeProvider *) provider;

  note_start (self, call);
  if (self->behaviour == HANG)
    wait_until_let_go (self);
  for (guint i = 0; i < kms_call_get_n_items (call); i++)
    {
      if (self->behaviour == SLOW_FIRST && i == 1)
        wait_until_let_go (self);
      if (self->behaviour != FAIL_WHOLE && self->behaviour != NO_GERROR)
        settle_one (self, kms_call_get_item (call, i), i);
    }
  note_end (self);
  if (self->behaviour == FAIL_WHOLE || self->behaviour == SUCCEED_WITH_ERROR)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "no luck");
  return self->behaviour != FAIL_WHOLE && self->behaviour != NO_GERROR;
}

static void
fake_provider_class_init (FakeProviderClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fake_provider_finalize;
  klass->encrypt = work;
  klass->decrypt = work;
}

/* The same work, on the provider's own thread. */
typedef FakeProvider SubmitProvider;
typedef FakeProviderClass SubmitProviderClass;
GType submit_provider_get_type (void);
G_DEFINE_TYPE (SubmitProvider, submit_provider, fake_provider_get_type ())

static gboolean complete_twice;

static gboolean
complete_later (gpointer data)
{
  KmsCall *call = data;

  for (guint i = 0; i < kms_call_get_n_items (call); i++)
    echo_item (kms_call_get_item (call, i));
  kms_call_complete (call, NULL);
  if (complete_twice)
    kms_call_complete (call, NULL);
  return G_SOURCE_REMOVE;
}

static void
submit (KmsProvider *provider, KmsCall *call)
{
  FakeProvider *self = (FakeProvider *) provider;

  note_start (self, call);
  if (self->behaviour == HANG)
    {
      g_mutex_lock (&self->lock);
      g_ptr_array_add (self->hanging, kms_call_ref (call));
      g_cond_broadcast (&self->changed);
      g_mutex_unlock (&self->lock);
      return;
    }
  g_autoptr (GSource) source = g_idle_source_new ();
  g_source_set_callback (source, complete_later, call, NULL);
  g_source_attach (source, g_main_context_get_thread_default ());
}

static void
submit_provider_init (SubmitProvider *self)
{
}

static void
submit_provider_class_init (SubmitProviderClass *klass)
{
  klass->encrypt = NULL;
  klass->decrypt = NULL;
  klass->submit = submit;
}

static FakeProvider *
make_provider (GType type, Behaviour behaviour, guint max_in_flight)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsProviderConfig) config = _kms_provider_config_new ("fake");
  FakeProvider *self = (FakeProvider *) _kms_provider_new (type, config, &error);

  g_assert_no_error (error);
  self->behaviour = behaviour;
  if (max_in_flight > 0)
    {
      KmsProviderPrivate *priv = _kms_provider_get_private ((KmsProvider *) self);
      _kms_provider_queue_free (priv->queue);
      priv->queue = _kms_provider_queue_new (max_in_flight);
    }
  return self;
}

static KmsBatch *
make_batch (guint n)
{
  KmsBatch *batch = kms_batch_new (KMS_OPERATION_ENCRYPT);

  for (guint i = 0; i < n; i++)
    {
      guint8 bytes[2] = { (guint8) i, (guint8) (i >> 8) };
      g_autoptr (KmsSecret) secret = kms_secret_new (bytes, sizeof bytes);
      kms_batch_add_secret (batch, secret, NULL);
    }
  return batch;
}

static void
assert_echo (KmsBatch *batch, guint index)
{
  guint8 bytes[2] = { (guint8) index, (guint8) (index >> 8) };
  GBytes *out = kms_batch_get_ciphertext (batch, index);

  g_assert_nonnull (out);
  g_assert_cmpmem (g_bytes_get_data (out, NULL), g_bytes_get_size (out), bytes, sizeof bytes);
}

static void
let_go (FakeProvider *self)
{
  g_mutex_lock (&self->lock);
  self->let_go = TRUE;
  g_cond_broadcast (&self->changed);
  while (KMS_PROVIDER_GET_CLASS (self)->submit != NULL && self->behaviour == HANG && self->hanging->len < self->n_calls)
    g_cond_wait (&self->changed, &self->lock);
  g_autoptr (GPtrArray) hanging = g_steal_pointer (&self->hanging);
  self->hanging = g_ptr_array_new_with_free_func ((GDestroyNotify) kms_call_unref);
  g_mutex_unlock (&self->lock);
  for (guint i = 0; i < hanging->len; i++)
    complete_later (g_ptr_array_index (hanging, i));
}

static void
wait_for_calls (FakeProvider *self, guint n_calls)
{
  g_mutex_lock (&self->lock);
  while (self->n_calls < n_calls)
    g_cond_wait (&self->changed, &self->lock);
  g_mutex_unlock (&self->lock);
}

typedef struct
{
  FakeProvider *provider;
  KmsBatch *batch;
  GCancellable *cancellable;
  gboolean result;
  GError *error;
} Caller;

static gpointer
run_caller (gpointer data)
{
  Caller *caller = data;

  caller->result =
    kms_provider_run ((KmsProvider *) caller->provider, "key", caller->batch, caller->cancellable, &caller->error);
  return NULL;
}

static void
caller_clear (Caller *caller)
{
  g_object_unref (caller->batch);
  g_clear_object (&caller->cancellable);
  g_clear_error (&caller->error);
}

static void
test_splits (gconstpointer type_func)
{
  g_autoptr (FakeProvider) self = make_provider (((GType (*) (void)) type_func) (), ECHO, 0);
  g_autoptr (KmsBatch) batch = make_batch (1000);
  g_autoptr (GError) error = NULL;

  kms_provider_set_limit ((KmsProvider *) self, KMS_LIMIT_ITEMS, 64);
  g_assert_true (kms_provider_run ((KmsProvider *) self, "key", batch, NULL, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < 1000; i++)
    assert_echo (batch, i);
  g_assert_cmpuint (self->n_calls, ==, (1000 + 63) / 64);
  g_assert_cmpuint (self->largest_call, ==, 64);
}

static void
test_one_fails_alone (void)
{
  g_autoptr (FakeProvider) self = make_provider (fake_provider_get_type (), FAIL_ODD, 0);
  g_autoptr (KmsBatch) batch = make_batch (10);
  g_autoptr (GError) error = NULL;

  g_assert_false (kms_provider_run ((KmsProvider *) self, "key", batch, NULL, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT);
  g_assert_cmpstr (error->message, ==, "fake: odd (item 1; 5 of 10 items failed)");
  g_assert_cmpstr (kms_error_get_provider (error), ==, "fake");
  g_assert_cmpuint (kms_batch_get_n_failed (batch), ==, 5);
  for (guint i = 0; i < 10; i += 2)
    assert_echo (batch, i);
}

static void
test_whole_call_fails (void)
{
  g_autoptr (FakeProvider) self = make_provider (fake_provider_get_type (), FAIL_WHOLE, 0);
  g_autoptr (KmsBatch) batch = make_batch (3);

  g_assert_false (kms_provider_run ((KmsProvider *) self, "key", batch, NULL, NULL));
  for (guint i = 0; i < 3; i++)
    {
      g_assert_error (kms_batch_get_error (batch, i), KMS_ERROR, KMS_ERROR_FAILED);
      g_assert_cmpstr (kms_batch_get_error (batch, i)->message, ==, "fake: no luck");
    }
}

static void
expect_broken_contract (Behaviour behaviour, const char *critical, guint index, const char *message)
{
  g_autoptr (FakeProvider) self = make_provider (fake_provider_get_type (), behaviour, 0);
  g_autoptr (KmsBatch) batch = make_batch (3);

  g_test_expect_message ("libkms", G_LOG_LEVEL_CRITICAL, critical);
  kms_provider_run ((KmsProvider *) self, "key", batch, NULL, NULL);
  g_test_assert_expected_messages ();
  if (message == NULL)
    g_assert_null (kms_batch_get_error (batch, index));
  else
    g_assert_cmpstr (kms_batch_get_error (batch, index)->message, ==, message);
}

static void
test_no_gerror (void)
{
  expect_broken_contract (
    NO_GERROR, "fake: a call failed without saying why", 0,
    "fake: a call failed without saying why; this is a bug of its module, please report it there");
}

static void
test_forgets (void)
{
  expect_broken_contract (
    FORGET, "fake: a call ended with an item neither done nor failed", 1,
    "fake: a call ended with an item neither done nor failed; this is a bug of its module, please "
    "report it there");
}

static void
test_settles_twice (void)
{
  expect_broken_contract (SETTLE_TWICE, "fake: an item was settled twice; the second time is ignored", 0, NULL);
}

static void
test_succeeds_with_error (void)
{
  g_autoptr (FakeProvider) self = make_provider (fake_provider_get_type (), SUCCEED_WITH_ERROR, 0);
  KmsCall call = { .provider = (KmsProvider *) self };

  g_test_expect_message ("libkms", G_LOG_LEVEL_CRITICAL, "fake: a call succeeded and set an error: no luck");
  _kms_call_check_contract (&call, TRUE, g_error_new (G_IO_ERROR, G_IO_ERROR_FAILED, "no luck"));
  g_test_assert_expected_messages ();
}

static void
test_slots (void)
{
  g_autoptr (FakeProvider) self = make_provider (fake_provider_get_type (), HANG, 3);
  Caller caller = { .provider = self, .batch = make_batch (100) };

  kms_provider_set_limit ((KmsProvider *) self, KMS_LIMIT_ITEMS, 10);
  g_autoptr (GThread) thread = g_thread_new ("caller", run_caller, &caller);
  wait_for_calls (self, 3);
  let_go (self);
  g_thread_join (g_steal_pointer (&thread));
  g_assert_true (caller.result);
  g_assert_cmpuint (self->n_calls, ==, 10);
  g_assert_cmpuint (self->n_most_running, <=, 3);
  caller_clear (&caller);
}

/* One slot is taken; behind it wait a table's worth of calls, and then single ones. */
static void
test_fairness (void)
{
  g_autoptr (FakeProvider) self = make_provider (fake_provider_get_type (), HANG, 1);
  Caller blocker = { .provider = self, .batch = make_batch (1) };
  Caller bulk = { .provider = self, .batch = make_batch (16) };
  Caller singles[8];
  GThread *threads[10];

  kms_provider_set_limit ((KmsProvider *) self, KMS_LIMIT_ITEMS, 2);
  threads[0] = g_thread_new ("blocker", run_caller, &blocker);
  wait_for_calls (self, 1);
  KmsProviderQueue *queue = _kms_provider_get_private ((KmsProvider *) self)->queue;
  threads[1] = g_thread_new ("bulk", run_caller, &bulk);
  while (_kms_provider_queue_count (queue) < 8)
    g_thread_yield ();
  for (guint i = 0; i < 8; i++)
    {
      singles[i] = (Caller){ .provider = self, .batch = make_batch (1) };
      threads[2 + i] = g_thread_new ("single", run_caller, &singles[i]);
    }
  while (_kms_provider_queue_count (queue) < 16)
    g_thread_yield ();
  let_go (self);
  for (guint i = 0; i < 10; i++)
    g_thread_join (threads[i]);

  g_assert_cmpstr (self->order->str, ==, "sssbsssbsssbbbbbb");
  for (guint i = 0; i < 8; i++)
    caller_clear (&singles[i]);
  caller_clear (&blocker);
  caller_clear (&bulk);
}

static void
test_deadline (gconstpointer type_func)
{
  g_autoptr (FakeProvider) self = make_provider (((GType (*) (void)) type_func) (), HANG, 0);
  g_autoptr (KmsBatch) batch = make_batch (1);
  g_autoptr (GError) error = NULL;

  kms_batch_set_timeout (batch, 50);
  g_assert_false (kms_provider_run ((KmsProvider *) self, "key", batch, NULL, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_TIMED_OUT);
  g_assert_true (g_str_has_prefix (error->message, "fake: no answer within 0.05 s; "));
  let_go (self);
}

static void
test_deadline_keeps_results (void)
{
  g_autoptr (FakeProvider) self = make_provider (fake_provider_get_type (), SLOW_FIRST, 0);
  g_autoptr (KmsBatch) batch = make_batch (3);
  g_autoptr (GError) error = NULL;

  kms_batch_set_timeout (batch, 50);
  g_assert_false (kms_provider_run ((KmsProvider *) self, "key", batch, NULL, &error));
  assert_echo (batch, 0);
  g_assert_error (kms_batch_get_error (batch, 1), KMS_ERROR, KMS_ERROR_TIMED_OUT);
  g_assert_cmpuint (kms_batch_get_n_failed (batch), ==, 2);

  let_go (self);
  g_assert_error (kms_batch_get_error (batch, 1), KMS_ERROR, KMS_ERROR_TIMED_OUT);
}

static void
test_cancel (gconstpointer type_func)
{
  g_autoptr (FakeProvider) self = make_provider (((GType (*) (void)) type_func) (), HANG, 0);
  Caller caller = { .provider = self, .batch = make_batch (2), .cancellable = g_cancellable_new () };
  g_autoptr (GThread) thread = g_thread_new ("caller", run_caller, &caller);

  wait_for_calls (self, 1);
  g_cancellable_cancel (caller.cancellable);
  g_thread_join (g_steal_pointer (&thread));
  g_assert_error (caller.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  let_go (self);
  caller_clear (&caller);
}

static void
test_cancelled_before (void)
{
  g_autoptr (FakeProvider) self = make_provider (fake_provider_get_type (), HANG, 0);
  g_autoptr (KmsBatch) batch = make_batch (1);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  let_go (self);
  g_cancellable_cancel (cancellable);
  g_assert_false (kms_provider_run ((KmsProvider *) self, "key", batch, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_completes_twice (void)
{
  g_autoptr (FakeProvider) self = make_provider (submit_provider_get_type (), ECHO, 0);
  g_autoptr (KmsBatch) first = make_batch (1);
  g_autoptr (KmsBatch) second = make_batch (1);
  g_autoptr (GError) error = NULL;

  if (g_test_subprocess ())
    {
      complete_twice = TRUE;
      kms_provider_run ((KmsProvider *) self, "key", first, NULL, &error);
      kms_provider_run ((KmsProvider *) self, "key", second, NULL, &error);
      g_assert_no_error (error);
      return;
    }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_stderr ("*fake: a call was completed twice; the second time is ignored*");
}

static void
on_ready (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static void
test_async (gconstpointer type_func)
{
  g_autoptr (FakeProvider) self = make_provider (((GType (*) (void)) type_func) (), ECHO, 0);
  g_autoptr (KmsBatch) batch = make_batch (3);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  kms_provider_run_async ((KmsProvider *) self, "key", batch, NULL, on_ready, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (kms_provider_run_finish ((KmsProvider *) self, result, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < 3; i++)
    assert_echo (batch, i);
}

static void
test_too_large (void)
{
  g_autoptr (FakeProvider) self = make_provider (fake_provider_get_type (), ECHO, 0);
  g_autoptr (KmsBatch) batch = make_batch (2);
  g_autoptr (KmsSecret) large = kms_secret_new ((const guint8 *) "0123456789", 10);

  kms_provider_set_limit ((KmsProvider *) self, KMS_LIMIT_PLAINTEXT, 9);
  kms_batch_add_secret (batch, large, NULL);
  g_assert_false (kms_provider_run ((KmsProvider *) self, "key", batch, NULL, NULL));
  assert_echo (batch, 0);
  assert_echo (batch, 1);
  g_assert_error (kms_batch_get_error (batch, 2), KMS_ERROR, KMS_ERROR_TOO_LARGE);
  g_assert_nonnull (strstr (kms_batch_get_error (batch, 2)->message, "10 bytes is larger than the limit of 9 bytes"));
}

static void
test_unbound_context (void)
{
  g_autoptr (FakeProvider) self = make_provider (fake_provider_get_type (), ECHO, 0);
  g_autoptr (KmsBatch) batch = make_batch (1);
  g_autoptr (KmsContext) context = kms_context_new ("a", "b", NULL);
  g_autoptr (KmsSecret) secret = kms_secret_new ((const guint8 *) "x", 1);

  kms_provider_set_binding ((KmsProvider *) self, KMS_BINDING_IGNORED);
  kms_batch_add_secret (batch, secret, context);
  g_assert_false (kms_provider_run ((KmsProvider *) self, "key", batch, NULL, NULL));
  assert_echo (batch, 0);
  g_assert_error (kms_batch_get_error (batch, 1), KMS_ERROR, KMS_ERROR_CONTEXT_UNBOUND);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_data_func ("/calls/splits/blocking", fake_provider_get_type, test_splits);
  g_test_add_data_func ("/calls/splits/submit", submit_provider_get_type, test_splits);
  g_test_add_func ("/calls/one-fails-alone", test_one_fails_alone);
  g_test_add_func ("/calls/whole-call-fails", test_whole_call_fails);
  g_test_add_func ("/calls/no-gerror", test_no_gerror);
  g_test_add_func ("/calls/forgets", test_forgets);
  g_test_add_func ("/calls/settles-twice", test_settles_twice);
  g_test_add_func ("/calls/succeeds-with-error", test_succeeds_with_error);
  g_test_add_func ("/calls/slots", test_slots);
  g_test_add_func ("/calls/fairness", test_fairness);
  g_test_add_data_func ("/calls/deadline/blocking", fake_provider_get_type, test_deadline);
  g_test_add_data_func ("/calls/deadline/submit", submit_provider_get_type, test_deadline);
  g_test_add_func ("/calls/deadline/keeps-results", test_deadline_keeps_results);
  g_test_add_data_func ("/calls/cancel/blocking", fake_provider_get_type, test_cancel);
  g_test_add_data_func ("/calls/cancel/submit", submit_provider_get_type, test_cancel);
  g_test_add_func ("/calls/cancel/before", test_cancelled_before);
  g_test_add_func ("/calls/completes-twice", test_completes_twice);
  g_test_add_data_func ("/calls/async/blocking", fake_provider_get_type, test_async);
  g_test_add_data_func ("/calls/async/submit", submit_provider_get_type, test_async);
  g_test_add_func ("/calls/too-large", test_too_large);
  g_test_add_func ("/calls/unbound-context", test_unbound_context);
  return g_test_run ();
}
