/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many forks lie between the process that loaded the library and this one. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Raised in a child by an atfork handler; reading it is one plain load. */
extern guint _kms_fork_generation;

G_END_DECLS
