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

typedef struct
{
  const char *path;
  const void *data;
  gsize length;
  mode_t mode;
  gboolean must_be_new;
  KmsctlBefore before; /* NULL: nothing */
  gpointer before_data;
} WholeFile;

static gboolean
fill (Kmsctl *self, int fd, const WholeFile *file, GError **error)
{
  if (!kmsctl_write_all (self, fd, file->path, file->data, file->length, error))
    {
      g_prefix_error (error, _ ("nothing was changed: "));
      return FALSE;
    }
  if (fchmod (fd, file->mode) != 0 || fsync (fd) != 0)
    return fail (error, errno, file->path);
  return TRUE;
}

static gboolean
put_in_place (Kmsctl *self, const char *temporary, const WholeFile *file, GError **error)
{
  if (file->before != NULL && !file->before (self, file->before_data, error))
    return FALSE;
  /* link() is the one call that refuses an existing name on every file system. */
  if (file->must_be_new ? link (temporary, file->path) != 0 : rename (temporary, file->path) != 0)
    return fail (error, errno, file->path);
  if (file->must_be_new)
    unlink (temporary);
  sync_directory (file->path);
  return TRUE;
}

static gboolean
replace (Kmsctl *self, const WholeFile *file, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (file->path);
  g_autofree char *name = g_path_get_basename (file->path);
  g_autofree char *temporary = g_strdup_printf ("%s/.%s.XXXXXX", directory, name);
  int fd = mkostemp (temporary, O_CLOEXEC);

  if (fd < 0)
    return fail (error, errno, file->path);
  kmsctl_interrupt_set_temporary (temporary);
  gboolean ok = fill (self, fd, file, error);
  if (close (fd) != 0 && ok)
    ok = fail (error, errno, file->path);
  if (ok)
    ok = put_in_place (self, temporary, file, error);
  if (!ok)
    unlink (temporary);
  kmsctl_interrupt_set_temporary (NULL);
  return ok;
}

gboolean
kmsctl_write_file_after (Kmsctl *self, const char *path, const void *data, gsize length, KmsctlBefore before,
                         gpointer before_data, GError **error)
{
  struct stat status;

  if (stat (path, &status) != 0 || S_ISREG (status.st_mode))
    {
      /* The file behind a link is replaced, not the link. */
      g_autofree char *real = realpath (path, NULL);
      WholeFile file = { real == NULL ? path : real, data, length, 0600, FALSE, before, before_data };
      return replace (self, &file, error);
    }
  /* /dev/null, a FIFO: there is nothing to replace. */
  int fd = open (path, O_WRONLY | O_CLOEXEC);
  if (fd < 0)
    return fail (error, errno, path);
  gboolean ok = (before == NULL || before (self, before_data, error))
                && kmsctl_write_all (self, fd, path, data, length, error);
  if (close (fd) != 0 && ok)
    ok = fail (error, errno, path);
  return ok;
}

gboolean
kmsctl_write_file (Kmsctl *self, const char *path, const void *data, gsize length, GError **error)
{
  return kmsctl_write_file_after (self, path, data, length, NULL, NULL, error);
}

gboolean
kmsctl_write_config (Kmsctl *self, const char *path, const char *text, gboolean must_be_new, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (path);
  WholeFile file = { path, text, strlen (text), 0644, must_be_new, NULL, NULL };

  if (g_mkdir_with_parents (directory, 0755) != 0)
    return fail (error, errno, directory);
  return replace (self, &file, error);
}
