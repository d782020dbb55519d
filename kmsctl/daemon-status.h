/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether there is a kmsd, without starting one, and without waiting for a bus that does not answer. */
#pragma once

#include "kmsctl.h"

G_BEGIN_DECLS

/* aa{sv}, a new reference: name, state, and of one that runs version, lockdown and boxes. */
GVariant *kmsctl_daemon_status (Kmsctl *self);

/* The same as findings of doctor. */
void kmsctl_daemon_diagnose (Kmsctl *self, KmsReport *report);

G_END_DECLS
