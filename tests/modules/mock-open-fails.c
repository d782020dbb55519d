/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loads, but can't be opened until a file is there: what an administrator mends while the program runs. */
#include "mock.h"

MOCK_DEFINE_TYPE (MockOpenFails, mock_open_fails)

static gboolean
open_provider (KmsProvider *self, GError **error)
{
  const char *path = kms_provider_get_setting_string (self, "Wanted");

  if (path != NULL && g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS, "%s is not there", path);
  return FALSE;
}

static void
mock_open_fails_class_init (MockOpenFailsClass *klass)
{
  mock_behave (klass);
  klass->open = open_provider;
  kms_provider_class_add_setting (klass, "Wanted", KMS_SETTING_PATH, NULL, NULL, "must exist");
}

KMS_MODULE_DEFINE (.id = "open-fails", .type_name = "MockOpenFails", .get_type = mock_open_fails_get_type, MOCK_ORIGIN);
