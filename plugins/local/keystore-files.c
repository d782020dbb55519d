/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads, checks and replaces the files of a keystore, and says in each error what mends it. */
#include "keystore-files.h"
#include "secret-room.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_NAME ".lock"
#define NEW_NAME ".new"
#define LOCK_TIMEOUT_USEC (30 * G_USEC_PER_SEC)
#define LOCK_POLL_USEC 3000
#define MODE_PRIVATE 0600

/* One table of what the usual failures mean to who meets them. */
static const struct
{
  int number;
  KmsError code;
  const char *advice;
} failures[] = {
  { ENOENT, KMS_ERROR_NOT_FOUND, "there is no such file" },
  { ENOSPC, KMS_ERROR_FAILED, "the disk is full: nothing was changed; make room and repeat" },
  { EDQUOT, KMS_ERROR_FAILED, "the disk quota is used up: nothing was changed; make room and repeat" },
  { EFBIG, KMS_ERROR_FAILED, "the limit of file sizes is reached: nothing was changed" },
  { EROFS, KMS_ERROR_NOT_AUTHORIZED, "the keystore is read-only here: keys can be used, but not changed" },
  { EACCES, KMS_ERROR_NOT_AUTHORIZED, "this user may not: run as the keystore's owner" },
  { EPERM, KMS_ERROR_NOT_AUTHORIZED, "this user may not: run as the keystore's owner" },
  { ENOTDIR, KMS_ERROR_CONFIG, "it is not a directory: move it away, or name another place in Directory=" },
  { ELOOP, KMS_ERROR_CONFIG, "it is a symbolic link, which is not followed here: put the file itself there" },
};

static gboolean
fail_with_errno (const char *what, const char *path, const char *name, int number, GError **error)
{
  g_autofree char *full = name != NULL ? g_build_filename (path, name, NULL) : g_strdup (path);

  for (gsize i = 0; i < G_N_ELEMENTS (failures); i++)
    if (failures[i].number == number)
      {
        g_set_error (error, KMS_ERROR, (int) failures[i].code, "can't %s %s: %s", what, full, failures[i].advice);
        return FALSE;
      }
  g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "can't %s %s: %s", what, full, g_strerror (number));
  return FALSE;
}

gboolean
keystore_close_fd (int *fd)
{
  return *fd < 0 || close (g_steal_fd (fd)) == 0;
}

/* Who could have written it must be one that is trusted with the keys anyway. */
static gboolean
check_owner_and_mode (const struct stat *info, const char *path, mode_t forbidden, GError **error)
{
  if (info->st_uid != 0 && info->st_uid != geteuid ())
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG,
                   "%s belongs to user %u, not to user %u: if it is yours, run: chown %u %s", path,
                   (unsigned) info->st_uid, (unsigned) geteuid (), (unsigned) geteuid (), path);
      return FALSE;
    }
  if ((info->st_mode & forbidden) != 0)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, "%s has mode %04o, so others could %s it: run: chmod %s %s",
                   path, (unsigned) (info->st_mode & 07777), (info->st_mode & forbidden & 022) != 0 ? "change" : "read",
                   (forbidden & 044) != 0 ? "go-rwx" : "go-w", path);
      return FALSE;
    }
  return TRUE;
}

int
keystore_directory_open (const char *path, GError **error)
{
  int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  struct stat info;

  if (fd < 0)
    {
      fail_with_errno ("open the keystore", path, NULL, errno, error);
      return -1;
    }
  if (fstat (fd, &info) == 0 && check_owner_and_mode (&info, path, 022, error))
    return fd;
  keystore_close_fd (&fd);
  return -1;
}

int
keystore_directory_create (const char *path, GError **error)
{
  g_autofree char *parent = g_path_get_dirname (path);

  if (g_mkdir_with_parents (parent, 0755) < 0)
    {
      fail_with_errno ("create", parent, NULL, errno, error);
      return -1;
    }
  if (mkdir (path, 0700) < 0 && errno != EEXIST)
    {
      fail_with_errno ("create the keystore", path, NULL, errno, error);
      return -1;
    }
  if (access (path, F_OK) < 0 && errno == ENOENT)
    {
      g_autofree char *target = g_file_read_link (path, NULL);

      g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED,
                   "the keystore %s is a symbolic link to %s, which is not there: create that directory, or remove the "
                   "link",
                   path, target == NULL ? "somewhere" : target);
      return -1;
    }
  return keystore_directory_open (path, error);
}

static void
stamp_from_stat (FileStamp *stamp, const struct stat *info)
{
  const gint64 second = G_GINT64_CONSTANT (1000000000);

  stamp->inode = info->st_ino;
  stamp->size = (guint64) info->st_size;
  stamp->modified = info->st_mtim.tv_sec * second + info->st_mtim.tv_nsec;
  stamp->changed = info->st_ctim.tv_sec * second + info->st_ctim.tv_nsec;
}

gboolean
keystore_stat (int directory, const char *name, FileStamp *stamp)
{
  struct stat info;

  *stamp = (FileStamp){ 0 };
  if (fstatat (directory, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
    return errno == ENOENT;
  stamp_from_stat (stamp, &info);
  return TRUE;
}

/* Opens, and looks at what was opened rather than at the name. */
static int
open_checked (int directory, const char *name, const char *shown_path, mode_t forbidden, gsize max_size,
              struct stat *info, GError **error)
{
  int fd = openat (directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

  if (fd < 0 || fstat (fd, info) < 0)
    {
      fail_with_errno ("read", shown_path, NULL, errno, error);
      keystore_close_fd (&fd);
      return -1;
    }
  if (!S_ISREG (info->st_mode))
    g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, "%s is not a regular file", shown_path);
  else if (info->st_size > (off_t) max_size)
    g_set_error (error, KMS_ERROR, KMS_ERROR_TOO_LARGE,
                 "%s has %" G_GINT64_FORMAT " bytes, and such a file has at most %" G_GSIZE_FORMAT
                 ": restore it from a backup",
                 shown_path, (gint64) info->st_size, max_size);
  else if (check_owner_and_mode (info, shown_path, forbidden, error))
    return fd;
  keystore_close_fd (&fd);
  return -1;
}

static gssize
read_all (int fd, char *out, gsize capacity)
{
  gsize done = 0;

  while (done < capacity)
    {
      gssize n = read (fd, out + done, capacity - done);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return -1;
      if (n == 0)
        break;
      done += (gsize) n;
    }
  return (gssize) done;
}

char *
keystore_read (int directory, const char *path, const char *name, gsize max_size, gsize *length, FileStamp *stamp,
               GError **error)
{
  g_autofree char *full = g_build_filename (path, name, NULL);
  g_autofree char *text = NULL;
  struct stat info;
  int fd = open_checked (directory, name, full, 022, max_size, &info, error);
  gssize got;

  if (fd < 0)
    return NULL;
  text = g_malloc ((gsize) info.st_size + 1);
  got = read_all (fd, text, (gsize) info.st_size);
  if (got < 0)
    {
      fail_with_errno ("read", full, NULL, errno, error);
      keystore_close_fd (&fd);
      return NULL;
    }
  keystore_close_fd (&fd);
  text[got] = '\0';
  *length = (gsize) got;
  if (stamp != NULL)
    stamp_from_stat (stamp, &info);
  return g_steal_pointer (&text);
}

KmsSecret *
keystore_read_secret (int directory, const char *name, const char *shown_path, gsize max_size, gboolean mode_matters,
                      GError **error)
{
  g_autoptr (KmsSecret) secret = NULL;
  struct stat info;
  guint8 *bytes;
  int fd = open_checked (directory, name, shown_path, mode_matters ? 077 : 022, max_size, &info, error);
  gssize got;

  if (fd < 0)
    return NULL;
  secret = secret_room_reserve ((gsize) info.st_size + 1, &bytes, error);
  if (secret == NULL)
    {
      keystore_close_fd (&fd);
      return NULL;
    }
  got = read_all (fd, (char *) bytes, (gsize) info.st_size);
  if (got < 0)
    fail_with_errno ("read", shown_path, NULL, errno, error);
  keystore_close_fd (&fd);
  kms_secret_commit (secret, (gsize) MAX (got, 0));
  return got >= 0 ? g_steal_pointer (&secret) : NULL;
}

static gboolean
write_all (int fd, const guint8 *data, gsize length)
{
  while (length > 0)
    {
      gssize n = write (fd, data, length);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return FALSE;
      data += n;
      length -= (gsize) n;
    }
  return TRUE;
}

/* The name is fixed because the lock is held: what a killed process left behind is simply overwritten. */
static gboolean
write_new (int directory, const guint8 *data, gsize length)
{
  int fd, saved;
  gboolean written;

  if (unlinkat (directory, NEW_NAME, 0) < 0 && errno != ENOENT)
    return FALSE;
  fd = openat (directory, NEW_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, MODE_PRIVATE);
  if (fd < 0)
    return FALSE;
  written = write_all (fd, data, length) && fsync (fd) == 0;
  saved = errno;
  if (!keystore_close_fd (&fd) && written)
    return FALSE;
  errno = saved;
  return written;
}

gboolean
keystore_replace (int directory, const char *path, const char *name, const guint8 *data, gsize length, GError **error)
{
  int number;

  if (write_new (directory, data, length) && renameat (directory, NEW_NAME, directory, name) == 0)
    {
      /* Without this the name, not the content, could be lost with the power. */
      if (fsync (directory) == 0 || errno == EINVAL)
        return TRUE;
      return fail_with_errno ("sync", path, NULL, errno, error);
    }
  number = errno;
  unlinkat (directory, NEW_NAME, 0);
  return fail_with_errno ("write", path, name, number, error);
}

gboolean
keystore_remove (int directory, const char *path, const char *name, GError **error)
{
  if (unlinkat (directory, name, 0) < 0 && errno != ENOENT)
    return fail_with_errno ("remove", path, name, errno, error);
  if (fsync (directory) < 0 && errno != EINVAL)
    return fail_with_errno ("sync", path, NULL, errno, error);
  return TRUE;
}

static gboolean
fail_read_only (const char *path, int number, GError **error)
{
  if (number == EROFS || number == EACCES || number == EPERM)
    g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_AUTHORIZED,
                 "the keystore %s is read-only for this user: keys can be used, but not changed; %s", path,
                 number == EROFS ? "mount it writable" : "run as its owner");
  else
    fail_with_errno ("lock", path, LOCK_NAME, number, error);
  return FALSE;
}

int
keystore_lock (int directory, const char *path, GCancellable *cancellable, GError **error)
{
  int fd = openat (directory, LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, MODE_PRIVATE);
  gint64 give_up = g_get_monotonic_time () + LOCK_TIMEOUT_USEC;

  if (fd < 0)
    {
      fail_read_only (path, errno, error);
      return -1;
    }
  while (flock (fd, LOCK_EX | LOCK_NB) < 0)
    {
      if (errno != EWOULDBLOCK && errno != EINTR)
        fail_with_errno ("lock", path, LOCK_NAME, errno, error);
      else if (g_get_monotonic_time () > give_up)
        g_set_error (error, KMS_ERROR, KMS_ERROR_TIMED_OUT,
                     "another process has held the lock %s/" LOCK_NAME " for 30 s: see who with: fuser %s/" LOCK_NAME,
                     path, path);
      else if (!g_cancellable_set_error_if_cancelled (cancellable, error))
        {
          g_usleep (LOCK_POLL_USEC);
          continue;
        }
      keystore_close_fd (&fd);
      return -1;
    }
  return fd;
}
