/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Refuses to start, and does not say why. */
#include "mock.h"

MOCK_DEFINE_TYPE (MockInitSilent, mock_init_silent)

static void
mock_init_silent_class_init (MockInitSilentClass *klass)
{
  mock_behave (klass);
}

static gboolean
start (GError **error)
{
  return FALSE;
}

KMS_MODULE_DEFINE (.id = "init-fails-no-gerror", .type_name = "MockInitSilent", .get_type = mock_init_silent_get_type,
                   .init = start, MOCK_ORIGIN);
