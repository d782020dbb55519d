/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The private socket: the same objects for whoever connects, without a bus. */
#pragma once

#include "daemon.h"

G_BEGIN_DECLS

/* At the sockets of the service manager if it gave any, else at the path, with the mode. ALREADY_EXISTS if another
 * daemon listens there; a socket that nobody listens at is replaced. */
PrivateSocket *private_socket_new (Daemon *daemon, const char *path, guint mode, GError **error);

/* Takes no more connections; those that there are end with their doors. */
void private_socket_free (PrivateSocket *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PrivateSocket, private_socket_free)

G_END_DECLS
