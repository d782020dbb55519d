/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys in memory, made ready for use. Each thread works in a lane of its own, so that nothing is shared on the way of a
 * usual call; the lanes belong to the cache, which can therefore wipe them at any time. */
#pragma once

#include "keystore.h"
#include "nonce-pool.h"
#include "xaes.h"

G_BEGIN_DECLS

typedef struct _KeyCache KeyCache;
typedef struct _KeyLane KeyLane;

/* Borrowed from the lane until the next key_lane_get() or key_lane_release(). */
typedef struct
{
  const LocalKey *key;
  guint32 version;
  const char *version_text;
  XaesKey *xaes;
  NoncePool *nonces;
} KeyHandle;

KeyCache *key_cache_new (Keystore *keystore);
void key_cache_free (KeyCache *self);
/* In place of freeing it in a forked child, where threads of the parent may have been at work in it. */
void key_cache_abandon (KeyCache *self);
/* Wipes what is remembered; waits for calls that are under way. */
void key_cache_clear (KeyCache *self);

KeyLane *key_cache_acquire_lane (KeyCache *self);
void key_lane_release (KeyLane *self);

/* The newest version, or the one of a ciphertext: version 0 and uid NULL, or both given. */
gboolean key_lane_get (KeyLane *self, const char *name, guint32 version, const guint8 *uid, KeyHandle *handle,
                       GCancellable *cancellable, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KeyLane, key_lane_release)

G_END_DECLS
