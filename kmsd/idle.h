/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The session's daemon ends when nobody needs it: the bus starts it again. */
#pragma once

#include "daemon.h"

G_BEGIN_DECLS

/* From now on, if IdleTimeout= says so. */
void idle_start (Daemon *self);
void idle_adapt (Daemon *self);
void idle_stop (Daemon *self);

G_END_DECLS
