/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a request passes in the Vault double before an engine sees it, and what its answer passes on the way back. */
#pragma once

#include "vault-double-state.h"

G_BEGIN_DECLS

/* The handler of the test server; data is the VaultDouble. */
void double_gate_handle (const TestRequest *request, TestResponse *response, gpointer data);

G_END_DECLS
