/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A provider that hands its input back after 200 ms, as if it were far away; 128 calls are under way at a time. */
#include <libkms/kms-module.h>
#include <string.h>

#define LATENCY_MS 200
#define MAX_CALLS 128

#define LATE_TYPE_PROVIDER (late_provider_get_type ())
G_DECLARE_FINAL_TYPE (LateProvider, late_provider, LATE, PROVIDER, KmsProvider)

struct _LateProvider
{
  KmsProvider parent_instance;
};

G_DEFINE_FINAL_TYPE (LateProvider, late_provider, KMS_TYPE_PROVIDER)

static gboolean
answer (gpointer data)
{
  KmsCall *call = data;

  for (guint i = 0; i < kms_call_get_n_items (call); i++)
    {
      KmsItem *item = kms_call_get_item (call, i);
      gsize length;
      const guint8 *input = kms_item_get_input (item, &length);
      guint8 *out = kms_item_reserve (item, length);

      if (out == NULL)
        continue;
      memcpy (out, input, length);
      kms_item_commit (item, length);
    }
  kms_call_complete (call, NULL);
  return G_SOURCE_REMOVE;
}

static void
submit (KmsProvider *self, KmsCall *call)
{
  g_autoptr (GSource) source = g_timeout_source_new (LATENCY_MS);

  g_source_set_callback (source, answer, call, NULL);
  g_source_attach (source, g_main_context_get_thread_default ());
}

static void
late_provider_init (LateProvider *self)
{
  kms_provider_set_capabilities (KMS_PROVIDER (self), KMS_CAPABILITY_ENCRYPT | KMS_CAPABILITY_DECRYPT);
  kms_provider_set_binding (KMS_PROVIDER (self), KMS_BINDING_VERIFIED);
  kms_provider_set_limit (KMS_PROVIDER (self), KMS_LIMIT_CALLS, MAX_CALLS);
}

static void
late_provider_class_init (LateProviderClass *klass)
{
  KMS_PROVIDER_CLASS (klass)->submit = submit;
}

KMS_MODULE_DEFINE (.id = "late", .type_name = "LateProvider", .get_type = late_provider_get_type, .version = "0",
                   .license = "LGPL-2.1-or-later", .origin = "libkms");
