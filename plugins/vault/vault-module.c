/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kms-vault.so exports. */
#include "vault-provider.h"

KMS_MODULE_DEFINE (.flags = KMS_MODULE_NETWORK, .id = "vault", .type_name = "KmsVaultProvider",
                   .get_type = kms_vault_provider_get_type, .version = PACKAGE_VERSION, .license = "LGPL-2.1-or-later",
                   .origin = "libkms");
