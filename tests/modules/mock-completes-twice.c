/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Completes each call two times. */
#include "mock.h"

MOCK_DEFINE_TYPE (MockTwice, mock_twice)

static void
submit (KmsProvider *self, KmsCall *call)
{
  mock_echo (self, call, NULL);
  kms_call_complete (call, NULL);
  kms_call_complete (call, NULL);
}

static void
mock_twice_class_init (MockTwiceClass *klass)
{
  klass->submit = submit;
}

KMS_MODULE_DEFINE (.id = "completes-twice", .type_name = "MockTwice", .get_type = mock_twice_get_type, MOCK_ORIGIN);
