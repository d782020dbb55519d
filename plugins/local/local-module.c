/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kms-local.so exports. */
#include "local-provider.h"

KMS_MODULE_DEFINE (.flags = KMS_MODULE_INLINE, .id = "local", .type_name = "KmsLocalProvider",
                   .get_type = kms_local_provider_get_type, .version = PACKAGE_VERSION, .license = "LGPL-2.1-or-later",
                   .origin = "libkms");
