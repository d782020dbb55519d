/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Preloaded, it is a disk that hangs: fdatasync(), which the audit log waits for, while the file is there that HANG_WHILE
 * names; fsync(), which lockdown waits for, while that of HANG_FSYNC_WHILE is. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static void
hang_while (const char *path)
{
  while (path != NULL && access (path, F_OK) == 0)
    usleep (10000);
}

int
fdatasync (int fd)
{
  hang_while (getenv ("HANG_WHILE"));
  return (int) syscall (SYS_fdatasync, fd);
}

int
fsync (int fd)
{
  hang_while (getenv ("HANG_FSYNC_WHILE"));
  return (int) syscall (SYS_fsync, fd);
}
