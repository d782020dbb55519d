/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settles every item but the last. */
#include "mock.h"

MOCK_DEFINE_TYPE (MockForgets, mock_forgets)

static gboolean
echo_all_but_one (KmsProvider *self, KmsCall *call, GError **error)
{
  for (guint i = 0; i + 1 < kms_call_get_n_items (call); i++)
    mock_echo_item (kms_call_get_item (call, i));
  return TRUE;
}

static void
mock_forgets_class_init (MockForgetsClass *klass)
{
  klass->encrypt = echo_all_but_one;
  klass->decrypt = echo_all_but_one;
}

KMS_MODULE_DEFINE (.id = "forgets-items", .type_name = "MockForgets", .get_type = mock_forgets_get_type, MOCK_ORIGIN);
