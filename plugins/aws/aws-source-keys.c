/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys that are written down: in variables, in the credentials file, in the config file. */
#include "aws-key-document.h"
#include "aws-source.h"

#include <string.h>

static void
put_secret (KmsSecret *secret, const char **text, gsize *length)
{
  *text = secret != NULL ? (const char *) kms_secret_get_data (secret, length) : NULL;
}

static AwsKeys *
make_keys (const char *id, KmsSecret *secret, KmsSecret *token, const char *expiration, const char *source,
           GError **error)
{
  AwsKeyTexts texts = { .id = id, .id_length = strlen (id), .expiration = expiration };

  put_secret (secret, &texts.secret, &texts.secret_length);
  put_secret (token, &texts.token, &texts.token_length);
  return aws_key_texts_make_keys (&texts, 0, source, error);
}

AwsKeys *
aws_source_environment (AwsChain *chain, char **why, GError **error)
{
  const AwsSettings *settings = chain->provider->settings;
  const AwsEnvironment *environment = settings->environment;
  const char *id = aws_environment_get (environment, "AWS_ACCESS_KEY_ID");
  KmsSecret *secret = aws_environment_get_secret (environment, "AWS_SECRET_ACCESS_KEY");
  KmsSecret *token = aws_environment_get_secret (environment, "AWS_SESSION_TOKEN");

  if (settings->explicit_profile && chain->depth == 0)
    *why = g_strdup ("not looked at, since Profile= names a profile");
  else if (id == NULL)
    *why = g_strdup ("AWS_ACCESS_KEY_ID is not set");
  if (*why != NULL)
    return NULL;
  if (secret == NULL)
    {
      g_set_error_literal (error, KMS_ERROR, KMS_ERROR_CREDENTIALS,
                           "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not; set both, or neither");
      return NULL;
    }
  if (token == NULL)
    token = aws_environment_get_secret (environment, "AWS_SECURITY_TOKEN");
  return make_keys (id, secret, token, aws_environment_get (environment, "AWS_CREDENTIAL_EXPIRATION"),
                    "the environment", error);
}

static AwsKeys *
find_in_file (AwsChain *chain, AwsFile file, const char *file_name, char **why, GError **error)
{
  const char *id = aws_profile_get_of (chain->profiles, file, chain->profile, "aws_access_key_id");
  KmsSecret *token = aws_profile_get_secret_of (chain->profiles, file, chain->profile, "aws_session_token");
  g_autofree char *source = g_strdup_printf ("profile %s of the %s file", chain->profile, file_name);

  if (id == NULL)
    {
      *why = g_strdup_printf ("profile %s has no aws_access_key_id there", chain->profile);
      return NULL;
    }
  if (token == NULL)
    token = aws_profile_get_secret_of (chain->profiles, file, chain->profile, "aws_security_token");
  return make_keys (id, aws_profile_get_secret_of (chain->profiles, file, chain->profile, "aws_secret_access_key"),
                    token, NULL, source, error);
}

AwsKeys *
aws_source_credentials_file (AwsChain *chain, char **why, GError **error)
{
  const char *login = aws_profile_get (chain->profiles, chain->profile, "login_session");

  if (login == NULL)
    return find_in_file (chain, AWS_FILE_CREDENTIALS, "credentials", why, error);
  g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED,
               "profile %s is one of \"aws login\", whose sessions are not read; set credential_process = "
               "aws configure export-credentials in another profile",
               chain->profile);
  return NULL;
}

AwsKeys *
aws_source_config_file (AwsChain *chain, char **why, GError **error)
{
  return find_in_file (chain, AWS_FILE_CONFIG, "config", why, error);
}
