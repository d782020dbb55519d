/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file of known failures: one case name a line, with the reason behind a "#". */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _Expectations Expectations;

/* NULL for a path is a file without lines. */
Expectations *expectations_load (const char *path, GError **error);
void expectations_free (Expectations *self);

/* The reason, perhaps empty, if the case is expected to fail; else NULL. */
const char *expectations_lookup (Expectations *self, const char *case_name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Expectations, expectations_free)

G_END_DECLS
