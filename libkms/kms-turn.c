/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pieces of work that one thread at a time does. The work is a module's code, which may call anything of ours, so that
 * a lock held meanwhile would be one that nobody can order: here a thread that would wait for itself is told so. */
#include "kms-turn-private.h"

#include <pthread.h>

#include "kms-fork-private.h"

typedef struct
{
  GThread *owner;
  guint fork_generation; /* a forked child has the entry, but not the thread that would end it */
} Turn;

static GMutex lock;
static GCond ended;
static GHashTable *turns; /* name → Turn */
static GHashTable *waits; /* GThread → the name that it waits for */

static void
before_fork (void)
{
  g_mutex_lock (&lock);
}

static void
after_fork (void)
{
  g_mutex_unlock (&lock);
}

/* A child loads keys again in a turn: the lock must not be one that a thread of the parent holds for ever. */
__attribute__ ((constructor)) static void
watch_forks (void)
{
  pthread_atfork (before_fork, after_fork, after_fork);
}

static Turn *
find_locked (const char *name)
{
  Turn *turn = g_hash_table_lookup (turns, name);
  return turn == NULL || turn->fork_generation != _kms_fork_generation ? NULL : turn;
}

/* Follows who waits for whom. It ends, since a thread that would close a circle never begins to wait. */
static gboolean
leads_to_locked (const char *name, GThread *thread)
{
  for (Turn *turn = find_locked (name); turn != NULL; turn = find_locked (name))
    {
      if (turn->owner == thread)
        return TRUE;
      name = g_hash_table_lookup (waits, turn->owner);
      if (name == NULL)
        return FALSE;
    }
  return FALSE;
}

static KmsTurn
wait_locked (const char *name, GThread *self, gint64 timeout)
{
  gint64 end = g_get_monotonic_time () + timeout;
  KmsTurn outcome = KMS_TURN_MINE;

  while (find_locked (name) != NULL)
    {
      if (leads_to_locked (name, self))
        return KMS_TURN_CIRCLE;
      outcome = KMS_TURN_MINE_AFTER_OTHERS;
      g_hash_table_insert (waits, self, (gpointer) name);
      gboolean in_time = TRUE;
      if (timeout < 0)
        g_cond_wait (&ended, &lock);
      else
        in_time = g_cond_wait_until (&ended, &lock, end);
      g_hash_table_remove (waits, self);
      if (!in_time && find_locked (name) != NULL)
        return KMS_TURN_TIMED_OUT;
    }
  return outcome;
}

KmsTurn
_kms_turn_take (const char *name, gint64 timeout)
{
  GThread *self = g_thread_self ();

  g_mutex_lock (&lock);
  if (turns == NULL)
    {
      turns = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
      waits = g_hash_table_new (NULL, NULL);
    }
  KmsTurn outcome = wait_locked (name, self, timeout);
  if (outcome == KMS_TURN_MINE || outcome == KMS_TURN_MINE_AFTER_OTHERS)
    {
      Turn *turn = g_new0 (Turn, 1);
      *turn = (Turn){ self, _kms_fork_generation };
      g_hash_table_replace (turns, g_strdup (name), turn);
    }
  g_mutex_unlock (&lock);
  return outcome;
}

void
_kms_turn_end (const char *name)
{
  g_mutex_lock (&lock);
  g_hash_table_remove (turns, name);
  g_cond_broadcast (&ended);
  g_mutex_unlock (&lock);
}
