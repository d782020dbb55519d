/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* key export, import and root: only for providers that hold their keys themselves. */
#include <string.h>

#include "bytes.h"
#include "command-groups.h"
#include "describe.h"
#include "key-target.h"
#include "terminal.h"

static gboolean
check_store (KmsProvider *provider, GError **error)
{
  if (KMS_IS_KEY_STORE (provider))
    return TRUE;
  g_set_error (
    error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED,
    _ ("provider \"%s\" does not hold its keys itself, so they can't be exported, imported or protected here"),
    kms_provider_get_name (provider));
  return FALSE;
}

gboolean
kmsctl_run_key_export (Kmsctl *self, GError **error)
{
  g_auto (KmsctlKeyTarget) target = { NULL };
  const char *path = kmsctl_text (self, "out");
  KmsctlFields fields;

  if (!kmsctl_key_target_resolve (self, &target, error) || !check_store (target.provider, error))
    return FALSE;
  g_autofree char *prompt = g_strdup_printf (_ ("Passphrase for the exported key %s"), target.full_id);
  g_autoptr (KmsSecret) passphrase = kmsctl_ask_passphrase (self, prompt, TRUE, error);
  if (passphrase == NULL)
    return FALSE;
  g_autoptr (GBytes) exported =
    kms_key_store_export_key (KMS_KEY_STORE (target.provider), target.key_id, passphrase, self->cancellable, error);
  if (exported == NULL)
    return FALSE;

  gsize length;
  const char *text = g_bytes_get_data (exported, &length);
  if ((!self->json || path != NULL) && !kmsctl_write_output (self, (const guint8 *) text, length, error))
    return FALSE;
  if (!self->json)
    return TRUE;
  g_autofree char *copy = g_strndup (text, length);
  kmsctl_fields_init (&fields);
  kmsctl_fields_text (&fields, "key_id", target.full_id);
  kmsctl_fields_text (&fields, path == NULL ? "exported" : "file", path == NULL ? copy : path);
  return kmsctl_print (self, kmsctl_fields_end (&fields), error);
}

gboolean
kmsctl_run_key_import (Kmsctl *self, GError **error)
{
  g_auto (KmsctlKeyTarget) target = { NULL };
  gsize length;

  if (!kmsctl_key_target_resolve (self, &target, error) || !check_store (target.provider, error))
    return FALSE;
  g_autoptr (KmsSecret) input = kmsctl_read_input (self, KMSCTL_MAX_CIPHERTEXT, NULL, error);
  if (input == NULL)
    return FALSE;
  g_autofree char *prompt = g_strdup_printf (_ ("Passphrase of the exported key %s"), target.full_id);
  g_autoptr (KmsSecret) passphrase = kmsctl_ask_passphrase (self, prompt, FALSE, error);
  if (passphrase == NULL)
    return FALSE;
  const guint8 *data = kms_secret_get_data (input, &length);
  g_autoptr (GBytes) exported = g_bytes_new (data, length);
  g_autoptr (KmsKey) key = kms_key_store_import_key (KMS_KEY_STORE (target.provider), target.key_id, exported,
                                                     passphrase, self->cancellable, error);
  self->changed = key != NULL;
  return key != NULL && kmsctl_print (self, kmsctl_describe_key (key, TRUE), error);
}

static gboolean
change_root (Kmsctl *self, KmsProvider *provider, const char *root, GError **error)
{
  g_autofree char *question =
    g_strdup_printf (_ ("Protect the keys of \"%s\" by \"%s\" from now on?"), kms_provider_get_name (provider), root);

  if (!kmsctl_flag (self, "yes") && !kmsctl_confirm (self, question, TRUE, error))
    return FALSE;
  self->changed = kms_key_store_change_root (KMS_KEY_STORE (provider), root, self->cancellable, error);
  return self->changed;
}

static gboolean
check_root (const char *root, GError **error)
{
  gboolean is_credential = g_str_has_prefix (root, "credential:") && root[strlen ("credential:")] != '\0';

  if (is_credential || g_str_equal (root, "file") || g_str_equal (root, "passphrase"))
    return TRUE;
  return kmsctl_usage_error (error, _ ("--change=%s: write file, passphrase or credential:NAME"), root);
}

gboolean
kmsctl_run_key_root (Kmsctl *self, GError **error)
{
  const char *name = kmsctl_argument (self, 0), *root = kmsctl_text (self, "change");
  KmsctlFields fields;

  if ((root != NULL && !check_root (root, error)) || kmsctl_open (self, error) == NULL)
    return FALSE;
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider (self->registry, name == NULL ? "local" : name, error);
  if (provider == NULL || !check_store (provider, error))
    return FALSE;
  if (root != NULL && !change_root (self, provider, root, error))
    return FALSE;
  g_autofree char *words = kms_key_store_describe_root (KMS_KEY_STORE (provider), self->cancellable, error);
  if (words == NULL)
    return FALSE;
  kmsctl_fields_init (&fields);
  kmsctl_fields_text (&fields, "provider", kms_provider_get_name (provider));
  kmsctl_fields_text (&fields, "root", words);
  return kmsctl_print (self, kmsctl_fields_end (&fields), error);
}
