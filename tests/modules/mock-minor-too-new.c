/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Needs what only a later libkms has. */
#include "mock.h"

__attribute__ ((visibility ("default"))) extern const KmsModuleInfo kms_module_v1;
const KmsModuleInfo kms_module_v1 = { .magic = KMS_MODULE_MAGIC,
                                      .struct_size = sizeof (KmsModuleInfo),
                                      .abi_major = 1,
                                      .abi_minor = 7,
                                      .id = "minor-too-new",
                                      .type_name = "MockMinorTooNew",
                                      MOCK_ORIGIN };
