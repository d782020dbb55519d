/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options of keys, as kmsctl gives them. */
#pragma once

#include <kms-http.h>

G_BEGIN_DECLS

typedef enum {
  AWS_OPTIONS_CREATE = 1 << 0,
  AWS_OPTIONS_CONFIGURE = 1 << 1,
} AwsOptionsUse;

/* Every option must be one of this use, and of its kind. */
gboolean aws_key_options_check (GVariant *options, AwsOptionsUse use, GError **error);

/* NULL where it is not given. */
char *aws_key_options_dup (GVariant *options, const char *name);
gboolean aws_key_options_get_number (GVariant *options, const char *name, gint64 *value);

/* Without "alias/" it is none, and AWS keeps those of its own. */
gboolean aws_alias_check (const char *alias, GError **error);

G_END_DECLS
