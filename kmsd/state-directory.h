/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the daemon keeps what survives it, and that only one does so. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Makes the directory with mode 0700 and locks it. The descriptor that holds the lock; -1 with an error: ALREADY_EXISTS
 * if another daemon has it. */
int state_directory_lock (const char *path, GError **error);

G_END_DECLS
