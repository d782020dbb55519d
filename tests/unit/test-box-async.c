/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The asynchronous forms: they come to the same, in the caller's main context, and can be cancelled at any time. */
#include "box-fixture.h"

#include <string.h>

#define TEST_KEY "insecure-test-key"

/* Providers that work in the caller's thread, and such that do not. */
static const char *const key_ids[] = { TEST_KEY, "inline/x", "tells/x", "rewraps/x" };

typedef struct
{
  GMainContext *context;
  GAsyncResult *result;
  GThread *thread;
  guint n_calls;
} Waiter;

static void
waiter_init (Waiter *self)
{
  *self = (Waiter){ .context = g_main_context_new () };
  g_main_context_push_thread_default (self->context);
}

static void
waiter_clear (Waiter *self)
{
  g_clear_object (&self->result);
  g_main_context_pop_thread_default (self->context);
  g_main_context_unref (self->context);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Waiter, waiter_clear)

static void
on_ready (GObject *source, GAsyncResult *result, gpointer data)
{
  Waiter *self = data;

  self->n_calls++;
  self->thread = g_thread_self ();
  g_set_object (&self->result, result);
}

static void
wait_for (Waiter *self)
{
  g_clear_object (&self->result);
  while (self->result == NULL)
    g_main_context_iteration (self->context, TRUE);
  g_assert_true (self->thread == g_thread_self ());
}

static void
test_encrypt (BoxFixture *self, gconstpointer data)
{
  g_auto (Waiter) waiter;
  g_autoptr (KmsSecret) secret = box_secret ("hello");
  g_autoptr (KmsContext) context = kms_context_new ("id", "1", NULL);

  waiter_init (&waiter);
  for (guint i = 0; i < G_N_ELEMENTS (key_ids); i++)
    {
      g_autoptr (KmsBox) box = box_new (self, "1", key_ids[i]);
      g_autofree char *expected = box_encrypt (box, "hello", context);
      g_autoptr (GError) error = NULL;

      kms_box_encrypt_async (box, secret, context, NULL, on_ready, &waiter);
      g_assert_cmpuint (waiter.n_calls, ==, i);
      wait_for (&waiter);
      g_autofree char *stored = kms_box_encrypt_finish (box, waiter.result, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (stored, ==, expected);
    }
  g_assert_cmpuint (waiter.n_calls, ==, G_N_ELEMENTS (key_ids));
}

static void
test_decrypt (BoxFixture *self, gconstpointer data)
{
  g_auto (Waiter) waiter;
  g_autofree char *good = box_seal ("v1:", "hello", NULL);
  g_autoptr (KmsSecret) expected = box_secret ("hello");
  g_autoptr (KmsBox) box = box_new (self, "1", TEST_KEY);
  g_autoptr (GError) error = NULL;

  waiter_init (&waiter);
  /* The caller's text may be gone when the work is done. */
  g_autofree char *copy = g_strdup (good);
  kms_box_decrypt_async (box, copy, -1, NULL, NULL, on_ready, &waiter);
  memset (copy, 'x', strlen (copy));
  wait_for (&waiter);
  g_autoptr (KmsSecret) secret = kms_box_decrypt_finish (box, waiter.result, &error);
  g_assert_no_error (error);
  g_assert_true (kms_secret_equal (secret, expected));

  kms_box_decrypt_async (box, "v2:AAAA", -1, NULL, NULL, on_ready, &waiter);
  wait_for (&waiter);
  g_assert_null (kms_box_decrypt_finish (box, waiter.result, &error));
  box_assert_error (error, KMS_ERROR_NOT_ACTIVE, "version not active: 2");
}

static void
test_rewrap (BoxFixture *self, gconstpointer data)
{
  g_auto (Waiter) waiter;
  g_autoptr (KmsContext) first = kms_context_new ("id", "1", NULL);
  g_autoptr (KmsContext) second = kms_context_new ("id", "2", NULL);

  waiter_init (&waiter);
  for (guint i = 0; i < G_N_ELEMENTS (key_ids); i++)
    {
      g_autoptr (KmsBox) box = box_new (self, "1", key_ids[i]);
      g_autofree char *stored = box_encrypt (box, "hello", first);
      g_autoptr (GError) error = NULL;
      g_autofree char *expected = kms_box_rewrap (box, stored, -1, first, second, NULL, &error);
      g_assert_no_error (error);

      kms_box_rewrap_async (box, stored, -1, first, second, NULL, on_ready, &waiter);
      wait_for (&waiter);
      g_autofree char *made = kms_box_rewrap_finish (box, waiter.result, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (made, ==, expected);
    }
}

static void
test_data_key (BoxFixture *self, gconstpointer data)
{
  g_auto (Waiter) waiter;
  g_autoptr (KmsBox) box = box_new (self, "1", TEST_KEY);
  g_autoptr (KmsBox) disabled = box_new (self, "1", "nobody/x");
  g_autoptr (KmsSecret) key = NULL;
  KmsSecret *none = (KmsSecret *) 1;
  g_autoptr (GError) error = NULL;

  waiter_init (&waiter);
  kms_box_generate_data_key_async (box, 32, NULL, NULL, on_ready, &waiter);
  wait_for (&waiter);
  g_autofree char *wrapped = kms_box_generate_data_key_finish (box, waiter.result, &key, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (kms_secret_get_length (key), ==, 32);
  g_autoptr (KmsSecret) unwrapped = kms_box_decrypt (box, wrapped, -1, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (kms_secret_equal (key, unwrapped));

  kms_box_generate_data_key_async (disabled, 32, NULL, NULL, on_ready, &waiter);
  wait_for (&waiter);
  g_assert_null (kms_box_generate_data_key_finish (disabled, waiter.result, &none, &error));
  g_assert_null (none);
  box_assert_error (error, KMS_ERROR_NOT_FOUND, "nobody/x");
}

static void
test_batch (BoxFixture *self, gconstpointer data)
{
  g_auto (Waiter) waiter;

  waiter_init (&waiter);
  for (guint i = 1; i < G_N_ELEMENTS (key_ids); i++)
    {
      g_autoptr (KmsBox) box = box_new (self, "1", key_ids[i]);
      g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_DECRYPT);
      g_autoptr (GError) error = NULL;

      for (guint item = 0; item < 100; item++)
        kms_batch_add_stored (batch, item == 17 ? "v1:ZmFpbA==" : "v1:QQ==", -1, NULL, NULL);
      kms_box_run_async (box, batch, NULL, on_ready, &waiter);
      wait_for (&waiter);
      g_assert_false (kms_box_run_finish (box, waiter.result, &error));
      box_assert_error (error, KMS_ERROR_THROTTLED, "told to fail (item 17; 1 of 100 items failed)");
      g_assert_nonnull (kms_batch_get_secret (batch, 99));
    }
}

/* Nothing is started for who has changed his mind before. */
static void
test_cancelled_before (BoxFixture *self, gconstpointer data)
{
  g_auto (Waiter) waiter;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (KmsSecret) secret = box_secret ("hello");

  waiter_init (&waiter);
  g_cancellable_cancel (cancellable);
  for (guint i = 0; i < G_N_ELEMENTS (key_ids); i++)
    {
      g_autoptr (KmsBox) box = box_new (self, "1", key_ids[i]);
      g_autoptr (GError) error = NULL, sync_error = NULL, rewrap_error = NULL, batch_error = NULL;
      g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_ENCRYPT);

      kms_box_encrypt_async (box, secret, NULL, cancellable, on_ready, &waiter);
      wait_for (&waiter);
      g_assert_null (kms_box_encrypt_finish (box, waiter.result, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_null (kms_box_decrypt (box, "v1:QQ==", -1, NULL, cancellable, &sync_error));
      g_assert_error (sync_error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_null (kms_box_rewrap (box, "v1:QQ==", -1, NULL, NULL, cancellable, &rewrap_error));
      g_assert_error (rewrap_error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      kms_batch_add_secret (batch, secret, NULL);
      kms_batch_add_secret (batch, secret, NULL);
      g_assert_false (kms_box_run (box, batch, cancellable, &batch_error));
      g_assert_error (batch_error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_cmpuint (kms_batch_get_n_failed (batch), ==, 2);
    }
}

static gboolean
cancel (gpointer data)
{
  g_cancellable_cancel (data);
  return G_SOURCE_REMOVE;
}

static void
cancel_soon (Waiter *waiter, GCancellable *cancellable)
{
  g_autoptr (GSource) source = g_timeout_source_new (10);

  g_source_set_callback (source, cancel, cancellable, NULL);
  g_source_attach (source, waiter->context);
}

/* The provider never answers, and the caller is free all the same; what was done before stays. */
static void
test_cancelled_during (BoxFixture *self, gconstpointer data)
{
  g_auto (Waiter) waiter;
  g_autoptr (KmsBoxBuilder) builder = kms_box_builder_new (self->registry, "orders");
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_DECRYPT);
  g_autoptr (GCancellable) first = g_cancellable_new (), second = g_cancellable_new ();
  g_autoptr (GError) error = NULL, batch_error = NULL;

  kms_box_builder_set_key (builder, "1", "hangs/x", NULL);
  kms_box_builder_add_previous (builder, "2", "inline/x", NULL);
  g_autoptr (KmsBox) box = box_end (builder);
  waiter_init (&waiter);
  kms_box_decrypt_async (box, "v1:QQ==", -1, NULL, first, on_ready, &waiter);
  cancel_soon (&waiter, first);
  wait_for (&waiter);
  g_assert_null (kms_box_decrypt_finish (box, waiter.result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  kms_batch_add_stored (batch, "v1:QQ==", -1, NULL, NULL);
  kms_batch_add_stored (batch, "v2:QQ==", -1, NULL, NULL);
  kms_box_run_async (box, batch, second, on_ready, &waiter);
  cancel_soon (&waiter, second);
  wait_for (&waiter);
  g_assert_false (kms_box_run_finish (box, waiter.result, &batch_error));
  g_assert_error (batch_error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_error (kms_batch_get_error (batch, 0), G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_no_error (kms_batch_get_error (batch, 1));
  g_assert_nonnull (kms_batch_get_secret (batch, 1));
}

static gpointer
cancel_in_thread (gpointer data)
{
  g_usleep (10 * 1000);
  g_cancellable_cancel (data);
  return NULL;
}

static void
test_cancelled_while_blocking (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsBox) box = box_new (self, "1", "hangs/x");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  GThread *thread = g_thread_new ("cancel", cancel_in_thread, cancellable);

  g_assert_null (kms_box_decrypt (box, "v1:QQ==", -1, NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_thread_join (thread);
}

/* The call keeps what it needs: box, batch and context. */
static void
test_outlives_caller (BoxFixture *self, gconstpointer data)
{
  g_auto (Waiter) waiter;

  waiter_init (&waiter);
  for (guint i = 0; i < G_N_ELEMENTS (key_ids); i++)
    {
      KmsBox *box = box_new (self, "1", key_ids[i]);
      KmsSecret *secret = box_secret ("hello");
      KmsContext *context = kms_context_new ("id", "1", NULL);
      g_autofree char *expected = box_encrypt (box, "hello", context);
      g_autoptr (GError) error = NULL;

      kms_box_encrypt_async (box, secret, context, NULL, on_ready, &waiter);
      g_object_unref (box);
      kms_secret_unref (secret);
      kms_context_unref (context);
      wait_for (&waiter);
      g_autoptr (GObject) source = g_async_result_get_source_object (waiter.result);
      g_autofree char *stored = kms_box_encrypt_finish (KMS_BOX (source), waiter.result, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (stored, ==, expected);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  BOX_TEST ("async/encrypt", test_encrypt);
  BOX_TEST ("async/decrypt", test_decrypt);
  BOX_TEST ("async/rewrap", test_rewrap);
  BOX_TEST ("async/data-key", test_data_key);
  BOX_TEST ("async/batch", test_batch);
  BOX_TEST ("async/cancelled-before", test_cancelled_before);
  BOX_TEST ("async/cancelled-during", test_cancelled_during);
  BOX_TEST ("async/cancelled-while-blocking", test_cancelled_while_blocking);
  BOX_TEST ("async/outlives-caller", test_outlives_caller);
  return g_test_run ();
}
