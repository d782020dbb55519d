/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Was built for an ABI that does not exist yet. */
#include "mock.h"

__attribute__ ((visibility ("default"))) extern const guint32 kms_module_v2[3];
const guint32 kms_module_v2[3] = { KMS_MODULE_MAGIC, 12, 2 };
