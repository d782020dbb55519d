/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking up a context in a service's audit log: a question to the provider like others, with the same deadline. */
#include "kms-audit-hasher.h"

#include "kms-errand-private.h"
#include "kms-error.h"
#include "kms-provider-private.h"

/**
 * KmsAuditHasher:
 *
 * What providers implement whose service hashes what stands in its audit log.
 *
 * Since: 1.0
 */
G_DEFINE_INTERFACE (KmsAuditHasher, kms_audit_hasher, KMS_TYPE_PROVIDER)

static void
kms_audit_hasher_default_init (KmsAuditHasherInterface *iface)
{
}

typedef struct
{
  char *device;
  GBytes *json;
  char *hash;
  GError *error;
} KmsHashRequest;

static void
hash_request_clear (gpointer data)
{
  KmsHashRequest *self = data;

  g_free (self->device);
  g_bytes_unref (self->json);
  g_free (self->hash);
  g_clear_error (&self->error);
}

static void
hash_context (KmsProvider *provider, gpointer data, GCancellable *cancellable)
{
  KmsHashRequest *self = data;
  KmsAuditHasherInterface *iface = KMS_AUDIT_HASHER_GET_IFACE (provider);

  self->hash = iface->hash_context (KMS_AUDIT_HASHER (provider), self->device, self->json, cancellable, &self->error);
}

/**
 * kms_audit_hasher_hash_context:
 * @self: a provider whose service writes hashes to its audit log
 * @device: the name that the service has for the log
 * @json: a context as JSON: what kms_context_to_json() gives in the dialect with which it is encrypted
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Asks how the context looks in the service's audit log. Blocks, no longer than the provider's deadline.
 *
 * Returns: (transfer full): the hash as the log shows it, or %NULL with @error set: %KMS_ERROR_NOT_SUPPORTED where the
 *   provider can't ask, %KMS_ERROR_NOT_FOUND for a log that does not exist
 *
 * Since: 1.0
 */
char *
kms_audit_hasher_hash_context (KmsAuditHasher *self, const char *device, GBytes *json, GCancellable *cancellable,
                               GError **error)
{
  g_return_val_if_fail (KMS_IS_AUDIT_HASHER (self), NULL);
  g_return_val_if_fail (device != NULL && json != NULL, NULL);
  KmsProvider *provider = KMS_PROVIDER (self);
  char *hash = NULL;

  if (KMS_AUDIT_HASHER_GET_IFACE (self)->hash_context == NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED, "%s: this provider cannot hash a context",
                   kms_provider_get_name (provider));
      return NULL;
    }
  if (!_kms_provider_check_fork (provider, error))
    return NULL;
  KmsHashRequest *request = g_atomic_rc_box_new0 (KmsHashRequest);
  request->device = g_strdup (device);
  request->json = g_bytes_ref (json);
  if (_kms_errand_run (provider, hash_context, request, hash_request_clear, cancellable, error))
    {
      hash = g_steal_pointer (&request->hash);
      if (hash == NULL)
        {
          _kms_provider_name_error (provider, &request->error);
          g_propagate_error (error, g_steal_pointer (&request->error));
        }
    }
  g_atomic_rc_box_release_full (request, hash_request_clear);
  return hash;
}
