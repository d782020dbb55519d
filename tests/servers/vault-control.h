/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sets up a Vault double by requests to a port of its own, where no fault of the double is met:
 *
 *   POST /test/faults     {"path", "kind", "status", "headers", "body", "delay_ms", "times"}; kind as in test-server.h:
 *                         "answer", "silence", "half-body"…
 *   POST /test/no-faults
 *   POST /test/seal       /test/unseal
 *   POST /test/advance    {"seconds"}
 *   POST /test/redirect   {"address"}
 *   POST /test/rate       {"requests", "retry_after"}
 *   POST /test/jwt        {"method", "role", "jwt"}
 *   POST /test/certificate {"role"}
 *   POST /test/token      {"policy", "ttl", "num_uses", "renewable"} → {"token"}
 *   GET  /test/log        → {"entries": [{"operation", "path", "status", "contexts", "associated_data"}]}
 *
 * Fields may be missing. What is not understood is answered with 400. */
#pragma once

#include "vault-double.h"

G_BEGIN_DECLS

typedef struct _VaultControl VaultControl;

VaultControl *vault_control_new (VaultDouble *vault, TestServer *server);
void vault_control_free (VaultControl *self);
const char *vault_control_get_address (const VaultControl *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VaultControl, vault_control_free)

G_END_DECLS
