/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a context looks in the server's audit log, which has an HMAC of every text as it was sent. */
#include <string.h>

#include "vault-exchange.h"
#include "vault-values.h"

static void
write_input (KmsHttpBuffer *body, gpointer data)
{
  gboolean first = TRUE;
  vault_body_add_text (body, &first, "input", data);
}

static void
read_hash (KmsHttpJson *json, const char *name, gpointer data)
{
  char **hash = data;
  const char *text = NULL;

  if (strcmp (name, "hash") == 0 && vault_json_read_text (json, &text, NULL) && text != NULL)
    {
      g_free (*hash);
      *hash = g_strdup (text);
    }
}

/* "hmac-sha256:" and hexadecimal digits, and nothing that a terminal could take for more. */
static gboolean
is_hash (const char *text)
{
  gsize length = strlen (text);
  return length <= 200 && strspn (text, "abcdefghijklmnopqrstuvwxyz0123456789-:") == length && length > 0;
}

static char *
hash_context (KmsAuditHasher *hasher, const char *device, GBytes *json, GCancellable *cancellable, GError **error)
{
  KmsVaultProvider *self = KMS_VAULT_PROVIDER (hasher);
  g_autofree char *path = g_strconcat ("sys/audit-hash/", device, NULL);
  g_autofree char *hash = NULL;
  VaultSection section = { "data", read_hash, &hash };
  gsize length;

  if (!vault_check_path ("the audit device", device, error))
    return NULL;
  const guint8 *data = g_bytes_get_data (json, &length);
  g_autofree char *input = self->settings->associated_data ? kms_base64_encode (data, length)
                                                           : kms_base64_encode_lines (data, length);
  VaultExchange exchange = { .path = path,
                             .write = write_input,
                             .data = input,
                             .head = VAULT_HEAD_ROOT_NAMESPACE,
                             .sections = &section,
                             .n_sections = 1 };
  if (!vault_exchange_run (&exchange, self, cancellable, error))
    return NULL;
  if (hash != NULL && is_hash (hash))
    return g_steal_pointer (&hash);
  g_set_error (error, KMS_ERROR, KMS_ERROR_INTEGRITY, "%s: the answer holds no hash", path);
  return NULL;
}

void
kms_vault_provider_audit_hasher_init (KmsAuditHasherInterface *iface)
{
  iface->hash_context = hash_context;
}
