/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two workers on one table of PostgreSQL while somebody writes: each row is done by one of them, and no write is lost. */
#include "shop.h"

#define N_ROWS 400
#define N_WRITES 200

typedef struct
{
  KmsRotation *rotation;
  GError *error;
  gboolean done;
} Worker;

static gpointer
work (gpointer data)
{
  Worker *self = data;

  self->done = kms_rotation_rekey (self->rotation, NULL, &self->error);
  return NULL;
}

/* An application with a connection of its own; a write that came too late is done again, as Rails does it. */
static gpointer
write_rows (gpointer data)
{
  Shop *shop = data;

  for (guint i = 0; i < N_WRITES; i++)
    {
      guint id = 1 + i * 7 % N_ROWS;
      g_autofree char *city = g_strdup_printf ("written %u", i);
      while (!shop_write (shop, id, city, i % 3 == 0 ? SHOP_WRITE_LOCK | SHOP_WRITE_NEW_KEY : SHOP_WRITE_LOCK))
        ;
    }
  return NULL;
}

static Worker
start (Shop *shop)
{
  g_autoptr (GError) error = NULL;
  Worker worker = { kms_rotation_new (shop->model, "kms_key", shop->store, &error) };

  g_assert_no_error (error);
  kms_rotation_set_batch_size (worker.rotation, 10);
  kms_rotation_set_shared (worker.rotation, TRUE);
  return worker;
}

static guint64
get_n_done (const Worker *worker)
{
  KmsRotationCounts counts;

  kms_rotation_get_counts (worker->rotation, &counts);
  g_assert_cmpuint (counts.n_failed, ==, 0);
  return counts.n_done;
}

static void
test_shared (Shop *self, gconstpointer data)
{
  Shop second = { NULL }, application = { NULL };

  shop_fill (self, 1, N_ROWS);
  shop_set_box_version (self, 2);
  shop_open (&second, self->root);
  shop_open (&application, self->root);
  Worker workers[] = { start (self), start (&second) };
  GThread *threads[] = { g_thread_new ("first", work, &workers[0]), g_thread_new ("second", work, &workers[1]),
                         g_thread_new ("application", write_rows, &application) };
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_no_error (workers[0].error);
  g_assert_no_error (workers[1].error);
  /* What the application gave a new key meanwhile needed no other one. */
  g_assert_cmpuint (get_n_done (&workers[0]) + get_n_done (&workers[1]), <=, N_ROWS);
  g_test_message ("%" G_GUINT64_FORMAT " and %" G_GUINT64_FORMAT, get_n_done (&workers[0]), get_n_done (&workers[1]));
  g_autofree char *n_old = shop_ask (self, "SELECT count(*) FROM users WHERE encrypted_kms_key NOT LIKE 'v2:%'");
  g_assert_cmpstr (n_old, ==, "0");
  g_autofree char *n_written = shop_ask (self, "SELECT count(*) FROM users WHERE name IS NOT NULL");
  g_assert_cmpstr (n_written, ==, G_STRINGIFY (N_WRITES));
  shop_assert_values (self, N_ROWS);
  g_object_unref (workers[0].rotation);
  g_object_unref (workers[1].rotation);
  shop_close (&second);
  shop_close (&application);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/rotation/shared", Shop, NULL, shop_setup, test_shared, shop_teardown);
  return g_test_run ();
}
