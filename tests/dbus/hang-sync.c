/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Preloaded, it is a disk that hangs: fdatasync() waits while the file is there that HANG_WHILE names. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int
fdatasync (int fd)
{
  const char *path = getenv ("HANG_WHILE");

  while (path != NULL && access (path, F_OK) == 0)
    usleep (10000);
  return (int) syscall (SYS_fdatasync, fd);
}
