/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Appends groups of records to the files of the log, and takes back what did not get onto the disk. */
#include "audit-writer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "audit-files.h"
#include "audit-line.h"
#include "audit-tail.h"

struct _AuditWriter
{
  char *path;
  int directory;
  int lock;
  guint64 max_size;
  AuditKey key;
  AuditHead head;        /* the last line that is on the disk */
  int fd;                /* -1: the next group begins a file */
  guint64 file_sequence; /* of that file */
  dev_t device; /* and what tells it from another one of that name: while it is open, nothing else has its inode */
  ino_t inode;
  guint64 size;      /* of that file, up to that line */
  gboolean is_dirty; /* something may stand behind it that is not in the log */
  char *note;        /* what the next group has to tell first, and its operation */
  const char *note_operation;
  guint64 n_lost;
  GString *text; /* the group, kept for its memory */
};

static void
set_note (AuditWriter *self, const char *operation, char *note)
{
  g_free (self->note);
  self->note = note;
  self->note_operation = operation;
}

static void
close_if_open (int fd)
{
  if (fd >= 0)
    close (fd);
}

static gboolean
fail (AuditWriter *self, const char *what, int number, GError **error)
{
  g_set_error (error, KMS_ERROR, KMS_ERROR_AUDIT, "the audit log in %s can't be %s: %s%s", self->path, what,
               g_strerror (number), number == ENOSPC || number == EDQUOT ? "; make room there" : "");
  return FALSE;
}

/* Takes the descriptor over if it returns TRUE. */
static gboolean
take_file (AuditWriter *self, int fd, guint64 sequence, guint64 size)
{
  struct stat info;

  if (fstat (fd, &info) != 0)
    return FALSE;
  self->fd = fd;
  self->file_sequence = sequence;
  self->device = info.st_dev;
  self->inode = info.st_ino;
  self->size = size;
  return TRUE;
}

static gboolean
open_last (AuditWriter *self, const AuditTail *tail, GError **error)
{
  g_autofree char *name = audit_file_name (tail->file_sequence);

  int fd = openat (self->directory, name, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

  if (fd >= 0 && take_file (self, fd, tail->file_sequence, tail->size))
    return TRUE;
  int number = errno;
  close_if_open (fd);
  return fail (self, "written", number, error);
}

/* A new key would make everything that is there unreadable for verification: only a log that is not there yet gets one. */
static gboolean
load_key (AuditWriter *self, const AuditOptions *options, GError **error)
{
  g_autofree char *own_path = g_build_filename (options->directory, AUDIT_KEY_NAME, NULL);
  g_autoptr (GArray) files = audit_directory_list (self->path, error);

  return files != NULL
         && audit_key_load (options->key_path == NULL ? own_path : options->key_path, files->len == 0, &self->key,
                            error);
}

static gboolean
recover (AuditWriter *self, GError **error)
{
  AuditTail tail;

  if (!audit_tail_recover (self->directory, self->path, &self->key, &tail, error))
    return FALSE;
  self->head = tail.head;
  if (tail.torn > 0)
    set_note (self, "log-recovered",
              g_strdup_printf ("%" G_GUINT64_FORMAT " bytes of lines that were not finished were dropped", tail.torn));
  return tail.file_sequence == 0 || open_last (self, &tail, error);
}

AuditWriter *
audit_writer_open (const AuditOptions *options, GError **error)
{
  g_autoptr (AuditWriter) self = g_new0 (AuditWriter, 1);

  self->path = g_strdup (options->directory);
  self->max_size = options->max_size;
  self->directory = self->lock = self->fd = -1;
  self->text = g_string_new (NULL);
  self->directory = audit_directory_open (self->path, TRUE, error);
  if (self->directory < 0)
    return NULL;
  self->lock = audit_directory_lock (self->directory, self->path, error);
  if (self->lock < 0 || !load_key (self, options, error) || !recover (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
audit_writer_free (AuditWriter *self)
{
  close_if_open (self->fd);
  close_if_open (self->lock);
  close_if_open (self->directory);
  audit_key_clear (&self->key);
  g_string_free (self->text, TRUE);
  g_free (self->note);
  g_free (self->path);
  g_free (self);
}

const AuditHead *
audit_writer_get_head (AuditWriter *self)
{
  return &self->head;
}

const AuditKey *
audit_writer_get_key (AuditWriter *self)
{
  return &self->key;
}

gboolean
audit_writer_is_in_memory (AuditWriter *self)
{
  struct statfs info;

  return fstatfs (self->directory, &info) == 0 && (info.f_type == TMPFS_MAGIC || info.f_type == RAMFS_MAGIC);
}

void
audit_writer_set_max_size (AuditWriter *self, guint64 max_size)
{
  self->max_size = max_size;
}

void
audit_writer_add_lost (AuditWriter *self, guint64 n_records)
{
  self->n_lost += n_records;
}

static gboolean
write_all (int fd, const char *data, gsize length)
{
  while (length > 0)
    {
      gssize written = write (fd, data, length);
      if (written < 0 && errno == EINTR)
        continue;
      if (written <= 0)
        return FALSE;
      data += written;
      length -= (gsize) written;
    }
  return TRUE;
}

/* After a failed sync nobody knows what is on the disk (the kernel may have dropped the pages, and says so only once): so
 * the file gets back to where it was known, and what comes next is written anew. */
static gboolean
take_back (AuditWriter *self)
{
  self->is_dirty = self->fd >= 0 && (ftruncate (self->fd, (off_t) self->size) != 0 || fdatasync (self->fd) != 0);
  return !self->is_dirty;
}

/* Somebody moved, cut or wrote the file while we have it open: then the chain goes on in another one, and tells. */
static void
leave_disturbed_file (AuditWriter *self)
{
  g_autofree char *name = audit_file_name (self->file_sequence);
  struct stat there;

  if (self->fd < 0
      || (fstatat (self->directory, name, &there, AT_SYMLINK_NOFOLLOW) == 0 && there.st_ino == self->inode
          && there.st_dev == self->device && (guint64) there.st_size == self->size))
    return;
  close (g_steal_fd (&self->fd));
  set_note (self, "log-disturbed",
            g_strdup_printf ("%s was moved, cut or written by somebody else; the log goes on in a new file", name));
}

/* Records that the log itself writes go through here as well. */
static gboolean
add_record (AuditWriter *self, AuditRecord *record, AuditHead *head)
{
  gsize start = self->text->len;

  record->sequence = head->sequence + 1;
  if (record->time_usec == 0)
    record->time_usec = g_get_real_time ();
  audit_record_write (record, self->text);
  return audit_line_end (self->text, start, &self->key, record->sequence, head);
}

static gboolean
add_note (AuditWriter *self, const char *operation, const char *detail, const char *previous, AuditHead *head)
{
  g_autoptr (AuditRecord) record = audit_record_new (operation, AUDIT_OUTCOME_DONE);

  record->detail = g_strdup (detail);
  record->previous = g_strdup (previous);
  return add_record (self, record, head);
}

static gboolean
add_beginning (AuditWriter *self, AuditHead *head)
{
  char previous[2 * AUDIT_MAC_SIZE + 1];

  audit_mac_to_hex (head->mac, previous);
  return add_note (self, head->sequence == 0 ? "log-begin" : "log-continue", NULL, previous, head);
}

/* The text of the group into self->text, as it would stand in this file or in a new one. */
static gboolean
compose (AuditWriter *self, GPtrArray *records, gboolean is_new_file, AuditHead *head)
{
  gboolean ok = TRUE;

  *head = self->head;
  g_string_truncate (self->text, 0);
  if (is_new_file)
    ok = add_beginning (self, head);
  if (ok && self->note != NULL)
    ok = add_note (self, self->note_operation, self->note, NULL, head);
  if (ok && self->n_lost > 0)
    {
      g_autofree char *lost =
        g_strdup_printf ("%" G_GUINT64_FORMAT " records could not be written before this one", self->n_lost);
      ok = add_note (self, "log-resumed", lost, NULL, head);
    }
  for (guint i = 0; ok && i < records->len; i++)
    ok = add_record (self, g_ptr_array_index (records, i), head);
  return ok;
}

/* The new file gets its name and its first group in one go: see audit_tail_recover() for a crash between. */
static gboolean
write_new_file (AuditWriter *self, GError **error)
{
  guint64 sequence = self->head.sequence + 1;
  g_autofree char *name = audit_file_name (sequence);
  int fd = openat (self->directory, name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);

  if (fd < 0 && errno == EEXIST)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_AUDIT,
                   "%s/%s is there already, where kmsd would go on writing its audit log: move it away", self->path,
                   name);
      return FALSE;
    }
  if (fd < 0)
    return fail (self, "written", errno, error);
  int before = self->fd;
  if (write_all (fd, self->text->str, self->text->len) && fdatasync (fd) == 0 && fsync (self->directory) == 0
      && take_file (self, fd, sequence, self->text->len))
    {
      close_if_open (before);
      return TRUE;
    }
  int number = errno;
  close (fd);
  unlinkat (self->directory, name, 0);
  return fail (self, "written", number, error);
}

static gboolean
write_on (AuditWriter *self, GError **error)
{
  if (write_all (self->fd, self->text->str, self->text->len) && fdatasync (self->fd) == 0)
    {
      self->size += self->text->len;
      return TRUE;
    }
  int number = errno;
  take_back (self);
  return fail (self, "written", number, error);
}

static gboolean
append_group (AuditWriter *self, GPtrArray *records, GError **error)
{
  AuditHead head;

  if (self->is_dirty && !take_back (self))
    return fail (self, "put right after an error", errno, error);
  leave_disturbed_file (self);
  gboolean composed = compose (self, records, self->fd < 0, &head);
  gboolean is_new_file = self->fd < 0;
  if (composed && !is_new_file && self->size + self->text->len > self->max_size)
    {
      is_new_file = TRUE;
      composed = compose (self, records, TRUE, &head);
    }
  if (!composed)
    {
      g_set_error_literal (error, KMS_ERROR, KMS_ERROR_AUDIT, "the MAC of a line of the audit log can't be computed");
      return FALSE;
    }
  if (!(is_new_file ? write_new_file (self, error) : write_on (self, error)))
    return FALSE;
  self->head = head;
  return TRUE;
}

gboolean
audit_writer_append (AuditWriter *self, GPtrArray *records, GError **error)
{
  if (append_group (self, records, error))
    {
      g_clear_pointer (&self->note, g_free);
      self->n_lost = 0;
      return TRUE;
    }
  self->n_lost += records->len;
  return FALSE;
}
