/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many values through the box "orders": "batch N" as one batch, "calls N" as so many calls at once, "cancel" gives up
 * what is asked for, "gone N" gives up two calls of each of the boxes "late0" and so on, "twice" asks again later. Where it
 * waits, a line on stdin lets it go on. Says on stdout what came of it. */
#include <libkms/kms.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static KmsSecret *
make_secret (guint number)
{
  g_autofree char *text = g_strdup_printf ("secret %u", number);
  return kms_secret_new ((const guint8 *) text, number % 5 == 0 ? 0 : strlen (text));
}

static KmsContext *
make_context (guint number)
{
  g_autofree char *text = g_strdup_printf (number % 3 == 0 ? "<%u>" : "%u", number);
  return kms_context_new ("id", text, NULL);
}

static void
assert_is_secret (KmsSecret *secret, guint number)
{
  g_autoptr (KmsSecret) expected = make_secret (number);

  g_assert_nonnull (secret);
  g_assert_true (kms_secret_equal (secret, expected));
}

static KmsBatch *
run (KmsBox *box, KmsBatch *batch)
{
  g_autoptr (GError) error = NULL;

  if (!kms_box_run (box, batch, NULL, &error))
    g_error ("%s", error->message);
  return batch;
}

static void
run_batch (KmsBox *box, guint n)
{
  g_autoptr (KmsBatch) encrypt = kms_batch_new (KMS_OPERATION_ENCRYPT);
  g_autoptr (KmsBatch) rewrap = kms_batch_new (KMS_OPERATION_REWRAP);
  g_autoptr (KmsBatch) decrypt = kms_batch_new (KMS_OPERATION_DECRYPT);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (KmsSecret) secret = make_secret (i);
      g_autoptr (KmsContext) context = make_context (i);
      kms_batch_add_secret (encrypt, secret, context);
    }
  run (box, encrypt);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (KmsContext) context = make_context (i);
      kms_batch_add_stored (rewrap, kms_batch_get_stored (encrypt, i), -1, context, NULL);
    }
  run (box, rewrap);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (KmsContext) context = make_context (i);
      kms_batch_add_stored (decrypt, kms_batch_get_stored (rewrap, i), -1, context, NULL);
    }
  run (box, decrypt);
  for (guint i = 0; i < n; i++)
    assert_is_secret (kms_batch_get_secret (decrypt, i), i);
  printf ("%u done\n", n);
}

typedef struct
{
  KmsBox *box;
  guint number;
  guint *n_left;
  guint *n_failed;
} One;

static void
end_one (One *one, const GError *error)
{
  if (error != NULL)
    {
      ++*one->n_failed;
      fprintf (stderr, "%s\n", error->message);
    }
  --*one->n_left;
  g_free (one);
}

static void
on_decrypted (GObject *source, GAsyncResult *result, gpointer data)
{
  One *one = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) secret = kms_box_decrypt_finish (KMS_BOX (source), result, &error);

  if (error == NULL)
    assert_is_secret (secret, one->number);
  end_one (one, error);
}

static void
on_encrypted (GObject *source, GAsyncResult *result, gpointer data)
{
  One *one = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsContext) context = make_context (one->number);
  g_autofree char *stored = kms_box_encrypt_finish (KMS_BOX (source), result, &error);

  if (error == NULL)
    kms_box_decrypt_async (one->box, stored, -1, context, NULL, on_decrypted, one);
  else
    end_one (one, error);
}

static void
run_calls (KmsBox *box, guint n)
{
  guint n_left = n, n_failed = 0;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (KmsSecret) secret = make_secret (i);
      g_autoptr (KmsContext) context = make_context (i);
      One *one = g_new (One, 1);
      *one = (One){ box, i, &n_left, &n_failed };
      kms_box_encrypt_async (box, secret, context, NULL, on_encrypted, one);
    }
  while (n_left > 0)
    g_main_context_iteration (NULL, TRUE);
  printf ("%u done\n", n - n_failed);
}

static gpointer
cancel_soon (gpointer data)
{
  g_usleep (200 * 1000);
  g_cancellable_cancel (data);
  return NULL;
}

/* The daemon is stopped (SIGSTOP): only who gives up comes back. */
static void
run_cancel (KmsBox *box)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (KmsSecret) secret = make_secret (1);
  g_autoptr (GError) error = NULL;
  GThread *thread = g_thread_new ("cancel", cancel_soon, cancellable);
  g_autofree char *stored = kms_box_encrypt (box, secret, NULL, cancellable, &error);

  g_thread_join (thread);
  printf ("%s\n", stored != NULL ? "done" : kms_error_get_id (error));
}

static void
encrypt_once (KmsBox *box)
{
  g_autoptr (KmsSecret) secret = make_secret (1);
  g_autoptr (GError) error = NULL;
  g_autofree char *stored = kms_box_encrypt (box, secret, NULL, NULL, &error);

  printf ("%s\n", stored != NULL ? "done" : error->message);
  fflush (stdout);
}

static void
run_twice (KmsBox *box)
{
  encrypt_once (box);
  (void) getchar ();
  encrypt_once (box);
}

static void
on_given_up (GObject *source, GAsyncResult *result, gpointer n_left)
{
  g_autofree char *stored = kms_box_encrypt_finish (KMS_BOX (source), result, NULL);

  g_assert_null (stored);
  --*(guint *) n_left;
}

static KmsBox *
open_box (KmsRegistry *registry, const char *name)
{
  g_autoptr (GError) error = NULL;
  KmsBox *box = kms_registry_dup_box (registry, name, &error);

  if (box == NULL)
    g_error ("%s", error->message);
  return box;
}

/* Each call has a cancellable of its own, so that no two are of one caller. */
static void
run_gone (KmsRegistry *registry, KmsBox *box, guint n_boxes)
{
  g_autoptr (GPtrArray) cancellables = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (KmsSecret) secret = make_secret (1);
  guint n_left = 2 * n_boxes;

  for (guint i = 0; i < n_left; i++)
    {
      g_autofree char *name = g_strdup_printf ("late%u", i / 2);
      g_autoptr (KmsBox) late = open_box (registry, name);
      GCancellable *cancellable = g_cancellable_new ();
      g_ptr_array_add (cancellables, cancellable);
      kms_box_encrypt_async (late, secret, NULL, cancellable, on_given_up, &n_left);
    }
  (void) getchar ();
  g_ptr_array_foreach (cancellables, (GFunc) (void (*) (void)) g_cancellable_cancel, NULL);
  while (n_left > 0)
    g_main_context_iteration (NULL, TRUE);
  encrypt_once (box);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsRegistry) registry = kms_registry_new_default (&error);
  g_autoptr (KmsBox) box = registry == NULL ? NULL : kms_registry_dup_box (registry, "orders", &error);

  if (box == NULL)
    g_error ("%s", error->message);
  if (strcmp (argv[1], "batch") == 0)
    run_batch (box, (guint) atoi (argv[2]));
  else if (strcmp (argv[1], "calls") == 0)
    run_calls (box, (guint) atoi (argv[2]));
  else if (strcmp (argv[1], "gone") == 0)
    run_gone (registry, box, (guint) atoi (argv[2]));
  else if (strcmp (argv[1], "twice") == 0)
    run_twice (box);
  else
    run_cancel (box);
  return 0;
}
