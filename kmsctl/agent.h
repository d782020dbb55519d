/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* polkit's text agent: it asks for a password on the terminal where no desktop does. */
#pragma once

#include "kmsctl.h"

G_BEGIN_DECLS

/* Once, where somebody can be asked: FALSE, with a note that says why, where there is no agent afterwards. Call it only
 * when kmsd has said that it wants to know who is there. */
gboolean kmsctl_agent_start (Kmsctl *self);
void kmsctl_agent_stop (Kmsctl *self);

G_END_DECLS
