/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A table under a lock, in which nothing stays long: a key can be deleted and made again as another kind. */
#include "vault-key-cache.h"

#define LIFETIME (300 * G_USEC_PER_SEC)

/* Who asks for more keys than that asks again. */
#define MAX_ENTRIES 10000

typedef struct
{
  VaultKeyInfo *info;
  gint64 end;
} Entry;

struct _VaultKeyCache
{
  GMutex lock; /* of both */
  GHashTable *entries;
  GHashTable *warned;
};

static void
entry_free (gpointer data)
{
  Entry *self = data;
  vault_key_info_unref (self->info);
  g_free (self);
}

VaultKeyCache *
vault_key_cache_new (void)
{
  VaultKeyCache *self = g_new0 (VaultKeyCache, 1);
  g_mutex_init (&self->lock);
  self->entries = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, entry_free);
  self->warned = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
vault_key_cache_free (VaultKeyCache *self)
{
  g_hash_table_unref (self->entries);
  g_hash_table_unref (self->warned);
  g_mutex_clear (&self->lock);
  g_free (self);
}

VaultKeyInfo *
vault_key_cache_lookup (VaultKeyCache *self, const char *name)
{
  g_mutex_lock (&self->lock);
  Entry *entry = g_hash_table_lookup (self->entries, name);
  VaultKeyInfo *info = entry != NULL && g_get_monotonic_time () < entry->end ? vault_key_info_ref (entry->info) : NULL;
  g_mutex_unlock (&self->lock);
  return info;
}

void
vault_key_cache_store (VaultKeyCache *self, const char *name, VaultKeyInfo *info)
{
  Entry *entry = g_new0 (Entry, 1);

  entry->info = vault_key_info_ref (info);
  entry->end = g_get_monotonic_time () + LIFETIME;
  g_mutex_lock (&self->lock);
  if (g_hash_table_size (self->entries) >= MAX_ENTRIES)
    g_hash_table_remove_all (self->entries);
  g_hash_table_replace (self->entries, g_strdup (name), entry);
  g_mutex_unlock (&self->lock);
}

void
vault_key_cache_forget (VaultKeyCache *self, const char *name)
{
  g_mutex_lock (&self->lock);
  g_hash_table_remove (self->entries, name);
  g_mutex_unlock (&self->lock);
}

gboolean
vault_key_cache_warns (VaultKeyCache *self, const char *name)
{
  g_mutex_lock (&self->lock);
  gboolean first = g_hash_table_size (self->warned) < MAX_ENTRIES && g_hash_table_add (self->warned, g_strdup (name));
  g_mutex_unlock (&self->lock);
  return first;
}
