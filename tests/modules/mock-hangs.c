/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Never answers. */
#include "mock.h"

static void mock_hangs_key_admin_init (KmsKeyAdminInterface *iface);
static void mock_hangs_key_store_init (KmsKeyStoreInterface *iface);

typedef struct
{
  KmsProvider parent_instance;
} MockHangs;
typedef KmsProviderClass MockHangsClass;
GType mock_hangs_get_type (void);

G_DEFINE_TYPE_WITH_CODE (MockHangs, mock_hangs, KMS_TYPE_PROVIDER,
                         G_IMPLEMENT_INTERFACE (KMS_TYPE_KEY_ADMIN, mock_hangs_key_admin_init)
                           G_IMPLEMENT_INTERFACE (KMS_TYPE_KEY_STORE, mock_hangs_key_store_init))

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

static GVariant *
hang_inspection (KmsProvider *self, const char *key_id, GBytes *ciphertext, GCancellable *cancellable, GError **error)
{
  hang_for_ever ();
  return NULL;
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

static GBytes *
hang_export (KmsKeyStore *self, const char *key_id, KmsSecret *passphrase, GCancellable *cancellable, GError **error)
{
  hang_for_ever ();
  return NULL;
}

static KmsKey *
hang_import (KmsKeyStore *self, const char *key_id, GBytes *exported, KmsSecret *passphrase, GCancellable *cancellable,
             GError **error)
{
  hang_for_ever ();
  return NULL;
}

static gboolean
hang_change (KmsKeyStore *self, const char *root, GCancellable *cancellable, GError **error)
{
  hang_for_ever ();
  return TRUE;
}

static char *
hang_description (KmsKeyStore *self, GCancellable *cancellable, GError **error)
{
  hang_for_ever ();
  return NULL;
}

static void
mock_hangs_key_store_init (KmsKeyStoreInterface *iface)
{
  iface->export_key = hang_export;
  iface->import_key = hang_import;
  iface->change_root = hang_change;
  iface->describe_root = hang_description;
}

static void
mock_hangs_class_init (MockHangsClass *klass)
{
  klass->encrypt = hang;
  klass->decrypt = hang;
  klass->get_binding = hang_binding;
  klass->diagnose = hang_diagnosis;
  klass->inspect = hang_inspection;
}

KMS_MODULE_DEFINE (.id = "hangs", .type_name = "MockHangs", .get_type = mock_hangs_get_type, MOCK_ORIGIN);
