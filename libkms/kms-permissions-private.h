/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether somebody else could have changed, or read, what we are about to trust. */
#pragma once

#include <gio/gio.h>
#include <sys/stat.h>

G_BEGIN_DECLS

typedef enum {
  KMS_PERMISSIONS_OFF,
  KMS_PERMISSIONS_WARN,
  KMS_PERMISSIONS_STRICT,
} KmsPermissions;

/* Owned by root or us, writable by nobody else. The error is KMS_ERROR_CONFIG and names path, owner, mode
 * and the command that mends it. */
gboolean _kms_permissions_check (const char *path, const struct stat *info, GError **error);

/* The directory as well: who may write there may put another file in its place. */
gboolean _kms_permissions_check_in_directory (const char *path, const struct stat *info, GError **error);

/* Readable by nobody else either; of the service manager's credentials, by nobody but the service. */
gboolean _kms_permissions_check_secret (const char *path, const struct stat *info, GError **error);

G_END_DECLS
