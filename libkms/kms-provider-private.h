/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the registry and the boxes need of a provider besides its public face. */
#pragma once

#include "kms-provider-class.h"
#include "kms-provider-config-private.h"

G_BEGIN_DECLS

/* Constructs with the construct-only property "config", binds the settings that the class declares to what the file
 * says, and opens. The caller owns the result. */
KmsProvider *_kms_provider_new (GType type, KmsProviderConfig *config, GError **error);

/* Borrowed; lives as long as the provider. */
KmsProviderConfig *_kms_provider_get_config (KmsProvider *self);

G_END_DECLS
