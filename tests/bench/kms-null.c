/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A provider that does nothing but to hand its input back: what is left is what the machinery around it costs. */
#include <libkms/kms-module.h>
#include <string.h>

#define NULL_TYPE_PROVIDER (null_provider_get_type ())
G_DECLARE_FINAL_TYPE (NullProvider, null_provider, NULL, PROVIDER, KmsProvider)

struct _NullProvider
{
  KmsProvider parent_instance;
};

G_DEFINE_FINAL_TYPE (NullProvider, null_provider, KMS_TYPE_PROVIDER)

static gboolean
copy_items (KmsProvider *provider, KmsCall *call, GError **error)
{
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
  return TRUE;
}

static void
null_provider_init (NullProvider *self)
{
  kms_provider_set_capabilities (KMS_PROVIDER (self),
                                 KMS_CAPABILITY_ENCRYPT | KMS_CAPABILITY_DECRYPT | KMS_CAPABILITY_INLINE);
  kms_provider_set_binding (KMS_PROVIDER (self), KMS_BINDING_VERIFIED);
}

static void
null_provider_class_init (NullProviderClass *klass)
{
  KMS_PROVIDER_CLASS (klass)->encrypt = copy_items;
  KMS_PROVIDER_CLASS (klass)->decrypt = copy_items;
}

KMS_MODULE_DEFINE (.id = "null", .type_name = "NullProvider", .get_type = null_provider_get_type,
                   .flags = KMS_MODULE_INLINE, .version = "0", .license = "LGPL-2.1-or-later", .origin = "libkms");
