/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Says one type name and registers another, so that the search for duplicates was for nothing. */
#include "mock.h"

MOCK_DEFINE_TYPE (MockOtherName, mock_other_name)

static void
mock_other_name_class_init (MockOtherNameClass *klass)
{
  mock_behave (klass);
}

KMS_MODULE_DEFINE (.id = "type-name-lies", .type_name = "MockPromisedName", .get_type = mock_other_name_get_type,
                   MOCK_ORIGIN);
