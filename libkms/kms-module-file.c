/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looks at a module's file before the dynamic linker does: where the file ends too early, that maps pages that are not
 * there, and the process dies of SIGBUS. */
#include "kms-module-private.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kms-error.h"

/* More than any linker writes. */
#define MAX_SEGMENTS 256

/* The header of this library, which the linker puts a name to: what it says of the machine, a module must say, too. */
extern const ElfW (Ehdr) __ehdr_start __attribute__ ((visibility ("hidden")));

static gboolean
fail (const char *path, const char *what, GError **error)
{
  g_set_error (error, KMS_ERROR, KMS_ERROR_MODULE, "%s: %s", path, what);
  return FALSE;
}

static gboolean
fail_cut (const char *path, gint64 size, GError **error)
{
  g_set_error (error, KMS_ERROR, KMS_ERROR_MODULE,
               "%s: is cut short, with only %" G_GINT64_FORMAT " bytes; install its package again", path, size);
  return FALSE;
}

static gboolean
read_at (int fd, gsize offset, void *out, gsize length)
{
  return pread (fd, out, length, (off_t) offset) == (gssize) length;
}

static gboolean
check_header (const ElfW (Ehdr) * header, const char *path, GError **error)
{
  if (memcmp (header->e_ident, ELFMAG, SELFMAG) != 0)
    return fail (path, "is no module, and no program at all; install its package again", error);
  if (header->e_ident[EI_CLASS] != __ehdr_start.e_ident[EI_CLASS]
      || header->e_ident[EI_DATA] != __ehdr_start.e_ident[EI_DATA] || header->e_machine != __ehdr_start.e_machine)
    return fail (path, "was built for another kind of machine; install its package for this one", error);
  if (header->e_type != ET_DYN)
    return fail (path, "is a program or a part of one, but no module; install its package again", error);
  if (header->e_phentsize != sizeof (ElfW (Phdr)) || header->e_phnum == 0 || header->e_phnum > MAX_SEGMENTS)
    return fail (path, "is damaged; install its package again", error);
  return TRUE;
}

static gboolean
check_segments (int fd, const ElfW (Ehdr) * header, gint64 size, const char *path, GError **error)
{
  g_autofree ElfW (Phdr) *segments = g_new (ElfW (Phdr), header->e_phnum);

  if (!read_at (fd, header->e_phoff, segments, header->e_phnum * sizeof *segments))
    return fail_cut (path, size, error);
  for (guint i = 0; i < header->e_phnum; i++)
    if (segments[i].p_type == PT_LOAD
        && (segments[i].p_offset > (guint64) size || segments[i].p_filesz > (guint64) size - segments[i].p_offset))
      return fail_cut (path, size, error);
  return TRUE;
}

static gboolean
check_descriptor (int fd, const char *path, GError **error)
{
  ElfW (Ehdr) header;
  struct stat info;

  if (fstat (fd, &info) != 0 || !S_ISREG (info.st_mode))
    return fail (path, "is not a regular file", error);
  if (!read_at (fd, 0, &header, sizeof header))
    return info.st_size >= SELFMAG ? fail_cut (path, info.st_size, error)
                                   : fail (path, "is no module, and nearly empty; install its package again", error);
  return check_header (&header, path, error) && check_segments (fd, &header, info.st_size, path, error);
}

gboolean
_kms_module_file_check (const char *path, GError **error)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

  if (fd < 0)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_MODULE, "%s: can't be opened: %s", path, g_strerror (errno));
      return FALSE;
    }
  gboolean ok = check_descriptor (fd, path, error);
  close (fd);
  return ok;
}
