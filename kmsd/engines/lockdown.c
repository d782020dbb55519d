/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lockdown: what is in force, and the order in which memory and disk learn of a change. */
#include "lockdown.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "libkms/kms-permissions-private.h"
#include "lockdown-file.h"

#define DAEMON ""

struct _LockdownStore
{
  gatomicrefcount refs;
  char *directory;
  int fd;
  GMainContext *context; /* where changes are told */
  LockdownChangedFunc func;
  gpointer user_data;

  GMutex disk; /* one writer; taken before `lock`, and held while a disk hangs */
  GMutex lock; /* the rest; never held over a disk */
  GHashTable *table;
  GHashTable *engagements; /* box → how often it was engaged: a release that was overtaken must not win */
  char *problem;
};

static int
open_directory (const char *directory, GError **error)
{
  int fd = open (directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  struct stat info;

  if (fd < 0)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, "can't open %s, where lockdown is kept: %s", directory,
                   g_strerror (errno));
      return -1;
    }
  if (fstat (fd, &info) == 0 && _kms_permissions_check (directory, &info, error))
    return fd;
  close (fd);
  return -1;
}

/* Whoever engaged it wants it engaged: what can't be read counts as sealed. */
static void
seal_for_problem (LockdownStore *self, const GError *error)
{
  self->problem =
    g_strdup_printf ("everything is sealed, since %s/" LOCKDOWN_FILE_NAME
                     " can't be used: %s. What was locked before is not known any more. When you know that "
                     "it is safe, \"kmsctl lockdown release\" writes a new file",
                     self->directory, error->message);
  g_hash_table_insert (
    self->table, g_strdup (DAEMON),
    lockdown_state_new (LOCKDOWN_SEALED, g_get_real_time (), "the state of lockdown can't be read", "broken-state"));
}

static void
load (LockdownStore *self)
{
  g_autoptr (GError) error = NULL;
  gsize length = 0;
  g_autofree char *text = lockdown_file_load (self->fd, self->directory, &length, &error);
  GHashTable *table = text == NULL ? NULL : lockdown_file_parse (text, length, &error);

  self->table = table == NULL ? lockdown_table_new () : table;
  if (error != NULL)
    seal_for_problem (self, error);
}

LockdownStore *
lockdown_store_open (const char *directory, GError **error)
{
  int fd = open_directory (directory, error);

  if (fd < 0)
    return NULL;
  LockdownStore *self = g_new0 (LockdownStore, 1);
  g_atomic_ref_count_init (&self->refs);
  self->fd = fd;
  self->directory = g_strdup (directory);
  self->context = g_main_context_ref_thread_default ();
  self->engagements = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_mutex_init (&self->disk);
  g_mutex_init (&self->lock);
  load (self);
  return self;
}

LockdownStore *
lockdown_store_ref (LockdownStore *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
lockdown_store_unref (LockdownStore *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  close (self->fd);
  g_free (self->directory);
  g_main_context_unref (self->context);
  g_hash_table_unref (self->table);
  g_hash_table_unref (self->engagements);
  g_free (self->problem);
  g_mutex_clear (&self->disk);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
lockdown_store_set_changed_func (LockdownStore *self, LockdownChangedFunc func, gpointer user_data)
{
  self->func = func;
  self->user_data = user_data;
}

char *
lockdown_store_dup_problem (LockdownStore *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return g_strdup (self->problem);
}

static gboolean
check_locked (LockdownStore *self, const char *box, Operation operation, GError **error)
{
  const LockdownState *state = g_hash_table_lookup (self->table, box);

  if (state == NULL || operation_is_permitted_in (operation, state->mode))
    return TRUE;
  const char *mode = lockdown_mode_to_string (state->mode);
  if (box[0] == '\0')
    g_set_error (error, KMS_ERROR, KMS_ERROR_LOCKED_DOWN,
                 "kmsd is %s, so it does not %s: \"%s\"; \"kmsctl lockdown release\" ends that", mode,
                 operation_to_string (operation), state->reason);
  else
    g_set_error (error, KMS_ERROR, KMS_ERROR_LOCKED_DOWN,
                 "box \"%s\" is %s, so kmsd does not %s: \"%s\"; \"kmsctl lockdown release\" ends that for the box",
                 box, mode, operation_to_string (operation), state->reason);
  return FALSE;
}

gboolean
lockdown_permits (LockdownStore *self, const char *box, Operation operation, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return check_locked (self, DAEMON, operation, error) && (box == NULL || check_locked (self, box, operation, error));
}

void
lockdown_store_get (LockdownStore *self, const char *box, LockdownState *out)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  const LockdownState *state = g_hash_table_lookup (self->table, box == NULL ? DAEMON : box);

  *out = (LockdownState){ LOCKDOWN_NORMAL, 0, NULL, NULL };
  if (state != NULL)
    *out = (LockdownState){ state->mode, state->since_usec, g_strdup (state->reason), g_strdup (state->by) };
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

char **
lockdown_store_list (LockdownStore *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  GPtrArray *names = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer name, state;

  g_hash_table_iter_init (&iter, self->table);
  while (g_hash_table_iter_next (&iter, &name, &state))
    if (strcmp (name, DAEMON) != 0 && ((LockdownState *) state)->mode != LOCKDOWN_NORMAL)
      g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  g_ptr_array_add (names, NULL);
  return (char **) g_ptr_array_free (names, FALSE);
}

typedef struct
{
  LockdownStore *store;
  char *box;
  LockdownState *state;
  gboolean is_in_force; /* counted before it is on the disk */
  guint engagement;
} LockdownChange;

static void
change_free (LockdownChange *self)
{
  lockdown_store_unref (self->store);
  g_free (self->box);
  lockdown_state_free (self->state);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LockdownChange, change_free)

static gboolean
tell (gpointer data)
{
  LockdownChange *change = data;
  LockdownStore *store = change->store;

  if (store->func != NULL)
    store->func (store, change->box[0] == '\0' ? NULL : change->box, change->state, store->user_data);
  return G_SOURCE_REMOVE;
}

static void
tell_later (const LockdownChange *change)
{
  LockdownChange *copy = g_new0 (LockdownChange, 1);

  copy->store = lockdown_store_ref (change->store);
  copy->box = g_strdup (change->box);
  copy->state = lockdown_state_copy (change->state);
  g_main_context_invoke_full (change->store->context, G_PRIORITY_HIGH, tell, copy, (GDestroyNotify) change_free);
}

static gboolean
check_change (const char *box, LockdownMode mode, const char *reason, const char *by, GError **error)
{
  const char *what = NULL;

  g_return_val_if_fail ((guint) mode < N_LOCKDOWN_MODES, FALSE);

  if (!lockdown_text_is_fit (reason, LOCKDOWN_MAX_REASON))
    what = "give a reason: one line of text, at most 1024 bytes; it is kept, and shown to who is refused";
  else if (!lockdown_text_is_fit (by, LOCKDOWN_MAX_BY))
    what = "who changes lockdown must be named, in at most 128 bytes";
  else if (box != NULL && !lockdown_name_is_fit (box))
    what = "this is no name of a box";
  if (what == NULL)
    return TRUE;
  g_set_error_literal (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT, what);
  return FALSE;
}

/* Boxes that were released long ago make room. */
static gboolean
make_room_locked (LockdownStore *self, const char *box, GError **error)
{
  GHashTableIter iter;
  gpointer name, state;

  if (g_hash_table_contains (self->table, box) || g_hash_table_size (self->table) <= LOCKDOWN_MAX_BOXES)
    return TRUE;
  g_hash_table_iter_init (&iter, self->table);
  while (g_hash_table_iter_next (&iter, &name, &state))
    if (strcmp (name, DAEMON) != 0 && ((LockdownState *) state)->mode == LOCKDOWN_NORMAL)
      g_hash_table_iter_remove (&iter);
  if (g_hash_table_size (self->table) <= LOCKDOWN_MAX_BOXES)
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_QUOTA,
               "%d boxes are locked already, which is the limit; lock the whole daemon, or release some",
               LOCKDOWN_MAX_BOXES);
  return FALSE;
}

static void
apply_locked (const LockdownChange *change)
{
  g_hash_table_insert (change->store->table, g_strdup (change->box), lockdown_state_copy (change->state));
}

/* What makes it stricter, or as strict for another reason, counts from here on. */
static LockdownChange *
change_begin (LockdownStore *self, const char *box, LockdownMode mode, const char *reason, const char *by,
              GError **error)
{
  if (!check_change (box, mode, reason, by, error))
    return NULL;
  g_autoptr (LockdownChange) change = g_new0 (LockdownChange, 1);
  change->store = lockdown_store_ref (self);
  change->box = g_strdup (box == NULL ? DAEMON : box);
  change->state = lockdown_state_new (mode, g_get_real_time (), reason, by);

  g_mutex_lock (&self->lock);
  gboolean has_room = make_room_locked (self, change->box, error);
  if (has_room)
    {
      const LockdownState *old = g_hash_table_lookup (self->table, change->box);
      change->engagement = GPOINTER_TO_UINT (g_hash_table_lookup (self->engagements, change->box));
      change->is_in_force = mode != LOCKDOWN_NORMAL && (old == NULL || mode >= old->mode);
    }
  if (change->is_in_force)
    {
      apply_locked (change);
      g_hash_table_insert (self->engagements, g_strdup (change->box), GUINT_TO_POINTER (change->engagement + 1));
    }
  g_mutex_unlock (&self->lock);
  if (!has_room)
    return NULL;
  if (change->is_in_force)
    tell_later (change);
  return g_steal_pointer (&change);
}

static gboolean
check_not_overtaken_locked (LockdownChange *change, GError **error)
{
  gpointer engagement = g_hash_table_lookup (change->store->engagements, change->box);

  if (GPOINTER_TO_UINT (engagement) == change->engagement)
    return TRUE;
  g_set_error_literal (error, KMS_ERROR, KMS_ERROR_LOCKED_DOWN,
                       "lockdown was engaged again while it was being released, and stays engaged; look who did that, "
                       "and why, with \"kmsctl lockdown status\"");
  return FALSE;
}

/* As the file shall be; of a change that is not in force yet, as if it were. NULL where it was overtaken: what overtakes
 * it after this waits for the disk, and writes again. */
static char *
write_table (LockdownChange *change, gsize *length, GError **error)
{
  LockdownStore *self = change->store;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  LockdownState *kept = NULL;
  gpointer name = NULL, old = NULL;

  if (change->is_in_force)
    return lockdown_file_write (self->table, length);
  if (!check_not_overtaken_locked (change, error))
    return NULL;
  if (g_hash_table_steal_extended (self->table, change->box, &name, &old))
    kept = old;
  apply_locked (change);
  char *text = lockdown_file_write (self->table, length);
  g_hash_table_remove (self->table, change->box);
  if (kept != NULL)
    g_hash_table_insert (self->table, name, kept);
  return text;
}

static gboolean
apply_saved (LockdownChange *change, GError **error)
{
  LockdownStore *self = change->store;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  g_clear_pointer (&self->problem, g_free);
  if (change->is_in_force)
    return TRUE;
  if (!check_not_overtaken_locked (change, error))
    return FALSE;
  apply_locked (change);
  return TRUE;
}

static gboolean
save (LockdownChange *change, GError **error)
{
  LockdownStore *self = change->store;
  gsize length;
  g_autofree char *text = write_table (change, &length, error);

  if (text == NULL)
    return FALSE;
  if (lockdown_file_save (self->fd, self->directory, text, length, error))
    return apply_saved (change, error);
  g_prefix_error (error, "%s",
                  change->is_in_force ? "lockdown is in force, but would not survive a restart of kmsd: "
                                      : "lockdown stays as it was: ");
  return FALSE;
}

static gboolean
change_end (LockdownChange *change, GError **error)
{
  g_mutex_lock (&change->store->disk);
  gboolean done = save (change, error);
  g_mutex_unlock (&change->store->disk);

  if (done && !change->is_in_force)
    tell_later (change);
  return done;
}

gboolean
lockdown_store_set (LockdownStore *self, const char *box, LockdownMode mode, const char *reason, const char *by,
                    GError **error)
{
  g_autoptr (LockdownChange) change = change_begin (self, box, mode, reason, by, error);

  return change != NULL && change_end (change, error);
}

static void
end_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  GError *error = NULL;

  if (change_end (task_data, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
lockdown_store_set_async (LockdownStore *self, const char *box, LockdownMode mode, const char *reason, const char *by,
                          GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  GError *error = NULL;
  LockdownChange *change = change_begin (self, box, mode, reason, by, &error);

  g_task_set_source_tag (task, lockdown_store_set_async);
  if (change == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  g_task_set_task_data (task, change, (GDestroyNotify) change_free);
  g_task_run_in_thread (task, end_in_thread);
}

gboolean
lockdown_store_set_finish (LockdownStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, lockdown_store_set_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
