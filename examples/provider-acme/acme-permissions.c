/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who else could have read a key, or put another one in its place. */
#include "acme-permissions.h"

#include "acme-error.h"

#include <errno.h>
#include <unistd.h>

static const struct
{
  mode_t forbidden;
  const char *words;
  const char *mend;
} rules[] = {
  [ACME_MAY_BE_LISTED] = { 022, "others could put keys of their own there", "go-w" },
  [ACME_SECRET] = { 077, "others could read or change it", "go-rwx" },
};

/* Looks at what was opened. Looking at the name first, and opening it then, leaves time to exchange the file. */
gboolean
acme_permissions_check (int fd, AcmePrivacy privacy, const char *path, struct stat *info, GError **error)
{
  if (fstat (fd, info) < 0)
    return acme_fail_errno (errno, "look at", path, NULL, error);
  if (info->st_uid != geteuid () && info->st_uid != 0)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS,
                   "%s belongs to user %u, neither to root nor to user %u who runs this: if that is right, run: "
                   "chown %u %s",
                   path, (guint) info->st_uid, (guint) geteuid (), (guint) geteuid (), path);
      return FALSE;
    }
  if ((info->st_mode & rules[privacy].forbidden) == 0)
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS, "%s has mode %04o, so %s: run: chmod %s %s", path,
               (guint) (info->st_mode & 07777), rules[privacy].words, rules[privacy].mend, path);
  return FALSE;
}
