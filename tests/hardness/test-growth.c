/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many operations need no more memory than some: measured between a tenth of the way and its end. Short as a test; with
 * KMS_TEST_OPERATIONS=1000000 in the environment as long as one likes. */
#include <libkms/kms.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "../config-root.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define DEFAULT_OPERATIONS 2000
#define IS_SANITIZED 1
#else
#define DEFAULT_OPERATIONS 200000
#define IS_SANITIZED 0
#endif

/* What arenas and pools may still take while they settle: bytes, in all. A leak of one byte an operation is more. */
#define MAX_HEAP (128 * 1024)
#define MAX_RESIDENT (512 * 1024)
#define N_BATCH 500

typedef struct
{
  char *root;
  KmsRegistry *registry;
  KmsBox *box;
  KmsSecret *plaintext;
} Fixture;

typedef struct
{
  const char *path;
  const char *key_id;
  guint divisor; /* of the number of operations: by what one of them costs */
  void (*operate) (Fixture *fixture, guint i);
} Case;

static guint64
get_operations (void)
{
  const char *text = g_getenv ("KMS_TEST_OPERATIONS");
  guint64 number = DEFAULT_OPERATIONS;

  if (text != NULL && !g_ascii_string_to_unsigned (text, 10, 1000, G_MAXUINT, &number, NULL))
    g_error ("KMS_TEST_OPERATIONS=%s is no number from 1000 on", text);
  return number;
}

/* Private memory that is really there. statm would be cheaper, but is off by up to 64 pages a processor. */
static gsize
get_resident (void)
{
  g_autofree char *text = NULL;
  const char *line;
  gsize kibibytes = 0;

#ifdef __GLIBC__
  /* What is free but was not touched yet would look like growth once it is. */
  malloc_trim (0);
#endif
  if (!g_file_get_contents ("/proc/self/smaps_rollup", &text, NULL, NULL))
    return 0;
  line = strstr (text, "Anonymous:");
  if (line != NULL)
    sscanf (line, "Anonymous: %zu", &kibibytes);
  return kibibytes * 1024;
}

/* In use, and not only asked of the system. A sanitizer's heap tells nothing. */
static gsize
get_heap (void)
{
#if defined(__GLIBC__) && !IS_SANITIZED
  struct mallinfo2 info = mallinfo2 ();
  return info.uordblks + info.hblkhd;
#else
  return 0;
#endif
}

static KmsContext *
row_context (guint i)
{
  g_autofree char *id = g_strdup_printf ("%u", i);

  return kms_context_new ("model_name", "User", "model_id", id, NULL);
}

static void
round_trip (Fixture *self, guint i)
{
  g_autoptr (KmsContext) context = row_context (i);
  g_autofree char *stored = kms_box_encrypt (self->box, self->plaintext, context, NULL, NULL);
  g_assert_nonnull (stored);
  g_autoptr (KmsSecret) back = kms_box_decrypt (self->box, stored, -1, context, NULL, NULL);

  g_assert_true (kms_secret_equal (back, self->plaintext));
}

static void
fail_to_decrypt (Fixture *self, guint i)
{
  g_autoptr (KmsContext) context = row_context (i);
  g_autoptr (GError) error = NULL;
  g_autofree char *stored = g_strdup_printf ("v1:%08u", i);
  g_autoptr (KmsSecret) back = kms_box_decrypt (self->box, stored, -1, context, NULL, &error);

  g_assert_null (back);
  g_assert_nonnull (error);
}

static void
run_batch (Fixture *self, guint i)
{
  g_autoptr (KmsContext) context = row_context (i);
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_ENCRYPT);
  g_autoptr (KmsBatch) back = kms_batch_new (KMS_OPERATION_DECRYPT);

  for (guint j = 0; j < N_BATCH; j++)
    kms_batch_add_secret (batch, self->plaintext, context);
  g_assert_true (kms_box_run (self->box, batch, NULL, NULL));
  for (guint j = 0; j < N_BATCH; j++)
    kms_batch_add_stored (back, kms_batch_get_stored (batch, j), -1, context, NULL);
  g_assert_true (kms_box_run (self->box, back, NULL, NULL));
}

static void
inspect_and_rewrap (Fixture *self, guint i)
{
  g_autofree char *stored = kms_box_encrypt (self->box, self->plaintext, NULL, NULL, NULL);
  g_autoptr (KmsInspection) inspection = kms_box_inspect (self->box, stored, -1, NULL, NULL);
  g_autofree char *rewrapped = kms_box_rewrap (self->box, stored, -1, NULL, NULL, NULL, NULL);

  g_assert_nonnull (inspection);
  g_assert_nonnull (rewrapped);
}

/* Through a pool and a thread of its own, where a call is more than a function call. */
static void
round_trip_elsewhere (Fixture *self, guint i)
{
  g_autofree char *stored = kms_box_encrypt (self->box, self->plaintext, NULL, NULL, NULL);
  g_autoptr (KmsSecret) back = kms_box_decrypt (self->box, stored, -1, NULL, NULL, NULL);

  g_assert_true (kms_secret_equal (back, self->plaintext));
}

static void
open_and_close (Fixture *self, guint i)
{
  g_autoptr (KmsRegistry) registry = kms_registry_new (self->root, NULL, NULL);
  g_autoptr (KmsBox) box = kms_box_new_for_key (registry, "insecure-test-key", NULL, NULL);
  g_autofree char *stored = kms_box_encrypt (box, self->plaintext, NULL, NULL, NULL);

  g_assert_nonnull (stored);
}

static const Case cases[] = {
  { "/growth/test", "insecure-test-key", 1, round_trip },
  { "/growth/local", "local/orders", 10, round_trip },
  { "/growth/errors", "insecure-test-key", 4, fail_to_decrypt },
  { "/growth/errors-local", "local/orders", 4, fail_to_decrypt },
  { "/growth/batches", "insecure-test-key", 500, run_batch },
  { "/growth/inspect-and-rewrap", "local/orders", 20, inspect_and_rewrap },
  { "/growth/pool", "good/a", 20, round_trip_elsewhere },
  { "/growth/submit", "submits/a", 20, round_trip_elsewhere },
  { "/growth/registries", "insecure-test-key", 400, open_and_close },
};

static void
setup (Fixture *self, gconstpointer data)
{
  const Case *this_case = data;
  g_autoptr (GError) error = NULL;

  self->root = config_root_new ();
  config_root_add_provider (self->root, "test", "kms-test.so", "Exact=insecure-test-key");
  config_root_add_provider (self->root, "local", "kms-local.so", "Prefixes=local/");
  config_root_add_provider (self->root, "good", "kms-good.so", "Prefixes=good/");
  config_root_add_provider (self->root, "submits", "kms-submits.so", "Prefixes=submits/");
  self->registry = kms_registry_new (self->root, NULL, &error);
  g_assert_no_error (error);
  self->plaintext = kms_secret_new_random (32, NULL);
  if (g_str_has_prefix (this_case->key_id, "local/"))
    {
      g_autoptr (KmsProvider) provider = kms_registry_dup_provider (self->registry, "local", &error);
      g_assert_no_error (error);
      g_autoptr (GPtrArray)
        keys = kms_key_admin_run (KMS_KEY_ADMIN (provider), KMS_KEY_VERB_CREATE, "orders", NULL, NULL, &error);
      g_assert_no_error (error);
    }
  self->box = kms_box_new_for_key (self->registry, this_case->key_id, NULL, &error);
  g_assert_no_error (error);
}

static void
teardown (Fixture *self, gconstpointer unused)
{
  g_clear_object (&self->box);
  g_clear_object (&self->registry);
  kms_secret_unref (self->plaintext);
  config_root_remove (self->root);
}

static gsize
growth (gsize before, gsize after)
{
  return after > before ? after - before : 0;
}

static void
test_growth (Fixture *self, gconstpointer data)
{
  const Case *this_case = data;
  guint n = (guint) (get_operations () / this_case->divisor), settled = MAX (n / 10, 2), i = 0;

  for (; i < settled; i++)
    this_case->operate (self, i);
  gsize heap = get_heap (), resident = get_resident ();
  for (; i < n; i++)
    this_case->operate (self, i);
  gsize more_heap = growth (heap, get_heap ()), more_resident = growth (resident, get_resident ());

  g_test_message ("%u operations: %zu bytes more of heap, %zu resident", n, more_heap, more_resident);
  g_assert_cmpuint (more_heap, <=, MAX_HEAP);
  if (!IS_SANITIZED)
    g_assert_cmpuint (more_resident, <=, MAX_RESIDENT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_test_add (cases[i].path, Fixture, &cases[i], setup, test_growth, teardown);
  return g_test_run ();
}
