/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Takes the process down while it is opened: its constructor runs inside dlopen(). */
#include "mock.h"

#include <stdlib.h>

MOCK_DEFINE_TYPE (MockCrashOpen, mock_crash_open)

static void
mock_crash_open_class_init (MockCrashOpenClass *klass)
{
  mock_behave (klass);
}

__attribute__ ((constructor)) static void
crash (void)
{
  abort ();
}

KMS_MODULE_DEFINE (.id = "crash-open", .type_name = "MockCrashOpen", .get_type = mock_crash_open_get_type, MOCK_ORIGIN);
