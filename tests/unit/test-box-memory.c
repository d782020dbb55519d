/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one value through a box takes from the heap: the result, and nothing that a row of a large table would pay for. */
#include "box-fixture.h"

#define N_ROUNDS 1000

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define CAN_COUNT 0
#else
#define CAN_COUNT 1
#endif

static guint64 n_allocations;

#if CAN_COUNT
/* In front of the C library's own, for this whole process. */
void *__libc_malloc (size_t size);
void *__libc_calloc (size_t n, size_t size);
void *__libc_realloc (void *memory, size_t size);

void *
malloc (size_t size)
{
  n_allocations++;
  return __libc_malloc (size);
}

void *
calloc (size_t n, size_t size)
{
  n_allocations++;
  return __libc_calloc (n, size);
}

void *
realloc (void *memory, size_t size)
{
  n_allocations++;
  return __libc_realloc (memory, size);
}
#endif

/* valgrind has a malloc() of its own in front; build-aux/test-valgrind says that it is there. */
static gboolean
can_count (void)
{
  return CAN_COUNT && g_getenv ("KMS_TEST_VALGRIND") == NULL;
}

static void
decrypt_rounds (KmsBox *box, const char *stored, KmsContext *context)
{
  for (guint i = 0; i < N_ROUNDS; i++)
    {
      KmsSecret *secret = kms_box_decrypt (box, stored, -1, context, NULL, NULL);
      g_assert_nonnull (secret);
      kms_secret_unref (secret);
    }
}

static void
test_decrypt (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsContext) context = kms_context_new ("model_name", "User", "model_id", "123", NULL);
  g_autoptr (KmsBox) box = box_new (self, "1", "insecure-test-key");
  g_autofree char *stored = box_encrypt (box, "0123456789abcdef0123456789abcdef", context);

  if (!can_count ())
    {
      g_test_skip ("allocations can't be counted under sanitizers and valgrind, nor with another C library");
      return;
    }
  decrypt_rounds (box, stored, context);
  guint64 before = n_allocations;
  decrypt_rounds (box, stored, context);
  g_assert_cmpuint (n_allocations - before, ==, 0);
}

static void
test_encrypt (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsContext) context = kms_context_new ("model_name", "User", "model_id", "123", NULL);
  g_autoptr (KmsBox) box = box_new (self, "1", "insecure-test-key");
  g_autoptr (KmsSecret) secret = box_secret ("0123456789abcdef0123456789abcdef");
  g_autofree char *first = box_encrypt (box, "0123456789abcdef0123456789abcdef", context);

  if (!can_count ())
    {
      g_test_skip ("allocations can't be counted under sanitizers and valgrind, nor with another C library");
      return;
    }
  guint64 before = n_allocations;
  for (guint i = 0; i < N_ROUNDS; i++)
    g_free (kms_box_encrypt (box, secret, context, NULL, NULL));
  /* The stored string itself. */
  g_assert_cmpuint (n_allocations - before, ==, N_ROUNDS);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  BOX_TEST ("memory/decrypt", test_decrypt);
  BOX_TEST ("memory/encrypt", test_encrypt);
  return g_test_run ();
}
