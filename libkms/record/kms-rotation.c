/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rotations as objects: what is to be done, and how far it is. */
#include "kms-rotation-private.h"

#include "kms-error.h"

/* One transaction, and one batch of the KMS. */
#define DEFAULT_BATCH_SIZE 1000
#define MAX_BATCH_SIZE 10000

/* Seconds. */
#define DEFAULT_PATIENCE (15 * 60)

enum {
  SIGNAL_PROGRESS,
  SIGNAL_ROW_FAILED,
  SIGNAL_WAITING,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

/**
 * KmsRotation:
 *
 * The rotation of one key of a model in all rows of its table, or in some of them. Its functions block; they may be
 * called in any thread, one at a time, in which the signals are emitted, too. The store is used by nobody else
 * meanwhile.
 *
 * Nothing is lost however a rotation ends: each row is written as a whole, if it still is what was read, and who begins
 * again finds what is left.
 *
 * Since: 1.0
 */
G_DEFINE_FINAL_TYPE (KmsRotation, kms_rotation, G_TYPE_OBJECT)

static void
kms_rotation_finalize (GObject *object)
{
  KmsRotation *self = KMS_ROTATION (object);

  g_clear_object (&self->model);
  g_clear_object (&self->store);
  g_free (self->where);
  g_free (self->from_version);
  g_free (self->checkpoint);
  G_OBJECT_CLASS (kms_rotation_parent_class)->finalize (object);
}

static void
kms_rotation_class_init (KmsRotationClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = kms_rotation_finalize;

  /**
   * KmsRotation::progress:
   * @self: a rotation
   *
   * Emitted whenever some rows are done or failed: see kms_rotation_get_counts().
   *
   * Since: 1.0
   */
  signals[SIGNAL_PROGRESS] =
    g_signal_new ("progress", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);

  /**
   * KmsRotation::row-failed:
   * @self: a rotation
   * @id: the row's id
   * @error: what is wrong
   *
   * Emitted for each row that is left as it was, because something is wrong with it.
   *
   * Since: 1.0
   */
  signals[SIGNAL_ROW_FAILED] = g_signal_new ("row-failed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                             NULL, G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_ERROR);

  /**
   * KmsRotation::waiting:
   * @self: a rotation
   * @milliseconds: how long
   * @error: what the KMS said
   *
   * Emitted before the rotation waits for a KMS that is away or has enough: see kms_rotation_set_patience().
   *
   * Since: 1.0
   */
  signals[SIGNAL_WAITING] = g_signal_new ("waiting", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                          G_TYPE_NONE, 2, G_TYPE_UINT, G_TYPE_ERROR);
}

static void
kms_rotation_init (KmsRotation *self)
{
  self->batch_size = DEFAULT_BATCH_SIZE;
  self->patience = DEFAULT_PATIENCE;
}

/**
 * kms_rotation_new:
 * @model: a model
 * @key: the name of one of its keys
 * @store: where its table is
 * @error: return location for an error
 *
 * Prepares a rotation. Nothing is asked of the store or of the key's box yet.
 *
 * Returns: (transfer full): a rotation, or %NULL with %KMS_ERROR_NOT_FOUND if there is no such key
 *
 * Since: 1.0
 */
KmsRotation *
kms_rotation_new (KmsModel *model, const char *key, KmsStore *store, GError **error)
{
  g_return_val_if_fail (KMS_IS_MODEL (model), NULL);
  g_return_val_if_fail (key != NULL, NULL);
  g_return_val_if_fail (KMS_IS_STORE (store), NULL);
  guint place;

  if (_kms_model_find_key (model, key, &place) == NULL)
    {
      g_auto (GStrv) keys = kms_model_list_keys (model);
      g_autofree char *names = g_strjoinv (", ", keys);
      g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND, "model \"%s\" has no key \"%s\"; it has: %s",
                   model->file_name, key, names);
      return NULL;
    }
  KmsRotation *self = g_object_new (KMS_TYPE_ROTATION, NULL);
  self->model = g_object_ref (model);
  self->store = g_object_ref (store);
  self->key = place;
  return self;
}

/**
 * kms_rotation_set_where:
 * @self: a rotation
 * @sql: (nullable): a condition, as it would stand behind WHERE; %NULL for none
 *
 * Leaves out rows for which a condition does not hold. It is SQL as it is, and must not come from who is not to be
 * trusted with the whole database.
 *
 * Since: 1.0
 */
void
kms_rotation_set_where (KmsRotation *self, const char *sql)
{
  g_return_if_fail (KMS_IS_ROTATION (self));

  g_free (self->where);
  self->where = g_strdup (sql);
}

/**
 * kms_rotation_set_from_version:
 * @self: a rotation
 * @version: (nullable): a version of the box, as decimal digits; %NULL for all
 *
 * Leaves out rows whose wrapped key has another version. Those without a version are version 1.
 *
 * Since: 1.0
 */
void
kms_rotation_set_from_version (KmsRotation *self, const char *version)
{
  g_return_if_fail (KMS_IS_ROTATION (self));

  g_free (self->from_version);
  self->from_version = g_strdup (version);
}

/**
 * kms_rotation_set_all:
 * @self: a rotation
 * @all: whether to rotate what is new enough, too
 *
 * Without it, rows are left out whose wrapped key has the box's newest version and, where the provider can tell, was
 * made by the newest version of the master key.
 *
 * Since: 1.0
 */
void
kms_rotation_set_all (KmsRotation *self, gboolean all)
{
  g_return_if_fail (KMS_IS_ROTATION (self));

  self->all = all;
}

/**
 * kms_rotation_set_offline:
 * @self: a rotation
 * @offline: the caller's word that no application uses the table meanwhile
 *
 * An application that keeps a row's data key in memory would write with it after the key was replaced. Optimistic locking
 * prevents that; kms_rotation_rekey() refuses tables without it, unless nobody is there to do so.
 *
 * Since: 1.0
 */
void
kms_rotation_set_offline (KmsRotation *self, gboolean offline)
{
  g_return_if_fail (KMS_IS_ROTATION (self));

  self->offline = offline;
}

/**
 * kms_rotation_set_shared:
 * @self: a rotation
 * @shared: whether other workers rotate the same key now
 *
 * Lets several workers, also on several machines, share a table: rows are locked while they are worked on, and each
 * worker leaves out what another one has locked. Only for databases that can do so (%KMS_STORE_SKIP_LOCKED).
 *
 * Since: 1.0
 */
void
kms_rotation_set_shared (KmsRotation *self, gboolean shared)
{
  g_return_if_fail (KMS_IS_ROTATION (self));

  self->shared = shared;
}

/**
 * kms_rotation_set_ignore_attachments:
 * @self: a rotation
 * @ignore: the caller's word that the rows' attached files are not encrypted with the key
 *
 * kms_rotation_rekey() refuses where Active Storage has files of the model, since it would not encrypt them again.
 *
 * Since: 1.0
 */
void
kms_rotation_set_ignore_attachments (KmsRotation *self, gboolean ignore)
{
  g_return_if_fail (KMS_IS_ROTATION (self));

  self->ignore_attachments = ignore;
}

/**
 * kms_rotation_set_batch_size:
 * @self: a rotation
 * @n_rows: how many rows, from 1 to 10,000; 0 for as many as are thought best
 *
 * Chooses how many rows are read, sent to the KMS and written at a time.
 *
 * Since: 1.0
 */
void
kms_rotation_set_batch_size (KmsRotation *self, guint n_rows)
{
  g_return_if_fail (KMS_IS_ROTATION (self));

  self->batch_size = n_rows == 0 ? DEFAULT_BATCH_SIZE : MIN (n_rows, MAX_BATCH_SIZE);
}

/**
 * kms_rotation_set_max_per_second:
 * @self: a rotation
 * @n_rows: how many rows a second at most; 0 for no limit
 *
 * Spares the KMS, its quota, and the database.
 *
 * Since: 1.0
 */
void
kms_rotation_set_max_per_second (KmsRotation *self, guint n_rows)
{
  g_return_if_fail (KMS_IS_ROTATION (self));

  self->max_per_second = n_rows;
}

/**
 * kms_rotation_set_patience:
 * @self: a rotation
 * @seconds: for how long the KMS may answer nothing; 0 to wait for nothing; 900 if this is not called
 *
 * A KMS that throttles, that has no answer in time, or can't be reached after it had answered, is asked again, besides what
 * its provider does on its own: after pauses that double from 0.2 seconds to a minute, for fewer values at a time. Each
 * pause is told by #KmsRotation::waiting. When nothing was answered for so long, the work stops with the KMS's error. Of all
 * other errors it stops at once.
 *
 * Since: 1.0
 */
void
kms_rotation_set_patience (KmsRotation *self, guint seconds)
{
  g_return_if_fail (KMS_IS_ROTATION (self));

  self->patience = seconds;
}

/**
 * kms_rotation_set_prune_journal:
 * @self: a rotation
 * @prune: the caller's word that no application has a data key in memory any more that kms_rotation_rekey() replaced
 *
 * Lets kms_rotation_verify() delete what the journal has of this table and key, and had when it began, if every row opens.
 * After that nothing can be repaired any more, and who gets hold of the journal has none of the old data keys.
 *
 * Since: 1.0
 */
void
kms_rotation_set_prune_journal (KmsRotation *self, gboolean prune)
{
  g_return_if_fail (KMS_IS_ROTATION (self));

  self->prune_journal = prune;
}

/**
 * kms_rotation_set_checkpoint:
 * @self: a rotation
 * @path: (nullable): a file; %NULL for none
 * @resume: whether to go on where the file says that an earlier run was
 *
 * Writes down once a second how far the work is, in a file that is removed when it is done. Who begins without it finds
 * what is left, too, by the rows themselves, unless all rows are wanted.
 *
 * Since: 1.0
 */
void
kms_rotation_set_checkpoint (KmsRotation *self, const char *path, gboolean resume)
{
  g_return_if_fail (KMS_IS_ROTATION (self));

  g_free (self->checkpoint);
  self->checkpoint = g_strdup (path);
  self->resume = path != NULL && resume;
}

/**
 * kms_rotation_rewrap:
 * @self: a rotation
 * @cancellable: (nullable): takes effect once the rows at hand are written, or where it waits for the KMS
 * @error: return location for an error
 *
 * Wraps the data keys of rows anew, within the KMS where it can do that: with the newest version of the box, and the
 * context of now. The data keys stay the same, so that nothing but the column of the key changes, and applications may
 * run meanwhile.
 *
 * Returns: %TRUE if all is done; %FALSE with @error set: %KMS_ERROR_PARTIAL if rows failed and the others are done; any
 *   other error stops the work, which can be begun again
 *
 * Since: 1.0
 */
gboolean
kms_rotation_rewrap (KmsRotation *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (KMS_IS_ROTATION (self), FALSE);

  return _kms_rotation_run (self, KMS_ROTATION_REWRAP, cancellable, error);
}

/**
 * kms_rotation_rekey:
 * @self: a rotation
 * @cancellable: (nullable): takes effect once the rows at hand are written, or where it waits for the KMS
 * @error: return location for an error
 *
 * Gives rows new data keys, and encrypts all attributes under the key again. The wrapped keys of before are kept in the
 * table `kms_rotation_journal` of the same database, for kms_rotation_verify() to repair what was written with an old
 * data key afterwards.
 *
 * Returns: as kms_rotation_rewrap(); before anything is done: %KMS_ERROR_NOT_SUPPORTED if something would be lost
 *
 * Since: 1.0
 */
gboolean
kms_rotation_rekey (KmsRotation *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (KMS_IS_ROTATION (self), FALSE);

  return _kms_rotation_run (self, KMS_ROTATION_REKEY, cancellable, error);
}

/**
 * kms_rotation_verify:
 * @self: a rotation
 * @repair: whether to encrypt again what opens only with a data key of the past
 * @cancellable: (nullable): takes effect once the rows at hand are done, or where it waits for the KMS
 * @error: return location for an error
 *
 * Decrypts all attributes under the key, and keeps nothing of them. Looks at all rows, whatever versions they have.
 *
 * Returns: %TRUE if everything opens; %FALSE with @error set: %KMS_ERROR_PARTIAL if rows failed and the others opened;
 *   before anything is done: %KMS_ERROR_NOT_SUPPORTED if the journal is to be pruned and not everything would be looked at
 *
 * Since: 1.0
 */
gboolean
kms_rotation_verify (KmsRotation *self, gboolean repair, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (KMS_IS_ROTATION (self), FALSE);

  return _kms_rotation_run (self, repair ? KMS_ROTATION_REPAIR : KMS_ROTATION_VERIFY, cancellable, error);
}

/**
 * kms_rotation_get_counts:
 * @self: a rotation
 * @counts: (out): how far the last run is
 *
 * Tells how far it is.
 *
 * Since: 1.0
 */
void
kms_rotation_get_counts (KmsRotation *self, KmsRotationCounts *counts)
{
  g_return_if_fail (KMS_IS_ROTATION (self) && counts != NULL);

  *counts = self->counts;
}

void
_kms_rotation_report (KmsRotation *self, const KmsRow *row, const GError *error)
{
  g_autofree char *id = _kms_row_dup_id (row);

  self->counts.n_failed++;
  g_signal_emit (self, signals[SIGNAL_ROW_FAILED], 0, id == NULL ? "NULL" : id, error);
}

void
_kms_rotation_emit_progress (KmsRotation *self)
{
  g_signal_emit (self, signals[SIGNAL_PROGRESS], 0);
}

void
_kms_rotation_emit_waiting (KmsRotation *self, gint64 microseconds, const GError *error)
{
  g_signal_emit (self, signals[SIGNAL_WAITING], 0, (guint) (microseconds / G_TIME_SPAN_MILLISECOND), error);
}
