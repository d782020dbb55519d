/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Strict parsers of configuration values: GKeyFile's own take "2  # seconds" for 2. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The errors are KMS_ERROR_CONFIG, and tell what is wrong with the value; the caller puts in front where it stands. */
gboolean _kms_value_parse_boolean (const char *value, gboolean *out, GError **error);
gboolean _kms_value_parse_integer (const char *value, gint64 min, gint64 max, gint64 *out, GError **error);

/* Seconds with up to three decimals, as milliseconds. */
gboolean _kms_value_parse_duration (const char *value, gint64 *out, GError **error);

/* Parts between ";"; blanks around them and empty ones are dropped. */
char **_kms_value_parse_list (const char *value);

/* The place of the word in "a|b|c", or -1 with an error. */
int _kms_value_parse_choice (const char *value, const char *choices, GError **error);

G_END_DECLS
