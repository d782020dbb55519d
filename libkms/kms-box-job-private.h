/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A box's work on a batch, whoever waits for it: in stages, each of which is one run. */
#pragma once

#include "kms-box-private.h"
#include "kms-run-private.h"

G_BEGIN_DECLS

typedef struct _KmsBoxJob KmsBoxJob;
typedef void (*KmsBoxJobDone) (KmsBoxJob *job, gpointer user_data);

/* Keeps the box and the batch, which nobody else may touch until the job is done. */
KmsBoxJob *_kms_box_job_new (KmsBox *box, KmsBatch *batch, GCancellable *cancellable);
KmsBoxJob *_kms_box_job_ref (KmsBoxJob *self);
void _kms_box_job_unref (KmsBoxJob *self);

/* `done` is called once, in any thread. The results are in the batch then. */
void _kms_box_job_start (KmsBoxJob *self, KmsBoxJobDone done, gpointer user_data);
void _kms_box_job_wait (KmsBoxJob *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KmsBoxJob, _kms_box_job_unref)

G_END_DECLS
