/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a box answered, into items. */
#pragma once

#include <gio/gunixfdlist.h>

#include "entry.h"
#include "secret-reader.h"

G_BEGIN_DECLS

/* Settles the items of a call that was answered, and then calls the function, perhaps at once. */
void parcel_reply_read (GPtrArray *entries, GVariant *answer, GUnixFDList *descriptors, SecretReadFunc func,
                        gpointer user_data);

G_END_DECLS
