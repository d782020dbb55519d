/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls a function that no library has: it can't be bound, and must not be bound as late as in the middle of a call. */
#include "mock.h"

gboolean mock_function_that_does_not_exist (KmsProvider *self, KmsCall *call, GError **error);

MOCK_DEFINE_TYPE (MockUndefined, mock_undefined)

static gboolean
call_it (KmsProvider *self, KmsCall *call, GError **error)
{
  return mock_function_that_does_not_exist (self, call, error);
}

static void
mock_undefined_class_init (MockUndefinedClass *klass)
{
  klass->encrypt = call_it;
}

KMS_MODULE_DEFINE (.id = "undefined-symbol", .type_name = "MockUndefined", .get_type = mock_undefined_get_type,
                   MOCK_ORIGIN);
