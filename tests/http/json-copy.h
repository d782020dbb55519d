/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* All that the JSON reader reads of a text, for the test and the fuzz target. */
#pragma once

#include <kms-http.h>

G_BEGIN_DECLS

/* The text in one form; NULL where it is no JSON, or holds a number that is not whole. */
char *json_copy_text (const char *text, gsize length);

/* Whether it is JSON, as the reader says who passes it over. */
gboolean json_skips (const char *text, gsize length);

G_END_DECLS
