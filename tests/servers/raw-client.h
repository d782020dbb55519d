/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client for the tests of the test servers that shows every byte it gets. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Connects to the address of a test server; with a CA file over TLS, as the client of the two files if these are given. */
GIOStream *raw_client_connect (const char *address, const char *ca_file, const char *certificate_file,
                               const char *key_file, GError **error);
/* Sends the text and reads until the peer closes, or until the text `until` was read (NULL: until it closes). */
char *raw_client_ask (GIOStream *stream, const char *request, const char *until, GError **error);
/* A POST of the body on a connection of its own that ends after it; all that came. */
char *raw_client_post (const char *address, const char *path, const char *token, const char *body, GError **error);

G_END_DECLS
