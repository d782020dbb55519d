/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A directory of our own for the configuration and whatever the module keeps, gone at the end. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

char *scratch_new (GError **error);
/* Removes what is in it, and leaves it. */
void scratch_empty (const char *directory);
void scratch_remove (const char *directory);

G_END_DECLS
