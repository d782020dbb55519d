/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a daemon, a bus or a connection says when something fails, in the library's words. */
#pragma once

#include <libkms/kms.h>

#include "kmsd-place.h"

G_BEGIN_DECLS

/* Takes an error of a call. Errors of kmsd become those that it meant; what a bus says gets a code and advice. The name
 * that it had on the wire is its service code. Cancellation stays what it is. */
GError *kmsd_failure_of_call (const KmsdPlace *place, GError *error);

/* Takes the error with which nothing could be connected to. */
GError *kmsd_failure_of_connection (const KmsdPlace *place, GError *error);

/* Whether the daemon, the bus or the connection went away during the call: what may be done twice can be repeated. */
gboolean kmsd_failure_is_loss (const GError *error);

/* Whether the daemon is ending: one of those, but the connection may be there still, and leads nowhere. */
gboolean kmsd_failure_is_ending (const GError *error);

/* Whether the object of a call was not there. */
gboolean kmsd_failure_is_no_object (const GError *error);

G_END_DECLS
