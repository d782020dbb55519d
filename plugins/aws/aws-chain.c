/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The chain: so far, the variables alone. */
#include "aws-chain.h"

static AwsKeys *
find_keys (KmsAwsProvider *self, GError **error)
{
  const AwsEnvironment *environment = self->settings->environment;
  const char *id = aws_environment_get (environment, "AWS_ACCESS_KEY_ID");
  KmsSecret *secret = aws_environment_get_secret (environment, "AWS_SECRET_ACCESS_KEY");

  if (id != NULL && secret != NULL)
    return aws_keys_new (id, secret, aws_environment_get_secret (environment, "AWS_SESSION_TOKEN"), 0, "environment");
  g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS,
               "no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
  return NULL;
}

KmsHttpCredentials *
kms_aws_provider_obtain_credentials (KmsHttpProvider *provider, KmsHttpCredentials *current, gboolean refused,
                                     GCancellable *cancellable, GError **error)
{
  KmsAwsProvider *self = KMS_AWS_PROVIDER (provider);
  g_autoptr (AwsKeys) keys = find_keys (self, error);

  return keys != NULL ? aws_keys_make_credentials (keys, aws_clock_now (&self->clock)) : NULL;
}

void
kms_aws_provider_diagnose_credentials (KmsAwsProvider *self, KmsReport *report, GCancellable *cancellable)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AwsKeys) keys = find_keys (self, &error);

  if (keys != NULL)
    kms_report_add (report, KMS_SEVERITY_OK, "credentials", "they come from the environment", NULL);
  else
    kms_report_add (report, KMS_SEVERITY_ERROR, "credentials", error->message, NULL);
}
