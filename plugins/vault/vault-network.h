/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the variables say of the connection, handed to the base class. */
#pragma once

#include "vault-settings.h"

G_BEGIN_DECLS

/* In open(): the provider's file stands above all of it. */
gboolean vault_network_load (KmsHttpProvider *provider, const VaultSettings *settings,
                             const VaultEnvironment *environment, GError **error);

G_END_DECLS
