/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Refuses to start, and says why. */
#include "mock.h"

MOCK_DEFINE_TYPE (MockInitFails, mock_init_fails)

static void
mock_init_fails_class_init (MockInitFailsClass *klass)
{
  mock_behave (klass);
}

static gboolean
start (GError **error)
{
  g_set_error_literal (error, KMS_ERROR, KMS_ERROR_UNAVAILABLE, "no token in the slot");
  return FALSE;
}

KMS_MODULE_DEFINE (.id = "init-fails", .type_name = "MockInitFails", .get_type = mock_init_fails_get_type,
                   .init = start, MOCK_ORIGIN);
