/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is refused for a lockdown that an alert engaged may rely on it: the answer waits until a crash can't undo it. */
#pragma once

#include "call.h"

G_BEGIN_DECLS

/* A lockdown is in force, and on its way to the disk; then it is there, or can't get there. */
void unsaved_begin (Daemon *self);
void unsaved_end (Daemon *self);

/* Takes call and error over if the answer has to wait: at most UNSAVED_TIMEOUT_MS, since a disk may hang. */
gboolean unsaved_postpone (Call *call, GError *error);

void unsaved_stop (Daemon *self);

G_END_DECLS
