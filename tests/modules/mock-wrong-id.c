/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls itself otherwise than its file is called. */
#include "mock.h"

MOCK_DEFINE_TYPE (MockWrongId, mock_wrong_id)

static void
mock_wrong_id_class_init (MockWrongIdClass *klass)
{
  mock_behave (klass);
}

KMS_MODULE_DEFINE (.id = "somebody-else", .type_name = "MockWrongId", .get_type = mock_wrong_id_get_type, MOCK_ORIGIN);
