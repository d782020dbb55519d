/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* One table of variables; what is secret of them goes into locked memory. */
#include "aws-environment.h"

#include <gnutls/crypto.h>
#include <string.h>

static const char *const plain[] = {
  "AWS_ACCESS_KEY_ID",
  "AWS_CREDENTIAL_EXPIRATION",
  "AWS_PROFILE",
  "AWS_DEFAULT_PROFILE",
  "AWS_CONFIG_FILE",
  "AWS_SHARED_CREDENTIALS_FILE",
  "AWS_REGION",
  "AWS_DEFAULT_REGION",
  "AWS_USE_FIPS_ENDPOINT",
  "AWS_USE_DUALSTACK_ENDPOINT",
  "AWS_ENDPOINT_URL",
  "AWS_ENDPOINT_URL_KMS",
  "AWS_ENDPOINT_URL_STS",
  "AWS_ENDPOINT_URL_SSO",
  "AWS_ENDPOINT_URL_SSO_OIDC",
  "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
  "AWS_STS_REGIONAL_ENDPOINTS",
  "AWS_CA_BUNDLE",
  "AWS_MAX_ATTEMPTS",
  "AWS_RETRY_MODE",
  "AWS_ROLE_ARN",
  "AWS_ROLE_SESSION_NAME",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
  "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
  "AWS_EC2_METADATA_DISABLED",
  "AWS_EC2_METADATA_V1_DISABLED",
  "AWS_EC2_METADATA_SERVICE_ENDPOINT",
  "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
  "AWS_METADATA_SERVICE_TIMEOUT",
  "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
  "HOME",
};

static const char *const secret[] = {
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "AWS_SECURITY_TOKEN",
  "AWS_CONTAINER_AUTHORIZATION_TOKEN",
};

struct _AwsEnvironment
{
  char *values[G_N_ELEMENTS (plain)];
  KmsSecret *secrets[G_N_ELEMENTS (secret)];
};

static char *
read_variable (const char *variable, gpointer data)
{
  return kms_provider_dup_environment (data, variable);
}

AwsEnvironment *
aws_environment_new (AwsReadVariableFunc read, gpointer data)
{
  AwsEnvironment *self = g_new0 (AwsEnvironment, 1);

  for (guint i = 0; i < G_N_ELEMENTS (plain); i++)
    {
      g_autofree char *value = read (plain[i], data);
      if (value != NULL && value[0] != '\0')
        self->values[i] = g_steal_pointer (&value);
    }
  for (guint i = 0; i < G_N_ELEMENTS (secret); i++)
    {
      g_autofree char *value = read (secret[i], data);
      gsize length = value != NULL ? strlen (value) : 0;
      if (length == 0)
        continue;
      self->secrets[i] = kms_secret_new ((const guint8 *) value, length);
      gnutls_memset (value, 0, length);
    }
  return self;
}

AwsEnvironment *
aws_environment_new_for_provider (KmsProvider *provider)
{
  return aws_environment_new (read_variable, provider);
}

void
aws_environment_free (AwsEnvironment *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (plain); i++)
    g_free (self->values[i]);
  for (guint i = 0; i < G_N_ELEMENTS (secret); i++)
    g_clear_pointer (&self->secrets[i], kms_secret_unref);
  g_free (self);
}

const char *
aws_environment_get (const AwsEnvironment *self, const char *variable)
{
  for (guint i = 0; i < G_N_ELEMENTS (plain); i++)
    if (strcmp (plain[i], variable) == 0)
      return self->values[i];
  g_return_val_if_reached (NULL);
}

KmsSecret *
aws_environment_get_secret (const AwsEnvironment *self, const char *variable)
{
  for (guint i = 0; i < G_N_ELEMENTS (secret); i++)
    if (strcmp (secret[i], variable) == 0)
      return self->secrets[i];
  g_return_val_if_reached (NULL);
}

gboolean
aws_parse_boolean (const char *text, const char *where, gboolean *value, GError **error)
{
  gboolean yes = g_ascii_strcasecmp (text, "true") == 0;

  if (!yes && g_ascii_strcasecmp (text, "false") != 0)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, "%s must be true or false", where);
      return FALSE;
    }
  *value = yes;
  return TRUE;
}

gboolean
aws_environment_get_boolean (const AwsEnvironment *self, const char *variable, gboolean *value, GError **error)
{
  const char *text = aws_environment_get (self, variable);
  g_autofree char *where = g_strconcat ("the variable ", variable, NULL);

  return text == NULL || aws_parse_boolean (text, where, value, error);
}

gboolean
aws_environment_get_number (const AwsEnvironment *self, const char *variable, gint64 min, gint64 max, gint64 *value,
                            GError **error)
{
  const char *text = aws_environment_get (self, variable);

  if (text == NULL || (g_ascii_isdigit (text[0]) && g_ascii_string_to_signed (text, 10, min, max, value, NULL)))
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG,
               "the variable %s must be a number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, variable, min, max);
  return FALSE;
}

const char *
aws_environment_get_home (const AwsEnvironment *self)
{
  const char *home = aws_environment_get (self, "HOME");
  return home != NULL && g_path_is_absolute (home) ? home : NULL;
}
