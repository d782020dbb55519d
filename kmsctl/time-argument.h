/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times as people type them: "2026-11-24", "2026-11-24T13:50:42Z", "@1795530000", "15m". */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Microseconds since 1970. What has no time zone is local time; "90s", "15m", "2h" and "7d" are so long ago. */
gboolean kmsctl_time_from_argument (const char *text, gint64 *time_usec);

G_END_DECLS
