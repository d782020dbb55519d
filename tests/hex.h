/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes as hexadecimal digits, as vectors and peers of tests have them. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *hex_encode (gconstpointer data, gsize length);

/* NUL-terminated besides; the test stops at what is no hexadecimal text. */
guint8 *hex_decode (const char *text, gsize *length);

G_END_DECLS
