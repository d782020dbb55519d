/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Its type has the name of another module's type: registering it would be a critical of GLib's, and its get_type() 0. */
#include "mock.h"

MOCK_DEFINE_TYPE (MockGood, mock_good)

static void
mock_good_class_init (MockGoodClass *klass)
{
  mock_behave (klass);
}

KMS_MODULE_DEFINE (.id = "dup-type", .type_name = "MockGood", .get_type = mock_good_get_type, MOCK_ORIGIN);
