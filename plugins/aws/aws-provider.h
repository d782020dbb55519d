/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The provider of AWS KMS, and what its files call of each other. */
#pragma once

#include "aws-clock.h"
#include "aws-settings.h"
#include "aws-sign.h"

G_BEGIN_DECLS

#define KMS_TYPE_AWS_PROVIDER (kms_aws_provider_get_type ())
G_DECLARE_FINAL_TYPE (KmsAwsProvider, kms_aws_provider, KMS, AWS_PROVIDER, KmsHttpProvider)

struct _KmsAwsProvider
{
  KmsHttpProvider parent_instance;
  AwsSettings *settings; /* constant */
  AwsSigner *signer;     /* on the provider's own thread only */
  AwsClock clock;
  GMutex trace_lock;
  GPtrArray *trace;         /* under that lock: lines for people about the last search for keys */
  const char *found_region; /* atomic, interned: what the place says that keys came from, for want of a setting */
};

/* The region of requests that no key names one for; nullable. Any thread. */
const char *kms_aws_provider_get_region (KmsAwsProvider *self);
/* What the metadata service says, where the keys come from it and nothing else tells a region. Any thread. */
void kms_aws_provider_set_found_region (KmsAwsProvider *self, const char *region);

/* aws-request.c and aws-results.c: the two pure functions. */
gboolean kms_aws_provider_prepare (KmsHttpProvider *provider, KmsCall *call, KmsHttpCredentials *credentials,
                                   KmsHttpRequest *request, GError **error);
KmsHttpVerdict kms_aws_provider_parse (KmsHttpProvider *provider, KmsCall *call, KmsHttpResponse *response,
                                       GError **error);

/* aws-diagnose.c and aws-admin.c: what is asked outside of calls. Blocking. */
KmsBinding kms_aws_provider_get_binding (KmsProvider *provider, const char *key_id, GCancellable *cancellable,
                                         GError **error);
void kms_aws_provider_diagnose (KmsProvider *provider, const char *key_id, KmsReport *report,
                                GCancellable *cancellable);
GVariant *kms_aws_provider_inspect (KmsProvider *provider, const char *key_id, GBytes *ciphertext,
                                    GCancellable *cancellable, GError **error);
void kms_aws_provider_key_admin_init (KmsKeyAdminInterface *iface);

G_END_DECLS
