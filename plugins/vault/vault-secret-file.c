/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads a file straight into locked memory. */
#include "vault-secret-file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

KmsSecret *
vault_secret_strip (KmsSecret *secret)
{
  gsize length, start = 0;
  const guint8 *data = kms_secret_get_data (secret, &length);

  while (start < length && g_ascii_isspace (data[start]))
    start++;
  while (length > start && g_ascii_isspace (data[length - 1]))
    length--;
  return kms_secret_new (data + start, length - start);
}

static gboolean
read_open_file (int fd, const char *path, KmsSecret **secret, GCancellable *cancellable, GError **error)
{
  struct stat info;

  /* A pipe would keep everybody waiting. */
  if (fstat (fd, &info) != 0 || !S_ISREG (info.st_mode))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS, "\"%s\" is no ordinary file", path);
      return FALSE;
    }
  g_autoptr (KmsSecret) whole = kms_secret_new_from_fd (fd, VAULT_MAX_SECRET, cancellable, error);
  if (whole == NULL)
    {
      g_prefix_error (error, "\"%s\": ", path);
      return FALSE;
    }
  *secret = vault_secret_strip (whole);
  return TRUE;
}

gboolean
vault_secret_file_read (const char *path, KmsSecret **secret, GCancellable *cancellable, GError **error)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

  *secret = NULL;
  if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
    return TRUE;
  if (fd < 0)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS, "\"%s\" can't be read: %s", path, g_strerror (errno));
      return FALSE;
    }
  gboolean ok = read_open_file (fd, path, secret, cancellable, error);
  close (fd);
  return ok;
}
