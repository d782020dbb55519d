/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds, opens and reads the files of an audit log. */
#include "audit-files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libkms/kms-permissions-private.h"

#define PREFIX "audit-"
#define SUFFIX ".jsonl"
#define N_DIGITS 20
#define BUFFER_SIZE (2 * AUDIT_MAX_LINE)

char *
audit_file_name (guint64 first_sequence)
{
  return g_strdup_printf (PREFIX "%020" G_GUINT64_FORMAT SUFFIX, first_sequence);
}

gboolean
audit_file_name_parse (const char *name, guint64 *first_sequence)
{
  if (strlen (name) != strlen (PREFIX SUFFIX) + N_DIGITS || !g_str_has_prefix (name, PREFIX)
      || !g_str_has_suffix (name, SUFFIX))
    return FALSE;
  g_autofree char *digits = g_strndup (name + strlen (PREFIX), N_DIGITS);
  return g_ascii_isdigit (digits[0]) && g_ascii_string_to_unsigned (digits, 10, 1, G_MAXINT64, first_sequence, NULL);
}

static void
fail (const char *what, const char *path, int number, GError **error)
{
  g_set_error (error, KMS_ERROR, KMS_ERROR_AUDIT, "can't %s %s: %s", what, path, g_strerror (number));
}

/* The library's sentence, with the code of this domain. */
static gboolean
check_permissions (const char *path, const struct stat *info, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (_kms_permissions_check (path, info, &local))
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_AUDIT, "the audit log: %s", local->message);
  return FALSE;
}

int
audit_directory_open (const char *path, gboolean may_create, GError **error)
{
  struct stat info;

  if (may_create && mkdir (path, 0700) < 0 && errno != EEXIST)
    {
      fail ("create the directory of the audit log,", path, errno, error);
      return -1;
    }
  int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    {
      fail ("open the directory of the audit log,", path, errno, error);
      return -1;
    }
  if (fstat (fd, &info) == 0 && check_permissions (path, &info, error))
    return fd;
  close (fd);
  return -1;
}

int
audit_directory_lock (int directory, const char *path, GError **error)
{
  int fd = openat (directory, AUDIT_LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

  if (fd < 0)
    {
      fail ("write the audit log in", path, errno, error);
      return -1;
    }
  if (flock (fd, LOCK_EX | LOCK_NB) == 0)
    return fd;
  if (errno == EWOULDBLOCK)
    g_set_error (
      error, KMS_ERROR, KMS_ERROR_AUDIT,
      "another kmsd writes the audit log in %s; stop it, or give one of them another Directory= in [Audit] of "
      "kms.conf",
      path);
  else
    fail ("lock the audit log in", path, errno, error);
  close (fd);
  return -1;
}

static int
compare_sequences (gconstpointer a, gconstpointer b)
{
  guint64 first = *(const guint64 *) a, second = *(const guint64 *) b;

  return first < second ? -1 : first > second;
}

GArray *
audit_directory_list (const char *path, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (GDir) directory = g_dir_open (path, 0, &local);
  g_autoptr (GArray) sequences = g_array_new (FALSE, FALSE, sizeof (guint64));
  const char *name;

  if (directory == NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_AUDIT, "can't list the audit log: %s", local->message);
      return NULL;
    }
  while ((name = g_dir_read_name (directory)) != NULL)
    {
      guint64 sequence;
      if (audit_file_name_parse (name, &sequence))
        g_array_append_val (sequences, sequence);
    }
  g_array_sort (sequences, compare_sequences);
  return g_steal_pointer (&sequences);
}

static gboolean
fail_no_file (const char *path, GError **error)
{
  g_set_error (error, KMS_ERROR, KMS_ERROR_AUDIT, "%s is no regular file, so kmsd did not write it: move it away",
               path);
  return FALSE;
}

static gboolean
check_file (const char *path, const struct stat *info, GError **error)
{
  return S_ISREG (info->st_mode) ? check_permissions (path, info, error) : fail_no_file (path, error);
}

void
audit_file_take (AuditFile *self, int fd, char *path)
{
  *self = (AuditFile){ .fd = fd, .path = path, .buffer = g_malloc (BUFFER_SIZE) };
}

gboolean
audit_file_open (int directory, const char *path, guint64 first_sequence, AuditFile *self, GError **error)
{
  g_autofree char *name = audit_file_name (first_sequence);
  g_autofree char *full = g_build_filename (path, name, NULL);
  int fd = openat (directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  struct stat info;

  *self = (AuditFile){ .fd = -1 };
  if (fd < 0 && errno == ELOOP)
    return fail_no_file (full, error);
  if (fd < 0)
    {
      fail ("read", full, errno, error);
      return FALSE;
    }
  if (fstat (fd, &info) == 0 && check_file (full, &info, error))
    {
      audit_file_take (self, fd, g_steal_pointer (&full));
      return TRUE;
    }
  close (fd);
  return FALSE;
}

void
audit_file_clear (AuditFile *self)
{
  if (self->fd >= 0 && self->path != NULL)
    close (self->fd);
  self->fd = -1;
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->buffer, g_free);
}

/* What is not read yet moves to the front; FALSE with an error. Nothing more in the file is no error. */
static gboolean
fill (AuditFile *self, gboolean *is_end, GError **error)
{
  memmove (self->buffer, self->buffer + self->start, self->end - self->start);
  self->end -= self->start;
  self->start = 0;
  for (;;)
    {
      gssize got = read (self->fd, self->buffer + self->end, BUFFER_SIZE - self->end);
      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        {
          fail ("read", self->path, errno, error);
          return FALSE;
        }
      *is_end = got == 0;
      self->end += (gsize) got;
      return TRUE;
    }
}

/* Drops the rest of a line whose beginning filled the buffer. */
static AuditReadResult
skip_line (AuditFile *self, GError **error)
{
  gboolean is_end = FALSE;

  for (;;)
    {
      const char *newline = memchr (self->buffer + self->start, '\n', self->end - self->start);
      gsize length = newline == NULL ? self->end - self->start : (gsize) (newline - (self->buffer + self->start)) + 1;
      self->start += length;
      self->next_offset += length;
      if (newline != NULL)
        return AUDIT_READ_TOO_LONG;
      if (!fill (self, &is_end, error))
        return AUDIT_READ_FAILED;
      if (is_end)
        return AUDIT_READ_TORN;
    }
}

AuditReadResult
audit_file_read (AuditFile *self, const char **line, gsize *length, GError **error)
{
  gboolean is_end = FALSE;

  self->line_offset = self->next_offset;
  for (;;)
    {
      gsize available = self->end - self->start;
      const char *newline = memchr (self->buffer + self->start, '\n', available);
      *line = self->buffer + self->start;
      *length = newline == NULL ? available : (gsize) (newline - *line);
      if (*length > AUDIT_MAX_LINE)
        {
          *length = 0;
          self->n_lines++;
          return skip_line (self, error);
        }
      if (newline != NULL)
        {
          self->start += *length + 1;
          self->next_offset += *length + 1;
          self->n_lines++;
          return AUDIT_READ_LINE;
        }
      if (is_end)
        {
          self->start = self->end;
          self->next_offset += available;
          return available == 0 ? AUDIT_READ_END : AUDIT_READ_TORN;
        }
      if (!fill (self, &is_end, error))
        return AUDIT_READ_FAILED;
    }
}
