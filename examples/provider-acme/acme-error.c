/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a failed system call means to the caller of a provider.
 *
 * The code is what programs act on: kmsctl makes its exit code of it, and UNAVAILABLE tells a caller that trying again
 * later may help. The text is for a person, who wants to know which file it was and what to do. libkms puts the
 * provider's name in front. */
#include "acme-error.h"

#include <errno.h>

/* A table rather than a switch: adding a line adds a code and its advice together. */
static const struct
{
  int number;
  KmsError code;
  const char *advice;
} meanings[] = {
  { EACCES, KMS_ERROR_NOT_AUTHORIZED, "this user may not; run as the owner of the keys" },
  { EPERM, KMS_ERROR_NOT_AUTHORIZED, "this user may not; run as the owner of the keys" },
  { EROFS, KMS_ERROR_NOT_AUTHORIZED, "it is mounted read-only, so keys can be used but not made" },
  { ELOOP, KMS_ERROR_CONFIG, "it is a symbolic link, which is not followed here" },
  { ENOTDIR, KMS_ERROR_CONFIG, "it is not a directory" },
  { ENOSPC, KMS_ERROR_FAILED, "the disk is full; nothing was changed" },
  /* What a network file system answers when its server is away. */
  { EIO, KMS_ERROR_UNAVAILABLE, "the file system does not answer; try again later" },
  { ESTALE, KMS_ERROR_UNAVAILABLE, "the file system does not answer; try again later" },
  { ETIMEDOUT, KMS_ERROR_UNAVAILABLE, "the file system does not answer; try again later" },
};

/* Always FALSE, so that a caller can return it. */
gboolean
acme_fail_errno (int number, const char *what, const char *path, const char *name, GError **error)
{
  g_autofree char *full = name != NULL ? g_build_filename (path, name, NULL) : g_strdup (path);

  for (gsize i = 0; i < G_N_ELEMENTS (meanings); i++)
    if (meanings[i].number == number)
      {
        g_set_error (error, KMS_ERROR, (int) meanings[i].code, "can't %s %s: %s", what, full, meanings[i].advice);
        return FALSE;
      }
  g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "can't %s %s: %s", what, full, g_strerror (number));
  return FALSE;
}
