/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Would bring libsoup 3 with it, which aborts a process that has libsoup 2.4. */
#include "mock.h"

MOCK_DEFINE_TYPE (MockNeedsSoup3, mock_needs_soup3)

static void
mock_needs_soup3_class_init (MockNeedsSoup3Class *klass)
{
  mock_behave (klass);
}

KMS_MODULE_DEFINE (.id = "needs-soup3", .type_name = "MockNeedsSoup3", .get_type = mock_needs_soup3_get_type,
                   MOCK_ORIGIN);
