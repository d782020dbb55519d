/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is set before a connection is made. */
#include "aws-network.h"

/* What the gem sets: two seconds to connect, two to answer, one retry. */
#define CONNECT_TIMEOUT 2000
#define ATTEMPT_TIMEOUT 2000
#define RETRIES 1
#define CALL_TIMEOUT (30 * 1000)
#define MAX_ATTEMPTS 100

static gboolean
load_authorities (KmsHttpProvider *provider, const AwsSettings *settings, GError **error)
{
  const char *file = aws_settings_get_either (settings, "AWS_CA_BUNDLE", "ca_bundle");

  if (file == NULL || kms_http_provider_set_ca_file (provider, file, error))
    return TRUE;
  g_prefix_error (error, "AWS_CA_BUNDLE, or ca_bundle of the profile: ");
  return FALSE;
}

/* All tries together; "1" is none after the first. */
static gboolean
load_attempts (KmsHttpProvider *provider, const AwsSettings *settings, GError **error)
{
  const char *text = aws_settings_get_either (settings, "AWS_MAX_ATTEMPTS", "max_attempts");
  gint64 attempts;

  if (text == NULL)
    return TRUE;
  if (!g_ascii_isdigit (text[0]) || !g_ascii_string_to_signed (text, 10, 1, MAX_ATTEMPTS, &attempts, NULL))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG,
                   "AWS_MAX_ATTEMPTS, or max_attempts of the profile, must be a number from 1 to %d", MAX_ATTEMPTS);
      return FALSE;
    }
  kms_http_provider_set_option (provider, KMS_HTTP_OPTION_RETRIES, attempts - 1);
  return TRUE;
}

gboolean
aws_network_load (KmsHttpProvider *provider, const AwsSettings *settings, GError **error)
{
  kms_http_provider_set_option (provider, KMS_HTTP_OPTION_CONNECT_TIMEOUT, CONNECT_TIMEOUT);
  kms_http_provider_set_option (provider, KMS_HTTP_OPTION_ATTEMPT_TIMEOUT, ATTEMPT_TIMEOUT);
  kms_http_provider_set_option (provider, KMS_HTTP_OPTION_RETRIES, RETRIES);
  kms_provider_set_limit (KMS_PROVIDER (provider), KMS_LIMIT_CALL_TIMEOUT, CALL_TIMEOUT);
  return load_authorities (provider, settings, error) && load_attempts (provider, settings, error);
}
