/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The provider's life: what it declares, and what it reads when it opens. */
#include "aws-chain.h"
#include "aws-endpoint.h"
#include "aws-network.h"

#define MAX_PLAINTEXT 4096
#define MAX_CIPHERTEXT 6144
#define MAX_ANSWER (1024 * 1024)

/* A value is a call: as many as a batch should have on its way at once. */
#define CALLS_IN_FLIGHT 64

G_DEFINE_FINAL_TYPE_WITH_CODE (KmsAwsProvider, kms_aws_provider, KMS_HTTP_TYPE_PROVIDER,
                               G_IMPLEMENT_INTERFACE (KMS_TYPE_KEY_ADMIN, kms_aws_provider_key_admin_init))

const char *
kms_aws_provider_get_region (KmsAwsProvider *self)
{
  return self->settings->region != NULL ? self->settings->region : g_atomic_pointer_get (&self->found_region);
}

void
kms_aws_provider_set_found_region (KmsAwsProvider *self, const char *region)
{
  g_atomic_pointer_set (&self->found_region, g_intern_string (region));
}

/* An endpoint that is none is told when the provider opens, whichever region it will be asked for. */
static gboolean
check_endpoint (const AwsSettings *settings, GError **error)
{
  const char *region = settings->region != NULL ? settings->region : "us-east-1";
  g_autoptr (AwsEndpoint) endpoint = aws_endpoint_find (settings, AWS_SERVICE_KMS, region, error);

  return endpoint != NULL;
}

static gboolean
kms_aws_provider_open (KmsProvider *provider, GError **error)
{
  KmsAwsProvider *self = KMS_AWS_PROVIDER (provider);
  KmsHttpProvider *http = KMS_HTTP_PROVIDER (provider);

  self->settings = aws_settings_load (provider, error);
  if (self->settings == NULL || !check_endpoint (self->settings, error))
    return FALSE;
  kms_http_provider_set_option (http, KMS_HTTP_OPTION_RESPONSE_SIZE, MAX_ANSWER);
  return aws_network_load (http, self->settings, error)
         && KMS_PROVIDER_CLASS (kms_aws_provider_parent_class)->open (provider, error);
}

static void
kms_aws_provider_finalize (GObject *object)
{
  KmsAwsProvider *self = KMS_AWS_PROVIDER (object);

  g_clear_pointer (&self->settings, aws_settings_free);
  g_clear_pointer (&self->signer, aws_signer_free);
  g_clear_pointer (&self->trace, g_ptr_array_unref);
  g_mutex_clear (&self->trace_lock);
  G_OBJECT_CLASS (kms_aws_provider_parent_class)->finalize (object);
}

static void
kms_aws_provider_class_init (KmsAwsProviderClass *klass)
{
  KmsProviderClass *provider_class = KMS_PROVIDER_CLASS (klass);
  KmsHttpProviderClass *http_class = KMS_HTTP_PROVIDER_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = kms_aws_provider_finalize;
  provider_class->open = kms_aws_provider_open;
  provider_class->get_binding = kms_aws_provider_get_binding;
  provider_class->diagnose = kms_aws_provider_diagnose;
  provider_class->inspect = kms_aws_provider_inspect;
  http_class->prepare = kms_aws_provider_prepare;
  http_class->parse = kms_aws_provider_parse;
  http_class->obtain_credentials = kms_aws_provider_obtain_credentials;
  aws_settings_declare (provider_class);
  kms_http_provider_class_add_tls_settings (http_class);
}

static void
kms_aws_provider_init (KmsAwsProvider *self)
{
  KmsProvider *provider = KMS_PROVIDER (self);

  self->signer = aws_signer_new ();
  g_mutex_init (&self->trace_lock);
  kms_provider_set_capabilities (provider, KMS_CAPABILITY_ENCRYPT | KMS_CAPABILITY_DECRYPT | KMS_CAPABILITY_REWRAP);
  kms_provider_set_binding (provider, KMS_BINDING_VERIFIED);
  kms_provider_set_limit (provider, KMS_LIMIT_ITEMS, 1);
  kms_provider_set_limit (provider, KMS_LIMIT_PLAINTEXT, MAX_PLAINTEXT);
  kms_provider_set_limit (provider, KMS_LIMIT_CIPHERTEXT, MAX_CIPHERTEXT);
  kms_provider_set_limit (provider, KMS_LIMIT_CALLS, CALLS_IN_FLIGHT);
}
