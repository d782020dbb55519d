/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A master key that is open: a directory with a file for each of its versions.
 *
 * A key is opened for one call and closed at its end. So nothing is cached: what an administrator rotates or removes
 * is noticed by the next call, no key stays in memory longer than it is needed, and no lock is shared between threads.
 * It costs a few system calls, which a batch pays once. Measure before you cache; a key in a cache has to be wiped,
 * expired, invalidated and, after a fork, loaded again. */
#include "acme-key.h"

#include "acme-error.h"
#include "acme-permissions.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_NAME 100
#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
#define SUFFIX ".key"

/* A key id comes out of configuration, a command line, or a string in somebody's database. Here it becomes a path: what
 * is not surely one harmless component of it is refused before anything is opened. */
gboolean
acme_key_check_name (const char *name, GError **error)
{
  gsize length = strlen (name);

  if (length >= 1 && length <= MAX_NAME && g_ascii_isalnum (name[0]) && strspn (name, NAME_CHARACTERS) == length)
    return TRUE;
  /* Whatever it is, it must not break the line or the terminal of who reads the message. */
  g_autofree char *shown = g_strescape (name, NULL);
  g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
               "\"%.*s\" can't name a key: up to %d letters, digits, \".\", \"_\" and \"-\", a letter or a digit first",
               MAX_NAME, shown, MAX_NAME);
  return FALSE;
}

/* "12.key" and nothing else: not "012.key", which would be another name for the same version. */
static gboolean
parse_file_name (const char *file, guint32 *number)
{
  guint64 value;

  if (!g_str_has_suffix (file, SUFFIX) || file[0] == '0')
    return FALSE;
  g_autofree char *digits = g_strndup (file, strlen (file) - strlen (SUFFIX));
  if (!g_ascii_string_to_unsigned (digits, 10, 1, ACME_MAX_VERSION, &value, NULL))
    return FALSE;
  *number = (guint32) value;
  return TRUE;
}

static int
compare_versions (gconstpointer a, gconstpointer b)
{
  const AcmeVersion *one = a, *other = b;

  return (one->number > other->number) - (one->number < other->number);
}

static gboolean
list_versions (AcmeKey *self, GError **error)
{
  int copy = openat (self->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *stream = copy < 0 ? NULL : fdopendir (copy);
  struct dirent *entry;
  struct stat info;

  if (stream == NULL)
    {
      acme_fail_errno (errno, "list", self->path, NULL, error);
      if (copy >= 0)
        close (copy);
      return FALSE;
    }
  while ((entry = readdir (stream)) != NULL)
    {
      AcmeVersion version;
      if (!parse_file_name (entry->d_name, &version.number)
          || fstatat (self->fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) < 0)
        continue;
      version.created = info.st_mtime;
      g_array_append_val (self->versions, version);
    }
  closedir (stream);
  g_array_sort (self->versions, compare_versions);
  return TRUE;
}

static gboolean
fail_not_found (AcmeKey *self, GError **error)
{
  g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND, "there is no key \"%s\" (%s): \"kmsctl key create\" makes one",
               self->name, self->path);
  return FALSE;
}

static gboolean
open_directory (AcmeKey *self, AcmeKeyMode mode, GError **error)
{
  struct stat info;

  if (mode == ACME_KEY_MAKE && mkdir (self->path, 0700) < 0 && errno != EEXIST)
    return acme_fail_errno (errno, "make", self->path, NULL, error);
  self->fd = open (self->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (self->fd < 0)
    return errno == ENOENT ? fail_not_found (self, error) : acme_fail_errno (errno, "open", self->path, NULL, error);
  return acme_permissions_check (self->fd, ACME_SECRET, self->path, &info, error);
}

AcmeKey *
acme_key_open (const char *directory, const char *name, AcmeKeyMode mode, GError **error)
{
  if (!acme_key_check_name (name, error))
    return NULL;
  g_autoptr (AcmeKey) self = g_new0 (AcmeKey, 1);
  self->name = g_strdup (name);
  self->path = g_build_filename (directory, name, NULL);
  self->fd = -1;
  self->versions = g_array_new (FALSE, FALSE, sizeof (AcmeVersion));
  self->sealers = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) acme_sealer_free);
  if (!open_directory (self, mode, error) || !list_versions (self, error))
    return NULL;
  if (self->versions->len == 0 && mode == ACME_KEY_MUST_EXIST)
    {
      fail_not_found (self, error);
      return NULL;
    }
  return g_steal_pointer (&self);
}

void
acme_key_free (AcmeKey *self)
{
  if (self->fd >= 0)
    close (self->fd);
  g_hash_table_unref (self->sealers);
  g_array_unref (self->versions);
  g_free (self->path);
  g_free (self->name);
  g_free (self);
}

const AcmeVersion *
acme_key_get_newest (AcmeKey *self)
{
  return &g_array_index (self->versions, AcmeVersion, self->versions->len - 1);
}

static gboolean
has_version (AcmeKey *self, guint32 number)
{
  for (guint i = 0; i < self->versions->len; i++)
    if (g_array_index (self->versions, AcmeVersion, i).number == number)
      return TRUE;
  return FALSE;
}

/* Straight from the file into locked memory: g_file_get_contents() would leave a copy on the heap. */
static KmsSecret *
read_version (AcmeKey *self, guint32 number, GCancellable *cancellable, GError **error)
{
  g_autofree char *file = g_strdup_printf ("%" G_GUINT32_FORMAT SUFFIX, number);
  g_autofree char *path = g_build_filename (self->path, file, NULL);
  int fd = openat (self->fd, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  g_autoptr (KmsSecret) secret = NULL;
  struct stat info;

  if (fd < 0)
    {
      acme_fail_errno (errno, "open", path, NULL, error);
      return NULL;
    }
  if (acme_permissions_check (fd, ACME_SECRET, path, &info, error))
    secret = kms_secret_new_from_fd (fd, ACME_KEY_SIZE, cancellable, error);
  close (fd);
  if (secret == NULL || kms_secret_get_length (secret) == ACME_KEY_SIZE)
    return g_steal_pointer (&secret);
  g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS,
               "%s has %" G_GSIZE_FORMAT " bytes instead of %d, so it is no key: restore it from a backup", path,
               kms_secret_get_length (secret), ACME_KEY_SIZE);
  return NULL;
}

/* Belongs to the key. A value that names a version which the key does not have is no value of this key: it gets the
 * code that wrong bytes get. */
AcmeSealer *
acme_key_get_sealer (AcmeKey *self, guint32 version, GCancellable *cancellable, GError **error)
{
  AcmeSealer *sealer = g_hash_table_lookup (self->sealers, GUINT_TO_POINTER (version));

  if (sealer != NULL)
    return sealer;
  if (!has_version (self, version))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT,
                   "the ciphertext asks for version %" G_GUINT32_FORMAT
                   " of the key \"%s\", which has none of that number",
                   version, self->name);
      return NULL;
    }
  g_autoptr (KmsSecret) secret = read_version (self, version, cancellable, error);
  if (secret == NULL || (sealer = acme_sealer_new (secret, version, error)) == NULL)
    return NULL;
  g_hash_table_insert (self->sealers, GUINT_TO_POINTER (version), sealer);
  return sealer;
}
