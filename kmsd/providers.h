/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The providers that are configured, as objects. */
#pragma once

#include "daemon.h"

G_BEGIN_DECLS

/* A new reference, or NULL. */
KmsConfigInfo *providers_find (Daemon *daemon, const char *path);

G_END_DECLS
