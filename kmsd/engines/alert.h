/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Notices too many decryptions in too short a time, for a box and for all boxes together. */
#pragma once

#include "operation.h"

G_BEGIN_DECLS

typedef enum {
  ALERT_SIGNAL,
  ALERT_ENCRYPT_ONLY,
  ALERT_SEALED,
} AlertAction;

/* Decrypts=, Window=, Action= of [Alert]. */
typedef struct
{
  guint decrypts;       /* more than so many are an alert; 0: none is */
  guint window_seconds; /* at least 1 */
  AlertAction action;
} AlertLimit;

typedef struct
{
  const char *box; /* NULL: the limit is kms.conf's, for all boxes together */
  Operation operation;
  gboolean is_refused; /* who asked may not: the action is ALERT_SIGNAL, whatever the limit says */
  guint count;         /* how many in the window */
  guint window_seconds;
  AlertAction action;
} AlertEvent;

/* In the middle of alert_counters_add(), before the call that it is about goes on. */
typedef void (*AlertFunc) (const AlertEvent *event, gpointer user_data);

typedef struct _AlertCounters AlertCounters;

/* Not locked: one thread's, the main loop's. Memory grows with the boxes that have a limit, not with calls. */
AlertCounters *alert_counters_new (AlertFunc func, gpointer user_data);
void alert_counters_free (AlertCounters *self);

/* A box of NULL is all of them together. What was counted so far stays if the window is the same. */
void alert_counters_set_limit (AlertCounters *self, const char *box, const AlertLimit *limit);

/* After a reload: forgets the boxes that are not in the list (NULL-terminated). */
void alert_counters_keep_only (AlertCounters *self, const char *const *boxes);

/* Counts the items of one call of an operation that counts; others do nothing. Calls of who may not are counted for
 * themselves: else who may do nothing could stop everybody. now_usec is
 * g_get_monotonic_time(): the wall clock may jump. An alert is given when the limit is crossed, and while it stays
 * crossed once more after each window. The window slides in steps of 1/64: what is counted is never less than what
 * happened within it. */
void alert_counters_add (AlertCounters *self, const char *box, Operation operation, gboolean is_refused, guint n_items,
                         gint64 now_usec);

/* Starts from zero, after a lockdown was released. A box of NULL is everything, boxes included. */
void alert_counters_reset (AlertCounters *self, const char *box);

/* Reads [Alert] of kms.conf or of a box. FALSE with CONFIG, naming file and key, for what can't be understood; a file
 * without [Alert] gives a limit of 0. */
gboolean alert_limit_read (KmsConfigInfo *info, AlertLimit *limit, GError **error);

const char *alert_action_to_string (AlertAction action); /* "encrypt-only" */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlertCounters, alert_counters_free)

G_END_DECLS
