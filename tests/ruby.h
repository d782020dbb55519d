/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ruby as the peer that says what is right. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a script prints about its input, line by line. NULL, and the test skipped, where Ruby is not installed. */
char **ruby_answer (const char *script, const char *input);

G_END_DECLS
