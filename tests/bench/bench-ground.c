/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the ground costs: nanoseconds an operation, beside g_malloc() and GLib's base64 in the same run. A benchmark, not
 * a test: run it by hand. */
#include <libkms/kms.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#define ROUNDS 2000000
#define BLOCK 32768
#define BLOCK_ROUNDS 20000

typedef void (*Operation) (gpointer data);

static KmsContext *example;
static guint8 bytes[BLOCK];
static char text[BLOCK * 2];
static gsize text_length;
static guint8 decoded[BLOCK * 2];

static void
allocate_plain (gpointer data)
{
  char *memory = g_malloc (32);

  /* Or the compiler leaves out both. */
  __asm__ volatile("" : : "r"(memory) : "memory");
  g_free (memory);
}

static void
make_secret (gpointer data)
{
  guint8 *room;
  KmsSecret *secret = kms_secret_reserve (32, &room);

  memset (room, 1, 32);
  kms_secret_commit (secret, 32);
  kms_secret_unref (secret);
}

static void
make_context (gpointer data)
{
  kms_context_unref (kms_context_new ("model_name", "User", "model_id", "123", NULL));
}

static void
write_json (gpointer data)
{
  char out[128];

  kms_context_write_json (example, KMS_JSON_DIALECT_RAILS, KMS_CONTEXT_FORM_MAP, out);
}

static void
write_binary (gpointer data)
{
  guint8 out[128];

  kms_context_write_binary (example, out);
}

static void
encode (gpointer data)
{
  text_length = kms_base64_encode_to (bytes, BLOCK, text);
}

static void
encode_glib (gpointer data)
{
  g_free (g_base64_encode (bytes, BLOCK));
}

static void
decode_strict (gpointer data)
{
  gsize length;

  kms_base64_decode_strict_to (text, text_length, decoded, &length);
}

static void
decode_lenient (gpointer data)
{
  kms_base64_decode_lenient_to (text, text_length, decoded);
}

static void
decode_glib (gpointer data)
{
  gsize length;

  g_free (g_base64_decode (text, &length));
}

static double
measure (Operation operation, guint rounds)
{
  for (guint i = 0; i < rounds / 10; i++)
    operation (NULL);
  gint64 start = g_get_monotonic_time ();
  for (guint i = 0; i < rounds; i++)
    operation (NULL);
  return (double) (g_get_monotonic_time () - start) * 1000 / rounds;
}

static void
tell_operation (const char *name, Operation operation, double base)
{
  double cost = measure (operation, ROUNDS);
  printf ("%-28s %8.1f ns  %6.2f times g_malloc+g_free\n", name, cost, cost / base);
}

static void
tell_block (const char *name, Operation operation, double base)
{
  double cost = measure (operation, BLOCK_ROUNDS);
  printf ("%-28s %8.1f MB/s of bytes  %6.2f times GLib\n", name, BLOCK * 1000.0 / cost, base / cost);
}

/* In the thread's own processor time, so that other work on the machine does not count; waiting for a lock or a cache
 * line of the other thread does. */
static gpointer
make_secrets (gpointer cost)
{
  struct timespec start, end;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &start);
  for (guint i = 0; i < 10 * ROUNDS; i++)
    make_secret (NULL);
  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &end);
  *(double *) cost =
    ((double) (end.tv_sec - start.tv_sec) * 1e9 + (double) (end.tv_nsec - start.tv_nsec)) / ROUNDS / 10;
  return NULL;
}

static double
cost_in_threads (guint n_threads)
{
  GThread *threads[8];
  double costs[8], sum = 0;

  for (guint i = 0; i < n_threads; i++)
    threads[i] = g_thread_new ("secrets", make_secrets, &costs[i]);
  for (guint i = 0; i < n_threads; i++)
    {
      g_thread_join (threads[i]);
      sum += costs[i];
    }
  return sum / n_threads;
}

int
main (void)
{
  example = kms_context_new ("model_name", "User", "model_id", "123", NULL);
  for (guint i = 0; i < BLOCK; i++)
    bytes[i] = (guint8) (i * 2654435761u >> 13);
  text_length = kms_base64_encode_to (bytes, BLOCK, text);
  text[text_length] = '\0';

  double base = measure (allocate_plain, ROUNDS);
  printf ("%-28s %8.1f ns\n", "g_malloc+g_free", base);
  tell_operation ("secret of 32 bytes", make_secret, base);
  tell_operation ("context of 2 pairs", make_context, base);
  tell_operation ("its JSON", write_json, base);
  tell_operation ("its binary form", write_binary, base);

  tell_block ("base64 encode", encode, measure (encode_glib, BLOCK_ROUNDS / 10));
  double glib = measure (decode_glib, BLOCK_ROUNDS / 10);
  tell_block ("base64 decode, strict", decode_strict, glib);
  tell_block ("base64 decode, lenient", decode_lenient, glib);

  double one = cost_in_threads (1), two = cost_in_threads (2);
  printf ("%-28s %8.2f times one thread\n", "secrets in two threads", 2 * one / two);
  kms_context_unref (example);
  return 0;
}
