/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one symbol that kms-acme.so exports. It is data: nothing of ours runs before libkms has looked at the version. */
#include "acme-provider.h"

/* "id" is what the file's name says between "kms-" and ".so". No flags: INLINE would promise that calls neither block nor
 * need threads, NETWORK that there are connections, PROCESS_STATE that the process is changed. */
KMS_MODULE_DEFINE (.flags = 0, .id = "acme", .type_name = "AcmeProvider", .get_type = acme_provider_get_type,
                   .version = VERSION, .license = "LGPL-2.1-or-later", .origin = "https://example.org/kms-acme");
