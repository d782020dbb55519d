/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The audit log as the daemon sees it: a queue in front of one thread that writes, and another one that watches the time,
 * since nothing else can: a disk that hangs holds the writing thread, and only that. */
#include "audit-log.h"

#include "audit-context.h"
#include "audit-shares.h"
#include "audit-writer.h"

#define DEFAULT_MAX_SIZE (16 * 1024 * 1024)
#define DEFAULT_TIMEOUT_MSEC 5000
#define MAX_GROUP 4096 /* records of one sync */

/* Reference-counted (an atomic rc box): the queue's, and that of a caller that blocks. */
typedef struct
{
  GPtrArray *records;
  GTask *task; /* NULL once it was answered, and for a caller that blocks */
  gint64 deadline;
  gboolean is_answered;
  GError *error;
} AuditRequest;

struct _AuditLog
{
  char *directory;
  char *key_path;
  gint64 timeout_usec;
  AuditKey key;        /* contexts are MACed in any thread */
  AuditWriter *writer; /* the writing thread's, unless is_taken */
  gboolean is_in_memory;

  GMutex lock; /* for all below; never held over a disk */
  GCond work, watch, answered, ended;
  guint n_users;
  guint n_threads;
  gboolean is_closing;
  gboolean is_taken;    /* the writer, by a thread that writes at once */
  gboolean is_watching; /* the watching thread sleeps for a deadline, and will see what comes meanwhile */
  GQueue waiting;       /* of AuditRequest */
  GQueue writing;
  AuditShares shares; /* of records in both */
  guint64 n_lost;     /* given up while they waited */
  guint64 max_size;
  AuditContextPolicy context;
  AuditHead head;
  char *problem;
};

static void
request_clear (gpointer data)
{
  AuditRequest *self = data;

  g_ptr_array_unref (self->records);
  g_clear_object (&self->task);
  g_clear_error (&self->error);
}

static void
request_unref (AuditRequest *self)
{
  g_atomic_rc_box_release_full (self, request_clear);
}

static AuditRequest *
request_new (AuditLog *log, GPtrArray *records, GTask *task)
{
  AuditRequest *self = g_atomic_rc_box_new0 (AuditRequest);

  self->records = records;
  self->task = task;
  self->deadline = g_get_monotonic_time () + log->timeout_usec;
  return self;
}

static void
free_log (AuditLog *self)
{
  audit_writer_free (self->writer);
  audit_key_clear (&self->key);
  g_free (self->directory);
  g_free (self->key_path);
  g_free (self->problem);
  audit_shares_clear (&self->shares);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->work);
  g_cond_clear (&self->watch);
  g_cond_clear (&self->answered);
  g_cond_clear (&self->ended);
  g_free (self);
}

static void
set_problem_locked (AuditLog *self, const char *problem)
{
  g_free (self->problem);
  self->problem = g_strdup (problem);
}

/* Takes the request out of the caller's sight. Its task is returned without the lock. */
static GTask *
answer_locked (AuditLog *self, AuditRequest *request, const GError *error)
{
  if (request->is_answered)
    return NULL;
  request->is_answered = TRUE;
  request->error = error == NULL ? NULL : g_error_copy (error);
  g_cond_broadcast (&self->answered);
  return g_steal_pointer (&request->task);
}

static void
return_task (GTask *task, AuditRequest *request)
{
  if (task == NULL)
    return;
  if (request->error != NULL)
    g_task_return_error (task, g_error_copy (request->error));
  else
    g_task_return_pointer (task, g_ptr_array_ref (request->records), (GDestroyNotify) g_ptr_array_unref);
  g_object_unref (task);
}

/* Those of one request have one caller. */
static gint64
get_uid (GPtrArray *records)
{
  return records->len == 0 ? -1 : ((AuditRecord *) g_ptr_array_index (records, 0))->caller.uid;
}

static void
give_back_locked (AuditLog *self, GPtrArray *records)
{
  audit_shares_give_back (&self->shares, get_uid (records), records->len);
}

/* All records that wait, up to a group. */
static GPtrArray *
take_group_locked (AuditLog *self)
{
  GPtrArray *records = g_ptr_array_new ();

  while (!g_queue_is_empty (&self->waiting) && records->len < MAX_GROUP)
    {
      AuditRequest *request = g_queue_pop_head (&self->waiting);
      for (guint i = 0; i < request->records->len; i++)
        g_ptr_array_add (records, g_ptr_array_index (request->records, i));
      g_queue_push_tail (&self->writing, request);
    }
  return records;
}

static void
note_result_locked (AuditLog *self, const GError *error)
{
  self->head = *audit_writer_get_head (self->writer);
  set_problem_locked (self, error == NULL ? NULL : error->message);
}

static void
end_group (AuditLog *self, const GError *error)
{
  GQueue done = G_QUEUE_INIT;
  g_autoptr (GPtrArray) tasks = g_ptr_array_new ();

  g_mutex_lock (&self->lock);
  note_result_locked (self, error);
  done = self->writing;
  g_queue_init (&self->writing);
  for (GList *l = done.head; l != NULL; l = l->next)
    {
      give_back_locked (self, ((AuditRequest *) l->data)->records);
      g_ptr_array_add (tasks, answer_locked (self, l->data, error));
    }
  g_mutex_unlock (&self->lock);

  for (guint i = 0; i < tasks->len; i++)
    {
      AuditRequest *request = g_queue_pop_head (&done);
      return_task (g_ptr_array_index (tasks, i), request);
      request_unref (request);
    }
}

static void
prepare_writer_locked (AuditLog *self)
{
  audit_writer_add_lost (self->writer, self->n_lost);
  audit_writer_set_max_size (self->writer, self->max_size);
  self->n_lost = 0;
}

/* FALSE when the log is closing and nothing is left. */
static gboolean
write_group (AuditLog *self)
{
  g_autoptr (GPtrArray) records = NULL;
  g_autoptr (GError) error = NULL;

  g_mutex_lock (&self->lock);
  while (self->is_taken || (g_queue_is_empty (&self->waiting) && !self->is_closing))
    g_cond_wait (&self->work, &self->lock);
  records = take_group_locked (self);
  prepare_writer_locked (self);
  g_mutex_unlock (&self->lock);

  if (records->len == 0)
    return FALSE;
  audit_writer_append (self->writer, records, &error);
  end_group (self, error);
  return TRUE;
}

/* The last of users and threads frees it. */
static void
leave_locked (AuditLog *self)
{
  gboolean is_last = self->n_users == 0 && self->n_threads == 0;

  g_mutex_unlock (&self->lock);
  if (is_last)
    free_log (self);
}

static void
leave_thread_locked (AuditLog *self)
{
  self->n_threads--;
  g_cond_broadcast (&self->ended);
  g_cond_broadcast (&self->watch);
  leave_locked (self);
}

static gpointer
write_all_groups (gpointer data)
{
  AuditLog *self = data;

  while (write_group (self))
    continue;
  g_mutex_lock (&self->lock);
  leave_thread_locked (self);
  return NULL;
}

/* Both queues are in the order of deadlines, and what is being written came first. */
static AuditRequest *
find_oldest_locked (AuditLog *self)
{
  for (GList *l = self->writing.head; l != NULL; l = l->next)
    if (!((AuditRequest *) l->data)->is_answered)
      return l->data;
  return g_queue_peek_head (&self->waiting);
}

static GError *
make_timeout_error (AuditLog *self)
{
  return g_error_new (KMS_ERROR, KMS_ERROR_AUDIT,
                      "the audit log in %s was not written within %" G_GINT64_FORMAT
                      " ms: its disk hangs or is overloaded",
                      self->directory, self->timeout_usec / 1000);
}

/* What is not being written yet need not be written any more: nothing was done. */
static void
give_up_locked (AuditLog *self, AuditRequest *request, GPtrArray *requests, GPtrArray *tasks)
{
  g_autoptr (GError) error = make_timeout_error (self);

  set_problem_locked (self, error->message);
  g_ptr_array_add (requests, g_atomic_rc_box_acquire (request));
  g_ptr_array_add (tasks, answer_locked (self, request, error));
  if (request != g_queue_peek_head (&self->waiting))
    return;
  g_queue_pop_head (&self->waiting);
  give_back_locked (self, request->records);
  self->n_lost += request->records->len;
  request_unref (request);
}

static void
give_up_overdue_locked (AuditLog *self)
{
  g_autoptr (GPtrArray) requests = g_ptr_array_new_with_free_func ((GDestroyNotify) request_unref);
  g_autoptr (GPtrArray) tasks = g_ptr_array_new ();
  AuditRequest *oldest;

  while ((oldest = find_oldest_locked (self)) != NULL && oldest->deadline <= g_get_monotonic_time ())
    give_up_locked (self, oldest, requests, tasks);
  g_mutex_unlock (&self->lock);
  for (guint i = 0; i < tasks->len; i++)
    return_task (g_ptr_array_index (tasks, i), g_ptr_array_index (requests, i));
  g_mutex_lock (&self->lock);
}

static gpointer
watch_deadlines (gpointer data)
{
  AuditLog *self = data;

  g_mutex_lock (&self->lock);
  while (self->n_threads > 1)
    {
      AuditRequest *oldest = find_oldest_locked (self);
      self->is_watching = oldest != NULL;
      if (oldest == NULL)
        g_cond_wait (&self->watch, &self->lock);
      else if (!g_cond_wait_until (&self->watch, &self->lock, oldest->deadline))
        give_up_overdue_locked (self);
    }
  leave_thread_locked (self);
  return NULL;
}

static gboolean
start_thread (AuditLog *self, const char *name, GThreadFunc func, GError **error)
{
  g_autoptr (GError) local = NULL;
  GThread *thread = g_thread_try_new (name, func, self, &local);

  if (thread == NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_AUDIT, "no thread for the audit log: %s", local->message);
      return FALSE;
    }
  g_thread_unref (thread);
  return TRUE;
}

static AuditLog *
log_new (const AuditOptions *options, AuditWriter *writer)
{
  AuditLog *self = g_new0 (AuditLog, 1);
  const AuditKey *key = audit_writer_get_key (writer);

  self->directory = g_strdup (options->directory);
  self->key_path = options->key_path == NULL ? g_build_filename (options->directory, "audit.key", NULL)
                                             : g_strdup (options->key_path);
  self->context = options->context;
  self->max_size = options->max_size;
  self->timeout_usec = (gint64) options->timeout_msec * 1000;
  self->writer = writer;
  self->is_in_memory = audit_writer_is_in_memory (writer);
  self->key = (AuditKey){ kms_secret_ref (key->chain), kms_secret_ref (key->context) };
  self->head = *audit_writer_get_head (writer);
  self->n_users = 1;
  self->n_threads = 2;
  g_mutex_init (&self->lock);
  g_cond_init (&self->work);
  g_cond_init (&self->watch);
  g_cond_init (&self->answered);
  g_cond_init (&self->ended);
  g_queue_init (&self->waiting);
  g_queue_init (&self->writing);
  audit_shares_init (&self->shares);
  return self;
}

AuditLog *
audit_log_open (const AuditOptions *options, GError **error)
{
  AuditOptions whole = *options;

  whole.max_size = options->max_size == 0 ? DEFAULT_MAX_SIZE : options->max_size;
  whole.timeout_msec = options->timeout_msec == 0 ? DEFAULT_TIMEOUT_MSEC : options->timeout_msec;
  AuditWriter *writer = audit_writer_open (&whole, error);
  if (writer == NULL)
    return NULL;
  AuditLog *self = log_new (&whole, writer);
  if (!start_thread (self, "audit-write", write_all_groups, error))
    {
      free_log (self);
      return NULL;
    }
  if (start_thread (self, "audit-watch", watch_deadlines, error))
    return self;
  g_mutex_lock (&self->lock);
  self->n_threads--;
  g_mutex_unlock (&self->lock);
  audit_log_unref (self);
  return NULL;
}

AuditLog *
audit_log_ref (AuditLog *self)
{
  g_mutex_lock (&self->lock);
  self->n_users++;
  g_mutex_unlock (&self->lock);
  return self;
}

void
audit_log_unref (AuditLog *self)
{
  g_mutex_lock (&self->lock);
  if (--self->n_users == 0)
    {
      self->is_closing = TRUE;
      g_cond_broadcast (&self->work);
    }
  leave_locked (self);
}

gboolean
audit_log_close (AuditLog *self, GError **error)
{
  gint64 deadline = g_get_monotonic_time () + self->timeout_usec;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->is_closing = TRUE;
  g_cond_broadcast (&self->work);
  while (self->n_threads > 0)
    if (!g_cond_wait_until (&self->ended, &self->lock, deadline))
      {
        g_propagate_error (error, make_timeout_error (self));
        return FALSE;
      }
  return TRUE;
}

void
audit_log_set_options (AuditLog *self, guint64 max_size, AuditContextPolicy context)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->max_size = max_size == 0 ? DEFAULT_MAX_SIZE : max_size;
  self->context = context;
}

void
audit_log_set_context (AuditLog *self, AuditRecord *record, KmsContext *context)
{
  g_mutex_lock (&self->lock);
  AuditContextPolicy policy = self->context;
  g_mutex_unlock (&self->lock);
  g_free (record->context);
  record->context = audit_context_describe (context, policy, &self->key, &record->context_form);
}

static gboolean
check_taking_locked (AuditLog *self, GPtrArray *records, GError **error)
{
  AuditRequest *first = g_queue_peek_head (&self->writing);

  if (self->is_closing)
    g_set_error (error, KMS_ERROR, KMS_ERROR_AUDIT, "the audit log in %s is closed: kmsd is ending", self->directory);
  /* No need to wait as long as those before. */
  else if (first != NULL && first->is_answered)
    g_propagate_error (error, make_timeout_error (self));
  else if (records->len > audit_shares_get_room (&self->shares, get_uid (records)))
    g_set_error (error, KMS_ERROR, KMS_ERROR_AUDIT,
                 "%u records wait for the audit log in %s already, which is too slow, and %d of one user may",
                 self->shares.n, self->directory, MAX_WAITING_OF_ONE);
  else
    return TRUE;
  return FALSE;
}

/* Takes the records, the reference to the task, and returns the request with one for the caller; NULL with an error. */
static AuditRequest *
take (AuditLog *self, GPtrArray *records, GTask *task, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (!check_taking_locked (self, records, error))
    {
      self->n_lost += records->len;
      return NULL;
    }
  AuditRequest *request = request_new (self, records, task);
  g_queue_push_tail (&self->waiting, request);
  audit_shares_take (&self->shares, get_uid (records), records->len);
  g_cond_signal (&self->work);
  if (!self->is_watching)
    g_cond_signal (&self->watch);
  return g_atomic_rc_box_acquire (request);
}

void
audit_log_append_async (AuditLog *self, GPtrArray *records, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  GError *error = NULL;

  g_task_set_source_tag (task, audit_log_append_async);
  AuditRequest *request = take (self, records, g_object_ref (task), &error);
  if (request != NULL)
    {
      request_unref (request);
      return;
    }
  g_ptr_array_unref (records);
  g_task_return_error (task, error);
  g_object_unref (task);
}

GPtrArray *
audit_log_append_finish (AuditLog *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, audit_log_append_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

gboolean
audit_log_append_at_once (AuditLog *self, GPtrArray *records, GError **error)
{
  g_autoptr (GError) local = NULL;

  g_mutex_lock (&self->lock);
  gboolean takes = self->is_in_memory && !self->is_closing && !self->is_taken && self->shares.n == 0;
  if (takes)
    prepare_writer_locked (self);
  self->is_taken = self->is_taken || takes;
  g_mutex_unlock (&self->lock);
  if (!takes)
    return FALSE;

  audit_writer_append (self->writer, records, &local);
  g_mutex_lock (&self->lock);
  note_result_locked (self, local);
  self->is_taken = FALSE;
  /* Waking the writing thread for nothing costs more than the record. */
  if (self->is_closing || !g_queue_is_empty (&self->waiting))
    g_cond_signal (&self->work);
  g_mutex_unlock (&self->lock);
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return TRUE;
}

GPtrArray *
audit_log_append (AuditLog *self, GPtrArray *records, GError **error)
{
  AuditRequest *request = take (self, records, NULL, error);
  GPtrArray *written = NULL;

  if (request == NULL)
    {
      g_ptr_array_unref (records);
      return NULL;
    }
  g_mutex_lock (&self->lock);
  while (!request->is_answered)
    g_cond_wait (&self->answered, &self->lock);
  g_mutex_unlock (&self->lock);
  if (request->error != NULL)
    g_propagate_error (error, g_error_copy (request->error));
  else
    written = g_ptr_array_ref (request->records);
  request_unref (request);
  return written;
}

void
audit_log_get_head (AuditLog *self, AuditHead *head)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  *head = self->head;
}

char *
audit_log_dup_problem (AuditLog *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return g_strdup (self->problem);
}

guint
audit_log_get_n_waiting (AuditLog *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->shares.n;
}

const char *
audit_log_get_directory (AuditLog *self)
{
  return self->directory;
}

const char *
audit_log_get_key_path (AuditLog *self)
{
  return self->key_path;
}
