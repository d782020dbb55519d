/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads a file straight into locked memory. */
#include "aws-secret-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean
read_open_file (int fd, const char *path, gsize max_length, KmsSecret **content, GCancellable *cancellable,
                GError **error)
{
  struct stat info;

  /* A pipe would keep everybody waiting. */
  if (fstat (fd, &info) != 0 || !S_ISREG (info.st_mode))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS, "\"%s\" is no ordinary file", path);
      return FALSE;
    }
  if ((guint64) info.st_size > max_length)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS, "\"%s\" is larger than %" G_GSIZE_FORMAT " bytes", path,
                   max_length);
      return FALSE;
    }
  *content = kms_secret_new_from_fd (fd, max_length, cancellable, error);
  if (*content == NULL)
    g_prefix_error (error, "\"%s\": ", path);
  return *content != NULL;
}

gboolean
aws_secret_file_read (const char *path, gsize max_length, KmsSecret **content, GCancellable *cancellable,
                      GError **error)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

  *content = NULL;
  if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
    return TRUE;
  if (fd < 0)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS, "\"%s\" can't be read: %s", path, g_strerror (errno));
      return FALSE;
    }
  gboolean ok = read_open_file (fd, path, max_length, content, cancellable, error);
  close (fd);
  return ok;
}

static KmsSecret *
strip (KmsSecret *secret)
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
has_control_character (KmsSecret *secret)
{
  gsize length;
  const guint8 *data = kms_secret_get_data (secret, &length);

  for (gsize i = 0; i < length; i++)
    if (data[i] < 0x20 || data[i] >= 0x7f)
      return TRUE;
  return FALSE;
}

KmsSecret *
aws_secret_file_read_line (const char *path, const char *what, gsize max_length, GCancellable *cancellable,
                           GError **error)
{
  g_autoptr (KmsSecret) content = NULL;

  if (!aws_secret_file_read (path, max_length, &content, cancellable, error))
    {
      g_prefix_error (error, "%s: ", what);
      return NULL;
    }
  if (content == NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS, "%s: \"%s\" does not exist", what, path);
      return NULL;
    }
  g_autoptr (KmsSecret) line = strip (content);
  if (kms_secret_get_length (line) > 0 && !has_control_character (line))
    return g_steal_pointer (&line);
  g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS, "%s: \"%s\" %s", what, path,
               kms_secret_get_length (line) == 0 ? "is empty" : "holds more than one line of plain characters");
  return NULL;
}

KmsSecret *
aws_secret_dup_writable (const guint8 *data, gsize length, guint8 **bytes, GError **error)
{
  KmsSecret *copy = kms_secret_reserve (length + 1, bytes);

  if (copy == NULL)
    {
      g_set_error_literal (error, KMS_ERROR, KMS_ERROR_QUOTA, "locked memory is used up");
      return NULL;
    }
  memcpy (*bytes, data, length);
  (*bytes)[length] = '\0';
  kms_secret_commit (copy, length);
  return copy;
}
