/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Takes down the state of the process, so that two moments can be compared. */
#include "process-state.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define N_SIGNALS 65

/* The C library sets this in whatever it hands to the kernel: a handler that was put back has it, too. */
#define SA_KERNEL_RESTORER 0x04000000

typedef struct
{
  gboolean known;
  void (*handler) (int);
  int flags;
} Disposition;

struct _ProcessState
{
  mode_t umask;
  char *directory;
  char *locale;
  char **environment;
  Disposition dispositions[N_SIGNALS];
  gboolean blocked[N_SIGNALS];
  struct rlimit core, files;
  struct stat standard[3];
};

static int
compare_texts (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static void
read_signals (ProcessState *self)
{
  sigset_t blocked;

  sigemptyset (&blocked);
  pthread_sigmask (SIG_SETMASK, NULL, &blocked);
  for (int number = 1; number < N_SIGNALS; number++)
    {
      struct sigaction action;
      if (sigaction (number, NULL, &action) != 0)
        continue;
      self->dispositions[number] = (Disposition){ TRUE, action.sa_handler, action.sa_flags & ~SA_KERNEL_RESTORER };
      self->blocked[number] = sigismember (&blocked, number) == 1;
    }
}

ProcessState *
process_state_new (void)
{
  ProcessState *self = g_new0 (ProcessState, 1);

  self->umask = umask (0);
  umask (self->umask);
  self->directory = g_get_current_dir ();
  self->locale = g_strdup (setlocale (LC_ALL, NULL));
  self->environment = g_get_environ ();
  qsort (self->environment, g_strv_length (self->environment), sizeof (char *), compare_texts);
  read_signals (self);
  getrlimit (RLIMIT_CORE, &self->core);
  getrlimit (RLIMIT_NOFILE, &self->files);
  for (int fd = 0; fd < 3; fd++)
    if (fstat (fd, &self->standard[fd]) != 0)
      memset (&self->standard[fd], 0, sizeof self->standard[fd]);
  return self;
}

void
process_state_free (ProcessState *self)
{
  g_free (self->directory);
  g_free (self->locale);
  g_strfreev (self->environment);
  g_free (self);
}

static void differ (GPtrArray *found, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
differ (GPtrArray *found, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_ptr_array_add (found, g_strdup_vprintf (format, arguments));
  va_end (arguments);
}

/* Names only: a value may be a credential. */
static void
compare_environments (char **before, char **after, GPtrArray *found)
{
  for (guint i = 0; before[i] != NULL; i++)
    if (!g_strv_contains ((const char *const *) after, before[i]))
      differ (found, "the environment variable %.*s was changed or removed", (int) strcspn (before[i], "="), before[i]);
  for (guint i = 0; after[i] != NULL; i++)
    if (!g_strv_contains ((const char *const *) before, after[i]))
      differ (found, "the environment variable %.*s was set", (int) strcspn (after[i], "="), after[i]);
}

static void
compare_signals (const ProcessState *before, const ProcessState *after, GPtrArray *found)
{
  for (int number = 1; number < N_SIGNALS; number++)
    {
      const Disposition *old = &before->dispositions[number], *new = &after->dispositions[number];
      if (old->known && (old->handler != new->handler || old->flags != new->flags))
        differ (found, "the handler of signal %d (%s) was changed", number, strsignal (number));
      if (before->blocked[number] != after->blocked[number])
        differ (found, "signal %d (%s) was %s", number, strsignal (number),
                after->blocked[number] ? "blocked" : "unblocked");
    }
}

GPtrArray *
process_state_compare (const ProcessState *before, const ProcessState *after)
{
  GPtrArray *found = g_ptr_array_new_with_free_func (g_free);

  if (before->umask != after->umask)
    differ (found, "the umask was %03o and is %03o", (guint) before->umask, (guint) after->umask);
  if (strcmp (before->directory, after->directory) != 0)
    differ (found, "the working directory is now %s", after->directory);
  if (g_strcmp0 (before->locale, after->locale) != 0)
    differ (found, "the locale was \"%s\" and is \"%s\"", before->locale, after->locale);
  if (before->core.rlim_cur != after->core.rlim_cur || before->files.rlim_cur != after->files.rlim_cur)
    differ (found, "a resource limit (core size or number of files) was changed");
  for (int fd = 0; fd < 3; fd++)
    if (before->standard[fd].st_ino != after->standard[fd].st_ino
        || before->standard[fd].st_dev != after->standard[fd].st_dev)
      differ (found, "descriptor %d leads somewhere else", fd);
  compare_environments (before->environment, after->environment, found);
  compare_signals (before, after, found);
  return found;
}

static guint
count_entries (const char *path)
{
  g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (directory != NULL && g_dir_read_name (directory) != NULL)
    n++;
  return n;
}

guint
process_count_descriptors (void)
{
  return count_entries ("/proc/self/fd");
}

guint
process_count_threads (void)
{
  return count_entries ("/proc/self/task");
}

GPtrArray *
process_list_inheritable (void)
{
  g_autoptr (GDir) directory = g_dir_open ("/proc/self/fd", 0, NULL);
  GPtrArray *found = g_ptr_array_new_with_free_func (g_free);

  for (const char *name; directory != NULL && (name = g_dir_read_name (directory)) != NULL;)
    {
      int fd = (int) g_ascii_strtoll (name, NULL, 10);
      int flags = fcntl (fd, F_GETFD);
      g_autofree char *link = g_strconcat ("/proc/self/fd/", name, NULL);
      g_autofree char *target = g_file_read_link (link, NULL);
      if (fd >= 3 && flags >= 0 && (flags & FD_CLOEXEC) == 0)
        g_ptr_array_add (found, g_strdup_printf ("descriptor %d (%s)", fd, target == NULL ? "?" : target));
    }
  return found;
}
