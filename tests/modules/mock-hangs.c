/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Never answers. */
#include "mock.h"

MOCK_DEFINE_TYPE (MockHangs, mock_hangs)

static gboolean
hang (KmsProvider *self, KmsCall *call, GError **error)
{
  for (;;)
    g_usleep (G_USEC_PER_SEC);
  return TRUE;
}

static void
mock_hangs_class_init (MockHangsClass *klass)
{
  klass->encrypt = hang;
  klass->decrypt = hang;
}

KMS_MODULE_DEFINE (.id = "hangs", .type_name = "MockHangs", .get_type = mock_hangs_get_type, MOCK_ORIGIN);
