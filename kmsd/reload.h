/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading the configuration: at the start, when it is asked for, and when the files change. */
#pragma once

#include "daemon.h"

G_BEGIN_DECLS

/* Blocks; watches the files from then on. */
gboolean reload_first (Daemon *self, GError **error);
void reload_stop (Daemon *self);

G_END_DECLS
