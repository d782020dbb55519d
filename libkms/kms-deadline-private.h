/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one thread that keeps the deadlines of all runs, and that ends runs whose caller has cancelled. */
#pragma once

#include "kms-run-private.h"

G_BEGIN_DECLS

/* Before the first run is added. FALSE where there is no thread to be had that would keep deadlines. */
gboolean _kms_deadline_prepare (GError **error);

/* `when` in microseconds of g_get_monotonic_time(); G_MAXINT64 for a run that only can be cancelled. */
void _kms_deadline_add (KmsRun *run, gint64 when);
void _kms_deadline_remove (KmsRun *run);

/* Any thread, any lock of the caller's held: the run is looked at soon, in the deadline thread. */
void _kms_deadline_wake (KmsRun *run);

G_END_DECLS
