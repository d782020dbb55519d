/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes and removes the directory. */
#include "scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

char *
scratch_new (GError **error)
{
  return g_dir_make_tmp ("kms-provider-test-XXXXXX", error);
}

static gboolean
is_child (const char *name)
{
  return strcmp (name, ".") != 0 && strcmp (name, "..") != 0;
}

/* By descriptors, so that nothing that a module puts there leads us elsewhere. Takes the descriptor. */
static void
empty_directory (int fd)
{
  DIR *directory = fdopendir (fd);

  if (directory == NULL)
    {
      close (fd);
      return;
    }
  for (const struct dirent *entry; (entry = readdir (directory)) != NULL;)
    {
      if (!is_child (entry->d_name) || unlinkat (fd, entry->d_name, 0) == 0)
        continue;
      int child = openat (fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      if (child < 0)
        continue;
      empty_directory (child);
      unlinkat (fd, entry->d_name, AT_REMOVEDIR);
    }
  closedir (directory);
}

void
scratch_empty (const char *directory)
{
  int fd = open (directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

  if (fd >= 0)
    empty_directory (fd);
}

void
scratch_remove (const char *directory)
{
  scratch_empty (directory);
  g_rmdir (directory);
}
