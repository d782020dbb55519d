/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Can't be opened and does not say why. */
#include "mock.h"

MOCK_DEFINE_TYPE (MockOpenNoGerror, mock_open_no_gerror)

static gboolean
fail_silently (KmsProvider *self, GError **error)
{
  return FALSE;
}

static void
mock_open_no_gerror_class_init (MockOpenNoGerrorClass *klass)
{
  mock_behave (klass);
  klass->open = fail_silently;
}

KMS_MODULE_DEFINE (.id = "open-no-gerror", .type_name = "MockOpenNoGerror", .get_type = mock_open_no_gerror_get_type,
                   MOCK_ORIGIN);
