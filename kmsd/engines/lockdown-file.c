/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads, writes and replaces the file that lockdown is kept in. */
#include "lockdown-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "libkms/kms-permissions-private.h"
#include "plugins/local/strict-text.h"

#define KIND "libkms-lockdown"
#define NEW_NAME LOCKDOWN_FILE_NAME ".new"
#define MAX_SIZE (4 * 1024 * 1024)
#define MAX_NAME 63

LockdownState *
lockdown_state_new (LockdownMode mode, gint64 since_usec, const char *reason, const char *by)
{
  LockdownState *self = g_new (LockdownState, 1);

  *self = (LockdownState){ mode, since_usec, g_strdup (reason), g_strdup (by) };
  return self;
}

LockdownState *
lockdown_state_copy (const LockdownState *self)
{
  return lockdown_state_new (self->mode, self->since_usec, self->reason, self->by);
}

void
lockdown_state_clear (LockdownState *self)
{
  g_clear_pointer (&self->reason, g_free);
  g_clear_pointer (&self->by, g_free);
}

void
lockdown_state_free (LockdownState *self)
{
  lockdown_state_clear (self);
  g_free (self);
}

GHashTable *
lockdown_table_new (void)
{
  GHashTable *table = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) lockdown_state_free);

  g_hash_table_insert (table, g_strdup (""), lockdown_state_new (LOCKDOWN_NORMAL, 0, NULL, NULL));
  return table;
}

gboolean
lockdown_text_is_fit (const char *text, gsize max_length)
{
  if (text == NULL || text[0] == '\0' || strlen (text) > max_length || !g_utf8_validate (text, -1, NULL))
    return FALSE;
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    if (g_unichar_iscntrl (g_utf8_get_char (p)))
      return FALSE;
  return TRUE;
}

/* As names of boxes are: ^[a-z0-9][a-z0-9-]{0,62}$ */
gboolean
lockdown_name_is_fit (const char *name)
{
  gsize length = strlen (name);

  return length >= 1 && length <= MAX_NAME && name[0] != '-'
         && strspn (name, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

static void
write_state (GString *text, const LockdownState *state)
{
  strict_text_add (text, "mode", "%s", lockdown_mode_to_string (state->mode));
  strict_text_add (text, "since", "%" G_GINT64_FORMAT, state->since_usec);
  if (state->since_usec == 0)
    return;
  strict_text_add (text, "by", "%s", state->by);
  strict_text_add (text, "reason", "%s", state->reason);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

char *
lockdown_file_write (GHashTable *table, gsize *length)
{
  g_autofree const char **names = (const char **) g_hash_table_get_keys_as_array (table, NULL);
  GString *text = strict_text_new (KIND);

  qsort (names, g_hash_table_size (table), sizeof *names, compare_names);
  for (guint i = 0; names[i] != NULL; i++)
    {
      if (names[i][0] != '\0')
        strict_text_add (text, "box", "%s", names[i]);
      write_state (text, g_hash_table_lookup (table, names[i]));
    }
  strict_text_add_sum (text);
  *length = text->len;
  return g_string_free (text, FALSE);
}

/* Only what never changed has no time, no reason, and is normal. */
static LockdownState *
parse_state (StrictText *text, GError **error)
{
  g_autofree char *word = strict_text_dup (text, "mode", 32, error);
  g_autofree char *by = NULL;
  g_autofree char *reason = NULL;
  LockdownMode mode = LOCKDOWN_SEALED;
  gint64 since;

  if (word == NULL || !strict_text_read_number (text, "since", 0, G_MAXINT64, &since, error))
    return NULL;
  if (!lockdown_mode_from_string (word, &mode) || (since == 0 && mode != LOCKDOWN_NORMAL))
    {
      strict_text_fail ("mode", error);
      return NULL;
    }
  if (since == 0)
    return lockdown_state_new (mode, 0, NULL, NULL);
  by = strict_text_dup (text, "by", LOCKDOWN_MAX_BY, error);
  reason = by == NULL ? NULL : strict_text_dup (text, "reason", LOCKDOWN_MAX_REASON, error);
  if (reason == NULL)
    return NULL;
  if (lockdown_text_is_fit (by, LOCKDOWN_MAX_BY) && lockdown_text_is_fit (reason, LOCKDOWN_MAX_REASON))
    return lockdown_state_new (mode, since, reason, by);
  strict_text_fail ("reason", error);
  return NULL;
}

static gboolean
parse_box (StrictText *text, GHashTable *table, char **last, GError **error)
{
  g_autofree char *name = strict_text_dup (text, "box", MAX_NAME, error);

  if (name == NULL)
    return FALSE;
  if (!lockdown_name_is_fit (name) || strcmp (name, *last) <= 0 || g_hash_table_size (table) > LOCKDOWN_MAX_BOXES)
    return strict_text_fail ("box", error);
  LockdownState *state = parse_state (text, error);
  if (state == NULL)
    return FALSE;
  g_free (*last);
  *last = g_strdup (name);
  g_hash_table_insert (table, g_steal_pointer (&name), state);
  return TRUE;
}

GHashTable *
lockdown_file_parse (const char *text, gsize length, GError **error)
{
  g_autoptr (GHashTable) table = lockdown_table_new ();
  g_autofree char *last = g_strdup ("");
  StrictText reader;

  if (!strict_text_begin (&reader, KIND, text, length, error))
    return NULL;
  LockdownState *state = parse_state (&reader, error);
  if (state == NULL)
    return NULL;
  g_hash_table_insert (table, g_strdup (""), state);
  while (strict_text_next_is (&reader, "box"))
    if (!parse_box (&reader, table, &last, error))
      return NULL;
  return strict_text_end (&reader, error) ? g_steal_pointer (&table) : NULL;
}

static void
fail_with_errno (const char *what, const char *path, int number, GError **error)
{
  g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "can't %s %s/" LOCKDOWN_FILE_NAME ": %s", what, path,
               g_strerror (number));
}

static gssize
read_all (int fd, char *out, gsize capacity)
{
  gsize done = 0;

  while (done < capacity)
    {
      gssize got = read (fd, out + done, capacity - done);
      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        return -1;
      if (got == 0)
        break;
      done += (gsize) got;
    }
  return (gssize) done;
}

static gboolean
check_file (int fd, const char *full, struct stat *info, GError **error)
{
  if (fstat (fd, info) < 0)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "can't read %s: %s", full, g_strerror (errno));
      return FALSE;
    }
  if (S_ISREG (info->st_mode) && info->st_size <= MAX_SIZE)
    return _kms_permissions_check (full, info, error);
  g_set_error (error, KMS_ERROR, KMS_ERROR_INTEGRITY, "%s is no regular file of at most %d bytes", full, MAX_SIZE);
  return FALSE;
}

char *
lockdown_file_load (int directory, const char *path, gsize *length, GError **error)
{
  int fd = openat (directory, LOCKDOWN_FILE_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  g_autofree char *full = g_build_filename (path, LOCKDOWN_FILE_NAME, NULL);
  g_autofree char *text = NULL;
  struct stat info;

  if (fd < 0 && errno == ENOENT)
    return NULL;
  if (fd < 0)
    {
      fail_with_errno ("read", path, errno, error);
      return NULL;
    }
  if (check_file (fd, full, &info, error))
    {
      text = g_malloc ((gsize) info.st_size + 1);
      gssize got = read_all (fd, text, (gsize) info.st_size);
      if (got < 0)
        {
          fail_with_errno ("read", path, errno, error);
          g_clear_pointer (&text, g_free);
        }
      *length = (gsize) MAX (got, 0);
    }
  close (fd);
  return g_steal_pointer (&text);
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

static gboolean
write_new (int directory, const char *text, gsize length)
{
  if (unlinkat (directory, NEW_NAME, 0) < 0 && errno != ENOENT)
    return FALSE;
  int fd = openat (directory, NEW_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
    return FALSE;
  gboolean written = write_all (fd, text, length) && fsync (fd) == 0;
  int saved_errno = errno;
  if (close (fd) != 0 && written)
    return FALSE;
  errno = saved_errno;
  return written;
}

gboolean
lockdown_file_save (int directory, const char *path, const char *text, gsize length, GError **error)
{
  /* The second sync is for the name: without it the old file could be back after a loss of power. */
  if (write_new (directory, text, length) && renameat (directory, NEW_NAME, directory, LOCKDOWN_FILE_NAME) == 0
      && fsync (directory) == 0)
    return TRUE;
  fail_with_errno ("write", path, errno, error);
  return FALSE;
}
