/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Talks on standard error whatever it does. (On standard output it would ruin its caller's data: nobody could repair that.) */
#include "mock.h"

MOCK_DEFINE_TYPE (MockPrints, mock_prints)

static gboolean
print_and_echo (KmsProvider *self, KmsCall *call, GError **error)
{
  g_printerr ("mock: look at me\n");
  return mock_echo (self, call, error);
}

static gboolean
start (GError **error)
{
  g_printerr ("mock: here I am\n");
  return TRUE;
}

static void
mock_prints_class_init (MockPrintsClass *klass)
{
  klass->encrypt = print_and_echo;
  klass->decrypt = print_and_echo;
}

KMS_MODULE_DEFINE (.id = "prints", .type_name = "MockPrints", .get_type = mock_prints_get_type, .init = start,
                   MOCK_ORIGIN);
