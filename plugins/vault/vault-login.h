/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Logging in, and what follows for a token's life. All of it blocks, where credentials are obtained. */
#pragma once

#include "vault-provider.h"

G_BEGIN_DECLS

VaultToken *vault_login (KmsVaultProvider *self, GCancellable *cancellable, GError **error);
VaultToken *vault_login_renew (KmsVaultProvider *self, const VaultToken *token, GCancellable *cancellable,
                               GError **error);

/* Whether the server still takes the token; FALSE with @error set where nobody knows. */
gboolean vault_login_look_up (KmsVaultProvider *self, const VaultToken *token, gboolean *good, VaultToken **looked_up,
                              GCancellable *cancellable, GError **error);

/* vault-wrapping.c: the secret id in a wrapping token, which comes out once. */
KmsSecret *vault_unwrap_secret_id (KmsVaultProvider *self, KmsSecret *wrapping_token, GCancellable *cancellable,
                                   GError **error);

G_END_DECLS
