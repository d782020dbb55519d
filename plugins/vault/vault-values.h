/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small texts, strictly parsed: names, paths, addresses, and what Go's clients take for a duration or a boolean. */
#pragma once

#include <kms-http.h>

G_BEGIN_DECLS

/* As Go's strconv.ParseBool() reads it. */
gboolean vault_parse_boolean (const char *text, gboolean *value, GError **error);

/* Seconds without a unit, or a duration of Go's such as "1m30s"; comes out in milliseconds, of which anything but nothing is
 * at least 1. */
gboolean vault_parse_duration (const char *text, gint64 *milliseconds, GError **error);

/* Other names would change the route, and so the meaning, of a request. */
gboolean vault_check_key_name (const char *name, GError **error);

/* Of a mount, a namespace or an audit device: names with "/" between them. */
gboolean vault_check_path (const char *what, const char *path, GError **error);

/* Whether it can be the value of a header: visible ASCII only. */
gboolean vault_check_token (const guint8 *text, gsize length);

/* "https://HOST:PORT/PREFIX" without a slash at its end, or, for unix:///PATH, "http://localhost" and the path. */
gboolean vault_parse_address (const char *text, char **base, char **unix_socket, GError **error);

/* What a server says may echo what it was sent: nothing that could be a value stays, and no control characters. */
char *vault_filter_words (const char *text);

G_END_DECLS
