/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Locked memory in slots of a few sizes. A mapping per secret would cost 22 µs; a lock for all threads, half of their
 * throughput: so every thread keeps a few free slots to itself. */
#include "kms-secret-slab-private.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kms-fork-private.h"

/* Each page begins with it; MADV_WIPEONFORK makes it 0 in a child. It takes a cache line, as slots do. */
#define CANARY G_GUINT64_CONSTANT (0x6b6d732d73656372)
#define CANARY_SIZE 64

/* Slots of up to a quarter of a page share it with others; larger ones follow a canary each. */
#define SLAB_PAGE 4096
#define SLAB_PAGES 8
#define DEFAULT_LIMIT (8 * 1024 * 1024)

/* What a thread keeps of each class; beyond, half goes back to all. */
#define THREAD_SLOTS 16

static const gsize class_sizes[KMS_N_SLOT_CLASSES] = { 64, 128, 256, 512, 1024, 2048, 4096 };

typedef struct
{
  KmsSecret *free[KMS_N_SLOT_CLASSES];
  guint n_free[KMS_N_SLOT_CLASSES];
  guint fork_generation;
} KmsThreadSlots;

/* Everything that threads share, and its lock. */
static struct
{
  pthread_mutex_t lock;
  KmsSecret *free[KMS_N_SLOT_CLASSES];
  guint fork_generation;
  gsize locked;
  gsize limit;
  gboolean unlocked;
} shared = { .lock = PTHREAD_MUTEX_INITIALIZER, .limit = DEFAULT_LIMIT };

/* Apart from the above, as it is looked at without the lock. */
static gint insists_on_locks; /* atomic */

static void thread_slots_free (gpointer data);
static GPrivate thread_slots_key = G_PRIVATE_INIT (thread_slots_free);
/* A pointer fits into what every process keeps for libraries that are opened later, and spares a call at each use. */
static __thread KmsThreadSlots *thread_slots __attribute__ ((tls_model ("initial-exec")));

static void
before_fork (void)
{
  pthread_mutex_lock (&shared.lock);
}

static void
after_fork (void)
{
  pthread_mutex_unlock (&shared.lock);
}

__attribute__ ((constructor)) static void
watch_forks (void)
{
  pthread_atfork (before_fork, after_fork, after_fork);
}

static gsize
round_to_pages (gsize size)
{
  gsize page = (gsize) sysconf (_SC_PAGESIZE);
  return (size + page - 1) / page * page;
}

/* A child's memory is its own, and none of it is locked yet. */
static void
notice_fork_locked (void)
{
  if (G_LIKELY (shared.fork_generation == _kms_fork_generation))
    return;
  memset (shared.free, 0, sizeof shared.free);
  shared.locked = 0;
  shared.fork_generation = _kms_fork_generation;
}

/* Between two pages that nobody may touch. */
static guint8 *
map_guarded (gsize size)
{
  gsize page = (gsize) sysconf (_SC_PAGESIZE);
  guint8 *base = mmap (NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

  if (base == MAP_FAILED)
    return NULL;
  if (mprotect (base + page, size, PROT_READ | PROT_WRITE) != 0)
    {
      munmap (base, size + 2 * page);
      return NULL;
    }
  madvise (base + page, size, MADV_DONTDUMP);
  madvise (base + page, size, MADV_WIPEONFORK);
  return base + page;
}

static void
unmap_guarded (guint8 *memory, gsize size)
{
  gsize page = (gsize) sysconf (_SC_PAGESIZE);
  munmap (memory - page, size + 2 * page);
}

/* Unlocked memory only where that is allowed, and then the status says so. */
static guint8 *
map_locked_locked (gsize size, gboolean *is_unlocked)
{
  guint8 *memory = map_guarded (size);

  if (memory == NULL)
    return NULL;
  *is_unlocked = shared.locked + size > shared.limit || mlock (memory, size) != 0;
  if (!*is_unlocked)
    {
      shared.locked += size;
      return memory;
    }
  if (!g_atomic_int_get (&insists_on_locks))
    {
      shared.unlocked = TRUE;
      return memory;
    }
  unmap_guarded (memory, size);
  return NULL;
}

static void
init_header (KmsSecret *secret, guint8 slot_class, guint8 *page, guint8 *data, gboolean is_unlocked)
{
  *(guint64 *) (gpointer) page = CANARY;
  secret->slot_class = slot_class;
  secret->is_unlocked = is_unlocked;
  secret->canary = (const guint64 *) (gconstpointer) page;
  secret->data = data;
  secret->fork_generation = _kms_fork_generation;
}

static void
add_slab_locked (guint8 slot_class)
{
  gsize slot_size = class_sizes[slot_class];
  gsize slots_per_page = slot_size <= SLAB_PAGE / 4 ? (SLAB_PAGE - CANARY_SIZE) / slot_size : 1;
  gsize page_size = slots_per_page == 1 ? CANARY_SIZE + slot_size : SLAB_PAGE;
  gsize n_slots = SLAB_PAGES * slots_per_page;
  gboolean is_unlocked;
  guint8 *memory = map_locked_locked (round_to_pages (SLAB_PAGES * page_size), &is_unlocked);

  if (memory == NULL)
    return;
  KmsSecret *headers = g_aligned_alloc0 (n_slots, sizeof (KmsSecret), G_ALIGNOF (KmsSecret));
  for (gsize i = 0; i < n_slots; i++)
    {
      guint8 *page = memory + i / slots_per_page * page_size;
      guint8 *data = page + CANARY_SIZE + i % slots_per_page * slot_size;
      init_header (&headers[i], slot_class, page, data, is_unlocked);
      headers[i].next_free = shared.free[slot_class];
      shared.free[slot_class] = &headers[i];
    }
}

/* Of the thread's first use, or its first in a child: what the parent's slots were is forgotten. */
static G_NO_INLINE KmsThreadSlots *
begin_thread_slots (void)
{
  if (thread_slots == NULL)
    {
      thread_slots = g_new (KmsThreadSlots, 1);
      g_private_set (&thread_slots_key, thread_slots);
    }
  *thread_slots = (KmsThreadSlots){ .fork_generation = _kms_fork_generation };
  return thread_slots;
}

static inline KmsThreadSlots *
get_thread_slots (void)
{
  KmsThreadSlots *slots = thread_slots;

  if (G_LIKELY (slots != NULL && slots->fork_generation == _kms_fork_generation))
    return slots;
  return begin_thread_slots ();
}

static void
share_slots (KmsThreadSlots *slots, guint8 slot_class, guint n_keep)
{
  pthread_mutex_lock (&shared.lock);
  notice_fork_locked ();
  while (slots->n_free[slot_class] > n_keep)
    {
      KmsSecret *secret = slots->free[slot_class];
      slots->free[slot_class] = secret->next_free;
      slots->n_free[slot_class]--;
      secret->next_free = shared.free[slot_class];
      shared.free[slot_class] = secret;
    }
  pthread_mutex_unlock (&shared.lock);
}

static void
thread_slots_free (gpointer data)
{
  KmsThreadSlots *slots = data;

  if (slots->fork_generation == _kms_fork_generation)
    for (guint8 i = 0; i < KMS_N_SLOT_CLASSES; i++)
      share_slots (slots, i, 0);
  g_free (slots);
  thread_slots = NULL;
}

static void
fetch_slots (KmsThreadSlots *slots, guint8 slot_class)
{
  pthread_mutex_lock (&shared.lock);
  notice_fork_locked ();
  if (shared.free[slot_class] == NULL)
    add_slab_locked (slot_class);
  while (shared.free[slot_class] != NULL && slots->n_free[slot_class] < THREAD_SLOTS / 2)
    {
      KmsSecret *secret = shared.free[slot_class];
      shared.free[slot_class] = secret->next_free;
      secret->next_free = slots->free[slot_class];
      slots->free[slot_class] = secret;
      slots->n_free[slot_class]++;
    }
  pthread_mutex_unlock (&shared.lock);
}

static KmsSecret *
take_mapping (gsize capacity)
{
  gboolean is_unlocked;

  if (capacity > G_MAXSSIZE / 2)
    return NULL;
  pthread_mutex_lock (&shared.lock);
  notice_fork_locked ();
  guint8 *memory = map_locked_locked (round_to_pages (capacity + CANARY_SIZE), &is_unlocked);
  pthread_mutex_unlock (&shared.lock);
  if (memory == NULL)
    return NULL;

  KmsSecret *secret = g_aligned_alloc0 (1, sizeof (KmsSecret), G_ALIGNOF (KmsSecret));
  init_header (secret, KMS_CLASS_OWN_MAPPING, memory, memory + CANARY_SIZE, is_unlocked);
  return secret;
}

static KmsSecret *
take_slot (guint8 slot_class)
{
  KmsThreadSlots *slots = get_thread_slots ();

  if (G_UNLIKELY (slots->free[slot_class] == NULL))
    fetch_slots (slots, slot_class);
  KmsSecret *secret = slots->free[slot_class];
  if (G_UNLIKELY (secret == NULL))
    return NULL;
  slots->free[slot_class] = secret->next_free;
  slots->n_free[slot_class]--;
  /* Of a long list, the next header has left the cache by the time it is wanted. */
  __builtin_prefetch (secret->next_free);
  return secret;
}

KmsSecret *
_kms_slab_take (gsize capacity)
{
  guint8 slot_class = 0;

  while (slot_class < KMS_N_SLOT_CLASSES && class_sizes[slot_class] < capacity)
    slot_class++;
  if (slot_class == KMS_CLASS_OWN_MAPPING)
    return take_mapping (capacity);

  KmsSecret *secret = take_slot (slot_class);
  /* Slots from before the policy changed are left alone. */
  while (G_UNLIKELY (secret != NULL && secret->is_unlocked && g_atomic_int_get (&insists_on_locks)))
    secret = take_slot (slot_class);
  return secret;
}

static void
give_back_mapping (KmsSecret *secret)
{
  gsize size = round_to_pages (secret->capacity + CANARY_SIZE);

  pthread_mutex_lock (&shared.lock);
  notice_fork_locked ();
  if (secret->fork_generation == _kms_fork_generation && !secret->is_unlocked)
    shared.locked -= size;
  pthread_mutex_unlock (&shared.lock);
  unmap_guarded (secret->data - CANARY_SIZE, size);
  g_aligned_free (secret);
}

void
_kms_slab_give_back (KmsSecret *secret)
{
  guint8 slot_class = secret->slot_class;

  if (G_UNLIKELY (slot_class == KMS_CLASS_OWN_MAPPING))
    {
      give_back_mapping (secret);
      return;
    }
  /* A slot of the parent's: the child never uses it again. */
  if (G_UNLIKELY (secret->fork_generation != _kms_fork_generation))
    return;
  KmsThreadSlots *slots = get_thread_slots ();
  secret->next_free = slots->free[slot_class];
  slots->free[slot_class] = secret;
  if (G_UNLIKELY (++slots->n_free[slot_class] > THREAD_SLOTS))
    share_slots (slots, slot_class, THREAD_SLOTS / 2);
}

gboolean
_kms_slab_is_intact (const KmsSecret *secret)
{
  return *secret->canary == CANARY;
}

/**
 * kms_secret_get_memory:
 * @locked: (out) (optional): bytes of memory that are locked
 * @limit: (out) (optional): how many may be
 * @unlocked: (out) (optional): whether secrets stand, or stood, in memory that could not be locked
 *
 * Tells how the memory of secrets is protected.
 *
 * Since: 1.0
 */
void
kms_secret_get_memory (gsize *locked, gsize *limit, gboolean *unlocked)
{
  pthread_mutex_lock (&shared.lock);
  notice_fork_locked ();
  if (locked != NULL)
    *locked = shared.locked;
  if (limit != NULL)
    *limit = shared.limit;
  if (unlocked != NULL)
    *unlocked = shared.unlocked;
  pthread_mutex_unlock (&shared.lock);
}

/**
 * kms_secret_set_memory_policy:
 * @limit: how many bytes of memory may be locked; 8 MiB unless set
 * @must_lock: whether to fail where memory can't be locked, rather than use unlocked memory and say so in
 *   kms_secret_get_memory()
 *
 * Sets how the memory of new secrets is protected. A service that serves others should insist on locking.
 *
 * Since: 1.0
 */
void
kms_secret_set_memory_policy (gsize limit, gboolean must_lock)
{
  pthread_mutex_lock (&shared.lock);
  shared.limit = limit;
  g_atomic_int_set (&insists_on_locks, must_lock);
  pthread_mutex_unlock (&shared.lock);
}
