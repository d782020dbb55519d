/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Never answers. */
#include "mock.h"

static void mock_hangs_key_admin_init (KmsKeyAdminInterface *iface);

typedef struct
{
  KmsProvider parent_instance;
} MockHangs;
typedef KmsProviderClass MockHangsClass;
GType mock_hangs_get_type (void);

G_DEFINE_TYPE_WITH_CODE (MockHangs, mock_hangs, KMS_TYPE_PROVIDER,
                         G_IMPLEMENT_INTERFACE (KMS_TYPE_KEY_ADMIN, mock_hangs_key_admin_init))

static void
mock_hangs_init (MockHangs *self)
{
}

static void
hang_for_ever (void)
{
  for (;;)
    g_usleep (G_USEC_PER_SEC);
}

static gboolean
hang (KmsProvider *self, KmsCall *call, GError **error)
{
  hang_for_ever ();
  return TRUE;
}

static KmsBinding
hang_binding (KmsProvider *self, const char *key_id, GCancellable *cancellable, GError **error)
{
  hang_for_ever ();
  return KMS_BINDING_VERIFIED;
}

static void
hang_diagnosis (KmsProvider *self, const char *key_id, KmsReport *report, GCancellable *cancellable)
{
  kms_report_add (report, KMS_SEVERITY_OK, "hangs", "never to be read", NULL);
  hang_for_ever ();
}

static GPtrArray *
hang_list (KmsKeyAdmin *self, GVariant *options, GCancellable *cancellable, GError **error)
{
  hang_for_ever ();
  return NULL;
}

static void
mock_hangs_key_admin_init (KmsKeyAdminInterface *iface)
{
  iface->list_keys = hang_list;
}

static void
mock_hangs_class_init (MockHangsClass *klass)
{
  klass->encrypt = hang;
  klass->decrypt = hang;
  klass->get_binding = hang_binding;
  klass->diagnose = hang_diagnosis;
}

KMS_MODULE_DEFINE (.id = "hangs", .type_name = "MockHangs", .get_type = mock_hangs_get_type, MOCK_ORIGIN);
