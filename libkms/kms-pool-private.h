/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Threads for the code of blocking providers. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Runs the function in a thread of the core's own, now: who calls bounds how many there are. */
void _kms_pool_push (GFunc func, gpointer data);

G_END_DECLS
