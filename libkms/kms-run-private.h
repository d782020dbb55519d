/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A run: the items of one caller's request, from the moment that they leave its thread until the last is settled, the
 * deadline passes or the caller cancels. */
#pragma once

#include "kms-call-private.h"

G_BEGIN_DECLS

/* Called once, in whichever thread settles the last item. */
typedef void (*KmsRunDone) (KmsRun *run, gpointer user_data);

/* The owners keep alive what the items borrow (keys, contexts, inputs). The timeout is in microseconds; -1 takes what
 * the providers say, 0 is none. */
KmsRun *_kms_run_new (guint n_items, GObject *owner, GObject *second_owner, GCancellable *cancellable, gint64 timeout);
KmsRun *_kms_run_ref (KmsRun *self);
void _kms_run_unref (KmsRun *self);

/* Before the start, to be filled in; an item that is failed already takes no part. After the end, to be read. */
KmsItem *_kms_run_get_item (KmsRun *self, guint index);
guint _kms_run_get_n_items (KmsRun *self);

void _kms_run_start (KmsRun *self, KmsRunDone done, gpointer user_data);

/* Starts, and blocks until the end. */
void _kms_run_wait (KmsRun *self);

/* For items and calls. */
void _kms_run_settle (KmsRun *self, KmsItem *item, KmsItemState state, gsize length, GError *error);
gboolean _kms_run_item_is_settled (KmsRun *self, KmsItem *item);
/* Between these two nobody reads the item. FALSE, and no end, where the run is over already. */
gboolean _kms_run_begin_change (KmsRun *self, KmsItem *item);
void _kms_run_end_change (KmsRun *self);
gboolean _kms_run_is_finished (KmsRun *self);
gboolean _kms_run_is_bulk (KmsRun *self);
gint64 _kms_run_get_timeout (KmsRun *self);

/* For the thread that keeps the deadlines: ends the run if it is due, else returns when to look again (-1: never). */
gint64 _kms_run_check_deadline (KmsRun *self, gint64 now);
guint *_kms_run_get_deadline_slot (KmsRun *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KmsRun, _kms_run_unref)

G_END_DECLS
