/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers when nobody waits any more: its default deadline is shorter than the time that it takes. */
#include "mock.h"

#define DEADLINE 50
#define TAKES 400

MOCK_DEFINE_TYPE (MockLate, mock_late)

static gboolean
answer (gpointer data)
{
  KmsCall *call = data;

  for (guint i = 0; i < kms_call_get_n_items (call); i++)
    {
      KmsItem *item = kms_call_get_item (call, i);
      /* It can't know that nobody waits any more, so what it says is no breach of the contract. */
      kms_item_reset (item);
      kms_item_set_key_version (item, "late");
      kms_item_set_used_key_id (item, "late");
      kms_item_set_request_id (item, "late");
      kms_item_set_binding (item, KMS_BINDING_VERIFIED);
      mock_echo_item (item);
    }
  kms_call_complete (call, NULL);
  return G_SOURCE_REMOVE;
}

static void
submit (KmsProvider *self, KmsCall *call)
{
  g_autoptr (GSource) source = g_timeout_source_new (TAKES);

  g_source_set_callback (source, answer, call, NULL);
  g_source_attach (source, g_main_context_get_thread_default ());
}

static gboolean
open_provider (KmsProvider *self, GError **error)
{
  kms_provider_set_limit (self, KMS_LIMIT_CALL_TIMEOUT, DEADLINE);
  return TRUE;
}

static void
mock_late_class_init (MockLateClass *klass)
{
  klass->open = open_provider;
  klass->submit = submit;
}

KMS_MODULE_DEFINE (.id = "completes-late", .type_name = "MockLate", .get_type = mock_late_get_type, MOCK_ORIGIN);
