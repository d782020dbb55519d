/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Has the symbol of ABI 1 and says that it is of ABI 9. */
#include "mock.h"

__attribute__ ((visibility ("default"))) extern const KmsModuleInfo kms_module_v1;
const KmsModuleInfo kms_module_v1 = { .magic = KMS_MODULE_MAGIC,
                                      .struct_size = sizeof (KmsModuleInfo),
                                      .abi_major = 9,
                                      .id = "major-wrong",
                                      .type_name = "MockMajorWrong",
                                      MOCK_ORIGIN };
