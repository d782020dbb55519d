/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Eight threads on one registry, with providers of every make: single calls, batches, asynchronous and cancelled ones,
 * while modules are loaded, files change and keys are rotated. Above all for ThreadSanitizer (build-aux/test-tsan). */
#include <libkms/kms.h>
#include <string.h>

#include "../config-root.h"

#define N_THREADS 8
#define N_BATCH 40

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define N_ROUNDS 40
#else
#define N_ROUNDS 300
#endif

static const char *const key_ids[] = { "insecure-test-key", "local/orders", "good/a", "submits/a" };

#define N_KEYS G_N_ELEMENTS (key_ids)

typedef struct
{
  char *root;
  KmsRegistry *registry;
  KmsBox *boxes[N_KEYS];
  gint n_reported; /* atomic */
  gint stop;       /* atomic */
} Fixture;

typedef struct
{
  Fixture *fixture;
  guint number;
  KmsContext *context;
  KmsSecret *plaintext;
} Worker;

static void
open_registry (Fixture *self)
{
  g_autoptr (GError) error = NULL;

  g_clear_object (&self->registry);
  self->registry = kms_registry_new (self->root, NULL, &error);
  g_assert_no_error (error);
}

static void
create_key (Fixture *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider (self->registry, "local", &error);

  g_assert_no_error (error);
  g_autoptr (GPtrArray)
    keys = kms_key_admin_run (KMS_KEY_ADMIN (provider), KMS_KEY_VERB_CREATE, "orders", NULL, NULL, &error);
  g_assert_no_error (error);
}

static void
setup (Fixture *self, gconstpointer with_boxes)
{
  self->root = config_root_new ();
  config_root_add_provider (self->root, "test", "kms-test.so", "Exact=insecure-test-key");
  config_root_add_provider (self->root, "local", "kms-local.so", "Prefixes=local/");
  config_root_add_provider (self->root, "good", "kms-good.so", "Prefixes=good/");
  config_root_add_provider (self->root, "submits", "kms-submits.so", "Prefixes=submits/");
  open_registry (self);
  if (with_boxes == NULL)
    return;
  create_key (self);
  for (guint i = 0; i < N_KEYS; i++)
    {
      g_autoptr (GError) error = NULL;
      self->boxes[i] = kms_box_new_for_key (self->registry, key_ids[i], NULL, &error);
      g_assert_no_error (error);
    }
}

static void
teardown (Fixture *self, gconstpointer unused)
{
  for (guint i = 0; i < N_KEYS; i++)
    g_clear_object (&self->boxes[i]);
  g_clear_object (&self->registry);
  config_root_remove (self->root);
}

static void
worker_init (Worker *worker, Fixture *fixture, guint number)
{
  g_autofree char *text = g_strdup_printf ("plaintext of thread %u", number);

  *worker = (Worker){ .fixture = fixture, .number = number };
  worker->plaintext = kms_secret_new ((const guint8 *) text, strlen (text));
  worker->context = kms_context_new ("model_name", "User <&>", "model_id", "123", NULL);
}

static void
worker_clear (Worker *worker)
{
  kms_secret_unref (worker->plaintext);
  kms_context_unref (worker->context);
}

/* The mocks bind no context, and say so. */
static KmsContext *
context_for (Worker *worker, guint key)
{
  return key < 2 ? worker->context : NULL;
}

static void
use_single (Worker *worker, KmsBox *box, KmsContext *context)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *stored = kms_box_encrypt (box, worker->plaintext, context, NULL, &error);

  g_assert_no_error (error);
  g_autoptr (KmsSecret) plaintext = kms_box_decrypt (box, stored, -1, context, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (kms_secret_equal (plaintext, worker->plaintext));
  g_autoptr (KmsInspection) inspection = kms_box_inspect (box, stored, -1, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (kms_inspection_get_is_current (inspection));
}

static KmsBatch *
new_batch (Worker *worker, KmsContext *context)
{
  KmsBatch *batch = kms_batch_new (KMS_OPERATION_ENCRYPT);

  for (guint i = 0; i < N_BATCH; i++)
    kms_batch_add_secret (batch, worker->plaintext, context);
  return batch;
}

static void
assert_batch (Worker *worker, KmsBox *box, KmsBatch *batch, KmsContext *context)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsBatch) back = kms_batch_new (KMS_OPERATION_DECRYPT);

  for (guint i = 0; i < N_BATCH; i++)
    kms_batch_add_stored (back, kms_batch_get_stored (batch, i), -1, context, NULL);
  g_assert_true (kms_box_run (box, back, NULL, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < N_BATCH; i++)
    g_assert_true (kms_secret_equal (kms_batch_get_secret (back, i), worker->plaintext));
}

static void
use_batch (Worker *worker, KmsBox *box, KmsContext *context)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsBatch) batch = new_batch (worker, context);

  g_assert_true (kms_box_run (box, batch, NULL, &error));
  g_assert_no_error (error);
  assert_batch (worker, box, batch, context);
}

static void
take_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static void
use_async (Worker *worker, KmsBox *box, KmsContext *context)
{
  g_autoptr (GMainContext) loop = g_main_context_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsBatch) batch = new_batch (worker, context);

  g_main_context_push_thread_default (loop);
  kms_box_run_async (box, batch, NULL, take_result, &result);
  while (result == NULL)
    g_main_context_iteration (loop, TRUE);
  g_main_context_pop_thread_default (loop);
  g_assert_true (kms_box_run_finish (box, result, &error));
  g_assert_no_error (error);
  assert_batch (worker, box, batch, context);
}

static gpointer
cancel (gpointer data)
{
  g_cancellable_cancel (data);
  return NULL;
}

/* Either it was done already, or it says that it was cancelled; nothing else. */
static void
use_cancelled (Worker *worker, KmsBox *box, KmsContext *context)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (KmsBatch) batch = new_batch (worker, context);
  GThread *thread = g_thread_new ("cancel", cancel, cancellable);
  gboolean ok = kms_box_run (box, batch, cancellable, &error);

  g_thread_join (thread);
  if (!ok)
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  else
    assert_batch (worker, box, batch, context);
}

static gpointer
use_everything (gpointer data)
{
  static void (*const uses[]) (Worker *, KmsBox *, KmsContext *) = { use_single, use_batch, use_async, use_cancelled };
  Worker *worker = data;

  for (guint round = 0; round < N_ROUNDS; round++)
    {
      guint key = (worker->number + round) % N_KEYS;
      uses[(worker->number + round / N_KEYS) % G_N_ELEMENTS (uses)](worker, worker->fixture->boxes[key],
                                                                    context_for (worker, key));
    }
  return NULL;
}

static void
run_workers (Fixture *self, GThreadFunc func)
{
  Worker workers[N_THREADS];
  GThread *threads[N_THREADS];

  for (guint i = 0; i < N_THREADS; i++)
    worker_init (&workers[i], self, i);
  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("worker", func, &workers[i]);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  for (guint i = 0; i < N_THREADS; i++)
    worker_clear (&workers[i]);
}

static void
test_everything (Fixture *self, gconstpointer unused)
{
  run_workers (self, use_everything);
}

static void
count_report (KmsRegistry *registry, const char *provider, const char *key_id, KmsOperation operation, guint n_items,
              const GError *error, gint64 duration, Fixture *self)
{
  g_atomic_int_inc (&self->n_reported);
}

static void
test_reported (Fixture *self, gconstpointer unused)
{
  g_signal_connect (self->registry, "operation", G_CALLBACK (count_report), self);
  kms_registry_set_report_operations (self->registry, TRUE);
  run_workers (self, use_everything);
  g_assert_cmpint (g_atomic_int_get (&self->n_reported), >=, N_THREADS * N_ROUNDS);
}

static gpointer
load_lazily (gpointer data)
{
  Worker *worker = data;
  KmsRegistry *registry = worker->fixture->registry;

  for (guint i = 0; i < N_KEYS; i++)
    {
      guint key = (i + worker->number) % N_KEYS;
      g_autoptr (GError) error = NULL;
      g_autoptr (KmsBox) box = kms_box_new_for_key (registry, key_ids[key], NULL, &error);

      g_assert_no_error (error);
      g_autofree char *stored = kms_box_encrypt (box, worker->plaintext, context_for (worker, key), NULL, &error);
      if (error != NULL && key == 1)
        g_assert_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND); /* there is no key yet, but the module is loaded */
      else
        g_assert_no_error (error);
    }
  return NULL;
}

/* The first round loads the modules, the others meet them: nobody sees half of one. */
static void
test_lazy_loading (Fixture *self, gconstpointer unused)
{
  for (guint i = 0; i < 20; i++)
    {
      open_registry (self);
      run_workers (self, load_lazily);
    }
}

static gpointer
look_up (gpointer data)
{
  Worker *worker = data;
  KmsRegistry *registry = worker->fixture->registry;

  while (!g_atomic_int_get (&worker->fixture->stop))
    {
      g_autoptr (GPtrArray) infos = kms_registry_list (registry, KMS_CONFIG_KIND_PROVIDER);
      g_autofree char *name = kms_registry_find_provider_for_key (registry, "good/a", NULL, NULL);
      g_autoptr (KmsBox) box = kms_registry_dup_box (registry, "changing", NULL);

      for (guint i = 0; i < infos->len; i++)
        g_assert_nonnull (kms_config_info_get_name (infos->pdata[i]));
      g_assert_cmpstr (name, ==, "good");
      if (box != NULL)
        use_single (worker, box, NULL);
    }
  return NULL;
}

static gpointer
change_files (gpointer data)
{
  Fixture *self = data;

  for (guint i = 0; i < 60; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *lines = g_strdup_printf ("Prefixes=good/\nDescription=%u", i);
      g_autofree char *box = g_strdup_printf ("[Box]\nVersion=%u\n[Version %u]\nKeyId=good/a\n", i + 1, i + 1);

      config_root_add_provider (self->root, "good", "kms-good.so", lines);
      config_root_write (self->root, "package/boxes.d/changing.box", box);
      g_assert_true (kms_registry_reload (self->registry, &error));
      g_assert_no_error (error);
    }
  g_atomic_int_set (&self->stop, TRUE);
  return NULL;
}

static void
test_reload (Fixture *self, gconstpointer unused)
{
  GThread *changer = g_thread_new ("changer", change_files, self);

  run_workers (self, look_up);
  g_thread_join (changer);
}

static gpointer
rotate (gpointer data)
{
  Fixture *self = data;
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider (self->registry, "local", NULL);

  while (!g_atomic_int_get (&self->stop))
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray)
        keys = kms_key_admin_run (KMS_KEY_ADMIN (provider), KMS_KEY_VERB_ROTATE, "orders", NULL, NULL, &error);
      g_assert_no_error (error);
    }
  return NULL;
}

static void
test_rotation (Fixture *self, gconstpointer unused)
{
  GThread *rotator = g_thread_new ("rotator", rotate, self);

  run_workers (self, use_everything);
  g_atomic_int_set (&self->stop, TRUE);
  g_thread_join (rotator);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/threads/lazy-loading", Fixture, NULL, setup, test_lazy_loading, teardown);
  g_test_add ("/threads/everything", Fixture, "boxes", setup, test_everything, teardown);
  g_test_add ("/threads/reported", Fixture, "boxes", setup, test_reported, teardown);
  g_test_add ("/threads/reload", Fixture, "boxes", setup, test_reload, teardown);
  g_test_add ("/threads/rotation", Fixture, "boxes", setup, test_rotation, teardown);
  return g_test_run ();
}
