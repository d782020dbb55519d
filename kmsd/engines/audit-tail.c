/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds where the log goes on. A crash leaves at most the end of the last file behind that was not synced: half a line, or
 * blocks of zeros. Everything else that does not fit was somebody, and is not written over. */
#include "audit-tail.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

typedef struct
{
  const AuditKey *key;
  AuditHead head;
  gboolean is_started; /* the first line was read */
  guint64 good_size;
} TailReader;

static gboolean
fail_line (const TailReader *self, const AuditFile *file, GError **error)
{
  if (!self->is_started)
    g_set_error (error, KMS_ERROR, KMS_ERROR_AUDIT,
                 "%s does not begin as a file of the audit log does: if kmsd did not write it, move it away",
                 file->path);
  else
    g_set_error (error, KMS_ERROR, KMS_ERROR_AUDIT,
                 "%s, line %" G_GUINT64_FORMAT " does not follow from the line before it: somebody changed the audit "
                 "log. See what with \"kmsctl audit verify\", then move all files of the log to another place; kmsd "
                 "begins a new one",
                 file->path, file->n_lines);
  return FALSE;
}

/* The first line of a file tells the MAC before it. */
static gboolean
take_previous (TailReader *self, const char *line, gsize length, guint64 sequence)
{
  g_autoptr (AuditRecord) record = audit_record_parse (line, length, NULL);

  if (record == NULL || record->previous == NULL
      || !audit_mac_from_hex (record->previous, strlen (record->previous), self->head.mac))
    return FALSE;
  self->head.sequence = sequence - 1;
  self->is_started = TRUE;
  return TRUE;
}

static gboolean
take_line (TailReader *self, const char *line, gsize length, guint64 file_sequence)
{
  AuditLine parts;

  if (!audit_line_split (line, length, &parts))
    return FALSE;
  if (!self->is_started && (parts.sequence != file_sequence || !take_previous (self, line, length, parts.sequence)))
    return FALSE;
  if (parts.sequence != self->head.sequence + 1 || !audit_line_verify (line, &parts, self->head.mac, self->key))
    return FALSE;
  self->head.sequence = parts.sequence;
  memcpy (self->head.mac, parts.mac, sizeof parts.mac);
  return TRUE;
}

/* FALSE with an error; otherwise the reader knows the last good line, and what follows it is a crash's. */
static gboolean
read_file (TailReader *self, AuditFile *file, guint64 file_sequence, GError **error)
{
  const char *line;
  gsize length;

  for (;;)
    {
      AuditReadResult result = audit_file_read (file, &line, &length, error);
      if (result == AUDIT_READ_FAILED)
        return FALSE;
      if (result == AUDIT_READ_TORN && !self->is_started && length > 0 && line[0] != '{' && line[0] != '\0')
        return fail_line (self, file, error);
      if (result == AUDIT_READ_END || result == AUDIT_READ_TORN)
        return TRUE;
      if (result == AUDIT_READ_LINE && take_line (self, line, length, file_sequence))
        self->good_size = file->next_offset;
      else if (result == AUDIT_READ_LINE && memchr (line, '\0', length) != NULL)
        return TRUE;
      else
        return fail_line (self, file, error);
    }
}

static gboolean
cut (int directory, const AuditFile *file, guint64 file_sequence, guint64 size, guint64 *torn, GError **error)
{
  g_autofree char *name = audit_file_name (file_sequence);
  int fd = openat (directory, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  off_t old_size = fd < 0 ? -1 : lseek (fd, 0, SEEK_END);
  gboolean ok = old_size >= 0;

  if (ok && (guint64) old_size > size)
    ok = ftruncate (fd, (off_t) size) == 0 && fsync (fd) == 0;
  int number = errno;
  if (fd >= 0)
    close (fd);
  *torn = ok ? (guint64) old_size - size : 0;
  if (!ok)
    g_set_error (error, KMS_ERROR, KMS_ERROR_AUDIT, "can't write %s: %s", file->path, g_strerror (number));
  return ok;
}

/* A file whose first line was never finished holds nothing: the one before it is the last. */
static gboolean
drop_file (int directory, guint64 file_sequence, const char *path, GError **error)
{
  g_autofree char *name = audit_file_name (file_sequence);

  if (unlinkat (directory, name, 0) == 0 && fsync (directory) == 0)
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_AUDIT, "can't remove %s/%s, which was only begun: %s", path, name,
               g_strerror (errno));
  return FALSE;
}

static gboolean
recover_file (int directory, const char *path, const AuditKey *key, guint64 file_sequence, AuditTail *tail,
              GError **error)
{
  TailReader reader = { .key = key };
  g_auto (AuditFile) file = { .fd = -1 };
  guint64 torn = 0;

  if (!audit_file_open (directory, path, file_sequence, &file, error)
      || !read_file (&reader, &file, file_sequence, error)
      || !cut (directory, &file, file_sequence, reader.good_size, &torn, error))
    return FALSE;
  tail->torn += torn;
  if (!reader.is_started && tail->torn_files++ > 0)
    return fail_line (&reader, &file, error);
  if (!reader.is_started)
    return drop_file (directory, file_sequence, path, error);
  tail->head = reader.head;
  tail->file_sequence = file_sequence;
  tail->size = reader.good_size;
  return TRUE;
}

gboolean
audit_tail_recover (int directory, const char *path, const AuditKey *key, AuditTail *tail, GError **error)
{
  g_autoptr (GArray) sequences = audit_directory_list (path, error);

  *tail = (AuditTail){ 0 };
  if (sequences == NULL)
    return FALSE;
  for (guint i = sequences->len; i > 0 && tail->file_sequence == 0; i--)
    if (!recover_file (directory, path, key, g_array_index (sequences, guint64, i - 1), tail, error))
      return FALSE;
  return TRUE;
}
