/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The statements that write records. */
#pragma once

#include "kms-record-private.h"

G_BEGIN_DECLS

/* Inserts the row, and returns it as the database has it. */
KmsRow *_kms_record_insert (KmsRecord *self, GArray *assignments, GCancellable *cancellable, GError **error);

/* Updates the row, unless its changes were counted further or one of the involved keys is another one than before; then
 * `changed` is FALSE. */
gboolean _kms_record_update (KmsRecord *self, GArray *assignments, const gboolean *involved, gboolean *changed,
                             GCancellable *cancellable, GError **error);

/* Writes keys that the row does not have. */
gboolean _kms_record_update_keys (KmsRecord *self, const KmsRow *row, GArray *assignments, const char *now,
                                  GCancellable *cancellable, GError **error);

/* Sets the id column to the next number of the table's sequence. */
gboolean _kms_record_fetch_id (KmsRecord *self, GCancellable *cancellable, GError **error);

G_END_DECLS
