/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where keys come from: AWS's default chain of credentials. */
#pragma once

#include "aws-keys.h"
#include "aws-provider.h"

G_BEGIN_DECLS

/* One search for keys: the files as they are now. */
typedef struct
{
  KmsAwsProvider *provider;
  AwsProfiles *profiles;
  const char *profile;
  GCancellable *cancellable;
  GPtrArray *trace; /* for people: why each link before was not taken */
  guint depth;      /* of roles whose keys are another role's */
} AwsChain;

/* The base class's obtain_credentials(). */
KmsHttpCredentials *kms_aws_provider_obtain_credentials (KmsHttpProvider *provider, KmsHttpCredentials *current,
                                                         gboolean refused, GCancellable *cancellable, GError **error);

/* Which link was taken, and why the earlier ones were not. */
void kms_aws_provider_diagnose_credentials (KmsAwsProvider *self, KmsReport *report, GCancellable *cancellable);

G_END_DECLS
