/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of a diagnosis. */
#pragma once

#include "vault-exchange.h"

G_BEGIN_DECLS

void vault_doctor_add (KmsReport *report, KmsSeverity severity, const char *topic, const char *advice,
                       const char *format, ...) G_GNUC_PRINTF (5, 6);

/* vault-doctor-token.c: FALSE where there is nothing to go on with. */
gboolean vault_doctor_examine_token (KmsVaultProvider *self, KmsReport *report, GCancellable *cancellable);
void vault_doctor_examine_policy (KmsVaultProvider *self, const char *name, KmsReport *report,
                                  GCancellable *cancellable);

G_END_DECLS
