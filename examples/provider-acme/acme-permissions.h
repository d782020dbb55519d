/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who else could have read a key, or put another one in its place. */
#pragma once

#include <libkms/kms-module.h>
#include <sys/stat.h>

G_BEGIN_DECLS

typedef enum {
  ACME_MAY_BE_LISTED, /* others may look, but not write */
  ACME_SECRET,        /* nobody else may do anything */
} AcmePrivacy;

gboolean acme_permissions_check (int fd, AcmePrivacy privacy, const char *path, struct stat *info, GError **error);

G_END_DECLS
