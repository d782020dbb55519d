/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes an aay in one piece of memory: a GVariant for each of a thousand elements costs more than encrypting them. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _ByteStrings ByteStrings;

ByteStrings *byte_strings_new (guint n_expected);
void byte_strings_add (ByteStrings *self, const void *bytes, gsize length);

/* A floating aay of what was added. Takes self. */
GVariant *byte_strings_end (ByteStrings *self);

G_END_DECLS
