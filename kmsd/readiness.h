/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tells the service manager how things stand: sd_notify(3), without its library. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* To NOTIFY_SOCKET, if there is one: "READY=1". Never waits. */
void readiness_tell (const char *state);

/* The sockets that the service manager opened (sd_listen_fds(3)); the first is 3. They are close-on-exec from now on. */
guint readiness_count_sockets (void);

#define READINESS_FIRST_SOCKET 3

G_END_DECLS
