/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of a rotation share: its options, the work on one batch of rows, and the order of its steps. */
#pragma once

#include "kms-rotation.h"
#include "kms-row-batch-private.h"
#include "kms-row-time-private.h"
#include "kms-secret.h"

G_BEGIN_DECLS

typedef enum {
  KMS_ROTATION_REWRAP,
  KMS_ROTATION_REKEY,
  KMS_ROTATION_VERIFY,
  KMS_ROTATION_REPAIR,
} KmsRotationKind;

typedef struct _KmsRotationUpdate KmsRotationUpdate;

struct _KmsRotation
{
  GObject parent_instance;
  KmsModel *model;
  KmsStore *store;
  guint key; /* its place among the model's */

  /* Options. */
  char *where, *from_version, *checkpoint;
  gboolean all, offline, shared, ignore_attachments, prune_journal, resume;
  guint batch_size, max_per_second, patience;

  /* Of the run at hand. */
  KmsRotationKind kind;
  KmsBox *box;
  KmsLayout *layout;
  KmsRotationUpdate *update;
  GCancellable *cancellable;     /* of whoever runs it */
  gboolean has_answered;         /* the KMS, at least once */
  guint n_at_once;               /* values that the KMS is asked for at a time; 0: those of all rows at hand */
  gboolean knows_key_version;    /* whether `key_version` was asked for */
  char *key_version;             /* of the master key that wraps now; NULL where the provider does not say */
  char began[KMS_ROW_TIME_SIZE]; /* as the journal has times */
  gint64 started, saved;         /* monotonic time of the beginning, and of the last checkpoint */
  KmsRow *last;                  /* the id alone: up to where all rows are done */
  KmsRotationCounts counts;
};

typedef enum {
  KMS_ROTATION_PENDING,
  KMS_ROTATION_DONE,
  KMS_ROTATION_CHANGED, /* by somebody else: it is read again */
  KMS_ROTATION_FAILED,
} KmsRotationState;

/* One row on its way. What is borrowed lives as long as the rows or the batch. */
typedef struct
{
  guint index; /* among the rows */
  const KmsRow *row;
  const char *wrapped; /* what is written: borrowed */
  KmsSecret *data_key; /* the new one: borrowed; NULL where it stays the same */
  KmsRotationState state;
  GError *error;
} KmsRotationItem;

/* Some rows on their way. */
typedef struct
{
  KmsRotation *rotation;
  KmsRowBatch *rows;
  KmsBatch *batch; /* of what is asked of the KMS */
  GArray *items;   /* of KmsRotationItem */
} KmsRotationChunk;

static inline const KmsModelKey *
_kms_rotation_get_key (const KmsRotation *self)
{
  return g_ptr_array_index (self->model->keys, self->key);
}

static inline KmsRotationItem *
_kms_rotation_get_item (const KmsRotationChunk *chunk, guint index)
{
  return &g_array_index (chunk->items, KmsRotationItem, index);
}

/* Takes the error. */
void _kms_rotation_item_fail (KmsRotationItem *item, GError *error);

/* Whether an error is a row's own; else it will be the next row's, too, and the work stops. */
gboolean _kms_rotation_is_of_row (const GError *error);

/* FALSE: it is not, and is handed over with the row's id in front. NULL is no error. */
gboolean _kms_rotation_settle (KmsRotationItem *item, const GError *found, GError **error);

/* Emits the signals. */
void _kms_rotation_report (KmsRotation *self, const KmsRow *row, const GError *error);

void _kms_rotation_emit_progress (KmsRotation *self);
void _kms_rotation_emit_waiting (KmsRotation *self, gint64 microseconds, const GError *error);

/* FALSE, with the error of who was stopped by somebody. */
gboolean _kms_rotation_stop (KmsRotation *self, GError **error);

/* Runs a batch, and waits while the KMS is away or has enough. FALSE: the work stops. What fails otherwise is the values' own. */
gboolean _kms_rotation_ask (KmsRotation *self, KmsBatch *batch, GError **error);

/* Refuses what would lose something. */
gboolean _kms_rotation_check_rekey (KmsRotation *self, GCancellable *cancellable, GError **error);

/* Which rows: a condition in SQL, which may hold for more of them; how many it holds for; and whether a row that was read
 * needs work. */
char *_kms_rotation_make_condition (KmsRotation *self);
gboolean _kms_rotation_count_rows (KmsRotation *self, const char *condition, guint64 *n_rows, GCancellable *cancellable,
                                   GError **error);
gboolean _kms_rotation_wants_row (KmsRotation *self, const KmsRow *row);

/* Before that: asks the KMS which version of the master key is the newest, unless that is known or no matter of this row.
 * FALSE: nobody can tell which rows need work. */
gboolean _kms_rotation_learn_key_version (KmsRotation *self, const KmsRow *row, GError **error);

/* Whether ciphertexts of the box's newest version tell by which version of the master key they were made; and by which
 * one this was, or NULL. */
gboolean _kms_rotation_tells_key_version (KmsRotation *self);
char *_kms_rotation_dup_key_version (KmsRotation *self, const KmsCell *cell);

/* Before rows are looked at, and behind it. */
gboolean _kms_rotation_prepare (KmsRotation *self, KmsRotationKind kind, GError **error);
void _kms_rotation_forget (KmsRotation *self);

/* Asks the KMS for what is written into the rows. FALSE: the work stops. */
gboolean _kms_rotation_rewrap_chunk (KmsRotationChunk *chunk, GError **error);
gboolean _kms_rotation_rekey_chunk (KmsRotationChunk *chunk, GError **error);

/* Writes the chunk, in one transaction if nothing is wrong with one of its rows. FALSE: the work stops. */
gboolean _kms_rotation_write_chunk (KmsRotationChunk *chunk, GCancellable *cancellable, GError **error);

/* The UPDATEs of rows, each of which changes nothing if any of the row's cells is another than was read. They are added, and
 * run together, within a transaction. Rows and wrapped keys are borrowed until all is cleared. */
KmsRotationUpdate *_kms_rotation_update_new (KmsRotation *rotation);
void _kms_rotation_update_free (KmsRotationUpdate *self);
void _kms_rotation_update_clear (KmsRotationUpdate *self);
gboolean _kms_rotation_update_add (KmsRotationUpdate *self, const KmsRow *row, const char *wrapped, KmsSecret *old_key,
                                   KmsSecret *new_key, GError **error);
gboolean _kms_rotation_update_run (KmsRotationUpdate *self, GError **error);
gint64 _kms_rotation_update_get_n_changed (KmsRotationUpdate *self, guint index);

/* Writes attributes under the row's own data key that open only with the old one; those that open with neither are
 * INVALID_CIPHERTEXT. */
gboolean _kms_rotation_update_repair (KmsRotationUpdate *self, const KmsRow *row, KmsSecret *data_key,
                                      KmsSecret *old_key, gint64 *n_changed, GError **error);

/* The wrapped keys of the past. Within the caller's transaction. */
gboolean _kms_rotation_journal_prepare (KmsRotation *rotation, GCancellable *cancellable, GError **error);
gboolean _kms_rotation_journal_add (const KmsRotationChunk *chunk, GError **error);
GPtrArray *_kms_rotation_journal_list (KmsRotation *rotation, const KmsRow *row, GError **error);

/* Deletes what the journal has of this key from before the run began, in which everything has opened. */
gboolean _kms_rotation_check_prune (KmsRotation *self, GError **error);
gboolean _kms_rotation_journal_prune (KmsRotation *self, GError **error);

/* How far it is, on disk: now, or once a second. */
gboolean _kms_rotation_checkpoint_load (KmsRotation *self, KmsRowBatch *rows, GError **error);
gboolean _kms_rotation_checkpoint_save (KmsRotation *self, const KmsRow *last, gboolean now, GError **error);
void _kms_rotation_checkpoint_remove (KmsRotation *self);

/* Waits until so many rows may have been done. FALSE: cancelled. */
gboolean _kms_rotation_pace (KmsRotation *self, GCancellable *cancellable);
gboolean _kms_rotation_sleep (gint64 microseconds, GCancellable *cancellable);

/* Opens all attributes of a chunk's rows. */
gboolean _kms_rotation_verify_chunk (KmsRotationChunk *chunk, GError **error);

/* The whole way of a run. */
gboolean _kms_rotation_run (KmsRotation *self, KmsRotationKind kind, GCancellable *cancellable, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KmsRotationUpdate, _kms_rotation_update_free)

G_END_DECLS
