/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* audit context-hash: how a context looks in the audit log of the service that saw it. */
#include <glib/gi18n.h>

#include "command-groups.h"
#include "result.h"
#include "target.h"

/* What Vault and OpenBao call a log that is enabled without a name of its own. */
#define DEFAULT_DEVICE "file"

/* What the gem's helper hashes is the context as it was given, while the gem sends it sorted and with texts only. */
static GBytes *
write_context (Kmsctl *self, KmsContext *context, KmsJsonDialect dialect, GError **error)
{
  KmsContextForm form = kmsctl_flag (self, "gem-compat") ? KMS_CONTEXT_FORM_LEGACY : kms_context_get_form (context);
  gsize length;
  char *json = kms_context_to_json (context, dialect, form, &length, error);

  return json == NULL ? NULL : g_bytes_new_take (json, length);
}

gboolean
kmsctl_run_audit_context_hash (Kmsctl *self, GError **error)
{
  g_auto (KmsctlTarget) target = { NULL };
  g_autoptr (KmsContext) context = NULL;
  g_autofree char *key_id = NULL;
  const char *device = kmsctl_text (self, "device");
  KmsctlFields fields;

  if (!kmsctl_target_resolve (self, TRUE, &target, error) || !kmsctl_read_context (self, &context, error))
    return FALSE;
  if (context == NULL)
    return kmsctl_usage_error (error, _ ("give the context to look for, with -c NAME=VALUE or --context-file"));
  g_autoptr (KmsProvider)
    provider = kms_registry_dup_provider_for_key (self->registry, target.key_id, target.pinned, &key_id, error);
  if (provider == NULL)
    return FALSE;
  if (!KMS_IS_AUDIT_HASHER (provider))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED,
                   _ ("provider \"%s\" writes no hashes to an audit log; look for the context itself"),
                   kms_provider_get_name (provider));
      return FALSE;
    }
  g_autoptr (GBytes) json = write_context (self, context, kms_box_get_json_dialect (target.box), error);
  if (json == NULL)
    return FALSE;
  g_autofree char *hash = kms_audit_hasher_hash_context (
    KMS_AUDIT_HASHER (provider), device == NULL ? DEFAULT_DEVICE : device, json, self->cancellable, error);
  if (hash == NULL)
    return FALSE;
  kmsctl_fields_init (&fields);
  kmsctl_fields_text (&fields, "hash", hash);
  return kmsctl_print (self, kmsctl_fields_end (&fields), error);
}
