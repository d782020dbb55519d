/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The provider's type, and the parts of it that have files of their own. */
#pragma once

#include <libkms/kms-module.h>

G_BEGIN_DECLS

#define ACME_TYPE_PROVIDER (acme_provider_get_type ())
G_DECLARE_FINAL_TYPE (AcmeProvider, acme_provider, ACME, PROVIDER, KmsProvider)

/* Written in open(), only read afterwards: that is why encrypt() and the others need no lock. */
struct _AcmeProvider
{
  KmsProvider parent_instance;
  char *directory;
  gboolean read_only;
  gint64 max_key_age; /* days; 0 for no limit */
};

void acme_provider_key_admin_init (KmsKeyAdminInterface *iface);
void acme_provider_diagnose (KmsProvider *provider, const char *key_id, KmsReport *report, GCancellable *cancellable);

G_END_DECLS
