/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lockdown: the switch that stops decryption, for the daemon and for each box. On disk before it counts as set. */
#pragma once

#include "operation.h"

G_BEGIN_DECLS

#define LOCKDOWN_MAX_REASON 1024 /* bytes */

/* Borrowed by callbacks; lockdown_state_clear() for what was copied. */
typedef struct
{
  LockdownMode mode;
  gint64 since_usec; /* wall clock of the change; 0: never engaged */
  char *reason;      /* nullable while nothing was ever engaged */
  char *by;          /* who changed it: "uid:0", "alert", "broken-state" */
} LockdownState;

void lockdown_state_clear (LockdownState *self);

typedef struct _LockdownStore LockdownStore;

/* After each change, in the main context in which the store was opened, without the store's lock: look at the calls that
 * are waiting. A box of NULL is the whole daemon. */
typedef void (*LockdownChangedFunc) (LockdownStore *store, const char *box, const LockdownState *state,
                                     gpointer user_data);

/* Reads DIRECTORY/lockdown.state. A missing file is "normal". One that is broken, cut, written by others or not readable
 * is "sealed" for everything: lockdown_store_get_problem() says why, and releasing writes a new one. NULL with an error
 * only where the directory can't be opened or is not safe. Two stores on one directory are the caller's mistake. */
LockdownStore *lockdown_store_open (const char *directory, GError **error);
LockdownStore *lockdown_store_ref (LockdownStore *self);
void lockdown_store_unref (LockdownStore *self);

void lockdown_store_set_changed_func (LockdownStore *self, LockdownChangedFunc func, gpointer user_data);

/* Why everything is sealed though nobody sealed it; NULL if all is well, and after the next change that was written. */
char *lockdown_store_dup_problem (LockdownStore *self);

/* Any thread, no disk: whether both the daemon's mode and the box's let the operation through; else LOCKED_DOWN with
 * mode, reason and who can release it. Look again after every wait. */
gboolean lockdown_permits (LockdownStore *self, const char *box, Operation operation, GError **error);

/* A box that was never locked is "normal". The daemon's state is not mixed in. */
void lockdown_store_get (LockdownStore *self, const char *box, LockdownState *state);

/* Names of boxes that are not "normal", sorted; free with g_strfreev(). */
char **lockdown_store_list (LockdownStore *self);

/* Blocks on the disk: the daemon calls the async one. Stricter modes, and equally strict ones, count at once (the async
 * one returns when they do) and are then written: if writing fails, they stay in force until the daemon ends, and the
 * error says so. Milder ones are written first, and count only when they are on disk; one that a stricter mode overtook
 * on its way fails with LOCKED_DOWN. Who and why must be given, each in one line (INVALID_ARGUMENT). */
gboolean lockdown_store_set (LockdownStore *self, const char *box, LockdownMode mode, const char *reason,
                             const char *by, GError **error);
void lockdown_store_set_async (LockdownStore *self, const char *box, LockdownMode mode, const char *reason,
                               const char *by, GAsyncReadyCallback callback, gpointer user_data);
gboolean lockdown_store_set_finish (LockdownStore *self, GAsyncResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LockdownStore, lockdown_store_unref)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (LockdownState, lockdown_state_clear)

G_END_DECLS
