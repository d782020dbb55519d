/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Its operations fail and do not say why. */
#include "mock.h"

MOCK_DEFINE_TYPE (MockNoGerror, mock_no_gerror)

static gboolean
fail_silently (KmsProvider *self, KmsCall *call, GError **error)
{
  return FALSE;
}

static void
mock_no_gerror_class_init (MockNoGerrorClass *klass)
{
  klass->encrypt = fail_silently;
  klass->decrypt = fail_silently;
}

KMS_MODULE_DEFINE (.id = "no-gerror", .type_name = "MockNoGerror", .get_type = mock_no_gerror_get_type, MOCK_ORIGIN);
