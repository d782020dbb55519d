/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Remembers keys. What another process changed is noticed within a second, what this one changed at once. */
#include "key-cache.h"

#include <string.h>
#include <time.h>

#define N_LANES 16
#define N_ENTRIES 8
#define N_HANDLES 4
#define MAX_AGE_MSEC 1000
#define MAX_SHARED 256

typedef struct
{
  guint32 number; /* 0: empty */
  char text[12];
  XaesKey xaes;
} Ready;

typedef struct
{
  LocalKey *key; /* NULL: empty */
  gint64 checked;
  guint generation;
  Ready ready[N_HANDLES];
  guint next;
} Entry;

struct _KeyLane
{
  GMutex lock; /* for all of it */
  KeyCache *cache;
  NoncePool nonces;
  Entry entries[N_ENTRIES];
  guint next;
} __attribute__ ((aligned (64)));

typedef struct
{
  LocalKey *key;
  FileStamp stamp;
} Shared;

struct _KeyCache
{
  KeyLane lanes[N_LANES];
  Keystore *keystore;
  GMutex lock;        /* for shared; never taken before a lane's */
  GHashTable *shared; /* name → Shared: one copy of the secrets for all lanes */
};

static gint64
now_msec (void)
{
  struct timespec now;

  /* Ticks of some milliseconds, but no system call and no reading of a hardware clock. */
  clock_gettime (CLOCK_MONOTONIC_COARSE, &now);
  return (gint64) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
shared_free (gpointer data)
{
  Shared *shared = data;

  local_key_unref (shared->key);
  g_free (shared);
}

KeyCache *
key_cache_new (Keystore *keystore)
{
  KeyCache *self = g_aligned_alloc0 (1, sizeof (KeyCache), 64);

  self->keystore = keystore;
  g_mutex_init (&self->lock);
  self->shared = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, shared_free);
  for (guint i = 0; i < N_LANES; i++)
    {
      g_mutex_init (&self->lanes[i].lock);
      self->lanes[i].cache = self;
    }
  return self;
}

static void
entry_clear (Entry *entry)
{
  for (guint i = 0; i < N_HANDLES; i++)
    if (entry->ready[i].number != 0)
      xaes_key_clear (&entry->ready[i].xaes);
  g_clear_pointer (&entry->key, local_key_unref);
  memset (entry, 0, sizeof *entry);
}

static void
lane_clear (KeyLane *lane)
{
  for (guint i = 0; i < N_ENTRIES; i++)
    entry_clear (&lane->entries[i]);
}

void
key_cache_clear (KeyCache *self)
{
  for (guint i = 0; i < N_LANES; i++)
    {
      g_mutex_lock (&self->lanes[i].lock);
      lane_clear (&self->lanes[i]);
      g_mutex_unlock (&self->lanes[i].lock);
    }
  g_mutex_lock (&self->lock);
  g_hash_table_remove_all (self->shared);
  g_mutex_unlock (&self->lock);
}

void
key_cache_free (KeyCache *self)
{
  key_cache_clear (self);
  for (guint i = 0; i < N_LANES; i++)
    g_mutex_clear (&self->lanes[i].lock);
  g_mutex_clear (&self->lock);
  g_hash_table_unref (self->shared);
  g_aligned_free (self);
}

void
key_cache_abandon (KeyCache *self)
{
  gboolean quiet = g_mutex_trylock (&self->lock);

  if (quiet)
    g_mutex_unlock (&self->lock);
  for (guint i = 0; i < N_LANES; i++)
    {
      if (!g_mutex_trylock (&self->lanes[i].lock))
        {
          quiet = FALSE;
          continue;
        }
      lane_clear (&self->lanes[i]);
      g_mutex_unlock (&self->lanes[i].lock);
    }
  /* A lane that was in use at the fork may be half changed: better lost than freed. */
  if (quiet)
    key_cache_free (self);
}

KeyLane *
key_cache_acquire_lane (KeyCache *self)
{
  static guint n_threads;
  /* So few bytes fit into what every process keeps for libraries that are opened later, and spare a call. */
  static __thread guint number __attribute__ ((tls_model ("initial-exec")));
  KeyLane *lane;

  if (G_UNLIKELY (number == 0))
    number = (guint) g_atomic_int_add (&n_threads, 1) + 1;
  for (guint i = 0; i < N_LANES; i++)
    {
      lane = &self->lanes[(number + i) % N_LANES];
      if (G_LIKELY (g_mutex_trylock (&lane->lock)))
        return lane;
    }
  lane = &self->lanes[number % N_LANES];
  g_mutex_lock (&lane->lock);
  return lane;
}

void
key_lane_release (KeyLane *self)
{
  g_mutex_unlock (&self->lock);
}

/* What is shared, if its file still is the same, else what the keystore says. */
static LocalKey *
fetch (KeyCache *self, const char *name, GCancellable *cancellable, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  Shared *shared = g_hash_table_lookup (self->shared, name);
  LocalKey *key;
  FileStamp stamp;

  if (shared != NULL && keystore_is_unchanged (self->keystore, name, &shared->stamp))
    return local_key_ref (shared->key);
  g_hash_table_remove (self->shared, name);
  key = keystore_read_key (self->keystore, name, &stamp, cancellable, error);
  if (key == NULL)
    return NULL;
  if (g_hash_table_size (self->shared) >= MAX_SHARED)
    g_hash_table_remove_all (self->shared);
  shared = g_new (Shared, 1);
  *shared = (Shared){ local_key_ref (key), stamp };
  g_hash_table_insert (self->shared, g_strdup (name), shared);
  return key;
}

static Entry *
find_entry (KeyLane *self, const char *name)
{
  for (guint i = 0; i < N_ENTRIES; i++)
    if (self->entries[i].key != NULL && strcmp (self->entries[i].key->name, name) == 0)
      return &self->entries[i];
  return NULL;
}

static Entry *
refresh_entry (KeyLane *self, Entry *entry, const char *name, GCancellable *cancellable, GError **error)
{
  /* Taken before the file is looked at, so that a change after that is seen next time. */
  guint generation = keystore_get_generation ();
  gint64 now = now_msec ();
  LocalKey *key = fetch (self->cache, name, cancellable, error);

  if (entry != NULL && key != entry->key)
    entry_clear (entry);
  if (key == NULL)
    return NULL;
  if (entry == NULL)
    {
      entry = &self->entries[self->next++ % N_ENTRIES];
      entry_clear (entry);
    }
  if (entry->key == NULL)
    entry->key = key;
  else
    local_key_unref (key);
  entry->checked = now;
  entry->generation = generation;
  return entry;
}

static Ready *
find_ready (Entry *entry, const LocalKeyVersion *version, GError **error)
{
  Ready *ready;
  const guint8 *data;

  for (guint i = 0; i < N_HANDLES; i++)
    if (entry->ready[i].number == version->number)
      return &entry->ready[i];

  ready = &entry->ready[entry->next++ % N_HANDLES];
  if (ready->number != 0)
    xaes_key_clear (&ready->xaes);
  ready->number = 0;
  data = kms_secret_get_data (version->secret, NULL);
  if (data == NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_FORKED, "the key \"%s\" did not survive a fork", entry->key->name);
      return NULL;
    }
  if (!xaes_key_init (&ready->xaes, data, error))
    return NULL;
  ready->number = version->number;
  g_snprintf (ready->text, sizeof ready->text, "%" G_GUINT32_FORMAT, version->number);
  return ready;
}

static gboolean
check_usable (const LocalKey *key, Keystore *keystore, GError **error)
{
  const char *label = keystore_get_label (keystore);
  g_autoptr (GDateTime) when = NULL;
  g_autofree char *date = NULL;

  if (G_LIKELY (key->deletion == 0 && !key->disabled))
    return TRUE;
  if (key->deletion == 0)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_KEY_DISABLED,
                   "the key \"%s\" is disabled: allow its use again with: kmsctl key enable %s/%s", key->name, label,
                   key->name);
      return FALSE;
    }
  when = g_date_time_new_from_unix_utc (key->deletion);
  date = when != NULL ? g_date_time_format (when, "%F %R UTC") : g_strdup ("later");
  g_set_error (error, KMS_ERROR, KMS_ERROR_KEY_DISABLED,
               "the key \"%s\" will be deleted on %s, and can't be used until then: keep it with: kmsctl key restore "
               "%s/%s",
               key->name, date, label, key->name);
  return FALSE;
}

/* The header of a ciphertext is no secret, and neither is whether it fits: these messages are no oracle. */
static const LocalKeyVersion *
choose_version (const LocalKey *key, guint32 number, const guint8 *uid, GError **error)
{
  const LocalKeyVersion *version;

  if (uid == NULL)
    return local_key_get_newest (key);
  if (memcmp (uid, key->uid, LOCAL_KEY_UID_SIZE) != 0)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT,
                   "the ciphertext belongs to another key than \"%s\": one of another name, or one of this name that "
                   "was deleted and created again",
                   key->name);
      return NULL;
    }
  version = local_key_find_version (key, number);
  if (version == NULL)
    g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT,
                 "the key \"%s\" has no version %" G_GUINT32_FORMAT
                 ": the ciphertext was changed, or the keystore is an old copy",
                 key->name, number);
  return version;
}

gboolean
key_lane_get (KeyLane *self, const char *name, guint32 version, const guint8 *uid, KeyHandle *handle,
              GCancellable *cancellable, GError **error)
{
  Entry *entry = find_entry (self, name);
  const LocalKeyVersion *chosen;
  Ready *ready;

  if (G_UNLIKELY (entry == NULL || entry->generation != keystore_get_generation ()
                  || now_msec () - entry->checked >= MAX_AGE_MSEC))
    entry = refresh_entry (self, entry, name, cancellable, error);
  if (entry == NULL || !check_usable (entry->key, self->cache->keystore, error))
    return FALSE;
  chosen = choose_version (entry->key, version, uid, error);
  ready = chosen != NULL ? find_ready (entry, chosen, error) : NULL;
  if (ready == NULL)
    return FALSE;
  *handle = (KeyHandle){ entry->key, ready->number, ready->text, &ready->xaes, &self->nonces };
  return TRUE;
}
