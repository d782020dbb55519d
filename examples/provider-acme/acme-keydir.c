/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The directory of all keys, and what changes in it.
 *
 *   KeyDirectory/
 *     orders/       a key
 *       1.key       its first version: 32 random bytes
 *       2.key       its second version, since it was rotated
 *
 * Files are added and never changed, so there is nothing that two writers could do to each other: link(2) gives a
 * version its name only if nobody has it, and only once all bytes are on the disk. */
#include "acme-keydir.h"

#include "acme-error.h"
#include "acme-permissions.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

gboolean
acme_keydir_check (const char *directory, GError **error)
{
  int fd = open (directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  struct stat info;

  if (fd < 0 && errno == ENOENT)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND,
                   "there are no keys at %s yet: \"kmsctl key create\" makes one", directory);
      return FALSE;
    }
  if (fd < 0)
    return acme_fail_errno (errno, "open", directory, NULL, error);
  gboolean is_ours = acme_permissions_check (fd, ACME_MAY_BE_LISTED, directory, &info, error);
  close (fd);
  return is_ours;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  const AcmeKey *const *one = a, *const *other = b;

  return g_strcmp0 ((*one)->name, (*other)->name);
}

/* A key that can't be opened is left out, and said: one bad directory must not hide all others. */
GPtrArray *
acme_keydir_list (const char *directory, GError **error)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func ((GDestroyNotify) acme_key_free);
  g_autoptr (GError) local = NULL;
  const char *name;

  if (!acme_keydir_check (directory, &local))
    {
      /* No key was made yet: that is an empty list, not a failure. */
      if (g_error_matches (local, KMS_ERROR, KMS_ERROR_NOT_FOUND))
        return g_steal_pointer (&keys);
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  g_autoptr (GDir) entries = g_dir_open (directory, 0, &local);
  if (entries == NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "can't list %s: %s", directory, local->message);
      return NULL;
    }
  while ((name = g_dir_read_name (entries)) != NULL)
    {
      g_autoptr (GError) problem = NULL;
      AcmeKey *key = acme_key_check_name (name, NULL) ? acme_key_open (directory, name, ACME_KEY_MUST_EXIST, &problem)
                                                      : NULL;
      if (key != NULL)
        g_ptr_array_add (keys, key);
      else if (problem != NULL)
        g_warning ("%s is left out: %s", name, problem->message);
    }
  g_ptr_array_sort (keys, compare_names);
  return g_steal_pointer (&keys);
}

/* Makes the file under a name of its own, as nobody but its owner can read it, with all its bytes on the disk. */
static gboolean
write_file (int fd, const char *path, KmsSecret *secret, GError **error)
{
  gboolean written = kms_secret_write_to_fd (secret, fd, NULL, error);

  if (written && fsync (fd) < 0)
    written = acme_fail_errno (errno, "write", path, NULL, error);
  if (close (fd) < 0 && written)
    written = acme_fail_errno (errno, "write", path, NULL, error);
  return written;
}

static gboolean
fail_exists (AcmeKey *key, guint32 number, GError **error)
{
  if (number == 1)
    g_set_error (error, KMS_ERROR, KMS_ERROR_ALREADY_EXISTS,
                 "there is a key \"%s\" already: \"kmsctl key rotate\" gives it a new version", key->name);
  else
    g_set_error (error, KMS_ERROR, KMS_ERROR_ALREADY_EXISTS,
                 "somebody else made version %" G_GUINT32_FORMAT
                 " of the key \"%s\" at the same moment, so it is rotated",
                 number, key->name);
  return FALSE;
}

static gboolean
give_name (AcmeKey *key, const char *temporary, guint32 number, GError **error)
{
  g_autofree char *file = g_strdup_printf ("%" G_GUINT32_FORMAT ".key", number);

  if (linkat (key->fd, temporary, key->fd, file, 0) < 0)
    return errno == EEXIST ? fail_exists (key, number, error) : acme_fail_errno (errno, "make", key->path, file, error);
  /* Without this a power cut could take the name away again, and with it all that was encrypted since. */
  if (fsync (key->fd) < 0)
    return acme_fail_errno (errno, "write", key->path, NULL, error);
  return TRUE;
}

static gboolean
add_version (AcmeKey *key, guint32 number, GError **error)
{
  g_autofree char *temporary = g_strdup_printf (".new-%08x%08x", g_random_int (), g_random_int ());
  g_autofree char *path = g_build_filename (key->path, temporary, NULL);
  g_autoptr (KmsSecret) secret = kms_secret_new_random (ACME_KEY_SIZE, error);

  if (secret == NULL)
    return FALSE;
  int fd = openat (key->fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0)
    return acme_fail_errno (errno, "make", path, NULL, error);
  gboolean done = write_file (fd, path, secret, error) && give_name (key, temporary, number, error);
  unlinkat (key->fd, temporary, 0);
  return done;
}

AcmeKey *
acme_keydir_create_key (const char *directory, const char *name, GError **error)
{
  if (g_mkdir_with_parents (directory, 0700) < 0)
    {
      acme_fail_errno (errno, "make", directory, NULL, error);
      return NULL;
    }
  if (!acme_keydir_check (directory, error))
    return NULL;
  g_autoptr (AcmeKey) key = acme_key_open (directory, name, ACME_KEY_MAKE, error);
  if (key == NULL)
    return NULL;
  if (key->versions->len > 0)
    {
      fail_exists (key, 1, error);
      return NULL;
    }
  if (!add_version (key, 1, error))
    return NULL;
  return acme_key_open (directory, name, ACME_KEY_MUST_EXIST, error);
}

AcmeKey *
acme_keydir_rotate_key (const char *directory, const char *name, GError **error)
{
  g_autoptr (AcmeKey) key = acme_key_open (directory, name, ACME_KEY_MUST_EXIST, error);

  if (key == NULL)
    return NULL;
  guint32 number = acme_key_get_newest (key)->number + 1;
  if (number > ACME_MAX_VERSION)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED,
                   "the key \"%s\" has %d versions, which is all that it can have: "
                   "make another key",
                   name, ACME_MAX_VERSION);
      return NULL;
    }
  if (!add_version (key, number, error))
    return NULL;
  return acme_key_open (directory, name, ACME_KEY_MUST_EXIST, error);
}
