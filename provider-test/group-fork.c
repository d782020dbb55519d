/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* fork: a forked child can use a provider that is pure computation, and is told at once that it can't use another. */
#include <dlfcn.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cases.h"
#include "operations.h"
#include "verdict.h"

#define CHILD_MILLISECONDS 10000
#define N_FORKS 10

#define DIGEST_LENGTH 64
#define N_DIGESTS 20

typedef void (*ChildFunc) (Fixture *fixture, GBytes *ciphertext, KmsSecret *plaintext);

static void
reap (pid_t child, const char *what)
{
  int status = 0;

  for (guint waited = 0; waitpid (child, &status, WNOHANG) == 0; waited += 5)
    {
      if (waited >= CHILD_MILLISECONDS)
        {
          kill (child, SIGKILL);
          waitpid (child, &status, 0);
          verdict_fail ("%s: the forked child hangs", what);
          return;
        }
      g_usleep (5 * 1000);
    }
  if (WIFSIGNALED (status))
    verdict_fail ("%s: the forked child died by signal %d (%s)", what, WTERMSIG (status),
                  strsignal (WTERMSIG (status)));
}

/* The child says its verdict through the same pipe, and leaves without what belongs to the parent's end. */
static void
run_forked (Fixture *fixture, ChildFunc run, GBytes *ciphertext, KmsSecret *plaintext, const char *what)
{
  pid_t child = fork ();

  if (child == 0)
    {
      run (fixture, ciphertext, plaintext);
      _exit (0);
    }
  if (verdict_check (child > 0, "it can't fork: %s", g_strerror (errno)))
    reap (child, what);
}

/* The plaintext is wiped in the child, which therefore makes its own, and only asks whether the other decrypts. */
static void
use_inline (Fixture *fixture, GBytes *ciphertext, KmsSecret *plaintext)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) secret = make_secret (32);
  g_autoptr (KmsSecret)
    found = kms_provider_decrypt (fixture->provider, fixture->key_id, ciphertext, fixture->context, NULL, &error);

  verdict_check (found != NULL && kms_secret_get_length (found) == 32,
                 "in a forked child, what the parent encrypted does not decrypt: %s",
                 error == NULL ? "" : error->message);
  check_round_trip (fixture->provider, fixture->key_id, secret, fixture->context, "in a forked child, it");
}

static void
check_forked (const GError *error, const char *what)
{
  verdict_check (g_error_matches (error, KMS_ERROR, KMS_ERROR_FORKED),
                 "in a forked child, %s is not refused with the code forked: %s", what,
                 error == NULL ? "it is done" : error->message);
}

static void
be_refused (Fixture *fixture, GBytes *ciphertext, KmsSecret *plaintext)
{
  g_autoptr (GError) encrypting = NULL;
  g_autoptr (GError) decrypting = NULL;
  g_autoptr (KmsSecret) secret = make_secret (32);
  g_autoptr (GBytes)
    none = kms_provider_encrypt (fixture->provider, fixture->key_id, secret, fixture->context, NULL, &encrypting);
  g_autoptr (KmsSecret)
    found = kms_provider_decrypt (fixture->provider, fixture->key_id, ciphertext, fixture->context, NULL, &decrypting);

  check_forked (encrypting, "encrypting");
  check_forked (decrypting, "decrypting");
}

static ChildFunc
get_child_func (Fixture *fixture)
{
  return (kms_provider_get_capabilities (fixture->provider) & KMS_CAPABILITY_INLINE) != 0 ? use_inline : be_refused;
}

static void
check_child (Fixture *fixture)
{
  g_autoptr (KmsSecret) secret = make_secret (32);
  g_autoptr (GBytes)
    ciphertext = encrypt_value (fixture->provider, fixture->key_id, secret, fixture->context, "a plaintext");

  if (ciphertext == NULL)
    return;
  run_forked (fixture, get_child_func (fixture), ciphertext, secret, "after the first use");
  check_decrypts (fixture->provider, fixture->key_id, ciphertext, fixture->context, secret,
                  "in the parent, after a fork, it");
}

/* Children fork, too. */
static void
fork_again (Fixture *fixture, GBytes *ciphertext, KmsSecret *plaintext)
{
  run_forked (fixture, get_child_func (fixture), ciphertext, plaintext, "in the child of a child");
  get_child_func (fixture) (fixture, ciphertext, plaintext);
}

static void
check_grandchild (Fixture *fixture)
{
  g_autoptr (KmsSecret) secret = make_secret (32);
  g_autoptr (GBytes)
    ciphertext = encrypt_value (fixture->provider, fixture->key_id, secret, fixture->context, "a plaintext");

  if (ciphertext != NULL)
    run_forked (fixture, fork_again, ciphertext, secret, "in a child that forks");
}

static void
open_and_use (Fixture *fixture, GBytes *ciphertext, KmsSecret *plaintext)
{
  Fixture inner;
  g_autoptr (KmsSecret) secret = make_secret (32);

  if (fixture_open (&inner, fixture->options, fixture->file, FIXTURE_ROUND_TRIP))
    check_round_trip (inner.provider, inner.key_id, secret, inner.context, "opened in a forked child, it");
  fixture_close (&inner);
}

static void
check_before_use (Fixture *fixture)
{
  run_forked (fixture, open_and_use, NULL, NULL, "before the first use");
}

typedef struct
{
  Fixture *fixture;
  gint stop;
} Busy;

static gpointer
keep_busy (gpointer data)
{
  Busy *busy = data;

  while (!g_atomic_int_get (&busy->stop))
    {
      g_autoptr (KmsSecret) secret = make_secret (32);
      if (!check_round_trip (busy->fixture->provider, busy->fixture->key_id, secret, busy->fixture->context,
                             "beside a thread that forks, it"))
        break;
    }
  return NULL;
}

/* Whatever lock another thread holds at that moment is held in the child for ever. */
static void
check_while_busy (Fixture *fixture)
{
  Busy busy = { .fixture = fixture };

  if (dlsym (RTLD_DEFAULT, "__asan_init") != NULL || dlsym (RTLD_DEFAULT, "__tsan_init") != NULL)
    {
      verdict_skip ("the sanitizer's own locks do not survive a fork in a program with threads");
      return;
    }
  g_autoptr (KmsSecret) secret = make_secret (32);
  g_autoptr (GBytes)
    ciphertext = encrypt_value (fixture->provider, fixture->key_id, secret, fixture->context, "a plaintext");

  if (ciphertext == NULL)
    return;
  GThread *threads[] = { g_thread_new ("busy", keep_busy, &busy), g_thread_new ("busy", keep_busy, &busy) };
  for (guint i = 0; i < N_FORKS && !verdict_has_failed (); i++)
    run_forked (fixture, get_child_func (fixture), ciphertext, secret, "while other threads use it");
  g_atomic_int_set (&busy.stop, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

/* Programs fork to execute another one, and the child of an open provider may drop it. */
static void
drop (Fixture *fixture, GBytes *ciphertext, KmsSecret *plaintext)
{
  fixture_drop_provider (fixture);
}

static void
check_dropped (Fixture *fixture)
{
  g_autoptr (KmsSecret) secret = make_secret (32);

  if (!check_round_trip (fixture->provider, fixture->key_id, secret, fixture->context, "a plaintext"))
    return;
  run_forked (fixture, drop, NULL, NULL, "dropped in the child");
  check_round_trip (fixture->provider, fixture->key_id, secret, fixture->context, "after a child dropped it, it");
}

/* What the parent has not used yet can't have stayed in memory by luck. */
static void
use_second_key (Fixture *fixture, GBytes *ciphertext, KmsSecret *plaintext)
{
  g_autoptr (KmsSecret) secret = make_secret (32);

  check_round_trip (fixture->provider, fixture->second_key_id, secret, fixture->context,
                    "with a key that only the forked child uses, it");
}

static void
check_other_key (Fixture *fixture)
{
  g_autoptr (KmsSecret) secret = make_secret (32);

  if ((kms_provider_get_capabilities (fixture->provider) & KMS_CAPABILITY_INLINE) == 0)
    verdict_skip ("a child can't use the provider");
  else if (check_round_trip (fixture->provider, fixture->key_id, secret, fixture->context, "a plaintext"))
    run_forked (fixture, use_second_key, NULL, NULL, "with another key");
}

/* The same plaintext each time, so that two ciphertexts are equal where their random bytes are. */
static char *
encrypt_to_digest (Fixture *fixture)
{
  static const guint8 zeros[32];
  g_autoptr (KmsSecret) secret = kms_secret_new (zeros, sizeof zeros);
  g_autoptr (GBytes) ciphertext =
    encrypt_value (fixture->provider, fixture->key_id, secret, fixture->context, "a plaintext beside that of a fork");

  return ciphertext == NULL ? NULL : g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, ciphertext);
}

static int digests_fd;

static void
send_digests (Fixture *fixture, GBytes *ciphertext, KmsSecret *plaintext)
{
  for (guint i = 0; i < N_DIGESTS; i++)
    {
      g_autofree char *digest = encrypt_to_digest (fixture);
      if (digest != NULL && write (digests_fd, digest, DIGEST_LENGTH) != DIGEST_LENGTH)
        verdict_fail ("a pipe: %s", g_strerror (errno));
    }
}

static void
take_digest (GHashTable *seen, char *digest, const char *whose)
{
  if (digest != NULL && !g_hash_table_add (seen, digest))
    verdict_fail ("%s made a ciphertext that another process made: they share their random numbers", whose);
}

/* Less than a pipe holds, so that nobody waits for the other. */
static void
take_digests (GHashTable *seen, int fd, const char *whose)
{
  char digest[DIGEST_LENGTH + 1] = "";

  while (read (fd, digest, DIGEST_LENGTH) == DIGEST_LENGTH)
    take_digest (seen, g_strdup (digest), whose);
}

static void
check_random (Fixture *fixture)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  int ends[2];

  if ((kms_provider_get_capabilities (fixture->provider) & KMS_CAPABILITY_INLINE) == 0)
    {
      verdict_skip ("a child can't use the provider");
      return;
    }
  take_digest (seen, encrypt_to_digest (fixture), "the parent");
  if (!verdict_check (pipe (ends) == 0, "a pipe: %s", g_strerror (errno)))
    return;
  digests_fd = ends[1];
  run_forked (fixture, send_digests, NULL, NULL, "the first child");
  run_forked (fixture, send_digests, NULL, NULL, "the second child");
  close (ends[1]);
  take_digests (seen, ends[0], "one of two children");
  close (ends[0]);
  for (guint i = 0; i < N_DIGESTS; i++)
    take_digest (seen, encrypt_to_digest (fixture), "the parent");
}

const TestCase cases_fork[] = {
  { "fork/before-use", "a child that opens it itself can use it", check_before_use, FIXTURE_NOTHING },
  { "fork/child", "in a child, it works if it is pure computation, and else says at once that it can't", check_child,
    FIXTURE_ROUND_TRIP },
  { "fork/grandchild", "the same in a child's child", check_grandchild, FIXTURE_ROUND_TRIP },
  { "fork/other-key", "a child can use a key that its parent did not use", check_other_key,
    FIXTURE_ROUND_TRIP | FIXTURE_SECOND_KEY },
  { "fork/random", "parent and children do not share their random numbers", check_random, FIXTURE_ENCRYPTION },
  { "fork/while-busy", "the same when other threads are at work in the moment of the fork", check_while_busy,
    FIXTURE_ROUND_TRIP },
  { "fork/dropped", "a child can drop it, and the parent goes on", check_dropped, FIXTURE_ROUND_TRIP },
  { NULL },
};
