/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The provider whose keys are the boxes of a daemon. */
#pragma once

#include <libkms/kms-module.h>

#include "kmsd-link.h"

G_BEGIN_DECLS

#define KMS_KMSD_TYPE_PROVIDER (kms_kmsd_provider_get_type ())
G_DECLARE_FINAL_TYPE (KmsKmsdProvider, kms_kmsd_provider, KMS_KMSD, PROVIDER, KmsProvider)

struct _KmsKmsdProvider
{
  KmsProvider parent_instance;
  GPtrArray *peers; /* of Peer; the provider's thread's own */
};

/* Whether polkit may ask the user, as the setting Interactive= and the program say. Any thread. */
gboolean kms_kmsd_provider_may_interact (KmsKmsdProvider *self, const KmsdPlace *place);

void kms_kmsd_provider_key_admin_init (KmsKeyAdminInterface *iface);
void kms_kmsd_provider_diagnose (KmsProvider *provider, const char *key_id, KmsReport *report,
                                 GCancellable *cancellable);

G_END_DECLS
