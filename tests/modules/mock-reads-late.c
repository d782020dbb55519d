/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads its input when its caller has long gone. The key id is a file: once it is there, the input is written to it. */
#include "mock.h"

MOCK_DEFINE_TYPE (MockReadsLate, mock_reads_late)

static gboolean
encrypt (KmsProvider *self, KmsCall *call, GError **error)
{
  KmsItem *item = kms_call_get_item (call, 0);
  const char *path = kms_item_get_key_id (item);
  gsize length;

  while (!g_file_test (path, G_FILE_TEST_EXISTS))
    g_usleep (1000);
  const guint8 *input = kms_item_get_input (item, &length);
  g_file_set_contents (path, (const char *) input, (gssize) length, NULL);
  mock_echo_item (item);
  return TRUE;
}

static void
mock_reads_late_class_init (MockReadsLateClass *klass)
{
  klass->encrypt = encrypt;
  klass->decrypt = mock_echo;
}

KMS_MODULE_DEFINE (.id = "reads-late", .type_name = "MockReadsLate", .get_type = mock_reads_late_get_type, MOCK_ORIGIN);
