/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What happens when too much is decrypted in too short a time. */
#pragma once

#include "alert.h"

G_BEGIN_DECLS

/* An AlertFunc; the data are the daemon. */
void alarm_raise (const AlertEvent *event, gpointer data);

G_END_DECLS
