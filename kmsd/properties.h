/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the properties of all objects are. */
#pragma once

#include "daemon.h"

G_BEGIN_DECLS

/* Floating; NULL if there is no such property. The box is NULL on the Manager. */
GVariant *property_get (Daemon *daemon, BoxEntry *box, const char *interface, const char *name);

const char *box_state_to_string (KmsBoxState state);

G_END_DECLS
