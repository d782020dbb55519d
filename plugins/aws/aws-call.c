/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The steps of a call. */
#include "aws-call.h"

#include <string.h>

void
aws_call_free (gpointer data)
{
  AwsCall *self = data;

  g_clear_pointer (&self->key, aws_key_address_free);
  g_clear_pointer (&self->new_key, aws_key_address_free);
  g_clear_pointer (&self->endpoint, aws_endpoint_free);
  g_clear_pointer (&self->plaintext, kms_secret_unref);
  g_free (self);
}

static AwsStep
choose_step (const AwsCall *self, KmsOperation operation)
{
  if (operation == KMS_OPERATION_ENCRYPT)
    return AWS_STEP_ENCRYPT;
  if (operation == KMS_OPERATION_REWRAP && strcmp (self->key->region, self->new_key->region) == 0)
    return AWS_STEP_REENCRYPT;
  return AWS_STEP_DECRYPT;
}

AwsCall *
aws_call_new (KmsAwsProvider *provider, KmsItem *item, GError **error)
{
  KmsOperation operation = kms_item_get_operation (item);
  const char *region = kms_aws_provider_get_region (provider);
  AwsCall *self = g_new0 (AwsCall, 1);

  self->key = aws_key_address_new (provider->settings, kms_item_get_key_id (item), region, error);
  if (self->key != NULL && operation == KMS_OPERATION_REWRAP)
    self->new_key = aws_key_address_new (provider->settings, kms_item_get_new_key_id (item), region, error);
  if (self->key != NULL && (operation != KMS_OPERATION_REWRAP || self->new_key != NULL))
    {
      self->step = choose_step (self, operation);
      self->endpoint = aws_endpoint_find (provider->settings, AWS_SERVICE_KMS, self->key->region, error);
    }
  if (self->endpoint != NULL)
    return self;
  aws_call_free (self);
  return NULL;
}

gboolean
aws_call_go_on (AwsCall *self, KmsAwsProvider *provider, KmsSecret *plaintext, GError **error)
{
  AwsEndpoint *endpoint = aws_endpoint_find (provider->settings, AWS_SERVICE_KMS, self->new_key->region, error);

  g_clear_pointer (&self->plaintext, kms_secret_unref);
  self->plaintext = plaintext;
  if (endpoint == NULL)
    return FALSE;
  g_clear_pointer (&self->endpoint, aws_endpoint_free);
  self->endpoint = endpoint;
  self->step = AWS_STEP_ENCRYPT;
  return TRUE;
}

const char *
aws_call_get_operation_name (const AwsCall *self)
{
  static const char *const names[] = {
    [AWS_STEP_ENCRYPT] = "Encrypt",
    [AWS_STEP_DECRYPT] = "Decrypt",
    [AWS_STEP_REENCRYPT] = "ReEncrypt",
  };
  return names[self->step];
}

const char *
aws_call_get_key_name (const AwsCall *self)
{
  const AwsKeyAddress *key = self->step == AWS_STEP_ENCRYPT && self->new_key != NULL ? self->new_key : self->key;
  return key->key_id;
}
