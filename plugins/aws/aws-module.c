/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kms-aws.so exports. */
#include "aws-provider.h"

KMS_MODULE_DEFINE (.flags = KMS_MODULE_NETWORK, .id = "aws", .type_name = "KmsAwsProvider",
                   .get_type = kms_aws_provider_get_type, .version = PACKAGE_VERSION, .license = "LGPL-2.1-or-later",
                   .origin = "libkms");
