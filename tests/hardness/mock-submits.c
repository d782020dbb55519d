/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A provider that answers later, from a thread of its own choice, as one with a network would. */
#include "../modules/mock.h"

MOCK_DEFINE_TYPE (MockSubmits, mock_submits)

static void
answer (gpointer data, gpointer unused)
{
  KmsCall *call = data;

  for (guint i = 0; i < kms_call_get_n_items (call); i++)
    mock_echo_item (kms_call_get_item (call, i));
  kms_call_complete (call, NULL);
  kms_call_unref (call);
}

static GThreadPool *
get_pool (void)
{
  static gsize pool = 0;

  if (g_once_init_enter (&pool))
    g_once_init_leave (&pool, (gsize) g_thread_pool_new (answer, NULL, 2, FALSE, NULL));
  return (GThreadPool *) pool;
}

static void
submit (KmsProvider *self, KmsCall *call)
{
  g_thread_pool_push (get_pool (), kms_call_ref (call), NULL);
}

static gboolean
open_provider (KmsProvider *self, GError **error)
{
  kms_provider_set_limit (self, KMS_LIMIT_ITEMS, 7);
  return TRUE;
}

static void
mock_submits_class_init (MockSubmitsClass *klass)
{
  klass->open = open_provider;
  klass->submit = submit;
}

KMS_MODULE_DEFINE (.id = "submits", .type_name = "MockSubmits", .get_type = mock_submits_get_type, MOCK_ORIGIN);
