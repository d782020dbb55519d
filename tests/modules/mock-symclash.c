/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two modules are made of this. Both export the same function, and each has to find its own. */
#include "mock.h"

__attribute__ ((visibility ("default"))) const char *mock_clashing_answer (void);

const char *
mock_clashing_answer (void)
{
  return MOCK_ID;
}

static gboolean
answer (KmsProvider *self, KmsCall *call, GError **error)
{
  for (guint i = 0; i < kms_call_get_n_items (call); i++)
    mock_answer_item (kms_call_get_item (call, i), mock_clashing_answer ());
  return TRUE;
}

static void
mock_symclash_class_init (gpointer klass, gpointer data)
{
  KMS_PROVIDER_CLASS (klass)->encrypt = answer;
}

/* By hand, since the name of the type is an argument of the build: two of one name would be refused before they clash. */
static GType
mock_symclash_get_type (void)
{
  return g_type_register_static_simple (KMS_TYPE_PROVIDER, MOCK_TYPE_NAME, sizeof (KmsProviderClass),
                                        mock_symclash_class_init, sizeof (KmsProvider), NULL, 0);
}

KMS_MODULE_DEFINE (.id = MOCK_ID, .type_name = MOCK_TYPE_NAME, .get_type = mock_symclash_get_type, MOCK_ORIGIN);
