/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A disk that is full, hangs, or loses what was not synced, and a process that dies at any step. */
#include "disk.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static GMutex lock;
static GCond changed;
static guint fail_from[N_DISK_CALLS];
static int fail_number[N_DISK_CALLS];
static gboolean hangs[N_DISK_CALLS];
static guint n_hanging;
static guint n_steps, kill_step;
static DiskMoment kill_moment;

ssize_t __real_write (int fd, const void *data, size_t length);
ssize_t __wrap_write (int fd, const void *data, size_t length);
int __real_fdatasync (int fd);
int __wrap_fdatasync (int fd);
int __real_fsync (int fd);
int __wrap_fsync (int fd);
int __real_ftruncate (int fd, off_t length);
int __wrap_ftruncate (int fd, off_t length);
int __real_ftruncate64 (int fd, off_t length);
int __wrap_ftruncate64 (int fd, off_t length);
int __real_rename (const char *from, const char *to);
int __wrap_rename (const char *from, const char *to);
int __real_renameat (int old_directory, const char *from, int new_directory, const char *to);
int __wrap_renameat (int old_directory, const char *from, int new_directory, const char *to);

void
disk_fail (DiskCall call, guint nth, int number)
{
  g_mutex_lock (&lock);
  fail_from[call] = nth;
  fail_number[call] = number;
  g_mutex_unlock (&lock);
}

void
disk_hang (DiskCall call)
{
  g_mutex_lock (&lock);
  hangs[call] = TRUE;
  g_mutex_unlock (&lock);
}

void
disk_go_on (void)
{
  g_mutex_lock (&lock);
  for (guint i = 0; i < N_DISK_CALLS; i++)
    hangs[i] = FALSE;
  g_cond_broadcast (&changed);
  g_mutex_unlock (&lock);
}

void
disk_wait_until_hanging (void)
{
  g_mutex_lock (&lock);
  while (n_hanging == 0)
    g_cond_wait (&changed, &lock);
  g_mutex_unlock (&lock);
}

void
disk_kill_at (guint nth, DiskMoment moment)
{
  n_steps = 0;
  kill_step = nth;
  kill_moment = moment;
}

guint
disk_get_n_steps (void)
{
  return n_steps;
}

static void
die (void)
{
  kill (getpid (), SIGKILL);
  for (;;)
    pause ();
}

/* What shall happen to the call: an error, or 0. */
static int
enter (DiskCall call, gboolean *dies_in_middle, gboolean *dies_after)
{
  int number = 0;

  g_mutex_lock (&lock);
  gboolean is_step = ++n_steps == kill_step;
  if (is_step && kill_moment == DISK_BEFORE)
    die ();
  *dies_in_middle = is_step && kill_moment == DISK_MIDDLE;
  *dies_after = is_step && kill_moment == DISK_AFTER;
  n_hanging++;
  g_cond_broadcast (&changed);
  while (hangs[call])
    g_cond_wait (&changed, &lock);
  n_hanging--;
  if (fail_from[call] > 1)
    fail_from[call]--;
  else if (fail_from[call] == 1)
    number = fail_number[call];
  g_mutex_unlock (&lock);
  return number;
}

ssize_t
__wrap_write (int fd, const void *data, size_t length)
{
  gboolean in_middle, after;
  struct stat info;

  if (fstat (fd, &info) != 0 || !S_ISREG (info.st_mode))
    return __real_write (fd, data, length);
  int number = enter (DISK_WRITE, &in_middle, &after);
  if (number != 0 || in_middle)
    {
      gssize half = length > 1 ? __real_write (fd, data, length / 2) : 0;
      if (in_middle)
        die ();
      errno = number;
      return half > 0 && number == ENOSPC ? half : -1;
    }
  gssize written = __real_write (fd, data, length);
  if (after)
    die ();
  return written;
}

#define WRAP(name, call, parameters, arguments)                                                                        \
  int __wrap_##name parameters                                                                                         \
  {                                                                                                                    \
    gboolean in_middle, after;                                                                                         \
    int number = enter (call, &in_middle, &after);                                                                     \
                                                                                                                       \
    if (in_middle)                                                                                                     \
      die ();                                                                                                          \
    int result = number == 0 ? __real_##name arguments : -1;                                                           \
    if (after)                                                                                                         \
      die ();                                                                                                          \
    if (number != 0)                                                                                                   \
      errno = number;                                                                                                  \
    return result;                                                                                                     \
  }

WRAP (fdatasync, DISK_FDATASYNC, (int fd), (fd))
WRAP (fsync, DISK_FSYNC, (int fd), (fd))
WRAP (ftruncate, DISK_TRUNCATE, (int fd, off_t length), (fd, length))
WRAP (ftruncate64, DISK_TRUNCATE, (int fd, off_t length), (fd, length))
WRAP (rename, DISK_RENAME, (const char *from, const char *to), (from, to))
WRAP (renameat, DISK_RENAME, (int old_directory, const char *from, int new_directory, const char *to),
      (old_directory, from, new_directory, to))
