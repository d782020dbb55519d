/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kms-kmsd.so exports. */
#include "kmsd-provider.h"

KMS_MODULE_DEFINE (.flags = KMS_MODULE_NETWORK, .id = "kmsd", .type_name = "KmsKmsdProvider",
                   .get_type = kms_kmsd_provider_get_type, .version = PACKAGE_VERSION, .license = "LGPL-2.1-or-later",
                   .origin = "libkms");
