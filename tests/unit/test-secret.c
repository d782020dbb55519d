/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Secrets: their bytes, where these stand, and that nothing is left of them. Descriptors are in test-secret-fd.c, what
 * forks and limits do in test-secret-process.c. */
#include <libkms/kms.h>

#include <string.h>
#include <sys/mman.h>

#define N_THREADS 4
#define N_ROUNDS 20000

/* Around the edges of every size class, and beyond the last. */
static const gsize sizes[] = { 0,    1,    16,   63,   64,   65,    127,   128,    129,     255,    256,
                               257,  511,  512,  513,  1023, 1024,  1025,  2047,   2048,    2049,   4095,
                               4096, 4097, 4999, 8192, 8193, 65535, 65536, 100000, 1048576, 3000000 };

static void
fill (guint8 *bytes, gsize length, guint seed)
{
  for (gsize i = 0; i < length; i++)
    bytes[i] = (guint8) (seed + i * 31 + 1);
}

static gboolean
holds (KmsSecret *secret, gsize length, guint seed)
{
  gsize actual;
  const guint8 *bytes = kms_secret_get_data (secret, &actual);

  if (bytes == NULL || actual != length)
    return FALSE;
  for (gsize i = 0; i < length; i++)
    if (bytes[i] != (guint8) (seed + i * 31 + 1))
      return FALSE;
  return TRUE;
}

static KmsSecret *
make (gsize length, guint seed)
{
  guint8 *bytes;
  KmsSecret *secret = kms_secret_reserve (length, &bytes);

  g_assert_nonnull (secret);
  fill (bytes, length, seed);
  kms_secret_commit (secret, length);
  return secret;
}

static void
test_sizes (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree guint8 *plain = g_malloc (sizes[i] + 1);
      fill (plain, sizes[i], i);
      g_autoptr (KmsSecret) secret = kms_secret_new (plain, sizes[i]);

      g_assert_cmpuint (kms_secret_get_length (secret), ==, sizes[i]);
      g_assert_true (holds (secret, sizes[i], i));
      g_assert_cmpuint (GPOINTER_TO_SIZE (kms_secret_get_data (secret, NULL)) % 16, ==, 0);
    }
}

static void
test_empty (void)
{
  g_autoptr (KmsSecret) secret = kms_secret_new (NULL, 0);
  gsize length = 7;

  g_assert_nonnull (kms_secret_get_data (secret, &length));
  g_assert_cmpuint (length, ==, 0);
}

/* Many at once of every size: none stands in another's place. */
static void
test_apart (void)
{
  g_autoptr (GPtrArray) secrets = g_ptr_array_new_with_free_func ((GDestroyNotify) kms_secret_unref);

  for (guint round = 0; round < 200; round++)
    for (guint i = 0; i < G_N_ELEMENTS (sizes) && sizes[i] <= 8192; i++)
      g_ptr_array_add (secrets, make (sizes[i], secrets->len));
  guint index = 0;
  for (guint round = 0; round < 200; round++)
    for (guint i = 0; i < G_N_ELEMENTS (sizes) && sizes[i] <= 8192; i++, index++)
      g_assert_true (holds (secrets->pdata[index], sizes[i], index));
}

static void
test_commit_less (void)
{
  guint8 *bytes;
  g_autoptr (KmsSecret) secret = kms_secret_reserve (100, &bytes);

  fill (bytes, 100, 3);
  kms_secret_commit (secret, 10);
  g_assert_true (holds (secret, 10, 3));
}

static void
test_equal (void)
{
  g_autoptr (KmsSecret) a = kms_secret_new ((const guint8 *) "abc", 3);
  g_autoptr (KmsSecret) b = kms_secret_new ((const guint8 *) "abc", 3);
  g_autoptr (KmsSecret) c = kms_secret_new ((const guint8 *) "abd", 3);
  g_autoptr (KmsSecret) d = kms_secret_new ((const guint8 *) "abcd", 4);

  g_assert_true (kms_secret_equal (a, b));
  g_assert_false (kms_secret_equal (a, c));
  g_assert_false (kms_secret_equal (a, d));
}

static void
test_random (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) a = kms_secret_new_random (32, &error);
  g_assert_no_error (error);
  g_autoptr (KmsSecret) b = kms_secret_new_random (32, &error);
  g_assert_no_error (error);

  g_assert_cmpuint (kms_secret_get_length (a), ==, 32);
  g_assert_false (kms_secret_equal (a, b));
}

static void
test_references (void)
{
  KmsSecret *secret = make (32, 5);

  g_assert_true (kms_secret_ref (secret) == secret);
  kms_secret_unref (secret);
  g_assert_true (holds (secret, 32, 5));
  kms_secret_unref (secret);
}

/* The slab stays mapped, so what was there can be looked at. */
static void
test_wiped (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (sizes) && sizes[i] <= 4096; i++)
    {
      KmsSecret *secret = make (sizes[i], 9);
      const guint8 *bytes = kms_secret_get_data (secret, NULL);

      kms_secret_unref (secret);
      for (gsize j = 0; j < sizes[i]; j++)
        g_assert_cmpuint (bytes[j], ==, 0);
    }
}

/* Also what was reserved and written, but not committed. */
static void
test_wiped_uncommitted (void)
{
  guint8 *bytes;
  KmsSecret *secret = kms_secret_reserve (64, &bytes);

  fill (bytes, 64, 9);
  kms_secret_commit (secret, 8);
  kms_secret_unref (secret);
  for (gsize j = 0; j < 64; j++)
    g_assert_cmpuint (bytes[j], ==, 0);
}

/* The flags of the mapping that an address is in, as the kernel shows them. */
static char *
find_mapping_flags (gconstpointer address)
{
  g_autofree char *maps = NULL;
  gboolean found = FALSE;

  g_assert_true (g_file_get_contents ("/proc/self/smaps", &maps, NULL, NULL));
  g_auto (GStrv) lines = g_strsplit (maps, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      char *rest;
      guint64 start = g_ascii_strtoull (lines[i], &rest, 16);
      if (*rest == '-')
        {
          guint64 end = g_ascii_strtoull (rest + 1, NULL, 16);
          found = start <= GPOINTER_TO_SIZE (address) && GPOINTER_TO_SIZE (address) < end;
        }
      if (found && g_str_has_prefix (lines[i], "VmFlags:"))
        return g_strconcat (lines[i], " ", NULL);
    }
  return NULL;
}

/* Sanitizers make mlock() do nothing. */
static gboolean
mlock_works (void)
{
  g_autofree guint8 *own = g_malloc (65536);
  gboolean locked = mlock (own, 65536) == 0;
  g_autofree char *flags = find_mapping_flags (own + 32768);

  munlock (own, 65536);
  return locked && flags != NULL && strstr (flags, " lo ") != NULL;
}

/* lo: locked; dd: left out of core dumps; wf: wiped in a forked child. */
static void
test_protected (void)
{
  static const gsize some[] = { 32, 2048, 4096, 20000 };
  gboolean can_lock = mlock_works ();

  for (guint i = 0; i < G_N_ELEMENTS (some); i++)
    {
      g_autoptr (KmsSecret) secret = make (some[i], 1);
      g_autofree char *flags = find_mapping_flags (kms_secret_get_data (secret, NULL));
      gboolean unlocked;

      if (flags == NULL)
        {
          g_test_skip ("the kernel shows no flags of mappings");
          return;
        }
      kms_secret_get_memory (NULL, NULL, &unlocked);
      g_assert_false (unlocked);
      if (can_lock)
        g_assert_nonnull (strstr (flags, " lo "));
      g_assert_nonnull (strstr (flags, " dd "));
      g_assert_nonnull (strstr (flags, " wf "));
    }
  if (!can_lock)
    g_test_skip ("mlock() does nothing here, as under a sanitizer; the rest was tested");
}

/* What is freed is used again. */
static void
test_no_growth (void)
{
  gsize before, after;

  kms_secret_unref (make (32, 0));
  kms_secret_unref (make (100000, 0));
  kms_secret_get_memory (&before, NULL, NULL);
  for (guint i = 0; i < 100000; i++)
    kms_secret_unref (make (32, i));
  for (guint i = 0; i < 1000; i++)
    kms_secret_unref (make (100000, i));
  kms_secret_get_memory (&after, NULL, NULL);
  g_assert_cmpuint (after, ==, before);
}

static gpointer
churn (gpointer data)
{
  guint seed = GPOINTER_TO_UINT (data);
  KmsSecret *kept[8] = { NULL };
  gboolean right = TRUE;

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      guint place = i % G_N_ELEMENTS (kept);
      gsize length = sizes[(i / 8) % 24];

      if (kept[place] != NULL)
        {
          right = right && holds (kept[place], kms_secret_get_length (kept[place]), seed + place);
          kms_secret_unref (kept[place]);
        }
      kept[place] = make (length, seed + place);
    }
  for (guint i = 0; i < G_N_ELEMENTS (kept); i++)
    kms_secret_unref (kept[i]);
  return GINT_TO_POINTER (right);
}

static void
test_threads (void)
{
  GThread *threads[N_THREADS];
  gboolean right = TRUE;

  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("churn", churn, GUINT_TO_POINTER (i * 50));
  for (guint i = 0; i < N_THREADS; i++)
    right = GPOINTER_TO_INT (g_thread_join (threads[i])) && right;
  g_assert_true (right);
}

static gpointer
consume (gpointer queue)
{
  gboolean right = TRUE;

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      KmsSecret *secret = g_async_queue_pop (queue);
      right = right && holds (secret, 40, i);
      kms_secret_unref (secret);
    }
  return GINT_TO_POINTER (right);
}

/* Made by one thread and freed by another: the slots come back, and memory does not grow without end. */
static void
test_across_threads (void)
{
  g_autoptr (GAsyncQueue) queue = g_async_queue_new ();
  gsize before, after;

  kms_secret_get_memory (&before, NULL, NULL);
  GThread *consumer = g_thread_new ("consume", consume, queue);
  for (guint i = 0; i < N_ROUNDS; i++)
    {
      while (g_async_queue_length (queue) > 100)
        g_thread_yield ();
      g_async_queue_push (queue, make (40, i));
    }
  g_assert_true (GPOINTER_TO_INT (g_thread_join (consumer)));
  kms_secret_get_memory (&after, NULL, NULL);
  g_assert_cmpuint (after, <=, before + 256 * 1024);
}

static gpointer
make_one (gpointer data)
{
  kms_secret_unref (make (32, 0));
  return NULL;
}

/* Slots of threads that end are not lost. */
static void
test_threads_end (void)
{
  gsize before, after;

  kms_secret_get_memory (&before, NULL, NULL);
  for (guint i = 0; i < 2000; i++)
    g_thread_join (g_thread_new ("once", make_one, NULL));
  kms_secret_get_memory (&after, NULL, NULL);
  g_assert_cmpuint (after, <=, before + 256 * 1024);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* First, while all memory can still be locked. */
  g_test_add_func ("/secret/protected", test_protected);
  g_test_add_func ("/secret/no-growth", test_no_growth);
  g_test_add_func ("/secret/sizes", test_sizes);
  g_test_add_func ("/secret/empty", test_empty);
  g_test_add_func ("/secret/apart", test_apart);
  g_test_add_func ("/secret/commit-less", test_commit_less);
  g_test_add_func ("/secret/equal", test_equal);
  g_test_add_func ("/secret/random", test_random);
  g_test_add_func ("/secret/references", test_references);
  g_test_add_func ("/secret/wiped", test_wiped);
  g_test_add_func ("/secret/wiped-uncommitted", test_wiped_uncommitted);
  g_test_add_func ("/secret/threads", test_threads);
  g_test_add_func ("/secret/across-threads", test_across_threads);
  g_test_add_func ("/secret/threads-end", test_threads_end);
  return g_test_run ();
}
