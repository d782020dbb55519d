/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Forgets to say how to get its type. */
#include "mock.h"

KMS_MODULE_DEFINE (.id = "no-get-type", .type_name = "MockNoGetType", MOCK_ORIGIN);
