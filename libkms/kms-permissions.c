/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether somebody else could have changed, or read, what we are about to trust. */
#include "kms-permissions-private.h"

#include <stdlib.h>
#include <unistd.h>

#include "kms-error.h"

static gboolean
refuse (const char *path, const struct stat *info, const char *why, const char *command, GError **error)
{
  g_autofree char *quoted = strpbrk (path, " \t\n'\"\\$&;()<>|*?[]#~`!") == NULL ? g_strdup (path)
                                                                                 : g_shell_quote (path);

  g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG,
               "%s (owner %u, mode %04o) %s; if you trust what it says now, run: %s %s", path, info->st_uid,
               info->st_mode & 07777, why, command, quoted);
  return FALSE;
}

gboolean
_kms_permissions_check (const char *path, const struct stat *info, GError **error)
{
  if (info->st_uid != 0 && info->st_uid != geteuid ())
    return refuse (path, info, "belongs to another user", "chown root:", error);
  if ((info->st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return refuse (path, info, "can be changed by other users", "chmod go-w", error);
  return TRUE;
}

gboolean
_kms_permissions_check_in_directory (const char *path, const struct stat *info, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (path);
  struct stat directory_info;

  if (!_kms_permissions_check (path, info, error))
    return FALSE;
  return stat (directory, &directory_info) != 0 || _kms_permissions_check (directory, &directory_info, error);
}

/* systemd lets the service's user read a credential by an access control list, whose mask stands where the mode has the
 * group's rights: systemd.exec(5), LoadCredential=. */
static mode_t
get_mode_of_others (const char *path)
{
  const char *credentials = secure_getenv ("CREDENTIALS_DIRECTORY");
  g_autofree char *directory = g_path_get_dirname (path);

  return g_strcmp0 (directory, credentials) == 0 ? S_IROTH : S_IRGRP | S_IROTH;
}

gboolean
_kms_permissions_check_secret (const char *path, const struct stat *info, GError **error)
{
  if (!_kms_permissions_check (path, info, error))
    return FALSE;
  if ((info->st_mode & get_mode_of_others (path)) != 0)
    return refuse (path, info, "can be read by other users", "chmod go-r", error);
  return TRUE;
}
