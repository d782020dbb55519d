/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state directory, for one daemon at a time: two would each believe their own lockdown. */
#include "state-directory.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <libkms/kms.h>
#include <sys/file.h>
#include <unistd.h>

int
state_directory_lock (const char *path, GError **error)
{
  if (g_mkdir_with_parents (path, 0700) != 0)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "%s can't be made: %s; choose another with --state-directory",
                   path, g_strerror (errno));
      return -1;
    }
  g_autofree char *lock = g_build_filename (path, "kmsd.lock", NULL);
  int fd = open (lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd >= 0 && flock (fd, LOCK_EX | LOCK_NB) == 0)
    return fd;
  if (fd >= 0 && errno == EWOULDBLOCK)
    g_set_error (error, KMS_ERROR, KMS_ERROR_ALREADY_EXISTS,
                 "another kmsd uses %s; end it, or choose another directory with --state-directory", path);
  else
    g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "%s can't be locked: %s", lock, g_strerror (errno));
  if (fd >= 0)
    close (fd);
  return -1;
}
