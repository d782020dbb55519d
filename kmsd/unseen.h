/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attempts on boxes of which the caller may not know. */
#pragma once

#include "call.h"

G_BEGIN_DECLS

/* Writes down that the caller tried, if the call would have used the box. Nobody waits for it: how long the answer takes
 * would tell that the box is there. */
void unseen_note (Call *call, const char *box);

G_END_DECLS
