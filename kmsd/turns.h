/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls of one connection take turns: QUOTA_RUNNING of them run, the others wait. So a client may send as many as it
 * likes, up to its user's quota, and does not get in the way of others with that. */
#pragma once

#include "call.h"

G_BEGIN_DECLS

/* Runs the call, whose caller is known, now or when it is its turn. */
void turns_take (Call *call, CallFunc run);

/* A call of that caller ended. The next one may run in here. */
void turns_give_back (Caller *caller);

G_END_DECLS
