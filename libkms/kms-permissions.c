/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether somebody else could have changed, or read, what we are about to trust. */
#include "kms-permissions-private.h"

#include <unistd.h>

#include "kms-error.h"

static gboolean
refuse (const char *path, const struct stat *info, const char *why, const char *command, GError **error)
{
  g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG,
               "%s (owner %u, mode %04o) %s; if you trust what it says now, run: %s %s", path, info->st_uid,
               info->st_mode & 07777, why, command, path);
  return FALSE;
}

gboolean
_kms_permissions_check (const char *path, const struct stat *info, GError **error)
{
  if (info->st_uid != 0 && info->st_uid != geteuid ())
    return refuse (path, info, "belongs to another user", "chown root:", error);
  if ((info->st_mode & (S_IWGRP | S_IWOTH)) != 0 && !(S_ISDIR (info->st_mode) && (info->st_mode & S_ISVTX) != 0))
    return refuse (path, info, "can be changed by other users", "chmod go-w", error);
  return TRUE;
}

gboolean
_kms_permissions_check_secret (const char *path, const struct stat *info, GError **error)
{
  if (!_kms_permissions_check (path, info, error))
    return FALSE;
  if ((info->st_mode & (S_IRGRP | S_IROTH)) != 0)
    return refuse (path, info, "can be read by other users", "chmod go-r", error);
  return TRUE;
}
