/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks polkit, where a box or a right of the daemon says so. */
#pragma once

#include "call.h"

G_BEGIN_DECLS

/* NULL if polkit says yes; else NOT_AUTHORIZED, or what could be obtained. Borrowed. */
typedef void (*PolkitFunc) (Call *call, const GError *error);

/* Calls back once. The details are of a{ss}, and are consumed if they float. Only for callers that access_check() may
 * ask about. Fails closed: no polkit, no permission. */
void polkit_check (Call *call, const char *action, GVariant *details, PolkitFunc func);

G_END_DECLS
