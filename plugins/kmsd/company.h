/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Callers whose items go together: what is cancelled when all of them are gone. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _Company Company;

Company *company_new (void);
void company_free (Company *self);

/* What is cancelled when one of them goes; NULL for one who stays. */
void company_add (Company *self, GCancellable *cancellable);

/* Borrowed, once all were added. */
GCancellable *company_get_cancellable (Company *self);

G_END_DECLS
