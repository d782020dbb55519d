/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the single calls of a box share with its batches. */
#pragma once

#include "kms-box-private.h"

G_BEGIN_DECLS

/* Refuses where waiting would be for ever. */
gboolean _kms_box_may_block (KmsBox *self, GError **error);

/* Tells the registry what became of a batch, once for each key that was used. Only where somebody listens. */
void _kms_box_report_batch (KmsBox *self, KmsBatch *batch, gint64 started);

G_END_DECLS
