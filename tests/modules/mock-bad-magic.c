/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Exports the symbol, but what stands there is something else. */
#include "mock.h"

__attribute__ ((visibility ("default"))) extern const KmsModuleInfo kms_module_v1;
const KmsModuleInfo kms_module_v1 = { .magic = 0x42414421,
                                      .struct_size = sizeof (KmsModuleInfo),
                                      .abi_major = 1,
                                      .id = "bad-magic",
                                      .type_name = "MockBadMagic",
                                      MOCK_ORIGIN };
