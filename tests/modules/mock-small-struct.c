/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Saw a shorter struct, and has nothing behind its end: reading on would read its neighbours. */
#include "mock.h"

__attribute__ ((visibility ("default"))) extern const struct MockSmallInfo kms_module_v1;

struct MockSmallInfo
{
  guint32 magic, struct_size;
  guint16 abi_major, abi_minor;
};

const struct MockSmallInfo kms_module_v1 = { KMS_MODULE_MAGIC, sizeof (struct MockSmallInfo), 1, 0 };
