/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rotations: all rows of a table get their data keys wrapped anew, or new data keys. */
#pragma once

#if !defined(KMS_INSIDE) && !defined(KMS_COMPILATION)
#error "Only <libkms/kms.h> and <libkms/kms-module.h> can be included directly"
#endif

#include <libkms/kms-model.h>
#include <libkms/kms-store.h>

G_BEGIN_DECLS

#define KMS_TYPE_ROTATION (kms_rotation_get_type ())
KMS_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (KmsRotation, kms_rotation, KMS, ROTATION, GObject)

/**
 * KmsRotationCounts:
 * @n_rows: how many rows there were to look at when the work began
 * @n_done: how many were written; or, to who verifies, opened
 * @n_skipped: how many needed nothing: without a key, as new as they can be, or gone meanwhile
 * @n_failed: how many failed, each of which was told by #KmsRotation::row-failed
 * @n_repaired: how many of @n_done opened only with a key of the journal, and were written again
 * @n_pruned: how many keys of the journal were deleted
 *
 * How far a rotation is.
 *
 * Since: 1.0
 */
typedef struct
{
  guint64 n_rows;
  guint64 n_done;
  guint64 n_skipped;
  guint64 n_failed;
  guint64 n_repaired;
  guint64 n_pruned;
  /*< private >*/
  guint64 _reserved[3];
} KmsRotationCounts;

KMS_AVAILABLE_IN_1_0
KmsRotation *kms_rotation_new (KmsModel *model, const char *key, KmsStore *store, GError **error);

KMS_AVAILABLE_IN_1_0
void kms_rotation_set_where (KmsRotation *self, const char *sql);
KMS_AVAILABLE_IN_1_0
void kms_rotation_set_from_version (KmsRotation *self, const char *version);
KMS_AVAILABLE_IN_1_0
void kms_rotation_set_all (KmsRotation *self, gboolean all);
KMS_AVAILABLE_IN_1_0
void kms_rotation_set_offline (KmsRotation *self, gboolean offline);
KMS_AVAILABLE_IN_1_0
void kms_rotation_set_shared (KmsRotation *self, gboolean shared);
KMS_AVAILABLE_IN_1_0
void kms_rotation_set_ignore_attachments (KmsRotation *self, gboolean ignore);
KMS_AVAILABLE_IN_1_0
void kms_rotation_set_batch_size (KmsRotation *self, guint n_rows);
KMS_AVAILABLE_IN_1_0
void kms_rotation_set_max_per_second (KmsRotation *self, guint n_rows);
KMS_AVAILABLE_IN_1_0
void kms_rotation_set_patience (KmsRotation *self, guint seconds);
KMS_AVAILABLE_IN_1_0
void kms_rotation_set_prune_journal (KmsRotation *self, gboolean prune);
KMS_AVAILABLE_IN_1_0
void kms_rotation_set_checkpoint (KmsRotation *self, const char *path, gboolean resume);

KMS_AVAILABLE_IN_1_0
gboolean kms_rotation_rewrap (KmsRotation *self, GCancellable *cancellable, GError **error);
KMS_AVAILABLE_IN_1_0
gboolean kms_rotation_rekey (KmsRotation *self, GCancellable *cancellable, GError **error);
KMS_AVAILABLE_IN_1_0
gboolean kms_rotation_verify (KmsRotation *self, gboolean repair, GCancellable *cancellable, GError **error);

KMS_AVAILABLE_IN_1_0
GVariant *kms_rotation_get_status (KmsRotation *self, GCancellable *cancellable, GError **error);
KMS_AVAILABLE_IN_1_0
GVariant *kms_rotation_estimate (KmsRotation *self, gboolean rekey, GCancellable *cancellable, GError **error);

KMS_AVAILABLE_IN_1_0
void kms_rotation_get_counts (KmsRotation *self, KmsRotationCounts *counts);

G_END_DECLS
