/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Preloaded, it is a crash that can be chosen. Whatever changes files below DIE_BELOW while the file DIE_WHILE is there is
 * a step; DIE_AT says at which one the process kills itself: "before 3", "within 3" (half of what is written gets there)
 * or "after 3". Each step is told to DIE_LOG before it is done. */
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *below, *armed, *log_path;
static char when[8];
static int at;
static atomic_int n_steps;

__attribute__ ((constructor)) static void
read_environment (void)
{
  const char *chosen = getenv ("DIE_AT");

  below = getenv ("DIE_BELOW");
  armed = getenv ("DIE_WHILE");
  log_path = getenv ("DIE_LOG");
  if (chosen != NULL && sscanf (chosen, "%7s %d", when, &at) != 2)
    abort ();
}

static void
die (void)
{
  kill (getpid (), SIGKILL);
  for (;;)
    pause ();
}

/* Not through write(), which is ours. */
static void
tell (int step, const char *what, const char *path)
{
  char line[PATH_MAX + 64];
  int length = snprintf (line, sizeof line, "%d %s %s\n", step, what, path + strlen (below) + 1);
  int fd = open (log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

  if (fd < 0 || syscall (SYS_write, fd, line, (size_t) length) != length)
    abort ();
  close (fd);
}

static int
chosen (int step, const char *moment)
{
  return step != 0 && step == at && strcmp (when, moment) == 0;
}

/* The number of the step, or 0 for what is none. */
static int
begin_at (const char *what, const char *path)
{
  size_t length = below == NULL ? 0 : strlen (below);

  if (length == 0 || strncmp (path, below, length) != 0 || path[length] != '/' || access (armed, F_OK) != 0)
    return 0;
  int step = atomic_fetch_add (&n_steps, 1) + 1;
  tell (step, what, path);
  if (chosen (step, "before"))
    die ();
  return step;
}

static void
find_path (int fd, char path[PATH_MAX])
{
  char link[64];

  snprintf (link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink (link, path, PATH_MAX - 1);
  path[length < 0 ? 0 : length] = '\0';
}

static int
begin (const char *what, int fd)
{
  char path[PATH_MAX];

  find_path (fd, path);
  return begin_at (what, path);
}

static int
begin_in (const char *what, int directory, const char *name)
{
  char path[PATH_MAX], whole[2 * PATH_MAX];

  if (name[0] == '/')
    return begin_at (what, name);
  find_path (directory, path);
  snprintf (whole, sizeof whole, "%s/%s", path, name);
  return begin_at (what, whole);
}

static int
end (int step, int result)
{
  if (chosen (step, "after"))
    die ();
  return result;
}

#define NEXT(function) ((__typeof__ (&function)) dlsym (RTLD_NEXT, #function))

ssize_t
write (int fd, const void *data, size_t length)
{
  int step = begin ("write", fd);

  if (chosen (step, "within"))
    {
      (void) !NEXT (write) (fd, data, length / 2);
      die ();
    }
  ssize_t written = NEXT (write) (fd, data, length);
  end (step, 0);
  return written;
}

int
fsync (int fd)
{
  int step = begin ("fsync", fd);
  return end (step, NEXT (fsync) (fd));
}

int
fdatasync (int fd)
{
  int step = begin ("fdatasync", fd);
  return end (step, NEXT (fdatasync) (fd));
}

#undef ftruncate
#undef ftruncate64

/* The name by which programs with large files call it. */
int
ftruncate64 (int fd, off64_t length)
{
  int step = begin ("ftruncate", fd);
  return end (step, NEXT (ftruncate64) (fd, length));
}

int
rename (const char *from, const char *to)
{
  int step = begin_in ("rename", AT_FDCWD, to);
  return end (step, NEXT (rename) (from, to));
}

int
renameat (int from_directory, const char *from, int to_directory, const char *to)
{
  int step = begin_in ("rename", to_directory, to);
  return end (step, NEXT (renameat) (from_directory, from, to_directory, to));
}

int
unlink (const char *path)
{
  int step = begin_in ("unlink", AT_FDCWD, path);
  return end (step, NEXT (unlink) (path));
}

int
unlinkat (int directory, const char *name, int flags)
{
  int step = begin_in ("unlink", directory, name);
  return end (step, NEXT (unlinkat) (directory, name, flags));
}

int
mkdir (const char *path, mode_t mode)
{
  int step = begin_in ("mkdir", AT_FDCWD, path);
  return end (step, NEXT (mkdir) (path, mode));
}
