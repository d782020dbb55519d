/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The measure of the others: it does nothing wrong. Starting it twice would be an error. */
#include "mock.h"

MOCK_DEFINE_TYPE (MockGood, mock_good)

static void
mock_good_class_init (MockGoodClass *klass)
{
  mock_behave (klass);
}

/* The loader promises to call this once in a process. */
static gboolean
start (GError **error)
{
  static guint n_starts;

  if (n_starts++ == 0)
    return TRUE;
  g_set_error_literal (error, KMS_ERROR, KMS_ERROR_FAILED, "started twice");
  return FALSE;
}

KMS_MODULE_DEFINE (.id = "good", .type_name = "MockGood", .get_type = mock_good_get_type, .init = start, MOCK_ORIGIN);
