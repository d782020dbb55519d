/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What somebody may do with a box, in a dictionary. */
#pragma once

#include "box-table.h"
#include "call.h"

G_BEGIN_DECLS

/* Whether the caller may know that the box exists: its lists say so, or it is theirs to end the box's lockdown. */
gboolean box_access_may_see (Call *call, BoxEntry *entry);

/* Adds "encrypt", "decrypt", "rewrap" and "manage": "yes", "ask" or "no"; with reasons, "encrypt-why" and so on, too. */
void box_access_describe (BoxEntry *entry, const AccessCaller *subject, gboolean with_reasons, GVariantBuilder *info);

G_END_DECLS
