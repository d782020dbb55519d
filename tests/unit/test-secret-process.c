/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Secrets where a process changes: after a fork, at the limit of locked memory, beyond the end of a secret. Each case is
 * a child of its own, as the policy holds for a whole process. */
#include <libkms/kms.h>

#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT (256 * 1024)
#define NOBODY 65534

/* What a child ends with; anything else is a signal or a sanitizer. */
#define RIGHT 42

static guint n_criticals;

/* In children that provoke criticals: counts them. */
static void
count_criticals (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
  if (level & G_LOG_LEVEL_CRITICAL)
    n_criticals++;
}

typedef gboolean (*Child) (gpointer data);

/* The child leaves without atexit handlers: it has the parent's. */
static gboolean
ends_right (Child child, gpointer data)
{
  int status;
  pid_t pid = fork ();

  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    _exit (child (data) ? RIGHT : 1);
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFEXITED (status));
  return WEXITSTATUS (status) == RIGHT;
}

static void
run_child (Child child, gpointer data)
{
  g_assert_true (ends_right (child, data));
}

static KmsSecret *
make (gsize length, guint8 byte)
{
  guint8 *bytes;
  KmsSecret *secret = kms_secret_reserve (length, &bytes);

  if (secret == NULL)
    return NULL;
  memset (bytes, byte, length);
  kms_secret_commit (secret, length);
  return secret;
}

static gboolean
holds (KmsSecret *secret, gsize length, guint8 byte)
{
  gsize actual;
  const guint8 *bytes = kms_secret_get_data (secret, &actual);

  if (bytes == NULL || actual != length)
    return FALSE;
  for (gsize i = 0; i < length; i++)
    if (bytes[i] != byte)
      return FALSE;
  return TRUE;
}

static const gsize sizes[] = { 1, 32, 64, 100, 200, 500, 1000, 2000, 4096, 5000, 100000 };

static gboolean
secrets_are_gone (gpointer data)
{
  GPtrArray *secrets = data;
  gboolean right = TRUE;

  g_log_set_always_fatal (G_LOG_FATAL_MASK);
  g_log_set_default_handler (count_criticals, NULL);
  for (guint i = 0; i < secrets->len; i++)
    {
      gsize length = 1;
      right = right && kms_secret_get_data (secrets->pdata[i], &length) == NULL && length == 0;
      right = right && !kms_secret_equal (secrets->pdata[i], secrets->pdata[i]);
      kms_secret_unref (secrets->pdata[i]);
    }
  return right && n_criticals == 3 * secrets->len;
}

static GPtrArray *
make_all (void)
{
  GPtrArray *secrets = g_ptr_array_new_with_free_func ((GDestroyNotify) kms_secret_unref);

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    g_ptr_array_add (secrets, make (sizes[i], 7));
  return secrets;
}

/* Never 32 zero bytes as a key. */
static void
test_fork_gone (void)
{
  g_autoptr (GPtrArray) secrets = make_all ();

  run_child (secrets_are_gone, secrets);
  for (guint i = 0; i < secrets->len; i++)
    g_assert_true (holds (secrets->pdata[i], sizes[i], 7));
}

/* Although what is freed before was the parent's: none of that comes back. */
static gboolean
new_secrets_work (gpointer data)
{
  GPtrArray *parents = data;
  gboolean right = TRUE;

  for (guint i = 0; i < parents->len; i++)
    kms_secret_unref (parents->pdata[i]);
  for (guint round = 0; round < 300; round++)
    {
      g_autoptr (GPtrArray) secrets = make_all ();
      for (guint i = 0; i < secrets->len; i++)
        right = right && holds (secrets->pdata[i], sizes[i], 7);
    }
  return right;
}

static void
test_fork_new (void)
{
  g_autoptr (GPtrArray) secrets = make_all ();

  run_child (new_secrets_work, secrets);
}

static gint stop; /* atomic */

/* More at once than a thread keeps to itself, so that the lock is taken; but nothing of malloc()'s, whose state in a
 * child is not what is tested here. */
static gpointer
churn (gpointer data)
{
  KmsSecret *secrets[64];

  while (!g_atomic_int_get (&stop))
    {
      for (guint i = 0; i < G_N_ELEMENTS (secrets); i++)
        secrets[i] = make (sizes[i % 2], 1);
      for (guint i = 0; i < G_N_ELEMENTS (secrets); i++)
        kms_secret_unref (secrets[i]);
    }
  return NULL;
}

/* Forked while other threads hold whatever locks there are. */
static void
test_fork_busy (void)
{
  GThread *threads[2];
  g_autoptr (GPtrArray) none = g_ptr_array_new ();

  g_atomic_int_set (&stop, FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("churn", churn, NULL);
  for (guint i = 0; i < 50; i++)
    run_child (new_secrets_work, none);
  g_atomic_int_set (&stop, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

/* Takes until there is no more, or far more than the limit is taken. */
static GPtrArray *
take_much (gsize length)
{
  GPtrArray *secrets = g_ptr_array_new_with_free_func ((GDestroyNotify) kms_secret_unref);

  for (gsize taken = 0; taken < 4 * LIMIT; taken += length)
    {
      KmsSecret *secret = make (length, 1);
      if (secret == NULL)
        break;
      g_ptr_array_add (secrets, secret);
    }
  return secrets;
}

static gboolean
goes_on_unlocked (gpointer data)
{
  gsize locked, limit;
  gboolean before, after;

  kms_secret_set_memory_policy (LIMIT, FALSE);
  kms_secret_get_memory (NULL, NULL, &before);
  g_autoptr (GPtrArray) secrets = take_much (GPOINTER_TO_SIZE (data));
  kms_secret_get_memory (&locked, &limit, &after);
  return !before && after && limit == LIMIT && locked <= LIMIT && locked > 0
         && secrets->len >= 4 * LIMIT / GPOINTER_TO_SIZE (data);
}

static void
test_limit (void)
{
  run_child (goes_on_unlocked, GSIZE_TO_POINTER (32));
  run_child (goes_on_unlocked, GSIZE_TO_POINTER (4096));
  run_child (goes_on_unlocked, GSIZE_TO_POINTER (50000));
}

static gboolean
fails_at_limit (gpointer data)
{
  gsize length = GPOINTER_TO_SIZE (data);
  gsize locked;
  gboolean unlocked;
  g_autoptr (GError) error = NULL;

  kms_secret_set_memory_policy (LIMIT, TRUE);
  g_autoptr (GPtrArray) secrets = take_much (length);
  kms_secret_get_memory (&locked, NULL, &unlocked);
  if (unlocked || locked > LIMIT || secrets->len == 0 || secrets->len >= 4 * LIMIT / length)
    return FALSE;
  if (kms_secret_new_random (length, &error) != NULL || !g_error_matches (error, KMS_ERROR, KMS_ERROR_QUOTA))
    return FALSE;
  /* What is given back can be taken again. */
  g_ptr_array_set_size (secrets, (gint) secrets->len - 1);
  g_autoptr (KmsSecret) again = make (length, 1);
  return again != NULL;
}

static void
test_must_lock (void)
{
  run_child (fails_at_limit, GSIZE_TO_POINTER (32));
  run_child (fails_at_limit, GSIZE_TO_POINTER (4096));
  run_child (fails_at_limit, GSIZE_TO_POINTER (50000));
}

/* Slots that were mapped unlocked are no way around a policy that comes later. */
static gboolean
refuses_unlocked_slots (gpointer data)
{
  kms_secret_set_memory_policy (0, FALSE);
  g_autoptr (KmsSecret) kept = make (32, 1);
  kms_secret_unref (make (32, 1));
  kms_secret_set_memory_policy (0, TRUE);
  g_autoptr (KmsSecret) refused = make (32, 1);
  return kept != NULL && refused == NULL;
}

static void
test_must_lock_later (void)
{
  run_child (refuses_unlocked_slots, NULL);
}

/* Root and CAP_IPC_LOCK do not feel the kernel's limit. */
static gboolean
drop_mlock (void)
{
  struct rlimit none = { 0, 0 };

  return setrlimit (RLIMIT_MEMLOCK, &none) == 0 && (geteuid () != 0 || setresuid (NOBODY, NOBODY, NOBODY) == 0);
}

static gboolean
feels_no_limit (gpointer data)
{
  g_autofree guint8 *own = g_malloc (65536);

  return drop_mlock () && mlock (own, 65536) == 0;
}

static gboolean
feels_rlimit (gpointer data)
{
  gboolean unlocked;

  if (!drop_mlock ())
    return FALSE;
  g_autoptr (KmsSecret) secret = make (32, 1);
  kms_secret_get_memory (NULL, NULL, &unlocked);
  if (secret == NULL || !unlocked || !holds (secret, 32, 1))
    return FALSE;
  kms_secret_set_memory_policy (LIMIT, TRUE);
  g_autoptr (KmsSecret) refused = make (4096, 1);
  return refused == NULL;
}

static void
test_rlimit (void)
{
  if (ends_right (feels_no_limit, NULL))
    g_test_skip ("mlock() has no limit here, as under a sanitizer");
  else
    run_child (feels_rlimit, NULL);
}

/* A secret of whole pages ends where nobody may read. */
static void
test_guard_page (void)
{
  if (g_test_subprocess ())
    {
      gsize page = (gsize) sysconf (_SC_PAGESIZE);
      g_autoptr (KmsSecret) secret = make (2 * page - 64, 1);
      const volatile guint8 *bytes = kms_secret_get_data (secret, NULL);

      g_assert_cmpuint (bytes[2 * page - 65], ==, 1);
      _exit (bytes[2 * page - 64]);
    }
  g_test_trap_subprocess (NULL, 0, 0);
  g_assert_false (g_test_trap_has_passed ());
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/secret/limit", test_limit);
  g_test_add_func ("/secret/must-lock", test_must_lock);
  g_test_add_func ("/secret/must-lock-later", test_must_lock_later);
  g_test_add_func ("/secret/rlimit", test_rlimit);
  g_test_add_func ("/secret/fork/gone", test_fork_gone);
  g_test_add_func ("/secret/fork/new", test_fork_new);
  g_test_add_func ("/secret/fork/busy", test_fork_busy);
  g_test_add_func ("/secret/guard-page", test_guard_page);
  return g_test_run ();
}
