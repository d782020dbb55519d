/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stands in the place of the functions of the provider for tests. */
#include "provider-hook.h"

static KmsProviderClass *provider_class;
static gboolean (*real_encrypt) (KmsProvider *self, KmsCall *call, GError **error);
static gboolean (*real_decrypt) (KmsProvider *self, KmsCall *call, GError **error);
static ProviderHookFunc hook;
static gpointer hook_data;
static guint n_calls;

static gboolean
encrypt (KmsProvider *self, KmsCall *call, GError **error)
{
  return hook (kms_call_get_n_items (call), ++n_calls, hook_data, error) && real_encrypt (self, call, error);
}

static gboolean
decrypt (KmsProvider *self, KmsCall *call, GError **error)
{
  return hook (kms_call_get_n_items (call), ++n_calls, hook_data, error) && real_decrypt (self, call, error);
}

void
provider_hook_set (ProviderHookFunc func, gpointer user_data)
{
  g_assert_null (provider_class);
  provider_class = g_type_class_ref (g_type_from_name ("TestProvider"));
  hook = func;
  hook_data = user_data;
  n_calls = 0;
  real_encrypt = provider_class->encrypt;
  real_decrypt = provider_class->decrypt;
  provider_class->encrypt = encrypt;
  provider_class->decrypt = decrypt;
}

void
provider_hook_clear (void)
{
  g_assert_nonnull (provider_class);
  provider_class->encrypt = real_encrypt;
  provider_class->decrypt = real_decrypt;
  g_type_class_unref (g_steal_pointer (&provider_class));
}
