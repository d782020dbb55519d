/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values of kmsd's groups in a file of the registry: read strictly, with a default where the file says nothing. */
#pragma once

#include <libkms/kms.h>

#include "libkms/kms-daemon-values-private.h"

G_BEGIN_DECLS

/* CONFIG, with file, group and key in front, for what the key does not take. */
gboolean settings_read_integer (KmsConfigInfo *info, const char *group, const char *key, gint64 fallback, gint64 *out,
                                GError **error);
gboolean settings_read_boolean (KmsConfigInfo *info, const char *group, const char *key, gboolean fallback,
                                gboolean *out, GError **error);
gboolean settings_read_choice (KmsConfigInfo *info, const char *group, const char *key, const char *choices,
                               int fallback, int *out, GError **error);

/* NULL with an error, or without one where the file says nothing. */
char *settings_dup_path (KmsConfigInfo *info, const char *group, const char *key, GError **error);

G_END_DECLS
