/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What somebody may have meant who mistyped a name. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Among names (of const char *), as '"orders", "orders-eu"', the nearest first, three at most; NULL if none is near. */
char *_kms_similar_list (const char *name, GPtrArray *names);

G_END_DECLS
