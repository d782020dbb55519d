/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Providers are opened in threads of their own: a module that takes its time to load keeps waiting who needs it, and nobody
 * else. */
#pragma once

#include "call.h"

G_BEGIN_DECLS

/* The call can go on: the provider is open, or the error (borrowed) says why not. */
typedef void (*OpenedFunc) (Call *call, const GError *error);

/* Calls back at once if the provider is open. */
void openings_wait (Call *call, const char *provider_name, OpenedFunc func);

G_END_DECLS
