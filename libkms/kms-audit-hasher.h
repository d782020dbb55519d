/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Services whose audit log holds hashes: how a context looks there. */
#pragma once

#if !defined(KMS_INSIDE) && !defined(KMS_COMPILATION)
#error "Only <libkms/kms.h> and <libkms/kms-module.h> can be included directly"
#endif

#include <libkms/kms-provider.h>

G_BEGIN_DECLS

#define KMS_TYPE_AUDIT_HASHER (kms_audit_hasher_get_type ())
KMS_AVAILABLE_IN_1_0
G_DECLARE_INTERFACE (KmsAuditHasher, kms_audit_hasher, KMS, AUDIT_HASHER, KmsProvider)

/**
 * KmsAuditHasherInterface:
 * @hash_context: how a context looks in the audit log that the service calls `device`
 *
 * What a provider of #KmsAuditHasher does. It is blocking and may be called from any thread, several at once. The JSON is
 * what kms_item_get_context_json() gives for the context; the provider turns it into what it would send, and has that
 * hashed.
 *
 * Since: 1.0
 */
/* Append only. */
struct _KmsAuditHasherInterface
{
  GTypeInterface parent_iface;
  char *(*hash_context) (KmsAuditHasher *self, const char *device, GBytes *json, GCancellable *cancellable,
                         GError **error);
};

KMS_AVAILABLE_IN_1_0
char *kms_audit_hasher_hash_context (KmsAuditHasher *self, const char *device, GBytes *json, GCancellable *cancellable,
                                     GError **error);

G_END_DECLS
