/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a failed system call means to the caller of a provider. */
#pragma once

#include <libkms/kms-module.h>

G_BEGIN_DECLS

gboolean acme_fail_errno (int number, const char *what, const char *path, const char *name, GError **error);

G_END_DECLS
