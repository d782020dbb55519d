/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which systemd unit a caller belongs to, for the audit log alone. It is found by the caller's pid, which another process
 * may have by the time systemd looks: a hint, that authorizes nobody. */
#pragma once

#include "caller.h"

G_BEGIN_DECLS

/* Asks the systemd that is on this bus: the system's, or the user's. */
Units *units_new (GDBusConnection *connection);

/* Whoever still waits is called back, without a unit. */
void units_free (Units *self);

typedef void (*UnitsFunc) (Caller *caller, gpointer user_data);

/* Sets caller->unit if systemd tells it within a short time, and calls back once in any case, perhaps at once. A bus without
 * systemd, or one that does not answer, is not asked again for a while. NULL knows nothing. */
void units_ask (Units *self, Caller *caller, UnitsFunc func, gpointer user_data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Units, units_free)

G_END_DECLS
