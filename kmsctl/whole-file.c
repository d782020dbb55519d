/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files that are written as a whole or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bytes.h"
#include "interrupt.h"

static gboolean
fail (GError **error, int saved, const char *path)
{
  g_set_error (error, KMS_ERROR, saved == EEXIST ? KMS_ERROR_ALREADY_EXISTS : KMS_ERROR_FAILED,
               _ ("can't write %s: %s; nothing was changed"), path, g_strerror (saved));
  return FALSE;
}

static gboolean
sync_directory (const char *path)
{
  g_autofree char *directory = g_path_get_dirname (path);
  int fd = open (directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gboolean ok = fd >= 0 && fsync (fd) == 0;

  if (fd >= 0)
    close (fd);
  return ok;
}

static gboolean
fill (Kmsctl *self, int fd, const char *path, const void *data, gsize length, mode_t mode, GError **error)
{
  if (!kmsctl_write_all (self, fd, path, data, length, error))
    {
      g_prefix_error (error, _ ("nothing was changed: "));
      return FALSE;
    }
  if (fchmod (fd, mode) != 0 || fsync (fd) != 0)
    return fail (error, errno, path);
  return TRUE;
}

static gboolean
put_in_place (const char *temporary, const char *path, gboolean must_be_new, GError **error)
{
  /* link() is the one call that refuses an existing name on every file system. */
  if (must_be_new ? link (temporary, path) != 0 : rename (temporary, path) != 0)
    return fail (error, errno, path);
  if (must_be_new)
    unlink (temporary);
  sync_directory (path);
  return TRUE;
}

static gboolean
replace (Kmsctl *self, const char *path, const void *data, gsize length, mode_t mode, gboolean must_be_new,
         GError **error)
{
  g_autofree char *directory = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *temporary = g_strdup_printf ("%s/.%s.XXXXXX", directory, name);
  int fd = mkostemp (temporary, O_CLOEXEC);

  if (fd < 0)
    return fail (error, errno, path);
  kmsctl_interrupt_set_temporary (temporary);
  gboolean ok = fill (self, fd, path, data, length, mode, error);
  if (close (fd) != 0 && ok)
    ok = fail (error, errno, path);
  if (ok)
    ok = put_in_place (temporary, path, must_be_new, error);
  if (!ok)
    unlink (temporary);
  kmsctl_interrupt_set_temporary (NULL);
  return ok;
}

gboolean
kmsctl_write_file (Kmsctl *self, const char *path, const void *data, gsize length, GError **error)
{
  struct stat status;

  if (stat (path, &status) != 0 || S_ISREG (status.st_mode))
    {
      /* The file behind a link is replaced, not the link. */
      g_autofree char *real = realpath (path, NULL);
      return replace (self, real == NULL ? path : real, data, length, 0600, FALSE, error);
    }
  /* /dev/null, a FIFO: there is nothing to replace. */
  int fd = open (path, O_WRONLY | O_CLOEXEC);
  if (fd < 0)
    return fail (error, errno, path);
  gboolean ok = kmsctl_write_all (self, fd, path, data, length, error);
  if (close (fd) != 0 && ok)
    ok = fail (error, errno, path);
  return ok;
}

gboolean
kmsctl_write_config (Kmsctl *self, const char *path, const char *text, gboolean must_be_new, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (path);

  if (g_mkdir_with_parents (directory, 0755) != 0)
    return fail (error, errno, directory);
  return replace (self, path, text, strlen (text), 0644, must_be_new, error);
}
